// fuzz: report
// Report templates. Whether one is well formed is a matter of its text alone: it renders over a full document when it
// renders over an empty one, up to the limits of the output.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "report/mustache.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  static const auto full = json::Document::parse(
      R"({"a":[{"b":"<x>","c":[1,2]},{"b":"&","d":{"e":true}}],"b":"\u0007\uFFFF'\"","c":[],"d":{"e":null,"a":1.5}})");
  static const auto empty = json::Document::parse("{}");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const report::MustacheLimits limits{.max_output_bytes = size_t{1} << 20, .max_tags = 100'000};
  const auto plain = report::render_mustache(text, empty->root(), limits);
  const auto filled = report::render_mustache(text, full->root(), limits);
  if (plain.has_value() == filled.has_value()) return 0;
  if (plain || filled.error().code() != Code::kLimitExceeded) std::abort();
  return 0;
}

// fuzz: tuf
// TUF 1.0 metadata as each role: what is read is written in one form, and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tuf/codec.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)
using tuf::tuf1_codec;

template <typename Read>
void check(std::string_view text, Read read) {
  const auto first = read(text);
  if (!first) return;
  const std::string written = tuf1_codec().write(first->metadata);
  const auto second = read(tuf1_codec().envelope(written, first->signatures));
  if (!second || second->signed_bytes != written || tuf1_codec().write(second->metadata) != written) std::abort();
  if (second->signatures.size() != first->signatures.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, [](std::string_view bytes) { return tuf1_codec().root(bytes); });
  check(text, [](std::string_view bytes) { return tuf1_codec().timestamp(bytes); });
  check(text, [](std::string_view bytes) { return tuf1_codec().snapshot(bytes); });
  check(text, [](std::string_view bytes) { return tuf1_codec().targets(bytes, "role"); });
  return 0;
}

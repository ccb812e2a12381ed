// fuzz: tuf
// Metadata in the dialect of Notary as each role: what is read is written in one form, and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tuf/codec.h"

namespace {

using namespace bulkhead;  // NOLINT(google-build-using-namespace)
using tuf::notary_codec;

template <typename Read>
void check(std::string_view text, Read read) {
  const auto first = read(text);
  if (!first) return;
  const std::string written = notary_codec().write(first->metadata);
  const auto second = read(notary_codec().envelope(written, first->signatures));
  if (!second || second->signed_bytes != written || notary_codec().write(second->metadata) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, [](std::string_view bytes) { return notary_codec().root(bytes); });
  check(text, [](std::string_view bytes) { return notary_codec().timestamp(bytes); });
  check(text, [](std::string_view bytes) { return notary_codec().snapshot(bytes); });
  check(text, [](std::string_view bytes) { return notary_codec().targets(bytes, "targets/a"); });
  return 0;
}

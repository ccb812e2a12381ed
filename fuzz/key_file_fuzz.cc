// fuzz: keys
// Key files of every form: nothing of noise crashes, and a key that is read is written so that it is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "keys/key_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto ask = []() -> Result<Secret> { return Secret::copy_of("secret"); };
  static_cast<void>(keys::inspect_key(text));
  const auto read = keys::read_key(text, ask);
  if (!read) return 0;
  const auto written = keys::write_key(read->key, keys::KeyForm::kPlain, {});
  if (!written) std::abort();
  const auto again = keys::read_key(written->reveal(), ask);
  if (!again || !(again->key.public_key() == read->key.public_key())) std::abort();
  return 0;
}

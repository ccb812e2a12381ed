// fuzz: crypto
// Keys under passphrases, in DER and PEM: nothing of noise crashes, and a block that is read is written so that it is
// read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/encrypted_key.h"
#include "crypto/pem.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(decrypt_pkcs8(as_bytes(text), "secret"));
  const auto block = read_pem(text, {"ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"});
  if (!block) return 0;
  const Secret written = write_pem(*block);
  if (written.reveal().size() <= kMaxPemBytes) {
    const auto again = read_pem(written.reveal(), {block->label});
    if (!again || again->contents.reveal() != block->contents.reveal() || again->headers != block->headers) {
      std::abort();
    }
  }
  const ByteSpan contents = as_bytes(block->contents.reveal());
  static_cast<void>(decrypt_pkcs8(contents, "secret"));
  static_cast<void>(decrypt_pem(block->header("DEK-Info"), contents, "secret"));
  return 0;
}

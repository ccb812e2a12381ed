#include "crypto/kdf.h"

#include <bit>
#include <cstdlib>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace bulkhead {
namespace {

const unsigned char* bytes_of(ByteSpan span) {
  return reinterpret_cast<const unsigned char*>(span.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  // Without random numbers no secret can be made, and nothing may go on as if it were one.
  if (::RAND_bytes(bytes_of(bytes), static_cast<int>(count)) != 1) std::abort();
  return bytes;
}

Result<Secret> scrypt(std::string_view passphrase, ByteSpan salt, ScryptCost cost, size_t bytes) {
  constexpr uint64_t kMaxFactor = uint64_t{1} << 24;  // each: so that no product below runs over
  if (cost.n < 2 || !std::has_single_bit(cost.n) || cost.r == 0 || cost.p == 0) {
    return fail(Code::kMalformed, "costs that scrypt does not have");
  }
  if (cost.n > kMaxFactor || cost.r > kMaxFactor || 128 * cost.n * cost.r > kMaxScryptBytes) {
    return fail(limit_error("bytes of memory for scrypt", kMaxScryptBytes, ""));
  }
  if (cost.p > kMaxScryptWork || cost.n * cost.r > kMaxScryptWork / cost.p) {
    return fail(limit_error("steps of scrypt", kMaxScryptWork, ""));
  }
  std::string key(bytes, '\0');
  const int done =
      ::EVP_PBE_scrypt(passphrase.data() == nullptr ? "" : passphrase.data(), passphrase.size(), bytes_of(salt),
                       salt.size(), cost.n, cost.r, cost.p, 4 * kMaxScryptBytes, bytes_of(key), key.size());
  ::ERR_clear_error();
  if (done != 1) {
    wipe(key);
    return fail(Code::kMalformed, "costs that scrypt does not have");
  }
  return Secret(std::move(key));
}

Result<Secret> pbkdf2(std::string_view passphrase, ByteSpan salt, uint64_t iterations, Pbkdf2Hash hash, size_t bytes) {
  if (iterations == 0) return fail(Code::kMalformed, "no iterations of PBKDF2");
  if (iterations > kMaxPbkdf2Iterations) return fail(limit_error("iterations of PBKDF2", kMaxPbkdf2Iterations, ""));
  const EVP_MD* digest = hash == Pbkdf2Hash::kSha1     ? ::EVP_sha1()
                         : hash == Pbkdf2Hash::kSha256 ? ::EVP_sha256()
                                                       : ::EVP_sha512();
  std::string key(bytes, '\0');
  const int done = ::PKCS5_PBKDF2_HMAC(
      passphrase.data() == nullptr ? "" : passphrase.data(), static_cast<int>(passphrase.size()), bytes_of(salt),
      static_cast<int>(salt.size()), static_cast<int>(iterations), digest, static_cast<int>(key.size()), bytes_of(key));
  ::ERR_clear_error();
  if (done != 1) {
    wipe(key);
    return fail(Code::kUnsupported, "PBKDF2 with these parameters");
  }
  return Secret(std::move(key));
}

}  // namespace bulkhead

#include "crypto/prehashed.h"

#include <cstdlib>
#include <memory>
#include <string_view>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

namespace bulkhead {
namespace {

struct Free {
  void operator()(ECDSA_SIG* signature) const { ::ECDSA_SIG_free(signature); }
  void operator()(BIGNUM* number) const { ::BN_free(number); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(ByteSpan span) {
  return reinterpret_cast<const unsigned char*>(span.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

struct HashRow {
  HashAlgorithm hash;
  size_t bytes;
  const EVP_MD* (*digest)();
  std::string_view prefix;  // of DigestInfo: all that stands before the hash
};
constexpr std::string_view operator""_bytes(const char* text, size_t length) {
  return {text, length};
}
constexpr HashRow kHashes[] = {
    {HashAlgorithm::kSha256, 32, ::EVP_sha256,
     "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"_bytes},
    {HashAlgorithm::kSha384, 48, ::EVP_sha384,
     "\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"_bytes},
    {HashAlgorithm::kSha512, 64, ::EVP_sha512,
     "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"_bytes},
};

const HashRow& row_of(HashAlgorithm hash) {
  for (const HashRow& row : kHashes) {
    if (row.hash == hash) return row;
  }
  std::abort();
}

}  // namespace

size_t hash_bytes(HashAlgorithm hash) {
  return row_of(hash).bytes;
}

std::string hash_of(HashAlgorithm hash, ByteSpan message) {
  const HashRow& row = row_of(hash);
  std::string out(row.bytes, '\0');
  // Fails only when OpenSSL has no SHA-2 or no memory: nothing to go on with.
  if (::EVP_Digest(bytes_of(message), message.size(), bytes_of(out), nullptr, row.digest(), nullptr) != 1) std::abort();
  return out;
}

std::string digest_info(HashAlgorithm hash, ByteSpan hashed) {
  return std::string(row_of(hash).prefix) += as_text(hashed);
}

size_t ecdsa_order_bytes(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return 32;
    case KeyType::kEcdsaP384:
      return 48;
    case KeyType::kEcdsaP521:
      return 66;
    case KeyType::kEd25519:
    case KeyType::kRsa:
      break;
  }
  return 0;
}

std::optional<std::string> ecdsa_der_of_raw(ByteSpan raw, size_t order_bytes) {
  if (order_bytes == 0 || raw.size() != 2 * order_bytes) return std::nullopt;
  const int length = static_cast<int>(order_bytes);
  Owned<BIGNUM> r(::BN_bin2bn(bytes_of(raw), length, nullptr));
  Owned<BIGNUM> s(::BN_bin2bn(bytes_of(raw.subspan(order_bytes)), length, nullptr));
  const Owned<ECDSA_SIG> signature(::ECDSA_SIG_new());
  if (!r || !s || !signature || ::ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return std::nullopt;
  static_cast<void>(r.release());
  static_cast<void>(s.release());
  std::string der(static_cast<size_t>(::i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
  unsigned char* out = bytes_of(der);
  ::i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

std::optional<std::string> ecdsa_raw_of_der(ByteSpan der, size_t order_bytes) {
  const unsigned char* in = bytes_of(der);
  const Owned<ECDSA_SIG> signature(::d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  if (!signature) return std::nullopt;
  std::string raw(2 * order_bytes, '\0');
  const int length = static_cast<int>(order_bytes);
  if (::BN_bn2binpad(::ECDSA_SIG_get0_r(signature.get()), bytes_of(raw), length) != length ||
      ::BN_bn2binpad(::ECDSA_SIG_get0_s(signature.get()), bytes_of(raw) + order_bytes, length) != length) {
    return std::nullopt;
  }
  return raw;
}

}  // namespace bulkhead

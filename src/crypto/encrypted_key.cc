#include "crypto/encrypted_key.h"

#include <array>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/asn1t.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/clear_errors.h"

namespace bulkhead {
namespace {

constexpr size_t kMaxBytes = size_t{32} << 10;
constexpr size_t kSaltBytes = 16;
constexpr size_t kNotarySaltBytes = 8;
constexpr size_t kIvBytes = 16;
constexpr size_t kAes256Bytes = 32;

struct Free {
  void operator()(X509_SIG* value) const { ::X509_SIG_free(value); }
  void operator()(PBE2PARAM* value) const { ::PBE2PARAM_free(value); }
  void operator()(PBKDF2PARAM* value) const { ::PBKDF2PARAM_free(value); }
  void operator()(SCRYPT_PARAMS* value) const { ::SCRYPT_PARAMS_free(value); }
  void operator()(EVP_CIPHER_CTX* value) const { ::EVP_CIPHER_CTX_free(value); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::unexpected<Error> malformed() {
  return fail(Code::kMalformed, "not an encrypted private key in PKCS#8");
}
std::unexpected<Error> wrong_passphrase() {
  return fail(Code::kUnauthenticated, "the passphrase is wrong");
}

ByteSpan span_of(const ASN1_STRING* text) {
  return as_bytes(
      {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(text)), static_cast<size_t>(::ASN1_STRING_length(text))});
}

template <typename T>
Owned<T> unpack(const ASN1_ITEM* item, const X509_ALGOR* algorithm) {
  if (algorithm->parameter == nullptr) return nullptr;
  return Owned<T>(static_cast<T*>(::ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
}

Result<uint64_t> number(const ASN1_INTEGER* integer) {
  uint64_t value = 0;
  if (::ASN1_INTEGER_get_uint64(&value, integer) != 1) return malformed();
  return value;
}

Result<Secret> by_pbkdf2(const X509_ALGOR* algorithm, std::string_view passphrase, size_t bytes) {
  const auto parameters = unpack<PBKDF2PARAM>(ASN1_ITEM_rptr(PBKDF2PARAM), algorithm);
  if (!parameters || parameters->salt->type != V_ASN1_OCTET_STRING) return malformed();
  Pbkdf2Hash hash = Pbkdf2Hash::kSha1;
  if (parameters->prf != nullptr) {
    switch (::OBJ_obj2nid(parameters->prf->algorithm)) {
      case NID_hmacWithSHA1:
        break;
      case NID_hmacWithSHA256:
        hash = Pbkdf2Hash::kSha256;
        break;
      case NID_hmacWithSHA512:
        hash = Pbkdf2Hash::kSha512;
        break;
      default:
        return fail(Code::kUnsupported, "a private key under PBKDF2 with another hash than SHA-1, SHA-256 or SHA-512");
    }
  }
  TRY_ASSIGN(const uint64_t iterations, number(parameters->iter));
  return pbkdf2(passphrase, span_of(parameters->salt->value.octet_string), iterations, hash, bytes);
}

Result<Secret> by_scrypt(const X509_ALGOR* algorithm, std::string_view passphrase, size_t bytes) {
  const auto parameters = unpack<SCRYPT_PARAMS>(ASN1_ITEM_rptr(SCRYPT_PARAMS), algorithm);
  if (!parameters) return malformed();
  TRY_ASSIGN(const uint64_t n, number(parameters->costParameter));
  TRY_ASSIGN(const uint64_t r, number(parameters->blockSize));
  TRY_ASSIGN(const uint64_t p, number(parameters->parallelizationParameter));
  return scrypt(passphrase, span_of(parameters->salt), {.n = n, .r = r, .p = p}, bytes);
}

enum class Direction : bool { kDecrypt, kEncrypt };

// Fails in one way only: when the padding of what is decrypted is none.
Result<Secret> cbc(Direction direction, const EVP_CIPHER* cipher, const Secret& key, ByteSpan iv, ByteSpan text) {
  const Owned<EVP_CIPHER_CTX> context(::EVP_CIPHER_CTX_new());
  std::string out(text.size() + EVP_MAX_BLOCK_LENGTH, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  int written = 0;
  int rest = 0;
  if (!context ||
      ::EVP_CipherInit_ex(context.get(), cipher, nullptr, bytes_of(key.reveal()), bytes_of(as_text(iv)),
                          static_cast<int>(direction)) != 1 ||
      ::EVP_CipherUpdate(context.get(), to, &written, bytes_of(as_text(text)), static_cast<int>(text.size())) != 1 ||
      ::EVP_CipherFinal_ex(context.get(), to + written, &rest) != 1) {
    wipe(out);
    return wrong_passphrase();
  }
  // Shortened in place, so that no other buffer ever held it.
  out.resize(static_cast<size_t>(written) + static_cast<size_t>(rest));
  return Secret(std::move(out));
}

// DER, of lengths below 64 KiB.
std::string element(unsigned char tag, std::string_view contents) {
  std::string out(1, static_cast<char>(tag));
  const size_t size = contents.size();
  if (size >= 0x100) {
    out += '\x82';
    out += static_cast<char>(size >> 8U);
  } else if (size >= 0x80) {
    out += '\x81';
  }
  out += static_cast<char>(size & 0xffU);
  return out.append(contents);
}
std::string sequence(std::string_view contents) {
  return element(V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED, contents);
}
std::string octets(std::string_view contents) {
  return element(V_ASN1_OCTET_STRING, contents);
}
std::string integer(uint64_t value) {
  std::string bytes;
  for (; value != 0; value >>= 8U) bytes.insert(bytes.begin(), static_cast<char>(value & 0xffU));
  if (bytes.empty() || (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0) bytes.insert(bytes.begin(), '\0');
  return element(V_ASN1_INTEGER, bytes);
}
std::string object(int nid) {
  const ASN1_OBJECT* known = ::OBJ_nid2obj(nid);
  return element(V_ASN1_OBJECT,
                 {reinterpret_cast<const char*>(::OBJ_get0_data(known)), static_cast<size_t>(::OBJ_length(known))});
}

Result<std::string> pbes2(std::string_view kdf, const Secret& key, ByteSpan pkcs8) {
  const std::string iv = random_bytes(kIvBytes);
  TRY_ASSIGN(const Secret sealed, cbc(Direction::kEncrypt, ::EVP_aes_256_cbc(), key, as_bytes(iv), pkcs8));
  const std::string scheme = sequence(object(NID_aes_256_cbc) + octets(iv));
  return sequence(sequence(object(NID_pbes2) + sequence(std::string(kdf) + scheme)) + octets(sealed.reveal()));
}

Status check_size(ByteSpan key) {
  if (key.size() > kMaxBytes) return fail(limit_error("bytes of a private key", kMaxBytes, ""));
  return {};
}

}  // namespace

Result<Secret> decrypt_pkcs8(ByteSpan encrypted, std::string_view passphrase) {
  const ClearErrors clear;
  TRY(check_size(encrypted));
  const unsigned char* in = bytes_of(as_text(encrypted));
  const unsigned char* const end = in + encrypted.size();
  const Owned<X509_SIG> outer(::d2i_X509_SIG(nullptr, &in, static_cast<long>(encrypted.size())));
  if (!outer || in != end) return malformed();
  const X509_ALGOR* algorithm = nullptr;
  const ASN1_OCTET_STRING* sealed = nullptr;
  ::X509_SIG_get0(outer.get(), &algorithm, &sealed);
  if (::OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    return fail(Code::kUnsupported, "a private key that is encrypted by another scheme than PBES2",
                "encrypt it again: openssl pkcs8 -topk8 -v2 aes-256-cbc");
  }
  const auto parameters = unpack<PBE2PARAM>(ASN1_ITEM_rptr(PBE2PARAM), algorithm);
  if (!parameters) return malformed();
  const int cipher_id = ::OBJ_obj2nid(parameters->encryption->algorithm);
  if (cipher_id != NID_aes_128_cbc && cipher_id != NID_aes_256_cbc) {
    return fail(Code::kUnsupported, "a private key that is encrypted by another cipher than AES-128 or AES-256 in CBC",
                "encrypt it again: openssl pkcs8 -topk8 -v2 aes-256-cbc");
  }
  const EVP_CIPHER* cipher = cipher_id == NID_aes_128_cbc ? ::EVP_aes_128_cbc() : ::EVP_aes_256_cbc();
  const ASN1_TYPE* iv = parameters->encryption->parameter;
  if (iv == nullptr || iv->type != V_ASN1_OCTET_STRING || span_of(iv->value.octet_string).size() != kIvBytes) {
    return malformed();
  }
  const auto bytes = static_cast<size_t>(::EVP_CIPHER_get_key_length(cipher));
  const auto derive = [&]() -> Result<Secret> {
    switch (::OBJ_obj2nid(parameters->keyfunc->algorithm)) {
      case NID_id_pbkdf2:
        return by_pbkdf2(parameters->keyfunc, passphrase, bytes);
      case NID_id_scrypt:
        return by_scrypt(parameters->keyfunc, passphrase, bytes);
      default:
        return fail(Code::kUnsupported, "a private key under another derivation than PBKDF2 or scrypt");
    }
  };
  TRY_ASSIGN(const Secret key, derive());
  return cbc(Direction::kDecrypt, cipher, key, span_of(iv->value.octet_string), span_of(sealed));
}

Result<std::string> encrypt_pkcs8(ByteSpan pkcs8, std::string_view passphrase, ScryptCost cost) {
  const ClearErrors clear;
  TRY(check_size(pkcs8));
  const std::string salt = random_bytes(kSaltBytes);
  TRY_ASSIGN(const Secret key, scrypt(passphrase, as_bytes(salt), cost, kAes256Bytes));
  const std::string parameters = sequence(octets(salt) + integer(cost.n) + integer(cost.r) + integer(cost.p));
  return pbes2(sequence(object(NID_id_scrypt) + parameters), key, pkcs8);
}

Result<std::string> encrypt_pkcs8_for_notary(ByteSpan pkcs8, std::string_view passphrase, uint64_t iterations) {
  const ClearErrors clear;
  TRY(check_size(pkcs8));
  const std::string salt = random_bytes(kNotarySaltBytes);
  TRY_ASSIGN(const Secret key, pbkdf2(passphrase, as_bytes(salt), iterations, Pbkdf2Hash::kSha1, kAes256Bytes));
  return pbes2(sequence(object(NID_id_pbkdf2) + sequence(octets(salt) + integer(iterations))), key, pkcs8);
}

Result<Secret> decrypt_pem(std::string_view dek_info, ByteSpan contents, std::string_view passphrase) {
  const ClearErrors clear;
  TRY(check_size(contents));
  const size_t comma = dek_info.find(',');
  const std::string_view name = dek_info.substr(0, comma);
  const EVP_CIPHER* cipher = nullptr;
  for (const auto& [known, its_cipher] : {std::pair{std::string_view("AES-128-CBC"), ::EVP_aes_128_cbc()},
                                          std::pair{std::string_view("AES-192-CBC"), ::EVP_aes_192_cbc()},
                                          std::pair{std::string_view("AES-256-CBC"), ::EVP_aes_256_cbc()},
                                          std::pair{std::string_view("DES-EDE3-CBC"), ::EVP_des_ede3_cbc()}}) {
    if (name == known) cipher = its_cipher;
  }
  if (cipher == nullptr) {
    return fail(Code::kUnsupported, fmt::format("a private key that is encrypted by \"{}\" (DEK-Info)", name),
                "encrypt it again: openssl pkcs8 -topk8 -v2 aes-256-cbc");
  }
  const auto iv = comma == std::string_view::npos ? Result<std::string>("") : from_hex(dek_info.substr(comma + 1));
  if (!iv || iv->size() != static_cast<size_t>(::EVP_CIPHER_get_iv_length(cipher))) {
    return fail(Code::kMalformed, "DEK-Info of a private key without its initial vector");
  }
  std::string key(static_cast<size_t>(::EVP_CIPHER_get_key_length(cipher)), '\0');
  // The salt is the first 8 bytes of the vector; one round of MD5: weak, and so read only.
  if (::EVP_BytesToKey(cipher, ::EVP_md5(), bytes_of(*iv), bytes_of(passphrase), static_cast<int>(passphrase.size()), 1,
                       reinterpret_cast<unsigned char*>(key.data()), nullptr) == 0) {
    wipe(key);
    return fail(Code::kUnsupported, "OpenSSL on this machine has no MD5, which DEK-Info needs");
  }
  const Secret secret(std::move(key));
  return cbc(Direction::kDecrypt, cipher, secret, as_bytes(*iv), contents);
}

}  // namespace bulkhead

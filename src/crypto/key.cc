#include "crypto/key.h"

#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/clear_errors.h"
#include "crypto/pem.h"
#include "crypto/prehashed.h"

namespace bulkhead {
namespace {

// Of the DER of an RSA key of 8192 bits with room to spare; nothing longer is looked at.
constexpr size_t kMaxDerBytes = size_t{16} << 10;
constexpr unsigned kMinRsaBits = 2048;
constexpr unsigned kMaxRsaBits = 8192;
constexpr unsigned kNewRsaBits = 3072;
constexpr size_t kEd25519Bytes = 32;
// What stands before the 96 bytes of an Ed25519 key in notary's form of PKCS#8: version 0, the object identifier
// 1.3.6.1.4.1.11591.15.1 where RFC 8410 has 1.3.101.112, the head of an octet string.
constexpr std::string_view kNotaryEd25519(
    "\x30\x72\x02\x01\x00\x30\x0b\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01\x04\x60", 20);

struct Free {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { ::EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { ::PKCS8_PRIV_KEY_INFO_free(info); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes_of(ByteSpan span) {
  return reinterpret_cast<const unsigned char*>(span.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

struct CurveRow {
  KeyType type;
  std::string_view name;  // as OpenSSL has it
  HashAlgorithm hash;
};
constexpr auto kCurves = std::to_array<CurveRow>({
    {KeyType::kEcdsaP256, "prime256v1", HashAlgorithm::kSha256},
    {KeyType::kEcdsaP384, "secp384r1", HashAlgorithm::kSha384},
    {KeyType::kEcdsaP521, "secp521r1", HashAlgorithm::kSha512},
});

const CurveRow* curve_of(KeyType type) {
  for (const CurveRow& row : kCurves) {
    if (row.type == type) return &row;
  }
  return nullptr;
}

Result<KeyType> type_of(EVP_PKEY* key) {
  switch (::EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return KeyType::kEd25519;
    case EVP_PKEY_RSA: {
      const auto bits = static_cast<unsigned>(::EVP_PKEY_get_bits(key));
      if (bits < kMinRsaBits || bits > kMaxRsaBits) {
        return fail(Code::kUnsupported, fmt::format("an RSA key of {} bits", bits),
                    fmt::format("RSA keys here have {} to {} bits", kMinRsaBits, kMaxRsaBits));
      }
      return KeyType::kRsa;
    }
    case EVP_PKEY_EC: {
      std::array<char, 80> name{};
      if (::EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1) {
        for (const CurveRow& row : kCurves) {
          if (row.name == name.data()) return row.type;
        }
      }
      return fail(Code::kUnsupported, fmt::format("an EC key on the curve \"{}\"", name.data()),
                  "EC keys here are on P-256, P-384 or P-521");
    }
    default:
      return fail(Code::kUnsupported, "a key that is neither ECDSA, Ed25519 nor RSA");
  }
}

const EVP_MD* digest_of(HashAlgorithm hash) {
  switch (hash) {
    case HashAlgorithm::kSha256:
      return ::EVP_sha256();
    case HashAlgorithm::kSha384:
      return ::EVP_sha384();
    case HashAlgorithm::kSha512:
      return ::EVP_sha512();
  }
  return nullptr;
}

bool fits(SignatureScheme::Kind kind, KeyType type) {
  switch (kind) {
    case SignatureScheme::Kind::kEcdsa:
    case SignatureScheme::Kind::kEcdsaRaw:
      return curve_of(type) != nullptr;
    case SignatureScheme::Kind::kEd25519:
      return type == KeyType::kEd25519;
    case SignatureScheme::Kind::kRsaPss:
    case SignatureScheme::Kind::kRsaPkcs1:
      return type == KeyType::kRsa;
  }
  return false;
}

bool set_padding(EVP_PKEY_CTX* parameters, SignatureScheme::Kind kind) {
  if (kind == SignatureScheme::Kind::kRsaPss) {
    return ::EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
           ::EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  if (kind == SignatureScheme::Kind::kRsaPkcs1) {
    return ::EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PADDING) == 1;
  }
  return true;
}

// Both directions begin alike; `init` is EVP_DigestVerifyInit or EVP_DigestSignInit.
template <typename Init>
bool begin(Init init, EVP_MD_CTX* context, EVP_PKEY* key, SignatureScheme scheme) {
  EVP_PKEY_CTX* parameters = nullptr;  // the context's
  const EVP_MD* digest = scheme.kind == SignatureScheme::Kind::kEd25519 ? nullptr : digest_of(scheme.hash);
  return init(context, &parameters, digest, nullptr, key) == 1 && set_padding(parameters, scheme.kind);
}

}  // namespace

std::string_view key_type_name(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return "ECDSA P-256";
    case KeyType::kEcdsaP384:
      return "ECDSA P-384";
    case KeyType::kEcdsaP521:
      return "ECDSA P-521";
    case KeyType::kEd25519:
      return "Ed25519";
    case KeyType::kRsa:
      return "RSA";
  }
  return "";
}

SignatureScheme default_scheme(KeyType type) {
  using enum SignatureScheme::Kind;
  if (const CurveRow* curve = curve_of(type)) return {kEcdsa, curve->hash};
  return {type == KeyType::kEd25519 ? kEd25519 : kRsaPss};
}

struct PublicKey::State {
  Owned<EVP_PKEY> key;
  KeyType type;
  std::string der;

  static Result<std::shared_ptr<const State>> of(Owned<EVP_PKEY> key) {
    TRY_ASSIGN(const KeyType type, type_of(key.get()));
    unsigned char* encoded = nullptr;
    const int length = ::i2d_PUBKEY(key.get(), &encoded);
    if (length <= 0) return fail(Code::kMalformed, "a public key that cannot be written again");
    std::string der(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
    ::OPENSSL_free(encoded);
    return std::make_shared<const State>(std::move(key), type, std::move(der));
  }
  State(Owned<EVP_PKEY> owned, KeyType of_type, std::string spki)
      : key(std::move(owned)), type(of_type), der(std::move(spki)) {}
};

Result<PublicKey> PublicKey::from_der(ByteSpan spki) {
  const ClearErrors clear;
  if (spki.size() > kMaxDerBytes) return fail(limit_error("bytes of a public key", kMaxDerBytes, ""));
  const unsigned char* in = bytes_of(spki);
  Owned<EVP_PKEY> key(::d2i_PUBKEY(nullptr, &in, static_cast<long>(spki.size())));
  if (!key || in != bytes_of(spki) + spki.size()) return fail(Code::kMalformed, "not a public key in DER");
  TRY_ASSIGN(auto state, State::of(std::move(key)));
  return PublicKey(std::move(state));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  TRY_ASSIGN(const PemBlock block, read_pem(pem, {"PUBLIC KEY"}));
  return from_der(as_bytes(block.contents.reveal()));
}

Result<PublicKey> PublicKey::from_ed25519(ByteSpan raw) {
  const ClearErrors clear;
  if (raw.size() != kEd25519Bytes) return fail(Code::kMalformed, "an Ed25519 key has 32 bytes");
  Owned<EVP_PKEY> key(::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw), raw.size()));
  if (!key) return fail(Code::kMalformed, "not an Ed25519 public key");
  TRY_ASSIGN(auto state, State::of(std::move(key)));
  return PublicKey(std::move(state));
}

KeyType PublicKey::type() const {
  return state_->type;
}
unsigned PublicKey::bits() const {
  return static_cast<unsigned>(::EVP_PKEY_get_bits(state_->key.get()));
}
const std::string& PublicKey::der() const {
  return state_->der;
}

std::string PublicKey::pem() const {
  return std::string(write_pem({.label = "PUBLIC KEY", .contents = Secret::copy_of(state_->der)}).reveal());
}

std::string PublicKey::ed25519() const {
  if (state_->type != KeyType::kEd25519) return {};
  std::string raw(kEd25519Bytes, '\0');
  size_t length = raw.size();
  ::EVP_PKEY_get_raw_public_key(state_->key.get(), bytes_of(raw), &length);
  return raw;
}

// `verify` has OpenSSL compare, ECDSA signatures in DER.
template <typename Verify>
Status PublicKey::verify_with(SignatureScheme scheme, ByteSpan signature, Verify verify) const {
  const ClearErrors clear;
  std::string der;
  bool fitting = fits(scheme.kind, state_->type);
  if (fitting && scheme.kind == SignatureScheme::Kind::kEcdsaRaw) {
    std::optional<std::string> converted = ecdsa_der_of_raw(signature, ecdsa_order_bytes(state_->type));
    fitting = converted.has_value();
    der = std::move(converted).value_or("");
    signature = as_bytes(der);
  }
  if (fitting && verify(state_->key.get(), signature)) return {};
  return fail(Code::kVerificationFailed, fmt::format("the signature is none of this {} key", key_type_name(type())));
}

Status PublicKey::verify(SignatureScheme scheme, ByteSpan message, ByteSpan signature) const {
  return verify_with(scheme, signature, [&](EVP_PKEY* key, ByteSpan bytes) {
    const Owned<EVP_MD_CTX> context(::EVP_MD_CTX_new());
    return context && begin(::EVP_DigestVerifyInit, context.get(), key, scheme) &&
           ::EVP_DigestVerify(context.get(), bytes_of(bytes), bytes.size(), bytes_of(message), message.size()) == 1;
  });
}

Status PublicKey::verify_digest(SignatureScheme scheme, ByteSpan digest, ByteSpan signature) const {
  return verify_with(scheme, signature, [&](EVP_PKEY* key, ByteSpan bytes) {
    const EVP_MD* hash = digest_of(scheme.hash);
    const Owned<EVP_PKEY_CTX> context(::EVP_PKEY_CTX_new(key, nullptr));
    return scheme.kind != SignatureScheme::Kind::kEd25519 && std::cmp_equal(::EVP_MD_get_size(hash), digest.size()) &&
           context && ::EVP_PKEY_verify_init(context.get()) == 1 && set_padding(context.get(), scheme.kind) &&
           ::EVP_PKEY_CTX_set_signature_md(context.get(), hash) == 1 &&
           ::EVP_PKEY_verify(context.get(), bytes_of(bytes), bytes.size(), bytes_of(digest), digest.size()) == 1;
  });
}

struct PrivateKey::State {
  Owned<EVP_PKEY> key;
  PublicKey public_key;

  static Result<std::shared_ptr<const State>> of(Owned<EVP_PKEY> key);
};

Result<std::shared_ptr<const PrivateKey::State>> PrivateKey::State::of(Owned<EVP_PKEY> key) {
  unsigned char* encoded = nullptr;
  const int length = ::i2d_PUBKEY(key.get(), &encoded);
  if (length <= 0) return fail(Code::kMalformed, "a private key without its public half");
  const std::string spki(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
  ::OPENSSL_free(encoded);
  TRY_ASSIGN(PublicKey public_key, PublicKey::from_der(as_bytes(spki)));
  return std::make_shared<const State>(State{.key = std::move(key), .public_key = std::move(public_key)});
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  const ClearErrors clear;
  Owned<EVP_PKEY> key;
  if (const CurveRow* curve = curve_of(type)) {
    key.reset(::EVP_EC_gen(curve->name.data()));
  } else if (type == KeyType::kEd25519) {
    key.reset(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else {
    key.reset(::EVP_RSA_gen(kNewRsaBits));
  }
  if (!key) return fail(Code::kInternal, fmt::format("cannot make a key of {}", key_type_name(type)));
  TRY_ASSIGN(auto state, State::of(std::move(key)));
  return PrivateKey(std::move(state));
}

Result<PrivateKey> PrivateKey::from_der(ByteSpan pkcs8) {
  const ClearErrors clear;
  if (pkcs8.size() > kMaxDerBytes) return fail(limit_error("bytes of a private key", kMaxDerBytes, ""));
  if (as_text(pkcs8).starts_with(kNotaryEd25519) && pkcs8.size() == kNotaryEd25519.size() + 3 * kEd25519Bytes) {
    return from_notary_ed25519(pkcs8.subspan(kNotaryEd25519.size()));
  }
  const unsigned char* in = bytes_of(pkcs8);
  const Owned<PKCS8_PRIV_KEY_INFO> info(::d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, static_cast<long>(pkcs8.size())));
  Owned<EVP_PKEY> key(info ? ::EVP_PKCS82PKEY(info.get()) : nullptr);
  if (!key || in != bytes_of(pkcs8) + pkcs8.size()) return fail(Code::kMalformed, "not a private key in PKCS#8");
  TRY_ASSIGN(auto state, State::of(std::move(key)));
  return PrivateKey(std::move(state));
}

// Public, private, public again: they must agree, or the signatures would not verify.
Result<PrivateKey> PrivateKey::from_notary_ed25519(ByteSpan three) {
  const ByteSpan half = three.first(kEd25519Bytes);
  Owned<EVP_PKEY> key(
      ::EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(three.subspan(kEd25519Bytes)), kEd25519Bytes));
  if (!key) return fail(Code::kMalformed, "not an Ed25519 private key");
  TRY_ASSIGN(auto state, State::of(std::move(key)));
  if (state->public_key.ed25519() != as_text(half) || as_text(three.subspan(2 * kEd25519Bytes)) != as_text(half)) {
    return fail(Code::kMalformed, "an Ed25519 key whose halves do not belong together");
  }
  return PrivateKey(std::move(state));
}

Result<PrivateKey> PrivateKey::from_traditional(KeyType type, ByteSpan der) {
  const ClearErrors clear;
  if (der.size() > kMaxDerBytes) return fail(limit_error("bytes of a private key", kMaxDerBytes, ""));
  const unsigned char* in = bytes_of(der);
  const int id = type == KeyType::kRsa ? EVP_PKEY_RSA : EVP_PKEY_EC;
  Owned<EVP_PKEY> key(::d2i_PrivateKey(id, nullptr, &in, static_cast<long>(der.size())));
  if (!key || in != bytes_of(der) + der.size() || ::EVP_PKEY_get_base_id(key.get()) != id) {
    return fail(Code::kMalformed, "not a private key in the form of its label");
  }
  TRY_ASSIGN(auto state, State::of(std::move(key)));
  return PrivateKey(std::move(state));
}

const PublicKey& PrivateKey::public_key() const {
  return state_->public_key;
}

Secret PrivateKey::der() const {
  const ClearErrors clear;
  const Owned<PKCS8_PRIV_KEY_INFO> info(::EVP_PKEY2PKCS8(state_->key.get()));
  const int length = info ? ::i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : 0;
  if (length <= 0) return {};
  std::string der(static_cast<size_t>(length), '\0');
  unsigned char* out = bytes_of(der);
  ::i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out);
  return Secret(std::move(der));
}

Secret PrivateKey::notary_der() const {
  Secret pkcs8 = der();
  const std::string half = public_key().ed25519();
  if (half.empty()) return pkcs8;
  std::string out;
  out.reserve(kNotaryEd25519.size() + 3 * kEd25519Bytes);  // grown, it would leave copies behind
  out.append(kNotaryEd25519).append(half);
  out.append(pkcs8.reveal().substr(pkcs8.reveal().size() - kEd25519Bytes)).append(half);  // RFC 8410: the seed is last
  return Secret(std::move(out));
}

Result<std::string> PrivateKey::sign(SignatureScheme scheme, ByteSpan message) const {
  const ClearErrors clear;
  const KeyType type = state_->public_key.type();
  if (!fits(scheme.kind, type)) {
    return fail(Code::kInvalidArgument, fmt::format("the scheme is none of {} keys", key_type_name(type)));
  }
  const auto failed = [] { return fail(Code::kInternal, "cannot sign"); };
  const Owned<EVP_MD_CTX> context(::EVP_MD_CTX_new());
  size_t length = 0;
  if (!context || !begin(::EVP_DigestSignInit, context.get(), state_->key.get(), scheme) ||
      ::EVP_DigestSign(context.get(), nullptr, &length, bytes_of(message), message.size()) != 1) {
    return failed();
  }
  std::string signature(length, '\0');
  if (::EVP_DigestSign(context.get(), bytes_of(signature), &length, bytes_of(message), message.size()) != 1) {
    return failed();
  }
  signature.resize(length);
  if (scheme.kind != SignatureScheme::Kind::kEcdsaRaw) return signature;
  std::optional<std::string> raw = ecdsa_raw_of_der(as_bytes(signature), ecdsa_order_bytes(type));
  if (!raw) return failed();
  return *std::move(raw);
}

}  // namespace bulkhead

#include "keys/token.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "crypto/kdf.h"
#include "crypto/prehashed.h"
#include "keys/token_objects.h"
#include "keys/token_session.h"
#include "keys/token_uri.h"

namespace bulkhead::keys {
namespace {

constexpr size_t kNewIdBytes = 16;
constexpr CK_ULONG kNewRsaBits = 3072;
constexpr std::string_view kPublicExponent("\x01\x00\x01", 3);

Attributes matching(const TokenUri& uri, CK_OBJECT_CLASS kind) {
  Attributes wanted;
  wanted.add(CKA_CLASS, kind);
  if (const auto label = uri.label()) wanted.add(CKA_LABEL, *label);
  if (const auto id = uri.id()) wanted.add(CKA_ID, *id);
  return wanted;
}

// What names this object and no other. Where it stands in the token says the session.
Result<std::string> uri_of(const TokenSession& session, CK_OBJECT_HANDLE object) {
  TRY_ASSIGN(TokenUri uri, session.uri_here());
  if (const auto id = session.attribute(object, CKA_ID); id && !id->empty()) uri.set_id(*id);
  if (const auto label = session.attribute(object, CKA_LABEL); label && !label->empty()) uri.set_label(*label);
  return uri.text();
}

Result<TokenKey> describe(const TokenSession& session, CK_OBJECT_HANDLE object) {
  TRY_ASSIGN(PublicKey key, public_key_of(session, object));
  TRY_ASSIGN(std::string uri, uri_of(session, object));
  return TokenKey{.uri = std::move(uri),
                  .label = printable(session.attribute(object, CKA_LABEL).value_or("")),
                  .public_key = std::move(key)};
}

struct HashRow {
  HashAlgorithm hash;
  CK_MECHANISM_TYPE mechanism;
  CK_ULONG mask;
};
constexpr HashRow kHashes[] = {
    {HashAlgorithm::kSha256, CKM_SHA256, CKG_MGF1_SHA256},
    {HashAlgorithm::kSha384, CKM_SHA384, CKG_MGF1_SHA384},
    {HashAlgorithm::kSha512, CKM_SHA512, CKG_MGF1_SHA512},
};

class TokenSigner final : public Signer {
 public:
  TokenSigner(TokenSession session, CK_OBJECT_HANDLE key, PublicKey half, bool always_authenticate)
      : session_(std::move(session)), key_(key), half_(std::move(half)), always_authenticate_(always_authenticate) {}

  const PublicKey& public_key() const override { return half_; }

  Result<std::string> sign(SignatureScheme scheme, ByteSpan message) const override {
    TRY_ASSIGN(std::string signature, made(scheme, message));
    // A key that stands beside another's public half, a token with a fault: nobody else is to find out.
    if (!half_.verify(scheme, message, as_bytes(signature))) {
      return fail(Code::kVerificationFailed,
                  fmt::format("{}: what it made is no signature of the key beside it", session_.token_name()));
    }
    return signature;
  }

 private:
  Result<std::string> made(SignatureScheme scheme, ByteSpan message) const {
    using enum SignatureScheme::Kind;
    const KeyType type = half_.type();
    const size_t order = ecdsa_order_bytes(type);
    const bool fits = scheme.kind == kEd25519                             ? type == KeyType::kEd25519
                      : scheme.kind == kEcdsa || scheme.kind == kEcdsaRaw ? order != 0
                                                                          : type == KeyType::kRsa;
    if (!fits) return fail(Code::kInvalidArgument, fmt::format("the scheme is none of {} keys", key_type_name(type)));
    if (scheme.kind == kEd25519) return call(CKM_EDDSA, message);
    const std::string hash = hash_of(scheme.hash, message);
    if (scheme.kind == kRsaPkcs1) return call(CKM_RSA_PKCS, as_bytes(digest_info(scheme.hash, as_bytes(hash))));
    if (scheme.kind == kRsaPss) {
      const HashRow& row = *std::ranges::find(kHashes, scheme.hash, &HashRow::hash);
      CK_RSA_PKCS_PSS_PARAMS parameters{.hash_alg = row.mechanism, .mgf = row.mask, .s_len = hash.size()};
      return call(CKM_RSA_PKCS_PSS, as_bytes(hash), &parameters, sizeof parameters);
    }
    // FIPS 186-5 section 6.4: of a longer hash the leftmost bits count. Not every token cuts it by itself.
    TRY_ASSIGN(std::string raw, call(CKM_ECDSA, as_bytes(hash).first(std::min(hash.size(), order))));
    if (scheme.kind == kEcdsaRaw) return raw;
    auto turned = ecdsa_der_of_raw(as_bytes(raw), order);
    if (!turned) return fail(Code::kMalformed, fmt::format("{}: no ECDSA signature", session_.token_name()));
    return *std::move(turned);
  }

  Result<std::string> call(CK_MECHANISM_TYPE type, ByteSpan data, void* parameter = nullptr,
                           CK_ULONG length = 0) const {
    const std::lock_guard lock(mutex_);
    return session_.sign({.mechanism = type, .pParameter = parameter, .ulParameterLen = length}, key_, data,
                         always_authenticate_);
  }

  mutable std::mutex mutex_;
  mutable TokenSession session_;  // guarded by mutex_, but for its names
  CK_OBJECT_HANDLE key_;
  PublicKey half_;
  bool always_authenticate_;
};

Result<CK_OBJECT_HANDLE> the_one(TokenSession& session) {
  TRY_ASSIGN(const auto found, session.find(matching(session.uri(), CKO_PRIVATE_KEY)));
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    return fail(Code::kNotFound,
                fmt::format("{}: no private key matches {}", session.token_name(), printable(session.uri().text())),
                "list what is there: bulkhead trust keys list --on pkcs11:token=NAME");
  }
  std::vector<std::string> names;
  for (const CK_OBJECT_HANDLE each : found) {
    TRY_ASSIGN(std::string name, uri_of(session, each));
    names.push_back(std::move(name));
  }
  return fail(Code::kInvalidArgument,
              fmt::format("{}: {} private keys match: {}", session.token_name(), found.size(), name_some(names)),
              "name one of them by object= or id=");
}

struct Making {
  CK_MECHANISM mechanism;
  Attributes public_half;
  Attributes private_half;
};
Making making_of(KeyType type, std::string_view label, std::string_view id) {
  Making making{};
  making.public_half.add_flag(CKA_TOKEN, true).add_flag(CKA_PRIVATE, false).add_flag(CKA_VERIFY, true);
  making.private_half.add_flag(CKA_TOKEN, true).add_flag(CKA_PRIVATE, true).add_flag(CKA_SIGN, true);
  making.private_half.add_flag(CKA_SENSITIVE, true).add_flag(CKA_EXTRACTABLE, false);
  making.public_half.add(CKA_LABEL, label).add(CKA_ID, id);
  making.private_half.add(CKA_LABEL, label).add(CKA_ID, id);
  if (type == KeyType::kRsa) {
    making.mechanism.mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN;
    making.public_half.add(CKA_MODULUS_BITS, kNewRsaBits).add(CKA_PUBLIC_EXPONENT, kPublicExponent);
  } else {
    making.mechanism.mechanism = type == KeyType::kEd25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
    making.public_half.add(CKA_EC_PARAMS, curve_parameters(type));
  }
  return making;
}

}  // namespace

Status check_token_uri(std::string_view uri) {
  TRY(TokenUri::parse(uri));
  return {};
}

Result<std::unique_ptr<Signer>> open_token_signer(std::string_view uri, const TokenAccess& access) {
  TRY_ASSIGN(TokenUri parsed, TokenUri::parse(uri));
  TRY_ASSIGN(TokenSession session, TokenSession::open(std::move(parsed), access, TokenSession::Mode::kRead));
  TRY(session.login());
  TRY_ASSIGN(const CK_OBJECT_HANDLE key, the_one(session));
  TRY_ASSIGN(PublicKey half, public_half_of(session, key));
  const auto always = session.attribute(key, CKA_ALWAYS_AUTHENTICATE);
  const bool reauthenticate = always && always->size() == 1 && always->front() == CK_TRUE;
  return std::make_unique<TokenSigner>(std::move(session), key, std::move(half), reauthenticate);
}

Result<TokenKeys> list_token_keys(std::string_view uri, const TokenAccess& access) {
  TRY_ASSIGN(TokenUri parsed, TokenUri::parse(uri));
  TRY_ASSIGN(TokenSession session, TokenSession::open(std::move(parsed), access, TokenSession::Mode::kRead));
  TokenKeys all;
  const auto known = [&](const PublicKey& key) {
    return std::ranges::any_of(all.keys, [&](const TokenKey& other) { return other.public_key == key; });
  };
  for (const CK_OBJECT_CLASS kind : {CKO_PUBLIC_KEY, CKO_CERTIFICATE}) {
    TRY_ASSIGN(const auto found, session.find(matching(session.uri(), kind)));
    for (const CK_OBJECT_HANDLE object : found) {
      auto key = describe(session, object);
      if (!key) {
        all.unreadable.push_back(std::move(key).error());
      } else if (kind == CKO_PUBLIC_KEY || !known(key->public_key)) {
        all.keys.push_back(*std::move(key));
      }
    }
  }
  std::ranges::sort(all.keys, {}, &TokenKey::uri);
  return all;
}

Result<TokenKey> generate_in_token(std::string_view uri, KeyType type, const TokenAccess& access) {
  TRY_ASSIGN(TokenUri parsed, TokenUri::parse(uri));
  const std::string label = parsed.label().value_or("");
  if (label.empty()) {
    return fail(Code::kInvalidArgument, "a new key in a token needs a name", "add object=NAME to the URI");
  }
  TRY_ASSIGN(TokenSession session, TokenSession::open(std::move(parsed), access, TokenSession::Mode::kWrite));
  TRY(session.login());
  for (const CK_OBJECT_CLASS kind : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    TRY_ASSIGN(const auto found, session.find(std::move(Attributes().add(CKA_CLASS, kind).add(CKA_LABEL, label))));
    if (!found.empty()) {
      return fail(Code::kInvalidArgument,
                  fmt::format("{}: there is a key \"{}\" already", session.token_name(), printable(label)),
                  "choose another name");
    }
  }
  Making making = making_of(type, label, session.uri().id().value_or(random_bytes(kNewIdBytes)));
  TRY_ASSIGN(const auto pair,
             session.generate(making.mechanism, std::move(making.public_half), std::move(making.private_half)));
  return describe(session, pair.public_half);
}

}  // namespace bulkhead::keys

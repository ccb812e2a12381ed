#include "keys/key_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/canonical_json.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "crypto/encrypted_key.h"
#include "crypto/pem.h"
#include "crypto/secretbox.h"

namespace bulkhead::keys {
namespace {

// What OWASP's Password Storage Cheat Sheet gives for 16 MiB, as strong as its 128 MiB with p = 1: OpenSSL's own
// commands stop at 32 MiB, a limit that no option raises (n = 2^15 with r = 8 is 2 KiB past it), and whoever has lost
// this program must be able to open the key with `openssl pkey`.
constexpr ScryptCost kNewCost{.n = uint64_t{1} << 14U, .r = 8, .p = 5};
constexpr ScryptCost kCosignCost{.n = uint64_t{1} << 16U, .r = 8, .p = 1};  // what cosign itself writes
constexpr uint64_t kNotaryIterations = 600'000;
constexpr size_t kCosignSaltBytes = 32;

constexpr std::string_view kPlainLabel = "PRIVATE KEY";
constexpr std::string_view kEncryptedLabel = "ENCRYPTED PRIVATE KEY";
constexpr std::string_view kEcLabel = "EC PRIVATE KEY";
constexpr std::string_view kRsaLabel = "RSA PRIVATE KEY";
constexpr std::string_view kSigstoreLabel = "ENCRYPTED SIGSTORE PRIVATE KEY";
constexpr std::string_view kCosignLabel = "ENCRYPTED COSIGN PRIVATE KEY";

Result<PemBlock> block_of(std::string_view text) {
  return read_pem(text, {kPlainLabel, kEncryptedLabel, kEcLabel, kRsaLabel, kSigstoreLabel, kCosignLabel});
}

KeyFacts facts_of(const PemBlock& block) {
  return {.encrypted = block.label.starts_with("ENCRYPTED ") || !block.header("DEK-Info").empty(),
          .role = std::string(block.header("role")),
          .gun = std::string(block.header("gun"))};
}

std::unexpected<Error> wrong_passphrase() {
  return fail(Code::kUnauthenticated, "the passphrase is wrong");
}

Result<PrivateKey> parse(std::string_view label, std::string_view der) {
  if (label == kRsaLabel) return PrivateKey::from_traditional(KeyType::kRsa, as_bytes(der));
  if (label == kEcLabel) return PrivateKey::from_traditional(KeyType::kEcdsaP256, as_bytes(der));
  auto key = PrivateKey::from_der(as_bytes(der));
  if (key || label != kCosignLabel) return key;
  // Early versions of cosign put SEC 1 into the box.
  auto traditional = PrivateKey::from_traditional(KeyType::kEcdsaP256, as_bytes(der));
  return traditional ? std::move(traditional) : std::move(key);
}

Result<std::string> decoded(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const std::string_view text, object.require_string(name));
  return base64_decode(text);
}

Result<Secret> open_cosign(std::string_view text, std::string_view passphrase) {
  TRY_ASSIGN(const json::Document document, json::Document::parse(text));
  const json::Value root = document.root();
  TRY_ASSIGN(const json::Value kdf, root.require_object("kdf"));
  TRY_ASSIGN(const json::Value parameters, kdf.require_object("params"));
  TRY_ASSIGN(const json::Value cipher, root.require_object("cipher"));
  if (kdf.string_or("name", "") != "scrypt" || cipher.string_or("name", "") != "nacl/secretbox") {
    return fail(Code::kUnsupported, "another encryption than scrypt and nacl/secretbox");
  }
  TRY_ASSIGN(const int64_t n, parameters.require_integer("N"));
  TRY_ASSIGN(const int64_t r, parameters.require_integer("r"));
  TRY_ASSIGN(const int64_t p, parameters.require_integer("p"));
  if ((n != 1 << 15 && n != 1 << 16 && n != 1 << 17) || r != 8 || p != 1) {
    return fail(Code::kUnsupported, "costs of scrypt that cosign does not write");
  }
  TRY_ASSIGN(const std::string salt, decoded(kdf, "salt"));
  TRY_ASSIGN(const std::string nonce, decoded(cipher, "nonce"));
  TRY_ASSIGN(const std::string box, decoded(root, "ciphertext"));
  if (nonce.size() != kSecretboxNonceBytes) return fail(Code::kMalformed, "a nonce that has not 24 bytes");
  TRY_ASSIGN(const Secret key,
             scrypt(passphrase, as_bytes(salt), {.n = static_cast<uint64_t>(n), .r = 8, .p = 1}, kSecretboxKeyBytes));
  auto opened = secretbox_open(as_bytes(key.reveal()), as_bytes(nonce), as_bytes(box));
  if (!opened && opened.error().code() == Code::kVerificationFailed) return wrong_passphrase();
  return opened;
}

Result<Secret> decrypt(const PemBlock& block, std::string_view passphrase) {
  const std::string_view contents = block.contents.reveal();
  if (block.label == kEncryptedLabel) return decrypt_pkcs8(as_bytes(contents), passphrase);
  if (block.label == kSigstoreLabel || block.label == kCosignLabel) {
    auto opened = open_cosign(contents, passphrase);
    if (!opened) return fail(std::move(opened).error().with_context("key file of cosign"));
    return opened;
  }
  return decrypt_pem(block.header("DEK-Info"), as_bytes(contents), passphrase);
}

Result<Secret> seal_for_cosign(const PrivateKey& key, std::string_view passphrase) {
  const std::string salt = random_bytes(kCosignSaltBytes);
  const std::string nonce = random_bytes(kSecretboxNonceBytes);
  TRY_ASSIGN(const Secret box_key, scrypt(passphrase, as_bytes(salt), kCosignCost, kSecretboxKeyBytes));
  const Secret der = key.der();
  TRY_ASSIGN(const std::string box,
             secretbox_seal(as_bytes(box_key.reveal()), as_bytes(nonce), as_bytes(der.reveal())));
  return Secret(fmt::format(R"({{"kdf":{{"name":"scrypt","params":{{"N":{},"r":{},"p":{}}},"salt":"{}"}},)"
                            R"("cipher":{{"name":"nacl/secretbox","nonce":"{}"}},"ciphertext":"{}"}})",
                            kCosignCost.n, kCosignCost.r, kCosignCost.p, base64_encode(as_bytes(salt)),
                            base64_encode(as_bytes(nonce)), base64_encode(as_bytes(box))));
}

Status check_header(std::string_view name, std::string_view value) {
  constexpr size_t kMaxBytes = 255;
  const auto printable = [](char c) { return c > ' ' && c <= '~'; };
  if (value.size() <= kMaxBytes && std::ranges::all_of(value, printable)) return {};
  return fail(Code::kInvalidArgument, fmt::format("a {} that is longer than 255 characters or not printable", name));
}

}  // namespace

Result<KeyFacts> inspect_key(std::string_view text) {
  TRY_ASSIGN(const PemBlock block, block_of(text));
  return facts_of(block);
}

Result<KeyFile> read_key(std::string_view text, const AskPassphrase& ask) {
  TRY_ASSIGN(const PemBlock block, block_of(text));
  KeyFacts facts = facts_of(block);
  if (!facts.encrypted) {
    TRY_ASSIGN(PrivateKey key, parse(block.label, block.contents.reveal()));
    return KeyFile{.key = std::move(key), .facts = std::move(facts)};
  }
  TRY_ASSIGN(const Secret passphrase, ask());
  TRY_ASSIGN(const Secret der, decrypt(block, passphrase.reveal()));
  auto key = parse(block.label, der.reveal());
  // Noise that was padded rightly by chance.
  if (!key && key.error().code() == Code::kMalformed) return wrong_passphrase();
  if (!key) return std::unexpected(std::move(key).error());
  return KeyFile{.key = *std::move(key), .facts = std::move(facts)};
}

Result<Secret> write_key(const PrivateKey& key, KeyForm form, std::string_view passphrase, const KeyFacts& facts) {
  if (form != KeyForm::kPlain && passphrase.empty()) {
    return fail(Code::kInvalidArgument, "an empty passphrase", "give one, or ask for a key without a passphrase");
  }
  PemBlock block;
  switch (form) {
    case KeyForm::kPlain:
      block = {.label = std::string(kPlainLabel), .contents = key.der()};
      break;
    case KeyForm::kPkcs8: {
      const Secret der = key.der();
      TRY_ASSIGN(std::string encrypted, encrypt_pkcs8(as_bytes(der.reveal()), passphrase, kNewCost));
      block = {.label = std::string(kEncryptedLabel), .contents = Secret(std::move(encrypted))};
      break;
    }
    case KeyForm::kNotary: {
      TRY(check_header("role", facts.role));
      TRY(check_header("gun", facts.gun));
      const Secret der = key.notary_der();
      TRY_ASSIGN(std::string encrypted,
                 encrypt_pkcs8_for_notary(as_bytes(der.reveal()), passphrase, kNotaryIterations));
      block = {.label = std::string(kEncryptedLabel), .contents = Secret(std::move(encrypted))};
      if (!facts.gun.empty()) block.headers.emplace_back("gun", facts.gun);
      // `notary key import` takes no encrypted key that does not say where it is to be kept.
      block.headers.emplace_back("path", notary_key_id(key.public_key()));
      if (!facts.role.empty()) block.headers.emplace_back("role", facts.role);
      break;
    }
    case KeyForm::kCosign: {
      TRY_ASSIGN(Secret sealed, seal_for_cosign(key, passphrase));
      block = {.label = std::string(kSigstoreLabel), .contents = std::move(sealed)};
      break;
    }
  }
  return write_pem(block);
}

std::string key_id(const PublicKey& key) {
  return Digest::sha256_of(as_bytes(key.der())).hex();
}

std::string notary_key_id(const PublicKey& key) {
  const std::string raw = key.ed25519();
  const std::string_view type = !raw.empty() ? "ed25519" : key.type() == KeyType::kRsa ? "rsa" : "ecdsa";
  json::CanonicalObject value;
  value.add("private", "null");
  value.add("public", json::canonical_string(base64_encode(as_bytes(raw.empty() ? key.der() : raw))));
  json::CanonicalObject whole;
  whole.add("keytype", json::canonical_string(type));
  whole.add("keyval", value.text());
  return Digest::sha256_of(as_bytes(whole.text())).hex();
}

}  // namespace bulkhead::keys

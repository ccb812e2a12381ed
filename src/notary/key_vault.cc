#include "notary/key_vault.h"

#include "crypto/kdf.h"
#include "crypto/secretbox.h"

namespace bulkhead::notary {
namespace {

constexpr size_t kMinSecretBytes = 16;
constexpr ScryptCost kCost{.n = uint64_t{1} << 15, .r = 8, .p = 1};
constexpr std::string_view kCheck = "bulkhead notary key vault 1";

}  // namespace

std::string KeyVault::new_salt() {
  return random_bytes(kSaltBytes);
}

Result<KeyVault> KeyVault::open(std::string_view secret, std::string_view salt) {
  if (secret.size() < kMinSecretBytes) {
    return fail(Code::kInvalidArgument, "the secret that keys are encrypted under has less than 16 characters",
                "make one: openssl rand -base64 32");
  }
  TRY_ASSIGN(Secret key, scrypt(secret, as_bytes(salt), kCost, kSecretboxKeyBytes));
  return KeyVault(std::move(key));
}

std::string KeyVault::seal_bytes(std::string_view bytes) const {
  const std::string nonce = random_bytes(kSecretboxNonceBytes);
  // Key and nonce have their lengths.
  return nonce + *secretbox_seal(as_bytes(key_.reveal()), as_bytes(nonce), as_bytes(bytes));
}

Result<Secret> KeyVault::unseal_bytes(std::string_view box) const {
  if (box.size() < kSecretboxNonceBytes) return fail(Code::kVerificationFailed, "a sealed key is too short");
  return secretbox_open(as_bytes(key_.reveal()), as_bytes(box.substr(0, kSecretboxNonceBytes)),
                        as_bytes(box.substr(kSecretboxNonceBytes)));
}

std::string KeyVault::seal_check() const {
  return seal_bytes(kCheck);
}

Status KeyVault::check(std::string_view box) const {
  const auto opened = unseal_bytes(box);
  if (opened && opened->reveal() == kCheck) return {};
  return fail(Code::kUnauthenticated, "the secret is not the one that the keys of this database are encrypted under");
}

std::string KeyVault::seal(const PrivateKey& key) const {
  return seal_bytes(key.der().reveal());
}

Result<PrivateKey> KeyVault::unseal(std::string_view box, std::string_view public_half) const {
  TRY_ASSIGN(const Secret der, unseal_bytes(box));
  TRY_ASSIGN(PrivateKey key, PrivateKey::from_der(as_bytes(der.reveal())));
  if (key.public_key().der() != public_half)
    return fail(Code::kVerificationFailed, "a sealed key is not the one it should be");
  return key;
}

}  // namespace bulkhead::notary

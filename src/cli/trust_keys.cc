#include "cli/trust_keys.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/environment.h"
#include "crypto/pem.h"
#include "keys/key_store.h"
#include "keys/token.h"

namespace bulkhead::cli {
namespace {

struct KeyTypeRow {
  KeyType type;
  std::string_view name;
  std::string_view summary;
};
constexpr auto kKeyTypes = std::to_array<KeyTypeRow>({
    {KeyType::kEcdsaP256, "ecdsa-p256", "ECDSA on P-256 with SHA-256: known everywhere"},
    {KeyType::kEd25519, "ed25519", "Ed25519"},
    {KeyType::kRsa, "rsa", "RSA of 3,072 bits, signing with PSS and SHA-256"},
});

keys::KeyStore store() {
  return keys::KeyStore(key_store_directory());
}

// Of a key whose public half stands in the clear: in the store, or in a file of its own.
Result<std::optional<PublicKey>> public_half_at_hand(const keys::KeyReference& reference) {
  if (reference.kind == keys::KeyReference::Kind::kStore) {
    TRY_ASSIGN(const auto stored, store().list());
    for (const keys::StoredKey& key : stored) {
      if (key.id == reference.name) return key.public_key;
    }
    return fail(Code::kNotFound, fmt::format("the key store has no key {}", reference.name));
  }
  if (reference.kind == keys::KeyReference::Kind::kToken) {
    TRY_ASSIGN(const keys::TokenKeys listed, keys::list_token_keys(reference.name, {}));
    // Of none or of several, opening the key says what is wrong.
    return listed.keys.size() == 1 ? std::optional(listed.keys.front().public_key) : std::nullopt;
  }
  TRY_ASSIGN(std::string text, read_file(reference.name, kMaxPemBytes));
  const Secret wiped(std::move(text));
  auto key = PublicKey::from_pem(wiped.reveal());
  if (!key) return std::nullopt;
  return *std::move(key);
}

}  // namespace

void TrustKeys::declare(Flags& flags) {
  declare(flags, "--passphrase", "where passphrases of keys are from: prompt, file:PATH, fd:NUMBER or env:NAME");
}

void TrustKeys::declare(Flags& flags, std::string name, std::string help) {
  flags.add({.names = std::move(name), .value = "SOURCE", .help = std::move(help), .preset = "prompt"},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(source_, parse_passphrase_source(value));
              return {};
            });
}

void add_backup_passphrase_flag(Flags& flags, TrustKeys& keys) {
  keys.declare(flags, "--backup-passphrase",
               "where the passphrase of the backup is from: prompt, file:PATH, fd:NUMBER or env:NAME");
}

Result<Secret> TrustKeys::passphrase(std::string_view prompt) {
  if (read_) return *read_;
  TRY_ASSIGN(Secret answer, read_passphrase(source_, process_environment(), prompt));
  // A descriptor gives its line only once.
  if (source_.kind != PassphraseSource::Kind::kTerminal) read_ = answer;
  return answer;
}

Result<Secret> TrustKeys::new_passphrase(std::string_view prompt) {
  TRY_ASSIGN(Secret first, passphrase(fmt::format("New {}: ", prompt)));
  if (first.empty()) return fail(Code::kInvalidArgument, "the passphrase is empty");
  if (source_.kind != PassphraseSource::Kind::kTerminal) return first;
  TRY_ASSIGN(const Secret second, passphrase("The same again: "));
  if (first.reveal() == second.reveal()) return first;
  return fail(Code::kInvalidArgument, "the two passphrases differ");
}

Result<PublicKey> TrustKeys::public_key(const std::string& reference) {
  TRY_ASSIGN(const keys::KeyReference parsed, keys::parse_key_reference(reference));
  TRY_ASSIGN(auto half, public_half_at_hand(parsed));
  if (half) return *std::move(half);
  TRY_ASSIGN(const auto signer, open(reference));
  return signer->public_key();
}

Result<std::shared_ptr<const Signer>> TrustKeys::open(const std::string& reference) {
  if (const auto open = open_.find(reference); open != open_.end()) return open->second;
  TRY_ASSIGN(const keys::KeyReference parsed, keys::parse_key_reference(reference));
  const keys::TokenAccess tokens{.module_path = {}, .ask_pin = [&](const keys::PinRequest& request) {
                                   return passphrase(fmt::format("PIN of the token {}{}: ", printable(request.token),
                                                                 request.last_try ? " (the last try)" : ""));
                                 }};
  auto signer = keys::open_signer(
      parsed, store(), [&] { return passphrase(fmt::format("Passphrase of {}: ", reference)); }, tokens);
  if (!signer) return fail(std::move(signer).error().with_context(reference));
  return open_.emplace(reference, std::shared_ptr<const Signer>(*std::move(signer))).first->second;
}

Result<std::optional<PrivateKey>> TrustKeys::private_key(const std::string& reference) {
  TRY_ASSIGN(const keys::KeyReference parsed, keys::parse_key_reference(reference));
  if (parsed.kind == keys::KeyReference::Kind::kToken) return std::nullopt;
  const auto ask = [&] { return passphrase(fmt::format("Passphrase of {}: ", reference)); };
  if (parsed.kind == keys::KeyReference::Kind::kStore) {
    TRY_CONTEXT(PrivateKey key, store().open(parsed.name, ask), reference);
    return key;
  }
  TRY_ASSIGN(keys::KeyFile file, keys::read_key_file(parsed.name, ask));
  return std::move(file.key);
}

Status TrustKeys::is_here(const std::string& reference) {
  TRY_ASSIGN(const keys::KeyReference parsed, keys::parse_key_reference(reference));
  if (parsed.kind == keys::KeyReference::Kind::kFile) {
    TRY_ASSIGN(std::string text, read_file(parsed.name, kMaxPemBytes));
    const Secret wiped(std::move(text));
    TRY(keys::inspect_key(wiped.reveal()));
    return {};
  }
  TRY_ASSIGN(const auto half, public_half_at_hand(parsed));
  if (half) return {};
  return fail(Code::kNotFound, "no token shows it");
}

Result<std::string> TrustKeys::generate(KeyType type) {
  if (!new_) {
    TRY_ASSIGN(new_, new_passphrase("passphrase of the keys that are made"));
  }
  TRY_ASSIGN(const PrivateKey key, PrivateKey::generate(type));
  TRY_ASSIGN(const std::string id, store().add(key, new_->reveal()));
  std::string reference = "store:" + id;
  open_.emplace(reference, std::make_shared<MemorySigner>(key));
  return reference;
}

tuf::RoleSigner role_signer(std::shared_ptr<const Signer> signer) {
  PublicKey key = signer->public_key();
  return {.key = std::move(key), .sign = [signer = std::move(signer)](SignatureScheme scheme, ByteSpan message) {
            return signer->sign(scheme, message);
          }};
}

void add_key_type_flag(Flags& flags, KeyType& type) {
  Option option{.names = "--key-type", .value = "TYPE", .help = "of keys that are made", .preset = "ecdsa-p256"};
  for (const KeyTypeRow& row : kKeyTypes) {
    option.choices.push_back({.name = std::string(row.name), .summary = std::string(row.summary)});
  }
  flags.add(std::move(option), [&type](std::string_view value) -> Status {
    for (const KeyTypeRow& row : kKeyTypes) {
      if (row.name == value) type = row.type;
    }
    return {};
  });
}

}  // namespace bulkhead::cli

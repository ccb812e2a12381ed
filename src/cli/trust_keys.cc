#include "cli/trust_keys.h"

#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "crypto/pem.h"

namespace bulkhead::cli {

void add_backup_passphrase_flag(Flags& flags, KeyAccess& backup) {
  backup.declare_source(flags, "--backup-passphrase",
                        "where the passphrase of the backup is from: prompt, file:PATH, fd:NUMBER or env:NAME");
}

Result<std::shared_ptr<const Signer>> TrustKeys::open(const std::string& reference) {
  if (const auto open = open_.find(reference); open != open_.end()) return open->second;
  TRY_CONTEXT(auto signer, access_.open_signer(reference), reference);
  return open_.emplace(reference, std::shared_ptr<const Signer>(std::move(signer))).first->second;
}

Result<std::optional<PrivateKey>> TrustKeys::private_key(const std::string& reference) {
  TRY_ASSIGN(const keys::KeyReference parsed, access_.parse(reference));
  if (parsed.kind == keys::KeyReference::Kind::kToken) return std::nullopt;
  TRY_CONTEXT(keys::KeyFile file, access_.open_private(reference), reference);
  return std::move(file.key);
}

Status TrustKeys::is_here(const std::string& reference) {
  TRY_ASSIGN(const keys::KeyReference parsed, access_.parse(reference));
  if (parsed.kind == keys::KeyReference::Kind::kFile) {
    TRY_ASSIGN(std::string text, read_file(parsed.name, kMaxPemBytes));
    const Secret wiped(std::move(text));
    TRY(keys::inspect_key(wiped.reveal()));
    return {};
  }
  if (parsed.kind == keys::KeyReference::Kind::kStore) return {};  // or it would not have been parsed
  TRY_ASSIGN(const keys::TokenKeys listed, keys::list_token_keys(parsed.name, access_.tokens()));
  if (listed.keys.size() == 1) return {};
  return fail(Code::kNotFound, "no token shows it");
}

Result<std::string> TrustKeys::generate(KeyType type) {
  TRY_ASSIGN(const Secret passphrase, access_.new_passphrase("the keys that are made"));
  TRY_ASSIGN(const PrivateKey key, PrivateKey::generate(type));
  TRY_ASSIGN(const std::string id, key_store().add(key, passphrase.reveal()));
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

}  // namespace bulkhead::cli

#include "cli/key_import.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "keys/notary_folder.h"

namespace bulkhead::cli {
namespace {

std::string name_of(const std::string& path, const keys::KeyFacts& facts) {
  if (facts.role.empty()) return path;
  return fmt::format("{} ({}{}{})", path, facts.role, facts.gun.empty() ? "" : " of ", facts.gun);
}

Result<ImportedKey> store(const keys::KeyFile& file, const keys::KeyFacts& facts, KeyAccess& access) {
  ImportedKey imported{.id = keys::key_id(file.key.public_key()),
                       .notary_id = keys::notary_key_id(file.key.public_key()),
                       .facts = facts,
                       .public_key = file.key.public_key()};
  if (key_store().find(imported.id)) return imported;
  TRY_ASSIGN(const Secret passphrase, access.new_passphrase());
  TRY(key_store().add(file.key, passphrase.reveal(), facts));
  return imported;
}

keys::KeyFacts completed(keys::KeyFacts facts, const keys::KeyFacts& otherwise) {
  if (facts.role.empty()) facts.role = otherwise.role;
  if (facts.gun.empty()) facts.gun = otherwise.gun;
  return facts;
}

Result<ImportedKey> import_file(const std::string& path, const keys::KeyFacts& otherwise, KeyAccess& access) {
  TRY_ASSIGN(const keys::KeyFile file, keys::read_key_file(path, [&] { return access.passphrase(path); }));
  return store(file, completed(file.facts, otherwise), access);
}

Result<ImportedKey> import_notary(const keys::NotaryKey& key, const keys::KeyFacts& otherwise, KeyAccess& access) {
  const keys::KeyFacts facts = completed(key.facts, otherwise);
  TRY_ASSIGN(const keys::KeyFile file,
             keys::open_notary_key(key, [&] { return access.passphrase(name_of(key.path, facts), facts.role); }));
  return store(file, facts, access);
}

}  // namespace

ImportedKeys import_keys(std::span<const std::string> paths, const keys::KeyFacts& otherwise, KeyAccess& access) {
  ImportedKeys all;
  const auto take = [&](Result<ImportedKey> key) {
    if (key) {
      all.keys.push_back(*std::move(key));
    } else {
      all.failures.push_back(std::move(key).error());
    }
  };
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      take(import_file(path, otherwise, access));
      continue;
    }
    auto found = keys::list_notary_keys(path);
    if (!found) {
      all.failures.push_back(std::move(found).error());
      continue;
    }
    if (found->keys.empty() && found->unreadable.empty()) {
      all.failures.emplace_back(Code::kNotFound, fmt::format("{}: there are no keys of docker or notary", path),
                                "name the folder in which \"private\" is");
    }
    for (const keys::NotaryKey& key : found->keys) take(import_notary(key, otherwise, access));
    for (Error& error : found->unreadable) all.failures.push_back(std::move(error));
  }
  return all;
}

}  // namespace bulkhead::cli

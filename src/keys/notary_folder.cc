#include "keys/notary_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "crypto/pem.h"
#include "keys/key_store.h"

namespace bulkhead::keys {
namespace {

Result<NotaryKey> describe(const std::filesystem::path& path) {
  TRY_ASSIGN(std::string text, read_file(path.string(), kMaxPemBytes));
  const Secret secret(std::move(text));  // it may not be encrypted
  TRY_CONTEXT(KeyFacts facts, inspect_key(secret.reveal()), path.string());
  return NotaryKey{.id = path.stem().string(), .path = path.string(), .facts = std::move(facts)};
}

}  // namespace

Result<NotaryKeys> list_notary_keys(const std::string& trust_folder) {
  NotaryKeys found;
  const std::string folder = trust_folder + "/private";
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() != ".key") continue;
    auto key = describe(entry->path());
    if (key) {
      found.keys.push_back(*std::move(key));
    } else {
      found.unreadable.push_back(std::move(key).error());
    }
  }
  if (error) return fail(errno_error(error.value(), folder));
  std::ranges::sort(found.keys, {}, &NotaryKey::id);
  return found;
}

Result<KeyFile> open_notary_key(const NotaryKey& key, const AskPassphrase& ask) {
  TRY_ASSIGN(KeyFile file, read_key_file(key.path, ask));
  if (notary_key_id(file.key.public_key()) != key.id) {
    return fail(Code::kVerificationFailed, fmt::format("{}: holds another key than its name says", key.path));
  }
  return file;
}

Result<std::string> add_notary_key(const std::string& trust_folder, const PrivateKey& key, std::string_view passphrase,
                                   const KeyFacts& facts) {
  std::string id = notary_key_id(key.public_key());
  TRY_ASSIGN(const Secret text, write_key(key, KeyForm::kNotary, passphrase, facts));
  TRY(write_new_key_file(fmt::format("{}/private/{}.key", trust_folder, id), text));
  return id;
}

}  // namespace bulkhead::keys

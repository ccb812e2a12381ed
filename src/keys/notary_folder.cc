#include "keys/notary_folder.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "keys/key_store.h"

namespace bulkhead::keys {
namespace {

constexpr size_t kMaxFiles = 10'000;
constexpr size_t kIdDigits = 64;
constexpr std::string_view kSuffix = ".key";
constexpr std::string_view kTufKeys = "tuf_keys/";
constexpr std::string_view kHexDigits = "0123456789abcdef";

Result<NotaryKey> describe(const std::string& path, NotaryKeyPlace place) {
  TRY_ASSIGN(std::string text, read_file(path, kMaxPemBytes));
  const Secret secret(std::move(text));  // it may not be encrypted
  TRY_CONTEXT(KeyFacts facts, inspect_key(secret.reveal()), path);
  if (facts.role.empty()) facts.role = std::move(place.role);
  if (facts.gun.empty()) facts.gun = std::move(place.gun);
  return NotaryKey{.id = std::move(place.id), .path = path, .facts = std::move(facts)};
}

}  // namespace

std::optional<NotaryKeyPlace> parse_notary_key_path(std::string_view path) {
  if (!path.ends_with(kSuffix)) return std::nullopt;
  path.remove_suffix(kSuffix.size());
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (name.size() < kIdDigits || name.substr(0, kIdDigits).find_first_not_of(kHexDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  NotaryKeyPlace place{.id = std::string(name.substr(0, kIdDigits))};
  if (name.size() > kIdDigits) {
    if (name[kIdDigits] != '_' || name.size() == kIdDigits + 1) return std::nullopt;
    place.role = printable(name.substr(kIdDigits + 1));
  }
  if (slash != std::string_view::npos && path.starts_with(kTufKeys) && slash > kTufKeys.size()) {
    place.gun = printable(path.substr(kTufKeys.size(), slash - kTufKeys.size()));
  }
  return place;
}

Result<NotaryKeys> list_notary_keys(const std::string& trust_folder) {
  NotaryKeys found;
  const std::string folder = trust_folder + "/private";
  std::error_code error;
  // Links to folders are not followed.
  std::filesystem::recursive_directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  size_t files = 0;
  for (; !error && entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (!path.ends_with(kSuffix) || entry->is_directory()) continue;
    if (++files > kMaxFiles) return fail(limit_error("key files of a trust folder", kMaxFiles, ""));
    auto place = parse_notary_key_path(std::string_view(path).substr(folder.size() + 1));
    auto key = place ? describe(path, *std::move(place))
                     : fail(Code::kMalformed, fmt::format("{}: its name is no key's id", path));
    if (key) {
      found.keys.push_back(*std::move(key));
    } else {
      found.unreadable.push_back(std::move(key).error());
    }
  }
  if (error) return fail(errno_error(error.value(), folder));
  std::ranges::sort(found.keys, {}, [](const NotaryKey& key) { return std::tie(key.id, key.path); });
  std::ranges::sort(found.unreadable, {}, &Error::to_string);
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

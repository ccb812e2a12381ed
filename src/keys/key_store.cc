#include "keys/key_store.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "crypto/pem.h"

namespace bulkhead::keys {
namespace {

constexpr std::string_view kSuffix = ".key";
constexpr size_t kIdCharacters = 64;
constexpr size_t kFewestDigits = 8;  // of an id that is not written out
constexpr unsigned kFileMode = 0600;
constexpr unsigned kFolderMode = 0700;

bool is_id(std::string_view text) {
  return text.size() == kIdCharacters && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Secret> read_text(const std::string& path) {
  TRY_ASSIGN(std::string text, read_file(path, kMaxPemBytes));
  return Secret(std::move(text));
}

constexpr std::string_view kRoleLine = "role: ";
constexpr std::string_view kGunLine = "gun: ";

// Explanatory text in front of the blocks (RFC 7468 section 5.2), which every reader of PEM passes over: headers within
// one, as docker and notary have them, OpenSSL refuses.
Result<std::string> explained(const KeyFacts& facts) {
  std::string text;
  for (const auto& [line, value] : {std::pair{kRoleLine, &facts.role}, {kGunLine, &facts.gun}}) {
    if (value->empty()) continue;
    if (value->size() > 255 || printable(*value) != *value) {
      return fail(Code::kInvalidArgument, "a role or gun that is longer than 255 characters or not printable");
    }
    text += fmt::format("{}{}\n", line, *value);
  }
  return text;
}

KeyFacts facts_in(std::string_view text) {
  KeyFacts facts{.encrypted = true};
  std::string_view line;
  while (next_line(text, line) && !line.starts_with("-----")) {
    if (line.starts_with(kRoleLine)) facts.role = printable(line.substr(kRoleLine.size()));
    if (line.starts_with(kGunLine)) facts.gun = printable(line.substr(kGunLine.size()));
  }
  return facts;
}

Result<StoredKey> read_public_half(const std::string& path, std::string_view id) {
  TRY_ASSIGN(const Secret text, read_text(path));
  TRY_CONTEXT(PublicKey half, PublicKey::from_pem(text.reveal()), path);
  if (key_id(half) != id) {
    return fail(Code::kVerificationFailed, fmt::format("{}: holds another public key than its name says", path));
  }
  return StoredKey{.id = std::string(id), .public_key = std::move(half), .facts = facts_in(text.reveal())};
}

Result<Secret> file_of(const PrivateKey& key, std::string_view passphrase, const KeyFacts& facts) {
  TRY_ASSIGN(const std::string explanation, explained(facts));
  TRY_ASSIGN(const Secret encrypted, write_key(key, KeyForm::kPkcs8, passphrase));
  return Secret(fmt::format("{}{}{}", explanation, key.public_key().pem(), encrypted.reveal()));
}

}  // namespace

Status write_new_key_file(const std::string& path, const Secret& text) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  if (!parent.empty()) TRY(make_directories(parent, kFolderMode));
  // A link fails where a file is already, a renaming would replace it; the temporary name goes with `file`.
  TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, kFileMode));
  TRY(file.write(as_bytes(text.reveal())));
  TRY_ASSIGN(const UniqueFd synced, [&]() -> Result<UniqueFd> {
    UniqueFd fd(::open(file.temporary_path().c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fchmod(fd.get(), kFileMode) != 0 || ::fsync(fd.get()) != 0) return fail(errno_error(errno, path));
    return fd;
  }());
  if (::link(file.temporary_path().c_str(), path.c_str()) != 0) {
    if (errno == EEXIST) {
      return fail(Code::kInvalidArgument, fmt::format("{}: is there already", path),
                  "keys are never written over: choose another name, or move the old file away");
    }
    return fail(errno_error(errno, path));
  }
  const UniqueFd folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return fail(errno_error(errno, parent));
  return {};
}

Result<KeyFile> read_key_file(const std::string& path, const AskPassphrase& ask) {
  TRY_ASSIGN(const Secret text, read_text(path));
  auto key = read_key(text.reveal(), ask);
  if (!key) return fail(std::move(key).error().with_context(path));
  return key;
}

Result<std::string> KeyStore::path_of(std::string_view id) const {
  if (!is_id(id)) {
    return fail(Code::kInvalidArgument,
                "the id of a key in the store is 64 hexadecimal digits in lower case, or the first 8 or more");
  }
  return fmt::format("{}/{}{}", folder_, id, kSuffix);
}

Result<std::string> KeyStore::add(const PrivateKey& key, std::string_view passphrase, const KeyFacts& facts) const {
  std::string id = key_id(key.public_key());
  TRY_ASSIGN(const std::string path, path_of(id));
  TRY_ASSIGN(const Secret text, file_of(key, passphrase, facts));
  TRY(write_new_key_file(path, text));
  return id;
}

Result<StoredKeys> KeyStore::list() const {
  StoredKeys found;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder_, error);
  if (error == std::errc::no_such_file_or_directory) return found;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    const std::string id = name.substr(0, name.size() - kSuffix.size());
    if (!is_id(id)) continue;  // somebody else's
    auto key = read_public_half(entry->path().string(), id);
    if (key) {
      found.keys.push_back(*std::move(key));
    } else {
      found.unreadable.push_back(std::move(key).error());
    }
  }
  if (error) return fail(errno_error(error.value(), folder_));
  std::ranges::sort(found.keys, {}, &StoredKey::id);
  return found;
}

Result<StoredKey> KeyStore::find(std::string_view id) const {
  if (is_id(id)) {
    TRY_ASSIGN(const std::string path, path_of(id));
    return read_public_half(path, id);
  }
  if (id.size() < kFewestDigits || id.size() > kIdCharacters) return std::unexpected(path_of(id).error());
  TRY_ASSIGN(StoredKeys all, list());
  const auto begins = [&](const StoredKey& key) { return key.id.starts_with(id); };
  const auto found = std::ranges::find_if(all.keys, begins);
  if (found == all.keys.end()) {
    return fail(Code::kNotFound, fmt::format("{}: no key whose id begins with {}", folder_, printable(id)));
  }
  if (std::ranges::count_if(all.keys, begins) > 1) {
    return fail(Code::kInvalidArgument, fmt::format("several keys have an id that begins with {}", id),
                "write more of its digits");
  }
  return std::move(*found);
}

Result<PrivateKey> KeyStore::open(std::string_view id, const AskPassphrase& ask) const {
  TRY_ASSIGN(const std::string path, path_of(id));
  TRY_ASSIGN(KeyFile file, read_key_file(path, ask));
  if (key_id(file.key.public_key()) != id) {
    return fail(Code::kVerificationFailed, fmt::format("{}: holds another key than its name says", path));
  }
  return std::move(file.key);
}

Status KeyStore::change_passphrase(std::string_view id, const AskPassphrase& ask, std::string_view next) const {
  TRY_ASSIGN(const std::string path, path_of(id));
  TRY_ASSIGN(const StoredKey stored, find(id));
  TRY_ASSIGN(const PrivateKey key, open(id, ask));
  TRY_ASSIGN(const Secret text, file_of(key, next, stored.facts));
  // The old file goes only for one that was seen to hold the key.
  TRY_ASSIGN(const KeyFile again, read_key(text.reveal(), [&]() -> Result<Secret> { return Secret::copy_of(next); }));
  if (key_id(again.key.public_key()) != id) return fail(Code::kInternal, "a key that cannot be read again");
  TRY(write_file_atomically(path, text.reveal(), kFileMode));
  return remove_leftovers(path);
}

Status KeyStore::remove(std::string_view id) const {
  TRY_ASSIGN(const std::string path, path_of(id));
  if (::unlink(path.c_str()) != 0) return fail(errno_error(errno, path));
  TRY(remove_leftovers(path));
  const UniqueFd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return fail(errno_error(errno, folder_));
  return {};
}

namespace {

// Whether AtomicFile named it so, for that path: mkostemp's six characters. What users keep beside a key is theirs.
bool is_leftover(std::string_view each, std::string_view path) {
  constexpr size_t kSuffixBytes = 7;  // ".XXXXXX"
  if (!each.starts_with(path) || each.size() != path.size() + kSuffixBytes || each[path.size()] != '.') return false;
  return std::ranges::all_of(each.substr(path.size() + 1), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

}  // namespace

// They hold the key, too, maybe by an older passphrase.
Status KeyStore::remove_leftovers(const std::string& path) const {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string each = entry->path().string();
    if (is_leftover(each, path) && ::unlink(each.c_str()) != 0 && errno != ENOENT) {
      return fail(errno_error(errno, each));
    }
  }
  if (error) return fail(errno_error(error.value(), folder_));
  return {};
}

Result<KeyReference> parse_key_reference(std::string_view text) {
  using enum KeyReference::Kind;
  if (text.starts_with("pkcs11:")) {
    TRY(check_token_uri(text));
    return KeyReference{.kind = kToken, .name = std::string(text)};
  }
  for (const auto& [prefix, kind] :
       {std::pair{std::string_view("file:"), kFile}, {std::string_view("store:"), kStore}}) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) {
      return KeyReference{.kind = kind, .name = std::string(text.substr(prefix.size()))};
    }
  }
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" names no key", text),
              "write file:PATH, store:ID or pkcs11:token=NAME;object=NAME");
}

Result<std::unique_ptr<Signer>> open_signer(const KeyReference& reference, const KeyStore& store,
                                            const AskPassphrase& ask, const TokenAccess& tokens) {
  switch (reference.kind) {
    case KeyReference::Kind::kToken:
      return open_token_signer(reference.name, tokens);
    case KeyReference::Kind::kStore: {
      TRY_ASSIGN(PrivateKey key, store.open(reference.name, ask));
      return std::make_unique<MemorySigner>(std::move(key));
    }
    case KeyReference::Kind::kFile:
      break;
  }
  TRY_ASSIGN(KeyFile file, read_key_file(reference.name, ask));
  return std::make_unique<MemorySigner>(std::move(file.key));
}

}  // namespace bulkhead::keys

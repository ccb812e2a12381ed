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
#include "crypto/pem.h"

namespace bulkhead::keys {
namespace {

constexpr std::string_view kSuffix = ".key";
constexpr size_t kIdCharacters = 64;
constexpr unsigned kFileMode = 0600;
constexpr unsigned kFolderMode = 0700;

bool is_id(std::string_view text) {
  return text.size() == kIdCharacters && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Secret> read_text(const std::string& path) {
  TRY_ASSIGN(std::string text, read_file(path, kMaxPemBytes));
  return Secret(std::move(text));
}

Result<StoredKey> read_public_half(const std::string& path, const std::string& id) {
  TRY_ASSIGN(const Secret text, read_text(path));
  TRY_CONTEXT(PublicKey half, PublicKey::from_pem(text.reveal()), path);
  if (key_id(half) != id) {
    return fail(Code::kVerificationFailed, fmt::format("{}: holds another public key than its name says", path));
  }
  return StoredKey{.id = id, .public_key = std::move(half)};
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
    return fail(Code::kInvalidArgument, "the id of a key in the store is 64 hexadecimal digits in lower case");
  }
  return fmt::format("{}/{}{}", folder_, id, kSuffix);
}

Result<std::string> KeyStore::add(const PrivateKey& key, std::string_view passphrase) const {
  std::string id = key_id(key.public_key());
  TRY_ASSIGN(const std::string path, path_of(id));
  TRY_ASSIGN(const Secret encrypted, write_key(key, KeyForm::kPkcs8, passphrase));
  TRY(write_new_key_file(path, Secret(key.public_key().pem() + std::string(encrypted.reveal()))));
  return id;
}

Result<std::vector<StoredKey>> KeyStore::list() const {
  std::vector<StoredKey> keys;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder_, error);
  if (error == std::errc::no_such_file_or_directory) return keys;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    const std::string id = name.substr(0, name.size() - kSuffix.size());
    if (!is_id(id)) continue;  // a temporary file, or somebody else's
    TRY_ASSIGN(StoredKey key, read_public_half(entry->path().string(), id));
    keys.push_back(std::move(key));
  }
  if (error) return fail(errno_error(error.value(), folder_));
  std::ranges::sort(keys, {}, &StoredKey::id);
  return keys;
}

Result<PrivateKey> KeyStore::open(std::string_view id, const AskPassphrase& ask) const {
  TRY_ASSIGN(const std::string path, path_of(id));
  TRY_ASSIGN(KeyFile file, read_key_file(path, ask));
  if (key_id(file.key.public_key()) != id) {
    return fail(Code::kVerificationFailed, fmt::format("{}: holds another key than its name says", path));
  }
  return std::move(file.key);
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

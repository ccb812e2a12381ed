#include "trust/backup.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "crypto/secretbox.h"
#include "keys/key_file.h"
#include "trust/doctor.h"

namespace bulkhead::trust {
namespace {

constexpr std::string_view kMagic{"BHTRUST\x01", 8};
constexpr size_t kSaltBytes = 16;
constexpr uint8_t kLog2Cost = 17;
constexpr uint8_t kBlock = 8;
constexpr uint8_t kParallel = 1;
constexpr uint8_t kMaxLog2Cost = 30;  // what of it is too much, scrypt() says
constexpr uint64_t kMaxFiles = 1'000'000;
constexpr uint64_t kMaxKeys = 10'000;

Result<Secret> box_key(std::string_view passphrase, std::string_view salt, uint8_t log2_cost, uint8_t block,
                       uint8_t parallel) {
  if (log2_cost > kMaxLog2Cost) return fail(Code::kMalformed, "a trust backup states an impossible cost");
  return scrypt(passphrase, as_bytes(salt), {.n = uint64_t{1} << log2_cost, .r = block, .p = parallel},
                kSecretboxKeyBytes);
}

void write_files(const std::map<std::string, std::string>& files, ByteWriter& out) {
  out.varint(files.size());
  for (const auto& [name, bytes] : files) {
    out.string(name);
    out.string(bytes);
  }
}

Result<uint64_t> read_count(ByteReader& in, uint64_t max) {
  TRY_ASSIGN(const uint64_t count, in.varint());
  if (count > max) return fail(limit_error("entries of a trust backup", max, ""));
  return count;
}

Result<std::map<std::string, std::string>> read_files(ByteReader& in) {
  TRY_ASSIGN(const uint64_t count, read_count(in, kMaxFiles));
  std::map<std::string, std::string> files;
  for (uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::string_view name, read_string(in));
    TRY_ASSIGN(const std::string_view bytes, read_string(in));
    files.emplace(name, bytes);
  }
  return files;
}

// A name that stays in its folder.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && !name.contains('/') && !name.contains('\0');
}

// The published metadata, for who reads it as a client does.
class FilesSource final : public tuf::MetadataSource {
 public:
  explicit FilesSource(const std::map<std::string, std::string>& files) : files_(files) {}
  Result<std::string> fetch(std::string_view name, uint64_t max_bytes) override {
    const auto found = files_.find(std::string(name));
    if (found == files_.end()) return fail(Code::kNotFound, fmt::format("the backup has no {}", name));
    if (found->second.size() > max_bytes) return fail(limit_error("bytes of metadata", max_bytes, ""));
    return found->second;
  }

 private:
  const std::map<std::string, std::string>& files_;
};

// The newest root of those that are published.
const std::string* newest_root(const std::map<std::string, std::string>& files) {
  const std::string* newest = nullptr;
  uint64_t version = 0;
  for (const auto& [name, bytes] : files) {
    const size_t dot = name.find('.');
    if (dot == std::string::npos || name.substr(dot) != ".root.json") continue;
    const uint64_t its = parse_decimal(name.substr(0, dot)).value_or(0);
    if (its > version) {
      version = its;
      newest = &bytes;
    }
  }
  return newest;
}

Status check_that_it_signs(const PrivateKey& key) {
  constexpr std::string_view kMessage = "bulkhead trust drill";
  const SignatureScheme scheme = default_scheme(key.public_key().type());
  TRY_ASSIGN(const std::string signature, key.sign(scheme, as_bytes(kMessage)));
  return key.public_key().verify(scheme, as_bytes(kMessage), as_bytes(signature));
}

}  // namespace

Result<std::string> seal_backup(const Backup& backup, std::string_view passphrase) {
  if (passphrase.empty()) return fail(Code::kInvalidArgument, "the passphrase of the backup is empty");
  ByteWriter inside;
  inside.u64(static_cast<uint64_t>(backup.time));
  inside.string(write_settings(backup.settings));
  write_files(backup.published, inside);
  write_files(backup.staged, inside);
  inside.varint(backup.keys.size());
  for (const BackedUpKey& each : backup.keys) {
    inside.string(each.reference);
    // Under the passphrase a second time, so that no plain key stands in any buffer, here or where it is read.
    TRY_ASSIGN(const Secret encrypted, keys::write_key(each.key, keys::KeyForm::kPkcs8, passphrase));
    inside.string(encrypted.reveal());
  }
  const std::string salt = random_bytes(kSaltBytes);
  const std::string nonce = random_bytes(kSecretboxNonceBytes);
  TRY_ASSIGN(const Secret key, box_key(passphrase, salt, kLog2Cost, kBlock, kParallel));
  TRY_ASSIGN(const std::string box, secretbox_seal(as_bytes(key.reveal()), as_bytes(nonce), as_bytes(inside.bytes())));
  ByteWriter out;
  out.raw(kMagic);
  for (const uint8_t cost : {kLog2Cost, kBlock, kParallel}) out.u8(cost);
  out.raw(salt);
  out.raw(nonce);
  out.raw(box);
  return std::move(out).take();
}

Result<Backup> open_backup(std::string_view bytes, std::string_view passphrase) {
  if (bytes.size() > kMaxBackupBytes) return fail(limit_error("bytes of a trust backup", kMaxBackupBytes, ""));
  if (!bytes.starts_with(kMagic.substr(0, kMagic.size() - 1))) {
    return fail(Code::kMalformed, "this is no trust backup", "`bulkhead trust backup` makes one");
  }
  if (!bytes.starts_with(kMagic)) return fail(Code::kUnsupported, "a trust backup of another version");
  ByteReader in(as_bytes(bytes));
  TRY(in.skip(kMagic.size()));
  TRY_ASSIGN(const uint8_t log2_cost, in.u8());
  TRY_ASSIGN(const uint8_t block, in.u8());
  TRY_ASSIGN(const uint8_t parallel, in.u8());
  TRY_ASSIGN(const ByteSpan salt, in.take(kSaltBytes));
  TRY_ASSIGN(const ByteSpan nonce, in.take(kSecretboxNonceBytes));
  TRY_ASSIGN(const ByteSpan box, in.take(in.remaining()));
  TRY_ASSIGN(const Secret key, box_key(passphrase, as_text(salt), log2_cost, block, parallel));
  const auto contents = secretbox_open(as_bytes(key.reveal()), nonce, box);
  if (!contents) {
    return fail(Code::kUnauthenticated, "the backup does not open: the passphrase is wrong, or the file was changed");
  }
  return read_backup_contents(contents->reveal(), passphrase);
}

Result<Backup> read_backup_contents(std::string_view contents, std::string_view passphrase) {
  ByteReader in(as_bytes(contents));
  Backup backup;
  TRY_ASSIGN(const uint64_t time, in.u64_le());
  backup.time = static_cast<int64_t>(time);
  TRY_ASSIGN(const std::string_view settings, read_string(in));
  TRY_CONTEXT(backup.settings, read_settings(settings), "settings in the backup");
  TRY_ASSIGN(backup.published, read_files(in));
  for (const auto& [name, bytes] : backup.published) {
    if (!is_file_name(name)) return fail(Code::kMalformed, "the backup holds a file of an impossible name");
  }
  TRY_ASSIGN(backup.staged, read_files(in));
  TRY_ASSIGN(const uint64_t keys, read_count(in, kMaxKeys));
  for (uint64_t i = 0; i < keys; ++i) {
    TRY_ASSIGN(const std::string_view reference, read_string(in));
    TRY_ASSIGN(const std::string_view text, read_string(in));
    TRY_CONTEXT(keys::KeyFile key, keys::read_key(text, [&] { return Secret::copy_of(passphrase); }),
                fmt::format("the key {} in the backup", printable(reference)));
    backup.keys.push_back({.reference = std::string(reference), .key = std::move(key.key)});
  }
  if (!in.at_end()) return fail(Code::kMalformed, "the backup is longer than its contents");
  return backup;
}

Result<Backup> back_up(const Publisher& publisher, int64_t now) {
  Backup backup{.time = now, .settings = publisher.settings()};
  TRY_ASSIGN(backup.published, publisher.published_files());
  backup.staged = publisher.repository().staged_files();
  return backup;
}

Status take_published(Backup& backup, std::map<std::string, std::string> files) {
  const auto refused = [](std::string_view why) {
    return fail(Code::kVerificationFailed, fmt::format("the metadata does not follow from the backup: {}", why));
  };
  const std::string* const known = newest_root(backup.published);
  if (known == nullptr) return refused("the backup is from before the first publication");
  // Roots that are known stay as they are: a client that knows them does not fetch them.
  for (const auto& [name, bytes] : backup.published) {
    if (name.ends_with(".root.json")) files.insert_or_assign(name, bytes);
  }
  FilesSource source(files);
  constexpr int64_t kBeforeAllDates = 0;
  const auto seen = backup.published.find("timestamp.json");
  const Examination found = examine_published(source, *known, kBeforeAllDates,
                                              seen != backup.published.end() ? std::string_view(seen->second) : "");
  if (!found.problems.empty()) return refused(found.problems.front().what);
  // The first of the roles is the root at which the chain ended.
  const auto last = files.find(fmt::format("{}.root.json", found.roles.front().version));
  if (last == files.end() || &last->second != newest_root(files))
    return refused("it has a root that no chain leads to");
  backup.published = std::move(files);
  backup.staged.clear();
  return {};
}

Status restore_folder(const Backup& backup, const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return fail(Code::kInvalidArgument, fmt::format("{} is there already", folder),
                "restore into a new folder, and compare the two");
  }
  // Beside its place, then renamed: who is killed between leaves nothing that counts.
  const std::string beside = folder + ".restoring";
  fs::remove_all(beside, error);
  TRY(Publisher::write(beside, backup.settings, backup.published, backup.staged));
  if (std::rename(beside.c_str(), folder.c_str()) != 0) return fail(errno_error(errno, folder));
  return {};
}

Drill drill(const Backup& backup) {
  Drill found;
  std::set<std::string> inside;
  for (const BackedUpKey& each : backup.keys) {
    const std::string id = keys::key_id(each.key.public_key());
    inside.insert(id);
    if (const Status signs = check_that_it_signs(each.key); !signs) {
      found.problems.push_back(fmt::format("the key {} does not sign: {}", id, signs.error().to_string()));
    }
  }
  const auto count = [&](const std::string& role, uint32_t threshold, const std::vector<std::string>& ids) {
    const auto have = std::ranges::count_if(ids, [&](const std::string& id) { return inside.contains(id); });
    found.roles.push_back(
        {.role = role, .threshold = threshold, .keys = ids.size(), .inside = static_cast<size_t>(have)});
    if (static_cast<size_t>(have) >= threshold) return;
    found.problems.push_back(fmt::format("\"{}\" needs {} signatures, and {} of its keys {} in the backup",
                                         printable(role), threshold, have, have == 1 ? "is" : "are"));
  };
  const auto count_root = [&](const tuf::Root& root) {
    for (const auto& [role, keys] : root.roles) {
      std::vector<std::string> ids;
      for (const std::string& tuf_id : keys.key_ids) {
        const auto listed = root.keys.find(tuf_id);
        const bool usable = listed != root.keys.end() && listed->second.usable;
        ids.push_back(usable ? keys::key_id(listed->second.usable->key) : "");
      }
      count(role, keys.threshold, ids);
    }
  };
  if (const std::string* const root = newest_root(backup.published)) {
    FilesSource source(backup.published);
    constexpr int64_t kBeforeAllDates = 0;
    const Examination seen = examine_published(source, *root, kBeforeAllDates);
    for (const Problem& problem : seen.problems) {
      found.verifies = fail(Code::kVerificationFailed, problem.what);
      found.problems.push_back(problem.role.empty() ? problem.what
                                                    : fmt::format("\"{}\": {}", printable(problem.role), problem.what));
    }
    for (const ExaminedRole& role : seen.roles) {
      std::vector<std::string> ids;
      for (const ExaminedKey& key : role.keys) ids.push_back(key.key.id);
      count(role.role, role.threshold, ids);
    }
    return found;
  }
  const auto staged = backup.staged.find(std::string(tuf::kRoot));
  const auto root = staged != backup.staged.end() ? tuf::tuf1_codec().root(staged->second)
                                                  : fail(Code::kNotFound, "the backup holds no root");
  if (root) {
    count_root(root->metadata);
  } else {
    found.verifies = std::unexpected(root.error());
    found.problems.push_back(root.error().to_string());
  }
  return found;
}

}  // namespace bulkhead::trust

#include "tuf/updater.h"

#include <algorithm>
#include <ranges>
#include <set>

#include <fmt/format.h>

#include "base/fs.h"

namespace bulkhead::tuf {

Result<std::optional<std::string>> FolderStore::load(std::string_view role) {
  constexpr size_t kMaxBytes = size_t{64} << 20;
  auto bytes = read_file(path_of(role), kMaxBytes);
  if (bytes) return *std::move(bytes);
  if (bytes.error().code() == Code::kNotFound) return std::nullopt;
  return std::unexpected(std::move(bytes).error());
}

Status FolderStore::save(std::string_view role, std::string_view bytes) {
  return write_file_atomically(path_of(role), bytes);
}

std::string FolderStore::path_of(std::string_view role) const {
  return fmt::format("{}/{}.json", folder_, path_segment(role));
}

Result<Updater> Updater::create(const Codec& codec, MetadataSource& source, MetadataStore& store, int64_t now,
                                const UpdaterLimits& limits) {
  Updater updater(codec, source, store, now, limits);
  TRY_ASSIGN(const std::optional<std::string> root, store.load(kRoot));
  if (!root) return fail(Code::kNotFound, "there is no root to trust");
  TRY(updater.trusted_.start(*root));
  return updater;
}

Status Updater::refresh() {
  TRY(refresh_root());
  TRY(refresh_timestamp());
  TRY(refresh_snapshot());
  TRY(load_targets(std::string(kTargets), "", nullptr));
  return {};
}

// 5.3: one version after the other, until the repository says that there is no next one.
Status Updater::refresh_root() {
  for (uint64_t rotations = 0; rotations < limits_.max_root_rotations; ++rotations) {
    const MetaFile next{.version = trusted_.root().version + 1, .length = {}, .hashes = {}};
    auto bytes = source_.fetch(codec_.file_name(kRoot, next, true), limits_.max_root_bytes);
    if (!bytes) {
      if (bytes.error().code() != Code::kNotFound) return std::unexpected(std::move(bytes).error());
      break;
    }
    TRY(trusted_.update_root(*bytes));
    TRY(store_.save(kRoot, *bytes));
  }
  return trusted_.finish_roots();
}

// Kept metadata that does not hold any more was signed by keys that have been rotated, or has expired: there is nothing
// to compare with. Kept metadata that cannot be read is an error, for with it goes the memory of what has been seen.
Status Updater::readable(const Status& kept) {
  if (kept || kept.error().code() == Code::kVerificationFailed) return {};
  Error error = kept.error();
  return std::unexpected(std::move(error)
                             .with_context("kept metadata")
                             .with_remedy("remove the file, and what was seen of the repository is forgotten"));
}

// 5.4
Status Updater::refresh_timestamp() {
  TRY_ASSIGN(const std::optional<std::string> kept, store_.load(kTimestamp));
  if (kept) {
    const auto update = trusted_.update_timestamp(*kept);
    TRY(readable(update ? Status() : std::unexpected(update.error())));
  }
  TRY_ASSIGN(const std::string bytes,
             source_.fetch(codec_.file_name(kTimestamp, {}, trusted_.root().consistent_snapshot),
                           limits_.max_timestamp_bytes));
  TRY_ASSIGN(const TrustedSet::Update update, trusted_.update_timestamp(bytes));
  TRY(trusted_.require_timestamp());
  return update == TrustedSet::Update::kSame ? Status() : store_.save(kTimestamp, bytes);
}

// 5.5
Status Updater::refresh_snapshot() {
  TRY_ASSIGN(const std::optional<std::string> kept, store_.load(kSnapshot));
  if (kept) {
    const Status update = trusted_.update_snapshot(*kept, TrustedSet::Origin::kLocalStore);
    if (update && trusted_.require_snapshot()) return {};
    TRY(readable(update));
  }
  const MetaFile& entry = trusted_.timestamp().snapshot;
  TRY_ASSIGN(const std::string bytes,
             source_.fetch(codec_.file_name(kSnapshot, entry, trusted_.root().consistent_snapshot),
                           bound(entry, limits_.max_snapshot_bytes)));
  TRY(trusted_.update_snapshot(bytes, TrustedSet::Origin::kRepository));
  TRY(trusted_.require_snapshot());
  return store_.save(kSnapshot, bytes);
}

// 5.6
Result<const Targets*> Updater::load_targets(const std::string& role, const std::string& chain,
                                             const Targets* delegator) {
  const std::string key = chain + '\n' + role;
  if (const auto loaded = loaded_.find(key); loaded != loaded_.end()) return loaded->second.get();
  const auto remember = [&](Signed<Targets> accepted) {
    return loaded_.emplace(key, std::make_unique<const Targets>(std::move(accepted.metadata))).first->second.get();
  };
  TRY_ASSIGN(const std::optional<std::string> kept, store_.load(role));
  if (kept) {
    if (auto accepted = trusted_.check_targets(*kept, role, delegator)) return remember(*std::move(accepted));
  }
  TRY_ASSIGN(const MetaFile entry, trusted_.snapshot_entry(role));
  TRY_ASSIGN(const std::string bytes, source_.fetch(codec_.file_name(role, entry, trusted_.root().consistent_snapshot),
                                                    bound(entry, limits_.max_targets_bytes)));
  TRY_ASSIGN(auto accepted, trusted_.check_targets(bytes, role, delegator));
  if (kept) TRY(trusted_.check_not_older(accepted.metadata, *kept, role, delegator));
  TRY(store_.save(role, bytes));
  return remember(std::move(accepted));
}

uint64_t Updater::bound(const MetaFile& file, uint64_t otherwise) const {
  return std::min(file.length.value_or(otherwise), limits_.max_stated_bytes);
}

const Targets& Updater::targets() const {
  return *loaded_.at('\n' + std::string(kTargets));
}

// 5.6.7: depth first, in order; a terminating delegation that covers the path ends the search after its own branch.
Result<std::optional<FoundTarget>> Updater::find(std::string_view target_path) {
  struct Visit {
    std::string role;
    std::string chain;
    const Targets* delegator;
  };
  std::vector<Visit> to_visit{{std::string(kTargets), "", nullptr}};
  std::set<std::string> visited;
  while (!to_visit.empty() && visited.size() <= limits_.max_delegations) {
    const Visit visit = std::move(to_visit.back());
    to_visit.pop_back();
    if (!visited.insert(visit.role).second) continue;
    TRY_ASSIGN(const Targets* targets, load_targets(visit.role, visit.chain, visit.delegator));
    const auto found = targets->targets.find(target_path);
    if (found != targets->targets.end()) return FoundTarget{.role = visit.role, .file = found->second};
    if (!targets->delegations) continue;

    const std::string chain = visit.chain + '\n' + visit.role;
    const Delegations& delegations = *targets->delegations;
    if (delegations.succinct) {
      to_visit.push_back({delegations.succinct->role_for(target_path), chain, targets});
      continue;
    }
    std::vector<Visit> next;
    for (const DelegatedRole& role : delegations.roles) {
      if (!role.covers(target_path)) continue;
      next.push_back({role.name, chain, targets});
      if (role.terminating) {
        to_visit.clear();
        break;
      }
    }
    std::ranges::move(next | std::views::reverse, std::back_inserter(to_visit));
  }
  if (!to_visit.empty()) {
    return fail(limit_error(fmt::format("roles to look for \"{}\" in", target_path), limits_.max_delegations, ""));
  }
  return std::nullopt;
}

std::string target_file_name(std::string_view target_path, const TargetFile& file, bool consistent_snapshot) {
  const size_t slash = target_path.rfind('/');
  const size_t name_at = slash == std::string_view::npos ? 0 : slash + 1;
  std::string out;
  size_t at = 0;
  while (at < name_at) {
    const size_t end = target_path.find('/', at);
    out += path_segment(target_path.substr(at, end - at)) + "/";
    at = end + 1;
  }
  if (consistent_snapshot) {
    const auto sha256 = file.hashes.find("sha256");
    const auto& hash = sha256 != file.hashes.end() ? sha256->second : file.hashes.begin()->second;
    out += to_hex(as_bytes(hash)) + ".";
  }
  return out + path_segment(target_path.substr(name_at));
}

}  // namespace bulkhead::tuf

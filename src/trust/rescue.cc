#include "trust/rescue.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/date.h"
#include "base/text.h"
#include "keys/key_file.h"
#include "oci/reference.h"
#include "tuf/trusted_set.h"

namespace bulkhead::trust {
namespace {

constexpr std::string_view kReleases = "targets/releases";
constexpr std::string_view kFurther = "further delegations";

using Believed = std::map<std::string, tuf::Targets, std::less<>>;  // by role

class Rescue {
 public:
  explicit Rescue(const RescueRequest& request) : request_(request) { found_.gun = request.gun; }

  RescuedRepository run() && {
    if (const Status status = verify(); !status) {
      lose(fmt::format("all of {}", request_.gun), status.error());
      return std::move(found_);
    }
    collect_tags();
    return std::move(found_);
  }

 private:
  void lose(std::string what, const Error& why) { found_.lost.push_back({std::move(what), why.to_string()}); }

  // A role's metadata, read once, and until when it holds. Nobody has verified it yet.
  template <typename T>
  Result<T> gather(std::string_view role, Result<std::string> bytes,
                   Result<tuf::Signed<T>> (*parse)(std::string_view, std::string_view)) {
    if (!bytes) return fail(std::move(bytes).error().with_context(fmt::format("metadata of \"{}\"", role)));
    TRY(count_bytes(bytes->size()));
    TRY_ASSIGN(tuf::Signed<T> parsed, parse(*bytes, role));
    expires_.emplace_back(std::string(role), parsed.metadata.expires);
    files_[std::string(role)] = *std::move(bytes);
    return std::move(parsed.metadata);
  }

  Status count_bytes(size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > kMaxRescuedBytes) return fail(limit_error("bytes of a repository's metadata", kMaxRescuedBytes, {}));
    return {};
  }

  Status gather_top() {
    const tuf::Codec& codec = tuf::notary_codec();
    if (request_.roots.empty()) return fail(Code::kNotFound, "there is no root to trust");
    for (const std::string& bytes : request_.roots) TRY(count_bytes(bytes.size()));
    TRY_ASSIGN(const auto root, codec.root(request_.roots.back()));
    expires_.emplace_back(std::string(tuf::kRoot), root.metadata.expires);
    TRY_ASSIGN(const tuf::Timestamp timestamp,
               gather<tuf::Timestamp>(
                   tuf::kTimestamp, request_.read(tuf::kTimestamp, {}),
                   [](std::string_view bytes, std::string_view) { return tuf::notary_codec().timestamp(bytes); }));
    TRY_ASSIGN(snapshot_, gather<tuf::Snapshot>(tuf::kSnapshot, request_.read(tuf::kSnapshot, timestamp.snapshot),
                                                [](std::string_view bytes, std::string_view) {
                                                  return tuf::notary_codec().snapshot(bytes);
                                                }));
    return {};
  }

  Result<tuf::Targets> gather_targets(const std::string& role) {
    const auto entry = snapshot_.meta.find(role);
    if (entry == snapshot_.meta.end()) {
      return fail(Code::kNotFound, fmt::format("the snapshot does not name \"{}\": nothing was published in it", role));
    }
    return gather<tuf::Targets>(
        role, request_.read(role, entry->second),
        [](std::string_view bytes, std::string_view name) { return tuf::notary_codec().targets(bytes, name); });
  }

  // The moment by which all is judged: now, or the last one at which everything that there is held.
  int64_t moment() {
    int64_t moment = request_.now;
    if (!request_.allow_expired) return moment;
    for (const auto& [role, expires] : expires_) {
      if (expires > request_.now) continue;
      found_.tolerated.push_back(fmt::format("\"{}\" expired on {}", role, rfc3339_of(expires)));
      moment = std::min(moment, expires - 1);
    }
    return moment;
  }

  Status room_for_a_role() {
    if (asked_.size() < kMaxRescuedRoles) return count_bytes(0);
    return fail(limit_error("delegated roles of a repository", kMaxRescuedRoles, {}));
  }

  // Delegated roles, each under the first that delegates to it: parents are before their children.
  void gather_delegations(const std::string& parent, const tuf::Targets& targets) {
    if (!targets.delegations) return;
    for (const tuf::DelegatedRole& delegated : targets.delegations->roles) {
      if (asked_.contains(delegated.name)) continue;
      if (const Status room = room_for_a_role(); !room) {
        if (std::ranges::find(found_.lost, kFurther, &RescueLoss::what) == found_.lost.end()) {
          lose(std::string(kFurther), room.error());
        }
        return;
      }
      asked_.insert(delegated.name);
      const auto child = gather_targets(delegated.name);
      if (!child) {
        lose(delegated.name, child.error());
        continue;
      }
      order_.emplace_back(delegated.name, parent);
      gather_delegations(delegated.name, *child);
    }
  }

  Status verify() {
    TRY(gather_top());
    TRY_ASSIGN(const tuf::Targets top, gather_targets(std::string(tuf::kTargets)));
    gather_delegations(std::string(tuf::kTargets), top);

    tuf::TrustedSet set(tuf::notary_codec(), moment());
    TRY(set.start(request_.roots.front()));
    for (size_t i = 1; i < request_.roots.size(); ++i) TRY(set.update_root(request_.roots[i]));
    TRY(set.finish_roots());
    TRY(set.update_timestamp(files_.at(std::string(tuf::kTimestamp))));
    TRY(set.require_timestamp());
    TRY(set.update_snapshot(files_.at(std::string(tuf::kSnapshot)), tuf::TrustedSet::Origin::kRepository));
    TRY(set.require_snapshot());
    TRY_ASSIGN(auto targets, set.check_targets(files_.at(std::string(tuf::kTargets)), tuf::kTargets, nullptr));
    note_root_keys(set.root());
    believe(std::string(tuf::kTargets), std::move(targets.metadata));
    for (const auto& [role, parent] : order_) {
      const auto delegator = believed_.find(parent);
      if (delegator == believed_.end()) {
        lose(role, Error(Code::kVerificationFailed, fmt::format("\"{}\", which delegates to it, is lost", parent)));
        continue;
      }
      auto checked = set.check_targets(files_.at(role), role, &delegator->second);
      if (checked) {
        believe(role, std::move(checked->metadata));
      } else {
        lose(role, checked.error());
      }
    }
    return {};
  }

  void believe(std::string role, tuf::Targets targets) {
    if (targets.delegations) {
      for (const tuf::DelegatedRole& delegated : targets.delegations->roles) {
        note_keys(delegated.name, delegated.keys, targets.delegations->keys);
      }
    }
    believed_.emplace(std::move(role), std::move(targets));
  }

  void note_root_keys(const tuf::Root& root) {
    for (const auto& [role, keys] : root.roles) note_keys(role, keys, root.keys);
  }
  void note_keys(const std::string& role, const tuf::RoleKeys& keys, const tuf::Keys& known) {
    for (const std::string& id : keys.key_ids) {
      const auto key = known.find(id);
      if (key == known.end() || !key->second.usable) continue;
      RoleKeyId named{.role = role, .notary_id = keys::notary_key_id(key->second.usable->key)};
      if (std::ranges::find(found_.keys, named) == found_.keys.end()) found_.keys.push_back(std::move(named));
    }
  }

  // Whether the role may say anything of that name: every delegation on the way to it covers the name.
  bool covers(std::string_view role, const std::string& name) const {
    while (role != tuf::kTargets) {
      const auto entry = std::ranges::find(order_, role, &std::pair<std::string, std::string>::first);
      const auto& delegations = believed_.find(entry->second)->second.delegations->roles;
      if (!std::ranges::find(delegations, role, &tuf::DelegatedRole::name)->covers(name)) return false;
      role = entry->second;
    }
    return true;
  }

  const tuf::TargetFile* entry_of(std::string_view role, const std::string& name) const {
    const auto targets = believed_.find(role);
    if (targets == believed_.end() || !covers(role, name)) return nullptr;
    const auto file = targets->second.targets.find(name);
    return file == targets->second.targets.end() ? nullptr : &file->second;
  }

  void collect_tags() {
    std::set<std::string> names;
    for (const auto& [role, targets] : believed_) {
      for (const auto& [name, file] : targets.targets) names.insert(name);
    }
    for (const std::string& name : names) {
      if (auto tag = tag_of(name)) {
        found_.tags.push_back(*std::move(tag));
      } else {
        found_.lost.push_back({fmt::format("tag {}", printable(name)), tag.error().to_string()});
      }
    }
  }

  Result<RescuedTag> tag_of(const std::string& name) const {
    std::vector<std::string> trusted = {std::string(kReleases), std::string(tuf::kTargets)};
    trusted.insert(trusted.end(), request_.more_roles.begin(), request_.more_roles.end());
    const auto said = std::ranges::find_if(trusted, [&](const auto& role) { return entry_of(role, name) != nullptr; });
    std::vector<std::string> others;
    for (const auto& [role, targets] : believed_) {
      if (entry_of(role, name) != nullptr) others.push_back(role);
    }
    if (others.empty()) {
      return fail(Code::kVerificationFailed, "the role that lists it may not say anything of that name");
    }
    if (said == trusted.end()) {
      return fail(Code::kVerificationFailed,
                  fmt::format("only {} vouches for it, and docker pulls by targets/releases and targets alone",
                              fmt::join(others, ", ")));
    }
    const tuf::TargetFile& file = *entry_of(*said, name);
    const auto hash = file.hashes.find("sha256");
    if (hash == file.hashes.end()) return fail(Code::kUnsupported, "it has no SHA-256");
    if (!oci::is_valid_tag(name)) return fail(Code::kUnsupported, "it is no tag of an image");
    TRY_ASSIGN(const Digest digest, Digest::parse("sha256:" + to_hex(as_bytes(hash->second))));
    RescuedTag tag{.tag = name, .digest = digest, .size = file.length, .role = *said};
    for (const std::string& role : others) {
      if (role != *said && entry_of(role, name)->hashes == file.hashes) tag.signers.push_back(role);
    }
    return tag;
  }

  const RescueRequest& request_;
  RescuedRepository found_;
  tuf::Snapshot snapshot_;
  std::map<std::string, std::string, std::less<>> files_;   // by role
  size_t bytes_ = 0;                                        // of what was read
  std::set<std::string, std::less<>> asked_;                // delegated roles, found or not
  std::vector<std::pair<std::string, int64_t>> expires_;    // by role
  std::vector<std::pair<std::string, std::string>> order_;  // delegated role, its delegator
  Believed believed_;
};

}  // namespace

RescuedRepository rescue(const RescueRequest& request) {
  return Rescue(request).run();
}

}  // namespace bulkhead::trust

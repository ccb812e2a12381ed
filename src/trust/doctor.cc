#include "trust/doctor.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/text.h"
#include "keys/key_file.h"
#include "trust/folder_repository.h"

namespace bulkhead::trust {
namespace {

using Severity::kSoon;
using Severity::kWrong;

constexpr int64_t kSoonPart = 4;  // less than a quarter of a lifetime is left

class MemoryStore final : public tuf::MetadataStore {
 public:
  Result<std::optional<std::string>> load(std::string_view role) override {
    const auto found = files_.find(role);
    return found == files_.end() ? std::nullopt : std::optional(found->second);
  }
  Status save(std::string_view role, std::string_view bytes) override {
    files_.insert_or_assign(std::string(role), std::string(bytes));
    return {};
  }

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

// What is published of one role, with what says who signs it.
struct Published {
  const tuf::Common* metadata;
  std::string_view signed_bytes;
  std::span<const tuf::Signature> signatures;
};

template <typename T>
Published published_of(const tuf::Filed<T>& filed) {
  return {.metadata = &filed.content.metadata,
          .signed_bytes = filed.content.signed_bytes,
          .signatures = filed.content.signatures};
}

std::optional<Published> published_role(const tuf::Published& all, std::string_view role) {
  if (role == tuf::kRoot) return published_of(all.root);
  if (role == tuf::kTimestamp) return published_of(all.timestamp);
  if (role == tuf::kSnapshot) return published_of(all.snapshot);
  const auto found = all.targets.find(role);
  if (found == all.targets.end()) return std::nullopt;
  return published_of(found->second);
}

bool is_online(std::string_view role) {
  return role == tuf::kTimestamp || role == tuf::kSnapshot;
}

int64_t lifetime_of(const tuf::Lifetimes& lifetimes, std::string_view role) {
  if (role == tuf::kRoot) return lifetimes.root;
  if (role == tuf::kTimestamp) return lifetimes.timestamp;
  if (role == tuf::kSnapshot) return lifetimes.snapshot;
  return lifetimes.targets;
}

class Examiner {
 public:
  Examiner(const Publisher& publisher, const KeyPresence& is_here, int64_t now)
      : publisher_(publisher), is_here_(is_here), now_(now), folder_(printable(publisher.folder())) {}

  Examination run() {
    const tuf::Published* published = publisher_.repository().published();
    if (published == nullptr) {
      add(kWrong, "", "nothing is published yet",
          fmt::format("bulkhead trust sign {0}; bulkhead trust publish {0}", folder_));
    }
    for (const RoleFacts& facts : publisher_.roles()) {
      examine_role(facts, published == nullptr ? std::nullopt : published_role(*published, facts.role));
    }
    // Bins are alike in their keys, not in their dates.
    if (published != nullptr) {
      for (const auto& [role, filed] : published->targets) examine_date(role, filed.content.metadata);
      examine_date(tuf::kRoot, published->root.content.metadata);
      examine_date(tuf::kTimestamp, published->timestamp.content.metadata);
      examine_date(tuf::kSnapshot, published->snapshot.content.metadata);
      examine_as_client(*published);
    }
    examine_staged();
    return std::move(out_);
  }

 private:
  void add(Severity severity, std::string_view role, std::string what, std::string repair) {
    const auto place = severity == kWrong ? out_.problems.begin() + wrong_++ : out_.problems.end();
    out_.problems.insert(
        place, {.severity = severity, .role = std::string(role), .what = std::move(what), .repair = std::move(repair)});
  }

  void examine_role(const RoleFacts& facts, const std::optional<Published>& published) {
    ExaminedRole role{.role = facts.role, .threshold = facts.threshold, .keys = {}};
    if (published) {
      role.version = published->metadata->version;
      role.expires = published->metadata->expires;
    }
    size_t usable = 0;
    std::vector<std::pair<RoleKey, Error>> gone;
    for (const RoleKey& key : facts.keys) {
      ExaminedKey examined{.key = key};
      if (published && key.key) {
        const auto [id, listed] = tuf::tuf1_codec().list(*key.key);
        examined.has_signed = tuf::count_signers({.key_ids = {key.tuf_id}, .threshold = 1}, {{key.tuf_id, listed}},
                                                 published->signed_bytes, published->signatures) == 1;
      }
      if (!key.reference.empty()) {
        const Status here = is_here_(key.reference);
        examined.is_here = here.has_value();
        if (!here) gone.emplace_back(key, here.error());
      }
      // A key that somebody else holds is taken to be there.
      if (key.key && (key.reference.empty() || examined.is_here)) ++usable;
      role.keys.push_back(std::move(examined));
    }
    for (const auto& [key, error] : gone) tell_of_gone_key(facts, key, error, usable >= facts.threshold);
    if (gone.empty() && usable < facts.threshold) {
      add(kWrong, facts.role,
          fmt::format("{} signatures are needed, and {} of its keys are of use", facts.threshold, usable),
          fmt::format("bulkhead trust rotate {} {} --replace all --generate", folder_, facts.role));
    }
    const bool unknown = std::ranges::all_of(facts.keys, [](const RoleKey& key) { return key.reference.empty(); });
    if (is_online(facts.role) && unknown) {
      add(kSoon, facts.role, "it is not known where its keys are, so that nothing can be published here",
          fmt::format("bulkhead trust publish {} --key KEY", folder_));
    }
    out_.roles.push_back(std::move(role));
  }

  void tell_of_gone_key(const RoleFacts& facts, const RoleKey& key, const Error& error, bool others_suffice) {
    const std::string restore = "bulkhead trust restore FILE --keys-only";
    // A delegated role's keys are listed by its delegator, whose keys then have to sign; the root's by the root itself.
    const bool can_rotate = others_suffice || facts.role != tuf::kRoot;
    add(kWrong, facts.role, fmt::format("its key {} is not here: {}", key.id.substr(0, 12), error.to_string()),
        can_rotate ? fmt::format("{}; or, when it is lost, bulkhead trust rotate {} {} --replace {} --generate",
                                 restore, folder_, printable(facts.role), key.id.substr(0, 16))
                   : restore);
  }

  void examine_date(std::string_view role, const tuf::Common& metadata) {
    const int64_t left = metadata.expires - now_;
    if (left > lifetime_of(publisher_.settings().lifetimes, role) / kSoonPart) return;
    const std::string repair =
        is_online(role)
            ? fmt::format("bulkhead trust publish {}{}", folder_, publisher_.has_unsigned() ? " --leave-unsigned" : "")
            : fmt::format("bulkhead trust sign {0} --role {1} --renew; bulkhead trust publish {0}", folder_,
                          printable(role));
    add(left > 0 ? kSoon : kWrong, role,
        fmt::format("version {} {} on {}", metadata.version, left > 0 ? "expires" : "expired",
                    rfc3339_of(metadata.expires)),
        repair);
  }

  // Dates aside, what is published must hold for who begins with its root.
  void examine_as_client(const tuf::Published& published) {
    FolderRepository source(publisher_.folder());
    constexpr int64_t kBeforeAllDates = 0;
    const Examination seen = examine_published(source, published.root.bytes, kBeforeAllDates);
    for (const Problem& problem : seen.problems) {
      add(kWrong, problem.role, problem.what, fmt::format("bulkhead trust publish {}", folder_));
    }
  }

  void examine_staged() {
    for (const auto& pending : publisher_.repository().pending()) {
      if (pending.missing == 0) {
        add(kSoon, pending.role, "it is signed and not published", fmt::format("bulkhead trust publish {}", folder_));
      } else {
        add(kSoon, pending.role, fmt::format("what is staged lacks {} signatures", pending.missing),
            fmt::format("bulkhead trust sign {} --role {}", folder_, printable(pending.role)));
      }
    }
  }

  const Publisher& publisher_;
  const KeyPresence& is_here_;
  const int64_t now_;
  const std::string folder_;
  Examination out_;
  ptrdiff_t wrong_ = 0;  // of its problems, the first ones
};

// The roles of a repository that a client sees, one after the other.
class PublishedExaminer {
 public:
  PublishedExaminer(tuf::MetadataSource& source, int64_t now) : source_(source), now_(now) {}

  Status run(std::string_view first_root, std::string_view seen_timestamp) {
    TRY(store_.save(tuf::kRoot, first_root));
    if (!seen_timestamp.empty()) TRY(store_.save(tuf::kTimestamp, seen_timestamp));
    TRY_ASSIGN(auto updater, tuf::Updater::create(tuf::tuf1_codec(), source_, store_, now_));
    const Status fresh = updater.refresh();
    const tuf::Root& root = updater.trusted().root();
    add_role(tuf::kRoot, root, root.roles.find(tuf::kRoot)->second, root.keys);
    if (!fresh) return fresh;  // what could not be believed has no dates to tell of
    add_role(tuf::kTimestamp, updater.trusted().timestamp(), root.roles.find(tuf::kTimestamp)->second, root.keys);
    add_role(tuf::kSnapshot, updater.trusted().snapshot(), root.roles.find(tuf::kSnapshot)->second, root.keys);
    add_role(tuf::kTargets, updater.targets(), root.roles.find(tuf::kTargets)->second, root.keys);
    delegated(updater, updater.targets(), {std::string(tuf::kTargets)});
    return {};
  }

  Examination out;

 private:
  void add_role(std::string_view name, const tuf::Common& metadata, const tuf::RoleKeys& keys, const tuf::Keys& known) {
    ExaminedRole role{.role = std::string(name),
                      .threshold = keys.threshold,
                      .keys = {},
                      .version = metadata.version,
                      .expires = metadata.expires};
    for (const std::string& id : keys.key_ids) {
      RoleKey key{.tuf_id = id, .id = {}, .key = {}, .reference = {}};
      const auto listed = known.find(id);
      if (listed != known.end() && listed->second.usable) {
        key.key = listed->second.usable->key;
        key.id = keys::key_id(*key.key);
      }
      role.keys.push_back({.key = std::move(key)});
    }
    out.roles.push_back(std::move(role));
  }

  void delegated(const tuf::Updater& updater, const tuf::Targets& delegator, std::vector<std::string> above) {
    if (!delegator.delegations || above.size() > kMaxDepth) return;
    const tuf::Delegations& delegations = *delegator.delegations;
    std::vector<std::string> names;
    for (const tuf::DelegatedRole& role : delegations.roles) names.push_back(role.name);
    if (delegations.succinct && delegations.succinct->bit_length <= tuf::Repository::kMaxBinBits) {
      names = delegations.succinct->all_roles();
    }
    for (const std::string& name : names) {
      if (std::ranges::find(above, name) != above.end()) continue;
      const auto targets = fetch(updater, name, delegator);
      if (!targets) {
        const bool expired =
            targets.error().code() == Code::kVerificationFailed && updater.trusted().doubt() == tuf::Doubt::kExpired;
        out.problems.push_back(
            {.severity = kWrong,
             .role = name,
             .what = targets.error().to_string(),
             .repair = expired ? "its publisher has to sign it anew" : "its publisher has to publish it"});
        continue;
      }
      add_role(name, targets->metadata, *delegations.keys_of(name), delegations.keys);
      std::vector<std::string> further = above;
      further.push_back(name);
      delegated(updater, targets->metadata, std::move(further));
    }
  }

  Result<tuf::Signed<tuf::Targets>> fetch(const tuf::Updater& updater, const std::string& role,
                                          const tuf::Targets& delegator) {
    TRY_ASSIGN(const tuf::MetaFile entry, updater.trusted().snapshot_entry(role));
    const std::string name = tuf::tuf1_codec().file_name(role, entry, updater.trusted().root().consistent_snapshot);
    TRY_ASSIGN(const std::string bytes, source_.fetch(name, tuf::UpdaterLimits().max_targets_bytes));
    return updater.trusted().check_targets(bytes, role, &delegator);
  }

  static constexpr size_t kMaxDepth = 8;
  tuf::MetadataSource& source_;
  const int64_t now_;
  MemoryStore store_;
};

}  // namespace

std::string_view severity_name(Severity severity) {
  return severity == kWrong ? "wrong" : "soon";
}

Examination examine(const Publisher& publisher, const KeyPresence& is_here, int64_t now) {
  return Examiner(publisher, is_here, now).run();
}

Examination examine_published(tuf::MetadataSource& source, std::string_view root, int64_t now,
                              std::string_view seen_timestamp) {
  PublishedExaminer examiner(source, now);
  if (const Status done = examiner.run(root, seen_timestamp); !done) {
    examiner.out.problems.push_back({.severity = kWrong,
                                     .role = "",
                                     .what = done.error().to_string(),
                                     .repair = "its publisher has to publish it anew"});
  }
  return std::move(examiner.out);
}

}  // namespace bulkhead::trust

#include "trust/freshness_map.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/text.h"
#include "trust/folder_repository.h"
#include "trust/http_repository.h"

namespace bulkhead::trust {
namespace {

constexpr size_t kMaxRootBytes = size_t{512} << 10;
constexpr auto kLockPatience = std::chrono::seconds(30);

constexpr auto kNames = std::to_array<std::string_view>({"present", "pinned", "other-digest", "withdrawn", "revoked",
                                                         "unknown", "map-expired", "map-older", "map-untrusted"});

// What is kept, as a source: nothing else is asked, and nothing newer than it can be.
class KeptRepository final : public tuf::MetadataSource {
 public:
  explicit KeptRepository(tuf::MetadataStore& store) : store_(store) {}
  Result<std::string> fetch(std::string_view name, uint64_t /*max_bytes*/) override {
    if (name.ends_with(".root.json")) return fail(Code::kNotFound, fmt::format("{} is not kept", name));
    if (name == "timestamp.json") {
      TRY_ASSIGN(auto kept, store_.load(tuf::kTimestamp));
      if (kept) return *std::move(kept);
    }
    return fail(Code::kUnavailable, fmt::format("{} is not kept here, and nothing may be fetched", name),
                "ask once with a network");
  }

 private:
  tuf::MetadataStore& store_;
};

bool is_url(std::string_view location) {
  return location.starts_with("https://") || location.starts_with("http://");
}

Result<UniqueFd> wait_for_lock(const std::string& path, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
  while (true) {
    auto lock = lock_file(path);
    if (lock || lock.error().code() != Code::kUnavailable || std::chrono::steady_clock::now() > deadline) return lock;
    if (stop.stop_requested()) return fail(Code::kCancelled, "stopped while another process used the freshness map");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string short_digest(std::string_view text) {
  constexpr size_t kDigits = 32;
  return Digest::sha256_of(as_bytes(text)).hex().substr(0, kDigits);
}

Freshness freshness_of(tuf::Doubt doubt) {
  switch (doubt) {
    case tuf::Doubt::kExpired:
      return Freshness::kMapExpired;
    case tuf::Doubt::kOlder:
      return Freshness::kMapOlder;
    case tuf::Doubt::kOther:
      break;
  }
  return Freshness::kMapUntrusted;
}

}  // namespace

std::string_view freshness_name(Freshness freshness) {
  return kNames.at(static_cast<size_t>(freshness));
}

struct FreshnessMap::State {
  MapOptions options;
  UniqueFd lock;
  std::unique_ptr<tuf::FolderStore> store;
  std::unique_ptr<tuf::MetadataSource> source;
  std::optional<tuf::Updater> updater;
  std::optional<Status> refreshed;

  Status refresh() {
    if (!refreshed) refreshed = updater->refresh();
    return *refreshed;
  }

  struct Found {
    MapEntry entry;
    std::string role;
  };
  Result<std::optional<Found>> find(const std::string& path) {
    TRY(refresh());
    TRY_ASSIGN(const auto target, updater->find(path));
    if (!target) return std::nullopt;
    TRY_CONTEXT(MapEntry entry, decode_entry(target->file), fmt::format("\"{}\" in the freshness map", path));
    return Found{.entry = std::move(entry), .role = target->role};
  }

  Result<std::optional<MapEntry>> revocation(const std::string& path) {
    TRY_ASSIGN(auto found, find(path));
    if (!found || found->entry.state == EntryState::kCurrent) return std::nullopt;
    return std::move(found->entry);
  }

  Result<FreshnessAnswer> check(const oci::Reference& reference, const Digest& digest);
};

namespace {

// A sentence about a tombstone.
std::string said_of(const MapEntry& entry, std::string_view what) {
  std::string text =
      fmt::format("{} was {}", what, entry.state == EntryState::kRevoked ? "revoked" : "withdrawn by its publisher");
  if (entry.time > 0) text += fmt::format(" on {}", rfc3339_of(entry.time));
  if (!entry.reason.empty()) text += fmt::format(": {}", printable(entry.reason));
  return text;
}

FreshnessAnswer refusal(const MapEntry& entry, std::string role, std::string_view what) {
  return {.verdict = entry.state == EntryState::kRevoked ? Freshness::kRevoked : Freshness::kWithdrawn,
          .detail = said_of(entry, what),
          .role = std::move(role),
          .reason = entry.reason,
          .since = entry.time};
}

}  // namespace

Result<FreshnessAnswer> FreshnessMap::State::check(const oci::Reference& reference, const Digest& digest) {
  for (const std::string& path : {revoked_digest_path(digest), digest_path(reference, digest)}) {
    TRY_ASSIGN(const auto found, find(path));
    if (found && found->entry.state != EntryState::kCurrent) {
      return refusal(found->entry, found->role, digest.to_string());
    }
  }
  if (reference.tag.empty()) {
    return FreshnessAnswer{.verdict = Freshness::kPinned,
                           .detail = fmt::format("{} is named by its digest, which is not revoked", reference.name())};
  }
  const std::string tag = tag_path(reference);
  TRY_ASSIGN(const auto found, find(tag));
  if (!found) {
    return FreshnessAnswer{.verdict = Freshness::kUnknown, .detail = fmt::format("the freshness map knows no {}", tag)};
  }
  const MapEntry& entry = found->entry;
  if (entry.state != EntryState::kCurrent) return refusal(entry, found->role, tag);
  const bool present = entry.digest == digest;
  return FreshnessAnswer{
      .verdict = present ? Freshness::kPresent : Freshness::kOtherDigest,
      .detail = present ? fmt::format("{} is {}", tag, digest.to_string())
                        : fmt::format("{} is {} today, not {}", tag, entry.digest.to_string(), digest.to_string()),
      .present = entry.digest,
      .role = found->role};
}

Result<FreshnessMap> FreshnessMap::open(MapOptions options, const net::Client* client) {
  if (options.root_file.empty() && !options.first_use) {
    return fail(Code::kInvalidArgument, fmt::format("no root is named for the freshness map {}", options.location),
                "name the publisher's root.json, obtained over a channel that you trust");
  }
  auto state = std::make_unique<State>();
  // By the root's own bytes where they are named: whichever mirror is asked, one memory.
  std::string pinned;
  if (!options.root_file.empty()) {
    TRY_CONTEXT(pinned, read_file(options.root_file, kMaxRootBytes, options.stop), "root of the freshness map");
  }
  const std::string folder = pinned.empty()
                                 ? fmt::format("{}/first-use-{}", options.state_folder, short_digest(options.location))
                                 : fmt::format("{}/root-{}", options.state_folder, short_digest(pinned));
  TRY_ASSIGN(state->lock, wait_for_lock(folder + "/.lock", options.stop));
  state->store = std::make_unique<tuf::FolderStore>(folder);
  if (options.offline) {
    state->source = std::make_unique<KeptRepository>(*state->store);
  } else if (is_url(options.location)) {
    if (client == nullptr) return fail(Code::kInvalidArgument, "a freshness map behind a URL needs a client");
    state->source = std::make_unique<HttpRepository>(*client, options.location, options.stop);
  } else {
    state->source = std::make_unique<FolderRepository>(options.location);
  }
  TRY_ASSIGN(const auto kept, state->store->load(tuf::kRoot));
  if (!kept) {
    if (pinned.empty()) {
      TRY_CONTEXT(pinned, state->source->fetch("1.root.json", kMaxRootBytes), "the first root of the freshness map");
    }
    tuf::TrustedSet checked(tuf::tuf1_codec(), options.now);
    TRY(checked.start(pinned));
    TRY(state->store->save(tuf::kRoot, pinned));
  }
  TRY_ASSIGN(tuf::Updater updater, tuf::Updater::create(tuf::tuf1_codec(), *state->source, *state->store, options.now));
  state->updater.emplace(std::move(updater));
  state->options = std::move(options);
  return FreshnessMap(std::move(state));
}

FreshnessMap::FreshnessMap(std::unique_ptr<State> state) : state_(std::move(state)) {}
FreshnessMap::FreshnessMap(FreshnessMap&&) noexcept = default;
FreshnessMap& FreshnessMap::operator=(FreshnessMap&&) noexcept = default;
FreshnessMap::~FreshnessMap() = default;

Status FreshnessMap::refresh() {
  return state_->refresh();
}

Result<FreshnessAnswer> FreshnessMap::check(const oci::Reference& reference, const Digest& digest) {
  auto answer = state_->check(reference.with_default_tag(), digest);
  if (answer || answer.error().code() != Code::kVerificationFailed) return answer;
  return FreshnessAnswer{
      .verdict = freshness_of(state_->updater->trusted().doubt()),
      .detail = fmt::format("the freshness map is not to be believed: {}", answer.error().to_string())};
}

Result<std::optional<MapEntry>> FreshnessMap::revoked_key(std::string_view key_id) {
  return state_->revocation(revoked_key_path(key_id));
}

Result<std::optional<MapEntry>> FreshnessMap::revoked_signature(const Digest& signature) {
  return state_->revocation(revoked_signature_path(signature));
}

MapFacts FreshnessMap::facts() const {
  const tuf::TrustedSet& trusted = state_->updater->trusted();
  MapFacts facts{.first_use = state_->options.root_file.empty(), .root_version = trusted.root().version};
  // Until then some of the rest may not have been accepted at all.
  if (!state_->refreshed || !*state_->refreshed) return facts;
  facts.timestamp_version = trusted.timestamp().version;
  facts.expires = std::min({trusted.root().expires, trusted.timestamp().expires, trusted.snapshot().expires,
                            state_->updater->targets().expires});
  return facts;
}

}  // namespace bulkhead::trust

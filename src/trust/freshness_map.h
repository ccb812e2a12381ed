// The freshness map as its readers have it: is this digest what the tag means today? Signatures say who made an image,
// and say it for ever; the map says what its publisher stands by now. It is a TUF repository, so that old maps, mixed
// maps, maps that were held back and maps of stolen keys are refused (tuf/updater.h).
//
//   TRY_ASSIGN(FreshnessMap map, FreshnessMap::open(options, &client));
//   TRY_ASSIGN(const FreshnessAnswer answer, map.check(reference, digest));
//   if (!answer.accepted()) …
//
// Invariants
//  1. Trust begins with a root file that the user names; without one nothing is believed, unless trust on first use was
//     asked for, and then facts().first_use says so.
//  2. What is kept was checked before it was kept. It belongs to the pinned root, not to the place: a mirror cannot
//  show
//     less than another one did.
//  3. Every answer is of a map that is fresh now. When it cannot be had, there is no answer; when it must not be
//     believed, the answer is a refusal.
// Trust of the input: of the root file full, of the rest none. Limits: tuf::UpdaterLimits. One process at a time uses
// the kept state; others wait. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "trust/freshness_entry.h"
#include "tuf/updater.h"

namespace bulkhead::trust {

struct MapOptions {
  std::string location;       // http(s)://… where the metadata is, or a folder
  std::string root_file;      // the root to begin with, of whatever version
  bool first_use = false;     // without a root file: believe the first root that the location shows
  bool offline = false;       // nothing is fetched: what is kept decides, as long as it is fresh
  std::string state_folder;   // where what was seen is kept: cli::trust_directory()
  int64_t now = 0;            // seconds since 1970
  std::stop_token stop = {};  // ends waiting for other processes and for the network
};

enum class Freshness : uint8_t {
  kPresent,       // the digest is the one that the tag means
  kPinned,        // the reference names a digest and no tag, and nothing revokes it
  kOtherDigest,   // the tag means another
  kWithdrawn,     // the tag was withdrawn
  kRevoked,       // the digest was revoked
  kUnknown,       // the map does not know the tag
  kMapExpired,    // no fresh map: a freeze, a publisher that sleeps
  kMapOlder,      // the map is older than one that was seen: a rollback
  kMapUntrusted,  // signatures or contents that do not hold
};
std::string_view freshness_name(Freshness freshness);  // "present", "other-digest", "map-expired"

struct FreshnessAnswer {
  Freshness verdict;
  std::string detail;    // a sentence for people
  Digest present{};      // what the tag means, where the map says
  std::string role{};    // that says so
  std::string reason{};  // of a tombstone
  int64_t since = 0;     // of a tombstone; 0: not stated
  bool accepted() const { return verdict == Freshness::kPresent || verdict == Freshness::kPinned; }
};

struct MapFacts {
  bool first_use = false;  // trust rests on the first root that was shown, not on one that was named
  int64_t root_version = 0;
  // Of a map that is believed; 0 of any other.
  int64_t timestamp_version = 0;
  int64_t expires = 0;  // of root, timestamp, snapshot and targets the first to expire; seconds since 1970
};

class FreshnessMap {
 public:
  // `client` must outlive the map; it may be null where the location is a folder or nothing is fetched.
  // kInvalidArgument without a root and without leave to believe the first; kUnavailable when another process keeps the
  // state for long.
  static Result<FreshnessMap> open(MapOptions options, const net::Client* client);
  FreshnessMap(FreshnessMap&&) noexcept;
  FreshnessMap& operator=(FreshnessMap&&) noexcept;
  ~FreshnessMap();

  // `digest` is that of the manifest or index which the tag was resolved to. The reference is normalised; without tag
  // and digest it means "latest". An error is that no answer could be had (the network, files); a gate refuses then,
  // too.
  Result<FreshnessAnswer> check(const oci::Reference& reference, const Digest& digest);

  // The entry that revokes it; nothing when none does. kVerificationFailed when the map is not to be believed.
  Result<std::optional<MapEntry>> revoked_key(std::string_view key_id);
  Result<std::optional<MapEntry>> revoked_signature(const Digest& signature);

  // The map itself, brought up to date: once, and by the calls above where it was not before.
  Status refresh();
  // Before a refresh, and when one failed, only what the root says.
  MapFacts facts() const;

 private:
  struct State;
  explicit FreshnessMap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bulkhead::trust

// Keeps a repository's metadata fresh and finds targets in it: the client workflow of TUF 1.0.34 section 5 with its
// reading and writing. What is accepted is kept only after it has been checked, byte for byte as it came.
//
//   FolderStore store("/home/me/.local/share/bulkhead/trust/example");
//   TRY_ASSIGN(Updater updater, Updater::create(tuf1_codec(), repository, store, now));
//   TRY(updater.refresh());
//   TRY_ASSIGN(const auto found, updater.find("library/debian:12"));
//
// Not thread-safe; two processes on one store are kept apart by whoever makes the store.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tuf/trusted_set.h"

namespace bulkhead::tuf {

// Where metadata comes from. Trust: none.
class MetadataSource {
 public:
  virtual ~MetadataSource() = default;
  // The file of that name (Codec::file_name). kNotFound when the repository says that there is none; any other failure
  // is another code: an error of the network is never taken for "there is no newer root". kLimitExceeded past
  // max_bytes.
  virtual Result<std::string> fetch(std::string_view name, uint64_t max_bytes) = 0;
};

// Where accepted metadata is kept. Trusted: who writes here decides what is believed.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;
  virtual Result<std::optional<std::string>> load(std::string_view role) = 0;
  virtual Status save(std::string_view role, std::string_view bytes) = 0;
};

// One file a role, "<role, percent-encoded>.json", written atomically.
class FolderStore final : public MetadataStore {
 public:
  explicit FolderStore(std::string folder) : folder_(std::move(folder)) {}
  Result<std::optional<std::string>> load(std::string_view role) override;
  Status save(std::string_view role, std::string_view bytes) override;

 private:
  std::string path_of(std::string_view role) const;
  std::string folder_;
};

// Of what a repository may cost; those of python-tuf 5 and go-tuf 2, so that what they accept is accepted.
struct UpdaterLimits {
  uint64_t max_root_rotations = 256;
  uint64_t max_delegations = 32;  // roles looked at for one target
  uint64_t max_root_bytes = 512'000;
  uint64_t max_timestamp_bytes = 16'384;
  uint64_t max_snapshot_bytes = 2'000'000;  // where the timestamp does not say its length
  uint64_t max_targets_bytes = 5'000'000;   // where the snapshot does not say it
  uint64_t max_stated_bytes = 64ULL << 20;  // where they do
};

struct FoundTarget {
  std::string role;  // that lists it
  TargetFile file;
};

class Updater {
 public:
  // The store must hold a root to begin with, or kNotFound. All references must outlive the updater.
  static Result<Updater> create(const Codec& codec, MetadataSource& source, MetadataStore& store, int64_t now,
                                const UpdaterLimits& limits = {});

  // Root, timestamp, snapshot and targets, in this order; each is kept as soon as it is accepted. Once for an updater.
  Status refresh();

  // After refresh(): the first role, in order of delegation, that lists the path (5.6.7); nothing when none does, and
  // kLimitExceeded when more roles than max_delegations would have to be asked.
  Result<std::optional<FoundTarget>> find(std::string_view target_path);

  const TrustedSet& trusted() const { return trusted_; }
  const Targets& targets() const;

 private:
  Updater(const Codec& codec, MetadataSource& source, MetadataStore& store, int64_t now, const UpdaterLimits& limits)
      : codec_(codec), source_(source), store_(store), limits_(limits), trusted_(codec, now) {}

  Status refresh_root();
  Status refresh_timestamp();
  Status refresh_snapshot();
  // `chain`: the delegators from targets down, which is what the answer is remembered by (invariant 5 of TrustedSet).
  Result<const Targets*> load_targets(const std::string& role, const std::string& chain, const Targets* delegator);
  static Status readable(const Status& kept);
  uint64_t bound(const MetaFile& file, uint64_t otherwise) const;

  const Codec& codec_;
  MetadataSource& source_;
  MetadataStore& store_;
  UpdaterLimits limits_;
  TrustedSet trusted_;
  std::map<std::string, std::unique_ptr<const Targets>> loaded_;  // by chain and role
};

// The file name of a target below the repository's folder of targets: "dir/<hash>.name" with consistent snapshots.
std::string target_file_name(std::string_view target_path, const TargetFile& file, bool consistent_snapshot);

}  // namespace bulkhead::tuf

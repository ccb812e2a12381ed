// The repositories of a server: what is current of each, renewed when somebody asks, and changes to it one after the
// other. Between the store, which knows rows, and the service, which knows HTTP.
//
// What is current is found from the latest timestamp by the hashes that it leads to, never by what is latest of a role.
// Thread-safe. Errors are the store's: ours, not the client's.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "notary/store.h"
#include "notary/validate.h"

namespace bulkhead::notary {

class Repositories {
 public:
  // `store` must outlive this. `clock`: microseconds since 1970.
  Repositories(Store& store, const ValidationRules& rules, std::function<int64_t()> clock);
  ~Repositories();

  // What clients are to be given of a role; nothing when there is none. Timestamps and snapshots that end within an
  // hour (a tenth of their life, where that is less) are signed anew before, where the server holds their keys.
  Result<std::optional<StoredFile>> current(const std::string& gun, std::string_view role);

  // All of the upload or nothing of it is in force afterwards.
  std::expected<void, Refusal> publish(const std::string& gun, const Upload& upload);
  Status remove(const std::string& gun);

  // The key that clients shall list for timestamp or snapshot: the one that root names where the server holds it, else
  // one that is pending, made where there is none. Asked again, it is the same.
  Result<HeldKey> key(const std::string& gun, std::string_view role);
  // One that root does not name yet, for it to name next; the other serves until then.
  Result<HeldKey> next_key(const std::string& gun, std::string_view role);

  uint64_t renewals() const { return renewals_; }

 private:
  struct Head;  // what is current
  class State;
  class Keys;
  using HeadPointer = std::shared_ptr<const Head>;

  int64_t now() const { return clock_() / 1'000'000; }
  std::mutex& changing(std::string_view gun);
  Result<HeadPointer> head_of(const std::string& gun);
  Result<HeadPointer> load(const std::string& gun);
  Result<HeadPointer> renewed(const std::string& gun);
  void forget(const std::string& gun);
  Result<tuf::Root> read_root(const std::string& gun, const StoredFile& file);
  Result<HeldKey> pending_key(const std::string& gun, std::string_view role, const std::vector<HeldKey>& held);

  Store& store_;
  const ValidationRules rules_;
  const std::function<int64_t()> clock_;
  std::array<std::mutex, 64> changing_;  // by the hash of a repository's name
  std::atomic<uint64_t> renewals_ = 0;
  std::mutex heads_mutex_;
  struct Kept {
    HeadPointer head;
    bool stale = false;  // its root may still be the present one, and roots are what is dear to read
  };
  std::map<std::string, Kept, std::less<>> heads_;  // a cache
  uint64_t generation_ = 0;                         // of heads_: what was loaded in an earlier one is not kept
};

}  // namespace bulkhead::notary

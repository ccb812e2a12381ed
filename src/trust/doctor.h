// What is the matter with a freshness map, for who publishes it: which role is signed by whom, how long it is fresh,
// which key is missing where, and the command that mends it. Reads, and changes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "trust/publisher.h"
#include "tuf/updater.h"

namespace bulkhead::trust {

enum class Severity : uint8_t {
  kWrong,  // clients refuse something, or a role cannot be signed any more
  kSoon,   // it will be so if nobody acts
};
std::string_view severity_name(Severity severity);  // "wrong", "soon"

struct Problem {
  Severity severity;
  std::string role;    // may be empty: of the whole map
  std::string what;    // a sentence without a full stop
  std::string repair;  // command lines
};

struct ExaminedKey {
  RoleKey key;
  bool has_signed = false;  // what is published
  bool is_here = false;     // its private half, where its place is known
};

struct ExaminedRole {
  std::string role;
  uint32_t threshold = 1;
  std::vector<ExaminedKey> keys;
  int64_t version = 0;  // 0: never published
  int64_t expires = 0;
};

struct Examination {
  std::vector<ExaminedRole> roles;
  std::vector<Problem> problems;  // the wrong ones first
  bool is_wrong() const { return !problems.empty() && problems.front().severity == Severity::kWrong; }
};

// Whether the private key of that reference can be had here; what is the matter otherwise.
using KeyPresence = std::function<Status(const std::string& reference)>;

Examination examine(const Publisher& publisher, const KeyPresence& is_here, int64_t now);
// As a client sees it that begins with `root`, and has seen that timestamp before (none: empty); roles that cannot be
// had are problems. The first of the roles is the root at which the client ended.
Examination examine_published(tuf::MetadataSource& source, std::string_view root, int64_t now,
                              std::string_view seen_timestamp = {});

}  // namespace bulkhead::trust

// Failures that somebody has accepted: a YAML file of exceptions, each with a reason and an owner.
//
//   exceptions:
//     - check: container.engine-socket      # an id, or a pattern with * and ?
//       object: "portainer"                 # name or id, the same; absent: every object
//       host: "unix:///var/run/docker.sock" # address of the engine, the same; absent: every host
//       reason: the console manages this host
//       owner: platform@example.com
//       expires: 2027-03-31                 # the last day on which it counts; absent: never expires
//
// An expired exception exempts nothing, and its failures count again; it is told, and so is one that met nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/result.h"
#include "base/result.h"

namespace bulkhead::audit {

struct Exception {
  std::string check;
  std::string object;
  std::string host;
  std::string reason;
  std::string owner;
  std::string expires;
  size_t number = 0;  // its place in the file, from 1
};

struct Exceptions {
  std::string name;  // of the file
  std::vector<Exception> entries;
};

// Unknown keys, keys given twice, an entry without check, reason or owner, a check that matches nothing in the
// catalogue, and dates that are none are kInvalidArgument naming the entry. The text is the user's; limits: 1 MiB,
// 10,000 entries.
Result<Exceptions> parse_exceptions(std::string_view text, std::string name);

// By entry: whether it met a failure, on whichever host of a run. Empty before the first.
using UsedExceptions = std::vector<bool>;

// Marks the failures that exceptions cover, and warns of expired ones that would have. `today`: RFC 3339 full-date,
// UTC.
void apply_exceptions(AuditResult& result, const Exceptions& exceptions, std::string_view today, UsedExceptions& used);

// After the last host of a run: warnings about what met nothing.
std::vector<std::string> unused_exceptions(const Exceptions& exceptions, std::string_view today,
                                           const UsedExceptions& used);

}  // namespace bulkhead::audit

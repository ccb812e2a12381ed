// A record as it is weighed for one package: where it was found, and what became of it. For this folder only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "advisory/database.h"
#include "advisory/finding.h"

namespace bulkhead::advisory {

// Under which of a package's keys a record was found.
enum class Role : uint8_t {
  kRelease,     // the package's own ecosystem
  kPocket,      // a separately sold pocket of it (Ubuntu ESM)
  kDisclosure,  // the distribution that it is rebuilt from
};

struct Candidate {
  RecordView record;
  uint32_t vulnerability = 0;
  uint32_t ecosystem = 0;  // index in the database
  uint32_t order = 0;      // in which it was found: the release's own records first
  Role role = Role::kRelease;
  // Judged:
  Outcome outcome = Outcome::kNotInRange;
  // The range that holds the installed version, when outcome is kAffected and it has any.
  std::optional<uint16_t> range;
  std::string_view overruled_by;  // what decides instead, when outcome is kOverruled
};

}  // namespace bulkhead::advisory

// What a rescue saved and what it could not, for people and for machines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trust/rescue.h"

namespace bulkhead::cli {

// What was done anew for a tag.
struct Reissued {
  bool in_map = false;
  bool is_signed = false;
};

struct RepositoryReport {
  trust::RescuedRepository found;
  std::vector<Reissued> reissued;  // for each of found.tags
};

struct KeyReport {
  std::string notary_id;
  std::string reference;  // in the store; empty: not imported
  std::string role;
  std::string gun;
};

struct RescueReport {
  std::vector<RepositoryReport> repositories;
  std::vector<KeyReport> keys;          // that are in the trust folder
  std::vector<trust::RescueLoss> lost;  // beside those of the repositories: keys, places
  bool complete() const;                // nothing was lost
};

std::string rescue_text(const RescueReport& report);
std::string rescue_json(const RescueReport& report);

}  // namespace bulkhead::cli

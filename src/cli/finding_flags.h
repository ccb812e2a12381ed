// Which findings count: what is shown, what is ignored, and from which severity on they are a failure.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "advisory/record.h"
#include "cli/flags.h"

namespace bulkhead::cli {

// The severities that a flag may take, worst first.
std::vector<Choice> severity_choices();

struct FindingFlags {
  std::vector<advisory::Severity> severities;      // empty: all
  std::vector<advisory::AdvisoryStatus> statuses;  // empty: all
  bool only_fixed = false;
  std::optional<advisory::Severity> fail_on;
  std::string ignore_file;

  // Whether the status is asked for by its name.
  bool asks_for(advisory::AdvisoryStatus status) const { return std::ranges::find(statuses, status) != statuses.end(); }

  void declare(Flags& flags);
};

}  // namespace bulkhead::cli

// The reader of data/*-checks.txt, for catalogue.cc and its tests. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "audit/catalogue.h"
#include "base/result.h"

namespace bulkhead::audit {

struct Catalogue {
  std::vector<CheckInfo> checks;
  std::deque<std::string> texts;  // what values of several lines view
};

// Appends the checks of one section. They view `text`. kMalformed names the line.
Status parse_checks(std::string_view text, Section section, Catalogue& catalogue);

}  // namespace bulkhead::audit

// The manual page, bulkhead(1), made from what is parsed.
#pragma once

#include <span>
#include <string>

#include "cli/describe.h"

namespace bulkhead::cli {

// In the macros of man(7), ASCII.
std::string man_page(std::span<const DescribedCommand> commands);

}  // namespace bulkhead::cli

// The one table of commands.
#pragma once

#include <span>

#include "cli/command.h"

namespace bulkhead::cli {

// In the order of help; a group stands before its commands.
std::span<const CommandInfo> commands();

}  // namespace bulkhead::cli

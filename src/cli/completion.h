// Completion scripts for shells, made from what is parsed.
#pragma once

#include <span>
#include <string>

#include "cli/describe.h"

namespace bulkhead::cli {

std::string bash_completion(std::span<const DescribedCommand> commands);  // bash 4 and later
std::string zsh_completion(std::span<const DescribedCommand> commands);
std::string fish_completion(std::span<const DescribedCommand> commands);  // fish 3 and later

}  // namespace bulkhead::cli

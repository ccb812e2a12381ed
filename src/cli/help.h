// What --help prints.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/describe.h"

namespace bulkhead::cli {

// Help of the command or group of that name; of the program for "". Lines have at most 80 columns where words allow.
std::string help_text(std::span<const DescribedCommand> commands, std::string_view name);

// "IMAGE…", "[A B]": how the command's arguments are written.
std::string usage_of_arguments(const DescribedCommand& command);
// "-f, --format FORMAT"
std::string usage_of_option(const Option& option);
// The help of an option with its default, and with its choices where they say nothing more than their names.
std::string full_help(const Option& option);
// "Look into images." of "look into images"
std::string sentence(std::string_view summary);
// Choices that say what they are for are listed under their option, once: not again where a file may follow.
bool lists_choices(const Option& option);

}  // namespace bulkhead::cli

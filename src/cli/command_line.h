// From the words of the command line to a command that is ready to run.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace bulkhead::cli {

struct CommandLine {
  std::unique_ptr<Command> command;  // its values taken and checked; null: there is only `text` to print
  std::string text;                  // help, version
};

// `words` is without the program's name. kInvalidArgument says which word is wrong and what is expected.
Result<CommandLine> parse_command_line(std::span<const std::string> words, std::span<const CommandInfo> table);

}  // namespace bulkhead::cli

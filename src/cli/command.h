// One command of the program: what it is called and what help says of it, the flags it takes, and what it does. Each
// command is a file of its own; commands.cc is the table of them.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/interrupts.h"

namespace bulkhead::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kThresholdMet = 2;
inline constexpr int kStopped = 130;

class Command {
 public:
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  // Flags write into the command's own members. Whatever can be wrong with a value is found there or in a check: before
  // any input is opened.
  virtual void declare(Flags& flags) = 0;
  // The exit code. Errors are printed by main().
  virtual Result<int> run(Interrupts& interrupts) = 0;
};

struct CommandInfo {
  std::string_view name;                         // "scan", "db build"; "db" alone is a group of commands
  std::string_view summary;                      // one line, without a full stop
  std::string_view details = {};                 // paragraphs
  std::string_view examples = {};                // a command line on each line
  std::string_view exit_status = {};             // a sentence, where it differs from the program's
  std::unique_ptr<Command> (*make)() = nullptr;  // null for a group
};

}  // namespace bulkhead::cli

// The commands as help, completion and the man page tell of them: made from what is parsed, so that they cannot differ
// from it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace bulkhead::cli {

struct DescribedCommand {
  CommandInfo info;
  std::vector<Option> options;  // with --help; arguments first
  bool is_group() const { return info.make == nullptr; }
};

// In the table's order; the first is the program itself, without a name.
std::vector<DescribedCommand> describe(std::span<const CommandInfo> table);

// "build" of "db build" after "db", "scan" after ""; nothing when `name` does not follow `prefix` by one word.
std::optional<std::string_view> word_after(std::string_view name, std::string_view prefix);

}  // namespace bulkhead::cli

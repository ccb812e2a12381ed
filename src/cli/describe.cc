#include "cli/describe.h"

namespace bulkhead::cli {

std::vector<DescribedCommand> describe(std::span<const CommandInfo> table) {
  const Option help{.names = "-h,--help", .help = "this help"};
  std::vector<DescribedCommand> commands = {
      {.info = {.name = "",
                .summary = "container security: one set of facts, one policy, one verdict",
                .details = "Bulkhead looks into container images and says what is in them and what is known to be "
                           "wrong with it. Every answer names its evidence: the feed, the record and the rule that "
                           "made it."},
       .options = {help, {.names = "-V,--version", .help = "the program's version"}}}};
  for (const CommandInfo& info : table) {
    DescribedCommand described{.info = info, .options = {}};
    if (info.make != nullptr) {
      const auto command = info.make();
      Flags flags;
      command->declare(flags);
      for (const bool arguments : {true, false}) {
        for (const Flags::Entry& entry : flags.entries()) {
          if (entry.option.is_argument() == arguments) described.options.push_back(entry.option);
        }
      }
    }
    described.options.push_back(help);
    commands.push_back(std::move(described));
  }
  return commands;
}

std::optional<std::string_view> word_after(std::string_view name, std::string_view prefix) {
  if (!prefix.empty()) {
    if (!name.starts_with(prefix) || name.size() <= prefix.size() || name[prefix.size()] != ' ') return std::nullopt;
    name.remove_prefix(prefix.size() + 1);
  }
  if (name.empty() || name.contains(' ')) return std::nullopt;
  return name;
}

}  // namespace bulkhead::cli

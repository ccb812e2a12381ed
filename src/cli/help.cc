#include "cli/help.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kHelpColumn = 30;
constexpr std::string_view kOrdinaryExitStatus =
    "0; 1 on an error of the program or its input; 130 when stopped by a signal.";

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size(); ++columns) at += std::max<size_t>(utf8_sequence_length(text.substr(at)), 1);
  return columns;
}

// `text` from column `at` on, broken at spaces; further lines begin at `indent`. Ends with a newline.
std::string wrapped(std::string_view text, size_t indent, size_t at) {
  std::string out;
  bool line_is_empty = true;
  for (const std::string_view word : split(text, ' ')) {
    const size_t columns = columns_of(word);
    if (!line_is_empty && at + 1 + columns > kColumns) {
      out += "\n" + std::string(indent, ' ');
      at = indent;
      line_is_empty = true;
    }
    if (!line_is_empty) out += " ";
    at += columns + (line_is_empty ? 0 : 1);
    out += word;
    line_is_empty = false;
  }
  return out + "\n";
}

std::string row(std::string_view name, size_t indent, size_t column, std::string_view text) {
  std::string out = std::string(indent, ' ') + std::string(name);
  const size_t columns = indent + columns_of(name);
  out += columns + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - columns, ' ');
  return out + wrapped(text, column, column);
}

std::string paragraphs(std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) out += wrapped(line, 0, 0);
  return out;
}

std::string option_rows(const DescribedCommand& command, std::string_view group) {
  std::string out;
  for (const Option& option : command.options) {
    if (option.group != group || option.is_argument()) continue;
    // Long names stand below each other whether there is a short one or not.
    const std::string usage = usage_of_option(option);
    out += row(usage.starts_with("--") ? "    " + usage : usage, 2, kHelpColumn, full_help(option));
    if (!lists_choices(option)) continue;
    size_t widest = 0;
    for (const Choice& choice : option.choices) widest = std::max(widest, choice.name.size());
    for (const Choice& choice : option.choices) {
      out += row(choice.name, kHelpColumn, kHelpColumn + widest + 2, choice.summary);
    }
  }
  return out;
}

std::string argument_rows(const DescribedCommand& command) {
  std::string out;
  for (const Option& option : command.options) {
    if (!option.is_argument()) continue;
    out += row(usage_of_option(option), 2, kHelpColumn, full_help(option));
    if (!lists_choices(option)) continue;
    for (const Choice& choice : option.choices) out += row(choice.name, kHelpColumn, kHelpColumn + 8, choice.summary);
  }
  return out;
}

std::string command_rows(std::span<const DescribedCommand> commands, std::string_view group) {
  std::string out;
  for (const DescribedCommand& command : commands) {
    // A group is shown in the group around it: its commands are its own help's.
    if (command.info.make == nullptr && (group.empty() || command.info.name == group)) continue;
    if (!group.empty() && !word_after(command.info.name, group)) continue;
    out += row(command.info.name, 2, 20, command.info.summary);
  }
  return out;
}

std::string indented(std::string_view lines) {
  std::string out;
  for (const std::string_view line : split(lines, '\n')) out += fmt::format("  {}\n", line);
  return out;
}

}  // namespace

std::string usage_of_arguments(const DescribedCommand& command) {
  std::string usage;
  for (const Option& option : command.options) {
    if (option.is_argument()) usage += fmt::format("{}{}", usage.empty() ? "" : " ", usage_of_option(option));
  }
  return usage;
}

std::string usage_of_option(const Option& option) {
  if (option.is_argument()) {
    if (!option.value.empty()) return option.value;
    return option.names + (option.repeats ? "…" : "");
  }
  std::string usage = fmt::format("{}", fmt::join(option.all_names(), ", "));
  if (!option.value.empty()) usage += " " + option.value;
  return usage;
}

std::string full_help(const Option& option) {
  std::string help = option.help;
  const bool has_summaries = std::ranges::any_of(option.choices, [](const Choice& c) { return !c.summary.empty(); });
  if (!option.choices.empty() && !has_summaries) {
    help += ": ";
    for (const Choice& choice : option.choices) {
      help += fmt::format("{}{}", &choice == option.choices.data() ? "" : ", ", choice.name);
    }
  }
  if (!option.preset.empty()) help += fmt::format(" (default: {})", option.preset);
  return help;
}

std::string sentence(std::string_view summary) {
  std::string text(summary);
  if (!text.empty() && is_lower(text.front())) text.front() = static_cast<char>(text.front() - ('a' - 'A'));
  return text + ".";
}

bool lists_choices(const Option& option) {
  return option.form != Option::Form::kWithFile &&
         std::ranges::any_of(option.choices, [](const Choice& choice) { return !choice.summary.empty(); });
}

std::string help_text(std::span<const DescribedCommand> commands, std::string_view name) {
  const auto found =
      std::ranges::find_if(commands, [&](const DescribedCommand& command) { return command.info.name == name; });
  const DescribedCommand& command = *found;
  const std::string full_name = fmt::format("bulkhead{}{}", name.empty() ? "" : " ", name);
  if (command.is_group()) {
    std::string out = fmt::format("Usage: {} COMMAND …\n\n{}", full_name, paragraphs(sentence(command.info.summary)));
    if (!command.info.details.empty()) out += fmt::format("\n{}", paragraphs(command.info.details));
    out += fmt::format("\nCommands:\n{}\nOptions:\n{}", command_rows(commands, name), option_rows(command, {}));
    return out + fmt::format("\n{} COMMAND --help tells more of each command.\n", full_name);
  }
  const std::string arguments = usage_of_arguments(command);
  std::string out = fmt::format("Usage: {} [OPTIONS]{}{}\n\n{}", full_name, arguments.empty() ? "" : " ", arguments,
                                paragraphs(sentence(command.info.summary)));
  if (const std::string rows = argument_rows(command); !rows.empty()) out += "\nArguments:\n" + rows;
  out += "\nOptions:\n" + option_rows(command, {});
  std::vector<std::string_view> groups;
  for (const Option& option : command.options) {
    if (!option.group.empty() && std::ranges::find(groups, option.group) == groups.end())
      groups.push_back(option.group);
  }
  const auto add_group = [&](std::string_view group) {
    out += fmt::format("\n{}:\n{}", group, option_rows(command, group));
  };
  for (const std::string_view group : groups) {
    if (group != kLimitGroup) add_group(group);
  }
  if (!command.info.details.empty()) out += fmt::format("\n{}", paragraphs(command.info.details));
  if (!command.info.examples.empty()) out += fmt::format("\nExamples:\n{}", indented(command.info.examples));
  const std::string_view exit_status =
      command.info.exit_status.empty() ? kOrdinaryExitStatus : command.info.exit_status;
  out += fmt::format("\n{}", paragraphs(fmt::format("Exit status: {}", exit_status)));
  if (std::ranges::find(groups, kLimitGroup) != groups.end()) add_group(kLimitGroup);
  return out;
}

}  // namespace bulkhead::cli

// The only place that knows the argument parser (CLI11 is heavy to compile). It tells flags from values; what the
// values mean is Flags' matter, and help is help.h's.
#include "cli/command_line.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/describe.h"
#include "cli/help.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kHelpNames[] = {"-h", "--help"};
constexpr std::string_view kVersionNames[] = {"-V", "--version"};

bool is_one_of(std::string_view word, std::span<const std::string_view> names) {
  return std::ranges::find(names, word) != names.end();
}

std::string see_help(std::string_view command) {
  return fmt::format("see bulkhead {}{}--help", command, command.empty() ? "" : " ");
}

// The commands that may follow `prefix` ("", "db"), for a message.
std::string following(std::span<const CommandInfo> table, std::string_view prefix) {
  std::string names;
  for (const CommandInfo& info : table) {
    const std::optional<std::string_view> word = word_after(info.name, prefix);
    if (word) names += fmt::format("{}{}", names.empty() ? "" : ", ", *word);
  }
  return names;
}

// Finds the command by its leading words, and takes them off.
Result<const CommandInfo*> take_command(std::span<const std::string>& words, std::span<const CommandInfo> table) {
  std::string name;
  const CommandInfo* group = nullptr;
  for (;;) {
    if (words.empty() || words.front().starts_with('-')) {
      const bool asked = !words.empty() && is_one_of(words.front(), kHelpNames);
      if (asked && group != nullptr) return group;
      if (words.empty()) {
        return fail(Code::kInvalidArgument,
                    fmt::format("a command is missing after \"bulkhead{}{}\"", name.empty() ? "" : " ", name),
                    fmt::format("it is one of {}; {}", following(table, name), see_help(name)));
      }
      return fail(
          Code::kInvalidArgument, fmt::format("\"{}\" stands where a command is expected", printable(words.front())),
          fmt::format("options follow the command, which is one of {}; {}", following(table, name), see_help(name)));
    }
    const std::string wanted = name.empty() ? words.front() : fmt::format("{} {}", name, words.front());
    const auto found = std::ranges::find(table, wanted, &CommandInfo::name);
    if (found == table.end() || words.front().contains(' ')) {
      return fail(Code::kInvalidArgument, fmt::format("there is no command \"{}\"", printable(wanted)),
                  fmt::format("it is one of {}; {}", following(table, name), see_help(name)));
    }
    words = words.subspan(1);
    if (found->make != nullptr) return &*found;
    name = wanted;
    group = &*found;
  }
}

// CLI11 takes an argument "[a,b]" for a list. With a NUL at its end, which no word of a command line has, it is none.
std::string marked(std::string word) {
  if (word.starts_with('[')) word.push_back('\0');
  return word;
}
std::string unmarked(std::string word) {
  if (word.ends_with('\0')) word.pop_back();
  return word;
}

// Which values each option was given, in the order of `flags`. Nothing when help was asked for.
Result<std::optional<std::vector<std::vector<std::string>>>> read_values(const Flags& flags,
                                                                         std::span<const std::string> words,
                                                                         std::string_view command) {
  CLI::App app;
  app.set_help_flag("-h,--help");
  std::vector<const CLI::Option*> options;
  for (const Flags::Entry& entry : flags.entries()) {
    const Option& option = entry.option;
    if (option.is_switch()) {
      options.push_back(app.add_flag(option.names)->disable_flag_override());
      continue;
    }
    CLI::Option* const added = app.add_option(option.names)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (option.is_argument()) {
      if (option.repeats) added->expected(-1);
    } else {
      // An option takes one value; what follows is the next argument, not a second value.
      added->allow_extra_args(false)->type_name(option.value);
    }
    options.push_back(added);
  }
  std::vector<std::string> reversed;
  for (size_t i = words.size(); i > 0; --i) reversed.push_back(marked(words[i - 1]));
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return std::nullopt;
  } catch (const CLI::ExtrasError&) {
    const std::string word = printable(unmarked(app.remaining().front()));
    return fail(Code::kInvalidArgument,
                word.starts_with('-') ? fmt::format("there is no option \"{}\"", word)
                                      : fmt::format("\"{}\" is one argument too many", word),
                see_help(command));
  } catch (const CLI::ParseError& error) {
    for (const Flags::Entry& entry : flags.entries()) {
      const auto has_value = [&](const std::string& word) {
        return word.starts_with(fmt::format("{}=", entry.option.long_name()));
      };
      if (entry.option.is_switch() && std::ranges::any_of(words, has_value)) {
        return fail(Code::kInvalidArgument, fmt::format("{} takes no value", entry.option.long_name()),
                    "give it alone, or leave it out");
      }
    }
    return fail(Code::kInvalidArgument, printable(error.what()), see_help(command));
  }
  std::vector<std::vector<std::string>> values;
  for (const CLI::Option* option : options) {
    std::vector<std::string>& taken = values.emplace_back();
    for (const std::string& value : option->results()) taken.push_back(unmarked(value));
  }
  return values;
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> words, std::span<const CommandInfo> table) {
  CommandLine line;
  if (!words.empty() && is_one_of(words.front(), kVersionNames)) {
    line.text = "bulkhead " BULKHEAD_VERSION "\n";
    return line;
  }
  if (!words.empty() && is_one_of(words.front(), kHelpNames)) {
    line.text = help_text(describe(table), "");
    return line;
  }
  TRY_ASSIGN(const CommandInfo* const info, take_command(words, table));
  if (info->make == nullptr) {
    line.text = help_text(describe(table), info->name);
    return line;
  }
  line.command = info->make();
  Flags flags;
  line.command->declare(flags);
  TRY_ASSIGN(const auto values, read_values(flags, words, info->name));
  if (!values) {
    line.command = nullptr;
    line.text = help_text(describe(table), info->name);
    return line;
  }
  const std::span<const Flags::Entry> entries = flags.entries();
  for (size_t i = 0; i < entries.size(); ++i) TRY(Flags::take(entries[i], (*values)[i]));
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].option.required || !(*values)[i].empty()) continue;
    return fail(Code::kInvalidArgument, fmt::format("{} is missing", entries[i].option.long_name()),
                see_help(info->name));
  }
  TRY(flags.run_checks());
  return line;
}

}  // namespace bulkhead::cli

#include "cli/completion.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/help.h"

namespace bulkhead::cli {
namespace {

using Form = Option::Form;
using Kind = Option::Kind;

std::string single_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

// Each character of `special` gets a backslash.
std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.contains(c)) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string choice_names(const Option& option) {
  std::string names;
  for (const Choice& choice : option.choices) names += fmt::format("{}{}", names.empty() ? "" : " ", choice.name);
  return names;
}

// Commands and groups that follow the group of that name ("": the program) by one word.
std::vector<const CommandInfo*> children_of(std::span<const DescribedCommand> commands, std::string_view group) {
  std::vector<const CommandInfo*> children;
  for (const DescribedCommand& command : commands) {
    if (word_after(command.info.name, group)) children.push_back(&command.info);
  }
  return children;
}

// What bash completes `$cur` with, as a statement.
std::string bash_values(const Option& option) {
  if (option.choices.empty()) {
    switch (option.kind) {
      case Kind::kFile:
        return "_bulkhead_reply -f";
      case Kind::kFolder:
        return "_bulkhead_reply -d";
      case Kind::kText:
        return ":";
    }
  }
  const char* const how = option.form == Form::kList ? "_bulkhead_list" : "_bulkhead_reply -W";
  return fmt::format("{} {}", how, single_quoted(choice_names(option)));
}

}  // namespace

std::string bash_completion(std::span<const DescribedCommand> commands) {
  std::string out =
      "# bash completion for bulkhead; load it with: source <(bulkhead completion bash)\n"
      "_bulkhead_reply() { mapfile -t COMPREPLY < <(compgen -P \"$prefix\" \"$@\" -- \"$cur\"); }\n"
      "_bulkhead_list() {\n"
      "  [[ $cur != *,* ]] || prefix+=\"${cur%,*},\"\n"
      "  cur=\"${cur##*,}\"\n"
      "  _bulkhead_reply -W \"$1\"\n"
      "}\n"
      "_bulkhead() {\n"
      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" option=\"${COMP_WORDS[COMP_CWORD-1]}\" prefix=\"\"\n"
      "  local command=\"${COMP_WORDS[1]}\"\n"
      "  COMPREPLY=()\n"
      "  # Usually --format=json comes as three words.\n"
      "  if [[ $cur == = ]]; then cur=\"\"\n"
      "  elif [[ $option == = ]]; then option=\"${COMP_WORDS[COMP_CWORD-2]}\"; [[ $option == -* ]] || option=\"file\"\n"
      "  elif [[ $cur == --*=* ]]; then option=\"${cur%%=*}\"; prefix=\"$option=\"; cur=\"${cur#*=}\"\n"
      "  fi\n";
  for (const DescribedCommand& group : commands) {
    if (!group.is_group() || group.info.name.empty()) continue;
    // A group stands before the groups in it, so that each takes one more word.
    const size_t words = split(group.info.name, ' ').size();
    out += fmt::format("  [[ $command != {} || $COMP_CWORD -lt {} ]] || command+=\" ${{COMP_WORDS[{}]}}\"\n",
                       single_quoted(group.info.name), words + 2, words + 1);
  }
  out +=
      "  [ \"$COMP_CWORD\" -gt 1 ] || command=\"\"\n"
      "  case \"$command $option\" in\n";
  for (const DescribedCommand& command : commands) {
    for (const Option& option : command.options) {
      if (option.is_switch() || option.is_argument()) continue;
      std::string pattern;
      for (const std::string_view name : option.all_names()) {
        pattern += fmt::format("{}{}", pattern.empty() ? "" : "|",
                               single_quoted(fmt::format("{} {}", command.info.name, name)));
      }
      out += fmt::format("    {}) {}; return ;;\n", pattern, bash_values(option));
    }
  }
  out +=
      "    *' file') _bulkhead_reply -f; return ;;\n"
      "  esac\n"
      "  case \"$command\" in\n";
  for (const DescribedCommand& command : commands) {
    std::string words;
    const auto add = [&](std::string_view word) { words += fmt::format("{}{}", words.empty() ? "" : " ", word); };
    for (const CommandInfo* child : children_of(commands, command.info.name)) {
      if (command.is_group()) add(*word_after(child->name, command.info.name));
    }
    std::string argument = ":";
    for (const Option& option : command.options) {
      if (option.is_argument()) {
        argument = bash_values(option);
      } else {
        for (const std::string_view name : option.all_names()) add(name);
      }
    }
    out += fmt::format("    {}) _bulkhead_reply -W {}; [[ $cur == -* ]] || {} ;;\n", single_quoted(command.info.name),
                       single_quoted(words), command.is_group() ? ":" : argument);
  }
  return out +
         "  esac\n"
         "}\n"
         "complete -o filenames -F _bulkhead bulkhead\n";
}

namespace {

// A zsh function that completes an option's values, and its name; empty when there is nothing to complete with.
struct ZshValues {
  std::string name;
  std::string definition;
};

ZshValues zsh_values(const DescribedCommand& command, const Option& option) {
  if (option.choices.empty()) return {};
  std::string name = fmt::format("_bulkhead_{}_{}", command.info.name, option.long_name());
  std::ranges::replace_if(name, [](char c) { return !is_alnum(c); }, '_');
  std::string values;
  for (const Choice& choice : option.choices) {
    std::string value = choice.name;
    if (option.form == Form::kOne) {
      if (!choice.summary.empty()) value = fmt::format("{}:{}", escaped(choice.name, ":"), choice.summary);
    } else {
      if (!choice.summary.empty()) value += fmt::format("[{}]", escaped(choice.summary, "]"));
      if (option.form == Form::kWithFile) value += "::FILE:_files";
    }
    values += " " + single_quoted(value);
  }
  const std::string what = option.is_argument() ? option.names : option.value;
  std::string body;
  switch (option.form) {
    case Form::kOne:
      body = fmt::format("local -a values=({} ); _describe '{}' values", values, what);
      break;
    case Form::kList:
      body = fmt::format("_values -s , '{}'{}", what, values);
      break;
    case Form::kWithFile:
      body = fmt::format("_values FORMAT{}", values);
      break;
  }
  return {.name = name, .definition = fmt::format("{}() {{ {} }}\n", name, body)};
}

std::string zsh_action(const Option& option, const std::string& function) {
  if (!function.empty()) return function;
  switch (option.kind) {
    case Kind::kFile:
      return "_files";
    case Kind::kFolder:
      return "_files -/";
    case Kind::kText:
      break;
  }
  return " ";
}

// One specification for _arguments(zshcompsys).
std::string zsh_argument(const Option& option, const std::string& function) {
  const std::string help = fmt::format("[{}]", escaped(option.help, "[]:\\"));
  const std::string action = zsh_action(option, function);
  if (option.is_argument()) {
    return single_quoted(fmt::format("{}:{}:{}", option.repeats ? "*" : "", option.names, action));
  }
  std::string names;
  std::string exclusive;
  for (const std::string_view name : option.all_names()) {
    const bool takes_equals = !option.is_switch() && name.starts_with("--");
    names += fmt::format("{}{}{}", names.empty() ? "" : ",", name, takes_equals ? "=" : "");
    exclusive += fmt::format("{}{}", exclusive.empty() ? "" : " ", name);
  }
  if (names.contains(',')) names = "{" + names + "}";
  const std::string prefix = option.repeats ? "*" : fmt::format("({})", exclusive);
  const std::string value = option.is_switch() ? "" : fmt::format(":{}:{}", escaped(option.value, ":\\"), action);
  return single_quoted(prefix) + names + single_quoted(help + value);
}

std::string zsh_descriptions(std::span<const DescribedCommand> commands, std::string_view group) {
  std::string out;
  for (const CommandInfo* child : children_of(commands, group)) {
    out += " " + single_quoted(fmt::format("{}:{}", *word_after(child->name, group), child->summary));
  }
  return out;
}

}  // namespace

std::string zsh_completion(std::span<const DescribedCommand> commands) {
  std::string functions;
  std::string cases;
  std::string groups;
  for (const DescribedCommand& command : commands) {
    if (command.is_group() && !command.info.name.empty()) {
      // A group stands before the groups in it, so that each takes one more word.
      groups += fmt::format(
          "  if [[ $command == {0} ]]; then\n"
          "    if (( CURRENT == 3 )); then\n"
          "      local -a commands=({1} ); _describe -t commands 'command' commands; return\n"
          "    fi\n"
          "    command+=\" $words[3]\"; shift words; (( CURRENT-- ))\n"
          "  fi\n",
          single_quoted(command.info.name), zsh_descriptions(commands, command.info.name));
      continue;
    }
    if (command.is_group()) continue;
    std::string arguments;
    for (const Option& option : command.options) {
      const ZshValues values = zsh_values(command, option);
      functions += values.definition;
      arguments += " \\\n        " + zsh_argument(option, values.name);
    }
    cases += fmt::format("    {})\n      _arguments -s -S :{} ;;\n", single_quoted(command.info.name), arguments);
  }
  std::string program;
  for (const Option& option : commands.front().options) program += " " + zsh_argument(option, {});
  return fmt::format(
      "#compdef bulkhead\n"
      "# zsh completion for bulkhead; load it after compinit with: source <(bulkhead completion zsh)\n"
      "{}"
      "_bulkhead() {{\n"
      "  local curcontext=\"$curcontext\" command=\"$words[2]\"\n"
      "  if (( CURRENT == 2 )); then\n"
      "    if [[ $PREFIX == -* ]]; then _arguments :{}; return; fi\n"
      "    local -a commands=({} ); _describe -t commands 'command' commands; return\n"
      "  fi\n"
      "{}"
      "  shift words; (( CURRENT-- ))\n"
      "  case \"$command\" in\n{}  esac\n"
      "}}\n"
      "if [ \"$funcstack[1]\" = _bulkhead ]; then _bulkhead \"$@\"; else compdef _bulkhead bulkhead; fi\n",
      functions, program, zsh_descriptions(commands, ""), groups, cases);
}

namespace {

std::string fish_quoted(std::string_view text) {
  return fmt::format("'{}'", escaped(text, "'\\"));
}

std::string fish_values(const Option& option) {
  if (option.choices.empty()) return {};
  if (option.form == Form::kList) return fish_quoted(fmt::format("(__fish_append , {})", choice_names(option)));
  std::string values;
  for (const Choice& choice : option.choices) {
    values += fmt::format("{}{}", values.empty() ? "" : " ", choice.name);
    if (!choice.summary.empty()) values += fmt::format("\\t{}", fish_quoted(choice.summary));
  }
  return fish_quoted(values);
}

// That the words of the name stand on the line, and no word of a group within.
std::string fish_condition(std::span<const DescribedCommand> commands, std::string_view name) {
  if (name.empty()) return "__fish_use_subcommand";
  std::string condition;
  std::string parent;
  for (const std::string_view word : split(name, ' ')) {
    std::string others;
    for (const DescribedCommand& other : commands) {
      const auto last = word_after(other.info.name, parent);
      if (!parent.empty() && other.is_group() && last && *last != word) others += fmt::format(" {}", *last);
    }
    if (!others.empty()) condition += fmt::format("; and not __fish_seen_subcommand_from{}", others);
    condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", word);
    parent += fmt::format("{}{}", parent.empty() ? "" : " ", word);
  }
  return condition;
}

}  // namespace

std::string fish_completion(std::span<const DescribedCommand> commands) {
  std::string out = "# fish completion for bulkhead; load it with: bulkhead completion fish | source\n";
  for (const DescribedCommand& command : commands) {
    const std::string name(command.info.name);
    const std::string condition = fish_condition(commands, name);
    if (command.is_group()) {
      std::string words;
      const std::vector<const CommandInfo*> children = children_of(commands, name);
      for (const CommandInfo* child : children) words += fmt::format(" {}", *word_after(child->name, name));
      const std::string here =
          name.empty() ? condition : fmt::format("{}; and not __fish_seen_subcommand_from{}", condition, words);
      for (const CommandInfo* child : children) {
        out += fmt::format("complete -c bulkhead -f -n {} -a {} -d {}\n", fish_quoted(here),
                           *word_after(child->name, name), fish_quoted(child->summary));
      }
    }
    for (const Option& option : command.options) {
      out += fmt::format("complete -c bulkhead -n {}", fish_quoted(condition));
      const std::string values = fish_values(option);
      if (option.is_argument()) {
        out += option.kind == Kind::kText ? " -f" : " -F";
        if (!values.empty()) out += " -a " + values;
        out += "\n";
        continue;
      }
      for (const std::string_view each : option.all_names()) {
        out += each.starts_with("--") ? fmt::format(" -l {}", each.substr(2)) : fmt::format(" -s {}", each.substr(1));
      }
      if (!option.is_switch()) out += option.kind == Kind::kText ? " -x" : " -r -F";
      if (!values.empty()) out += " -a " + values;
      out += fmt::format(" -d {}\n", fish_quoted(option.help));
    }
  }
  return out;
}

}  // namespace bulkhead::cli

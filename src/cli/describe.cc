#include "cli/describe.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::cli {
namespace {

std::vector<std::string_view> names_of(const DescribedOption& option) {
  return split(option.names, ',');
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) text += fmt::format("{}{}", text.empty() ? "" : separator, part);
  return text;
}

// The first words that may follow `prefix` ("", "db"): subcommands, without repetition.
std::vector<std::string> words_after(const std::vector<DescribedCommand>& commands, std::string_view prefix) {
  std::vector<std::string> words;
  for (const DescribedCommand& command : commands) {
    std::string_view rest = command.name;
    if (rest.empty()) continue;
    if (!prefix.empty()) {
      if (!rest.starts_with(prefix) || rest.size() <= prefix.size() || rest[prefix.size()] != ' ') continue;
      rest.remove_prefix(prefix.size() + 1);
    }
    std::string word(rest.substr(0, rest.find(' ')));
    if (std::ranges::find(words, word) == words.end()) words.push_back(std::move(word));
  }
  return words;
}

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

std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
    line_start = c == '\n';
  }
  return out;
}

}  // namespace

std::string bash_completion(const std::vector<DescribedCommand>& commands) {
  std::string out =
      "# bash completion for bulkhead; load it with: source <(bulkhead completion bash)\n"
      "_bulkhead() {\n"
      "  local cur prev command=\"\" word\n"
      "  cur=\"${COMP_WORDS[COMP_CWORD]}\"; prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"${command:+$command }$word\" in\n";
  std::vector<std::string> known;
  for (const DescribedCommand& command : commands) {
    if (command.name.empty()) continue;
    const std::string first = command.name.substr(0, command.name.find(' '));
    for (const std::string& name : {first, command.name}) {
      if (std::ranges::find(known, name) != known.end()) continue;
      known.push_back(name);
      out +=
          fmt::format("      {0}) command={0} ;;\n", name.find(' ') == std::string::npos ? name : single_quoted(name));
    }
  }
  out += "    esac\n  done\n  case \"$command $prev\" in\n";
  for (const DescribedCommand& command : commands) {
    for (const DescribedOption& option : command.options) {
      for (const std::string_view name : names_of(option)) {
        if (!option.choices.empty()) {
          out += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\"); return ;;\n",
                             single_quoted(fmt::format("{} {}", command.name, name)),
                             single_quoted(joined(option.choices, " ")));
        } else if (option.takes_file) {
          out += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n",
                             single_quoted(fmt::format("{} {}", command.name, name)));
        }
      }
    }
  }
  out += "  esac\n  case \"$command\" in\n";
  std::vector<std::string> prefixes = {""};
  for (const std::string& name : known) prefixes.push_back(name);
  for (const std::string& prefix : prefixes) {
    std::vector<std::string> words = words_after(commands, prefix);
    for (const DescribedCommand& command : commands) {
      if (command.name != prefix) continue;
      for (const DescribedOption& option : command.options) {
        for (const std::string_view name : names_of(option)) words.emplace_back(name);
      }
    }
    out += fmt::format("    {}) mapfile -t COMPREPLY < <(compgen -W {} -- \"$cur\") ;;\n", single_quoted(prefix),
                       single_quoted(joined(words, " ")));
  }
  out +=
      "  esac\n"
      "  [ ${#COMPREPLY[@]} -gt 0 ] || [[ $cur == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
      "}\n"
      "complete -o filenames -F _bulkhead bulkhead\n";
  return out;
}

std::string zsh_completion(const std::vector<DescribedCommand>& commands) {
  // zsh runs bash completions as they are.
  return "#compdef bulkhead\n# zsh completion for bulkhead; load it with: source <(bulkhead completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_completion(commands);
}

std::string fish_completion(const std::vector<DescribedCommand>& commands) {
  std::string out = "# fish completion for bulkhead; load it with: bulkhead completion fish | source\n";
  for (const DescribedCommand& command : commands) {
    const size_t space = command.name.find(' ');
    const std::string last = space == std::string::npos ? command.name : command.name.substr(space + 1);
    const std::string parent = space == std::string::npos ? "" : command.name.substr(0, space);
    if (!command.name.empty()) {
      const std::string condition =
          parent.empty() ? "__fish_use_subcommand" : fmt::format("__fish_seen_subcommand_from {}", parent);
      out += fmt::format("complete -c bulkhead -n {} -a {} -d {}\n", single_quoted(condition), last,
                         single_quoted(command.summary));
    }
    std::string condition =
        command.name.empty() ? "__fish_use_subcommand" : fmt::format("__fish_seen_subcommand_from {}", last);
    if (!parent.empty()) condition += fmt::format("; and __fish_seen_subcommand_from {}", parent);
    for (const DescribedOption& option : command.options) {
      out += fmt::format("complete -c bulkhead -n {}", single_quoted(condition));
      for (const std::string_view name : names_of(option)) {
        out += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
      }
      if (!option.value.empty()) out += option.takes_file ? " -r -F" : " -x";
      if (!option.choices.empty()) out += fmt::format(" -a {}", single_quoted(joined(option.choices, " ")));
      out += fmt::format(" -d {}\n", single_quoted(option.help));
    }
  }
  return out;
}

std::string man_page(const std::vector<DescribedCommand>& commands, std::string_view version) {
  std::string out = fmt::format(".TH BULKHEAD 1 \"\" \"bulkhead {}\" \"User Commands\"\n", version);
  const DescribedCommand& program = commands.front();
  out += fmt::format(".SH NAME\nbulkhead \\- {}\n.SH SYNOPSIS\n", roff(program.summary));
  for (const DescribedCommand& command : commands) {
    if (!command.name.empty()) {
      out += fmt::format(".B bulkhead {}\n[options] {}\n.br\n", roff(command.name), roff(command.usage));
    }
  }
  out += fmt::format(".SH DESCRIPTION\n{}\n", roff(program.details));
  for (const DescribedCommand& command : commands) {
    if (command.name.empty()) continue;
    out += fmt::format(".SH {}\n{}.\n", roff(to_lower(command.name)), roff(command.summary));
    if (!command.details.empty()) out += fmt::format(".PP\n{}\n", roff(command.details));
    for (const DescribedOption& option : command.options) {
      out += ".TP\n.B ";
      std::string names;
      for (const std::string_view name : names_of(option))
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
      out += roff(names);
      if (!option.value.empty()) out += fmt::format(" \\fI{}\\fR", roff(option.value));
      out += fmt::format("\n{}\n", roff(option.help));
    }
  }
  out +=
      ".SH EXIT STATUS\n.TP\n.B 0\nThe command did its work, and no threshold was met.\n.TP\n.B 1\nAn error of the "
      "program or its input.\n"
      ".TP\n.B 2\nThe threshold of \\-\\-fail\\-on was met.\n";
  return out;
}

}  // namespace bulkhead::cli

#include "audit/checks/image_history.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr auto kKeywords = std::to_array<std::string_view>({"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE",
                                                            "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
                                                            "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"});

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text = trim(text.substr(prefix.size()));
  return true;
}

// "|2 A=b C=d /bin/sh -c make": arguments of the build go before the shell. Without them: "/bin/sh -c make".
std::string_view without_shell(std::string_view text) {
  constexpr auto kShells =
      std::to_array<std::string_view>({"/bin/sh -c ", "/bin/ash -c ", "/bin/bash -c ", "/bin/bash -o pipefail -c ",
                                       "/bin/sh -ec ", "/bin/bash -euo pipefail -c ", "/bin/bash -eo pipefail -c "});
  const bool arguments = text.starts_with('|');
  size_t best = std::string_view::npos;
  size_t length = 0;
  for (const std::string_view shell : kShells) {
    const size_t at = text.find(shell);
    if (at == std::string_view::npos || (!arguments && at != 0) || (best != std::string_view::npos && at >= best)) {
      continue;
    }
    best = at;
    length = shell.size();
  }
  return best == std::string_view::npos ? text : text.substr(best + length);
}

// "--mount=type=cache,target=/x" and its like stand before the command.
std::string_view without_flags(std::string_view text) {
  while (text.starts_with("--")) {
    const size_t space = text.find(' ');
    if (space == std::string_view::npos) break;
    text = trim(text.substr(space));
  }
  return text;
}

Instruction read_instruction(std::string_view created_by) {
  constexpr std::string_view kBuildkit = "# buildkit";
  constexpr std::string_view kNoOperation = "/bin/sh -c #(nop) ";
  std::string_view text = trim(created_by);
  if (text.ends_with(kBuildkit)) text = trim(text.substr(0, text.size() - kBuildkit.size()));
  skip(text, kNoOperation);
  Instruction instruction;
  instruction.keyword = "RUN";
  const size_t space = std::min(text.find(' '), text.size());
  const std::string_view first = text.substr(0, space);
  if (std::ranges::find(kKeywords, first) != kKeywords.end()) {
    instruction.keyword = first;
    text = trim(text.substr(space));
  }
  if (instruction.keyword == "RUN") text = without_shell(without_flags(text));
  instruction.arguments = text;
  return instruction;
}

// Words that stand before a command and are none.
constexpr auto kBefore =
    std::to_array<std::string_view>({"!", "(", "then", "do", "else", "elif", "if", "while", "until", "time", "exec",
                                     "command", "builtin", "nohup", "sudo", "doas", "env", "{", "eatmydata"});

bool is_assignment(std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0 || is_digit(word.front())) return false;
  return std::ranges::all_of(word.substr(0, equals), [](char c) { return is_alnum(c) || c == '_'; });
}

void drop_leading(std::vector<std::string>& words) {
  size_t count = 0;
  bool wrapped = false;  // options of "sudo -E" and "env -i" go with them
  while (count < words.size()) {
    const std::string& word = words[count];
    const bool before = std::ranges::find(kBefore, word) != kBefore.end();
    if (!before && !is_assignment(word) && !(wrapped && word.starts_with('-'))) break;
    wrapped = wrapped || word == "sudo" || word == "env" || word == "doas" || word == "exec";
    ++count;
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<ShellCommand> run() {
    while (at_ < text_.size()) step();
    end_command();
    return std::move(commands_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = peek();
    if (c == '\\') {
      // A line that goes on is a blank; else the next character is itself.
      if (peek(1) == '\n') {
        end_word();
      } else if (at_ + 1 < text_.size()) {
        word_ += peek(1);
        in_word_ = true;
      }
      at_ += 2;
    } else if (c == '\'' || c == '"') {
      quoted(c);
    } else if (c == '$' && peek(1) == '(') {
      substitution();
    } else if (c == '<' && peek(1) == '(') {
      substitution();
    } else if (c == '#' && !in_word_) {
      while (at_ < text_.size() && peek() != '\n') ++at_;
    } else if (c == '&' && ((at_ > 0 && text_[at_ - 1] == '>') || peek(1) == '>')) {
      take();  // "2>&1", "&>file": a redirection
    } else if (c == '\n' || c == ';' || c == '&' || c == '|' || c == ')') {
      const bool pipe = c == '|' && peek(1) != '|';
      end_command();
      if (c != ')' && c != '\n' && peek(1) == c) ++at_;
      if (pipe && peek(1) == '&') ++at_;
      ++at_;
      piped_ = pipe;
    } else if (c == '(') {
      end_word();
      ++at_;
    } else if (is_space(c)) {
      end_word();
      ++at_;
    } else {
      take();
    }
  }

  void take() {
    word_ += peek();
    in_word_ = true;
    ++at_;
  }

  void quoted(char quote) {
    in_word_ = true;
    ++at_;
    while (at_ < text_.size() && peek() != quote) {
      if (quote == '"' && peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      word_ += peek();
      ++at_;
    }
    ++at_;
  }

  // Up to the parenthesis that closes it, as it is.
  void substitution() {
    take();
    size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = peek();
      take();
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return;
    }
  }

  void end_word() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }

  void end_command() {
    end_word();
    drop_leading(words_);
    if (!words_.empty()) commands_.push_back({.words = std::move(words_), .piped = piped_});
    words_.clear();
    piped_ = false;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string word_;
  bool in_word_ = false;
  bool piped_ = false;
  std::vector<std::string> words_;
  std::vector<ShellCommand> commands_;
};

// The file system of a base image: the first thing that lays files, laid at the root.
bool lays_root(const Instruction& instruction) {
  if (instruction.keyword != "ADD" && instruction.keyword != "COPY") return false;
  return instruction.arguments.ends_with(" /") || instruction.arguments.ends_with(" / ");
}

}  // namespace

std::vector<Instruction> read_history(const std::vector<HistoryEntry>& history) {
  std::vector<Instruction> instructions;
  bool laid = false;
  for (size_t i = 0; i < history.size(); ++i) {
    Instruction instruction = read_instruction(history[i].created_by);
    instruction.index = i;
    const bool lays = instruction.keyword == "ADD" || instruction.keyword == "COPY" || instruction.keyword == "RUN";
    if (lays && !laid) {
      instruction.base = lays_root(instruction);
      laid = true;
    }
    instructions.push_back(std::move(instruction));
  }
  return instructions;
}

std::vector<ShellCommand> split_shell(std::string_view text) {
  return Splitter(text).run();
}

std::string_view program_of(const ShellCommand& command) {
  if (command.words.empty()) return {};
  const std::string_view word = command.words.front();
  return word.substr(word.rfind('/') + 1);
}

}  // namespace bulkhead::audit

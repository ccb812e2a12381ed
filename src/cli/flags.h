// What a command takes from the command line: each flag is described once, with where its value goes. Help, completion
// and the man page are made from the same description (help.h, completion.h, man_page.h), and command_line.h parses by
// it. Nothing here knows the library that does the parsing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bulkhead::cli {

struct Choice {
  std::string name;
  std::string summary;  // what it is for, in a line; empty: the name says it
};

// The group whose flags help shows last.
inline constexpr std::string_view kLimitGroup = "Limits";

struct Option {
  // What a shell completes it with when it has no choices.
  enum class Kind : uint8_t { kText, kFile, kFolder };
  // How choices stand in a value.
  enum class Form : uint8_t {
    kOne,       // "high"
    kList,      // "critical,high": a value is taken piece by piece
    kWithFile,  // "json=report.json", or "json" alone
  };

  std::string names;  // "-f,--format"; without dashes it is an argument, known by its position: "IMAGE"
  std::string value;  // "FORMAT"; empty: a switch
  std::string help;
  std::string preset;             // what holds without it, where a value can say so: "4096"
  std::string_view group = {};    // heading in help; empty: the first
  std::vector<Choice> choices{};  // all that it takes; empty: anything, or too many to list
  Kind kind = Kind::kText;
  Form form = Form::kOne;
  bool required = false;
  bool repeats = false;  // may be given several times
  bool may_be_empty = false;

  bool is_argument() const { return !names.starts_with('-'); }
  bool is_switch() const { return value.empty() && !is_argument(); }
  std::vector<std::string_view> all_names() const;
  std::string_view long_name() const;  // for messages: "--format", "IMAGE"
};

// The flags of one command. What they write to must live as long as the Flags.
class Flags {
 public:
  // Takes one value; for Form::kList one piece of it, for kWithFile the whole. An error is given the option's name by
  // the caller, and a choice has been checked.
  using Take = std::function<Status(std::string_view value)>;

  void add(Option option, Take take);
  // A value that is kept as it is written, in order where it repeats.
  void add(Option option, std::string& target);
  void add(Option option, std::vector<std::string>& target);
  // A decimal number within bounds; the default stands in help.
  void add(Option option, uint64_t& target, uint64_t min = 1, uint64_t max = UINT64_MAX);
  void add_switch(Option option, bool& target);

  // What one flag cannot say alone: run in order after every value was taken.
  void check(std::function<Status()> rule) { rules_.push_back(std::move(rule)); }

  struct Entry {
    Option option;
    Take take;
    bool* is_set = nullptr;  // of a switch
  };
  std::span<const Entry> entries() const { return entries_; }
  // Hands over what was given for an entry, in order. kInvalidArgument names the option.
  static Status take(const Entry& entry, std::span<const std::string> values);
  Status run_checks() const;

 private:
  std::vector<Entry> entries_;
  std::vector<std::function<Status()>> rules_;
};

// Numbers for Flags: 0 to 18446744073709551615, and what is wrong otherwise.
Result<uint64_t> parse_number(std::string_view text, uint64_t min, uint64_t max);

// A flag for each row of a limits table (archive/limits.h and its like: `option`, `what`, `field`).
template <typename Limits, typename Row>
void add_limits(Flags& flags, Limits& limits, std::span<const Row> rows) {
  for (const Row& row : rows) {
    flags.add({.names = std::string(row.option),
               .value = "N",
               .help = "stop past so many " + std::string(row.what),
               .group = kLimitGroup},
              limits.*row.field);
  }
}

}  // namespace bulkhead::cli

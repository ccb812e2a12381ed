#include "cli/flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::cli {
namespace {

std::string names_of(const std::vector<Choice>& choices) {
  std::string names;
  for (const Choice& choice : choices) names += fmt::format("{}{}", names.empty() ? "" : ", ", choice.name);
  return names;
}

Status check_choice(const Option& option, std::string_view piece) {
  if (option.choices.empty()) return {};
  const std::string_view choice = option.form == Option::Form::kWithFile ? piece.substr(0, piece.find('=')) : piece;
  if (std::ranges::find(option.choices, choice, &Choice::name) != option.choices.end()) return {};
  std::string remedy;
  switch (option.form) {
    case Option::Form::kOne:
      remedy = fmt::format("use one of {}", names_of(option.choices));
      break;
    case Option::Form::kList:
      remedy = fmt::format("use one or more of {}, separated by commas", names_of(option.choices));
      break;
    case Option::Form::kWithFile:
      remedy = fmt::format("write {} with one of {}", option.value, names_of(option.choices));
      break;
  }
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" is unknown", printable(choice)), std::move(remedy));
}

Status take_one(const Flags::Entry& entry, std::string_view value) {
  const Option& option = entry.option;
  // A variable that is not set (--fail-on "$LEVEL") must not read as "no threshold": an option has a value or is not
  // there.
  if (value.empty() && !option.may_be_empty) {
    return fail(Code::kInvalidArgument, "its value is empty",
                fmt::format("give a value ({}), or leave it out", option.value.empty() ? option.names : option.value));
  }
  if (option.form != Option::Form::kList) {
    TRY(check_choice(option, value));
    return entry.take(value);
  }
  for (const std::string_view piece : split(value, ',')) {
    TRY(check_choice(option, trim(piece)));
    TRY(entry.take(trim(piece)));
  }
  return {};
}

}  // namespace

std::vector<std::string_view> Option::all_names() const {
  return split(names, ',');
}

std::string_view Option::long_name() const {
  const std::vector<std::string_view> all = all_names();
  const auto found = std::ranges::find_if(all, [](std::string_view name) { return name.starts_with("--"); });
  return found == all.end() ? all.front() : *found;
}

void Flags::add(Option option, Take take) {
  entries_.push_back({.option = std::move(option), .take = std::move(take)});
}

void Flags::add(Option option, std::string& target) {
  add(std::move(option), [&target](std::string_view value) -> Status {
    target = value;
    return {};
  });
}

void Flags::add(Option option, std::vector<std::string>& target) {
  option.repeats = true;
  add(std::move(option), [&target](std::string_view value) -> Status {
    target.emplace_back(value);
    return {};
  });
}

void Flags::add(Option option, uint64_t& target, uint64_t min, uint64_t max) {
  if (option.preset.empty()) option.preset = fmt::format("{}", target);
  add(std::move(option), [&target, min, max](std::string_view value) -> Status {
    TRY_ASSIGN(target, parse_number(value, min, max));
    return {};
  });
}

void Flags::add_switch(Option option, bool& target) {
  entries_.push_back({.option = std::move(option), .take = {}, .is_set = &target});
}

Status Flags::take(const Entry& entry, std::span<const std::string> values) {
  const Option& option = entry.option;
  if (option.is_switch()) {
    *entry.is_set = *entry.is_set || !values.empty();
    return {};
  }
  if (values.size() > 1 && !option.repeats) {
    return fail(Code::kInvalidArgument, fmt::format("{}: it is given {} times", option.long_name(), values.size()),
                "give it once");
  }
  for (const std::string& value : values) {
    if (auto status = take_one(entry, value); !status) {
      return fail(std::move(status).error().with_context(std::string(option.long_name())));
    }
  }
  return {};
}

Status Flags::run_checks() const {
  for (const auto& rule : rules_) TRY(rule());
  return {};
}

Result<uint64_t> parse_number(std::string_view text, uint64_t min, uint64_t max) {
  const auto number = parse_decimal(text);
  if (number && *number >= min && *number <= max) return *number;
  return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not a number from {} to {}", printable(text), min, max),
              "write it in decimal digits, without a unit");
}

}  // namespace bulkhead::cli

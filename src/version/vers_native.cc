// From the range languages of packaging worlds to VERS.
#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "base/text.h"
#include "version/digits.h"
#include "version/gem.h"
#include "version/operators.h"
#include "version/vers.h"

namespace bulkhead::version {
namespace {

using Comparator = VersConstraint::Comparator;
using Constraints = std::vector<VersConstraint>;

void add(Constraints& constraints, Comparator comparator, std::string version) {
  constraints.push_back({.comparator = comparator, .version = std::move(version)});
}

// The comparator of an operator that compares with one version; nothing for the others.
std::optional<Comparator> comparator_of(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return Comparator::kEqual;
    case Operator::kNotEqual:
      return Comparator::kNotEqual;
    case Operator::kLess:
      return Comparator::kLess;
    case Operator::kLessOrEqual:
      return Comparator::kLessOrEqual;
    case Operator::kGreater:
      return Comparator::kGreater;
    case Operator::kGreaterOrEqual:
      return Comparator::kGreaterOrEqual;
    default:
      return std::nullopt;
  }
}

bool is_between(char c) {
  return is_space(c) || c == ',';
}

struct Clause {
  Operator op = Operator::kEqual;
  std::string_view version;
};

// Cuts one [operator][spaces]version off the front of `rest`, which has no separators in front; nothing when there is
// none.
std::optional<Clause> take_clause(std::string_view& rest) {
  const auto op = take_operator(rest);
  skip_spaces(rest);
  const std::string_view version = take_while(rest, [](char c) { return !is_between(c); });
  if (!op || version.empty()) return std::nullopt;
  return Clause{.op = *op, .version = version};
}

// Calls `convert` for every clause between commas or white space; false as soon as one fails or is malformed.
template <typename Convert>
bool for_each_clause(std::string_view range, Convert convert) {
  while (true) {
    take_while(range, is_between);
    if (range.empty()) return true;
    const auto clause = take_clause(range);
    if (!clause || !convert(*clause)) return false;
  }
}

// The same for every piece between ||.
template <typename Convert>
bool for_each_alternative(std::string_view range, Convert convert) {
  while (true) {
    const size_t bars = range.find("||");
    if (!convert(trim(range.substr(0, bars)))) return false;
    if (bars == std::string_view::npos) return true;
    range.remove_prefix(bars + 2);
  }
}

// The first `count` numbers, the last of them raised.
std::string raised(const std::vector<std::string_view>& numbers, size_t count) {
  std::string version;
  for (size_t i = 0; i + 1 < count; ++i) {
    version += numbers[i];
    version += '.';
  }
  return version + increment(numbers[count - 1]);
}

// How many numbers ^ holds fast: up to the first that is not zero.
size_t caret_count(const std::vector<std::string_view>& numbers) {
  size_t count = 1;
  while (count < numbers.size() && is_zero(numbers[count - 1])) ++count;
  return count;
}

bool all_numbers(const std::vector<std::string_view>& pieces) {
  return std::ranges::all_of(pieces, is_number);
}

// An npm version taken apart: its numbers, how many stand before a wildcard or the end, and the suffix.
struct NpmVersion {
  std::vector<std::string_view> numbers;  // always three, 0 for what is missing or a wildcard
  size_t written = 0;
  bool wildcard = false;
  std::string_view suffix;  // -prerelease+build

  std::string text() const { return fmt::format("{}{}", fmt::join(numbers, "."), suffix); }
  std::string raised_at(size_t count) const {
    std::string version = raised(numbers, count);
    for (size_t i = count; i < 3; ++i) version += ".0";
    return version;
  }
};

std::optional<NpmVersion> parse_npm(std::string_view text) {
  take_char(text, 'v');
  NpmVersion version;
  const size_t end = std::min(text.find_first_of("-+"), text.size());
  version.suffix = text.substr(end);
  for (const std::string_view piece : split(text.substr(0, end), '.')) {
    if (piece == "x" || piece == "X" || piece == "*") {
      version.wildcard = true;
    } else if (!is_number(piece) || version.numbers.size() == 3) {
      return std::nullopt;
    } else if (!version.wildcard) {
      version.numbers.push_back(piece);
    }
  }
  version.written = version.numbers.size();
  version.numbers.resize(3, "0");
  return version;
}

bool add_npm_clause(Constraints& constraints, const Clause& clause) {
  const auto version = parse_npm(clause.version);
  if (!version) return false;
  size_t held = version->written;  // how many numbers a range holds fast
  if (clause.op == Operator::kTilde || clause.op == Operator::kPessimistic) {
    held = std::min<size_t>(held, 2);
  } else if (clause.op == Operator::kCaret) {
    held = std::min(held, caret_count(version->numbers));
  } else if (!version->wildcard) {
    const auto comparator = comparator_of(clause.op);
    if (!comparator) return false;
    add(constraints, *comparator, version->text());
    return true;
  }
  if (held == 0) return false;  // * in company says nothing, and VERS has no word for it
  if (clause.op == Operator::kLess) {
    add(constraints, Comparator::kLess, version->text());
    return true;
  }
  if (clause.op == Operator::kLessOrEqual || clause.op == Operator::kGreater) {
    const bool below = clause.op == Operator::kLessOrEqual;
    add(constraints, below ? Comparator::kLess : Comparator::kGreaterOrEqual, version->raised_at(held));
    return true;
  }
  if (clause.op == Operator::kNotEqual) return false;
  add(constraints, Comparator::kGreaterOrEqual, version->text());
  add(constraints, Comparator::kLess, version->raised_at(held));
  return true;
}

bool npm_alternative(Constraints& constraints, std::string_view text) {
  if (const size_t hyphen = text.find(" - "); hyphen != std::string_view::npos) {
    const auto from = parse_npm(trim(text.substr(0, hyphen)));
    const auto to = parse_npm(trim(text.substr(hyphen + 3)));
    if (!from || !to || from->written == 0 || to->written == 0) return false;
    add(constraints, Comparator::kGreaterOrEqual, from->text());
    if (to->written == 3) {
      add(constraints, Comparator::kLessOrEqual, to->text());
    } else {
      add(constraints, Comparator::kLess, to->raised_at(to->written));
    }
    return true;
  }
  return !text.empty() &&
         for_each_clause(text, [&](const Clause& clause) { return add_npm_clause(constraints, clause); });
}

bool npm_range(Constraints& constraints, std::string_view range) {
  if (range.empty() || range == "*") return true;
  return for_each_alternative(range, [&](std::string_view text) { return npm_alternative(constraints, text); });
}

bool add_conan_clause(Constraints& constraints, const Clause& clause) {
  std::string_view version = clause.version;
  if (version.ends_with('-')) version.remove_suffix(1);  // pre-releases are in any VERS range
  if (version == "*") {
    add(constraints, Comparator::kGreaterOrEqual, "0.0.0");
    return true;
  }
  if (const auto comparator = comparator_of(clause.op)) {
    add(constraints, *comparator, std::string(version));
    return !version.empty();
  }
  const auto numbers = split(version.substr(0, version.find_first_of("-+")), '.');
  if (!all_numbers(numbers) || (clause.op != Operator::kTilde && clause.op != Operator::kCaret)) return false;
  const size_t count = clause.op == Operator::kTilde ? std::min<size_t>(numbers.size(), 2) : caret_count(numbers);
  add(constraints, Comparator::kGreaterOrEqual, std::string(version));
  add(constraints, Comparator::kLess, raised(numbers, count) + "-");
  return true;
}

bool conan_range(Constraints& constraints, std::string_view range) {
  if (range.empty()) return true;
  return for_each_alternative(range, [&](std::string_view text) {
    text = trim(text.substr(0, text.find(',')));  // what follows is an option, include_prerelease
    return !text.empty() &&
           for_each_clause(text, [&](const Clause& clause) { return add_conan_clause(constraints, clause); });
  });
}

bool add_pypi_clause(Constraints& constraints, const Clause& clause) {
  std::string_view version = clause.version;
  const bool prefix = version.ends_with(".*");
  if (prefix) version.remove_suffix(2);
  if (clause.op == Operator::kCompatible || (prefix && clause.op == Operator::kEqual)) {
    std::string_view rest = version;
    take_while(rest, [](char c) { return is_digit(c) || c == '.'; });
    std::string_view release = version.substr(0, version.size() - rest.size());
    if (release.ends_with('.')) release.remove_suffix(1);
    const auto numbers = split(release, '.');
    const size_t count = prefix ? numbers.size() : numbers.size() - 1;
    if (count == 0 || !all_numbers(numbers)) return false;
    add(constraints, Comparator::kGreaterOrEqual, std::string(version));
    add(constraints, Comparator::kLess, raised(numbers, count));
    return true;
  }
  const auto comparator = comparator_of(clause.op);
  if (!comparator || prefix) return false;
  add(constraints, *comparator, std::string(version));
  return true;
}

bool pypi_range(Constraints& constraints, std::string_view range) {
  return for_each_clause(range, [&](const Clause& clause) { return add_pypi_clause(constraints, clause); });
}

bool gem_range(Constraints& constraints, std::string_view range) {
  return for_each_clause(range, [&](const Clause& clause) {
    if (clause.op == Operator::kPessimistic) {
      const auto version = GemVersion::parse(clause.version);
      if (!version) return false;
      add(constraints, Comparator::kGreaterOrEqual, std::string(clause.version));
      add(constraints, Comparator::kLess, gem_bump(*version));
      return true;
    }
    const auto comparator = comparator_of(clause.op);
    if (!comparator) return false;
    add(constraints, *comparator, std::string(clause.version));
    return true;
  });
}

// [1.0,2.0) and its kin; a bare version is the least that will do.
bool nuget_range(Constraints& constraints, std::string_view range) {
  if (range.empty()) return false;
  const bool opens = range.front() == '[' || range.front() == '(';
  const bool closes = range.back() == ']' || range.back() == ')';
  if (opens != closes) return false;
  if (!opens) {
    add(constraints, Comparator::kGreaterOrEqual, std::string(range));
    return true;
  }
  const bool includes_low = range.front() == '[';
  const bool includes_high = range.back() == ']';
  const auto bounds = split(range.substr(1, range.size() - 2), ',');
  if (bounds.size() == 1) {
    add(constraints, Comparator::kEqual, std::string(trim(bounds[0])));
    return includes_low && includes_high && !trim(bounds[0]).empty();
  }
  if (bounds.size() != 2) return false;
  const std::string_view low = trim(bounds[0]);
  const std::string_view high = trim(bounds[1]);
  if (!low.empty()) {
    add(constraints, includes_low ? Comparator::kGreaterOrEqual : Comparator::kGreater, std::string(low));
  }
  if (!high.empty()) add(constraints, includes_high ? Comparator::kLessOrEqual : Comparator::kLess, std::string(high));
  return true;
}

// Security advisories of nginx: "0.8.40+" reaches to the end of a stable branch (an even second number), or without end
// in the mainline; "0.7.52-0.8.39" includes both ends.
bool nginx_range(Constraints& constraints, std::string_view range) {
  for (const std::string_view piece : split(range, ',')) {
    std::string_view text = trim(piece);
    if (const size_t dash = text.find('-'); dash != std::string_view::npos) {
      add(constraints, Comparator::kGreaterOrEqual, std::string(text.substr(0, dash)));
      add(constraints, Comparator::kLessOrEqual, std::string(text.substr(dash + 1)));
      continue;
    }
    if (!text.ends_with('+')) {
      add(constraints, Comparator::kEqual, std::string(text));
      continue;
    }
    text.remove_suffix(1);
    const auto numbers = split(text, '.');
    if (numbers.size() != 3 || !all_numbers(numbers)) return false;
    add(constraints, Comparator::kGreaterOrEqual, std::string(text));
    const bool stable = (numbers[1].back() - '0') % 2 == 0;
    if (stable) add(constraints, Comparator::kLess, raised(numbers, 2) + ".0");
  }
  return true;
}

bool openssl_range(Constraints& constraints, std::string_view range) {
  return for_each_clause(range, [&](const Clause& clause) {
    add(constraints, Comparator::kEqual, std::string(clause.version));
    return clause.op == Operator::kEqual;
  });
}

struct Language {
  std::string_view type;
  bool (*read)(Constraints& constraints, std::string_view range);
};
constexpr std::array<Language, 7> kLanguages = {{{.type = "npm", .read = npm_range},
                                                 {.type = "conan", .read = conan_range},
                                                 {.type = "pypi", .read = pypi_range},
                                                 {.type = "gem", .read = gem_range},
                                                 {.type = "nuget", .read = nuget_range},
                                                 {.type = "nginx", .read = nginx_range},
                                                 {.type = "openssl", .read = openssl_range}}};

}  // namespace

Result<Vers> vers_from_native(std::string_view type, std::string_view range) {
  const auto* language = std::ranges::find(kLanguages, type, &Language::type);
  if (language == kLanguages.end()) {
    return fail(Code::kUnsupported, fmt::format("no native ranges of the VERS type \"{}\"", printable(type)));
  }
  if (range.size() > kMaxRangeBytes) {
    return fail(Code::kInvalidArgument,
                fmt::format("{} range of {} bytes is longer than {}", type, range.size(), kMaxRangeBytes));
  }
  Vers vers{.type = std::string(type), .constraints = {}};
  if (!language->read(vers.constraints, trim(range))) {
    return fail(Code::kInvalidArgument, fmt::format("not a {} range: \"{}\"", type, printable(range)));
  }
  const auto scheme = scheme_of_vers(type);
  for (const VersConstraint& constraint : vers.constraints)
    TRY(compare(*scheme, constraint.version, constraint.version));
  TRY(sort_constraints(vers));
  return vers;
}

}  // namespace bulkhead::version

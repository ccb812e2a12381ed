#include "version/vers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <list>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::version {
namespace {

using Comparator = VersConstraint::Comparator;

struct ComparatorName {
  std::string_view text;
  Comparator comparator;
};
// Longer names before those that they start with.
constexpr std::array<ComparatorName, 5> kComparators = {{{.text = ">=", .comparator = Comparator::kGreaterOrEqual},
                                                         {.text = "<=", .comparator = Comparator::kLessOrEqual},
                                                         {.text = "!=", .comparator = Comparator::kNotEqual},
                                                         {.text = "<", .comparator = Comparator::kLess},
                                                         {.text = ">", .comparator = Comparator::kGreater}}};

struct TypeScheme {
  std::string_view type;
  Scheme scheme;
};
constexpr std::array kTypes = {
    TypeScheme{"alpine", Scheme::kApk},        TypeScheme{"alpm", Scheme::kAlpm},
    TypeScheme{"apk", Scheme::kApk},           TypeScheme{"cargo", Scheme::kSemver},
    TypeScheme{"composer", Scheme::kComposer}, TypeScheme{"conan", Scheme::kConan},
    TypeScheme{"cran", Scheme::kCran},         TypeScheme{"datetime", Scheme::kDatetime},
    TypeScheme{"deb", Scheme::kDeb},           TypeScheme{"ebuild", Scheme::kGentoo},
    TypeScheme{"gem", Scheme::kGem},           TypeScheme{"generic", Scheme::kGeneric},
    TypeScheme{"gentoo", Scheme::kGentoo},     TypeScheme{"golang", Scheme::kGo},
    TypeScheme{"hackage", Scheme::kHackage},   TypeScheme{"hex", Scheme::kSemver},
    TypeScheme{"intdot", Scheme::kSemver},     TypeScheme{"lexicographic", Scheme::kLexicographic},
    TypeScheme{"maven", Scheme::kMaven},       TypeScheme{"nginx", Scheme::kSemver},
    TypeScheme{"npm", Scheme::kNpm},           TypeScheme{"nuget", Scheme::kNuget},
    TypeScheme{"openssl", Scheme::kOpenssl},   TypeScheme{"pub", Scheme::kPub},
    TypeScheme{"pypi", Scheme::kPep440},       TypeScheme{"rpm", Scheme::kRpm},
    TypeScheme{"semver", Scheme::kSemver},     TypeScheme{"swift", Scheme::kSemver},
};

Error no_order(std::string_view type) {
  return {Code::kUnsupported, fmt::format("versions of the VERS type \"{}\" have no order that we know", type)};
}

std::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("\"{}\": non-canonical VERS: {}", printable(text), why));
}

bool must_be_encoded(char c) {
  return std::string_view("><=!*|% ").contains(c);
}

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  const char low = lower(c);
  if (low >= 'a' && low <= 'f') return static_cast<unsigned>(low - 'a' + 10);
  return std::nullopt;
}

// Decodes once. Lower-case triplets are not canonical; nor are colons of a datetime that are encoded at all.
Result<std::string> decode(std::string_view encoded, std::string_view type, std::string_view whole) {
  std::string version;
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      version += encoded[i];
      continue;
    }
    const auto high = i + 2 < encoded.size() ? hex_value(encoded[i + 1]) : std::nullopt;
    const auto low = i + 2 < encoded.size() ? hex_value(encoded[i + 2]) : std::nullopt;
    if (!high || !low) return refuse(whole, "invalid percent-encoding in version");
    if (is_lower(encoded[i + 1]) || is_lower(encoded[i + 2])) {
      return refuse(whole, "percent-encoding in version is not canonical");
    }
    const char decoded = static_cast<char>(*high * 16 + *low);
    if (type == "datetime" && decoded == ':') return refuse(whole, "datetime time colons must be unencoded");
    if (decoded < ' ' || decoded > '~') return refuse(whole, "version holds a character that is not printable ASCII");
    version += decoded;
    i += 2;
  }
  if (version.size() > kMaxVersionBytes) return refuse(whole, "version is too long");
  return version;
}

Result<VersConstraint> parse_constraint(std::string_view text, std::string_view type, std::string_view whole) {
  VersConstraint constraint;
  for (const ComparatorName& name : kComparators) {
    if (!text.starts_with(name.text)) continue;
    constraint.comparator = name.comparator;
    text.remove_prefix(name.text.size());
    break;
  }
  if (text.empty()) return refuse(whole, "a constraint has no version");
  if (text.find_first_of("><=!*") != std::string_view::npos) {
    return refuse(whole, "a version holds a character that must be percent-encoded");
  }
  TRY_ASSIGN(constraint.version, decode(text, type, whole));
  if (type == "datetime" && constraint.version.find_first_of("tz") != std::string::npos) {
    return refuse(whole, "datetime must use uppercase T and Z");
  }
  return constraint;
}

bool is_type(std::string_view type) {
  return !type.empty() && is_lower(type.front()) &&
         std::ranges::all_of(type, [](char c) { return is_lower(c) || is_digit(c) || c == '.' || c == '-'; });
}

// Everything but the order of the constraints.
Result<Vers> parse_parts(std::string_view text) {
  if (text.size() > kMaxRangeBytes) {
    return fail(Code::kInvalidArgument, fmt::format("VERS of {} bytes is longer than {}", text.size(), kMaxRangeBytes));
  }
  if (std::ranges::any_of(text, is_space)) return refuse(text, "whitespace is not permitted");
  std::string_view rest = text;
  if (!rest.starts_with("vers:")) return refuse(text, "it must start with vers:");
  rest.remove_prefix(5);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return refuse(text, "a slash must follow the type");
  Vers vers{.type = std::string(rest.substr(0, slash)), .constraints = {}};
  if (!is_type(vers.type)) return refuse(text, "the type must be lower-case letters, digits, dots and dashes");
  if (vers.type == "invalid") return refuse(text, "the type invalid is reserved for invalid ranges");
  rest.remove_prefix(slash + 1);
  if (rest == "*") return vers;
  if (rest.empty()) return refuse(text, "no constraints");
  if (rest.starts_with('|')) return refuse(text, "leading pipe is not permitted");
  if (rest.ends_with('|')) return refuse(text, "trailing pipe is not permitted");
  if (rest.contains("||")) return refuse(text, "consecutive pipes are not permitted");
  for (const std::string_view piece : split(rest, '|')) {
    TRY_ASSIGN(auto constraint, parse_constraint(piece, vers.type, text));
    vers.constraints.push_back(std::move(constraint));
  }
  return vers;
}

bool reaches_down(Comparator comparator) {
  return comparator == Comparator::kLess || comparator == Comparator::kLessOrEqual;
}
bool reaches_up(Comparator comparator) {
  return comparator == Comparator::kGreater || comparator == Comparator::kGreaterOrEqual;
}
bool includes_bound(Comparator comparator) {
  return comparator == Comparator::kEqual || comparator == Comparator::kLessOrEqual ||
         comparator == Comparator::kGreaterOrEqual;
}

// Clause 5.4: the comparators of neighbours, leaving those out that the rules ignore.
bool alternates(const std::vector<VersConstraint>& constraints) {
  std::optional<Comparator> range;     // the last < <= > >=
  std::optional<Comparator> previous;  // the last that is not !=
  for (const VersConstraint& constraint : constraints) {
    const Comparator comparator = constraint.comparator;
    if (comparator == Comparator::kNotEqual) continue;
    if (previous == Comparator::kEqual && reaches_down(comparator)) return false;
    if (comparator != Comparator::kEqual) {
      if (range && reaches_up(*range) == reaches_up(comparator)) return false;
      range = comparator;
    }
    previous = comparator;
  }
  return true;
}

}  // namespace

std::string_view comparator_text(Comparator comparator) {
  if (comparator == Comparator::kEqual) return "=";
  return std::ranges::find(kComparators, comparator, &ComparatorName::comparator)->text;
}

std::optional<Scheme> scheme_of_vers(std::string_view type) {
  const auto* found = std::ranges::find(kTypes, type, &TypeScheme::type);
  if (found == kTypes.end()) return std::nullopt;
  return found->scheme;
}

Result<Vers> Vers::parse(std::string_view text) {
  TRY_ASSIGN(Vers vers, parse_parts(text));
  if (const auto scheme = scheme_of_vers(vers.type)) {
    for (size_t i = 1; i < vers.constraints.size(); ++i) {
      TRY_CONTEXT(const auto order, compare(*scheme, vers.constraints[i - 1].version, vers.constraints[i].version),
                  printable(text));
      if (order > 0) return refuse(text, "constraints are not sorted by version");
      if (order == 0) return refuse(text, "a version occurs more than once");
    }
  }
  if (!alternates(vers.constraints)) return refuse(text, "a constraint is needless after the one before it");
  return vers;
}

Result<Vers> Vers::parse_unsorted(std::string_view text) {
  TRY_ASSIGN(Vers vers, parse_parts(text));
  TRY(sort_constraints(vers));
  return vers;
}

Result<bool> Vers::contains(std::string_view version) const {
  const auto scheme = scheme_of_vers(type);
  if (!scheme) return fail(no_order(type));
  TRY(compare(*scheme, version, version));  // says what is wrong with it, also when there are no constraints
  // The nearest bounds of intervals below and above the version. One that it equals but that leaves it out lies on the
  // side of the interval.
  std::optional<Comparator> below;
  std::optional<Comparator> above;
  bool only_excludes = true;
  for (const VersConstraint& constraint : constraints) {
    TRY_ASSIGN(const auto order, compare(*scheme, version, constraint.version));
    const Comparator comparator = constraint.comparator;
    if (order == 0 && includes_bound(comparator)) return true;
    if (order == 0 && comparator == Comparator::kNotEqual) return false;
    only_excludes = only_excludes && comparator == Comparator::kNotEqual;
    if (!reaches_up(comparator) && !reaches_down(comparator)) continue;
    if (order > 0 || (order == 0 && reaches_down(comparator))) {
      below = comparator;
    } else if (!above) {
      above = comparator;
    }
  }
  return only_excludes || (below && reaches_up(*below)) || (above && reaches_down(*above));
}

std::string Vers::to_string() const {
  std::string text = fmt::format("vers:{}/", type);
  if (constraints.empty()) return text + "*";
  for (size_t i = 0; i < constraints.size(); ++i) {
    if (i > 0) text += '|';
    if (constraints[i].comparator != Comparator::kEqual) text += comparator_text(constraints[i].comparator);
    for (const char c : constraints[i].version) {
      if (must_be_encoded(c)) {
        fmt::format_to(std::back_inserter(text), "%{:02X}", static_cast<unsigned char>(c));
      } else {
        text += c;
      }
    }
  }
  return text;
}

Status sort_constraints(Vers& vers) {
  const auto scheme = scheme_of_vers(vers.type);
  if (!scheme || vers.constraints.size() < 2) return {};
  // A list's merge sort is stable, and safe with an order that is not transitive (alpm, conan).
  std::list<VersConstraint> sorted(std::move_iterator(vers.constraints.begin()),
                                   std::move_iterator(vers.constraints.end()));
  std::optional<Error> error;
  sorted.sort([&](const VersConstraint& a, const VersConstraint& b) {
    auto order = compare(*scheme, a.version, b.version);
    if (order && *order != 0) return *order < 0;
    if (order) return reaches_down(a.comparator) && !reaches_down(b.comparator);
    if (!error) error = std::move(order).error();
    return false;
  });
  vers.constraints.assign(std::move_iterator(sorted.begin()), std::move_iterator(sorted.end()));
  if (error) return fail(*std::move(error));
  return {};
}

Result<bool> satisfies_vers(std::string_view version, std::string_view range) {
  TRY_ASSIGN(const Vers vers, Vers::parse_unsorted(range));
  return vers.contains(version);
}

}  // namespace bulkhead::version

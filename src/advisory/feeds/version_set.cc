#include "advisory/feeds/version_set.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::advisory::feeds {

using version::Scheme;

bool VersionSet::less(const Cut& a, const Cut& b) const {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.kind != Cut::Kind::kVersion) return false;
  const auto order = version::compare(scheme_, a.version, b.version);
  // Both were checked when they came in.
  if (order && *order != std::strong_ordering::equal) return *order == std::strong_ordering::less;
  return !a.after && b.after;
}

VersionSet VersionSet::between(Scheme scheme, Cut low, Cut high) {
  VersionSet set(scheme);
  if (set.less(low, high)) set.intervals_.push_back({std::move(low), std::move(high)});
  return set;
}

VersionSet VersionSet::all(Scheme scheme) {
  return between(scheme, {.kind = Cut::Kind::kStart}, {.kind = Cut::Kind::kEnd});
}

VersionSet VersionSet::joined(Scheme scheme, std::vector<Interval> intervals) {
  VersionSet set(scheme);
  // By a heap, which stays inside its bounds even where a scheme should contradict itself.
  const auto earlier = [&](const Interval& a, const Interval& b) { return set.less(a.low, b.low); };
  std::ranges::make_heap(intervals, earlier);
  std::ranges::sort_heap(intervals, earlier);
  for (Interval& interval : intervals) {
    if (set.intervals_.empty() || set.less(set.intervals_.back().high, interval.low)) {
      set.intervals_.push_back(std::move(interval));
    } else if (set.less(set.intervals_.back().high, interval.high)) {
      set.intervals_.back().high = std::move(interval.high);
    }
  }
  return set;
}

VersionSet VersionSet::any_of(Scheme scheme, std::span<const VersionSet> sets) {
  std::vector<Interval> intervals;
  for (const VersionSet& set : sets) intervals.insert(intervals.end(), set.intervals_.begin(), set.intervals_.end());
  return joined(scheme, std::move(intervals));
}

VersionSet VersionSet::all_of(Scheme scheme, std::span<const VersionSet> sets) {
  // What none of them lacks.
  std::vector<Interval> lacking;
  for (const VersionSet& set : sets) {
    VersionSet rest = set.complement();
    std::ranges::move(rest.intervals_, std::back_inserter(lacking));
  }
  return joined(scheme, std::move(lacking)).complement();
}

VersionSet VersionSet::of(Scheme scheme, const std::vector<Range>& ranges) {
  std::vector<Interval> intervals;
  for (const Range& range : ranges) {
    const auto valid = [&](const std::string& bound) { return bound.empty() || version::is_valid(scheme, bound); };
    if (!valid(range.introduced) || !valid(range.fixed) || !valid(range.last_affected)) continue;
    Cut low{.kind = Cut::Kind::kStart};
    if (!range.introduced.empty()) {
      low = {.kind = Cut::Kind::kVersion, .after = range.introduced_exclusive, .version = range.introduced};
    }
    VersionSet set = between(scheme, low, {.kind = Cut::Kind::kEnd});
    if (!range.fixed.empty()) {
      set = set.intersect(between(scheme, {.kind = Cut::Kind::kStart},
                                  {.kind = Cut::Kind::kVersion, .after = false, .version = range.fixed}));
    }
    if (!range.last_affected.empty()) {
      set = set.intersect(between(scheme, {.kind = Cut::Kind::kStart},
                                  {.kind = Cut::Kind::kVersion, .after = true, .version = range.last_affected}));
    }
    std::ranges::move(set.intervals_, std::back_inserter(intervals));
  }
  return joined(scheme, std::move(intervals));
}

VersionSet VersionSet::unite(const VersionSet& other) const {
  const VersionSet both[] = {*this, other};
  return any_of(scheme_, both);
}

VersionSet VersionSet::complement() const {
  VersionSet set(scheme_);
  Cut low{.kind = Cut::Kind::kStart};
  for (const Interval& interval : intervals_) {
    if (less(low, interval.low)) set.intervals_.push_back({low, interval.low});
    low = interval.high;
  }
  if (low.kind != Cut::Kind::kEnd) set.intervals_.push_back({low, {.kind = Cut::Kind::kEnd}});
  return set;
}

VersionSet VersionSet::intersect(const VersionSet& other) const {
  const VersionSet both[] = {*this, other};
  return all_of(scheme_, both);
}

bool VersionSet::contains(std::string_view version) const {
  if (!version::is_valid(scheme_, version)) return false;
  const Cut before{.kind = Cut::Kind::kVersion, .after = false, .version = std::string(version)};
  // Only the last interval that begins at or before the version can hold it.
  const auto next = std::ranges::upper_bound(
      intervals_, before, [&](const Cut& a, const Cut& b) { return less(a, b); }, &Interval::low);
  return next != intervals_.begin() && less(before, std::prev(next)->high);
}

std::vector<Range> VersionSet::ranges() const {
  std::vector<Range> ranges;
  for (const Interval& interval : intervals_) {
    Range range;
    range.introduced = interval.low.version;
    range.introduced_exclusive = interval.low.kind == Cut::Kind::kVersion && interval.low.after;
    (interval.high.after ? range.last_affected : range.fixed) = interval.high.version;
    ranges.push_back(std::move(range));
  }
  return ranges;
}

VersionSet VersionSet::up_to(const VersionSet& patched) const {
  VersionSet set = *this;
  for (size_t i = 0; i < set.intervals_.size(); ++i) {
    Cut& high = set.intervals_[i].high;
    if (high.kind != Cut::Kind::kVersion || !high.after) continue;
    const auto next = std::ranges::find_if(patched.intervals_, [&](const Interval& p) {
      return p.low.kind == Cut::Kind::kVersion && !p.low.after && less(high, p.low);
    });
    if (next == patched.intervals_.end()) continue;
    const bool free = i + 1 == set.intervals_.size() || less(next->low, set.intervals_[i + 1].low);
    if (free) high = next->low;
  }
  return set;
}

namespace {

enum class Operator : uint8_t { kNone, kEqual, kNotEqual, kGreater, kGreaterEqual, kLess, kLessEqual, kCaret, kTilde };

struct OperatorText {
  std::string_view text;
  Operator op;
};
// Longer ones first. "=>" and "=<" are how some advisories of old misspell them.
constexpr std::array kOperatorTexts = {
    OperatorText{"~>", Operator::kTilde},     OperatorText{">=", Operator::kGreaterEqual},
    OperatorText{"<=", Operator::kLessEqual}, OperatorText{"=>", Operator::kGreaterEqual},
    OperatorText{"=<", Operator::kLessEqual}, OperatorText{"!=", Operator::kNotEqual},
    OperatorText{"==", Operator::kEqual},     OperatorText{">", Operator::kGreater},
    OperatorText{"<", Operator::kLess},       OperatorText{"=", Operator::kEqual},
    OperatorText{"^", Operator::kCaret},      OperatorText{"~", Operator::kTilde},
};

// "1.2.x" taken apart: how many numbers it fixes, and the text after them when it fixes all three.
struct Partial {
  std::array<uint64_t, 3> numbers{};
  size_t given = 0;
  std::string rest;  // "-beta.1"
  std::string text() const { return fmt::format("{}.{}.{}{}", numbers[0], numbers[1], numbers[2], rest); }
};

}  // namespace

class RequirementParser {
 public:
  using Cut = VersionSet::Cut;

  RequirementParser(Syntax syntax, Scheme scheme, std::string_view requirement)
      : syntax_(syntax), scheme_(scheme), requirement_(requirement) {}

  Result<VersionSet> parse() const {
    if (syntax_ != Syntax::kNpm) return conjunction(requirement_);
    std::vector<VersionSet> alternatives;
    std::string_view rest = requirement_;
    for (;;) {
      const size_t bar = rest.find("||");
      TRY_ASSIGN(const VersionSet alternative, conjunction(rest.substr(0, bar)));
      alternatives.push_back(alternative);
      if (bar == std::string_view::npos) return VersionSet::any_of(scheme_, alternatives);
      rest.remove_prefix(bar + 2);
    }
  }

 private:
  std::unexpected<Error> malformed() const {
    return fail(Code::kMalformed, fmt::format("\"{}\" is no requirement", printable(requirement_.substr(0, 200))));
  }

  static constexpr Cut start() { return {.kind = Cut::Kind::kStart}; }
  static constexpr Cut end() { return {.kind = Cut::Kind::kEnd}; }
  static Cut before(std::string version) {
    return {.kind = Cut::Kind::kVersion, .after = false, .version = std::move(version)};
  }
  static Cut after(std::string version) {
    return {.kind = Cut::Kind::kVersion, .after = true, .version = std::move(version)};
  }
  VersionSet between(Cut low, Cut high) const { return VersionSet::between(scheme_, std::move(low), std::move(high)); }

  bool semantic() const { return syntax_ == Syntax::kNpm || syntax_ == Syntax::kCargo; }

  Result<VersionSet> conjunction(std::string_view text) const {
    std::vector<VersionSet> parts;
    if (syntax_ == Syntax::kNpm) {
      if (const size_t hyphen = text.find(" - "); hyphen != std::string_view::npos) {
        TRY_ASSIGN(const VersionSet low, comparator(Operator::kGreaterEqual, trim(text.substr(0, hyphen))));
        TRY_ASSIGN(const VersionSet high, comparator(Operator::kLessEqual, trim(text.substr(hyphen + 3))));
        return low.intersect(high);
      }
    }
    std::string_view rest = trim(text);
    if (rest.empty() && syntax_ != Syntax::kNpm) return malformed();
    while (!rest.empty()) {
      Operator op = Operator::kNone;
      for (const OperatorText& known : kOperatorTexts) {
        if (rest.starts_with(known.text)) {
          op = known.op;
          rest = trim(rest.substr(known.text.size()));
          break;
        }
      }
      const size_t length = std::min(rest.find_first_of(", \t\n"), rest.size());
      TRY_ASSIGN(const VersionSet part, comparator(op, rest.substr(0, length)));
      parts.push_back(part);
      rest = trim(rest.substr(length));
      if (rest.starts_with(',')) {
        rest = trim(rest.substr(1));
        if (rest.empty()) return malformed();
      } else if (!rest.empty() && syntax_ == Syntax::kGem) {
        return malformed();
      }
    }
    return VersionSet::all_of(scheme_, parts);
  }

  Result<VersionSet> comparator(Operator op, std::string_view version) const {
    if (semantic()) return semantic_comparator(op, version);
    if (version.empty() || !version::is_valid(scheme_, version) || op == Operator::kCaret) return malformed();
    if (op == Operator::kTilde) return pessimistic(version);
    return plain(op, std::string(version));
  }

  Result<VersionSet> plain(Operator op, std::string version) const {
    switch (op) {
      case Operator::kNone:
      case Operator::kEqual:
        return between(before(version), after(version));
      case Operator::kNotEqual:
        return between(before(version), after(version)).complement();
      case Operator::kGreater:
        return between(after(std::move(version)), end());
      case Operator::kGreaterEqual:
        return between(before(std::move(version)), end());
      case Operator::kLess:
        return between(start(), before(std::move(version)));
      case Operator::kLessEqual:
        return between(start(), after(std::move(version)));
      case Operator::kCaret:
      case Operator::kTilde:
        break;
    }
    return malformed();
  }

  // RubyGems: "~> 1.2.3" is at least 1.2.3 and below 1.3, its pre-releases included; "~> 1" below 2.
  Result<VersionSet> pessimistic(std::string_view version) const {
    if (syntax_ != Syntax::kGem) return malformed();
    std::vector<std::string> numbers;
    for (const std::string_view part : split(version, '.')) {
      if (!parse_decimal(part)) break;  // the bump is of the release, without a pre-release's letters
      numbers.emplace_back(part);
    }
    if (numbers.size() > 1) numbers.pop_back();
    const auto last = numbers.empty() ? std::nullopt : parse_decimal(numbers.back());
    if (!last || *last > 1'000'000'000'000) return malformed();
    numbers.back() = std::to_string(*last + 1);
    // The lowest pre-release of that version, as RubyGems itself writes it.
    return between(before(std::string(version)), before(fmt::format("{}.a", fmt::join(numbers, "."))));
  }

  std::optional<Partial> partial(std::string_view text) const {
    Partial partial;
    if (text.starts_with('v')) text.remove_prefix(1);
    if (const size_t plus = text.find('+'); plus != std::string_view::npos) text = text.substr(0, plus);
    if (text.empty()) return partial;
    for (size_t i = 0; i < 3; ++i) {
      const size_t end = std::min(text.find_first_of(".-"), text.size());
      const std::string_view number = text.substr(0, end);
      if (number == "x" || number == "X" || number == "*") return partial;  // what follows an x does not count
      const auto value = parse_decimal(number);
      if (!value || *value > 9'007'199'254'740'991) return std::nullopt;  // node-semver's largest number
      partial.numbers.at(i) = *value;
      partial.given = i + 1;
      text.remove_prefix(end);
      if (text.starts_with('-')) {
        partial.rest = text;
        partial.given = 3;
        return version::is_valid(scheme_, partial.text()) ? std::optional(partial) : std::nullopt;
      }
      if (text.empty()) return partial;
      text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
    }
    return std::nullopt;
  }

  // The lowest pre-release of the version that raises number `index` by one: "1.3.0-0" for (1.2.3, 1).
  static std::string next(const Partial& partial, size_t index) {
    Partial up;
    for (size_t i = 0; i <= index; ++i) up.numbers.at(i) = partial.numbers.at(i);
    ++up.numbers.at(index);
    return up.text() + "-0";
  }

  Result<VersionSet> semantic_comparator(Operator op, std::string_view text) const {
    const auto version = partial(text);
    if (!version) return malformed();
    if (op == Operator::kNone && syntax_ == Syntax::kCargo && version->given == 3) op = Operator::kCaret;
    if (version->given == 0) {  // "*": everything, and for > and < nothing
      const bool nothing = op == Operator::kGreater || op == Operator::kLess || op == Operator::kNotEqual;
      return nothing ? VersionSet::none(scheme_) : VersionSet::all(scheme_);
    }
    const bool whole = version->given == 3;
    // What an x leaves open begins with the lowest pre-release.
    const std::string low = whole ? version->text() : version->text() + "-0";
    if (op == Operator::kCaret) {
      size_t index = 0;
      while (index + 1 < version->given && version->numbers.at(index) == 0) ++index;
      return between(before(low), before(next(*version, index)));
    }
    if (op == Operator::kTilde) {
      return between(before(low), before(next(*version, version->given == 1 ? 0 : 1)));
    }
    if (whole) return plain(op, low);
    const std::string above = next(*version, version->given - 1);
    switch (op) {
      case Operator::kGreater:
        return between(before(above), end());
      case Operator::kGreaterEqual:
        return between(before(low), end());
      case Operator::kLess:
        return between(start(), before(low));
      case Operator::kLessEqual:
        return between(start(), before(above));
      case Operator::kNotEqual:
        return between(before(low), before(above)).complement();
      default:
        return between(before(low), before(above));
    }
  }

  const Syntax syntax_;
  const Scheme scheme_;
  const std::string_view requirement_;
};

Result<VersionSet> VersionSet::parse(Syntax syntax, Scheme scheme, std::string_view requirement) {
  if (requirement.size() > kMaxRequirementBytes) {
    return fail(Code::kLimitExceeded,
                fmt::format("a requirement of {} bytes is larger than {}", requirement.size(), kMaxRequirementBytes));
  }
  return RequirementParser(syntax, scheme, requirement).parse();
}

}  // namespace bulkhead::advisory::feeds

#include "version/gem.h"

#include <algorithm>

#include "version/digits.h"
#include "version/operators.h"

namespace bulkhead::version {
namespace {

bool is_dashed_char(char c) {
  return is_alnum(c) || c == '-';
}

bool is_zero_number(std::string_view segment) {
  return is_digit(segment.front()) && is_zero(segment);
}

// digits{.alnum}[-dashed{.dashed}], as VERSION_PATTERN.
bool follows_pattern(std::string_view text) {
  if (take_digits(text).empty()) return false;
  while (take_char(text, '.')) {
    if (take_while(text, is_alnum).empty()) return false;
  }
  if (take_char(text, '-')) {
    do {
      if (take_while(text, is_dashed_char).empty()) return false;
    } while (take_char(text, '.'));
  }
  return text.empty();
}

// The segments that count: without the zeros before the first word and at the end.
struct Canonical {
  explicit Canonical(const GemVersion& version) : segments(version.segments.items()) {
    end = segments.size();
    first_word = numbers_end = version.first_word;
    while (end > first_word && is_zero_number(segments[end - 1])) --end;
    while (numbers_end > 0 && is_zero_number(segments[numbers_end - 1])) --numbers_end;
  }

  size_t size() const { return numbers_end + (end - first_word); }
  std::string_view operator[](size_t index) const {
    return segments[index < numbers_end ? index : first_word + (index - numbers_end)];
  }

  std::span<const std::string_view> segments;
  size_t numbers_end;
  size_t first_word;
  size_t end;
};

// How a version that goes on with `rest` from `index` compares with one that ends there.
std::strong_ordering compare_with_end(const Canonical& rest, size_t index) {
  for (; index < rest.size(); ++index) {
    if (!is_digit(rest[index].front())) return std::strong_ordering::less;
    if (!is_zero(rest[index])) return std::strong_ordering::greater;
  }
  return std::strong_ordering::equal;
}

bool holds(const GemVersion& version, Operator op, const GemVersion& bound) {
  const auto by_order = order(version, bound);
  if (op != Operator::kPessimistic) return holds(by_order, op);
  return by_order >= 0 && order(version.release(), *GemVersion::parse(gem_bump(bound))) < 0;
}

}  // namespace

std::optional<GemVersion> GemVersion::parse(std::string_view text) {
  text = trim(text);
  if (text.empty()) text = "0";
  if (!follows_pattern(text)) return std::nullopt;
  GemVersion version;
  bool has_word = false;
  const auto add_word = [&](std::string_view word) {
    if (!has_word) version.first_word = version.segments.size();
    has_word = true;
    version.segments.push_back(word);
  };
  while (!text.empty()) {
    if (is_digit(text.front())) {
      version.segments.push_back(take_digits(text));
    } else if (is_alpha(text.front())) {
      add_word(take_while(text, is_alpha));
    } else {
      if (text.front() == '-') add_word("pre");
      text.remove_prefix(1);
    }
  }
  if (!has_word) version.first_word = version.segments.size();
  return version;
}

GemVersion GemVersion::release() const {
  GemVersion version;
  for (size_t i = 0; i < first_word; ++i) version.segments.push_back(segments[i]);
  version.first_word = first_word;
  return version;
}

std::strong_ordering order(const GemVersion& a, const GemVersion& b) {
  const Canonical left(a);
  const Canonical right(b);
  const size_t common = std::min(left.size(), right.size());
  for (size_t i = 0; i < common; ++i) {
    const bool numeric = is_digit(left[i].front());
    if (numeric != is_digit(right[i].front())) {
      return numeric ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    const auto by_segment = numeric ? compare_digits(left[i], right[i]) : left[i] <=> right[i];
    if (by_segment != 0) return by_segment;
  }
  if (left.size() > common) return compare_with_end(left, common);
  return 0 <=> compare_with_end(right, common);
}

std::string gem_bump(const GemVersion& bound) {
  const size_t count = bound.first_word > 1 ? bound.first_word - 1 : bound.first_word;
  std::string bumped;
  for (size_t i = 0; i + 1 < count; ++i) {
    bumped += bound.segments[i];
    bumped += '.';
  }
  return bumped + increment(bound.segments[count - 1]);
}

Membership gem_satisfies(std::string_view version, std::string_view range, const RangeOptions&) {
  const std::optional<GemVersion> candidate = GemVersion::parse(version);
  if (!candidate) return Membership::kBadVersion;
  bool inside = true;
  do {
    // Gem::Requirement takes a list; between commas we also take white space, as advisories write it.
    std::string_view requirements = trim(range.substr(0, range.find(',')));
    if (requirements.empty()) return Membership::kBadRange;
    for (; !requirements.empty(); skip_spaces(requirements)) {
      const std::optional<Operator> op = take_operator(requirements);
      skip_spaces(requirements);
      const std::string_view text = take_while(requirements, [](char c) { return !is_space(c); });
      const std::optional<GemVersion> bound = GemVersion::parse(text);
      if (!op || text.empty() || !bound || *op > Operator::kPessimistic) return Membership::kBadRange;
      inside = inside && holds(*candidate, *op, *bound);
    }
    take_while(range, [](char c) { return c != ','; });
  } while (take_char(range, ','));
  return membership(inside);
}

}  // namespace bulkhead::version

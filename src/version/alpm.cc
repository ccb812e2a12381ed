#include "version/alpm.h"

#include "version/digits.h"
#include "version/rpm.h"

namespace bulkhead::version {
namespace {

size_t skip_separators(std::string_view& rest) {
  return take_while(rest, [](char c) { return !is_alnum(c); }).size();
}

// As rpmvercmp of old, but a longer separator is newer, and letters left over at the end are older.
std::strong_ordering compare_part(std::string_view a, std::string_view b) {
  if (a == b) return std::strong_ordering::equal;
  while (!a.empty() && !b.empty()) {
    const size_t left_separators = skip_separators(a);
    const size_t right_separators = skip_separators(b);
    if (a.empty() || b.empty()) break;
    if (left_separators != right_separators) return left_separators <=> right_separators;
    const bool numeric = is_digit(a.front());
    if (numeric != is_digit(b.front())) return numeric ? std::strong_ordering::greater : std::strong_ordering::less;
    const auto by_segment =
        numeric ? compare_digits(take_digits(a), take_digits(b)) : take_while(a, is_alpha) <=> take_while(b, is_alpha);
    if (by_segment != 0) return by_segment;
  }
  if (a.empty() && b.empty()) return std::strong_ordering::equal;
  const bool left_is_older = a.empty() ? !is_alpha(b.front()) : is_alpha(a.front());
  return left_is_older ? std::strong_ordering::less : std::strong_ordering::greater;
}

}  // namespace

std::optional<AlpmVersion> AlpmVersion::parse(std::string_view text) {
  const std::optional<RpmVersion> parts = RpmVersion::parse(text);  // the same syntax
  if (!parts) return std::nullopt;
  return AlpmVersion{.epoch = parts->epoch, .version = parts->version, .release = parts->release};
}

std::strong_ordering order(const AlpmVersion& a, const AlpmVersion& b) {
  if (const auto by_epoch = compare_digits(a.epoch, b.epoch); by_epoch != 0) return by_epoch;
  if (const auto by_version = compare_part(a.version, b.version); by_version != 0) return by_version;
  if (!a.release || !b.release) return std::strong_ordering::equal;
  return compare_part(*a.release, *b.release);
}

}  // namespace bulkhead::version

#include "version/deb.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

// Where a character stands outside digit runs: ~ before the end, the end before letters, letters before the rest.
int weight(std::string_view text, size_t at) {
  if (at >= text.size() || is_digit(text[at])) return 0;
  const char c = text[at];
  if (c == '~') return -1;
  return is_alpha(c) ? c : c + 256;
}

// dpkg's order of one part: alternately a run of other characters by weight, then a run of digits by value.
std::strong_ordering compare_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    size_t at = 0;
    while ((at < a.size() && !is_digit(a[at])) || (at < b.size() && !is_digit(b[at]))) {
      const auto by_weight = weight(a, at) <=> weight(b, at);
      if (by_weight != 0) return by_weight;
      ++at;
    }
    a.remove_prefix(at);  // equal weights so far: both have at least `at` characters
    b.remove_prefix(at);
    const auto by_value = compare_digits(take_digits(a), take_digits(b));
    if (by_value != 0) return by_value;
  }
  return std::strong_ordering::equal;
}

// What each character may be part of. Every comparison checks both versions: a look-up is faster than the ranges.
enum : uint8_t { kRevision = 1, kUpstream = 2 };
constexpr auto kParts = [] {
  std::array<uint8_t, 256> parts{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~_")) {
    parts[static_cast<unsigned char>(c)] = kRevision | kUpstream;
  }
  for (const char c : std::string_view("-:")) parts[static_cast<unsigned char>(c)] = kUpstream;
  return parts;
}();

bool consists_of(std::string_view text, uint8_t part) {
  return std::ranges::all_of(text, [part](char c) { return (kParts[static_cast<unsigned char>(c)] & part) != 0; });
}

}  // namespace

std::optional<DebVersion> DebVersion::parse(std::string_view text) {
  DebVersion version;
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    version.epoch = text.substr(0, colon);
    if (!is_number(version.epoch) || compare_digits(version.epoch, "2147483647") > 0) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  if (const size_t dash = text.rfind('-'); dash != std::string_view::npos) {
    version.revision = text.substr(dash + 1);
    if (version.revision.empty() || !consists_of(version.revision, kRevision)) return std::nullopt;
    text = text.substr(0, dash);
  }
  version.upstream = text;
  if (text.empty() || !is_digit(text.front()) || !consists_of(text, kUpstream)) return std::nullopt;
  return version;
}

std::strong_ordering order(const DebVersion& a, const DebVersion& b) {
  if (const auto by_epoch = compare_digits(a.epoch, b.epoch); by_epoch != 0) return by_epoch;
  if (const auto by_upstream = compare_part(a.upstream, b.upstream); by_upstream != 0) return by_upstream;
  return compare_part(a.revision, b.revision);
}

}  // namespace bulkhead::version

#include "audit/checks/release_version.h"

#include <algorithm>

#include "base/text.h"
#include "version/scheme.h"

namespace bulkhead::audit {
namespace {

// The last releases that Docker itself marked so; today it is the mark of a distribution.
constexpr std::string_view kCommunityMark = "-ce";
constexpr std::string_view kFirstWithoutMark = "18.09.0";

size_t digits_at(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

// How long "20.10.24" is at the beginning of text; 0: there are no two numbers.
size_t numbers_length(std::string_view text) {
  size_t end = digits_at(text, 0);
  size_t numbers = end > 0 ? 1 : 0;
  while (numbers > 0 && end < text.size() && text[end] == '.') {
    const size_t digits = digits_at(text, end + 1);
    if (digits == 0) break;
    end += 1 + digits;
    ++numbers;
  }
  return numbers >= 2 ? end : 0;
}

// How long "-rc.1", "-beta2" is at the beginning of text.
size_t prerelease_length(std::string_view text) {
  for (const std::string_view word : {"-rc", "-beta", "-alpha"}) {
    if (!text.starts_with(word)) continue;
    size_t end = word.size();
    if (end < text.size() && text[end] == '.') ++end;
    const size_t digits = digits_at(text, end);
    return digits > 0 ? end + digits : 0;
  }
  return 0;
}

// A dot between the letters and the digits of a pre-release, so that the digits are ordered as a number.
std::string with_separated_prerelease(std::string_view version) {
  std::string text(version);
  const size_t hyphen = text.find('-');
  for (size_t i = hyphen; i != std::string::npos && i + 1 < text.size(); ++i) {
    if (is_alpha(text[i]) && is_digit(text[i + 1])) text.insert(i + 1, 1, '.');
  }
  return text;
}

std::optional<ReleaseVersion> parse(std::string_view word) {
  if (word.starts_with('v')) word.remove_prefix(1);
  size_t length = numbers_length(word);
  if (length == 0) return std::nullopt;
  length += prerelease_length(word.substr(length));
  std::string_view rest = word.substr(length);
  ReleaseVersion version{.number = with_separated_prerelease(word.substr(0, length)), .plain = true};
  if (rest == kCommunityMark && version_before(version.number, kFirstWithoutMark)) rest = {};
  version.plain = rest.empty();
  return version;
}

}  // namespace

std::optional<ReleaseVersion> release_version(std::string_view text) {
  std::string_view line;
  next_line(text, line);
  for (const std::string_view word : split(line, ' ')) {
    if (const auto version = parse(word)) return version;
  }
  return std::nullopt;
}

bool version_before(std::string_view a, std::string_view b) {
  const auto order =
      version::compare(version::Scheme::kSemver, with_separated_prerelease(a), with_separated_prerelease(b));
  return order && *order == std::strong_ordering::less;
}

bool lies_in(std::string_view number, std::string_view ranges) {
  const auto all = split(ranges, ' ');
  return std::ranges::any_of(all, [&](std::string_view range) {
    const size_t dots = range.find("..");
    const std::string_view introduced = range.substr(0, dots);
    const std::string_view fixed = range.substr(dots + 2);
    if (!introduced.empty() && version_before(number, introduced)) return false;
    return fixed.empty() || version_before(number, fixed);
  });
}

}  // namespace bulkhead::audit

#include "version/rpm.h"

#include <algorithm>
#include <array>

#include "version/digits.h"

namespace bulkhead::version {
namespace {

// Sorted for binary search.
constexpr std::array<std::string_view, 52> kArchitectures = {
    "aarch64",  "alpha",    "amd64",      "armv3l",   "armv4b",  "armv4l",      "armv5tejl", "armv5tel", "armv5tl",
    "armv6hl",  "armv6l",   "armv7hl",    "armv7hnl", "armv7l",  "armv8hl",     "athlon",    "geode",    "i386",
    "i486",     "i586",     "i686",       "ia32e",    "ia64",    "loongarch64", "m68k",      "mips",     "mips64",
    "mips64el", "mips64r6", "mips64r6el", "mipsel",   "mipsr6",  "mipsr6el",    "noarch",    "nosrc",    "ppc",
    "ppc64",    "ppc64le",  "ppc64p7",    "riscv",    "riscv32", "riscv64",     "s390",      "s390x",    "sh4",
    "sparc",    "sparc64",  "sparcv9",    "src",      "x86_64",  "x86_64_v2",   "x86_64_v3"};
static_assert(std::ranges::is_sorted(kArchitectures));

bool is_part_char(char c) {
  return is_alnum(c) || c == '~' || c == '^';
}

void skip_separators(std::string_view& rest) {
  take_while(rest, [](char c) { return !is_part_char(c); });
}

bool starts_with(std::string_view text, char c) {
  return !text.empty() && text.front() == c;
}

}  // namespace

std::strong_ordering rpmvercmp(std::string_view a, std::string_view b) {
  if (a == b) return std::strong_ordering::equal;
  while (!a.empty() || !b.empty()) {
    skip_separators(a);
    skip_separators(b);
    // A tilde sorts before everything, even the end.
    if (starts_with(a, '~') || starts_with(b, '~')) {
      if (!take_char(a, '~')) return std::strong_ordering::greater;
      if (!take_char(b, '~')) return std::strong_ordering::less;
      continue;
    }
    // A caret sorts after the end, before everything else.
    if (starts_with(a, '^') || starts_with(b, '^')) {
      if (a.empty()) return std::strong_ordering::less;
      if (b.empty()) return std::strong_ordering::greater;
      if (!take_char(a, '^')) return std::strong_ordering::greater;
      if (!take_char(b, '^')) return std::strong_ordering::less;
      continue;
    }
    if (a.empty() || b.empty()) break;
    const bool numeric = is_digit(a.front());
    if (numeric != is_digit(b.front())) {  // numbers are newer than letters
      return numeric ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    const auto by_segment =
        numeric ? compare_digits(take_digits(a), take_digits(b)) : take_while(a, is_alpha) <=> take_while(b, is_alpha);
    if (by_segment != 0) return by_segment;
  }
  return !a.empty() <=> !b.empty();  // whichever has something left is newer
}

std::optional<RpmVersion> RpmVersion::parse(std::string_view text) {
  if (text.empty()) return std::nullopt;
  RpmVersion version;
  std::string_view rest = text;
  const std::string_view digits = take_digits(rest);
  if (take_char(rest, ':')) {
    version.epoch = digits;
    text = rest;
  }
  if (const size_t dash = text.rfind('-'); dash != std::string_view::npos) {
    version.release = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  version.version = text;
  return version;
}

std::strong_ordering order(const RpmVersion& a, const RpmVersion& b) {
  if (const auto by_epoch = compare_digits(a.epoch, b.epoch); by_epoch != 0) return by_epoch;
  if (const auto by_version = rpmvercmp(a.version, b.version); by_version != 0) return by_version;
  if (a.release && b.release) return rpmvercmp(*a.release, *b.release);
  return a.release.has_value() <=> b.release.has_value();
}

std::optional<Nevra> Nevra::parse(std::string_view text) {
  Nevra nevra;
  if (text.ends_with(".rpm")) text.remove_suffix(4);
  if (const size_t dot = text.rfind('.'); dot != std::string_view::npos && is_rpm_architecture(text.substr(dot + 1))) {
    nevra.architecture = text.substr(dot + 1);
    text = text.substr(0, dot);
  }
  const size_t before_release = text.rfind('-');
  if (before_release == std::string_view::npos || before_release == 0) return std::nullopt;
  const size_t before_version = text.rfind('-', before_release - 1);
  if (before_version != std::string_view::npos) {
    nevra.name = text.substr(0, before_version);
    text.remove_prefix(before_version + 1);
    if (nevra.name.empty()) return std::nullopt;
  }
  const std::optional<RpmVersion> version = RpmVersion::parse(text);
  if (!version || version->version.empty() || !version->release || version->release->empty()) return std::nullopt;
  nevra.version = *version;
  return nevra;
}

std::strong_ordering order(const Nevra& a, const Nevra& b) {
  if (const auto by_name = a.name <=> b.name; by_name != 0) return by_name;
  if (const auto by_version = order(a.version, b.version); by_version != 0) return by_version;
  return a.architecture <=> b.architecture;
}

bool is_rpm_architecture(std::string_view word) {
  return std::ranges::binary_search(kArchitectures, word);
}

}  // namespace bulkhead::version

// RPM versions. Source: rpm-version(7), and rpm's own rpmvercmp, EVR parsing and comparison (4.18 and later).
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace bulkhead::version {

// rpm's order of one part (a version or a release). Any text has a place in it: characters other than ASCII letters,
// digits, ~ and ^ only separate.
std::strong_ordering rpmvercmp(std::string_view a, std::string_view b);

// One part alone, for the scheme table.
struct RpmPart {
  std::string_view text;
  static std::optional<RpmPart> parse(std::string_view text) { return RpmPart{text}; }
};
inline std::strong_ordering order(const RpmPart& a, const RpmPart& b) {
  return rpmvercmp(a.text, b.text);
}

// [epoch:]version[-release]; views into the parsed text.
struct RpmVersion {
  std::string_view epoch;  // digits; empty counts as 0
  std::string_view version;
  std::optional<std::string_view> release;  // a version without one sorts before the same version with any

  // Nothing for empty text. Text before a colon that is not all digits belongs to the version, as in rpm.
  static std::optional<RpmVersion> parse(std::string_view text);
};
std::strong_ordering order(const RpmVersion& a, const RpmVersion& b);

// [name-][epoch:]version-release[.arch], also with the ending .rpm of a file name ("bash-5.1-2.el9.src.rpm").
struct Nevra {
  std::string_view name;  // empty when absent
  RpmVersion version;
  std::string_view architecture;  // empty when the last word is no known architecture

  // Nothing unless there are a version and a release.
  static std::optional<Nevra> parse(std::string_view text);
};
// By name, version, then architecture; absent sorts first.
std::strong_ordering order(const Nevra& a, const Nevra& b);

// Whether rpm knows `word` as an architecture, or as src, nosrc or noarch.
bool is_rpm_architecture(std::string_view word);

}  // namespace bulkhead::version

// Version order of every packaging world that we match: one function over a scheme, as each world's own tool orders.
//
// All functions are pure, thread-safe, and allocate nothing on the common path. Input is untrusted: any bytes are
// accepted; text that the scheme does not define, or that is longer than kMaxVersionBytes, is kInvalidArgument, never a
// crash and never more than quadratic work in those bytes. Digit runs of any length are ordered by value.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::version {

inline constexpr size_t kMaxVersionBytes = 4096;
inline constexpr size_t kMaxRangeBytes = 65536;

// Stored databases hold scheme_name(), never these numbers.
enum class Scheme : uint8_t {
  kDeb,        // deb-version(7): [epoch:]upstream[-revision]
  kRpm,        // rpm: [epoch:]version[-release], each part by rpmvercmp, including ~ and ^
  kRpmvercmp,  // one part alone; may be empty
  kRpmNevra,   // [name-][epoch:]version-release[.arch], by name first (rpm.h takes one apart)
  kApk,        // apk-tools 3, and the versions of released Alpines that only apk-tools 2 accepts (3.3.3p1-r3)
  kSemver,     // semver.org 2.0.0, lenient about a leading v, missing and additional numbers
  kNpm,        // node-semver in its strict mode
  kPep440,     // PyPA version specifiers, "Version scheme"; legacy versions are invalid, as in packaging 22 and later
  kMaven,      // org.apache.maven ComparableVersion of Maven 4
  kGem,        // Gem::Version
  kNuget,      // NuGetVersion: up to four numbers, case-insensitive
  kGo,         // golang.org/x/mod/semver, with or without the v
  kComposer,   // composer/semver VersionParser and PHP's version_compare
  kAlpm,       // pacman's vercmp
  kGentoo,     // Package Manager Specification, "Version comparison"
  kConan,      // Conan 2
  kCran,       // R package_version
  kHackage,    // Haskell Cabal
  kPub,        // Dart pub_semver: as semver, but build metadata counts
  kOpenssl,    // OpenSSL before and after 3.0 (1.0.2zh, 3.0.1)
  kDatetime,   // RFC 3339 date and time
  kLexicographic,  // any text, as bytes
  kGeneric,        // the plain fallback: numbers, then an optional pre-release
};

// The names of the command line and of stored databases: "deb", "rpm", …
std::optional<Scheme> scheme_of(std::string_view name);
std::string_view scheme_name(Scheme scheme);
std::span<const Scheme> all_schemes();

// How a compares with b. kInvalidArgument names the side that is no version of the scheme, or says that the two have no
// order (two branches of Composer).
Result<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b);

bool is_valid(Scheme scheme, std::string_view text);

struct RangeOptions {
  // npm, semver: a pre-release may lie in a range that names none of the same numbers.
  bool include_prerelease = false;
  // semver: a number missing from a bound is zero ("=2.0" is 2.0.0); otherwise it stands for any number.
  bool zero_padding = false;
};

// Whether `version` lies in `range`, written in the scheme's own range language: npm ">=1.2 <2 || ^3", PEP 440
// ">=1,<2", RubyGems "~> 1.2", composer "^1.2|^2", semver and generic constraint lists. kInvalidArgument when either is
// malformed, kUnsupported when the scheme has no range language.
Result<bool> satisfies(Scheme scheme, std::string_view version, std::string_view range,
                       const RangeOptions& options = {});

// One line of answer, `<`, `=`, `>` or `invalid`, for each line `A<TAB>B` of input (LF or CR LF). A line without a tab,
// or with more than one, is invalid.
std::string answer_lines(Scheme scheme, std::string_view input);

}  // namespace bulkhead::version

// Version order of every packaging world that we match: one function over a scheme, as each world's own tool orders.
//
// Pure, thread-safe, allocation-free on the common path. Input is untrusted: any bytes are accepted; text that the
// scheme does not define is kInvalidArgument (`compare`), never a crash and never unbounded work (versions longer than
// kMaxVersionBytes are invalid).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace bulkhead::version {

inline constexpr size_t kMaxVersionBytes = 4096;

enum class Scheme : uint8_t {
  kDeb,        // deb-version(7): [epoch:]upstream[-revision]
  kRpm,        // rpm: [epoch:]version[-release], each part by rpmvercmp, including ~ and ^
  kRpmvercmp,  // one part alone
  kApk,        // apk-tools
  kSemver,     // semver.org 2.0.0, lenient about missing parts
  kNpm,        // node-semver
  kPep440,     // PyPA version specifiers
  kMaven,      // org.apache.maven ComparableVersion
  kGem,        // Gem::Version
  kNuget,      // NuGet: four parts, case-insensitive
  kGo,         // golang.org/x/mod/semver, with or without the v
  kComposer,   // composer/semver
  kAlpm,
  kGentoo,
  kConan,
  kCran,
  kHackage,
  kPub,
  kOpenssl,
  kDatetime,
  kGeneric,  // the plain fallback
};

// The names of the command line and of stored databases: "deb", "rpm", … as the folder names of the vector corpus.
std::optional<Scheme> scheme_of(std::string_view name);
std::string_view scheme_name(Scheme scheme);

// How a compares with b. kInvalidArgument names the side that is no version of the scheme.
Result<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b);

bool is_valid(Scheme scheme, std::string_view text);

// Whether `version` lies in `range`, written in the scheme's own range language: npm ">=1.2 <2 || ^3", PEP 440
// ">=1,<2", RubyGems "~> 1.2", composer "^1.2|^2", semver and generic "constraint" lists. kInvalidArgument when either
// is malformed.
Result<bool> satisfies(Scheme scheme, std::string_view version, std::string_view range);

}  // namespace bulkhead::version

// Python versions and specifiers. Source: PyPA specification "Version specifiers" (PEP 440), and packaging 22 and
// later.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "version/scheme.h"

namespace bulkhead::version {

// [epoch!]release[pre][post][dev][+local]; views into the parsed text.
struct Pep440Version {
  enum class Pre : uint8_t { kAlpha, kBeta, kCandidate };

  std::string_view epoch;    // digits; empty counts as 0
  std::string_view release;  // digits{.digits}
  std::optional<Pre> pre;
  std::string_view pre_number;  // digits; empty counts as 0, as in the two below
  bool has_post = false;
  std::string_view post_number;
  bool has_dev = false;
  std::string_view dev_number;
  std::string_view local;  // alphanumeric words joined by . _ or -; empty when there is none

  // White space around is cut off, letters are taken in either case, every alternative spelling of the specification is
  // read. Nothing for legacy versions.
  static std::optional<Pep440Version> parse(std::string_view text);

  bool is_prerelease() const { return pre.has_value() || has_dev; }
};

std::strong_ordering order(const Pep440Version& a, const Pep440Version& b);

// A specifier set: clauses joined by commas, all of which must hold (pre-releases are ordinary versions here). Beyond
// the specification: alternatives joined by ||, = for ==, a bare version for ==, * for any version, and a prefix with a
// post-release.
Membership pep440_satisfies(std::string_view version, std::string_view range, const RangeOptions& options);

}  // namespace bulkhead::version

// Version range specifiers: "vers:npm/>=1.0.0|<2.0.0". Source: package-url/vers-spec, Clause 5 (specification) and "How
// to parse and validate VERS", with its test suite.
//
// Pure and thread-safe. Input is untrusted: text longer than kMaxRangeBytes and versions longer than kMaxVersionBytes
// are kInvalidArgument.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "version/compare.h"

namespace bulkhead::version {

struct VersConstraint {
  enum class Comparator : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

  Comparator comparator = Comparator::kEqual;
  std::string version;  // percent-decoded
};

// "=", "!=", "<", … ; a range is written without the "=".
std::string_view comparator_text(VersConstraint::Comparator comparator);

struct Vers {
  std::string type;                         // "npm"
  std::vector<VersConstraint> constraints;  // by version; none at all for *, which every version fulfils

  // Canonical text only: lower-case type, no white space, each version once, in order, comparators that alternate,
  // percent signs only where they must be. kInvalidArgument says which rule was broken. Versions of a type that
  // scheme_of_vers() does not know cannot be put in order, and are taken as they stand.
  static Result<Vers> parse(std::string_view text);

  // As found in the wild: in any order and with needless constraints; puts them in order and keeps them all.
  static Result<Vers> parse_unsorted(std::string_view text);

  // kInvalidArgument when `version` or one of the constraints is no version of the type, kUnsupported when the type has
  // no order that we know.
  Result<bool> contains(std::string_view version) const;

  std::string to_string() const;
};

// Puts the constraints in order; of one version what ends there first, else as they stood. A type without an order
// stays as it is; kInvalidArgument when two have no order.
Status sort_constraints(Vers& vers);

// How the versions of a VERS type are ordered; nothing for types unknown to us and for the reserved "example" and
// "test".
std::optional<Scheme> scheme_of_vers(std::string_view type);

// Whether `version` lies in `range`, which need not be in canonical order.
Result<bool> satisfies_vers(std::string_view version, std::string_view range);

// The VERS of a range in the native language of `type`: npm, conan, pypi, gem, nuget, nginx or openssl; kUnsupported
// for others. What VERS cannot say is lost as in the specification's own test suite: npm's `<=1.0` becomes <=1.0.0, and
// alternatives that overlap stay side by side. Decide containment in a native range with satisfies() where there is
// one.
Result<Vers> vers_from_native(std::string_view type, std::string_view range);

}  // namespace bulkhead::version

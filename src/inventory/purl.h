// Package URLs: pkg:type/namespace/name@version?qualifiers#subpath.
// Source: package-url/purl-spec (ECMA-427) and its type definitions (data/purl-types.tsv).
//
// All functions are pure and thread-safe; the input is untrusted. Work is linear in the input; longer than
// kMaxPurlBytes is kInvalidArgument, as is everything that is no package URL, with the reason.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "inventory/package.h"

namespace bulkhead::inventory {

inline constexpr size_t kMaxPurlBytes = 16'384;

// Components are decoded: without percent escapes.
struct PackageUrl {
  std::string type;        // lower case
  std::string name_space;  // segments joined by '/'; empty when there is none
  std::string name;
  std::string version;                                          // empty when there is none
  std::vector<std::pair<std::string, std::string>> qualifiers;  // sorted by key; no empty values
  std::string subpath;                                          // segments joined by '/'; empty when there is none

  std::string_view qualifier(std::string_view key) const;  // "" when there is none
  friend bool operator==(const PackageUrl&, const PackageUrl&) = default;
};

enum class PurlCheck : uint8_t {
  kTypeRules,  // also what the type's definition demands: namespace required or prohibited, qualifiers, permitted
               // characters
  kSyntax,  // only what makes it a package URL at all; upper-case qualifier keys are accepted. For documents of others
};

// Parses and normalises: the type's letter case and character rules are applied under both checks; an unknown type has
// none.
Result<PackageUrl> parse_purl(std::string_view text, PurlCheck check = PurlCheck::kTypeRules);

// The canonical text of the components, which are normalised first and need be neither sorted nor lower case.
Result<std::string> build_purl(PackageUrl purl, PurlCheck check = PurlCheck::kTypeRules);

// The package URL of an installed package, with the qualifiers that common tools agree on: arch, distro ("debian-12"),
// epoch (rpm), upstream (the source package where it has another name or version: "glibc", "gcc-12@12.2.0-14",
// "bash-5.1.8-6.el9.src.rpm"). Always answers; a package of an unknown distribution has no namespace.
std::string package_purl(const Package& package, const OperatingSystem& os);

}  // namespace bulkhead::inventory

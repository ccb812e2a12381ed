// Whether a Red Hat record about a product is about the packages of a repository.
//
// Red Hat names both by CPE. A record applies when its CPE is a superset of the repository's (NISTIR 7696, 6.2: each
// component is ANY or equal), or when it is its beginning, component for component: "cpe:/a:redhat:enterprise_linux:8"
// is about "cpe:/a:redhat:enterprise_linux:8::appstream", and a release is about its minors ("8" about "8.4"). Pure.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::advisory {

// The eleven attributes of a well-formed name, in the order of NISTIR 7695, 5.2; "" is ANY, "-" is NA.
struct Cpe {
  static constexpr size_t kAttributes = 11;
  std::array<std::string, kAttributes> attributes;

  // A URI binding ("cpe:/a:redhat:…", percent-coded, packed editions unpacked) or a formatted string ("cpe:2.3:a:…").
  // Lower case. Nothing when it is neither, or longer than kMaxBytes.
  static std::optional<Cpe> parse(std::string_view text);
  static constexpr size_t kMaxBytes = 1024;
};

// Whether a record about `about` concerns packages that come from `repository`.
bool covers(const Cpe& about, const Cpe& repository);

}  // namespace bulkhead::advisory

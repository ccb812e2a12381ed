#include "inventory/package.h"

#include <array>
#include <cstddef>

namespace bulkhead::inventory {
namespace {

// In the order of PackageType.
constexpr std::array<std::string_view, 20> kPurlTypes = {
    "deb",      "apk",   "rpm",     "alpm",    "npm", "pypi", "gem",   "maven", "golang", "cargo",
    "composer", "nuget", "generic", "bitnami", "pub", "hex",  "swift", "conan", "cran",   "hackage",
};
static_assert(kPurlTypes.size() == static_cast<size_t>(PackageType::kHackage) + 1);

}  // namespace

std::string_view purl_type(PackageType type) {
  return kPurlTypes.at(static_cast<size_t>(type));
}

std::optional<PackageType> package_type_of(std::string_view purl_type) {
  for (size_t i = 0; i < kPurlTypes.size(); ++i) {
    if (kPurlTypes.at(i) == purl_type) return static_cast<PackageType>(i);
  }
  return std::nullopt;
}

}  // namespace bulkhead::inventory

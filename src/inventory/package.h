// The inventory's vocabulary: the operating system and the packages of an image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::inventory {

// The distribution, out of os-release and its fallbacks. Source: os-release(5).
struct OperatingSystem {
  std::string id;  // "debian"; lower case; empty when nothing says
  std::vector<std::string> id_like;
  std::string version_id;  // "12", "22.04", "3.19.1", "8.9"
  std::string codename;    // "bookworm"
  std::string name;
  std::string pretty_name;
  std::string cpe_name;
  std::string variant_id;
  std::string support_end;  // the distribution's own word on when its support ends, YYYY-MM-DD; seldom given
  std::string found_in;     // the path that told
  bool known() const { return !id.empty(); }
};

// What kind of package; the text is the purl type (package-url.github.io, types).
enum class PackageType : uint8_t {
  kDeb,
  kApk,
  kRpm,  // from operating-system databases
  kAlpm,
  kNpm,
  kPypi,
  kGem,
  kMaven,
  kGolang,
  kCargo,
  kComposer,
  kNuget,
  kGeneric,
  kBitnami,
  kPub,
  kHex,
  kSwift,
  kConan,
  kCran,
  kHackage,
};
std::string_view purl_type(PackageType type);
std::optional<PackageType> package_type_of(std::string_view purl_type);

struct Package {
  PackageType type = PackageType::kGeneric;
  std::string name;     // rpm: the name alone; golang: module path; maven: "group:artifact"; npm: "@scope/name"
  std::string version;  // as the type's comparison reads it: deb "1:2.3-4", rpm "[epoch:]version-release", apk "1.2-r0"
  std::string architecture;  // "amd64", "x86_64", "noarch"; empty when the type has none
  std::string source_name;  // deb: source package; apk: origin; rpm: name of the source rpm; equals name when not given
  std::string source_version;  // deb: source version (differs for binNMUs); rpm: "version-release" of the source rpm,
                               // which never carries an epoch; equals version when not given
  bool source_epoch_known = true;     // false for rpm: a source match must not compare epochs
  std::string maintainer;             // deb: Maintainer; apk: maintainer; rpm: Packager
  std::string vendor;                 // rpm: Vendor; deb: Origin
  std::string module;                 // rpm: modularity label "name:stream:version:context"; empty when there is none
  std::vector<std::string> licenses;  // as found, or SPDX identifiers where the source is explicit; sorted, unique
  std::vector<std::string> files;     // installed files, absolute paths; may be empty when the database does not say
  std::vector<std::string> built_using;  // deb: Built-Using / X-Cargo-Built-Using, "name (= version)"
  uint32_t layer = 0;                    // index of the layer that brought this name and version
  std::vector<std::string> locations;    // where it was found, e.g. "var/lib/dpkg/status"
};

}  // namespace bulkhead::inventory

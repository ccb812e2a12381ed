// Ecosystem keys: the one name under which a feed files an advisory and a scan looks it up.
//
// A key is a family and, where the family has releases, a colon and the release: "debian:12", "alpine:3.19", "wolfi",
// "suse:sles:15.5", "pypi". The functions here are the only places that know how the publishers' own names ("bookworm",
// "Ubuntu:22.04:LTS", "Rocky Linux:9", "crates.io") and os-release fields turn into keys; all of it is data in
// ecosystem.cc. Pure and thread-safe; any input is accepted, and what is not known gives nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/record.h"
#include "inventory/package.h"
#include "version/compare.h"

namespace bulkhead::advisory {

// How much of a version id makes a release of the family.
enum class ReleaseForm : uint8_t {
  kNone,        // rolling or a language: the family's name is the whole key
  kMajor,       // "8.9" -> 8
  kMajorMinor,  // "3.19.1" -> 3.19
  kFull,        // as given
};

struct Family {
  std::string_view name;  // "debian", "suse:sles", "pypi"
  std::string_view title;
  version::Scheme scheme;
  NameKind name_kind;
  ReleaseForm release;
};

// Every family, in alphabetical order of names.
std::span<const Family> families();
// The family of a key ("debian:12" -> debian, "suse:sles:15.5" -> suse:sles); null when there is none.
const Family* family_of(std::string_view key);
// The release part of a key: "12"; empty for families without releases.
std::string_view release_of(std::string_view key);

// "debian" and "12.5" -> "debian:12". A Debian or Ubuntu codename is accepted in place of a version id, as is "edge"
// for Alpine and "sid" for Debian. Nothing for an unknown family, or an empty version where the family has releases.
std::optional<std::string> ecosystem_key(std::string_view family, std::string_view version_id);
// The distribution of an image: os-release ID (and its rebuilds: "ol" is oracle, "amzn" amazon, "centos" rhel), with
// VERSION_CODENAME deciding where VERSION_ID is absent (Debian testing and sid).
std::optional<std::string> ecosystem_key(const inventory::OperatingSystem& system);
// The language world of a package; nothing for deb, rpm and apk, whose world is the distribution.
std::optional<std::string> ecosystem_key(inventory::PackageType type);
// What a person writes: a key ("debian:12", "pypi"), also with a codename ("debian:bookworm"), a point release
// ("alpine:3.19.1") or an os-release ID ("ol:8", "sles:15.5") in place of the family's name. Nothing for an unknown
// family, and where a release is missing or too much.
std::optional<std::string> ecosystem_key_of_text(std::string_view text);

// OSV's "ecosystem" (ossf.github.io/osv-schema, "Defined ecosystems"): "Debian:12", "Alpine:v3.19",
// "Ubuntu:Pro:18.04:LTS", "SUSE:Linux Enterprise Server 15 SP5", "crates.io". Ubuntu Pro names give the pocket's key
// (pockets_of).
std::optional<std::string> ecosystem_key_of_osv(std::string_view osv_ecosystem);
// A package URL's type: "pypi", "golang", "cargo"; nothing for deb, rpm, apk and types without advisories.
std::optional<std::string> ecosystem_key_of_purl_type(std::string_view purl_type);

// How Canonical labels a release and its pockets: "bionic", "devel" (the release in the making), "esm-infra/xenial"
// and, in older data, "trusty/esm". Nothing for products that only share a codename (ubuntu-core).
std::optional<std::string> ecosystem_key_of_ubuntu_label(std::string_view label);

// The keys of separately sold or separately built pockets of a release, most general first: for "ubuntu:18.04" those of
// esm-infra, esm-apps, … ("ubuntu:18.04:esm-infra"). A record under a pocket's key says what the pocket ships: a
// package at or past its fixed version is fixed; below it, the record under the base key decides, and the pocket's
// version is where a subscriber finds the fix. Empty for everything else.
std::vector<std::string> pockets_of(std::string_view key);

// Other keys whose records are about a release's packages just as its own are: "suse:sles:12:modules" for any service
// pack of SLES 12, whose modules have none; "suse:sles:15.5" for SLED 15.5, which takes packages from the same modules.
std::vector<std::string> companions_of(std::string_view key);

// The version id of a release by its codename, for "debian" and "ubuntu": "bookworm" -> "12", "jammy" -> "22.04", "sid"
// -> "sid". The dates and names are distro-info-data's.
std::optional<std::string_view> version_id_of_codename(std::string_view family, std::string_view codename);

// A package's name as advisories of that ecosystem are filed under it: PyPI by PEP 503 (lower case, runs of -_. are one
// -), NuGet and Composer in lower case, everything else as it is. Feeds and lookups both go through this.
std::string package_key(std::string_view ecosystem, std::string_view name);

}  // namespace bulkhead::advisory

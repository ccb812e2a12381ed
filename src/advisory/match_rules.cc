#include "advisory/match_rules.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bulkhead::advisory {
namespace {

using inventory::PackageType;
using Texts = std::span<const std::string_view>;

constexpr std::array<std::string_view, 2> kOracleFlavours = {"ksplice", "fips"};
constexpr std::array<std::string_view, 1> kUbuntuFlavours = {"fips"};
constexpr std::array<std::string_view, 2> kUbuntuFlavourPockets = {"fips-updates", "fips"};
// Sources: the Debian Archive's linux-signed-<architecture> packages; Ubuntu's linux-signed and linux-signed-<flavour>.
constexpr std::array kDebianSigners = {
    SigningSource{.name = "linux-signed-amd64", .signs = "linux"},
    SigningSource{.name = "linux-signed-arm64", .signs = "linux"},
    SigningSource{.name = "linux-signed-i386", .signs = "linux"},
};
constexpr std::array kUbuntuSigners = {
    SigningSource{.name = "linux-signed", .signs = "linux", .is_prefix = true},
};
constexpr std::array<std::string_view, 2> kDebugSuffixes = {"-debuginfo", "-debugsource"};

constexpr std::array<std::string_view, 2> kRedHatVendors = {"Red Hat", "CentOS"};
constexpr std::array<std::string_view, 1> kAlmaVendors = {"AlmaLinux"};
constexpr std::array<std::string_view, 1> kRockyVendors = {"Rocky"};
constexpr std::array<std::string_view, 1> kOracleVendors = {"Oracle America"};
constexpr std::array<std::string_view, 1> kAmazonVendors = {"Amazon"};
constexpr std::array<std::string_view, 1> kFedoraVendors = {"Fedora Project"};
constexpr std::array<std::string_view, 2> kSuseVendors = {"SUSE", "openSUSE"};
constexpr std::array<std::string_view, 2> kPhotonVendors = {"VMware", "Broadcom"};
constexpr std::array<std::string_view, 1> kMicrosoftVendors = {"Microsoft Corporation"};

// Sources: reference/scanning of each publisher's own data, see docs/matching.md.
constexpr std::array kRules = {
    FamilyRules{.family = "almalinux",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .minor_streams = true,
                .modules = true,
                .disclosures = "rhel",
                .skipped_suffixes = Texts(kDebugSuffixes),
                .vendors = Texts(kAlmaVendors)},
    FamilyRules{.family = "alpaquita", .type = PackageType::kApk, .one_publisher = true},
    FamilyRules{.family = "alpine", .type = PackageType::kApk, .one_publisher = true},
    FamilyRules{.family = "amazon",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .topics = true,
                .vendors = Texts(kAmazonVendors)},
    FamilyRules{.family = "arch", .type = PackageType::kAlpm, .one_publisher = true},
    FamilyRules{
        .family = "azurelinux", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kMicrosoftVendors)},
    FamilyRules{.family = "chainguard", .type = PackageType::kApk, .one_publisher = true},
    FamilyRules{
        .family = "debian", .type = PackageType::kDeb, .one_publisher = true, .signing_sources = kDebianSigners},
    FamilyRules{.family = "fedora",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .modules = true,
                .vendors = Texts(kFedoraVendors)},
    FamilyRules{.family = "mageia", .type = PackageType::kRpm, .one_publisher = true},
    FamilyRules{
        .family = "mariner", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kMicrosoftVendors)},
    FamilyRules{.family = "minimos", .type = PackageType::kApk, .one_publisher = true},
    FamilyRules{.family = "openeuler", .type = PackageType::kRpm, .one_publisher = true},
    FamilyRules{
        .family = "opensuse:leap", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kSuseVendors)},
    FamilyRules{.family = "opensuse:tumbleweed",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .vendors = Texts(kSuseVendors)},
    FamilyRules{.family = "oracle",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .minor_streams = true,
                .modules = true,
                .flavours = Texts(kOracleFlavours),
                .vendors = Texts(kOracleVendors)},
    FamilyRules{.family = "photon", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kPhotonVendors)},
    FamilyRules{.family = "rhel",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .minor_streams = true,
                .modules = true,
                .products = true,
                .vendors = Texts(kRedHatVendors)},
    FamilyRules{.family = "rocky",
                .type = PackageType::kRpm,
                .one_publisher = true,
                .minor_streams = true,
                .modules = true,
                .vendors = Texts(kRockyVendors)},
    FamilyRules{
        .family = "suse:sle-micro", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kSuseVendors)},
    FamilyRules{
        .family = "suse:sled", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kSuseVendors)},
    FamilyRules{
        .family = "suse:sles", .type = PackageType::kRpm, .one_publisher = true, .vendors = Texts(kSuseVendors)},
    FamilyRules{.family = "ubuntu",
                .type = PackageType::kDeb,
                .one_publisher = true,
                .ignores = true,
                .flavours = Texts(kUbuntuFlavours),
                .flavour_pockets = Texts(kUbuntuFlavourPockets),
                .vague_feed = "ubuntu-osv",
                .signing_sources = kUbuntuSigners},
    FamilyRules{.family = "wolfi", .type = PackageType::kApk, .one_publisher = true},
};
static_assert(std::ranges::is_sorted(kRules, {}, &FamilyRules::family));

constexpr FamilyRules kDefaultRules{};

// Maintainers of well-known package archives beside a distribution's own, as they sign their packages.
constexpr std::array<std::string_view, 22> kThirdParties = {
    "@docker.com",   "@nodesource.com", "@google.com",    "@microsoft.com", "@gitlab.com",     "@mariadb.",
    "@oracle.com",   "@elastic.co",     "@hashicorp.com", "@grafana.com",   "@nginx.com",      "@percona.com",
    "@mongodb.com",  "@redis.com",      "@jenkins",       "@puppet.com",    "@influxdata.com", "@datadoghq.com",
    "@newrelic.com", "@confluent.io",   "@kubernetes",    "NodeSource",
};

}  // namespace

const FamilyRules* rules_of(std::string_view family) {
  const auto* row = std::ranges::lower_bound(kRules, family, {}, &FamilyRules::family);
  return row == kRules.end() || row->family != family ? nullptr : row;
}

const FamilyRules& default_rules() {
  return kDefaultRules;
}

std::string_view flavour_of(std::string_view version, const FamilyRules& rules) {
  for (const std::string_view flavour : rules.flavours) {
    for (size_t at = 0; at + flavour.size() <= version.size(); ++at) {
      // A part of its own: "…ksplice1.el8", "…el8_fips", "…ubuntu2.fips.7", "…+Fips1".
      if (at > 0 && is_alnum(version[at - 1])) continue;
      if (!equals_ignoring_case(version.substr(at, flavour.size()), flavour)) continue;
      if (flavour != "ksplice") return flavour;
      size_t end = at + flavour.size();
      while (end < version.size() && is_alnum(version[end])) ++end;
      return version.substr(at, end - at);
    }
  }
  return {};
}

std::string_view stream_of(std::string_view label) {
  const size_t first = label.find(':');
  if (first == std::string_view::npos) return label;
  return label.substr(0, label.find(':', first + 1));
}

std::string signed_source(std::string_view source, const FamilyRules& rules) {
  for (const SigningSource& signer : rules.signing_sources) {
    if (source == signer.name) return std::string(signer.signs);
    const bool of_kin = signer.is_prefix && source.starts_with(signer.name) && source[signer.name.size()] == '-';
    if (of_kin) return std::string(signer.signs) + std::string(source.substr(signer.name.size()));
  }
  return {};
}

bool is_of_topic(std::string_view version, std::string_view topic) {
  const size_t before = topic.find_last_not_of("0123456789.");
  const std::string_view number = before == std::string_view::npos ? topic : topic.substr(before + 1);
  version = without_epoch(version);
  return !number.empty() && version.starts_with(number) &&
         (version.size() == number.size() || !is_digit(version[number.size()]));
}

std::string_view without_epoch(std::string_view version) {
  const size_t colon = version.find(':');
  if (colon == std::string_view::npos) return version;
  return version.substr(colon + 1);
}

bool is_third_party(const inventory::Package& package, const FamilyRules& rules) {
  if (!rules.vendors.empty()) {
    return !package.vendor.empty() && std::ranges::none_of(rules.vendors, [&](std::string_view vendor) {
      return package.vendor.starts_with(vendor);
    });
  }
  return std::ranges::any_of(kThirdParties,
                             [&](std::string_view sign) { return package.maintainer.find(sign) != std::string::npos; });
}

}  // namespace bulkhead::advisory

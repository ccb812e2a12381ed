#include "advisory/ecosystem.h"

#include <algorithm>
#include <array>
#include <ranges>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::advisory {

using version::Scheme;

namespace {

constexpr auto kSource = NameKind::kSource;
constexpr auto kBinary = NameKind::kBinary;

constexpr std::array kFamilies = {
    Family{"almalinux", "AlmaLinux", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"alpaquita", "Alpaquita Linux", Scheme::kApk, kSource, ReleaseForm::kFull},
    Family{"alpine", "Alpine Linux", Scheme::kApk, kSource, ReleaseForm::kMajorMinor},
    Family{"amazon", "Amazon Linux", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"arch", "Arch Linux", Scheme::kAlpm, kBinary, ReleaseForm::kNone},
    Family{"azurelinux", "Azure Linux", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"bitnami", "Bitnami", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"cargo", "crates.io", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"chainguard", "Chainguard", Scheme::kApk, kSource, ReleaseForm::kNone},
    Family{"composer", "Packagist", Scheme::kComposer, kBinary, ReleaseForm::kNone},
    Family{"conan", "Conan", Scheme::kConan, kBinary, ReleaseForm::kNone},
    Family{"cran", "CRAN", Scheme::kCran, kBinary, ReleaseForm::kNone},
    Family{"debian", "Debian", Scheme::kDeb, kSource, ReleaseForm::kMajor},
    Family{"fedora", "Fedora", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"gem", "RubyGems", Scheme::kGem, kBinary, ReleaseForm::kNone},
    Family{"golang", "Go", Scheme::kGo, kBinary, ReleaseForm::kNone},
    Family{"hackage", "Hackage", Scheme::kHackage, kBinary, ReleaseForm::kNone},
    Family{"hex", "Hex", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"kubernetes", "Kubernetes", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"mageia", "Mageia", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"mariner", "CBL-Mariner", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"maven", "Maven", Scheme::kMaven, kBinary, ReleaseForm::kNone},
    Family{"minimos", "MinimOS", Scheme::kApk, kSource, ReleaseForm::kNone},
    Family{"nodejs", "Node.js", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"npm", "npm", Scheme::kNpm, kBinary, ReleaseForm::kNone},
    Family{"nuget", "NuGet", Scheme::kNuget, kBinary, ReleaseForm::kNone},
    Family{"openeuler", "openEuler", Scheme::kRpm, kBinary, ReleaseForm::kFull},
    Family{"opensuse:leap", "openSUSE Leap", Scheme::kRpm, kBinary, ReleaseForm::kMajorMinor},
    Family{"opensuse:tumbleweed", "openSUSE Tumbleweed", Scheme::kRpm, kBinary, ReleaseForm::kNone},
    Family{"oracle", "Oracle Linux", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"photon", "Photon OS", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"pub", "Pub", Scheme::kPub, kBinary, ReleaseForm::kNone},
    Family{"pypi", "PyPI", Scheme::kPep440, kBinary, ReleaseForm::kNone},
    Family{"rhel", "Red Hat Enterprise Linux", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"rocky", "Rocky Linux", Scheme::kRpm, kBinary, ReleaseForm::kMajor},
    Family{"ruby", "Ruby", Scheme::kGem, kBinary, ReleaseForm::kNone},
    Family{"rust", "Rust", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"suse:sle-micro", "SUSE Linux Enterprise Micro", Scheme::kRpm, kBinary, ReleaseForm::kMajorMinor},
    Family{"suse:sled", "SUSE Linux Enterprise Desktop", Scheme::kRpm, kBinary, ReleaseForm::kMajorMinor},
    Family{"suse:sles", "SUSE Linux Enterprise Server", Scheme::kRpm, kBinary, ReleaseForm::kMajorMinor},
    Family{"swift", "Swift", Scheme::kSemver, kBinary, ReleaseForm::kNone},
    Family{"ubuntu", "Ubuntu", Scheme::kDeb, kSource, ReleaseForm::kMajorMinor},
    Family{"wolfi", "Wolfi", Scheme::kApk, kSource, ReleaseForm::kNone},
};
static_assert(std::ranges::is_sorted(kFamilies, {}, &Family::name));

struct Release {
  std::string_view family;
  std::string_view codename;
  std::string_view version_id;
};

// Names and numbers of distro-info-data's debian.csv and ubuntu.csv.
constexpr std::array kReleases = {
    Release{"debian", "woody", "3.0"},       Release{"debian", "sarge", "3.1"},
    Release{"debian", "etch", "4"},          Release{"debian", "lenny", "5"},
    Release{"debian", "squeeze", "6"},       Release{"debian", "wheezy", "7"},
    Release{"debian", "jessie", "8"},        Release{"debian", "stretch", "9"},
    Release{"debian", "buster", "10"},       Release{"debian", "bullseye", "11"},
    Release{"debian", "bookworm", "12"},     Release{"debian", "trixie", "13"},
    Release{"debian", "forky", "14"},        Release{"debian", "duke", "15"},
    Release{"debian", "sid", "sid"},         Release{"ubuntu", "warty", "4.10"},
    Release{"ubuntu", "hoary", "5.04"},      Release{"ubuntu", "breezy", "5.10"},
    Release{"ubuntu", "dapper", "6.06"},     Release{"ubuntu", "edgy", "6.10"},
    Release{"ubuntu", "feisty", "7.04"},     Release{"ubuntu", "gutsy", "7.10"},
    Release{"ubuntu", "hardy", "8.04"},      Release{"ubuntu", "intrepid", "8.10"},
    Release{"ubuntu", "jaunty", "9.04"},     Release{"ubuntu", "karmic", "9.10"},
    Release{"ubuntu", "lucid", "10.04"},     Release{"ubuntu", "maverick", "10.10"},
    Release{"ubuntu", "natty", "11.04"},     Release{"ubuntu", "oneiric", "11.10"},
    Release{"ubuntu", "precise", "12.04"},   Release{"ubuntu", "quantal", "12.10"},
    Release{"ubuntu", "raring", "13.04"},    Release{"ubuntu", "saucy", "13.10"},
    Release{"ubuntu", "trusty", "14.04"},    Release{"ubuntu", "utopic", "14.10"},
    Release{"ubuntu", "vivid", "15.04"},     Release{"ubuntu", "wily", "15.10"},
    Release{"ubuntu", "xenial", "16.04"},    Release{"ubuntu", "yakkety", "16.10"},
    Release{"ubuntu", "zesty", "17.04"},     Release{"ubuntu", "artful", "17.10"},
    Release{"ubuntu", "bionic", "18.04"},    Release{"ubuntu", "cosmic", "18.10"},
    Release{"ubuntu", "disco", "19.04"},     Release{"ubuntu", "eoan", "19.10"},
    Release{"ubuntu", "focal", "20.04"},     Release{"ubuntu", "groovy", "20.10"},
    Release{"ubuntu", "hirsute", "21.04"},   Release{"ubuntu", "impish", "21.10"},
    Release{"ubuntu", "jammy", "22.04"},     Release{"ubuntu", "kinetic", "22.10"},
    Release{"ubuntu", "lunar", "23.04"},     Release{"ubuntu", "mantic", "23.10"},
    Release{"ubuntu", "noble", "24.04"},     Release{"ubuntu", "oracular", "24.10"},
    Release{"ubuntu", "plucky", "25.04"},    Release{"ubuntu", "questing", "25.10"},
    Release{"ubuntu", "resolute", "26.04"},  Release{"ubuntu", "stonking", "26.10"},
    Release{"ubuntu", "tenacious", "27.04"},
};

struct Alias {
  std::string_view name;
  std::string_view family;
};

// os-release ID, where it is not the family's own name. A rebuild stands here only when it ships the packages under the
// same versions.
constexpr std::array kOsIds = {
    Alias{"amzn", "amazon"},
    Alias{"cbl-mariner", "mariner"},
    Alias{"centos", "rhel"},
    Alias{"ol", "oracle"},
    Alias{"opensuse-leap", "opensuse:leap"},
    Alias{"opensuse-tumbleweed", "opensuse:tumbleweed"},
    Alias{"raspbian", "debian"},
    Alias{"redhat", "rhel"},
    Alias{"sl-micro", "suse:sle-micro"},
    Alias{"sle-micro", "suse:sle-micro"},
    Alias{"sled", "suse:sled"},
    Alias{"sles", "suse:sles"},
    Alias{"sles_sap", "suse:sles"},
};

// The part of an OSV ecosystem before its first colon.
constexpr std::array kOsvNames = {
    Alias{"AlmaLinux", "almalinux"},
    Alias{"Alpaquita", "alpaquita"},
    Alias{"Alpine", "alpine"},
    Alias{"Azure Linux", "azurelinux"},
    Alias{"Bitnami", "bitnami"},
    Alias{"Chainguard", "chainguard"},
    Alias{"ConanCenter", "conan"},
    Alias{"CRAN", "cran"},
    Alias{"crates.io", "cargo"},
    Alias{"Debian", "debian"},
    Alias{"Go", "golang"},
    Alias{"Hackage", "hackage"},
    Alias{"Hex", "hex"},
    Alias{"Kubernetes", "kubernetes"},
    Alias{"kubernetes", "kubernetes"},
    Alias{"Mageia", "mageia"},
    Alias{"Maven", "maven"},
    Alias{"MinimOS", "minimos"},
    Alias{"npm", "npm"},
    Alias{"NuGet", "nuget"},
    Alias{"openEuler", "openeuler"},
    Alias{"Packagist", "composer"},
    Alias{"Photon OS", "photon"},
    Alias{"Pub", "pub"},
    Alias{"PyPI", "pypi"},
    Alias{"Rocky Linux", "rocky"},
    Alias{"RubyGems", "gem"},
    Alias{"SwiftURL", "swift"},
    Alias{"Wolfi", "wolfi"},
};

constexpr std::array<std::string_view, 4> kUbuntuPockets = {"esm", "esm-infra", "esm-apps", "esm-infra-legacy"};

std::string_view family_in(std::span<const Alias> aliases, std::string_view name) {
  const auto row = std::ranges::find(aliases, name, &Alias::name);
  return row == aliases.end() ? std::string_view() : row->family;
}

const Family* family_named(std::string_view name) {
  const auto* row = std::ranges::lower_bound(kFamilies, name, {}, &Family::name);
  return row == kFamilies.end() || row->name != name ? nullptr : row;
}

bool is_release_text(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+'; });
}

// The first `parts` dot-separated numbers of "3.19.1"; empty when it does not begin with that many.
std::string_view leading_numbers(std::string_view text, int parts) {
  size_t end = 0;
  for (int part = 0; part < parts; ++part) {
    const size_t begin = part == 0 ? 0 : end + 1;
    if (part > 0 && (end >= text.size() || text[end] != '.')) return {};
    end = begin;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == begin) return {};
  }
  return text.substr(0, end);
}

std::optional<std::string_view> release_in(const Family& family, std::string_view version_id) {
  if (const auto named = version_id_of_codename(family.name, version_id)) return named;
  const bool listed = std::ranges::any_of(
      kReleases, [&](const Release& r) { return r.family == family.name && r.version_id == version_id; });
  if (listed) return version_id;
  if (family.name == "alpine") {
    // A pre-release's version id is edge's: "3.22_alpha20250108".
    if (version_id == "edge" || version_id.find("_alpha") != std::string_view::npos) return "edge";
    if (version_id.starts_with('v')) version_id.remove_prefix(1);
  }
  // Amazon Linux 1 is versioned by dates, the last being 2018.03; what followed are 2, 2022 and 2023.
  if (family.name == "amazon" && version_id.size() >= 4 && version_id >= "2011" && version_id < "2019") return "1";
  if (family.name == "opensuse:leap" && version_id.starts_with("42.")) return leading_numbers(version_id, 2);
  std::string_view release;
  switch (family.release) {
    case ReleaseForm::kNone:
      return std::nullopt;
    case ReleaseForm::kMajor:
      release = leading_numbers(version_id, 1);
      break;
    case ReleaseForm::kMajorMinor:
      release = leading_numbers(version_id, 2);
      if (release.empty() && leading_numbers(version_id, 1).size() == version_id.size()) release = version_id;
      break;
    case ReleaseForm::kFull:
      release = is_release_text(version_id) ? version_id : std::string_view();
      break;
  }
  if (release.empty()) return std::nullopt;
  return release;
}

// "22.04:LTS", "Pro:18.04:LTS", "Pro:FIPS-updates:18.04:LTS".
std::optional<std::string> ubuntu_key_of_osv(std::string_view rest) {
  std::string pocket;
  if (rest.starts_with("Pro:")) {
    rest.remove_prefix(4);
    pocket = ":esm";
    if (!rest.empty() && !is_digit(rest.front())) {
      const size_t colon = rest.find(':');
      if (colon == std::string_view::npos) return std::nullopt;
      pocket = ":" + to_lower(rest.substr(0, colon));
      rest.remove_prefix(colon + 1);
    }
  }
  auto key = ecosystem_key("ubuntu", rest.substr(0, rest.find(':')));
  if (key) *key += pocket;
  return key;
}

// The modules of SLE 12 are the same for all of its service packs.
constexpr std::string_view kModulesOfAllServicePacks = ":modules";

// "Linux Enterprise Server 15 SP5-LTSS", "Linux Enterprise Module for Basesystem 15 SP5", "Linux Enterprise Micro 5.5".
std::optional<std::string> suse_key_of_osv(std::string_view product) {
  constexpr std::string_view kPrefix = "Linux Enterprise ";
  if (!product.starts_with(kPrefix)) return std::nullopt;
  product.remove_prefix(kPrefix.size());
  std::string_view family = "suse:sles";
  if (product.starts_with("Desktop")) family = "suse:sled";
  if (product.starts_with("Micro")) family = "suse:sle-micro";
  // Whatever else is installed onto the server release (modules, extensions, kits, real time) or is a form of it. Not:
  // an appliance of its own.
  const bool known = !product.starts_with("Point of");
  const size_t digit = product.find_first_of("0123456789");
  if (!known || digit == std::string_view::npos) return std::nullopt;
  const std::string_view version = product.substr(digit);
  std::string release(leading_numbers(version, 1));
  const std::string_view after = version.substr(release.size());
  if (after.starts_with(" SP")) {
    release += fmt::format(".{}", leading_numbers(after.substr(3), 1));
  } else if (after.starts_with('.')) {
    release = leading_numbers(version, 2);
  }
  auto key = ecosystem_key(family, release);
  if (key && release == "12" && product.starts_with("Module for")) *key += kModulesOfAllServicePacks;
  return key;
}

// VERSION_ID "22.03" stands for a line of releases with packages of their own, which only the title tells apart:
// "openEuler 22.03 (LTS-SP3)", "openEuler 22.03 LTS", "openEuler 23.09".
std::optional<std::string> openeuler_key(const inventory::OperatingSystem& system) {
  std::string release = system.version_id;
  const std::string_view title = system.pretty_name;
  if (const size_t at = title.find(release); !release.empty() && at != std::string_view::npos) {
    std::string_view line = trim(title.substr(at + release.size()));
    if (line.starts_with('(') && line.ends_with(')')) line = line.substr(1, line.size() - 2);
    if (is_release_text(line) && is_alnum(line.front())) release += fmt::format("-{}", line);
  }
  return ecosystem_key("openeuler", release);
}

}  // namespace

std::span<const Family> families() {
  return kFamilies;
}

const Family* family_of(std::string_view key) {
  // The longest family name that the key begins with: "suse:sles" before "suse".
  for (std::string_view name = key;;) {
    if (const Family* family = family_named(name)) return family;
    const size_t colon = name.rfind(':');
    if (colon == std::string_view::npos) return nullptr;
    name = name.substr(0, colon);
  }
}

std::string_view release_of(std::string_view key) {
  const Family* family = family_of(key);
  if (family == nullptr || key.size() <= family->name.size()) return {};
  const std::string_view rest = key.substr(family->name.size() + 1);
  return rest.substr(0, rest.find(':'));
}

std::optional<std::string> ecosystem_key(std::string_view family_name, std::string_view version_id) {
  const Family* family = family_named(family_name);
  if (family == nullptr) return std::nullopt;
  if (family->release == ReleaseForm::kNone) return std::string(family->name);
  const auto release = release_in(*family, version_id);
  if (!release) return std::nullopt;
  std::string key = fmt::format("{}:{}", family->name, *release);
  if (family->name == "openeuler") {
    // "22.03-LTS-SP3", in whatever case it was typed.
    for (char& c : key | std::views::drop(family->name.size())) c = is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return key;
}

std::optional<std::string> ecosystem_key(const inventory::OperatingSystem& system) {
  std::string_view family = family_in(kOsIds, system.id);
  if (family.empty()) family = system.id;
  const Family* known = family_named(family);
  const bool language = known != nullptr && known->name_kind == kBinary && known->release == ReleaseForm::kNone &&
                        known->scheme != Scheme::kRpm && known->scheme != Scheme::kAlpm;
  if (known == nullptr || language) return std::nullopt;
  if (family == "openeuler") return openeuler_key(system);
  return ecosystem_key(family, system.version_id.empty() ? system.codename : system.version_id);
}

std::optional<std::string> ecosystem_key(inventory::PackageType type) {
  return ecosystem_key_of_purl_type(inventory::purl_type(type));
}

std::optional<std::string> ecosystem_key_of_text(std::string_view text) {
  const std::string lower_text = to_lower(trim(text));
  const std::string_view key = lower_text;
  const Family* family = family_of(key);
  std::string_view name = family == nullptr ? std::string_view() : family->name;
  if (family == nullptr) {
    name = key.substr(0, key.find(':'));
    family = family_named(family_in(kOsIds, name));
  }
  if (family == nullptr) return std::nullopt;
  if (family->release == ReleaseForm::kNone) {
    return key == name ? std::optional<std::string>(family->name) : std::nullopt;
  }
  if (key.size() <= name.size() + 1) return std::nullopt;
  const std::string_view release = key.substr(name.size() + 1);
  if (!is_release_text(release)) return std::nullopt;
  return ecosystem_key(family->name, release);
}

std::optional<std::string> ecosystem_key_of_purl_type(std::string_view purl_type) {
  constexpr std::array<std::string_view, 14> kLanguages = {"bitnami", "cargo",  "composer", "conan", "cran",
                                                           "gem",     "golang", "hackage",  "hex",   "maven",
                                                           "npm",     "nuget",  "pub",      "pypi"};
  if (purl_type != "swift" && std::ranges::find(kLanguages, purl_type) == kLanguages.end()) return std::nullopt;
  return std::string(purl_type);
}

std::optional<std::string> ecosystem_key_of_osv(std::string_view osv_ecosystem) {
  const size_t colon = osv_ecosystem.find(':');
  const std::string_view name = osv_ecosystem.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? std::string_view() : osv_ecosystem.substr(colon + 1);
  if (name == "Ubuntu") return ubuntu_key_of_osv(rest);
  if (name == "SUSE") return suse_key_of_osv(rest);
  if (name == "openSUSE") {
    if (rest == "Tumbleweed") return "opensuse:tumbleweed";
    return rest.starts_with("Leap ") ? ecosystem_key("opensuse:leap", rest.substr(5)) : std::nullopt;
  }
  if (name == "Red Hat") {
    // The rest is a CPE's product and version. Only the main stream is everyone's; its other streams (eus, aus, tus, …)
    // are in force for their subscribers alone.
    constexpr std::string_view kMain = "enterprise_linux:";
    return rest.starts_with(kMain) ? ecosystem_key("rhel", rest.substr(kMain.size())) : std::nullopt;
  }
  const std::string_view family = family_in(kOsvNames, name);
  if (family.empty()) return std::nullopt;
  if (family == "azurelinux" && (rest.starts_with("1") || rest.starts_with("2"))) return ecosystem_key("mariner", rest);
  return ecosystem_key(family, rest);
}

std::optional<std::string> ecosystem_key_of_ubuntu_label(std::string_view label) {
  if (label == "devel") return "ubuntu:devel";
  const size_t slash = label.find('/');
  if (slash == std::string_view::npos) {
    const auto codename = version_id_of_codename("ubuntu", label);
    return codename ? ecosystem_key("ubuntu", *codename) : std::nullopt;
  }
  // One part is the release, the other one the pocket; "esm" is what esm-infra was called at first.
  const std::string_view left = label.substr(0, slash);
  const std::string_view right = label.substr(slash + 1);
  const auto left_version = version_id_of_codename("ubuntu", left);
  const auto version = left_version ? left_version : version_id_of_codename("ubuntu", right);
  const std::string_view pocket = left_version ? right : left;
  constexpr std::array<std::string_view, 2> kOtherProducts = {"ubuntu-core", "stable-phone-overlay"};
  if (!version || std::ranges::find(kOtherProducts, pocket) != kOtherProducts.end()) return std::nullopt;
  return fmt::format("ubuntu:{}:{}", *version, pocket == "esm" ? "esm-infra" : pocket);
}

std::vector<std::string> pockets_of(std::string_view key) {
  const Family* family = family_of(key);
  std::vector<std::string> pockets;
  if (family == nullptr || family->name != "ubuntu" || key.size() != family->name.size() + 1 + release_of(key).size()) {
    return pockets;
  }
  for (const std::string_view pocket : kUbuntuPockets) pockets.push_back(fmt::format("{}:{}", key, pocket));
  return pockets;
}

std::vector<std::string> companions_of(std::string_view key) {
  std::vector<std::string> companions;
  const Family* family = family_of(key);
  const std::string_view release = release_of(key);
  if (family == nullptr || release.empty() || (family->name != "suse:sles" && family->name != "suse:sled")) {
    return companions;
  }
  if (family->name == "suse:sled") companions.push_back(fmt::format("suse:sles:{}", release));
  if (leading_numbers(release, 1) == "12")
    companions.push_back(fmt::format("suse:sles:12{}", kModulesOfAllServicePacks));
  return companions;
}

std::optional<std::string_view> version_id_of_codename(std::string_view family, std::string_view codename) {
  const auto* row =
      std::ranges::find_if(kReleases, [&](const Release& r) { return r.family == family && r.codename == codename; });
  if (row == kReleases.end()) return std::nullopt;
  return row->version_id;
}

std::string package_key(std::string_view ecosystem, std::string_view name) {
  if (ecosystem == "nuget" || ecosystem == "composer" || ecosystem == "bitnami") return to_lower(name);
  if (ecosystem != "pypi") return std::string(name);
  std::string key;
  for (const char c : name) {
    if (c != '-' && c != '_' && c != '.') {
      key.push_back(lower(c));
    } else if (key.empty() || key.back() != '-') {
      key.push_back('-');
    }
  }
  return key;
}

}  // namespace bulkhead::advisory

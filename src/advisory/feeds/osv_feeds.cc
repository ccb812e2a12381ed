// Who publishes in OSV's schema: told apart by how their ids begin. What nobody here claims goes to the feed "osv".
#include <array>

#include "advisory/feeds/common.h"
#include "advisory/feeds/osv.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

struct Publisher {
  std::string_view prefixes;  // of ids, each followed by a space
  OsvDialect dialect;
  Feed feed;
};

constexpr std::string_view kCcBy = "CC-BY-4.0";

constexpr std::array kAlmaDownloads = {
    Download{"almalinux:*", "https://github.com/AlmaLinux/osv-database/archive/refs/heads/master.tar.gz"}};
constexpr std::array kRockyDownloads = {
    Download{"rocky:*", "https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip"}};
constexpr std::array kGoDownloads = {Download{"golang", "https://vuln.go.dev/vulndb.zip"}};
constexpr std::array kBitnamiDownloads = {
    Download{"bitnami", "https://github.com/bitnami/vulndb/archive/refs/heads/main.tar.gz"}};
constexpr std::array kUbuntuDownloads = {
    Download{"ubuntu:*", "https://security-metadata.canonical.com/osv/osv-all.tar.xz"}};
constexpr std::array kChainguardDownloads = {
    Download{"chainguard", "https://advisories.cgr.dev/chainguard/v3/osv/chainguard-osv.tar.gz"}};
// One file for each language, in which several publishers meet: its members are to be recognised one by one.
constexpr std::array kOsvDownloads = {
    Download{"cargo", "https://osv-vulnerabilities.storage.googleapis.com/crates.io/all.zip"},
    Download{"composer", "https://osv-vulnerabilities.storage.googleapis.com/Packagist/all.zip"},
    Download{"conan", "https://osv-vulnerabilities.storage.googleapis.com/ConanCenter/all.zip"},
    Download{"cran", "https://osv-vulnerabilities.storage.googleapis.com/CRAN/all.zip"},
    Download{"gem", "https://osv-vulnerabilities.storage.googleapis.com/RubyGems/all.zip"},
    Download{"hackage", "https://osv-vulnerabilities.storage.googleapis.com/Hackage/all.zip"},
    Download{"hex", "https://osv-vulnerabilities.storage.googleapis.com/Hex/all.zip"},
    Download{"maven", "https://osv-vulnerabilities.storage.googleapis.com/Maven/all.zip"},
    Download{"npm", "https://osv-vulnerabilities.storage.googleapis.com/npm/all.zip"},
    Download{"nuget", "https://osv-vulnerabilities.storage.googleapis.com/NuGet/all.zip"},
    Download{"pub", "https://osv-vulnerabilities.storage.googleapis.com/Pub/all.zip"},
    Download{"pypi", "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"},
    Download{"swift", "https://osv-vulnerabilities.storage.googleapis.com/SwiftURL/all.zip"},
    Download{"suse:sles:*", "https://osv-vulnerabilities.storage.googleapis.com/SUSE/all.zip"},
    Download{"opensuse:leap:*", "https://osv-vulnerabilities.storage.googleapis.com/openSUSE/all.zip"},
    Download{"openeuler:*", "https://osv-vulnerabilities.storage.googleapis.com/openEuler/all.zip"},
    Download{"mageia:*", "https://osv-vulnerabilities.storage.googleapis.com/Mageia/all.zip"},
};

constexpr std::array<std::string_view, 1> kAlma = {"almalinux:*"};
constexpr std::array<std::string_view, 1> kRocky = {"rocky:*"};
constexpr std::array<std::string_view, 1> kGo = {"golang"};
constexpr std::array<std::string_view, 1> kCargo = {"cargo"};
constexpr std::array<std::string_view, 1> kPypi = {"pypi"};
constexpr std::array<std::string_view, 1> kBitnami = {"bitnami"};
constexpr std::array<std::string_view, 1> kUbuntu = {"ubuntu:*"};
constexpr std::array<std::string_view, 1> kDebian = {"debian:*"};
constexpr std::array<std::string_view, 1> kAlpine = {"alpine:*"};
constexpr std::array<std::string_view, 2> kChainguard = {"chainguard", "wolfi"};
constexpr std::array<std::string_view, 1> kMinimos = {"minimos"};
constexpr std::array<std::string_view, 3> kSuse = {"suse:sles:*", "opensuse:leap:*", "opensuse:tumbleweed"};
constexpr std::array<std::string_view, 1> kRhel = {"rhel:*"};
constexpr std::array<std::string_view, 10> kLanguages = {"pypi",  "npm",   "golang", "cargo",    "gem",
                                                         "maven", "nuget", "hex",    "composer", "swift"};
constexpr std::array<std::string_view, 19> kEverything = {
    "pypi",  "npm",   "golang", "cargo",   "gem",     "maven",      "nuget",       "composer", "hex",        "pub",
    "swift", "conan", "cran",   "hackage", "bitnami", "kubernetes", "openeuler:*", "mageia:*", "suse:sles:*"};

using Parse = Result<DocumentInfo> (*)(const Document&, Sink&, const FeedLimits&);
template <size_t kIndex>
bool recognises_publisher(const DocumentHead& head);
template <size_t kIndex>
Result<DocumentInfo> parse_publisher(const Document& document, Sink& sink, const FeedLimits& limits);

template <size_t kIndex>
constexpr Publisher publisher(std::string_view prefixes, OsvDialect dialect, Feed feed) {
  feed.recognises = recognises_publisher<kIndex>;
  feed.parse = parse_publisher<kIndex>;
  return {prefixes, dialect, feed};
}

constexpr std::array kPublishers = {
    publisher<0>("ALSA- ALBA- ALEA- ", {.source = "almalinux", .errata = true},
                 {.name = "almalinux-osv",
                  .title = "AlmaLinux errata",
                  .publisher = "AlmaLinux OS Foundation",
                  .licence = "MIT",
                  .attribution = "",
                  .may_be_shipped = true,
                  .downloads = kAlmaDownloads,
                  .ecosystems = kAlma}),
    publisher<1>("RLSA- RLBA- RLEA- RXSA- ", {.source = "rocky", .errata = true},
                 {.name = "rocky-osv",
                  .title = "Rocky Linux errata",
                  .publisher = "Rocky Enterprise Software Foundation",
                  .licence = "BSD-3-Clause",
                  .attribution = "Rocky Linux errata, Rocky Enterprise Software Foundation, BSD-3-Clause",
                  .may_be_shipped = true,
                  .downloads = kRockyDownloads,
                  .ecosystems = kRocky}),
    publisher<2>("GO- ", {.source = "go"},
                 {.name = "go-vulndb",
                  .title = "Go vulnerability database",
                  .publisher = "The Go project",
                  .licence = kCcBy,
                  .attribution = "Go vulnerability database, The Go Authors, CC BY 4.0",
                  .may_be_shipped = true,
                  .downloads = kGoDownloads,
                  .ecosystems = kGo}),
    publisher<3>("GHSA- ", {.source = "ghsa"},
                 {.name = "ghsa",
                  .title = "GitHub Advisory Database",
                  .publisher = "GitHub",
                  .licence = kCcBy,
                  .attribution = "GitHub Advisory Database, CC BY 4.0",
                  .may_be_shipped = true,
                  .downloads = {},
                  .ecosystems = kLanguages}),
    publisher<4>("PYSEC- ", {.source = "pypa"},
                 {.name = "pypi-advisories",
                  .title = "PyPI advisory database",
                  .publisher = "Python Packaging Authority",
                  .licence = kCcBy,
                  .attribution = "PyPI advisory database, PyPA, CC BY 4.0",
                  .may_be_shipped = true,
                  .downloads = {},
                  .ecosystems = kPypi}),
    publisher<5>("RUSTSEC- ", {.source = "rustsec"},
                 {.name = "rustsec-osv",
                  .title = "RustSec advisory database (OSV)",
                  .publisher = "RustSec",
                  .licence = "CC0-1.0",
                  .attribution = "",
                  .may_be_shipped = true,
                  .downloads = {},
                  .ecosystems = kCargo}),
    publisher<6>("BIT- ", {.source = "bitnami"},
                 {.name = "bitnami",
                  .title = "Bitnami vulnerability database",
                  .publisher = "Bitnami",
                  .licence = "Apache-2.0",
                  .attribution = "Bitnami vulnerability database, Apache-2.0",
                  .may_be_shipped = true,
                  .downloads = kBitnamiDownloads,
                  .ecosystems = kBitnami}),
    publisher<7>("UBUNTU-CVE- ", {.source = "ubuntu"},
                 {.name = "ubuntu-osv",
                  .title = "Ubuntu CVEs (OSV)",
                  .publisher = "Canonical",
                  .licence = "CC-BY-SA-4.0",
                  .attribution = "Ubuntu security data, Canonical Ltd., CC BY-SA 4.0",
                  .may_be_shipped = true,
                  .downloads = kUbuntuDownloads,
                  .ecosystems = kUbuntu}),
    publisher<8>("USN- LSN- ", {.source = "ubuntu", .errata = true},
                 {.name = "ubuntu-notices",
                  .title = "Ubuntu security notices (OSV)",
                  .publisher = "Canonical",
                  .licence = "CC-BY-SA-4.0",
                  .attribution = "Ubuntu security data, Canonical Ltd., CC BY-SA 4.0",
                  .may_be_shipped = true,
                  .downloads = {},
                  .ecosystems = kUbuntu,
                  .only_advisories = true}),
    publisher<9>("DEBIAN-CVE- ", {.source = "debian"},
                 {.name = "debian-osv",
                  .title = "Debian CVEs (OSV)",
                  .publisher = "OSV.dev, from Debian's tracker",
                  .licence = kCcBy,
                  .attribution = "OSV.dev, CC BY 4.0",
                  .may_be_shipped = true,
                  .downloads = {},
                  .ecosystems = kDebian}),
    publisher<10>("DSA- DLA- DTSA- ", {.source = "debian", .errata = true},
                  {.name = "debian-advisories-osv",
                   .title = "Debian security advisories (OSV)",
                   .publisher = "OSV.dev, from Debian's advisories",
                   .licence = kCcBy,
                   .attribution = "OSV.dev, CC BY 4.0",
                   .may_be_shipped = true,
                   .downloads = {},
                   .ecosystems = kDebian,
                   .only_advisories = true}),
    publisher<11>("ALPINE-CVE- ", {.source = "alpine"},
                  {.name = "alpine-osv",
                   .title = "Alpine CVEs (OSV)",
                   .publisher = "OSV.dev, from Alpine's secdb",
                   .licence = "CC-BY-SA-4.0",
                   .attribution = "Alpine Linux security database, CC BY-SA 4.0",
                   .may_be_shipped = true,
                   .downloads = {},
                   .ecosystems = kAlpine}),
    publisher<12>("CGA- ", {.source = "chainguard"},
                  {.name = "chainguard-osv",
                   .title = "Chainguard advisories",
                   .publisher = "Chainguard",
                   .licence = "publisher's terms; not for redistribution",
                   .attribution = "",
                   .may_be_shipped = false,
                   .downloads = kChainguardDownloads,
                   .ecosystems = kChainguard}),
    publisher<13>("MINI- ", {.source = "minimos"},
                  {.name = "minimos-osv",
                   .title = "MinimOS advisories",
                   .publisher = "Minimus",
                   .licence = "publisher's terms; not for redistribution",
                   .attribution = "",
                   .may_be_shipped = false,
                   .downloads = {},
                   .ecosystems = kMinimos}),
    publisher<14>("SUSE- openSUSE- ", {.source = "suse", .errata = true},
                  {.name = "suse-osv",
                   .title = "SUSE updates (OSV)",
                   .publisher = "SUSE",
                   .licence = kCcBy,
                   .attribution = "SUSE security data, CC BY 4.0",
                   .may_be_shipped = true,
                   .downloads = {},
                   .ecosystems = kSuse,
                   .only_advisories = true}),
    publisher<15>("RHSA- RHBA- RHEA- ", {.source = "redhat", .errata = true},
                  {.name = "redhat-osv",
                   .title = "Red Hat errata (OSV)",
                   .publisher = "Red Hat",
                   .licence = kCcBy,
                   .attribution = "Red Hat security data, CC BY 4.0",
                   .may_be_shipped = true,
                   .downloads = {},
                   .ecosystems = kRhel,
                   .only_advisories = true}),
    publisher<16>("MAL- ", {.source = "openssf"},
                  {.name = "malicious-packages",
                   .title = "OpenSSF malicious packages",
                   .publisher = "OpenSSF",
                   .licence = "Apache-2.0",
                   .attribution = "OpenSSF malicious packages, Apache-2.0",
                   .may_be_shipped = true,
                   .downloads = {},
                   .ecosystems = kLanguages}),
    publisher<17>("OESA- MGASA- ", {.source = "osv", .errata = true},
                  {.name = "osv-errata",
                   .title = "Errata of other distributions (OSV)",
                   .publisher = "OSV.dev",
                   .licence = kCcBy,
                   .attribution = "OSV.dev, CC BY 4.0",
                   .may_be_shipped = false,
                   .downloads = {},
                   .ecosystems = kEverything}),
    publisher<18>("", {.source = "osv"},
                  {.name = "osv",
                   .title = "OSV.dev",
                   .publisher = "OSV.dev and its sources",
                   .licence = "as the source of each record",
                   .attribution = "OSV.dev, CC BY 4.0",
                   .may_be_shipped = false,
                   .downloads = kOsvDownloads,
                   .ecosystems = kEverything}),
};

bool is_yaml_path(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

// The id of an advisory in OSV's schema, JSON or YAML; empty when it is none.
std::string osv_id(const DocumentHead& head) {
  if (is_yaml_path(head.path)) {
    std::string_view rest = head.text;
    std::string_view line;
    std::string id;
    bool affected = false;
    while (next_line(rest, line)) {
      if (line.starts_with("id:")) id = trim(line.substr(3));
      affected = affected || line.starts_with("affected:") || line.starts_with("modified:");
    }
    return affected ? id : std::string();
  }
  auto id = head.json_string("id");
  if (!id) return {};
  // A head may end before "affected"; no other format here has "modified" beside "id".
  const bool osv = head.has_json_member("schema_version") || head.has_json_member("affected") ||
                   (head.has_json_member("modified") && head.has_json_member("details"));
  return osv ? *std::move(id) : std::string();
}

bool claims(const Publisher& publisher, std::string_view id) {
  for (const std::string_view prefix : split(publisher.prefixes, ' ')) {
    if (!prefix.empty() && id.starts_with(prefix)) return true;
  }
  return false;
}

template <size_t kIndex>
bool recognises_publisher(const DocumentHead& head) {
  const std::string id = osv_id(head);
  if (id.empty()) return false;
  const Publisher& publisher = kPublishers.at(kIndex);
  return publisher.prefixes.empty() || claims(publisher, id);
}

// Ubuntu's notices repeat what its CVE documents say, a hundred times over for a kernel: left to those.
bool repeats_cve_documents(const json::Value& advisory) {
  const auto related = advisory.find("related");
  if (!related) return false;
  for (const json::Value id : related->elements()) {
    if (id.string().value_or(std::string_view()).starts_with("UBUNTU-CVE-")) return true;
  }
  return false;
}

template <size_t kIndex>
Result<DocumentInfo> parse_publisher(const Document& document, Sink& sink, const FeedLimits& limits) {
  const Publisher& publisher = kPublishers.at(kIndex);
  TRY_ASSIGN(const json::Document advisory,
             is_yaml_path(document.path) ? read_yaml(document, limits) : read_json(document, limits));
  const json::Value root = advisory.root();
  if (!root.is_object()) return fail(Code::kMalformed, "an object expected");
  if (publisher.prefixes.starts_with("USN-") && repeats_cve_documents(root)) return DocumentInfo{};
  return read_osv(root, publisher.dialect, sink, limits);
}

constexpr auto feeds_of_publishers() {
  std::array<Feed, kPublishers.size()> feeds{};
  for (size_t i = 0; i < feeds.size(); ++i) feeds.at(i) = kPublishers.at(i).feed;
  return feeds;
}
constexpr auto kFeeds = feeds_of_publishers();

}  // namespace

extern const std::span<const Feed> osv;
const std::span<const Feed> osv(kFeeds);

}  // namespace bulkhead::advisory::feeds

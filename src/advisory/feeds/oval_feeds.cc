// The publishers of OVAL about rpm packages, and how each names its products.
// Sources: Red Hat, "Red Hat and OVAL compatibility" and OVAL v2 streams; linux.oracle.com/security; SUSE, "OVAL
// information"; AlmaLinux errata; microsoft/AzureLinuxVulnerabilityData;
// packages.broadcom.com/photon/photon_oval_definitions.
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/oval.h"
#include "advisory/feeds/rpm_common.h"

namespace bulkhead::advisory::feeds {
namespace {

// "<name> <number>" and nothing more; products like "Red Hat Enterprise Linux 8 Client" or "… for SAP" are others.
std::optional<std::string> numbered(std::string_view product, std::string_view name, std::string_view family) {
  if (!product.starts_with(name)) return std::nullopt;
  product.remove_prefix(name.size());
  if (product.empty() || product.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  return ecosystem_key(family, product);
}

std::optional<std::string> redhat_product(std::string_view product) {
  return numbered(product, "Red Hat Enterprise Linux ", "rhel");
}

std::optional<std::string> oracle_product(std::string_view product) {
  return numbered(product, "Oracle Linux ", "oracle");
}

std::optional<std::string> almalinux_product(std::string_view product) {
  return numbered(product, "AlmaLinux ", "almalinux");
}

std::optional<std::string> photon_product(std::string_view product) {
  return numbered(product, "Photon OS ", "photon");
}

std::optional<std::string> no_product(std::string_view /*product*/) {
  return std::nullopt;
}

// Microsoft's criteria name no release: the fixed version's dist tag does (".azl3", ".cm2"), or the file's name
// ("azurelinux-3.0-oval.xml").
std::optional<std::string> azure_release(std::string_view path, std::string_view fixed) {
  struct Release {
    std::string_view tag;
    std::string_view file;
    std::string_view family;
    std::string_view version;
  };
  constexpr std::array kReleases = {
      Release{".azl3", "azurelinux-3.0-", "azurelinux", "3"},
      Release{".azl4", "azurelinux-4.0-", "azurelinux", "4"},
      Release{".cm2", "cbl-mariner-2.0-", "mariner", "2"},
      Release{".cm1", "cbl-mariner-1.0-", "mariner", "1"},
  };
  for (const Release& release : kReleases) {
    if (fixed.ends_with(release.tag) || (fixed.empty() && path.contains(release.file))) {
      return ecosystem_key(release.family, release.version);
    }
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 3> kRedhatSources = {"RHSA", "RHBA", "RHEA"};
constexpr std::array<std::string_view, 2> kOracleSources = {"elsa", "ELSA"};
constexpr std::array<std::string_view, 1> kAlmaSources = {"ALSA"};
constexpr std::array<std::string_view, 1> kPhotonSources = {"PHSA"};

constexpr OvalPublisher kRedhat{
    .score_source = "redhat", .advisory_sources = kRedhatSources, .ecosystem = redhat_product, .cpes_decide = true};
constexpr OvalPublisher kOracle{
    .score_source = "oracle", .advisory_sources = kOracleSources, .ecosystem = oracle_product};
constexpr OvalPublisher kAlma{
    .score_source = "almalinux", .advisory_sources = kAlmaSources, .ecosystem = almalinux_product};
constexpr OvalPublisher kPhoton{
    .score_source = "photon", .advisory_sources = kPhotonSources, .ecosystem = photon_product};
constexpr OvalPublisher kSuse{.score_source = "suse", .advisory_sources = {}, .ecosystem = suse_key};
constexpr OvalPublisher kAzure{.score_source = "microsoft",
                               .name_kind = NameKind::kSource,  // the names are those of specs
                               .advisory_sources = {},
                               .ecosystem = no_product,
                               .implied_ecosystem = azure_release,
                               .describes_vulnerabilities = false};

template <const OvalPublisher& publisher>
Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  return parse_oval(document, publisher, sink, limits);
}

bool is_oval_of(const DocumentHead& head, std::string_view id_prefix) {
  return head.text.contains("oval_definitions") && head.text.contains(id_prefix);
}

constexpr std::array kOracleDownloads = {
    Download{"oracle:*", "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2"},
};
// Of openSUSE there are no files that say what is open.
constexpr std::array kSuseDownloads = {
    Download{"opensuse:leap:*", "https://ftp.suse.com/pub/projects/security/oval/opensuse.leap.{release}.xml.gz"},
    Download{"opensuse:tumbleweed", "https://ftp.suse.com/pub/projects/security/oval/opensuse.tumbleweed.xml.gz"},
};
constexpr std::array kSuseAffectedDownloads = {
    Download{"suse:sles:*",
             "https://ftp.suse.com/pub/projects/security/oval/suse.linux.enterprise.server.{major}-affected.xml.gz"},
    Download{"suse:sle-micro:*",
             "https://ftp.suse.com/pub/projects/security/oval/suse.linux.enterprise.micro.{release}-affected.xml.gz"},
};
constexpr std::array kAzureDownloads = {
    Download{
        "azurelinux:*",
        "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/azurelinux-{release}.0-oval.xml"},
    Download{"mariner:*",
             "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/"
             "cbl-mariner-{release}.0-oval.xml"},
};
constexpr std::array kPhotonDownloads = {
    Download{"photon:*",
             "https://packages.broadcom.com/photon/photon_oval_definitions/com.vmware.phsa-photon{release}.xml.gz"},
};

constexpr std::array<std::string_view, 1> kRhel = {"rhel:*"};
constexpr std::array<std::string_view, 1> kOracleLinux = {"oracle:*"};
constexpr std::array<std::string_view, 1> kAlmaLinux = {"almalinux:*"};
constexpr std::array<std::string_view, 5> kSuseFamilies = {"opensuse:leap:*", "opensuse:tumbleweed", "suse:sle-micro:*",
                                                           "suse:sled:*", "suse:sles:*"};
constexpr std::array<std::string_view, 2> kAzureFamilies = {"azurelinux:*", "mariner:*"};
constexpr std::array<std::string_view, 1> kPhotonOs = {"photon:*"};

// Red Hat has published OVAL of errata alone, and of what is open too: by its name
// "rhel-9-including-unpatched.oval.xml", or by what it begins with.
bool includes_unpatched(const DocumentHead& head) {
  return is_oval_of(head, "oval:com.redhat.") &&
         (head.base().contains("unpatched") || head.text.contains("\"oval:com.redhat.cve:") ||
          head.text.contains("\"oval:com.redhat.unaffected:"));
}

bool is_suse_oval(const DocumentHead& head) {
  return is_oval_of(head, "oval:org.opensuse.security:");
}

constexpr std::string_view kSuseAttribution =
    "SUSE security data, https://www.suse.com/support/security/oval/, CC-BY-4.0";

constexpr std::array kFeeds = {
    Feed{
        .name = "redhat-oval-unpatched",
        .title = "Red Hat Enterprise Linux OVAL, including unpatched",
        .publisher = "Red Hat",
        .licence = "CC-BY-4.0",
        .attribution = kRedhatAttribution,
        .may_be_shipped = true,
        .downloads = {},  // as redhat-oval
        .ecosystems = kRhel,
        .recognises = includes_unpatched,
        .parse = parse<kRedhat>,
    },
    Feed{
        .name = "redhat-oval",
        .title = "Red Hat Enterprise Linux OVAL",
        .publisher = "Red Hat",
        .licence = "CC-BY-4.0",
        .attribution = kRedhatAttribution,
        .may_be_shipped = true,
        .downloads = {},  // Red Hat has stopped it; db update takes its CSAF
        .ecosystems = kRhel,
        .only_advisories = true,
        .recognises = [](const DocumentHead& head) { return is_oval_of(head, "oval:com.redhat."); },
        .parse = parse<kRedhat>,
    },
    Feed{
        .name = "oracle-oval",
        .title = "Oracle Linux OVAL",
        .publisher = "Oracle",
        .licence = "Oracle's terms of use",
        .attribution = "Oracle Linux errata, https://linux.oracle.com/security/",
        .may_be_shipped = false,
        .downloads = kOracleDownloads,
        .ecosystems = kOracleLinux,
        .recognises = [](const DocumentHead& head) { return is_oval_of(head, "oval:com.oracle.elsa:"); },
        .parse = parse<kOracle>,
    },
    // What is open, too, and of the size of the files of what is fixed.
    Feed{
        .name = "suse-oval-affected",
        .title = "SUSE and openSUSE OVAL, including what is open",
        .publisher = "SUSE",
        .licence = "CC-BY-4.0",
        .attribution = kSuseAttribution,
        .may_be_shipped = true,
        .downloads = kSuseAffectedDownloads,
        .ecosystems = kSuseFamilies,
        .recognises = [](const DocumentHead& head) { return is_suse_oval(head) && head.base().contains("-affected"); },
        .parse = parse<kSuse>,
    },
    Feed{
        .name = "suse-oval",
        .title = "SUSE and openSUSE OVAL",
        .publisher = "SUSE",
        .licence = "CC-BY-4.0",
        .attribution = kSuseAttribution,
        .may_be_shipped = true,
        .downloads = kSuseDownloads,
        .ecosystems = kSuseFamilies,
        .only_advisories = true,
        .recognises = is_suse_oval,
        .parse = parse<kSuse>,
    },
    Feed{
        .name = "azurelinux-oval",
        .title = "Azure Linux and CBL-Mariner OVAL",
        .publisher = "Microsoft",
        .licence = "MIT",
        .attribution = "Azure Linux vulnerability data, Microsoft Corporation, MIT",
        .may_be_shipped = true,
        .downloads = kAzureDownloads,
        .ecosystems = kAzureFamilies,
        .recognises =
            [](const DocumentHead& head) {
              return is_oval_of(head, "oval:com.microsoft.azurelinux:") ||
                     is_oval_of(head, "oval:com.microsoft.cbl-mariner:");
            },
        .parse = parse<kAzure>,
    },
    Feed{
        .name = "photon-oval",
        .title = "Photon OS OVAL",
        .publisher = "VMware by Broadcom",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "Photon OS security advisories, https://github.com/vmware/photon/wiki/Security-Advisories",
        .may_be_shipped = false,
        .downloads = kPhotonDownloads,
        .ecosystems = kPhotonOs,
        .recognises = [](const DocumentHead& head) { return is_oval_of(head, "oval:com.vmware.phsa:"); },
        .parse = parse<kPhoton>,
    },
    Feed{
        .name = "almalinux-oval",
        .title = "AlmaLinux OVAL",
        .publisher = "AlmaLinux",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "AlmaLinux errata, https://errata.almalinux.org/",
        .may_be_shipped = false,
        .downloads = {},  // db update takes AlmaLinux's OSV
        .ecosystems = kAlmaLinux,
        .recognises = [](const DocumentHead& head) { return is_oval_of(head, "oval:org.almalinux."); },
        .parse = parse<kAlma>,
    },
};

}  // namespace

extern const std::span<const Feed> oval_feeds;
const std::span<const Feed> oval_feeds(kFeeds);

}  // namespace bulkhead::advisory::feeds

// The publishers of CSAF about rpm packages, and how each names its products.
// Sources: security.access.redhat.com/data/csaf/v2; ftp.suse.com/pub/projects/security/csaf and csaf-vex;
// repo.openeuler.org/security/data/csaf.
#include <array>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feeds/csaf.h"
#include "advisory/feeds/rpm_common.h"

namespace bulkhead::advisory::feeds {
namespace {

std::optional<std::string> redhat_platform(const CsafPlatform& platform) {
  return redhat_key(platform.cpe);
}

std::optional<std::string> suse_platform(const CsafPlatform& platform) {
  return suse_key(platform.name);
}

// "openEuler-22.03-LTS-SP3".
std::optional<std::string> openeuler_platform(const CsafPlatform& platform) {
  constexpr std::string_view kPrefix = "openEuler-";
  if (!platform.name.starts_with(kPrefix)) return std::nullopt;
  return ecosystem_key_of_osv(fmt::format("openEuler:{}", platform.name.substr(kPrefix.size())));
}

constexpr CsafPublisher kRedhat{.score_source = "redhat", .ecosystem = redhat_platform, .keep_cpe = true};
constexpr CsafPublisher kSuse{.score_source = "suse", .ecosystem = suse_platform};
constexpr CsafPublisher kOpenEuler{.score_source = "openeuler", .ecosystem = openeuler_platform};

template <const CsafPublisher& publisher>
Result<DocumentInfo> parse(const Document& document, Sink& sink, const FeedLimits& limits) {
  return parse_csaf(document, publisher, sink, limits);
}

bool is_csaf_of(const DocumentHead& head, std::string_view name_space, std::string_view category) {
  return head.text.contains("\"csaf_version\"") && head.text.contains(name_space) && head.text.contains(category);
}

constexpr std::string_view kVex = "\"csaf_vex\"";
constexpr std::string_view kAdvisory = "\"csaf_security_advisory\"";
constexpr std::string_view kRedhatSpace = "\"https://www.redhat.com\"";
constexpr std::string_view kSuseSpace = "\"https://www.suse.com/\"";
constexpr std::string_view kOpenEulerSpace = "\"https://www.openeuler.org\"";

constexpr std::array kRedhatVexDownloads = {
    Download{"rhel:*", "https://security.access.redhat.com/data/csaf/v2/vex-feed/archive_latest.txt", Fetch::kNamedBy},
};
constexpr std::array kSuseVexDownloads = {
    Download{"suse:sled:*", "https://ftp.suse.com/pub/projects/security/csaf-vex.tar.bz2"},
};

constexpr std::array<std::string_view, 1> kRhel = {"rhel:*"};
constexpr std::array<std::string_view, 5> kSuseKeys = {"opensuse:leap:*", "opensuse:tumbleweed", "suse:sle-micro:*",
                                                       "suse:sled:*", "suse:sles:*"};
constexpr std::array<std::string_view, 1> kOpenEulerKeys = {"openeuler:*"};

constexpr std::string_view kSuseAttribution =
    "SUSE security data, https://www.suse.com/support/security/csaf/, CC-BY-4.0";

constexpr std::array kFeeds = {
    Feed{
        .name = "redhat-vex",
        .title = "Red Hat CSAF VEX",
        .publisher = "Red Hat",
        .licence = "CC-BY-4.0",
        .attribution = kRedhatAttribution,
        .may_be_shipped = true,
        .downloads = kRedhatVexDownloads,
        .ecosystems = kRhel,
        .recognises = [](const DocumentHead& head) { return is_csaf_of(head, kRedhatSpace, kVex); },
        .parse = parse<kRedhat>,
    },
    Feed{
        .name = "redhat-csaf",
        .title = "Red Hat CSAF advisories",
        .publisher = "Red Hat",
        .licence = "CC-BY-4.0",
        .attribution = kRedhatAttribution,
        .may_be_shipped = true,
        .downloads = {},  // the VEX files say the same by vulnerability
        .ecosystems = kRhel,
        .only_advisories = true,
        .recognises = [](const DocumentHead& head) { return is_csaf_of(head, kRedhatSpace, kAdvisory); },
        .parse = parse<kRedhat>,
    },
    Feed{
        .name = "suse-vex",
        .title = "SUSE CSAF VEX",
        .publisher = "SUSE",
        .licence = "CC-BY-4.0",
        .attribution = kSuseAttribution,
        .may_be_shipped = true,
        .downloads = kSuseVexDownloads,
        .ecosystems = kSuseKeys,
        .recognises = [](const DocumentHead& head) { return is_csaf_of(head, kSuseSpace, kVex); },
        .parse = parse<kSuse>,
    },
    Feed{
        .name = "suse-csaf",
        .title = "SUSE CSAF advisories",
        .publisher = "SUSE",
        .licence = "CC-BY-4.0",
        .attribution = kSuseAttribution,
        .may_be_shipped = true,
        .downloads = {},  // db update takes SUSE's OVAL
        .ecosystems = kSuseKeys,
        .only_advisories = true,
        .recognises = [](const DocumentHead& head) { return is_csaf_of(head, kSuseSpace, kAdvisory); },
        .parse = parse<kSuse>,
    },
    Feed{
        .name = "openeuler-csaf",
        .title = "openEuler CSAF",
        .publisher = "openEuler",
        .licence = "publisher's terms; no explicit licence",
        .attribution = "openEuler security advisories, https://www.openeuler.org/en/security/",
        .may_be_shipped = false,
        .downloads = {},
        .ecosystems = kOpenEulerKeys,
        .recognises = [](const DocumentHead& head) { return is_csaf_of(head, kOpenEulerSpace, "\"csaf_"); },
        .parse = parse<kOpenEuler>,
    },
};

}  // namespace

extern const std::span<const Feed> csaf_feeds;
const std::span<const Feed> csaf_feeds(kFeeds);

}  // namespace bulkhead::advisory::feeds

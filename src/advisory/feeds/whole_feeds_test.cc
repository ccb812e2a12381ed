// Every complete feed of the shared corpus, read whole: exactly so many documents and records, and a handful of records
// to the letter. The counts were confirmed by another program's reading of the raw files; where a count is not the
// plain number of lines or entries, the row says what is between.
#include <gmock/gmock.h>

#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

struct WholeFeed {
  std::string name;                         // of the test
  std::string path;                         // below feeds/
  std::map<std::string, size_t> documents;  // by feed
  size_t records;
  size_t vulnerabilities;
  std::vector<std::string> unknown;  // documents that no feed reads, and rightly
  std::vector<std::string> failures;
  std::string date;
  std::vector<std::string> kept;  // lines of the ids that they begin with
};

void PrintTo(const WholeFeed& feed, std::ostream* out) {
  *out << feed.path;
}

class WholeFeedTest : public testing::TestWithParam<WholeFeed> {};

TEST_P(WholeFeedTest, IsReadToTheLastRecord) {
  const WholeFeed& feed = GetParam();
  CountingReader reader;
  for (const std::string& line : feed.kept) reader.wanted[line.substr(0, line.find(' '))] = 1;
  BULKHEAD_READ_SHARED_FEED(feed.path, reader);
  EXPECT_EQ(reader.documents, feed.documents);
  EXPECT_EQ(reader.records, feed.records);
  EXPECT_EQ(reader.vulnerabilities, feed.vulnerabilities);
  EXPECT_EQ(reader.unknown, feed.unknown);
  EXPECT_EQ(reader.failures, feed.failures);
  EXPECT_EQ(reader.date, feed.date);
  EXPECT_THAT(reader.kept, testing::UnorderedElementsAreArray(feed.kept));
}

const std::vector<WholeFeed> kFeeds = {
    // 125,536 entries of advisories times the CVEs that each names; there are no debug packages in it. 47 advisories
    // name
    // two module streams, and their modular packages count for both.
    {.name = "AlmaLinux8",
     .path = "alma/almalinux8-osv-2026-08-21.tar.zst",
     .documents = {{"almalinux-osv", 3237}},
     .records = 138609,
     .vulnerabilities = 4,
     .date = "2026-08-21",
     .kept = {"CVE-2026-16387 almalinux:8 firefox fixed <140.13.0-1.el8_10.alma.1 (high) [ALSA-2026:47105]",
              "CVE-2026-16387 almalinux:8 thunderbird fixed <140.13.0-1.el8_10.alma.1 (high) [ALSA-2026:49922]",
              "CVE-2026-8957 almalinux:8 firefox fixed <140.11.0-1.el8_10.alma.1 (high) [ALSA-2026:21382]",
              "CVE-2026-8957 almalinux:8 thunderbird fixed <140.11.0-1.el8_10.alma.1 (high) [ALSA-2026:22643]"}},
    {.name = "AlmaLinux9",
     .path = "alma/almalinux9-osv-2026-08-21.tar.zst",
     .documents = {{"almalinux-osv", 1783}},
     .records = 110282,
     .vulnerabilities = 4,
     .date = "2026-08-21",
     .kept =
         {"CVE-2026-56000 almalinux:9 xorg-x11-server-Xwayland fixed <24.1.9-4.el9_8.3 (high) [ALSA-2026:38490]",
          "CVE-2026-56000 almalinux:9 xorg-x11-server-Xwayland-devel fixed <24.1.9-4.el9_8.3 (high) [ALSA-2026:38490]",
          "CVE-2025-1010 almalinux:9 firefox fixed <128.7.0-1.el9_5 (high) [ALSA-2025:1066]",
          "CVE-2025-1010 almalinux:9 firefox-x11 fixed <128.7.0-1.el9_5 (high) [ALSA-2025:1066]",
          "CVE-2025-1010 almalinux:9 thunderbird fixed <128.7.0-1.el9_5.alma.1 (high) [ALSA-2025:1184]"}},
    // 12,028 names; three of them hold two ids.
    {.name = "AlpineSecdb",
     .path = "alpine/alpine-secdb-2020-02-04.tar.zst",
     .documents = {{"alpine-secdb", 18}},
     .records = 12031,
     .vulnerabilities = 0,
     .kept = {"CVE-2018-19964 alpine:3.10 xen fixed <4.11.1-r0 [main/4.11.1-r0] \"CVE-2018-19964  XSA-277\"",
              "CVE-2018-19964 alpine:3.11 xen fixed <4.11.1-r0 [main/4.11.1-r0] \"CVE-2018-19964  XSA-277\"",
              "CVE-2018-19964 alpine:3.9 xen fixed <4.11.1-r0 [main/4.11.1-r0] \"CVE-2018-19964  XSA-277\"",
              "CVE-2018-14470 alpine:3.10 tcpdump fixed <4.9.3-r0 [main/4.9.3-r0] \"CVE-2018-14470 (BABEL)\"",
              "CVE-2018-14470 alpine:3.11 tcpdump fixed <4.9.3-r0 [main/4.9.3-r0] \"CVE-2018-14470 (BABEL)\""}},
    {.name = "AzureLinuxOval",
     .path = "azurelinux/azurelinux-3.0-oval.xml.zst",
     .documents = {{"azurelinux-oval", 1}},
     .records = 1222,
     .vulnerabilities = 1222,
     .date = "2024-10-10",
     .kept =
         {"CVE-2019-19645 (medium by microsoft)",
          "CVE-2019-19645 azurelinux:3 ceph fixed <18.2.1-1.azl3 (medium) [oval:com.microsoft.azurelinux:def:39010]",
          "CVE-2020-27545 (medium by microsoft)",
          "CVE-2020-27545 azurelinux:3 libdwarf fixed <0.9.0-1.azl3 (medium) "
          "[oval:com.microsoft.azurelinux:def:42093]"}},
    // Six are rejected.
    {.name = "Vulnrichment",
     .path = "cve5/vulnrichment-subset-2024-10-24.tar.zst",
     .documents = {{"cve", 3802}},
     .records = 0,
     .vulnerabilities = 3802,
     .date = "2024-10-24",
     .kept = {"CVE-2024-21490 (high by cve) snyk:7.5 CWE-1333 2024-02-10",
              "CVE-2024-42302 \"PCI/DPC: Fix use-after-free on concurrent DPC and hot-removal\" 2024-08-17"}},
    // Lines of packages times CVEs. Left out: 207 lines of advisories without a CVE whose titles say that they are no
    // vulnerability (126 regressions, 44 new upstream versions, 12 plain updates, 8 time zones, 8 bug fixes, …).
    {.name = "DebianDla",
     .path = "debian/DLA-list.zst",
     .documents = {{"debian-advisories", 1}},
     .records = 11104,
     .vulnerabilities = 102,
     .date = "2023-04-01",
     .kept = {"CVE-2015-7557 debian:6 librsvg fixed <2.26.3-1+deb6u3 [DLA-395-1]",
              "CVE-2019-3882 debian:8 linux-4.9 fixed <4.9.168-1+deb9u5~deb8u1 [DLA-1885-1]",
              "CVE-2019-3882 debian:8 linux fixed <3.16.68-1 [DLA-1799-1]"}},
    // Left out likewise: 105 lines (93 regressions, 6 plain updates, 4 ends of life, 2 of certificates).
    {.name = "DebianDsa",
     .path = "debian/DSA-list.zst",
     .documents = {{"debian-advisories", 1}},
     .records = 23376,
     .vulnerabilities = 58,
     .date = "2023-03-29",
     .kept = {"CVE-2010-2479 debian:5 mahara fixed <1.0.4-4+lenny6 [DSA-2067-1]",
              "CVE-2012-4207 debian:6 icedove fixed <3.0.11-1+squeeze15 [DSA-2588-1]",
              "CVE-2012-4207 debian:6 iceape fixed <2.0.11-17 [DSA-2584-1]",
              "CVE-2012-4207 debian:6 iceweasel fixed <3.5.16-20 [DSA-2583-1]"}},
    // Of 59, 39, 33 and 34 lines the ones that end support; the others only limit how a package may be used.
    {.name = "DebianSupport11",
     .path = "debian/debian-security-support/security-support.deb11",
     .documents = {{"debian-security-support", 1}},
     .records = 33,
     .vulnerabilities = 0},
    {.name = "DebianSupport12",
     .path = "debian/debian-security-support/security-support.deb12",
     .documents = {{"debian-security-support", 1}},
     .records = 9,
     .vulnerabilities = 0},
    {.name = "DebianSupport13",
     .path = "debian/debian-security-support/security-support.deb13",
     .documents = {{"debian-security-support", 1}},
     .records = 3,
     .vulnerabilities = 0},
    {.name = "DebianSupport14",
     .path = "debian/debian-security-support/security-support.deb14",
     .documents = {{"debian-security-support", 1}},
     .records = 3,
     .vulnerabilities = 0},
    {.name = "DebianBookworm",
     .path = "debian/derived-bookworm-secfixes-2026-11-22.json.zst",
     .documents = {{"debian-tracker", 1}},
     .records = 378,
     .vulnerabilities = 0,
     .kept = {"CVE-2026-19662 debian:12 bind9 fixed <1:9.18.49-1~deb12u3",
              "CVE-2026-14680 debian:12 postgresql-15 fixed <15.19-0+deb12u1"}},
    {.name = "DebianBullseye",
     .path = "debian/derived-bullseye-secfixes-2026-11-22.json.zst",
     .documents = {{"debian-tracker", 1}},
     .records = 607,
     .vulnerabilities = 0,
     .kept = {"CVE-2024-43398 debian:11 ruby2.7 fixed <2.7.4-1+deb11u3",
              "CVE-2026-45447 debian:11 openssl fixed <1.1.1w-0+deb11u8"}},
    {.name = "FedoraBodhi",
     .path = "fedora/bodhi-F36-page1.json.zst",
     .documents = {{"fedora-bodhi", 1}},
     .records = 261,
     .vulnerabilities = 0,
     .date = "2022-07-01",
     .kept = {"CVE-2022-1706 fedora:36 ignition fixed <2.14.0-1.fc36 (medium) [FEDORA-2022-5df5dc8ec5]",
              "CVE-2018-25032 fedora:36 uboot-tools fixed <2022.04-2.fc36 (medium) [FEDORA-2022-61cf1c64f6]"}},
    {.name = "Kubernetes",
     .path = "k8s/kubernetes-cve-osv-2024-09-16.tar.zst",
     .documents = {{"osv", 44}},
     .records = 47,
     .vulnerabilities = 44,
     .date = "2024-05-08",
     .kept = {"CVE-2023-3893 kubernetes github.com/kubernetes-csi/csi-proxy fixed <1.1.3 >=2.0.0-alpha.0<2.0.0-alpha.1 "
              "(high)",
              "CVE-2023-3893 \"Insufficient input sanitization on kubernetes-csi-proxy leads to privilege escalation\" "
              "(high by osv) osv:8.8 2023-07-26",
              "CVE-2019-11244 kubernetes k8s.io/kubectl fixed >=1.8.0<1.12.9 >=1.13.0<1.13.7 >=1.14.0<1.14.3 (low)",
              "CVE-2019-11244 \"`kubectl:-http-cache=<world-accessible dir>` creates world-writeable cached schema "
              "files\" (low by osv) osv:3.3 2019-04-16"}},
    {.name = "Kev",
     .path = "kev/known_exploited_vulnerabilities.json.zst",
     .documents = {{"kev", 1}},
     .records = 0,
     .vulnerabilities = 1404,
     .date = "2025-08-25",
     .kept = {"CVE-2021-36942 \"Microsoft Windows Local Security Authority (LSA) Spoofing Vulnerability\" CWE-749 "
              "kev:2021-11-03",
              "CVE-2024-12686 \"BeyondTrust Privileged Remote Access (PRA) and Remote Support (RS) OS Command "
              "Injection Vulnerability\" CWE-78 kev:2025-01-13"}},
    // An index repeats the documents beside it; vuln/deps says why Node.js is not affected by flaws of what it is built
    // from: nothing to match.
    {.name = "NodeSecurity",
     .path = "npm/nodejs-security-wg-2026-04-08.tar.zst",
     .documents = {{"node-security", 638}},
     .records = 666,
     .vulnerabilities = 663,
     .unknown = {"vuln/core/index.json", "vuln/deps/1.json", "vuln/deps/2.json", "vuln/deps/3.json", "vuln/deps/4.json",
                 "vuln/deps/5.json", "vuln/deps/6.json", "vuln/deps/index.json", "vuln/npm/index.json"},
     .date = "2020-07-13",
     .kept =
         {"CVE-2015-7982 npm gm fixed <1.21.1 (medium) [NSWG-ECO-54] also NSWG-ECO-54",
          "CVE-2015-7982 also NSWG-ECO-54 \"Command Injection in gm.compare function\" (medium by nodejs) nodejs:6.5 "
          "2015-10-26",
          "CVE-2020-8201 nodejs node fixed >=12.0.0-0<12.18.4 >=14.0.0-0<14.11.0 (high) [NSWG-COR-66] also NSWG-COR-66",
          "CVE-2020-8201 also NSWG-COR-66 (high by nodejs)"}},
    {.name = "NvdPage",
     .path = "nvd/nvd-api2-page.json.zst",
     .documents = {{"nvd", 1}},
     .records = 0,
     .vulnerabilities = 38,
     .date = "2023-10-18",
     .kept = {"CVE-2023-45628 audit@patchstack.com:6.5 CWE-79 2023-10-18",
              "CVE-2021-38859 (medium by nvd) nvd:5.3 psirt@us.ibm.com:4.3 CWE-200 2023-10-17"}},
    {.name = "NvdSamples",
     .path = "nvd/nvdcve-2.0-samples.tar.zst",
     .documents = {{"nvd", 23}},
     .records = 0,
     .vulnerabilities = 23,
     .date = "2026-07-07",
     .kept = {"CVE-2016-1585 (critical by nvd) nvd:9.8 security@ubuntu.com:3.9 nvd:7.5 2019-04-22",
              "CVE-2022-34668 psirt@nvidia.com:9.8 CWE-502 2022-08-29"}},
    {.name = "Bitnami",
     .path = "osv/bitnami-subset-2026-08-05.tar.zst",
     .documents = {{"bitnami", 839}},
     .records = 839,
     .vulnerabilities = 839,
     .date = "2026-08-01",
     .kept = {"CVE-2026-9741 bitnami mongodb fixed >=7.0.0<7.0.35 >=8.0.0<8.0.24 >=8.2.0<8.2.10 >=8.3.0<8.3.3 (high) "
              "[BIT-mongodb-2026-9741] also BIT-mongodb-2026-9741",
              "CVE-2026-9741 also BIT-mongodb-2026-9741 \"Client side encryption fails to encrypt values in a "
              "$vectorSearch\" (high by bitnami) bitnami:7.1 2026-06-22",
              "CVE-2021-39293 bitnami golang fixed <1.16.8 >=1.17.0<1.17.1 (high) [BIT-golang-2021-39293] also "
              "BIT-golang-2021-39293",
              "CVE-2021-39293 also BIT-golang-2021-39293 (high by bitnami) bitnami:7.5 2024-03-06"}},
    // A record for each advisory; twelve have branches with a fix and branches without, which are two.
    {.name = "FriendsOfPhp",
     .path = "osv/friendsofphp-2026-08-06.tar.zst",
     .documents = {{"friends-of-php", 1592}},
     .records = 1604,
     .vulnerabilities = 1592,
     .unknown = {".github/workflows/php.yaml"},
     .date = "2026-08-05",
     .kept = {"CVE-2022-33156 composer brotkrueml/typo3-matomo-integration fixed <1.3.2 "
              "[brotkrueml/typo3-matomo-integration/CVE-2022-33156]",
              "CVE-2022-33156 \"Cross-Site Scripting\" 2022-06-13",
              "CVE-2026-55877 composer symfony/ux-icons fixed >=2.17.0-dev<2.36.1 >=3.0.0-dev<3.2.0 "
              "[symfony/ux-icons/CVE-2026-55877]",
              "CVE-2026-55877 \"symfony/ux-icons XSS via unsanitized SVG content in local files and Iconify on-demand "
              "responses\" 2026-06-19"}},
    // 6,106 modules of 4,274 advisories (17 are withdrawn); 21 have ranges with a fix and ranges without.
    {.name = "GoVulndb",
     .path = "osv/go-vulndb-2026-08-21.tar.zst",
     .documents = {{"go-vulndb", 4291}},
     .records = 6127,
     .vulnerabilities = 4291,
     .date = "2022-12-14",
     .kept =
         {"CVE-2024-31452 golang github.com/openfga/openfga fixed >=1.5.0<1.5.3 [GO-2024-2729] also "
          "GHSA-8cph-m685-6v6r,GO-2024-2729",
          "CVE-2024-31452 also GHSA-8cph-m685-6v6r,GO-2024-2729 \"OpenFGA Authorization Bypass in "
          "github.com/openfga/openfga\"",
          "CVE-2025-0312 golang github.com/ollama/ollama affected [GO-2025-3582] also GHSA-p2wh-w96x-w232,GO-2025-3582",
          "CVE-2025-0312 also GHSA-p2wh-w96x-w232,GO-2025-3582 \"Ollama Denial of Service (DoS) via Null Pointer "
          "Dereference in github.com/ollama/ollama\""}},
    // Without records: streams of Red Hat other than the main ones, and ecosystems that no package here is of (Root,
    // Echo,
    // CPAN, GHC, Julia, VSCode), and commits of repositories.
    {.name = "OsvDocuments",
     .path = "osv/osv-documents-from-fixtures.tar.zst",
     .documents = {{"almalinux-osv", 10},
                   {"alpine-osv", 2},
                   {"chainguard-osv", 2},
                   {"debian-advisories-osv", 4},
                   {"ghsa", 480},
                   {"go-vulndb", 43},
                   {"malicious-packages", 11},
                   {"osv", 172},
                   {"osv-errata", 1},
                   {"pypi-advisories", 8},
                   {"redhat-osv", 4},
                   {"rocky-osv", 4},
                   {"rustsec-osv", 6},
                   {"ubuntu-notices", 1},
                   {"ubuntu-osv", 25}},
     .records = 1830,
     .vulnerabilities = 751,
     .unknown = {"INDEX.tsv"},
     .date = "2026-07-26",
     .kept = {"UBUNTU-CVE-2008-7320 rejected",
              "CVE-2023-38546 also CURL-CVE-2023-38546 \"cookie injection with none file\" (low by osv) 2023-10-11"}},
    // 6,812 packages of 6,811 advisories (269 are withdrawn); 37 have ranges with a fix and ranges without.
    {.name = "PyPi",
     .path = "osv/pypi-advisory-database-2026-07-23.tar.zst",
     .documents = {{"pypi-advisories", 7080}},
     .records = 6849,
     .vulnerabilities = 7080,
     .date = "2027-07-09",
     .kept =
         {"CVE-2022-40023 pypi mako fixed <1.2.2 [PYSEC-2022-260] also GHSA-v973-fxgf-6xhp,PYSEC-2022-260",
          "CVE-2022-40023 also GHSA-v973-fxgf-6xhp,PYSEC-2022-260 2022-09-07",
          "CVE-2025-61587 pypi weblate fixed <5.13.3 (medium) [PYSEC-2025-269] also GHSA-3xhv-r4gx-xw99,PYSEC-2025-269",
          "CVE-2025-61587 also GHSA-3xhv-r4gx-xw99,PYSEC-2025-269 (medium by pypa) pypa:6.1 2025-10-01"}},
    // Nine have ranges with a fix and ranges without.
    {.name = "RubySec",
     .path = "osv/ruby-advisory-db-2026-08-22.tar.zst",
     .documents = {{"rubysec", 1381}},
     .records = 1390,
     .vulnerabilities = 1381,
     .date = "2026-08-18",
     .kept = {"CVE-2026-63119 gem mcp fixed <0.23.0 (medium) also GHSA-7683-3w9x-ch42",
              "CVE-2026-63119 also GHSA-7683-3w9x-ch42 \"Unbounded line buffer in stdio transports leads to memory "
              "exhaustion (DoS)\" (medium by rubysec) 2026-07-07",
              "OSVDB-107783 gem screen_capture affected",
              "OSVDB-107783 \"Screen Capture Gem for Ruby screen_capture.rb URL Handling Arbitrary Command Execution\" "
              "2014-06-07"}},
    // 13 are withdrawn.
    {.name = "RustSec",
     .path = "osv/rustsec-2026-08-21.tar.zst",
     .documents = {{"rustsec", 1225}},
     .records = 1212,
     .vulnerabilities = 1225,
     .date = "2026-08-20",
     .kept = {"RUSTSEC-2023-0067 cargo fehler affected (negligible) \"informational: unmaintained\"",
              "RUSTSEC-2023-0067 \"`fehler` is unmaintained; use `culpa` instead\" (negligible by rustsec) 2023-10-12",
              "RUSTSEC-2025-0063 cargo fast-able fixed <1.13.7 also GHSA-95hm-pr6q-298w",
              "RUSTSEC-2025-0063 also GHSA-95hm-pr6q-298w \"Possible unsound public API\" 2025-04-25"}},
    // See oval_test.cc for the fixes of each document.
    {.name = "Photon3Oval",
     .path = "photon/com.vmware.phsa-photon3-2020-02-20.xml.zst",
     .documents = {{"photon-oval", 1}},
     .records = 2467,
     .vulnerabilities = 660,
     .date = "2020-02-20",
     .kept = {"CVE-2019-14204 (critical by photon)",
              "CVE-2019-14204 photon:3 u-boot fixed <2019.10-1.ph3 (critical) [PHSA:00194:3.0:0036]",
              "CVE-2019-14204 photon:3 u-boot-utils fixed <2019.10-1.ph3 (critical) [PHSA:00194:3.0:0036]",
              "CVE-2019-13638 (high by photon)",
              "CVE-2019-13638 photon:3 patch fixed <2.7.6-4.ph3 (high) [PHSA:00052:3.0:0025]"}},
    {.name = "RedHat8Oval",
     .path = "redhat/rhel-8.oval-2020-03-19.xml.zst",
     .documents = {{"redhat-oval", 1}},
     .records = 10188,
     .vulnerabilities = 709,
     .date = "2020-03-19",
     .kept =
         {"CVE-2020-6814 (high by redhat) redhat:7.5 CWE-120 2020-03-10",
          "CVE-2020-6814 rhel:8 firefox-debugsource fixed <68.6.0-1.el8_1 (high) {aarch64,ppc64le,s390x,x86_64} "
          "[RHSA-2020:0820]",
          "CVE-2020-6814 rhel:8 firefox fixed <68.6.0-1.el8_1 (high) {aarch64,ppc64le,s390x,x86_64} [RHSA-2020:0820]",
          "CVE-2020-6794 (medium by redhat) redhat:6.1 CWE-312 2020-02-11",
          "CVE-2020-6794 rhel:8 thunderbird-debugsource fixed <68.5.0-1.el8_1 (medium) {ppc64le,x86_64} "
          "[RHSA-2020:0577]",
          "CVE-2020-6794 rhel:8 thunderbird fixed <68.5.0-1.el8_1 (medium) {ppc64le,x86_64} [RHSA-2020:0577]"}},
    // 12,737 products of 8,564 repositories; 587 name no release.
    {.name = "RedHatRepositories",
     .path = "redhat/repository-to-cpe.json.zst",
     .documents = {{"redhat-repositories", 1}},
     .records = 12150,
     .vulnerabilities = 0,
     .date = "2023-10-25"},
    {.name = "RedHatCsafRhsa2022",
     .path = "redhat/csaf/rhsa-2022-0011.json",
     .documents = {{"redhat-csaf", 1}},
     .records = 6,
     .vulnerabilities = 1,
     .date = "2022-01-04"},
    {.name = "RedHatCsafRhsa2023",
     .path = "redhat/csaf/rhsa-2023_7025.json.zst",
     .documents = {{"redhat-csaf", 1}},
     .records = 128,
     .vulnerabilities = 4,
     .date = "2025-09-10"},
    {.name = "RedHatVex2023_38545",
     .path = "redhat/vex/cve-2023-38545.json.zst",
     .documents = {{"redhat-vex", 1}},
     .records = 52,
     .vulnerabilities = 1,
     .date = "2025-11-21"},
    {.name = "RedHatVex2023_4154",
     .path = "redhat/vex/cve-2023-4154.json.zst",
     .documents = {{"redhat-vex", 1}},
     .records = 125,
     .vulnerabilities = 1,
     .date = "2025-11-21"},
    {.name = "RedHatVex2024_0727",
     .path = "redhat/vex/cve-2024-0727-openssl.json.zst",
     .documents = {{"redhat-vex", 1}},
     .records = 40,
     .vulnerabilities = 1,
     .date = "2025-11-21"},
    {.name = "Wolfi",
     .path = "samples/wolfi-security.json",
     .documents = {{"wolfi-secdb", 1}},
     .records = 59,
     .vulnerabilities = 0,
     .kept = {"CVE-2023-3978 wolfi apko fixed <0.10.0-r6 [os/0.10.0-r6]",
              "CVE-2021-30219 wolfi samurai fixed <1.2-r0 [os/1.2-r0]"}},
    {.name = "OpenSuseLeap153Oval",
     .path = "suse/opensuse.leap.15.3-oval-2023-02-08.xml.zst",
     .documents = {{"suse-oval", 1}},
     .records = 93099,
     .vulnerabilities = 9136,
     .date = "2023-02-08",
     .kept = {"CVE-2016-1612 (medium by suse) suse:7.6",
              "CVE-2016-1612 opensuse:leap:15.3 chromium fixed <90.0.4430.212-bp153.1.1 (medium) "
              "[oval:org.opensuse.security:def:20161612]",
              "CVE-2021-21144 (medium by suse) suse:8.8",
              "CVE-2021-21144 opensuse:leap:15.3 chromium fixed <90.0.4430.212-bp153.1.1 (medium) "
              "[oval:org.opensuse.security:def:202121144]"}},
    {.name = "UbuntuTracker",
     .path = "ubuntu/ubuntu-cve-tracker-2020-04-06.tar.zst",
     .documents = {{"ubuntu-tracker", 32931}},
     .records = 434693,
     .vulnerabilities = 32931,
     .kept = {"CVE-2018-19577 ubuntu:16.04 gitlab not_affected (low) \"not-affected\"",
              "CVE-2018-19577 (low by ubuntu) nvd:5.3 2019-07-10",
              "CVE-2007-1379 ubuntu:6.06 php4 not_affected \"not-affected\"",
              "CVE-2007-1379 ubuntu:6.10 php4 not_affected \"not-affected\"",
              "CVE-2007-1379 (unknown by ubuntu) 2007-03-10"}},
};

INSTANTIATE_TEST_SUITE_P(Shared, WholeFeedTest, testing::ValuesIn(kFeeds),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace bulkhead::advisory::feeds

// Real package lists against real feeds, and what they must give: the lists that other scanners, or the comparison by
// dpkg itself, found for the same input.
#include "advisory/known_results.h"

#include <gmock/gmock.h>

#include "advisory/database_builder.h"
#include "advisory/feed.h"
#include "base/yaml.h"

namespace bulkhead::advisory::testing {
namespace {

TEST_F(KnownResults, Debian11MinimalRootHasExactlyTheFixesOfItsSecurityArchive) {
  const Database database =
      database_of(data_ + "/feeds/debian/derived-bullseye-secfixes-2026-11-22.json.zst", {"debian:11"});
  const std::vector<Package> packages = dpkg_packages("debian-bullseye-minbase.status.zst");
  ASSERT_EQ(packages.size(), 96U);
  const MatchResult result = match(packages, os("debian", "11"), database, {.now = "2026-11-22"});
  Rows found;
  for (const Finding& finding : result.findings) {
    const Package& package = packages[finding.package];
    EXPECT_EQ(finding.status, AdvisoryStatus::kFixed);
    found.insert({package.name, package.version, package.source_name, finding.id, finding.fixed_version});
  }
  const Rows expected = table(data_ + "/peers/made-here/debian-bullseye-minbase-expected.tsv",
                              {"package", "installed", "source", "cve", "fixed"});
  EXPECT_EQ(expected.size(), 117U);
  EXPECT_EQ(difference(found, expected), "");
  EXPECT_EQ(result.findings.size(), expected.size());
  EXPECT_TRUE(result.suppressed.empty());
}

// The tracker is large: it is read once for both releases.
const Database& ubuntu_database(const std::string& data) {
  static const Database kDatabase =
      database_of(data + "/feeds/ubuntu/ubuntu-cve-tracker-2020-04-06.tar.zst", {"ubuntu:16.04", "ubuntu:18.04"});
  return kDatabase;
}

TEST_F(KnownResults, Ubuntu1804MinimalRootHasExactlyWhatItsTrackerSays) {
  const Database& database = ubuntu_database(data_);
  const std::vector<Package> packages = dpkg_packages("ubuntu-bionic-minbase.status.zst");
  ASSERT_EQ(packages.size(), 88U);
  MatchOptions options{.now = "2020-04-07"};
  const MatchResult result = match(packages, os("ubuntu", "18.04"), database, options);
  const std::map<AdvisoryStatus, std::string> words = {{AdvisoryStatus::kFixed, "released"},
                                                       {AdvisoryStatus::kAffected, "needed"},
                                                       {AdvisoryStatus::kFixDeferred, "deferred"},
                                                       {AdvisoryStatus::kUnderInvestigation, "needs-triage"}};
  Rows found;
  const auto add = [&](const Finding& finding) {
    const Package& package = packages[finding.package];
    const auto word = words.find(finding.status);
    found.insert({package.name, package.version, package.source_name, finding.id,
                  word == words.end() ? std::string(status_name(finding.status)) : word->second,
                  finding.fixed_version});
  };
  for (const Finding& finding : result.findings) add(finding);
  const Rows expected = table(data_ + "/peers/made-here/ubuntu-bionic-minbase-expected.tsv",
                              {"package", "installed", "source", "cve", "status", "fixed"});
  EXPECT_EQ(expected.size(), 167U);
  Rows reported = expected;
  std::erase_if(reported, [](const std::vector<std::string>& row) { return row[4] == "needs-triage"; });
  EXPECT_EQ(difference(found, reported), "");
  EXPECT_EQ(found.size(), 134U);
  // What its publisher has not triaged yet is told apart, and complete.
  std::set<std::string> ignored;
  for (const Suppressed& each : result.suppressed) {
    if (each.reason == Suppression::kUnderInvestigation) {
      add(each.finding);
    } else {
      EXPECT_EQ(each.reason, Suppression::kIgnoredByPublisher) << each.finding.id << ": " << each.detail;
      ignored.insert(each.finding.id);
    }
  }
  EXPECT_EQ(ignored, std::set<std::string>{"CVE-2019-9619"});
  EXPECT_EQ(difference(found, expected), "");
}

// Packages that are named differently from their source, in Ubuntu 16.04 and Debian 9.
std::string source_of(const std::string& name, const std::string& system) {
  static const std::map<std::string, std::string> kSources = {
      {"bsdutils", "util-linux"},
      {"e2fslibs", "e2fsprogs"},
      {"gcc-6-base", "gcc-6"},
      {"libapparmor1", "apparmor"},
      {"libapt-pkg5.0", "apt"},
      {"libblkid1", "util-linux"},
      {"libbz2-1.0", "bzip2"},
      {"libc-bin", "glibc"},
      {"libc6", "glibc"},
      {"libcomerr2", "e2fsprogs"},
      {"libcryptsetup4", "cryptsetup"},
      {"libelf1", "elfutils"},
      {"libfdisk1", "util-linux"},
      {"libgcc1", "gcc-6"},
      {"liblz4-1", "lz4"},
      {"libmount1", "util-linux"},
      {"libncurses5", "ncurses"},
      {"libncursesw5", "ncurses"},
      {"libnettle6", "nettle"},
      {"libpcre3", "pcre3"},
      {"libsmartcols1", "util-linux"},
      {"libss2", "e2fsprogs"},
      {"libstdc++6", "gcc-6"},
      {"libsystemd0", "systemd"},
      {"libtinfo5", "ncurses"},
      {"libudev1", "systemd"},
      {"libuuid1", "util-linux"},
      {"login", "shadow"},
      {"mount", "util-linux"},
      {"multiarch-support", "glibc"},
      {"ncurses-base", "ncurses"},
      {"ncurses-bin", "ncurses"},
      {"passwd", "shadow"},
      {"perl-base", "perl"},
      {"systemd-sysv", "systemd"},
      {"sysvinit-utils", "sysvinit"},
      {"zlib1g", "zlib"},
  };
  if (name == "gpgv") return system == "debian" ? "gnupg2" : "gnupg";
  const auto known = kSources.find(name);
  return known == kSources.end() ? name : known->second;
}

// The packages that a peer's findings name.
std::vector<Package> deb_packages(const Rows& findings, const std::string& system) {
  std::vector<Package> packages;
  for (const auto& row : findings) {
    if (!packages.empty() && packages.back().name == row[0]) continue;
    packages.push_back({.type = inventory::PackageType::kDeb,
                        .name = row[0],
                        .version = row[1],
                        .source_name = source_of(row[0], system),
                        .source_version = row[1]});
  }
  return packages;
}

TEST_F(KnownResults, Ubuntu1604HasExactlyThePeersFindings) {
  const Database& database = ubuntu_database(data_);
  // The peer's database is of the same days.
  const Rows expected =
      table(data_ + "/peers/trivy/full-db-2020-04/ubuntu-1604.tsv", {"package", "installed", "vulnerability", "fixed"});
  EXPECT_EQ(expected.size(), 184U);
  const std::vector<Package> packages = deb_packages(expected, "ubuntu");
  const MatchResult result = match(packages, os("ubuntu", "16.04"), database, {.now = "2020-04-07"});
  EXPECT_EQ(difference(rows_of(packages, result.findings), expected), "");
  EXPECT_EQ(result.findings.size(), 184U);
}

// "[18 Jul 2020]" -> "2020-07-18".
std::string advisory_date(std::string_view heading) {
  static const std::map<std::string_view, std::string_view> kMonths = {
      {"Jan", "01"}, {"Feb", "02"}, {"Mar", "03"}, {"Apr", "04"}, {"May", "05"}, {"Jun", "06"},
      {"Jul", "07"}, {"Aug", "08"}, {"Sep", "09"}, {"Oct", "10"}, {"Nov", "11"}, {"Dec", "12"}};
  const auto parts = split(heading.substr(1, heading.find(']') - 1), ' ');
  return std::string(parts.at(2)) + "-" + std::string(kMonths.at(parts.at(1))) + "-" + std::string(parts.at(0));
}

// The list as it was that day: it is written from the newest advisory to the oldest.
std::string advisories_until(const std::string& list, std::string_view day) {
  std::string_view rest = list;
  for (std::string_view line = {}; !rest.empty();) {
    const std::string_view from = rest;
    next_line(rest, line);
    if (line.starts_with('[') && advisory_date(line) <= day) return std::string(from);
  }
  return {};
}

TEST_F(KnownResults, Debian9HasExactlyThePeersFixesThatHaveAnAdvisory) {
  DatabaseBuilder builder;
  builder.use_feed(builder.add_feed({.name = "debian-advisories", .date = "2020-07-20"}).value());
  for (const std::string list : {"DSA", "DLA"}) {
    const std::string text = advisories_until(contents_of(data_ + "/feeds/debian/" + list + "-list.zst"), "2020-07-20");
    SpanSource source(as_bytes(text));
    const auto info =
        find_feed("debian-advisories")->parse({.path = "data/" + list + "/list", .source = source}, builder, {});
    ASSERT_TRUE(info) << info.error().to_string();
  }
  const Database database = Database::from_bytes(std::move(builder).finish().value(), "test").value();
  const Rows all = table(data_ + "/peers/trivy/full-db-2020-07/debian-stretch.tsv",
                         {"package", "installed", "vulnerability", "fixed"});
  EXPECT_EQ(all.size(), 181U);
  Rows expected = all;
  // What has no fix stands in the tracker's list of CVEs, which the corpus has not.
  std::erase_if(expected, [](const std::vector<std::string>& row) { return row[3].empty(); });
  EXPECT_EQ(expected.size(), 13U);
  // Fixed by the point release of 18 July 2020 without an advisory: stands in that list only, too.
  const Rows point_release = {
      {"e2fslibs", "1.43.4-2", "CVE-2019-5188", "1.43.4-2+deb9u2"},
      {"e2fsprogs", "1.43.4-2", "CVE-2019-5188", "1.43.4-2+deb9u2"},
      {"libcomerr2", "1.43.4-2", "CVE-2019-5188", "1.43.4-2+deb9u2"},
      {"libss2", "1.43.4-2", "CVE-2019-5188", "1.43.4-2+deb9u2"},
      {"perl-base", "5.24.1-3+deb9u5", "CVE-2020-10543", "5.24.1-3+deb9u7"},
      {"perl-base", "5.24.1-3+deb9u5", "CVE-2020-10878", "5.24.1-3+deb9u7"},
      {"perl-base", "5.24.1-3+deb9u5", "CVE-2020-12723", "5.24.1-3+deb9u7"},
  };
  for (const auto& row : point_release) EXPECT_EQ(expected.erase(row), 1U) << row[0];
  const std::vector<Package> packages = deb_packages(all, "debian");
  const MatchResult result = match(packages, os("debian", "9"), database, {.now = "2020-07-20"});
  EXPECT_EQ(difference(rows_of(packages, result.findings), expected), "");
  EXPECT_EQ(result.findings.size(), 6U);
}

// Every package that a feed names, at every version that it names.
std::vector<Package> every_version(const std::vector<Fix>& fixes, inventory::PackageType type) {
  std::set<std::pair<std::string, std::string>> named;
  for (const Fix& fix : fixes) named.insert({fix.package, fix.version});
  std::vector<Package> packages;
  for (const auto& [name, version] : named) packages.push_back({.type = type, .name = name, .version = version});
  return packages;
}

// The text between two marks, the rest behind it; empty at the end.
std::string_view between(std::string_view& text, std::string_view begin, std::string_view end) {
  const size_t from = text.find(begin);
  if (from == std::string_view::npos) return {};
  const size_t start = from + begin.size();
  const size_t stop = text.find(end, start);
  const std::string_view found = text.substr(start, stop - start);
  text.remove_prefix(stop);
  return found;
}

TEST_F(KnownResults, Photon3HasExactlyWhatItsOvalSays) {
  const std::string path = data_ + "/feeds/photon/com.vmware.phsa-photon3-2020-02-20.xml.zst";
  const std::string oval = contents_of(path);
  std::vector<Fix> fixes;
  std::string_view rest = oval;
  size_t definitions = 0;
  for (std::string_view definition; !(definition = between(rest, "<definition ", "</definition>")).empty();) {
    ++definitions;
    std::vector<std::string_view> ids;
    std::string_view text = definition;
    for (std::string_view id; !(id = between(text, "<cve>", "</cve>")).empty();) ids.push_back(id);
    text = definition;
    for (std::string_view comment; !(comment = between(text, "comment=\"", "\"")).empty();) {
      const auto words = split(comment, ' ');
      if (words.size() != 5 || words[3] != "than") continue;  // "sqlite is earlier than 0:3.27.2-5.ph3"
      EXPECT_TRUE(words[4].starts_with("0:")) << comment;
      for (const std::string_view id : ids) {
        fixes.push_back({std::string(words[0]), std::string(id), std::string(words[4].substr(2))});
      }
    }
  }
  EXPECT_EQ(definitions, 222U);
  EXPECT_EQ(fixes.size(), 2467U);
  const Database database = database_of(path, {"photon:3"});
  std::vector<Package> packages = every_version(fixes, inventory::PackageType::kRpm);
  EXPECT_EQ(packages.size(), 778U);
  // And what VMware's image of 2019-08-23 has.
  const Package image[] = {{.type = inventory::PackageType::kRpm, .name = "bash", .version = "4.4.18-1.ph3"},
                           {.type = inventory::PackageType::kRpm, .name = "curl", .version = "7.61.1-4.ph3"},
                           {.type = inventory::PackageType::kRpm, .name = "curl-libs", .version = "7.61.1-4.ph3"}};
  packages.insert(packages.end(), std::begin(image), std::end(image));
  const MatchResult result = match(packages, os("photon", "3.0"), database, {.now = "2020-02-21"});
  Rows expected;
  for (const Package& package : packages) {
    expected.merge(affected_by(fixes, version::Scheme::kRpm, package.name, package.version));
  }
  Rows found;
  for (auto row : rows_of(packages, result.findings)) {
    if (row[3].starts_with("0:")) row[3].erase(0, 2);
    found.insert(row);
  }
  EXPECT_EQ(difference(found, expected), "");
  EXPECT_TRUE(expected.contains({"bash", "4.4.18-1.ph3", "CVE-2019-18276", "4.4.18-2.ph3"}));
  EXPECT_TRUE(expected.contains({"curl", "7.61.1-4.ph3", "CVE-2019-5481", "7.61.1-5.ph3"}));
}

TEST_F(KnownResults, Alpine39HasExactlyThePeersFindings) {
  const Database database = database_of(data_ + "/feeds/alpine/alpine-secdb-2020-02-04.tar.zst", {"alpine:*"});
  const std::vector<Package> packages = apk_packages("alpine-3.9-metadata-only.tar.gz");
  ASSERT_EQ(packages.size(), 14U);
  const MatchResult result = match(packages, os("alpine", "3.9.4"), database, {.now = "2020-02-05"});
  const Rows found = rows_of(packages, result.findings);
  // Two peers' answers about the same image; what they know beyond the database of that day is newer than it.
  for (const char* peer : {"full-db-2020-04", "full-db-2020-07"}) {
    Rows expected =
        table(data_ + "/peers/trivy/" + peer + "/alpine-39.tsv", {"package", "installed", "vulnerability", "fixed"});
    std::erase_if(expected, [](const std::vector<std::string>& row) {
      return row[2] == "CVE-2019-1551" || row[2] == "CVE-2020-1967";
    });
    EXPECT_EQ(difference(found, expected), "") << peer;
  }
}

// The images of Alpine 3.10 and 3.11 have every fix of that day; so they are also taken as if each of their packages
// were of any other version that the security database names for its origin.
TEST_F(KnownResults, Alpine310And311HaveExactlyWhatTheirSecurityDatabaseSays) {
  const std::string path = data_ + "/feeds/alpine/alpine-secdb-2020-02-04.tar.zst";
  const auto files = members_of(path);
  EXPECT_EQ(files.size(), 18U);
  const Database database = database_of(path, {"alpine:*"});
  const struct {
    std::string image;
    std::string version_id;
    std::string folder;
    size_t fixes;
    size_t aged;
  } cases[] = {{"alpine-3.10-patched-metadata-only.tar.gz", "3.10.4", "v3.10", 14, 22},
               {"alpine-3.11-metadata-only.tar.gz", "3.11.3", "v3.11", 15, 28}};
  for (const auto& each : cases) {
    const std::vector<Package> packages = apk_packages(each.image);
    ASSERT_EQ(packages.size(), 14U);
    const MatchResult patched = match(packages, os("alpine", each.version_id), database, {.now = "2020-02-05"});
    EXPECT_TRUE(patched.findings.empty()) << difference(rows_of(packages, patched.findings), {});
    EXPECT_TRUE(patched.suppressed.empty());

    std::set<std::string> origins;
    for (const Package& package : packages) origins.insert(package.source_name);
    std::vector<Fix> fixes;
    for (const std::string repository : {"main", "community"}) {
      const std::string& text = files.at(each.folder + "/" + repository + ".yaml");
      const auto document = yaml::parse(text, yaml::Scalars::kText).value();
      for (const json::Value entry : document.root().find("packages")->elements()) {
        const json::Value package = *entry.find("pkg");
        const std::string name(package.string_or("name", ""));
        if (!origins.contains(name)) continue;
        for (const auto& [version, ids] : package.find("secfixes")->members()) {
          for (const json::Value id : ids.elements()) {
            fixes.push_back({name, std::string(*id.string()), std::string(version)});
          }
        }
      }
    }
    EXPECT_EQ(fixes.size(), each.fixes) << each.folder;

    std::vector<Package> aged;
    Rows expected;
    for (const Package& package : packages) {
      for (const Fix& fix : fixes) {
        if (fix.package != package.source_name) continue;
        Package copy = package;
        copy.version = copy.source_version = fix.version;
        for (auto row : affected_by(fixes, version::Scheme::kApk, fix.package, fix.version)) {
          row[0] = package.name;
          expected.insert(row);
        }
        aged.push_back(std::move(copy));
      }
    }
    const MatchResult result = match(aged, os("alpine", each.version_id), database, {.now = "2020-02-05"});
    EXPECT_EQ(difference(rows_of(aged, result.findings), expected), "");
    EXPECT_EQ(expected.size(), each.aged) << each.folder;
  }
}

}  // namespace
}  // namespace bulkhead::advisory::testing

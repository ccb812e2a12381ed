// Another scanner's fixture database and package lists, and what that scanner finds with them: every package list of
// its test-suite that the corpus holds, set equality of package, version, id, fixed version, severity and its source.
// The database is read as what it is (buckets of key and value) and turned into records; matching is what is tested.
#include <array>
#include <optional>

#include <fmt/format.h>

#include "advisory/cvss.h"
#include "advisory/database_builder.h"
#include "advisory/ecosystem.h"
#include "advisory/feeds/common.h"
#include "advisory/feeds/version_set.h"
#include "advisory/known_results.h"
#include "base/json.h"
#include "base/yaml.h"

namespace bulkhead::advisory::testing {
namespace {

using feeds::Syntax;
using feeds::VersionSet;
using inventory::PackageType;

// A bucket's name: "alpine 3.9", or "npm::GitHub Security Advisory Npm".
struct Bucket {
  std::string_view prefix;  // of the name
  std::string_view ecosystem;
};
constexpr std::array kBuckets = {
    Bucket{"alma 8", "almalinux:8"},
    Bucket{"alpine 3.9", "alpine:3.9"},
    Bucket{"alpine 3.10", "alpine:3.10"},
    Bucket{"alpine edge", "alpine:edge"},
    Bucket{"amazon linux 1", "amazon:1"},
    Bucket{"amazon linux 2", "amazon:2"},
    Bucket{"CBL-Mariner 1.0", "mariner:1"},
    Bucket{"cargo::", "cargo"},
    Bucket{"composer::", "composer"},
    Bucket{"conan::", "conan"},
    Bucket{"debian 9", "debian:9"},
    Bucket{"debian 10", "debian:10"},
    Bucket{"erlang::", "hex"},
    Bucket{"go::", "golang"},
    Bucket{"k8s::", "kubernetes"},
    Bucket{"maven::", "maven"},
    Bucket{"npm::", "npm"},
    Bucket{"nuget::", "nuget"},
    Bucket{"openSUSE Leap 15.1", "opensuse:leap:15.1"},
    Bucket{"openSUSE Tumbleweed", "opensuse:tumbleweed"},
    Bucket{"Oracle Linux 8", "oracle:8"},
    Bucket{"Photon OS 3.0", "photon:3"},
    Bucket{"pip::", "pypi"},
    Bucket{"pub::", "pub"},
    Bucket{"Red Hat", ""},  // of every release: the products say which
    Bucket{"rocky 8", "rocky:8"},
    Bucket{"rubygems::", "gem"},
    Bucket{"SUSE Linux Enterprise 15-SP3", "suse:sles:15.3"},
    Bucket{"SUSE Linux Enterprise Micro 5.3", "suse:sle-micro:5.3"},
    Bucket{"swift::", "swift"},
    Bucket{"ubuntu 18.04", "ubuntu:18.04"},
    Bucket{"ubuntu 22.04", "ubuntu:22.04"},
    // Ours has no CocoaPods.
    Bucket{"cocoapods::", ""},
};

// As whose word about severities the buckets of a source count.
std::string feed_of(std::string_view bucket) {
  if (bucket.find("::GitHub Security Advisory") != std::string_view::npos) return "ghsa";
  if (bucket.find("::GitLab Advisory") != std::string_view::npos) return "glad";
  if (bucket.find("::Open Source Vulnerability") != std::string_view::npos) return "osv";
  if (bucket.starts_with("k8s::")) return "k8s";
  if (bucket.starts_with("Oracle")) return "oracle-oval";
  if (bucket.starts_with("SUSE") || bucket.starts_with("openSUSE")) return "suse-cvrf";
  if (bucket == "Red Hat") return "redhat";
  return to_lower(split(bucket, ' ').front());
}

Severity severity_of_number(std::string_view number) {
  constexpr std::array kSeverities = {Severity::kUnknown, Severity::kLow, Severity::kMedium, Severity::kHigh,
                                      Severity::kCritical};
  const auto index = parse_decimal(number.substr(0, number.find('.')));
  return index && *index < kSeverities.size() ? kSeverities.at(*index) : Severity::kUnknown;
}

std::optional<AdvisoryStatus> status_of_number(std::string_view number) {
  constexpr std::array kStatuses = {AdvisoryStatus::kAffected,           AdvisoryStatus::kNotAffected,
                                    AdvisoryStatus::kAffected,           AdvisoryStatus::kFixed,
                                    AdvisoryStatus::kUnderInvestigation, AdvisoryStatus::kWillNotFix,
                                    AdvisoryStatus::kFixDeferred,        AdvisoryStatus::kEndOfLife};
  const auto index = parse_decimal(number);
  if (!index || *index >= kStatuses.size()) return std::nullopt;
  return kStatuses.at(*index);
}

std::vector<std::string> list_of(const json::Value& value, std::string_view key) {
  return feeds::strings_of(value, key);
}

// ">= 3.0.0, <= 3.2.22.4", or Maven's own "[2.9.0,2.9.10.7)".
VersionSet set_of(version::Scheme scheme, std::string text) {
  if (text.starts_with('[') && text.ends_with(')')) {
    const size_t comma = text.find(',');
    text = fmt::format(">= {}, < {}", text.substr(1, comma - 1), text.substr(comma + 1, text.size() - comma - 2));
  }
  auto set = VersionSet::parse(Syntax::kOperators, scheme, text);
  EXPECT_TRUE(set) << text << ": " << set.error().to_string();
  return set ? *std::move(set) : VersionSet::none(scheme);
}

// The affected versions as the value of a language's bucket tells them.
std::vector<Range> language_ranges(version::Scheme scheme, const json::Value& value) {
  const auto vulnerable = list_of(value, "VulnerableVersions");
  VersionSet patched = VersionSet::none(scheme);
  bool patched_are_sets = vulnerable.empty();
  for (const std::string& version : list_of(value, "PatchedVersions")) {
    patched = patched.unite(set_of(scheme, patched_are_sets ? version : ">= " + version));
  }
  if (patched_are_sets) return patched.complement().ranges();
  // Each range with the patch that ends it: they may overlap.
  std::vector<Range> ranges;
  for (const std::string& text : vulnerable) {
    for (Range& range : set_of(scheme, text).up_to(patched).ranges()) ranges.push_back(std::move(range));
  }
  return ranges;
}

class FixtureDatabase : public KnownResults {
 protected:
  void SetUp() override {
    KnownResults::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    repositories_ = members_of(data_ + "/peers/trivy/fixture-repos.tar.zst");
    goldens_ = members_of(data_ + "/peers/trivy/goldens-current.tar.zst");
    const auto buckets = members_of(data_ + "/peers/trivy/fixture-db.tar.zst");
    ASSERT_EQ(buckets.size(), 29U);
    read_products(buckets.at("db/cpe.yaml"));
    for (const auto& [path, text] : buckets) {
      if (path == "db/vulnerability.yaml") {
        read_vulnerabilities(text);
      } else if (path != "db/data-source.yaml" && path != "db/cpe.yaml") {
        read_buckets(text);
      }
    }
    EXPECT_EQ(buckets_.size(), 34U);
    database_ = Database::from_bytes(std::move(builder_).finish().value(), "fixtures").value();
  }

  // The CPE that stands for a number in Red Hat's bucket.
  void read_products(const std::string& text) {
    const auto document = yaml::parse(text, yaml::Scalars::kText).value();
    for (const json::Value part : (*document.root().elements().begin()).find("pairs")->elements()) {
      if (part.string_or("bucket", "") != "cpe") continue;
      for (const json::Value pair : part.find("pairs")->elements()) {
        products_[std::string(pair.string_or("key", ""))] = pair.string_or("value", "");
      }
    }
  }

  void use_feed(const std::string& name) {
    const auto [feed, fresh] = feeds_.try_emplace(name);
    if (fresh) feed->second = builder_.add_feed({.name = name, .date = "2026-08-21"}).value();
    builder_.use_feed(feed->second);
  }

  void read_vulnerabilities(const std::string& text) {
    const auto document = yaml::parse(text, yaml::Scalars::kText).value();
    for (const json::Value pair : (*document.root().elements().begin()).find("pairs")->elements()) {
      const json::Value value = *pair.find("value");
      const auto words = value.find("VendorSeverity");
      if (!words) continue;
      for (const auto& [vendor, number] : words->members()) {
        use_feed(std::string(vendor));
        Vulnerability vulnerability;
        vulnerability.id = pair.string_or("key", "");
        vulnerability.severity = severity_of_number(number.string().value_or(""));
        vulnerability.severity_source = vendor;
        ASSERT_TRUE(builder_.add(std::move(vulnerability)));
      }
    }
  }

  void read_buckets(const std::string& text) {
    const auto document = yaml::parse(text, yaml::Scalars::kText).value();
    for (const json::Value bucket : document.root().elements()) {
      const std::string_view name = bucket.string_or("bucket", "");
      const auto* known =
          std::ranges::find_if(kBuckets, [&](const Bucket& each) { return name.starts_with(each.prefix); });
      if (name.starts_with("alpine 3.1")) known = std::ranges::find(kBuckets, "alpine 3.10", &Bucket::prefix);
      if (name == "debian 10") known = std::ranges::find(kBuckets, "debian 10", &Bucket::prefix);
      ASSERT_NE(known, kBuckets.end()) << name;
      buckets_.insert(std::string(name));
      use_feed(feed_of(name));
      for (const json::Value package : bucket.find("pairs")->elements()) {
        for (const json::Value pair : package.find("pairs")->elements()) {
          const auto value = pair.find("value");
          if (!value) continue;  // "key" alone: the fixture was cut short
          AdvisoryRecord record;
          record.record = record.id = trim(pair.string_or("key", ""));
          record.package = package.string_or("bucket", "");
          if (name == "Red Hat") {
            add_red_hat(record, *value);
          } else if (!known->ecosystem.empty()) {
            add(std::move(record), known->ecosystem, *value);
          }
        }
      }
    }
  }

  void add(AdvisoryRecord record, std::string_view ecosystem, const json::Value& value) {
    const AdvisoryRecord blank = feeds::record_for(ecosystem);
    record.ecosystem = blank.ecosystem;
    record.scheme = blank.scheme;
    record.name_kind = blank.name_kind;
    record.package = package_key(ecosystem, record.package);
    const std::string_view fixed = value.string_or("FixedVersion", "");
    if (family_of(ecosystem)->release == ReleaseForm::kNone && ecosystem != "opensuse:tumbleweed") {
      for (Range& range : language_ranges(record.scheme, value)) {
        record.status = range.fixed.empty() ? AdvisoryStatus::kAffected : AdvisoryStatus::kFixed;
        record.ranges = {std::move(range)};
        ASSERT_TRUE(builder_.add(record));
      }
      return;
    }
    if (!fixed.empty()) record.ranges.push_back({.fixed = std::string(fixed)});
    record.status = fixed.empty() ? status_of_number(value.string_or("Status", "")).value_or(AdvisoryStatus::kAffected)
                                  : AdvisoryStatus::kFixed;
    record.severity = severity_of_number(value.string_or("Severity", ""));
    ASSERT_TRUE(builder_.add(std::move(record)));
  }

  // One record for each CVE of an entry and each of its products that the fixture names; numbers without a name are
  // products that no repository of the fixture belongs to.
  void add_red_hat(const AdvisoryRecord& record, const json::Value& value) {
    for (const json::Value entry : value.find("Entries")->elements()) {
      for (const std::string& number : list_of(entry, "Affected")) {
        const auto product = products_.find(number);
        if (product == products_.end()) continue;
        const size_t major = product->second.find("linux:") + 6;
        const AdvisoryRecord blank = feeds::record_for(fmt::format("rhel:{}", product->second.substr(major, 1)));
        for (const json::Value cve : entry.find("Cves")->elements()) {
          AdvisoryRecord each = record;
          each.ecosystem = blank.ecosystem;
          each.scheme = blank.scheme;
          each.name_kind = blank.name_kind;
          if (const std::string_view id = cve.string_or("ID", ""); !id.empty()) each.id = id;
          each.severity = severity_of_number(cve.string_or("Severity", ""));
          each.cpe = product->second;
          each.architectures = list_of(entry, "Arches");
          const std::string_view fixed = entry.string_or("FixedVersion", "");
          if (!fixed.empty()) each.ranges.push_back({.fixed = std::string(fixed)});
          each.status =
              fixed.empty() ? status_of_number(entry.string_or("Status", "")).value() : AdvisoryStatus::kFixed;
          ASSERT_TRUE(builder_.add(std::move(each)));
        }
      }
    }
  }

  MatchResult match_with(const std::vector<Package>& packages, const OperatingSystem& system = {}) const {
    return match(packages, system, *database_, {.now = "2026-08-22"});
  }

  DatabaseBuilder builder_;
  std::map<std::string, uint32_t> feeds_;
  std::map<std::string, std::string> products_;
  std::set<std::string> buckets_;
  std::map<std::string, std::string> repositories_;
  std::map<std::string, std::string> goldens_;
  std::optional<Database> database_;
};

// Where a list of packages comes from, when the golden file does not repeat it.
enum class Listed : uint8_t { kInGolden, kGoMod, kGoSum, kCycloneDx, kSbtLock, kCargoLock, kPipfileLock };

struct List {
  std::string golden;
  std::string target;
  PackageType type;
  size_t packages;
  size_t findings;
  Listed listed = Listed::kInGolden;
  std::string file = {};  // of the packages
};

std::vector<Package> packages_of(const List& list, const json::Value& golden, const std::string& text) {
  std::vector<Package> packages;
  const auto add = [&](std::string_view name, std::string_view version) {
    packages.push_back({.type = list.type, .name = std::string(name), .version = std::string(version)});
  };
  std::string_view rest = text;
  std::string_view line;
  switch (list.listed) {
    case Listed::kInGolden:
      for (const json::Value package : golden.find("Packages")->elements()) {
        add(package.string_or("Name", ""), package.string_or("Version", ""));
      }
      break;
    case Listed::kGoMod:
      while (next_line(rest, line)) {
        const auto words = split(trim(line.starts_with("require ") ? line.substr(8) : line), ' ');
        if (words.size() >= 2 && words[1].starts_with('v') && words[0] != "go") add(words[0], words[1]);
      }
      break;
    case Listed::kGoSum:  // what modules of Go before 1.17 do not require themselves stands there only
      while (next_line(rest, line)) {
        const auto words = split(line, ' ');
        if (!words.at(1).ends_with("/go.mod")) add(words[0], words[1]);
      }
      break;
    case Listed::kCycloneDx: {
      const auto document = json::Document::parse(text).value();
      for (const json::Value component : document.root().find("components")->elements()) {
        if (component.string_or("purl", "").empty()) continue;
        add(fmt::format("{}:{}", component.string_or("group", ""), component.string_or("name", "")),
            component.string_or("version", ""));
      }
      break;
    }
    case Listed::kSbtLock: {
      const auto document = json::Document::parse(text).value();
      for (const json::Value each : document.root().find("dependencies")->elements()) {
        add(fmt::format("{}:{}", each.string_or("org", ""), each.string_or("name", "")), each.string_or("version", ""));
      }
      break;
    }
    case Listed::kCargoLock: {
      std::string_view name;
      while (next_line(rest, line)) {
        if (line.starts_with("name = \"")) name = line.substr(8, line.size() - 9);
        if (line.starts_with("version = \"")) add(name, line.substr(11, line.size() - 12));
      }
      break;
    }
    case Listed::kPipfileLock: {
      const auto document = json::Document::parse(text).value();
      for (const std::string_view section : {"default", "develop"}) {
        for (const auto& [name, package] : document.root().find(section)->members()) {
          const std::string_view version = package.string_or("version", "");
          if (version.starts_with("==")) add(name, version.substr(2));
        }
      }
      break;
    }
  }
  return packages;
}

// The peer names every version with a patch ("1.24.14, 1.25.9", ">= 3.1.0, >= 2.1.3, < 3.0.0"); of them the lowest
// above the installed one is where to go.
std::string first_above(std::string_view fixes, version::Scheme scheme, std::string_view installed) {
  std::string best;
  for (std::string_view fix : split(fixes, ',')) {
    fix = trim(fix);
    if (fix.starts_with('<')) continue;
    if (fix.starts_with(">=")) fix = trim(fix.substr(2));
    if (version::compare(scheme, fix, installed).value() <= 0) continue;
    if (best.empty() || version::compare(scheme, fix, best).value() < 0) best = fix;
  }
  return best;
}

TEST_F(FixtureDatabase, GivesExactlyThePeersFindingsForEveryPackageList) {
  const std::string repo = "fixtures/repo/";
  const std::vector<List> lists = {
      {"cargo.lock", "Cargo.lock", PackageType::kCargo, 7, 0},
      {"composer.lock", "composer.lock", PackageType::kComposer, 2, 1},
      {"dotnet", "datacollector.deps.json", PackageType::kNuget, 2, 1},
      {"npm", "package-lock.json", PackageType::kNpm, 12, 1},
      {"npm-with-dev", "package-lock.json", PackageType::kNpm, 13, 1},
      {"packagesprops", "Directory.Packages.props", PackageType::kNuget, 1, 1},
      {"pip", "requirements.txt", PackageType::kPypi, 7, 2},
      {"pipenv", "Pipfile.lock", PackageType::kPypi, 1, 2},
      {"poetry", "poetry.lock", PackageType::kPypi, 3, 1},
      {"yarn", "yarn.lock", PackageType::kNpm, 2, 1},
      {"gomod", "go.mod", PackageType::kGolang, 18, 3, Listed::kGoMod, repo + "gomod/go.mod"},
      {"gomod", "submod/go.mod", PackageType::kGolang, 1, 1, Listed::kGoMod, repo + "gomod/submod/go.mod"},
      {"gomod", "submod2/go.mod", PackageType::kGolang, 5, 1, Listed::kGoSum, repo + "gomod/submod2/go.sum"},
      {"pom", "pom.xml", PackageType::kMaven, 2, 2, Listed::kCycloneDx, "pom-cyclonedx.json.golden"},
      {"sbt", "build.sbt.lock", PackageType::kMaven, 1, 2, Listed::kSbtLock, repo + "sbt/build.sbt.lock"},
      {"test-repo", "Cargo.lock", PackageType::kCargo, 74, 2, Listed::kCargoLock, repo + "trivy-ci-test/Cargo.lock"},
      {"test-repo", "Pipfile.lock", PackageType::kPypi, 91, 0, Listed::kPipfileLock,
       repo + "trivy-ci-test/Pipfile.lock"},
  };
  for (const List& list : lists) {
    const std::string where = list.golden + ": " + list.target;
    const auto report = json::Document::parse(goldens_.at(list.golden + ".json.golden")).value();
    std::optional<json::Value> golden;
    for (const json::Value result : report.root().find("Results")->elements()) {
      if (result.string_or("Target", "") == list.target) golden = result;
    }
    ASSERT_TRUE(golden) << where;
    std::string text;
    if (!list.file.empty()) text = goldens_.contains(list.file) ? goldens_.at(list.file) : repositories_.at(list.file);
    const std::vector<Package> packages = packages_of(list, *golden, text);
    EXPECT_EQ(packages.size(), list.packages) << where;

    Rows expected;
    if (const auto vulnerabilities = golden->find("Vulnerabilities")) {
      for (const json::Value each : vulnerabilities->elements()) {
        const std::string installed(each.string_or("InstalledVersion", ""));
        const version::Scheme scheme = family_of(*ecosystem_key(list.type))->scheme;
        EXPECT_EQ(each.string_or("Status", ""), "fixed");
        expected.insert({std::string(each.string_or("PkgName", "")), installed,
                         std::string(each.string_or("VulnerabilityID", "")),
                         first_above(each.string_or("FixedVersion", ""), scheme, installed), "fixed",
                         to_lower(each.string_or("Severity", "")), std::string(each.string_or("SeveritySource", ""))});
      }
    }
    EXPECT_EQ(expected.size(), list.findings) << where;
    Rows found;
    const MatchResult result = match_with(packages);
    for (const Finding& finding : result.findings) {
      const Package& package = packages[finding.package];
      found.insert({package.name, package.version, finding.id, finding.fixed_version,
                    std::string(status_name(finding.status)), std::string(severity_name(finding.severity)),
                    finding.severity_source});
    }
    EXPECT_EQ(difference(found, expected), "") << where;
    EXPECT_EQ(result.findings.size(), expected.size()) << where;
    EXPECT_TRUE(result.suppressed.empty()) << where;
  }
}

// The peer's reports about images are not in the corpus, but what its database says about these packages is short
// enough to be read by eye.
TEST_F(FixtureDatabase, GivesWhatItSaysAboutPackagesOfDistributions) {
  const auto rpm = [](std::string name, std::string version, std::string source, std::string source_version) {
    return Package{.type = PackageType::kRpm,
                   .name = std::move(name),
                   .version = std::move(version),
                   .architecture = "x86_64",
                   .source_name = std::move(source),
                   .source_version = std::move(source_version),
                   .source_epoch_known = false};
  };
  const auto deb = [](std::string name, const std::string& version, std::string source) {
    return Package{.type = PackageType::kDeb,
                   .name = std::move(name),
                   .version = version,
                   .source_name = std::move(source),
                   .source_version = version};
  };
  const struct {
    OperatingSystem system;
    std::vector<Package> packages;
    Rows expected;
  } cases[] = {
      {os("centos", "7.6.1810"),
       {rpm("bash", "4.2.46-31.el7", "bash", "4.2.46-31.el7"),
        rpm("openssl-libs", "1:1.0.2k-16.el7", "openssl", "1.0.2k-16.el7")},
       {{"bash", "CVE-2019-18276", "will_not_fix", "", "low"},
        {"openssl-libs", "CVE-2018-0734", "fixed", "1:1.0.2k-19.el7", "low"},
        {"openssl-libs", "CVE-2019-1559", "fixed", "1:1.0.2k-19.el7", "medium"}}},
      {os("debian", "10.2"),
       {deb("bash", "5.0-4", "bash"), deb("libidn2-0", "2.0.5-1", "libidn2")},
       {{"bash", "CVE-2019-18276", "affected", "", "low"},
        {"libidn2-0", "CVE-2019-18224", "fixed", "2.0.5-1+deb10u1", "critical"}}},
      {os("debian", "9.9"),
       {deb("bash", "4.4-5", "bash"), deb("e2fslibs", "1.43.4-2", "e2fsprogs")},
       {{"bash", "CVE-2019-18276", "end_of_life", "", "low"},
        {"e2fslibs", "CVE-2019-5094", "fixed", "1.43.4-2+deb9u1", "medium"}}},
      {os("ubuntu", "18.04"),
       {deb("bash", "4.4.18-2ubuntu1", "bash"), deb("libss2", "1.44.1-1ubuntu1", "e2fsprogs")},
       {{"bash", "CVE-2019-18276", "affected", "", "low"},
        {"libss2", "CVE-2019-5094", "fixed", "1.44.1-1ubuntu1.2", "medium"}}},
      {os("photon", "3.0"),
       {rpm("bash", "4.4.18-1.ph3", "bash", "4.4.18-1.ph3"), rpm("curl", "7.61.1-4.ph3", "curl", "7.61.1-4.ph3"),
        rpm("curl-libs", "7.61.1-4.ph3", "curl", "7.61.1-4.ph3")},
       {{"bash", "CVE-2019-18276", "fixed", "4.4.18-2.ph3", "high"},
        {"curl", "CVE-2019-5481", "fixed", "7.61.1-5.ph3", "critical"}}},
      {os("amzn", "2018.03"),
       {rpm("curl", "7.61.1-11.90.amzn1", "curl", "7.61.1-11.90.amzn1")},
       {{"curl", "CVE-2019-5436", "fixed", "7.61.1-11.91.amzn1", "low"},
        {"curl", "CVE-2019-5481", "fixed", "7.61.1-12.93.amzn1", "medium"}}},
      {os("ol", "8.0"),
       {rpm("curl", "7.61.1-8.el8", "curl", "7.61.1-8.el8")},
       {{"curl", "CVE-2019-3823", "fixed", "7.61.1-11.el8", "medium"},
        {"curl", "CVE-2019-5436", "fixed", "7.61.1-12.el8", "medium"}}},
      // Its severity stands in the fixture without a vendor, and is nobody's word.
      {os("sles", "15.3"),
       {rpm("libopenssl1_1", "1.1.1d-150200.11.47.1", "openssl-1_1", "1.1.1d-150200.11.47.1")},
       {{"libopenssl1_1", "SUSE-SU-2022:2251-1", "fixed", "1.1.1d-150200.11.48.1", "unknown"}}},
      {os("almalinux", "8.5"),
       {rpm("openssl-libs", "1:1.1.1k-4.el8", "openssl", "1.1.1k-4.el8")},
       {{"openssl-libs", "CVE-2021-3712", "fixed", "1:1.1.1k-5.el8_5", "medium"}}},
      {os("alpine", "3.9.4"),
       apk_packages("alpine-3.9-metadata-only.tar.gz"),
       {{"libcrypto1.1", "CVE-2019-1549", "fixed", "1.1.1d-r0", "medium"},
        {"libcrypto1.1", "CVE-2019-1551", "fixed", "1.1.1d-r2", "medium"},
        {"libssl1.1", "CVE-2019-1549", "fixed", "1.1.1d-r0", "medium"},
        {"libssl1.1", "CVE-2019-1551", "fixed", "1.1.1d-r2", "medium"},
        {"musl", "CVE-2019-14697", "fixed", "1.1.20-r5", "critical"},
        {"musl-utils", "CVE-2019-14697", "fixed", "1.1.20-r5", "critical"}}},
      {os("alpine", "3.10.2"), apk_packages("alpine-3.10-patched-metadata-only.tar.gz"), {}},
  };
  for (const auto& each : cases) {
    Rows found;
    for (const Finding& finding : match_with(each.packages, each.system).findings) {
      found.insert({each.packages[finding.package].name, finding.id, std::string(status_name(finding.status)),
                    finding.fixed_version, std::string(severity_name(finding.severity))});
    }
    EXPECT_EQ(difference(found, each.expected), "") << each.system.id << " " << each.system.version_id;
  }
}

}  // namespace
}  // namespace bulkhead::advisory::testing

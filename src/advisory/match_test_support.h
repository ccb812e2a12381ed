// For tests only: databases out of records that are written in one expression, packages, and what match() answers as
// lines.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "advisory/database_builder.h"
#include "advisory/ecosystem.h"
#include "advisory/match.h"

namespace bulkhead::advisory {

// A record in one expression: Says("CVE-1").of("debian:12", "openssl").fixed("3.0.1").
class Says {
 public:
  explicit Says(std::string id) {
    record_.id = id;
    record_.record = std::move(id);
  }
  Says& of(const std::string& ecosystem, std::string package) {
    const Family* family = family_of(ecosystem);
    record_.ecosystem = ecosystem;
    record_.package = std::move(package);
    record_.name_kind = family->name_kind;
    record_.scheme = family->scheme;
    return *this;
  }
  Says& fixed(std::string version) {
    record_.status = AdvisoryStatus::kFixed;
    record_.ranges.push_back({.introduced = "", .fixed = std::move(version), .last_affected = ""});
    return *this;
  }
  Says& range(Range range) {
    record_.status = AdvisoryStatus::kFixed;
    record_.ranges.push_back(std::move(range));
    return *this;
  }
  Says& status(AdvisoryStatus status) {
    record_.status = status;
    return *this;
  }
  Says& not_affected() { return status(AdvisoryStatus::kNotAffected); }
  Says& document(std::string name) {
    record_.record = std::move(name);
    return *this;
  }
  Says& alias(std::string name) {
    record_.aliases.push_back(std::move(name));
    return *this;
  }
  Says& architectures(std::vector<std::string> names) {
    record_.architectures = std::move(names);
    return *this;
  }
  Says& module(std::string name) {
    record_.module = std::move(name);
    return *this;
  }
  Says& cpe(std::string name) {
    record_.cpe = std::move(name);
    return *this;
  }
  Says& severity(Severity severity) {
    record_.severity = severity;
    return *this;
  }
  Says& note(std::string text) {
    record_.note = std::move(text);
    return *this;
  }
  Says& by_source() {
    record_.name_kind = NameKind::kSource;
    return *this;
  }
  operator AdvisoryRecord() const { return record_; }  // NOLINT(google-explicit-constructor)

 private:
  AdvisoryRecord record_;
};

struct FeedRecords {
  FeedInput feed;
  std::vector<AdvisoryRecord> records;
  std::vector<Vulnerability> vulnerabilities;
};

inline Database make(const std::vector<FeedRecords>& feeds) {
  DatabaseBuilder builder;
  for (const FeedRecords& each : feeds) {
    builder.use_feed(builder.add_feed(each.feed).value());
    for (const auto& record : each.records) EXPECT_TRUE(builder.add(record));
    for (const auto& vulnerability : each.vulnerabilities) EXPECT_TRUE(builder.add(vulnerability));
  }
  return Database::from_bytes(std::move(builder).finish().value(), "test").value();
}

inline Database make(std::vector<AdvisoryRecord> records, std::vector<Vulnerability> vulnerabilities = {}) {
  return make({FeedRecords{.feed = {.name = "test-feed", .date = "2026-11-20"},
                           .records = std::move(records),
                           .vulnerabilities = std::move(vulnerabilities)}});
}

inline inventory::OperatingSystem os(std::string id, std::string version) {
  inventory::OperatingSystem system;
  system.id = std::move(id);
  system.version_id = std::move(version);
  return system;
}

inline inventory::Package package(inventory::PackageType type, std::string name, std::string version) {
  inventory::Package result;
  result.type = type;
  result.name = name;
  result.source_name = std::move(name);
  result.version = version;
  result.source_version = std::move(version);
  return result;
}
inline inventory::Package deb(std::string name, std::string version) {
  return package(inventory::PackageType::kDeb, std::move(name), std::move(version));
}
inline inventory::Package rpm(std::string name, std::string version) {
  return package(inventory::PackageType::kRpm, std::move(name), std::move(version));
}
inline inventory::Package of_source(inventory::Package package, std::string name, std::string version) {
  package.source_name = std::move(name);
  package.source_version = std::move(version);
  return package;
}

inline MatchOptions today() {
  MatchOptions options;
  options.now = "2026-11-22";
  return options;
}

inline MatchResult run(const Database& database, const inventory::OperatingSystem& system,
                       const std::vector<inventory::Package>& packages) {
  return match(packages, system, database, today());
}

// "CVE-1 fixed 1.2", "CVE-2 affected"
inline std::vector<std::string> summary(const MatchResult& result) {
  std::vector<std::string> lines;
  for (const Finding& finding : result.findings) {
    std::string line = finding.id + " " + std::string(status_name(finding.status));
    if (!finding.fixed_version.empty()) line += " " + finding.fixed_version;
    if (!finding.fixed_in.empty()) line += " in " + finding.fixed_in;
    lines.push_back(line);
  }
  return lines;
}
inline std::vector<std::string> suppressions(const MatchResult& result) {
  std::vector<std::string> lines;
  for (const Suppressed& each : result.suppressed) {
    lines.push_back(each.finding.id + " " + std::string(suppression_name(each.reason)));
  }
  return lines;
}
inline std::vector<std::string> rules(const MatchResult& result) {
  std::vector<std::string> lines;
  for (const Finding& finding : result.findings) lines.push_back(finding.evidence.rule);
  return lines;
}

// The repositories of Red Hat's list, under the id that says so.
inline Says repository(const std::string& release, const std::string& name, const char* cpe) {
  return Says("redhat-repositories").of(release, name).not_affected().cpe(cpe);
}

inline std::vector<AdvisoryRecord> records_of_several_products() {
  return {
      Says("CVE-1").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:enterprise_linux:8::appstream"),
      Says("CVE-2").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:rhel_eus:8.4::appstream"),
      Says("CVE-3").of("rhel:8", "x").status(AdvisoryStatus::kAffected).cpe("cpe:/o:redhat:enterprise_linux:8"),
      Says("CVE-4").of("rhel:8", "x").fixed("2-1.el8").cpe("cpe:/a:redhat:openshift:4.12::el8"),
      repository("rhel:8", "rhel-8-for-x86_64-baseos-rpms", "cpe:/o:redhat:enterprise_linux:8::baseos"),
      repository("rhel:8", "rhel-8-for-x86_64-appstream-rpms", "cpe:/a:redhat:enterprise_linux:8::appstream"),
      repository("rhel:8", "rhel-8-for-x86_64-appstream-rpms", "cpe:/a:redhat:rhel:8.3::appstream"),
      repository("rhel:8", "rhel-8-for-x86_64-appstream-eus-rpms__8_DOT_4", "cpe:/a:redhat:rhel_eus:8.4::appstream"),
      repository("rhel:8", "rhocp-4.12-for-rhel-8-x86_64-rpms", "cpe:/a:redhat:openshift:4.12::el8"),
  };
}

}  // namespace bulkhead::advisory

// fuzz: advisory
//
// Packages of an untrusted image against a good database. Input: a line "os-id <tab> version", then a line for each
// package: type, name, version, source, source version, architecture, module, location, file, by tabs. What match()
// reports and what explain() says of the same id must be the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "advisory/database_builder.h"
#include "advisory/ecosystem.h"
#include "advisory/match.h"
#include "base/text.h"

namespace {

using namespace bulkhead;            // NOLINT(google-build-using-namespace)
using namespace bulkhead::advisory;  // NOLINT(google-build-using-namespace)

Database make_database() {
  DatabaseBuilder builder;
  builder.use_feed(builder.add_feed({.name = "older", .date = "2025-01-01"}).value());
  const uint32_t newer = builder.add_feed({.name = "newer", .date = "2026-01-01"}).value();
  int number = 0;
  for (const char* key : {"debian:12", "ubuntu:18.04", "ubuntu:18.04:esm-infra", "ubuntu:18.04:fips-updates",
                          "alpine:3.19", "rhel:8", "almalinux:8", "oracle:8", "amazon:2023", "suse:sles:15.5",
                          "photon:3", "pypi", "npm", "golang", "maven", "gem", "nuget", "composer", "cargo"}) {
    const Family* family = family_of(key);
    for (int i = 0; i < 12; ++i) {
      AdvisoryRecord record;
      record.id = "CVE-2026-" + std::to_string(i);
      record.record = "DOC-" + std::to_string(number++);
      record.ecosystem = key;
      record.package = "a";
      record.scheme = family->scheme;
      record.name_kind = i % 5 == 0 ? NameKind::kSource : family->name_kind;
      record.status = static_cast<AdvisoryStatus>(i % 7);
      if (i % 3 != 0)
        record.ranges.push_back(
            {.introduced = i % 2 != 0 ? "1" : "", .fixed = "2:1.5-3.el8_" + std::to_string(i), .last_affected = ""});
      if (i % 4 == 0)
        record.ranges.push_back(
            {.introduced = "0.1", .fixed = "", .last_affected = "0.9", .introduced_exclusive = true});
      if (i == 7) record.module = "a:1";
      if (i == 8) record.cpe = "cpe:/a:redhat:enterprise_linux:8::appstream";
      if (i == 9) record.architectures = {"x86_64"};
      if (i == 6) builder.use_feed(newer);
      (void)builder.add(record);
    }
  }
  AdvisoryRecord repository;
  repository.id = repository.record = "redhat-repositories";
  repository.ecosystem = "rhel:8";
  repository.package = "appstream-rpms";
  repository.cpe = "cpe:/a:redhat:enterprise_linux:8::appstream";
  (void)builder.add(repository);
  return Database::from_bytes(std::move(builder).finish().value(), "fuzz").value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Database database = make_database();
  if (size > 4096) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view line;
  inventory::OperatingSystem system;
  if (next_line(rest, line)) {
    const auto cells = split(line, '\t');
    system.id = cells[0];
    if (cells.size() > 1) system.version_id = cells[1];
  }
  std::vector<inventory::Package> packages;
  while (next_line(rest, line) && packages.size() < 16) {
    std::vector<std::string_view> cells = split(line, '\t');
    cells.resize(9);
    inventory::Package package;
    package.type = inventory::package_type_of(cells[0]).value_or(inventory::PackageType::kGeneric);
    package.name = cells[1];
    package.version = cells[2];
    package.source_name = cells[3];
    package.source_version = cells[4];
    package.architecture = cells[5];
    package.module = cells[6];
    package.layer = static_cast<uint32_t>(packages.size() % 4);
    package.source_epoch_known = package.type != inventory::PackageType::kRpm;
    if (!cells[7].empty()) package.locations = {std::string(cells[7])};
    if (!cells[8].empty()) package.files = {std::string(cells[8])};
    packages.push_back(std::move(package));
  }
  MatchOptions options{.now = "2026-11-22"};
  options.layer_repositories = {{}, {"appstream-rpms__8"}, {packages.empty() ? std::string() : packages.front().name}};
  const MatchResult result = match(packages, system, database, options);
  size_t explained = 0;
  for (int i = 0; i < 12; ++i) {
    for (const Explanation& each : explain("CVE-2026-" + std::to_string(i), packages, system, database, options)) {
      (void)explanation_text(each, {});
      for (const ExplainedPackage& package : each.packages) explained += package.finding ? 1 : 0;
    }
  }
  if (explained != result.findings.size()) std::abort();
  return 0;
}

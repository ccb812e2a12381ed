// fuzz: advisory
//
// A compiled database with hostile contents: opening, walking, looking up, matching. The header and the sections' kinds
// are made right, so that everything behind them is reached; offsets, counts and contents are the input's.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "advisory/database.h"
#include "advisory/match.h"

namespace {

using namespace bulkhead;            // NOLINT(google-build-using-namespace)
using namespace bulkhead::advisory;  // NOLINT(google-build-using-namespace)

void put(std::string& bytes, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

// A hostile file may name the same million records for each of its names: the walk is what is bounded here.
constexpr size_t kMost = 40;

void walk(const Database& database) {
  size_t sum = 0;
  for (size_t i = 0; i < std::min(database.feeds(), kMost); ++i) sum += database.feed(i).name.size();
  for (size_t e = 0; e < std::min(database.ecosystems(), kMost); ++e) {
    sum += database.ecosystem_feeds(e).size() + database.find_ecosystem(database.ecosystem_key(e)).value_or(0);
    for (size_t p = 0; p < std::min(database.packages(e), kMost); ++p) {
      const RecordList records = database.records(e, database.package_name(e, p));
      for (size_t r = 0; r < std::min(records.size(), kMost); ++r) {
        const RecordView record = records[r];
        sum += record.document().size() + record.note().size() + record.architectures().size();
        for (size_t i = 0; i < std::min(record.ranges(), kMost); ++i) sum += record.range(i).fixed.size();
      }
    }
  }
  for (size_t v = 0; v < std::min(database.vulnerabilities(), kMost); ++v) {
    const VulnerabilityView view = database.vulnerability(v);
    sum += database.find_vulnerabilities(view.id()).size();
    for (size_t i = 0; i < std::min(view.accounts(), kMost); ++i) sum += view.account(i).description.size();
    for (size_t i = 0; i < std::min(view.ratings(), kMost); ++i) sum += view.rating(i).vector.size();
    for (size_t i = 0; i < std::min(view.references().size(), kMost); ++i) sum += view.references()[i].size();
  }
  if (sum == SIZE_MAX) std::abort();  // so that nothing is left out as unused
}

// Packages under the names that the database has, of distributions whose rules differ most.
void match_with(const Database& database) {
  std::vector<inventory::Package> packages;
  for (size_t e = 0; e < std::min<size_t>(database.ecosystems(), 4); ++e) {
    for (size_t p = 0; p < std::min<size_t>(database.packages(e), 4); ++p) {
      for (const auto type :
           {inventory::PackageType::kDeb, inventory::PackageType::kRpm, inventory::PackageType::kPypi}) {
        inventory::Package package;
        package.type = type;
        package.name = database.package_name(e, p);
        package.source_name = package.name;
        package.version = package.source_version = "1.0-1.el8_4";
        package.architecture = "x86_64";
        package.layer = static_cast<uint32_t>(p);
        packages.push_back(std::move(package));
      }
    }
  }
  MatchOptions options{.now = "2026-11-22"};
  options.layer_repositories = {{"rhel-8-for-x86_64-baseos-rpms"}};
  if (!packages.empty()) options.layer_repositories.push_back({packages.front().name});
  for (const auto& [id, version] : {std::pair("debian", "12"), {"ubuntu", "22.04"}, {"rhel", "8.4"}, {"amzn", "2"}}) {
    inventory::OperatingSystem system;
    system.id = id;
    system.version_id = version;
    const MatchResult result = match(packages, system, database, options);
    if (result.findings.empty()) continue;
    for (const Explanation& each : explain(result.findings.front().id, packages, system, database, options)) {
      (void)explanation_text(each, {});
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kFront = format::kHeaderBytes + format::kSections * format::kSectionBytes;
  if (size < kFront || size > (size_t{1} << 16)) return 0;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  std::memcpy(bytes.data(), format::kMagic.data(), format::kMagic.size());
  put(bytes, 8, format::kVersion, 4);
  put(bytes, 12, format::kSections, 4);
  put(bytes, 16, size, 8);
  put(bytes, 24, 0, 8);
  for (size_t i = 0; i < format::kSections; ++i) {
    put(bytes, format::kHeaderBytes + i * format::kSectionBytes, i, 4);
    put(bytes, format::kHeaderBytes + i * format::kSectionBytes + 4, format::kEntryBytes[i], 4);
  }
  const auto database = Database::from_bytes(std::move(bytes), "fuzz");
  if (!database) return 0;
  (void)database->verify();
  walk(*database);
  match_with(*database);
  return 0;
}

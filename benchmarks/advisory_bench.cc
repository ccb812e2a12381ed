// bench: advisory
//
// Opening the compiled database, looking packages up in it, and matching 500 packages against it, on a made-up database
// of the size of one distribution's (or, with BULKHEAD_BENCH_DATABASE, on a real one).
#include <cstdlib>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "advisory/database.h"
#include "advisory/database_builder.h"
#include "advisory/match.h"
#include "base/fs.h"

namespace {

using namespace bulkhead;            // NOLINT(google-build-using-namespace)
using namespace bulkhead::advisory;  // NOLINT(google-build-using-namespace)

constexpr int kPackages = 4000;
constexpr int kRecordsOfMost = 25;
constexpr int kRecordsOfTheKernel = 12'000;

// 4,000 source packages with 25 records each, and a kernel with 12,000, as in Debian's tracker.
std::string made_up_database() {
  DatabaseBuilder builder;
  builder.use_feed(builder.add_feed({.name = "debian-tracker", .date = "2026-11-22"}).value());
  const auto add = [&](const std::string& package, int number, int versions) {
    AdvisoryRecord record;
    record.id = fmt::format("CVE-{}-{}", 2000 + number % 26, number);
    record.record = record.id;
    record.ecosystem = "debian:12";
    record.package = package;
    record.scheme = version::Scheme::kDeb;
    if (number % 10 == 0) {
      record.status = AdvisoryStatus::kAffected;
    } else {
      record.status = AdvisoryStatus::kFixed;
      record.ranges = {{.introduced = {},
                        .fixed = fmt::format("1.{}.0-1+deb12u{}", number % versions, number % 3),
                        .last_affected = {}}};
    }
    (void)builder.add(record);
    Vulnerability vulnerability;
    vulnerability.id = record.id;
    vulnerability.title = "A title of the usual length of a title";
    vulnerability.description = std::string(400, 'd');
    vulnerability.cvss = {{.source = "nvd", .vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", .score = 9.8}};
    (void)builder.add(vulnerability);
  };
  int number = 1;
  for (int i = 0; i < kPackages; ++i) {
    for (int j = 0; j < kRecordsOfMost; ++j) add(fmt::format("package-{}", i), number++, 40);
  }
  for (int j = 0; j < kRecordsOfTheKernel; ++j) add("linux", number++, 400);
  return std::move(builder).finish().value();
}

const std::string& database_path() {
  static const std::string path = [] {
    if (const char* named = std::getenv("BULKHEAD_BENCH_DATABASE"))
      return std::string(named);  // NOLINT(concurrency-mt-unsafe)
    std::string made = "/tmp/bulkhead_advisory_bench.db";
    if (!write_file_atomically(made, made_up_database())) std::abort();
    return made;
  }();
  return path;
}

std::vector<inventory::Package> packages(bool with_kernel) {
  std::vector<inventory::Package> all;
  for (int i = 0; i < 500; ++i) {
    inventory::Package package;
    package.type = inventory::PackageType::kDeb;
    package.source_name = with_kernel && i == 0 ? "linux" : fmt::format("package-{}", i * 7);
    package.name = "lib" + package.source_name;
    package.version = "1.38.0-1+deb12u1";
    package.source_version = package.version;
    all.push_back(std::move(package));
  }
  return all;
}

inventory::OperatingSystem bookworm() {
  inventory::OperatingSystem system;
  system.id = "debian";
  system.version_id = "12";
  return system;
}

void open_database(benchmark::State& state) {
  const std::string& path = database_path();
  for (auto step : state) benchmark::DoNotOptimize(Database::open(path).value().feeds());
}
BENCHMARK(open_database)->Unit(benchmark::kMicrosecond);

void look_up(benchmark::State& state) {
  const Database database = Database::open(database_path()).value();
  const size_t ecosystem = database.find_ecosystem("debian:12").value();
  int i = 0;
  for (auto step : state) {
    benchmark::DoNotOptimize(database.records(ecosystem, fmt::format("package-{}", i++ % kPackages)).size());
  }
}
BENCHMARK(look_up)->Unit(benchmark::kNanosecond);

void match_500_packages(benchmark::State& state) {
  const Database database = Database::open(database_path()).value();
  const auto installed = packages(state.range(0) != 0);
  MatchOptions options{.now = "2026-11-22"};
  options.details = state.range(1) != 0;
  size_t findings = 0;
  for (auto step : state) findings = match(installed, bookworm(), database, options).findings.size();
  state.counters["findings"] = static_cast<double>(findings);
}
BENCHMARK(match_500_packages)
    ->ArgNames({"kernel", "details"})
    ->ArgsProduct({{0, 1}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

}  // namespace

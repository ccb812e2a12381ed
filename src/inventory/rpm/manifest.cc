#include "inventory/rpm/manifest.h"

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::inventory::rpm {

namespace {

enum Column : size_t {
  kName = 0,
  kVersionRelease = 1,
  kVendor = 4,
  kArchitecture = 7,
  kEpoch = 8,
  kSourceRpm = 9,
  kColumns = 10
};

std::string_view or_empty(std::string_view text) {
  return text == "(none)" ? std::string_view() : text;
}

}  // namespace

Result<std::vector<Package>> read_manifest(std::string_view text, const DatabaseLimits& limits) {
  std::vector<Package> packages;
  std::string_view line;
  for (size_t number = 1; next_line(text, line); ++number) {
    if (trim(line).empty()) continue;
    const auto columns = split(line, '\t');
    if (columns.size() < kColumns || columns[kName].empty() || !columns[kVersionRelease].contains('-')) {
      return fail(Code::kMalformed,
                  fmt::format("rpm manifest: line {} has {} columns, or no name and version", number, columns.size()));
    }
    const auto epoch = parse_decimal(columns[kEpoch]);
    if (!epoch) return fail(Code::kMalformed, fmt::format("rpm manifest: line {} has no epoch number", number));
    if (is_key_package(columns[kName])) continue;
    if (packages.size() == limits.max_packages) {
      return fail(Code::kLimitExceeded, fmt::format("rpm manifest: more than {} packages", limits.max_packages));
    }
    Package package;
    package.type = PackageType::kRpm;
    package.name = columns[kName];
    package.version = epoch_version(*epoch, columns[kVersionRelease]);
    package.architecture = or_empty(columns[kArchitecture]);
    package.vendor = or_empty(columns[kVendor]);
    set_source(package, columns[kSourceRpm]);
    packages.push_back(std::move(package));
  }
  return packages;
}

}  // namespace bulkhead::inventory::rpm

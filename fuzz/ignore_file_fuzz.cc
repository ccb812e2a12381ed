// fuzz: scan
// Ignore files against a scan's result: a file that is read has an id and a reason for each rule; what it takes from
// the findings it puts among the suppressed, and nothing else; where every rule has expired, it takes nothing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scan/filter.h"

namespace {

using namespace bulkhead;        // NOLINT(google-build-using-namespace)
using namespace bulkhead::scan;  // NOLINT(google-build-using-namespace)

ScanResult some_result() {
  ScanResult result;
  for (const char* name : {"a", "openssl", "libssl3"}) {
    inventory::Package package;
    package.name = name;
    package.source_name = "openssl";
    package.version = "1.0-1";
    result.packages.push_back(std::move(package));
    result.purls.push_back("pkg:deb/debian/" + result.packages.back().name + "@1.0-1");
  }
  for (size_t i = 0; i < 6; ++i) {
    advisory::Finding finding;
    finding.id = "CVE-2024-" + std::to_string(i);
    finding.aliases = {"GHSA-" + std::to_string(i)};
    finding.package = i % result.packages.size();
    result.findings.push_back(std::move(finding));
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = parse_ignore_file({reinterpret_cast<const char*>(data), size}, "ignore.yaml");
  if (!file) return 0;
  bool all_expire = true;
  for (size_t i = 0; i < file->rules.size(); ++i) {
    const IgnoreRule& rule = file->rules[i];
    if (rule.id == "*" && rule.package.empty() && rule.version.empty()) std::abort();
    if (rule.id.empty() || rule.reason.empty() || rule.number != i + 1) std::abort();
    all_expire = all_expire && !rule.expires.empty();
  }
  static const ScanResult original = some_result();
  for (const char* today : {"0000-00-00", "2026-11-22", "9999-99-99"}) {
    ScanResult result = original;
    UsedRules used;
    apply_ignore_file(result, *file, today, used);
    if (used.size() != file->rules.size()) std::abort();
    const auto unused = static_cast<size_t>(std::ranges::count(used, false));
    if (unused_rules(*file, today, used).size() != unused) std::abort();
    if (result.findings.size() + result.suppressed.size() != original.findings.size()) std::abort();
    if (all_expire && today == std::string_view("9999-99-99") && !result.suppressed.empty()) std::abort();
  }
  return 0;
}

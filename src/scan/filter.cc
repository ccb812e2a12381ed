#include "scan/filter.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/entry_list.h"
#include "base/glob.h"
#include "base/text.h"

namespace bulkhead::scan {
namespace {

constexpr std::string_view kKeys[] = {"id", "package", "version", "reason", "expires"};
constexpr EntryForm kIgnoreForm{.list = "ignore", .keys = kKeys, .page = "docs/scan.md"};

Result<IgnoreRule> rule_of(const Entry& entry, const std::string& name) {
  const auto bad = [&](std::string_view what) { return fail(entry_error(kIgnoreForm, name, entry.number, what)); };
  IgnoreRule rule{.id = entry.values[0],
                  .package = entry.values[1],
                  .version = entry.values[2],
                  .reason = entry.values[3],
                  .expires = entry.values[4],
                  .number = entry.number};
  if (rule.id.empty()) return bad("\"id\" is missing");
  if (rule.reason.empty()) return bad("\"reason\" is missing: whoever reads this in a year will want to know");
  if (!rule.expires.empty() && !is_date(rule.expires))
    return bad(fmt::format("\"{}\" is no date like 2026-12-31", rule.expires));
  const bool any_package = rule.package.find_first_not_of("*?") == std::string::npos;
  if (rule.id == "*" && any_package && rule.version.empty()) {
    return bad("\"*\" for every id needs a package or a version: it would ignore everything");
  }
  return rule;
}

// Whether a list that is not empty is without the value.
template <typename T>
bool lacks(const std::vector<T>& list, T value) {
  return !list.empty() && std::ranges::find(list, value) == list.end();
}

bool names(const IgnoreRule& rule, const advisory::Finding& finding) {
  const auto same = [&](std::string_view id) { return equals_ignoring_case(rule.id, id); };
  return rule.id == "*" || same(finding.id) || std::ranges::any_of(finding.aliases, same);
}

bool concerns(const IgnoreRule& rule, const advisory::Finding& finding, const inventory::Package& package) {
  if (!names(rule, finding)) return false;
  if (!rule.package.empty() && !matches_glob(rule.package, package.name) &&
      !matches_glob(rule.package, package.source_name))
    return false;
  return rule.version.empty() || rule.version == package.version;
}

bool has_expired(const IgnoreRule& rule, std::string_view today) {
  return !rule.expires.empty() && rule.expires < today;
}

std::string label_of(const IgnoreRule& rule) {
  return fmt::format("entry {} ({}{}{})", rule.number, rule.id, rule.package.empty() ? "" : " in ", rule.package);
}

}  // namespace

void apply_filter(ScanResult& result, const Filter& filter) {
  const auto hidden = [&](const advisory::Finding& finding) {
    if (lacks(filter.severities, finding.severity) || lacks(filter.statuses, finding.status)) return true;
    return filter.only_fixed && finding.fixed_version.empty();
  };
  const size_t count = std::erase_if(result.findings, hidden);
  if (count == 0) return;
  result.hidden += count;
  result.warnings.push_back({"", counted(count, "finding is hidden by --severity, --status or --only-fixed",
                                         "findings are hidden by --severity, --status or --only-fixed")});
}

Result<IgnoreFile> parse_ignore_file(std::string_view text, std::string name) {
  TRY_ASSIGN(const std::vector<Entry> entries, parse_entries(text, name, kIgnoreForm));
  IgnoreFile file{.name = std::move(name), .rules = {}};
  for (const Entry& entry : entries) {
    TRY_ASSIGN(IgnoreRule rule, rule_of(entry, file.name));
    file.rules.push_back(std::move(rule));
  }
  return file;
}

void apply_ignore_file(ScanResult& result, const IgnoreFile& file, std::string_view today, UsedRules& used) {
  used.resize(file.rules.size());
  UsedRules here(file.rules.size());
  std::vector<advisory::Finding> kept;
  for (advisory::Finding& finding : result.findings) {
    const IgnoreRule* by = nullptr;
    for (size_t i = 0; i < file.rules.size(); ++i) {
      const IgnoreRule& rule = file.rules[i];
      if (!concerns(rule, finding, result.packages[finding.package])) continue;
      here[i] = true;
      if (!has_expired(rule, today) && by == nullptr) by = &rule;
    }
    if (by == nullptr) {
      kept.push_back(std::move(finding));
      continue;
    }
    std::string detail = fmt::format("{} entry {}: {}", file.name, by->number, by->reason);
    if (!by->expires.empty()) detail += fmt::format(" (until {})", by->expires);
    result.suppressed.push_back(
        {.finding = std::move(finding), .reason = advisory::Suppression::kIgnored, .detail = std::move(detail)});
  }
  result.findings = std::move(kept);
  sort_findings(result);
  for (size_t i = 0; i < file.rules.size(); ++i) {
    if (!here[i]) continue;
    used[i] = true;
    const IgnoreRule& rule = file.rules[i];
    if (!has_expired(rule, today)) continue;
    result.warnings.push_back(
        {file.name, fmt::format("{} expired on {}: its findings count again", label_of(rule), rule.expires)});
  }
}

std::vector<Warning> unused_rules(const IgnoreFile& file, std::string_view today, const UsedRules& used) {
  std::vector<Warning> warnings;
  for (size_t i = 0; i < file.rules.size(); ++i) {
    if (i < used.size() && used[i]) continue;
    const IgnoreRule& rule = file.rules[i];
    const std::string expired = has_expired(rule, today) ? fmt::format("expired on {} and ", rule.expires) : "";
    warnings.push_back({file.name, fmt::format("{} {}met no finding in this run: it can go", label_of(rule), expired)});
  }
  return warnings;
}

}  // namespace bulkhead::scan

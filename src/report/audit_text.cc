#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "report/audit_renderers.h"
#include "scan/result.h"

namespace bulkhead::report {
namespace {

// A remediation around its first commands.
struct Remediation {
  std::string before;
  std::vector<std::string_view> commands;
  std::string after;
};

Remediation parse_remediation(std::string_view text) {
  Remediation parsed;
  bool passed = false;  // the commands
  for (std::string_view rest = text, line; next_line(rest, line);) {
    if (line.starts_with(' ') && !passed) {
      parsed.commands.push_back(line);
      continue;
    }
    passed = !parsed.commands.empty();
    (passed ? parsed.after : parsed.before) += fmt::format("{}\n", line);
  }
  return parsed;
}

}  // namespace

using audit::AuditResult;
using audit::CheckInfo;
using audit::Evidence;
using audit::Object;
using audit::Row;
using audit::RowStatus;

std::vector<CheckRows> rows_by_check(const AuditResult& result) {
  std::vector<CheckRows> checks;
  for (const Row& row : result.rows) {
    if (checks.empty() || checks.back().check != row.check) checks.push_back({.check = row.check, .rows = {}});
    checks.back().rows.push_back(&row);
  }
  return checks;
}

std::vector<CheckRows> failed_checks(const AuditResult& result) {
  std::vector<CheckRows> checks = rows_by_check(result);
  for (CheckRows& check : checks) std::erase_if(check.rows, [](const Row* row) { return !counts_as_failure(*row); });
  std::erase_if(checks, [](const CheckRows& check) { return check.rows.empty(); });
  // Insertion keeps the order of the catalogue among equals; std::stable_sort does not compile here (deprecated calls
  // of libstdc++ 12 under clang).
  std::vector<CheckRows> sorted;
  for (CheckRows& check : checks) {
    const auto place = std::ranges::upper_bound(sorted, check.check->severity, std::ranges::greater(),
                                                [](const CheckRows& other) { return other.check->severity; });
    sorted.insert(place, std::move(check));
  }
  return sorted;
}

std::vector<Advice> advice_for(std::vector<CheckRows> failed) {
  std::vector<Advice> all;
  std::vector<Remediation> remediations;  // of `all`
  for (CheckRows& check : failed) {
    Remediation own = parse_remediation(check.check->remediation);
    const auto same = std::ranges::find_if(
        remediations, [&](const Remediation& one) { return one.before == own.before && one.after == own.after; });
    const auto index = static_cast<size_t>(same - remediations.begin());
    if (same == remediations.end()) {
      remediations.push_back(std::move(own));
      all.emplace_back();
    } else {
      std::ranges::copy_if(own.commands, std::back_inserter(same->commands), [&](std::string_view command) {
        return std::ranges::find(same->commands, command) == same->commands.end();
      });
    }
    all[index].checks.push_back(std::move(check));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const Remediation& one = remediations[i];
    all[i].text = one.before;
    for (const std::string_view command : one.commands) all[i].text += fmt::format("{}\n", command);
    all[i].text += one.after;
    all[i].text.pop_back();
  }
  return all;
}

bool failed_or_unchecked(const Row& row) {
  return counts_as_failure(row) || row.status == RowStatus::kError;
}

std::string_view newest_cis(const CheckInfo& check) {
  return check.cis.back();
}

std::string cis_numbers(const CheckInfo& check) {
  std::string numbers;
  for (size_t i = audit::kCisEditions.size(); i-- > 0;) {
    if (check.cis[i].empty()) continue;
    numbers += fmt::format("{}{} in {}", numbers.empty() ? "" : ", ", check.cis[i], audit::kCisEditions[i]);
  }
  return numbers.empty() ? "no recommendation of it" : numbers;
}

std::string check_label(const CheckInfo& check) {
  const std::string_view cis = newest_cis(check);
  return cis.empty() ? std::string(check.id) : fmt::format("{} ({})", check.id, cis);
}

std::string object_text(const Object& object) {
  switch (object.kind) {
    case Object::Kind::kHost:
      return "host";
    case Object::Kind::kDaemon:
      return "engine";
    case Object::Kind::kSwarm:
      return "Swarm";
    case Object::Kind::kFile:
    case Object::Kind::kImage:
    case Object::Kind::kContainer:
      return object.name;
    case Object::Kind::kNetwork:
    case Object::Kind::kService:
      return fmt::format("{} {}", kind_name(object.kind), object.name);
  }
  return object.name;
}

std::string row_text(const Row& row, size_t max_evidence) {
  std::string text;
  if (row.exempted) {
    text = fmt::format("exempted: {} ({}{})", row.exempted->reason, row.exempted->owner,
                       row.exempted->expires.empty() ? "" : fmt::format(", until {}", row.exempted->expires));
  }
  const auto add = [&](std::string_view part) {
    if (!text.empty()) text += "; ";
    text += part;
  };
  if (!row.reason.empty()) add(row.reason);
  const size_t shown = std::min(row.evidence.size(), max_evidence);
  for (size_t i = 0; i < shown; ++i) {
    const Evidence& evidence = row.evidence[i];
    // What stands beside the row already is not said again, nor what is wanted alike of the next piece.
    add(evidence.where == row.object.name ? std::string(evidence.found)
                                          : fmt::format("{}: {}", evidence.where, evidence.found));
    const bool said_next = i + 1 < shown && row.evidence[i + 1].wanted == evidence.wanted;
    if (row.status == RowStatus::kPass || evidence.wanted.empty() || said_next) continue;
    text += fmt::format(", wanted {}", evidence.wanted);
  }
  if (shown < row.evidence.size()) text += fmt::format("; and {} more", row.evidence.size() - shown);
  return text;
}

std::string change_text(const audit::Change& change) {
  const auto name = [](const std::optional<RowStatus>& status) {
    return status ? status_name(*status) : std::string_view();
  };
  std::string text = fmt::format("{} of {}", change.check, object_text(change.object));
  if (!change.before) return fmt::format("{}: {}", text, name(change.after));
  if (!change.after) return fmt::format("{}: was {}", text, name(change.before));
  return fmt::format("{}: {}, was {}", text, name(change.after), name(change.before));
}

std::string_view change_name(audit::Change::Kind kind) {
  constexpr std::string_view kNames[] = {"worse", "better", "new", "gone"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view tag_of(const Row& row) {
  if (row.exempted) return "EXC";
  switch (row.status) {
    case RowStatus::kPass:
      return "PASS";
    case RowStatus::kFail:
      return "WARN";
    case RowStatus::kManual:
      return "NOTE";
    case RowStatus::kNotApplicable:
      return "INFO";
    case RowStatus::kError:
      return "ERR";
  }
  return "ERR";
}

std::string audit_conclusion(const AuditResult& result) {
  if (result.engine.empty()) return "not audited: the engine gave no answer";
  std::set<const CheckInfo*> all;
  std::set<const CheckInfo*> failed;
  std::set<const CheckInfo*> unchecked;
  std::set<const CheckInfo*> applicable;
  for (const Row& row : result.rows) {
    all.insert(row.check);
    if (counts_as_failure(row)) failed.insert(row.check);
    if (row.status == RowStatus::kError) unchecked.insert(row.check);
    if (row.status != RowStatus::kNotApplicable) applicable.insert(row.check);
  }
  if (applicable.empty()) return "nothing was checked";
  std::string text = failed.empty() ? fmt::format("no check of {} failed", all.size())
                                    : fmt::format("{} of {} failed", failed.size(), scan::counted(all.size(), "check"));
  if (!unchecked.empty()) {
    text += fmt::format("{}{} could not be made", failed.empty() ? ", but " : ", ", unchecked.size());
  }
  return text;
}

}  // namespace bulkhead::report

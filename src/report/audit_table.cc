// The audit for people, in the habit of the shell tool that many know: sections, a tagged line for each row, then what
// failed once more, worst first, with what to do.
#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "report/audit_renderers.h"
#include "report/terminal_text.h"
#include "scan/result.h"

namespace bulkhead::report {
namespace {

using advisory::Severity;
using audit::AuditResult;
using audit::CheckInfo;
using audit::Row;
using audit::RowStatus;

constexpr size_t kMaxObjectWidth = 32;
constexpr size_t kTagWidth = 6;  // "[PASS]"
constexpr size_t kObjectsNamed = 20;
constexpr size_t kMaxEvidence = 4;  // of a row; the other formats have all of it

std::string_view color_of_row(const Row& row) {
  if (row.exempted) return kDim;
  switch (row.status) {
    case RowStatus::kPass:
      return kGreen;
    case RowStatus::kFail:
      return color_of(row.check->severity);
    case RowStatus::kManual:
      return kBlue;
    case RowStatus::kNotApplicable:
      return kDim;
    case RowStatus::kError:
      return kRed;
  }
  return {};
}

// What stands for an object in a column: an image without a name by as much of its id as tells it apart.
std::string short_object(const audit::Object& object) {
  constexpr size_t kWholeDigest = 71;
  constexpr size_t kShownOfDigest = 19;
  const std::string text = one_line(object_text(object));
  return text.starts_with("sha256:") && text.size() == kWholeDigest ? text.substr(0, kShownOfDigest) : text;
}

class Text {
 public:
  Text(bool color, unsigned width) : color_(color), width_(width) {}

  std::string take() { return std::exchange(out_, {}); }  // what was written since the last call
  std::string paint(std::string_view color, std::string_view text) const { return painted(color_, color, text); }
  void line(std::string_view text, size_t indent) {
    out_ += wrap(text, width_, indent);
    out_ += '\n';
  }
  void gap() { out_ += '\n'; }
  // Lines of the catalogue, each wrapped by itself below its own beginning: what is indented there is a command.
  void block(std::string_view text, size_t indent) {
    for (std::string_view rest = text, one; next_line(rest, one);) {
      const size_t own = std::min(one.find_first_not_of(' '), one.size());
      line(trim(one).empty() ? "" : std::string(indent, ' ') + std::string(one), indent + own);
    }
  }

 private:
  bool color_;
  unsigned width_;
  std::string out_;
};

class Table {
 public:
  Table(const AuditOptions& options, const TextSink& out)
      : options_(options), out_(out), text_(options.color, options.width) {}

  Status write(const AuditResult& result) {
    text_.line(fmt::format("{}  {}", text_.paint(kBold, printable(result.address)),
                           result.engine.empty() ? text_.paint(kRed, "no answer") : printable(result.engine)),
               2);
    silence(result);
    TRY(sections(result));
    what_to_do(result);
    changes(result);
    text_.gap();
    for (const std::string& warning : result.warnings) {
      text_.line(fmt::format("{} {}", text_.paint(kYellow, "warning:"), one_line(warning)), 2);
    }
    summary(result);
    return out_(text_.take());
  }

 private:
  // Of an engine that gave no answer nearly every row has the same reason: reasons are told once, with their rows'
  // number, instead of the rows.
  void silence(const AuditResult& result) {
    if (!result.engine.empty()) return;
    std::map<std::string, size_t> reasons;
    for (const Row& row : result.rows) {
      if (row.status == RowStatus::kError) ++reasons[one_line(row_text(row))];
    }
    std::vector<std::pair<std::string, size_t>> most_first(reasons.begin(), reasons.end());
    std::ranges::sort(most_first, {},
                      [](const auto& one) { return std::pair(-static_cast<int64_t>(one.second), one.first); });
    for (const auto& [reason, rows] : most_first) {
      text_.line(fmt::format("  {} {}  {}", text_.paint(kRed, "[ERR ]"), scan::counted(rows, "result"), reason),
                 kTagWidth + 3);
    }
  }

  Status sections(const AuditResult& result) {
    const CheckInfo* before = nullptr;
    for (CheckRows& check : rows_by_check(result)) {
      if (options_.only_failed) std::erase_if(check.rows, [](const Row* row) { return !failed_or_unchecked(*row); });
      if (result.engine.empty()) {
        std::erase_if(check.rows, [](const Row* row) { return row->status == RowStatus::kError; });
      }
      if (check.rows.empty()) continue;
      if (before == nullptr || before->section != check.check->section) {
        text_.gap();
        text_.line(text_.paint(kBold, section_title(check.check->section)), 0);
      }
      before = check.check;
      write_check(check);
      TRY(out_(text_.take()));
    }
    return {};
  }

  void write_check(const CheckRows& check) {
    text_.line(fmt::format("  {}  {}", check_label(*check.check), text_.paint(kDim, check.check->title)), 4);
    size_t object_width = 0;
    for (const Row* row : check.rows) {
      object_width = std::max(object_width, std::min(columns(short_object(row->object)), kMaxObjectWidth));
    }
    for (const Row* row : check.rows) {
      const std::string tag = fmt::format("[{:<4}]", tag_of(*row));
      const std::string found = one_line(row_text(*row, kMaxEvidence));
      text_.line(fmt::format("    {} {}{}{}", text_.paint(color_of_row(*row), tag),
                             found.empty() ? short_object(row->object) : pad(short_object(row->object), object_width),
                             found.empty() ? "" : "  ", found),
                 4 + kTagWidth + 3);
    }
  }

  void what_to_do(const AuditResult& result) {
    std::vector<CheckRows> failed = failed_checks(result);
    if (failed.empty()) return;
    text_.gap();
    text_.line(text_.paint(kBold, fmt::format("What to do: {} failed", scan::counted(failed.size(), "check"))), 0);
    for (const Advice& advice : advice_for(std::move(failed))) {
      for (const CheckRows& check : advice.checks) name_failure(check);
      text_.block(advice.text, 4);
    }
  }

  void name_failure(const CheckRows& check) {
    const Severity severity = check.check->severity;
    text_.line(fmt::format("  {} {}  {}", text_.paint(color_of(severity), pad(severity_name(severity), 10)),
                           check_label(*check.check), check.check->title),
               13);
    std::string objects;
    for (size_t i = 0; i < std::min(check.rows.size(), kObjectsNamed); ++i) {
      objects += fmt::format("{}{}", i == 0 ? "" : ", ", short_object(check.rows[i]->object));
    }
    if (check.rows.size() > kObjectsNamed) objects += fmt::format(" and {} more", check.rows.size() - kObjectsNamed);
    text_.line("    " + text_.paint(kDim, "of ") + objects, 6);
  }

  void changes(const AuditResult& result) {
    if (!result.changes) return;
    text_.gap();
    text_.line(
        text_.paint(kBold, result.changes->empty() ? "Nothing changed since the baseline" : "Since the baseline"), 0);
    for (const audit::Change& change : *result.changes) {
      const std::string_view color = change.kind == audit::Change::Kind::kWorse    ? kRed
                                     : change.kind == audit::Change::Kind::kBetter ? kGreen
                                                                                   : std::string_view();
      text_.line(
          fmt::format("  {} {}", text_.paint(color, pad(change_name(change.kind), 6)), one_line(change_text(change))),
          9);
    }
  }

  // Numbers and no score: a number of points would say that one failure makes up for another.
  void summary(const AuditResult& result) {
    const audit::Counts counts = count(result);
    const auto of = [&](RowStatus status) { return counts.by_status[static_cast<size_t>(status)]; };
    std::string severities;
    for (size_t i = counts.failures_by_severity.size(); i-- > 0;) {
      if (counts.failures_by_severity[i] == 0) continue;
      const auto severity = static_cast<Severity>(i);
      severities += fmt::format("{}{}", severities.empty() ? "" : ", ",
                                text_.paint(color_of(severity), fmt::format("{} {}", counts.failures_by_severity[i],
                                                                            severity_name(severity))));
    }
    if (!severities.empty()) severities = fmt::format(" ({})", severities);
    text_.line(
        fmt::format("{}: {} passed, {} failed{}, {} exempted, {} for a person, {} not applicable, {} could not "
                    "be checked",
                    scan::counted(result.rows.size(), "result"), of(RowStatus::kPass), of(RowStatus::kFail), severities,
                    counts.exempted, of(RowStatus::kManual), of(RowStatus::kNotApplicable), of(RowStatus::kError)),
        2);
    text_.line(text_.paint(kBold, audit_conclusion(result)), 2);
  }

  const AuditOptions& options_;
  const TextSink& out_;
  Text text_;
};

std::string_view kind_text(const CheckInfo& check) {
  return check.automatic ? "judged by the facts" : "for a person to decide, with the facts that help";
}

}  // namespace

Status write_audit_table(std::span<const AuditResult> results, const AuditOptions& options, const TextSink& out) {
  for (const AuditResult& result : results) {
    if (&result != &results.front()) TRY(out("\n"));
    TRY(Table(options, out).write(result));
  }
  return {};
}

std::string audit_check_list(const audit::Selection& selection, bool color, unsigned width) {
  std::vector<const CheckInfo*> checks;
  size_t label_width = 0;
  for (const CheckInfo& check : audit::catalogue()) {
    if (!selection.takes(check)) continue;
    checks.push_back(&check);
    label_width = std::max(label_width, columns(check_label(check)));
  }
  Text text(color, width);
  const CheckInfo* before = nullptr;
  for (const CheckInfo* check : checks) {
    if (before == nullptr || before->section != check->section) {
      if (before != nullptr) text.gap();
      text.line(text.paint(kBold, fmt::format("{} (--section {})", section_title(check->section),
                                              section_name(check->section))),
                0);
    }
    before = check;
    text.line(fmt::format("  {}  level {}  {} {} {}", pad(check_label(*check), label_width), check->level,
                          text.paint(color_of(check->severity), pad(severity_name(check->severity), 10)),
                          pad(check->automatic ? "" : "manual", 6), check->title),
              6);
  }
  text.gap();
  text.line(
      fmt::format("{}. In parentheses: the number of the recommendation in CIS Docker Benchmark {} that the check "
                  "is about. bulkhead audit --explain ID tells more.",
                  scan::counted(checks.size(), "check"), audit::kCisEditions.back()),
      0);
  return text.take();
}

std::string audit_check_text(const CheckInfo& check, bool color, unsigned width) {
  Text text(color, width);
  text.line(fmt::format("{}  {}", text.paint(kBold, check.id), check.title), 2);
  text.line(fmt::format("  section {}, level {}, {}", section_name(check.section), check.level, kind_text(check)), 4);
  text.line(
      fmt::format("  severity of a failure: {}", text.paint(color_of(check.severity), severity_name(check.severity))),
      4);
  text.line(fmt::format("  CIS Docker Benchmark: {}", cis_numbers(check)), 4);
  text.gap();
  text.line(text.paint(kBold, "Why"), 0);
  text.block(check.rationale, 2);
  text.gap();
  text.line(text.paint(kBold, "What to do"), 0);
  text.block(check.remediation, 2);
  return text.take();
}

}  // namespace bulkhead::report

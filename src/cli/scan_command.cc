// bulkhead scan
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/databases.h"
#include "cli/finding_flags.h"
#include "cli/image_flags.h"
#include "cli/image_session.h"
#include "cli/named_file.h"
#include "cli/output_flags.h"
#include "cli/reports.h"
#include "scan/filter.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxTemplateBytes = size_t{4} << 20;
constexpr size_t kMaxIgnoreFileBytes = size_t{1} << 20;
constexpr const char* kTemplateFormat = "template";

// What the user asked to leave out, by flags and file.
struct Selection {
  scan::Filter filter;
  scan::IgnoreFile ignore;
  scan::UsedRules used;

  void apply(scan::ScanResult& result, std::string_view today) {
    scan::apply_ignore_file(result, ignore, today, used);
    scan::apply_filter(result, filter);
  }
};

Result<Selection> make_selection(const FindingFlags& flags, const std::stop_token& stop) {
  Selection selection;
  selection.filter = {.severities = flags.severities, .statuses = flags.statuses, .only_fixed = flags.only_fixed};
  if (!flags.ignore_file.empty()) {
    TRY_ASSIGN(const std::string text, read_named_file("--ignore-file", flags.ignore_file, kMaxIgnoreFileBytes, stop));
    TRY_ASSIGN(selection.ignore, scan::parse_ignore_file(text, flags.ignore_file));
  }
  return selection;
}

// An id that no feed knows is an answer; a word that cannot be one is a slip of the pen. The database is asked first:
// its publishers name things as they like.
Status check_ids(std::span<const std::string> ids, const advisory::Database& database) {
  for (const std::string& id : ids) {
    if (advisory::looks_like_id(id) || !database.find_vulnerabilities(id).empty()) continue;
    return fail(Code::kInvalidArgument,
                fmt::format("--explain: \"{}\" is no id of a vulnerability, and no feed in the database knows it",
                            printable(id)),
                "write it as its publisher does: CVE-2023-4911, GHSA-jfh8-c2jp-5v3q, RHSA-2023:4418, DSA-5514-1");
  }
  return {};
}

bool threshold_met(const FindingFlags& flags, std::span<const scan::ScanResult> results) {
  if (!flags.fail_on) return false;
  return std::ranges::any_of(results, [&](const scan::ScanResult& result) {
    return std::ranges::any_of(result.findings,
                               [&](const advisory::Finding& f) { return f.severity >= *flags.fail_on; });
  });
}

// Unknown is below every threshold: a gate that counts on severities must say what it could not weigh.
void warn_about_unknown(const FindingFlags& flags, scan::ScanResult& result) {
  if (!flags.fail_on || *flags.fail_on == advisory::Severity::kUnknown) return;
  const uint32_t unknown = scan::count_findings(result).by_severity[static_cast<size_t>(advisory::Severity::kUnknown)];
  if (unknown == 0) return;
  result.warnings.push_back(
      {"", fmt::format("{} of unknown severity, which --fail-on {} does not count; --fail-on "
                       "unknown counts them",
                       scan::counted(unknown, "finding is", "findings are"), advisory::severity_name(*flags.fail_on))});
}

class ScanCommand final : public Command {
 public:
  void declare(Flags& flags) override;
  Result<int> run(Interrupts& interrupts) override;

 private:
  Status check_report() const;

  ImageFlags image_;
  OutputFlags output_;
  std::string template_file_;
  FindingFlags finding_;
  std::string database_;
  advisory::StoreLimits database_limits_;
  std::optional<uint32_t> max_feed_age_days_;
  std::vector<std::string> explain_;
};

void ScanCommand::declare(Flags& flags) {
  std::vector<Choice> formats;
  for (const report::Format& format : report::formats()) {
    formats.push_back({std::string(format.name), std::string(format.description)});
  }
  image_.declare(flags);
  output_.declare(flags, std::move(formats), "table");
  flags.add({.names = "--template",
             .value = "FILE",
             .help = "Mustache template for --format template",
             .kind = Option::Kind::kFile},
            template_file_);
  finding_.declare(flags);
  add_database_flag(flags, database_);
  add_feed_age_flag(flags, max_feed_age_days_);
  flags.add(
      {.names = "--explain",
       .value = "ID",
       .help = "print the whole reasoning about one vulnerability instead of a report; not together with formats, "
               "filters and --fail-on"},
      explain_);
  add_database_limit(flags, database_limits_);
  flags.check([this] { return check_report(); });
}

Status ScanCommand::check_report() const {
  const bool filtered = !finding_.severities.empty() || !finding_.statuses.empty() || finding_.only_fixed ||
                        finding_.fail_on || !finding_.ignore_file.empty();
  if (!explain_.empty() && (output_.given || !template_file_.empty() || filtered)) {
    return fail(Code::kInvalidArgument,
                "--explain prints the reasoning about one vulnerability: no format, filter, ignore file or --fail-on "
                "has a part in it",
                "leave them out, or scan a second time without --explain");
  }
  const bool wants_template = output_.writes(kTemplateFormat);
  if (wants_template && template_file_.empty()) {
    return fail(Code::kInvalidArgument, "the format \"template\" needs a template", "name one with --template FILE");
  }
  if (!wants_template && !template_file_.empty()) {
    return fail(Code::kInvalidArgument, "--template: no report is written by it",
                "ask for one with --format template, or --output template=FILE");
  }
  return {};
}

Result<int> ScanCommand::run(Interrupts& interrupts) {
  const std::stop_token stop = interrupts.stop_in_order();
  // What can be wrong beside the images is found before any of them is opened.
  TRY_ASSIGN(Selection selection, make_selection(finding_, stop));
  TRY_ASSIGN(const Reports reports, Reports::create(output_));
  report::Options report;
  if (!template_file_.empty()) {
    TRY_ASSIGN(report.template_text, read_named_file("--template", template_file_, kMaxTemplateBytes, stop));
  }
  TRY_ASSIGN(const advisory::OpenedDatabase database,
             advisory::open_database(store_paths(database_, image_.cache_dir), database_limits_));
  TRY(check_ids(explain_, *database.database));
  TRY_ASSIGN(const auto session, ImageSession::create(image_, stop));

  scan::Options options = session->options();
  options.database = database.database.get();
  options.database_is_snapshot = database.origin == advisory::Origin::kSnapshot;
  // What a publisher has not decided is no finding unless it is asked for.
  options.match.under_investigation = finding_.asks_for(advisory::AdvisoryStatus::kUnderInvestigation);
  if (max_feed_age_days_) options.match.max_feed_age_days = *max_feed_age_days_;

  const std::string today = options.match.now.substr(0, 10);
  std::vector<scan::ScanResult> results;
  std::string explanations;
  const std::vector<std::string>& images = image_.images;
  for (const std::string& image : images) {
    Progress* const progress = options.analyse.progress;
    const ProgressStep step(
        progress, images.size() == 1 ? image : fmt::format("{}/{} {}", results.size() + 1, images.size(), image), 0);
    TRY_ASSIGN(scan::ScanResult result, session->take_facts(image, options));
    if (!image_.offline && !image_.no_cache) remember_what_was_met(result, image_.cache_dir);
    const ProgressStep matching(progress, "matching", 0);
    TRY(scan::assess(result, options));
    if (explain_.empty()) {
      selection.apply(result, today);
      warn_about_unknown(finding_, result);
    } else {
      TRY_ASSIGN(const std::string explanation, scan::explain(explain_, result, options));
      if (!explanations.empty()) explanations += '\n';
      if (images.size() > 1) explanations += fmt::format("{}\n\n", printable(image));
      explanations += explanation;
    }
    results.push_back(std::move(result));
  }
  std::ranges::move(scan::unused_rules(selection.ignore, today, selection.used),
                    std::back_inserter(results.back().warnings));
  session->finish_progress();
  if (!explain_.empty()) {
    TRY(write_standard_output(explanations));
    return kSuccess;
  }
  TRY(reports.write(results, std::move(report), stop));
  return threshold_met(finding_, results) ? kThresholdMet : kSuccess;
}

}  // namespace

CommandInfo scan_command() {
  return {.name = "scan",
          .summary = "look into images: packages, and what is known to be vulnerable in them",
          .details = kImageForms,
          .examples =
              "bulkhead scan alpine:3.19\n"
              "bulkhead scan --fail-on high --only-fixed registry.example/shop/cart:1.4\n"
              "bulkhead scan -o json=report.json -o table oci:build/image:latest\n"
              "docker save cart | bulkhead scan -\n"
              "bulkhead scan --explain CVE-2023-4911 rootfs:/",
          .exit_status =
              "0, 1 on an error of the program or its input, 2 when --fail-on was met, 130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<ScanCommand>(); }};
}

}  // namespace bulkhead::cli

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "base/fs.h"
#include "cli/commands.h"
#include "cli/databases.h"
#include "cli/environment.h"
#include "cli/image_session.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "report/report.h"
#include "scan/filter.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxTemplateBytes = size_t{4} << 20;
constexpr size_t kMaxIgnoreFileBytes = size_t{1} << 20;

// The reports that were asked for, with the places that they go to.
struct Reports {
  std::vector<const report::Format*> formats;
  std::vector<OutputTarget> targets;

  static Result<Reports> create(const std::vector<OutputArgument>& outputs) {
    Reports reports;
    std::vector<std::string> files;
    for (const OutputArgument& output : outputs) {
      TRY_ASSIGN(const report::Format* const format, report::find_format(output.format));
      reports.formats.push_back(format);
      files.push_back(output.file);
    }
    TRY_ASSIGN(reports.targets, find_outputs(files));
    return reports;
  }

  Status write(std::span<const scan::ScanResult> results, report::Options options) const {
    // Every format is rendered before the first is written: an error leaves no half of the answer behind.
    std::vector<std::string> texts;
    for (size_t i = 0; i < formats.size(); ++i) {
      const int descriptor = targets[i].descriptor;
      options.color = descriptor >= 0 && wants_color(descriptor);
      options.width = descriptor >= 0 ? terminal_width(descriptor) : 0;
      TRY_ASSIGN(std::string text, formats[i]->render(results, options));
      texts.push_back(std::move(text));
    }
    for (size_t i = 0; i < texts.size(); ++i) TRY(write_output(targets[i], texts[i]));
    return {};
  }
};

report::Options report_options() {
  report::Options options;
  options.tool_version = BULKHEAD_VERSION;
  options.created = source_date();
  return options;
}

bool threshold_met(const ScanArguments& arguments, std::span<const scan::ScanResult> results) {
  if (!arguments.fail_on) return false;
  return std::ranges::any_of(results, [&](const scan::ScanResult& result) {
    return std::ranges::any_of(result.findings,
                               [&](const advisory::Finding& f) { return f.severity >= *arguments.fail_on; });
  });
}

// Unknown is below every threshold: a gate that counts on severities must say what it could not weigh.
void warn_about_unknown(const ScanArguments& arguments, scan::ScanResult& result) {
  if (!arguments.fail_on || *arguments.fail_on == advisory::Severity::kUnknown) return;
  const uint32_t unknown = scan::count_findings(result).by_severity[static_cast<size_t>(advisory::Severity::kUnknown)];
  if (unknown == 0) return;
  result.warnings.push_back({"", fmt::format("{} of unknown severity, which --fail-on {} does not count; --fail-on "
                                             "unknown counts them",
                                             scan::counted(unknown, "finding is", "findings are"),
                                             advisory::severity_name(*arguments.fail_on))});
}

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

Result<Selection> make_selection(const ScanArguments& arguments, const std::stop_token& stop) {
  Selection selection;
  selection.filter = {
      .severities = arguments.severities, .statuses = arguments.statuses, .only_fixed = arguments.only_fixed};
  if (!arguments.ignore_file.empty()) {
    TRY_ASSIGN(const std::string text, read_file(arguments.ignore_file, kMaxIgnoreFileBytes, stop));
    TRY_ASSIGN(selection.ignore, scan::parse_ignore_file(text, arguments.ignore_file));
  }
  return selection;
}

}  // namespace

Result<int> run_command(const ScanArguments& arguments, const std::stop_token& stop) {
  // What can be wrong with the arguments is found before anything is read.
  TRY_ASSIGN(Selection selection, make_selection(arguments, stop));
  TRY_ASSIGN(const Reports reports, Reports::create(arguments.outputs));
  report::Options report = report_options();
  if (!arguments.template_file.empty()) {
    TRY_ASSIGN(report.template_text, read_file(arguments.template_file, kMaxTemplateBytes, stop));
  }
  TRY_ASSIGN(const auto session, ImageSession::create(arguments.image, stop));
  TRY_ASSIGN(
      const advisory::OpenedDatabase database,
      advisory::open_database(store_paths(arguments.database, arguments.image.cache_dir), arguments.database_limits));

  scan::Options options = session->options();
  options.database = database.database.get();
  options.database_is_snapshot = database.origin == advisory::Origin::kSnapshot;
  if (arguments.max_feed_age_days) options.match.max_feed_age_days = *arguments.max_feed_age_days;

  const std::string today = options.match.now.substr(0, 10);
  std::vector<scan::ScanResult> results;
  std::string explanations;
  const std::vector<std::string>& images = arguments.image.images;
  for (const std::string& image : images) {
    Progress* const progress = options.analyse.progress;
    const ProgressStep step(
        progress, images.size() == 1 ? image : fmt::format("{}/{} {}", results.size() + 1, images.size(), image), 0);
    TRY_ASSIGN(oci::OpenedImage opened, session->open(image));
    TRY_CONTEXT(scan::ScanResult result, scan::take_facts(std::move(opened), options), image);
    remember_what_was_met(result, arguments.image);
    for (const std::string& id : arguments.explain) explanations += scan::explain(id, result, options);
    if (arguments.explain.empty()) {
      const ProgressStep matching(progress, "matching", 0);
      scan::assess(result, options);
      selection.apply(result, today);
      warn_about_unknown(arguments, result);
    }
    results.push_back(std::move(result));
  }
  std::ranges::move(scan::unused_rules(selection.ignore, today, selection.used),
                    std::back_inserter(results.back().warnings));
  session->finish_progress();
  if (!arguments.explain.empty()) {
    TRY(write_standard_output(explanations));
    return kSuccess;
  }
  TRY(reports.write(results, std::move(report)));
  return threshold_met(arguments, results) ? kThresholdMet : kSuccess;
}

Result<int> run_command(const SbomArguments& arguments, const std::stop_token& stop) {
  if (arguments.image.images.size() > 1) {
    return fail(Code::kInvalidArgument, "a bill of materials describes one image",
                "run bulkhead sbom once for each image");
  }
  TRY_ASSIGN(const Reports reports, Reports::create(arguments.outputs));
  TRY_ASSIGN(const auto session, ImageSession::create(arguments.image, stop));
  const std::string& image = arguments.image.images.front();
  TRY_ASSIGN(oci::OpenedImage opened, session->open(image));
  TRY_CONTEXT(const scan::ScanResult result, scan::take_facts(std::move(opened), session->options()), image);
  session->finish_progress();
  TRY(reports.write({&result, 1}, report_options()));
  return kSuccess;
}

}  // namespace bulkhead::cli

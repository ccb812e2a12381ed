// bulkhead audit
#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "audit/baseline.h"
#include "audit/check.h"
#include "audit/collect.h"
#include "audit/exceptions.h"
#include "base/fs.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/environment.h"
#include "cli/finding_flags.h"
#include "cli/named_file.h"
#include "cli/output.h"
#include "cli/output_flags.h"
#include "cli/reports.h"
#include "cli/terminal.h"
#include "engine/client.h"
#include "report/audit_report.h"

namespace bulkhead::cli {
namespace {

using audit::AuditResult;
using audit::RowStatus;

constexpr size_t kMaxExceptionsBytes = size_t{1} << 20;
constexpr uint64_t kMaxTimeoutSeconds = 3600;
constexpr uint64_t kMaxDeadlineSeconds = 86'400;
constexpr size_t kHostsAtATime = 16;
constexpr std::chrono::milliseconds kConnectTimeout{5'000};

// One engine that was asked for, and where it may be.
struct Host {
  std::string name;  // as the user wrote it; empty: nothing was written
  std::vector<engine::Address> addresses;
};

// What an engine that was not found leaves to be said: the same for everything that it would have told.
audit::Facts unreachable(std::string name, const Error& error) {
  audit::Facts facts;
  facts.address = std::move(name);
  facts.now = now();
  const auto reason = [&] { return audit::not_known(error.to_string()); };
  facts.engine = reason();
  facts.containers = reason();
  facts.images = reason();
  facts.networks = reason();
  facts.swarm = reason();
  return facts;
}

// The failures that count, at this severity and above.
uint32_t failures_from(const AuditResult& result, advisory::Severity least) {
  uint32_t failures = 0;
  const audit::Counts counts = count(result);
  for (auto i = static_cast<size_t>(least); i < counts.failures_by_severity.size(); ++i) {
    failures += counts.failures_by_severity[i];
  }
  return failures;
}

// The first row of such a severity that could not be judged; null: there is none.
const audit::Row* unchecked_from(const AuditResult& result, advisory::Severity least) {
  const auto found = std::ranges::find_if(result.rows, [&](const audit::Row& row) {
    return row.status == RowStatus::kError && row.check->severity >= least;
  });
  return found == result.rows.end() ? nullptr : &*found;
}

bool answered(const AuditResult& result) {
  return !result.engine.empty();
}

class AuditCommand final : public Command {
 public:
  void declare(Flags& flags) override;
  Result<int> run(Interrupts& interrupts) override;

 private:
  void declare_selection(Flags& flags);
  Status check_texts() const;
  Status check_selection() const;
  Result<std::vector<Host>> hosts() const;
  Result<audit::Facts> facts_of(const Host& host, audit::CollectOptions options) const;
  audit::CollectOptions collect_options(Progress* progress, const std::stop_token& stop) const;
  Result<std::vector<AuditResult>> ask_hosts(const std::vector<Host>& hosts, const std::stop_token& stop) const;
  Status read_files(const std::stop_token& stop);
  Result<std::vector<AuditResult>> audit_hosts(const std::vector<Host>& hosts, const std::stop_token& stop);
  void warn_about_selection(AuditResult& result) const;
  Result<int> verdict(const std::vector<AuditResult>& results) const;

  std::vector<std::string> hosts_;
  audit::Selection selection_;
  bool only_failed_ = false;
  std::optional<advisory::Severity> fail_on_;
  std::string exceptions_file_;
  std::string baseline_file_;
  bool list_ = false;
  std::string explain_;
  OutputFlags output_;
  uint64_t timeout_seconds_ = 30;
  uint64_t deadline_seconds_ = 300;
  uint64_t max_containers_ = audit::CollectOptions().max_containers;
  bool quiet_ = false;

  std::optional<audit::Exceptions> exceptions_;
  std::optional<audit::Baseline> baseline_;
};

void AuditCommand::declare(Flags& flags) {
  flags.add({.names = "--host",
             .value = "ADDRESS",
             .help = "the engine to audit, see below; may be given several times, for one report with all of them",
             .preset = "this machine's",
             .repeats = true},
            [this](std::string_view value) -> Status {
              if (std::ranges::find(hosts_, value) != hosts_.end()) {
                return fail(Code::kInvalidArgument, fmt::format("\"{}\" is given twice", printable(value)),
                            "name each engine once");
              }
              hosts_.emplace_back(value);
              return {};
            });
  declare_selection(flags);
  flags.add_switch({.names = "--only-failed",
                    .help = "table and html: show only the rows that failed or could not be checked; the others "
                            "are counted"},
                   only_failed_);
  std::vector<Choice> formats;
  for (const report::AuditFormat& format : report::audit_formats()) {
    formats.push_back({std::string(format.name), std::string(format.description)});
  }
  output_.declare(flags, std::move(formats), "table");
  flags.add({.names = "--fail-on",
             .value = "SEVERITY",
             .help = "exit with 2 when a check of this severity or a higher one failed and no exception covers it; "
                     "with 1 when an engine gave no answer, or such a check could not be made",
             .choices = severity_choices()},
            [this](std::string_view value) -> Status {
              fail_on_ = *advisory::severity_of(value);
              return {};
            });
  flags.add({.names = "--exceptions",
             .value = "FILE",
             .help = "YAML list of failures that somebody has accepted: check, object, host, reason, owner, expires",
             .kind = Option::Kind::kFile},
            exceptions_file_);
  flags.add({.names = "--baseline",
             .value = "FILE",
             .help = "an earlier report in JSON: say what got better or worse since",
             .kind = Option::Kind::kFile},
            baseline_file_);
  flags.add({.names = "--timeout", .value = "SECONDS", .help = "how long an engine may take for one answer"},
            timeout_seconds_, 1, kMaxTimeoutSeconds);
  flags.add({.names = "--deadline",
             .value = "SECONDS",
             .help = "how long an engine may take for all of its answers together; what is missing then could not be "
                     "checked"},
            deadline_seconds_, 1, kMaxDeadlineSeconds);
  flags.add({.names = "--max-containers",
             .value = "NUMBER",
             .help = "of more containers of an engine the report says that they were not examined"},
            max_containers_, 1, audit::kMaxListed);
  add_quiet_flag(flags, quiet_, "no progress on standard error");
  flags.add_switch({.names = "--list", .help = "print the checks that are selected, and audit nothing"}, list_);
  flags.add({.names = "--explain",
             .value = "ID",
             .help = "print one check whole: what it asks for, why, and what to do; and audit nothing"},
            explain_);
  flags.check([this] { return check_texts(); });
  flags.check([this] { return check_selection(); });
}

void AuditCommand::declare_selection(Flags& flags) {
  std::vector<Choice> sections;
  for (const audit::Section section : audit::kSections) {
    sections.push_back({std::string(section_name(section)), std::string(section_title(section))});
  }
  flags.add({.names = "--section",
             .value = "LIST",
             .help = "only checks of these sections, as host,daemon",
             .choices = std::move(sections),
             .form = Option::Form::kList,
             .repeats = true},
            [this](std::string_view value) -> Status {
              selection_.sections.push_back(*audit::section_of(value));
              return {};
            });
  flags.add({.names = "--level",
             .value = "LEVEL",
             .help = "checks up to this level",
             .preset = "2",
             .choices = {{"1", "what every machine should meet"}, {"2", "what costs convenience, too"}}},
            [this](std::string_view value) -> Status {
              selection_.max_level = value == "1" ? 1 : 2;
              return {};
            });
  const auto add_list = [&](const char* name, const char* value, const char* help, std::vector<std::string>& target) {
    flags.add({.names = name, .value = value, .help = help, .form = Option::Form::kList, .repeats = true},
              [&target](std::string_view piece) -> Status {
                if (piece.empty()) {
                  return fail(Code::kInvalidArgument, "its value is empty", "give names separated by commas");
                }
                target.emplace_back(piece);
                return {};
              });
  };
  add_list("--check", "ID", "only these checks: an id, a number of the CIS Docker Benchmark, or a pattern with * and ?",
           selection_.checks);
  add_list("--skip", "ID", "not these checks; as --check", selection_.skipped);
  add_list("--container", "NAME", "only these containers: name or id, with * and ?", selection_.containers);
  add_list("--image", "NAME", "only these images: tag or id, with * and ?", selection_.images);
}

Status AuditCommand::check_texts() const {
  const bool audits = !hosts_.empty() || output_.given || only_failed_ || fail_on_ || !exceptions_file_.empty() ||
                      !baseline_file_.empty() || !selection_.containers.empty() || !selection_.images.empty();
  const bool selects = !selection_.sections.empty() || !selection_.checks.empty() || !selection_.skipped.empty();
  if (list_ && (audits || !explain_.empty())) {
    return fail(Code::kInvalidArgument, "--list prints the catalogue and audits nothing",
                "give it alone, or with --section, --level, --check and --skip");
  }
  if (!explain_.empty() && (audits || selects)) {
    return fail(Code::kInvalidArgument, "--explain prints one check and audits nothing", "give it alone");
  }
  if (!explain_.empty() && audit::find_check(explain_) == nullptr) {
    return fail(Code::kInvalidArgument, fmt::format("--explain: there is no check \"{}\"", printable(explain_)),
                "bulkhead audit --list names them all");
  }
  return {};
}

// A word that selects nothing is a misspelt one, and an audit of nothing would pass every gate.
Status AuditCommand::check_selection() const {
  const auto selects_any = [](const audit::Selection& selection) {
    return std::ranges::any_of(audit::catalogue(),
                               [&](const audit::CheckInfo& check) { return selection.takes(check); });
  };
  for (const auto& [option, patterns] :
       {std::pair("--check", &selection_.checks), std::pair("--skip", &selection_.skipped)}) {
    for (const std::string& pattern : *patterns) {
      if (selects_any({.checks = {pattern}})) continue;
      return fail(Code::kInvalidArgument, fmt::format("{}: there is no check \"{}\"", option, printable(pattern)),
                  "bulkhead audit --list names them all");
    }
  }
  if (selects_any(selection_)) return {};
  return fail(Code::kInvalidArgument, "no check is left by --section, --level, --check and --skip together",
              "leave one of them out");
}

Result<std::vector<Host>> AuditCommand::hosts() const {
  const Environment environment = process_environment();
  std::vector<Host> found;
  for (const std::string& name : hosts_) {
    TRY_ASSIGN(std::vector<engine::Address> addresses, engine::named_addresses(name, environment, "--host"));
    found.push_back({.name = name, .addresses = std::move(addresses)});
  }
  if (!found.empty()) return found;
  TRY_ASSIGN(std::vector<engine::Address> addresses, engine::engine_addresses(environment));
  found.push_back({.name = {}, .addresses = std::move(addresses)});
  return found;
}

Result<audit::Facts> AuditCommand::facts_of(const Host& host, audit::CollectOptions options) const {
  if (host.addresses.size() == 1) return audit::collect(host.addresses.front(), options);
  const auto begun = std::chrono::steady_clock::now();
  auto client = engine::Client::connect_first(host.addresses, options.client, "engine");
  if (client) {
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    options.time_for_all = std::max(options.time_for_all - spent, std::chrono::milliseconds(1));
    return audit::collect(client->address(), options);
  }
  if (client.error().code() == Code::kCancelled) return fail(std::move(client).error());
  if (host.name.empty()) {
    Error error = std::move(client).error();
    if (!error.remedy().empty()) return fail(std::move(error));
    return fail(std::move(error).with_remedy("name the engine with --host unix:///path/to/its.sock"));
  }
  return unreachable(host.name, client.error());
}

Status AuditCommand::read_files(const std::stop_token& stop) {
  if (!exceptions_file_.empty()) {
    TRY_ASSIGN(const std::string text, read_named_file("--exceptions", exceptions_file_, kMaxExceptionsBytes, stop));
    TRY_ASSIGN(exceptions_, audit::parse_exceptions(text, exceptions_file_));
  }
  if (!baseline_file_.empty()) {
    TRY_ASSIGN(const std::string text, read_named_file("--baseline", baseline_file_, audit::kMaxBaselineBytes, stop));
    TRY_ASSIGN(baseline_, audit::parse_baseline(text, baseline_file_));
  }
  return {};
}

// A report is read without the command line that made it.
void AuditCommand::warn_about_selection(AuditResult& result) const {
  const auto all = audit::catalogue();
  const auto taken = std::ranges::count_if(all, [&](const auto& check) { return selection_.takes(check); });
  if (static_cast<size_t>(taken) < all.size()) {
    result.warnings.push_back(
        fmt::format("{} of {} checks were selected; the others were not made", taken, all.size()));
  }
  if (!selection_.containers.empty() || !selection_.images.empty()) {
    result.warnings.emplace_back("only what --container and --image name was judged, of containers and images");
  }
}

audit::CollectOptions AuditCommand::collect_options(Progress* progress, const std::stop_token& stop) const {
  const std::chrono::milliseconds timeout = std::chrono::seconds(timeout_seconds_);
  return {.client = {.user_agent = "bulkhead/" BULKHEAD_VERSION,
                     .connect_timeout = std::min(kConnectTimeout, timeout),
                     .answer_timeout = timeout,
                     .stop = stop},
          .time_for_all = std::chrono::seconds(deadline_seconds_),
          .max_containers = max_containers_,
          .wanted = [this](const audit::Container& container) { return selection_.names(container); },
          .progress = progress};
}

// All at a time, so that none waits for another's silence; the results are in the order given. Facts end with their
// host: only one host's are held by each thread.
Result<std::vector<AuditResult>> AuditCommand::ask_hosts(const std::vector<Host>& hosts,
                                                         const std::stop_token& stop) const {
  const std::unique_ptr<Progress> progress = quiet_ ? nullptr : make_terminal_progress();
  const audit::CollectOptions common = collect_options(progress.get(), stop);
  std::vector<AuditResult> results(hosts.size());
  ThreadPool threads(std::min(hosts.size(), kHostsAtATime));
  TRY(threads.for_each(hosts.size(), stop, [&](size_t index, const std::stop_token&) -> Status {
    audit::CollectOptions options = common;
    options.now = now();
    TRY_ASSIGN(audit::Facts facts, facts_of(hosts[index], options));
    results[index] = audit::run_checks(std::move(facts), selection_);
    return {};
  }));
  return results;
}

Result<std::vector<AuditResult>> AuditCommand::audit_hosts(const std::vector<Host>& hosts,
                                                           const std::stop_token& stop) {
  const std::string today = now().substr(0, 10);
  TRY_ASSIGN(std::vector<AuditResult> results, ask_hosts(hosts, stop));
  audit::UsedExceptions used;
  std::set<std::string_view> addresses;
  for (size_t i = 0; i < hosts.size(); ++i) {
    AuditResult& result = results[i];
    if (!addresses.insert(result.address).second) {
      return fail(Code::kInvalidArgument,
                  fmt::format("--host: {} is another name of {}, which is given, too", printable(hosts[i].name),
                              printable(result.address)),
                  "name each engine once");
    }
    warn_about_selection(result);
    if (exceptions_) apply_exceptions(result, *exceptions_, today, used);
    if (baseline_) compare_with(*baseline_, selection_, result);
  }
  if (exceptions_) {
    std::ranges::move(unused_exceptions(*exceptions_, today, used), std::back_inserter(results.back().warnings));
  }
  return results;
}

// Fail closed: under --fail-on a host without an answer, a check that could not be made, or a selection that met
// nothing, is no success.
Result<int> AuditCommand::verdict(const std::vector<AuditResult>& results) const {
  std::string silent;
  for (const AuditResult& result : results) {
    if (!answered(result)) silent += fmt::format("{}{}", silent.empty() ? "" : ", ", result.address);
  }
  const bool all_silent = std::ranges::none_of(results, answered);
  if (!silent.empty() && (fail_on_ || all_silent)) {
    return fail(Code::kUnavailable, fmt::format("not audited: {}", silent),
                "the report says why; see --timeout and --deadline for an engine that is slow");
  }
  const auto judged = [&](audit::Object::Kind kind) {
    return std::ranges::any_of(results, [&](const AuditResult& result) {
      return std::ranges::any_of(result.rows, [&](const audit::Row& row) { return row.object.kind == kind; });
    });
  };
  if (fail_on_ && ((!selection_.containers.empty() && !judged(audit::Object::Kind::kContainer)) ||
                   (!selection_.images.empty() && !judged(audit::Object::Kind::kImage)))) {
    return fail(Code::kNotFound, "nothing of what --container and --image name was judged: there is nothing to pass",
                "correct the names, or leave --fail-on out");
  }
  for (const AuditResult& result : results) {
    if (fail_on_ && failures_from(result, *fail_on_) > 0) return kThresholdMet;
  }
  for (const AuditResult& result : results) {
    const audit::Row* const unchecked = fail_on_ ? unchecked_from(result, *fail_on_) : nullptr;
    if (unchecked == nullptr) continue;
    return fail(
        Code::kUnavailable,
        fmt::format("{}: {} could not be checked for {} '{}': {}", printable(result.address), unchecked->check->id,
                    kind_name(unchecked->object.kind), printable(unchecked->object.name), printable(unchecked->reason)),
        "mend what keeps it from being checked (root sees the most), or leave the check out with --skip");
  }
  return kSuccess;
}

Result<int> AuditCommand::run(Interrupts& interrupts) {
  if (list_ || !explain_.empty()) {
    const bool color = wants_color(STDOUT_FILENO);
    const unsigned width = terminal_width(STDOUT_FILENO);
    TRY(write_standard_output(list_ ? report::audit_check_list(selection_, color, width)
                                    : report::audit_check_text(*audit::find_check(explain_), color, width)));
    return kSuccess;
  }
  const std::stop_token stop = interrupts.stop_in_order();
  // What can be wrong beside the engines is found before any of them is asked.
  TRY(read_files(stop));
  TRY_ASSIGN(const Reports reports, Reports::create(output_));
  TRY_ASSIGN(const std::vector<Host> hosts, this->hosts());
  TRY_ASSIGN(const std::vector<AuditResult> results, audit_hosts(hosts, stop));
  TRY(reports.write(results, report::AuditOptions{.only_failed = only_failed_}, stop));
  return verdict(results);
}

}  // namespace

CommandInfo audit_command() {
  return {
      .name = "audit",
      .summary = "judge a container engine, its host and its containers, with evidence for every answer",
      .details =
          "Looks at the engine's configuration, its files, images, containers and Swarm, and answers a row for "
          "each check and object: passed, failed, not applicable, for a person to decide, or could not be checked, "
          "which is never a pass. The checks follow the recommendations of the CIS Docker Benchmark by number and "
          "add others; --list names them, --explain tells why and what to do. Nothing is changed, and no program "
          "is run.\n"
          "\n"
          "ADDRESS is unix:///path, tcp://HOST:PORT (with TLS as DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say), "
          "context:NAME (a docker context), docker: or podman: (where those look by themselves). Without --host: "
          "the engine that docker would use, else Podman's. What only the machine itself can tell is not "
          "applicable to an engine behind TCP. Root sees the most: without it, the files and processes that may "
          "not be read are told as not checked.",
      .examples =
          "bulkhead audit\n"
          "bulkhead audit --only-failed --level 1\n"
          "bulkhead audit --fail-on high --exceptions accepted.yaml -o junit=audit.xml -o table\n"
          "bulkhead audit --host unix:///run/podman/podman.sock --host tcp://db.example:2376 -f json\n"
          "bulkhead audit --section containers --container 'web-*'\n"
          "bulkhead audit --baseline last-week.json -o html=audit.html\n"
          "bulkhead audit --explain container.privileged",
      .exit_status =
          "0; 1 on an error of the program or its input, when no engine gave an answer, and with --fail-on when one "
          "of several gave none or a check that counts could not be made; 2 when --fail-on was met; "
          "130 when stopped by a signal.",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<AuditCommand>(); }};
}

}  // namespace bulkhead::cli

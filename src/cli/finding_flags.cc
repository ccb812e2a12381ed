#include "cli/finding_flags.h"

#include <fmt/format.h>

namespace bulkhead::cli {
namespace {

using advisory::AdvisoryStatus;
using advisory::Severity;

std::vector<Choice> status_choices() {
  std::vector<Choice> choices;
  for (const auto& [status, summary] : std::initializer_list<std::pair<AdvisoryStatus, const char*>>{
           {AdvisoryStatus::kFixed, "a fixed version is there"},
           {AdvisoryStatus::kAffected, "no fix yet"},
           {AdvisoryStatus::kFixDeferred, "the publisher will fix it later"},
           {AdvisoryStatus::kWillNotFix, "the publisher will not fix it"},
           {AdvisoryStatus::kEndOfLife, "the publisher no longer looks after the release"},
           {AdvisoryStatus::kUnderInvestigation, "the publisher does not know yet"}}) {
    choices.push_back({std::string(advisory::status_name(status)), summary});
  }
  return choices;
}

}  // namespace

std::vector<Choice> severity_choices() {
  std::vector<Choice> choices;
  for (int i = static_cast<int>(Severity::kCritical); i >= 0; --i) {
    choices.push_back({std::string(advisory::severity_name(static_cast<Severity>(i))), {}});
  }
  return choices;
}

void FindingFlags::declare(Flags& flags) {
  flags.add({.names = "-s,--severity",
             .value = "LIST",
             .help = "show only these severities, as critical,high",
             .choices = severity_choices(),
             .form = Option::Form::kList,
             .repeats = true},
            [this](std::string_view value) -> Status {
              severities.push_back(*advisory::severity_of(value));
              return {};
            });
  flags.add({.names = "--status",
             .value = "LIST",
             .help = "show only findings of these statuses, as fixed,will_not_fix; under_investigation is shown only "
                     "when it is asked "
                     "for here",
             .choices = status_choices(),
             .form = Option::Form::kList,
             .repeats = true},
            [this](std::string_view value) -> Status {
              statuses.push_back(*advisory::status_of(value));
              return {};
            });
  flags.add_switch({.names = "--only-fixed", .help = "show only findings that have a fixed version"}, only_fixed);
  flags.add({.names = "--fail-on",
             .value = "SEVERITY",
             .help = "exit with 2 when a finding that is shown has this severity or a higher one; a finding of unknown "
                     "severity is below all but --fail-on unknown",
             .choices = severity_choices()},
            [this](std::string_view value) -> Status {
              fail_on = *advisory::severity_of(value);
              return {};
            });
  flags.add({.names = "--ignore-file",
             .value = "FILE",
             .help = "YAML list of findings to ignore, with reason and expiry",
             .kind = Option::Kind::kFile},
            ignore_file);
}

}  // namespace bulkhead::cli

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "advisory/ecosystem.h"
#include "advisory/feed_state.h"
#include "advisory/match.h"
#include "advisory/match_engine.h"
#include "advisory/match_facts.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

constexpr size_t kMaxShownRanges = 6;

std::string range_text(const RangeView& range) {
  if (!range.introduced.empty() && range.introduced == range.last_affected)
    return fmt::format("exactly {}", range.introduced);
  std::string text;
  if (!range.introduced.empty())
    text = fmt::format("{} {}", range.introduced_exclusive ? "above" : "from", range.introduced);
  const auto add = [&](std::string_view word, std::string_view version) {
    text += fmt::format("{}{} {}", text.empty() ? "" : " ", word, version);
  };
  if (!range.fixed.empty()) {
    add("below", range.fixed);
  } else if (!range.last_affected.empty()) {
    add("up to", range.last_affected);
  }
  return text.empty() ? "every version" : text;
}

// For each range up to a limit, what `text_of` makes of it.
template <typename TextOf>
std::string ranges_text(const RecordView& record, const TextOf& text_of) {
  std::string text;
  const size_t shown = std::min(record.ranges(), kMaxShownRanges);
  for (size_t i = 0; i < shown; ++i) text += fmt::format("{}{}", i == 0 ? "" : ", or ", text_of(record.range(i)));
  if (shown < record.ranges()) text += fmt::format(", or {} more", record.ranges() - shown);
  return text;
}

std::string condition_of(const RecordView& record) {
  const std::string where = record.ranges() == 0 ? "every version" : ranges_text(record, range_text);
  const std::string_view what = record.status() == AdvisoryStatus::kNotAffected ? "not affected" : "affected";
  return fmt::format("{}: {}", what, where);
}

// "1.1.1n-0+deb11u3 < 1.1.1n-0+deb11u4"
std::string comparison_text(std::string_view installed, std::string_view bound, version::Scheme scheme) {
  const auto order = version::compare(scheme, installed, bound);
  const std::string_view sign = !order ? "cannot be compared with" : *order < 0 ? "<" : *order > 0 ? ">" : "=";
  return fmt::format("{} {} {}", installed, sign, bound);
}

std::string comparisons_of(std::string_view installed, const RecordView& record, bool ignore_epochs) {
  if (record.ranges() == 0) return "whatever the version";
  if (ignore_epochs) installed = without_epoch(installed);
  const std::string text = ranges_text(record, [&](const RangeView& range) {
    std::vector<std::string> parts;
    for (const std::string_view bound : {range.introduced, range.fixed.empty() ? range.last_affected : range.fixed}) {
      if (!bound.empty()) {
        parts.push_back(comparison_text(installed, ignore_epochs ? without_epoch(bound) : bound, record.scheme()));
      }
    }
    return parts.empty() ? std::string("every version") : fmt::format("{}", fmt::join(parts, " and "));
  });
  return fmt::format("{} ({}{})", text, version::scheme_name(record.scheme()),
                     ignore_epochs ? ", epochs left out: the source version has none" : "");
}

std::string reasoning_of(const Candidate& candidate, const inventory::Package& package, const MatchEngine& engine) {
  const RecordView& record = candidate.record;
  const std::string_view installed = engine.judge().installed_for(record);
  switch (candidate.outcome) {
    case Outcome::kAffected:
    case Outcome::kNotInRange:
    case Outcome::kNotAffected: {
      const bool source = record.name_kind() == NameKind::kSource;
      return comparisons_of(installed, record,
                            source && !package.source_epoch_known && record.scheme() == version::Scheme::kRpm);
    }
    case Outcome::kOtherArchitecture:
      return fmt::format("it is about {}, the package is {}", fmt::join(record.architectures().to_vector(), ", "),
                         package.architecture);
    case Outcome::kOtherModule:
      return fmt::format(
          "it is about {}, the package is of {}",
          record.module().empty() ? "packages outside modules, or another module's build"
                                  : fmt::format("the module {}", record.module()),
          package.module.empty() ? "no module" : fmt::format("the module {}", stream_of(package.module)));
    case Outcome::kOtherProduct:
      return engine.products().why_not(record.cpe(), package.layer);
    case Outcome::kOtherFlavour: {
      const std::string_view flavour = flavour_of(package.version, engine.rules());
      return fmt::format("it is about another build of the package than the installed one{}",
                         flavour.empty() ? std::string() : fmt::format(" ({})", flavour));
    }
    case Outcome::kOverruled:
      return std::string(candidate.overruled_by);
    case Outcome::kUnreadable:
      return fmt::format("{} or a bound is no version of its kind ({})", installed,
                         version::scheme_name(record.scheme()));
  }
  return {};
}

std::string silence_of(std::span<const Candidate> group, const Database& database) {
  const auto with = [&](Outcome outcome) { return std::ranges::find(group, outcome, &Candidate::outcome); };
  if (const auto place = with(Outcome::kNotAffected); place != group.end()) {
    return fmt::format("not reported: {} says that the package is not affected",
                       database.feed(place->record.feed()).name);
  }
  if (with(Outcome::kNotInRange) != group.end())
    return "not reported: the installed version is outside the affected range";
  if (with(Outcome::kUnreadable) != group.end()) return "not reported: the versions cannot be compared";
  return "not reported: no record about the package applies to it";
}

ExplainedPackage explain_package(size_t index, const inventory::Package& package, std::span<Candidate> group,
                                 const Database& database, MatchEngine& engine) {
  const Decision decision = engine.decide(group);
  ExplainedPackage result;
  result.package = index;
  result.ecosystem = engine.key_of(package);
  for (const Candidate& candidate : group) {
    const RecordView& record = candidate.record;
    const bool by_source = record.name_kind() == NameKind::kSource && !package.source_name.empty();
    result.records.push_back({.feed = std::string(database.feed(record.feed()).name),
                              .record = std::string(record.document()),
                              .ecosystem = std::string(database.ecosystem_key(candidate.ecosystem)),
                              .package = std::string(by_source ? engine.judge().source_name() : package.name),
                              .status = record.status(),
                              .condition = condition_of(record),
                              .outcome = candidate.outcome,
                              .reasoning = reasoning_of(candidate, package, engine)});
  }
  if (std::ranges::any_of(group, [](const Candidate& each) { return !each.record.cpe().empty(); })) {
    result.products = engine.products().source_of(package.layer);
  }
  if (decision.kind == Decision::Kind::kSilent) {
    result.conclusion = silence_of(group, database);
    return result;
  }
  Finding finding = engine.finding(index, group, decision);
  if (const auto support = engine.unsupported()) apply_lost_support(finding, *support);
  const inventory::Package* owner = engine.owner();
  if (decision.kind == Decision::Kind::kSuppressed || owner != nullptr) {
    const bool owned = decision.kind == Decision::Kind::kReported;
    result.suppressed =
        Suppressed{.finding = std::move(finding),
                   .reason = owned ? Suppression::kOwnedByDistribution : decision.suppression,
                   .detail = owned ? owner_detail(*owner) : suppression_detail(database, group, decision)};
    result.conclusion = fmt::format("not reported: {}", result.suppressed->detail);
    return result;
  }
  const std::string fix = finding.fixed_version.empty() ? "no fixed version is published"
                          : finding.fixed_in.empty()
                              ? fmt::format("fixed in {}", finding.fixed_version)
                              : fmt::format("fixed in {} of {}", finding.fixed_version, finding.fixed_in);
  // To people "fixed" reads as done; the word in JSON means that there is a fix.
  const std::string_view status =
      finding.status == AdvisoryStatus::kFixed ? "affected, fix available," : status_name(finding.status);
  result.conclusion = fmt::format("reported as {} by {} of {} (rule {}): {}", status, finding.evidence.record,
                                  finding.evidence.feed, finding.evidence.rule, fix);
  if (!finding.evidence.unrated.empty()) {
    result.conclusion += fmt::format("; of unknown severity: {}", finding.evidence.unrated);
  }
  result.finding = std::move(finding);
  return result;
}

// Every package, installed or not, that a record about the vulnerability is about. A database that was tampered with
// may have many names share their records; no more are looked at than there are.
void find_elsewhere(const Database& database, uint32_t vulnerability,
                    const std::set<std::pair<std::string, std::string>>& installed, Explanation& explanation) {
  size_t left = database.total_records();
  for (size_t e = 0; e < database.ecosystems() && left > 0; ++e) {
    const std::string key(database.ecosystem_key(e));
    for (size_t p = 0; p < database.packages(e) && left > 0; ++p) {
      const RecordList records = database.records_of(e, p);
      if (records.empty()) --left;
      for (size_t r = 0; r < records.size() && left > 0; ++r) {
        --left;
        if (records[r].vulnerability() != vulnerability) continue;
        const std::string name(database.package_name(e, p));
        if (!installed.contains({key, name})) {
          ++explanation.elsewhere_total;
          if (explanation.elsewhere.size() < Explanation::kMaxElsewhere) {
            explanation.elsewhere.push_back(
                fmt::format("{} {} ({})", key, name, database.feed(records[r].feed()).name));
          }
        }
        break;
      }
    }
  }
}

}  // namespace

bool looks_like_id(std::string_view text) {
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; })) return false;
  const auto begins = [&](std::string_view form) {
    return text.size() >= form.size() && std::ranges::equal(text.substr(0, form.size()), form, [](char c, char like) {
             return like == '0' ? is_digit(c) : c == like;
           });
  };
  // SUSE has CVE-2008-NNN0.
  if (to_lower(text.substr(0, 4)) == "cve-") return begins("CVE-0000-") && text.size() >= 13;
  // The only ones that may do without a digit, and that seldom.
  if (begins("GHSA-") || begins("CGA-")) return true;
  const size_t separator = text.find_first_of("-:/");
  return separator != 0 && separator != std::string_view::npos && std::ranges::any_of(text.substr(separator), is_digit);
}

std::vector<Explanation> explain(std::string_view id, std::span<const inventory::Package> packages,
                                 const inventory::OperatingSystem& system, const Database& database,
                                 const MatchOptions& options) {
  MatchEngine engine(packages, system, database, options);
  std::vector<Explanation> explanations;
  for (const uint32_t vulnerability : database.find_vulnerabilities(id)) {
    const VulnerabilityView view = database.vulnerability(vulnerability);
    Explanation& each = explanations.emplace_back();
    each.asked = id;
    each.id = view.id();
    each.aliases = view.aliases().to_vector();
    each.known = true;
    each.rejected = view.rejected();
    if (options.details) each.details = std::make_shared<const Vulnerability>(described(view));
  }
  if (explanations.empty()) explanations.push_back({.asked = std::string(id), .id = std::string(id)});

  std::set<std::string> keys;
  std::vector<Candidate> candidates;
  std::set<std::pair<std::string, std::string>> installed;
  for (size_t index = 0; index < packages.size(); ++index) {
    const inventory::Package& package = packages[index];
    const std::string key(engine.key_of(package));
    if (key.empty()) continue;
    keys.insert(key);
    installed.insert({key, package_key(key, package.name)});
    engine.collect(package, candidates);
    installed.insert({key, package_key(key, engine.judge().source_name())});
    for (Explanation& each : explanations) {
      const auto group = std::ranges::equal_range(candidates, each.id, {}, [&](const Candidate& candidate) {
        return database.vulnerability(candidate.vulnerability).id();
      });
      if (each.known && !group.empty()) {
        if (options.details && each.packages.empty()) {
          each.details = std::make_shared<const Vulnerability>(described(database, group.front()));
        }
        each.packages.push_back(explain_package(index, package, {group.begin(), group.end()}, database, engine));
      }
    }
  }
  const std::vector<FeedState> feeds =
      feed_states(database, {keys.begin(), keys.end()}, options.now, options.max_feed_age_days);
  for (Explanation& each : explanations) {
    each.feeds = feeds;
    if (!each.known) continue;
    for (const uint32_t vulnerability : database.find_vulnerabilities(each.id)) {
      find_elsewhere(database, vulnerability, installed, each);
    }
  }
  return explanations;
}

std::string explanation_text(const Explanation& explanation, const std::vector<std::string>& labels) {
  std::string text = printable(explanation.id);
  if (explanation.asked != explanation.id) text += fmt::format(" (asked for as {})", printable(explanation.asked));
  text += '\n';
  const auto line = [&](size_t indent, std::string_view content) {
    text += fmt::format("{:{}}{}\n", "", indent, printable(content));
  };
  if (!explanation.known) {
    line(2, "No feed in this database knows the id.");
  } else {
    if (!explanation.aliases.empty()) line(2, fmt::format("Also known as {}", fmt::join(explanation.aliases, ", ")));
    if (explanation.details && !explanation.details->title.empty()) line(2, explanation.details->title);
    if (explanation.rejected) line(2, "The id was rejected or withdrawn by its publisher.");
    if (explanation.packages.empty()) line(2, "No feed names an installed package with it.");
  }
  for (const ExplainedPackage& package : explanation.packages) {
    text += '\n';
    const std::string label = package.package < labels.size() ? labels[package.package] : std::string("package");
    line(2, fmt::format("{} in {}", label, package.ecosystem));
    if (!package.products.empty()) line(4, package.products);
    for (const ExplainedRecord& record : package.records) {
      line(4, fmt::format("{} {} for {} {} [{}]", record.feed, record.record, record.ecosystem, record.package,
                          status_name(record.status)));
      line(6, record.condition);
      line(6, fmt::format("{}: {}", outcome_name(record.outcome), record.reasoning));
    }
    line(4, fmt::format("=> {}", package.conclusion));
  }
  if (explanation.elsewhere_total > 0) {
    text += '\n';
    line(2, fmt::format("It is also about {} packages that are not installed:", explanation.elsewhere_total));
    for (const std::string& place : explanation.elsewhere) line(4, place);
    if (explanation.elsewhere.size() < explanation.elsewhere_total) {
      line(4, fmt::format("and {} more", explanation.elsewhere_total - explanation.elsewhere.size()));
    }
  }
  if (!explanation.feeds.empty()) {
    text += '\n';
    line(2, "Feeds asked:");
    for (const FeedState& feed : explanation.feeds) {
      if (feed.missing) {
        const std::string_view lack = lacking_without(feed);
        line(4, feed.name == feed.ecosystem ? fmt::format("{}: no feed in this database covers it", feed.ecosystem)
                                            : fmt::format("{}: it, or a part of it, is not in this database{}{}",
                                                          feed.name, lack.empty() ? "" : ": findings lack ", lack));
        continue;
      }
      line(4, fmt::format("{}{}: data of {}{}{}", feed.name, feed.ecosystem.empty() ? "" : " for " + feed.ecosystem,
                          feed.date.empty() ? "an unknown date" : feed.date, feed.stale ? ", stale" : "",
                          feed.incomplete.empty() ? "" : ", " + printable(feed.incomplete)));
    }
  }
  return text;
}

}  // namespace bulkhead::advisory

#include "advisory/match.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "advisory/ecosystem.h"
#include "advisory/feed_state.h"
#include "advisory/match_engine.h"
#include "advisory/match_facts.h"

namespace bulkhead::advisory {
namespace {

// Fills Finding::details, once for each vulnerability and feed that decides.
class Details {
 public:
  explicit Details(const Database& database) : database_(database) {}
  std::shared_ptr<const Vulnerability> of(const Candidate& deciding) {
    auto& details = known_[{deciding.vulnerability, deciding.record.feed(), deciding.ecosystem}];
    if (!details) details = std::make_shared<const Vulnerability>(described(database_, deciding));
    return details;
  }

 private:
  const Database& database_;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, std::shared_ptr<const Vulnerability>> known_;
};

}  // namespace

std::string suppression_detail(const Database& database, std::span<const Candidate> group, const Decision& decision) {
  const auto feed_of = [&](const Candidate& candidate) { return database.feed(candidate.record.feed()).name; };
  switch (decision.suppression) {
    case Suppression::kNotAffected: {
      const Candidate& against = group[*decision.against];
      return fmt::format("{} says affected, but {} ({}) says that this package is not affected",
                         feed_of(group[decision.deciding]), feed_of(against), against.record.document());
    }
    case Suppression::kUnderInvestigation:
      return fmt::format("{} has not decided yet whether this package is affected", feed_of(group[decision.deciding]));
    case Suppression::kIgnoredByPublisher:
      return fmt::format("{} ignores it{}", feed_of(group[decision.deciding]),
                         group[decision.deciding].record.note().empty()
                             ? std::string()
                             : fmt::format(": {}", group[decision.deciding].record.note()));
    case Suppression::kRejected:
      return "the id was rejected or withdrawn by its publisher";
    case Suppression::kOwnedByDistribution:
    case Suppression::kIgnored:
      break;
  }
  return {};
}

std::string owner_detail(const inventory::Package& owner) {
  return fmt::format("installed by the distribution's package {} {}, whose publisher's judgement counts", owner.name,
                     owner.version);
}

void apply_lost_support(Finding& finding, const RecordView& support) {
  if (finding.status != AdvisoryStatus::kAffected && finding.status != AdvisoryStatus::kFixDeferred) return;
  finding.status = AdvisoryStatus::kEndOfLife;
  finding.note =
      finding.note.empty() ? std::string(support.note()) : fmt::format("{}; {}", finding.note, support.note());
}

namespace {

// For people, and for the state of its missing feed: never the key of anything that there are feeds of.
std::string named(const inventory::OperatingSystem& system, char separator) {
  const std::string& release = system.version_id.empty() ? system.codename : system.version_id;
  return release.empty() ? fmt::format("{} (unknown release)", system.id)
                         : fmt::format("{}{}{}", system.id, separator, release);
}

}  // namespace

MatchResult match(std::span<const inventory::Package> packages, const inventory::OperatingSystem& system,
                  const Database& database, const MatchOptions& options) {
  MatchResult result;
  MatchEngine engine(packages, system, database, options);
  Details details(database);
  std::vector<Candidate> candidates;
  std::set<std::string, std::less<>> keys;
  size_t without_world = 0;
  std::set<size_t> not_compared;
  std::map<std::string, size_t, std::less<>> unknown_builds;
  for (size_t index = 0; index < packages.size(); ++index) {
    const inventory::Package& package = packages[index];
    const std::string_view key = engine.key_of(package);
    if (key.empty()) {
      without_world += package.type != inventory::PackageType::kGeneric ? 1 : 0;
      continue;
    }
    if (!keys.contains(key)) keys.emplace(key);
    engine.collect(package, candidates);
    std::optional<std::optional<RecordView>> support;  // asked for at most once a package, as is the owner
    std::optional<const inventory::Package*> owner;
    const std::span<Candidate> all(candidates);
    for (size_t begin = 0; begin < all.size();) {
      size_t end = begin + 1;
      while (end < all.size() && all[end].vulnerability == all[begin].vulnerability) ++end;
      const std::span<Candidate> group = all.subspan(begin, end - begin);
      begin = end;
      const Decision decision = engine.decide(group);
      if (decision.kind == Decision::Kind::kSilent) continue;
      Finding finding = engine.finding(index, group, decision);
      if (!support) support = engine.unsupported();
      if (*support) apply_lost_support(finding, **support);
      if (options.details) finding.details = details.of(group[decision.deciding]);
      if (!owner) owner = engine.owner();
      if (*owner != nullptr && decision.kind == Decision::Kind::kReported) {
        result.suppressed.push_back({.finding = std::move(finding),
                                     .reason = Suppression::kOwnedByDistribution,
                                     .detail = owner_detail(**owner)});
      } else if (decision.kind == Decision::Kind::kReported) {
        result.findings.push_back(std::move(finding));
      } else {
        result.suppressed.push_back({.finding = std::move(finding),
                                     .reason = decision.suppression,
                                     .detail = suppression_detail(database, group, decision)});
      }
    }
    if (const std::string_view build = engine.build_without_records(); !build.empty()) {
      ++unknown_builds[std::string(build)];
      result.notes.push_back({.package = index,
                              .text = fmt::format("{} {} is a {} build, whose advisories stand apart; none of them are "
                                                  "in this database",
                                                  package.name, package.version, build)});
    }
    if (const auto& unreadable = engine.judge().unreadable_bound()) {
      not_compared.insert(index);
      result.notes.push_back({.package = index,
                              .text = fmt::format("{} was not judged for {}: {} cannot be compared with {}",
                                                  package.name, database.vulnerability(unreadable->vulnerability).id(),
                                                  unreadable->bound, package.version)});
    }
    if (engine.judge().unreadable_version()) {
      not_compared.insert(index);
      result.notes.push_back({.package = index,
                              .text = fmt::format("the version {} of {} cannot be compared: it is none of its kind",
                                                  package.version, package.name)});
    }
  }
  for (const auto& repositories : engine.unknown_repositories()) {
    result.notes.push_back(
        {.package = {},
         .text = fmt::format("the database does not know the Red Hat repositories that packages are from ({}{}): they "
                             "are judged by the release's main streams; get the list with `bulkhead db update`",
                             repositories.front(),
                             repositories.size() > 1 ? fmt::format(" and {} more", repositories.size() - 1) : "")});
  }
  const std::string system_key = ecosystem_key(system).value_or("");
  if (without_world > 0) {
    result.notes.push_back(
        {.package = {},
         .text = fmt::format("{} packages of {} were not matched: no advisories are known for it", without_world,
                             system.known() ? named(system, ' ') : "an unknown distribution")});
    if (system.known()) {
      result.not_judged.push_back(fmt::format(
          "{} of a kind that no advisories of {} are about",
          without_world == 1 ? "1 package is" : fmt::format("{} packages are", without_world), named(system, ' ')));
    }
  }
  if (!not_compared.empty()) {
    result.not_judged.push_back(
        fmt::format("the versions of {} cannot be compared",
                    not_compared.size() == 1 ? "1 package" : fmt::format("{} packages", not_compared.size())));
  }
  for (const auto& [build, count] : unknown_builds) {
    result.not_judged.push_back(fmt::format("no advisories for {} builds ({}) are in the database", build,
                                            count == 1 ? "1 package" : fmt::format("{} packages", count)));
  }
  if (system.known() && system_key.empty()) keys.insert(named(system, ':'));
  result.feeds = feed_states(database, {keys.begin(), keys.end()}, options.now, options.max_feed_age_days);
  return result;
}

}  // namespace bulkhead::advisory

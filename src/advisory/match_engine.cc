#include "advisory/match_engine.h"

#include <algorithm>
#include <map>

#include "advisory/ecosystem.h"
#include "advisory/freshness.h"
#include "advisory/match_facts.h"
#include "base/text.h"

namespace bulkhead::advisory {
MatchEngine::MatchEngine(std::span<const inventory::Package> packages, const inventory::OperatingSystem& system,
                         const Database& database, const MatchOptions& options)
    : packages_(packages),
      database_(database),
      options_(options),
      system_key_(ecosystem_key(system).value_or("")),
      system_rules_(&default_rules()),
      has_nvd_(has_nvd(database)),
      rules_(&default_rules()) {
  const auto add_key = [&](std::vector<LookupKey>& keys, std::string_view key, Role role) {
    if (const auto found = database_.find_ecosystem(key)) {
      keys.push_back({.ecosystem = static_cast<uint32_t>(*found), .role = role});
    }
  };
  if (const Family* family = family_of(system_key_); family != nullptr) {
    if (const FamilyRules* rules = rules_of(family->name)) system_rules_ = rules;
    add_key(system_keys_, system_key_, Role::kRelease);
    for (const std::string& companion : companions_of(system_key_)) add_key(system_keys_, companion, Role::kRelease);
    for (const std::string& pocket : pockets_of(system_key_)) add_key(system_keys_, pocket, Role::kPocket);
    for (const std::string_view pocket : system_rules_->flavour_pockets) {
      add_key(flavour_keys_, system_key_ + ":" + std::string(pocket), Role::kRelease);
    }
    if (!system_rules_->disclosures.empty()) {
      if (const auto key = ecosystem_key(system_rules_->disclosures, release_of(system_key_))) {
        add_key(system_keys_, *key, Role::kDisclosure);
      }
    }
    const std::string topic_prefix = system_key_ + ":";
    for (size_t i = 0; system_rules_->topics && i < database_.ecosystems(); ++i) {
      const std::string_view key = database_.ecosystem_key(i);
      if (!key.starts_with(topic_prefix)) continue;
      topics_.emplace_back(LookupKey{.ecosystem = static_cast<uint32_t>(i)}, key.substr(topic_prefix.size()));
    }
  }
  products_.emplace(system_key_, database_, options_);
  judge_.emplace(packages_, *system_rules_, *products_);
  std::map<std::string_view, int64_t> newest;
  for (size_t i = 0; i < database_.feeds(); ++i) {
    const FeedView feed = database_.feed(i);
    const int64_t day = day_of(later_date(feed.date, feed.fetched)).value_or(INT64_MIN);
    const auto place = newest.try_emplace(feed.name, day).first;
    place->second = std::max(place->second, day);
  }
  for (size_t i = 0; i < database_.feeds(); ++i) {
    const std::string_view name = database_.feed(i).name;
    feed_ranks_.push_back({.day = newest[name], .is_vague = name == system_rules_->vague_feed});
  }
  if (const auto ids = database_.find_vulnerabilities(kUnsupportedId); !ids.empty()) unsupported_id_ = ids.front();
  if (const auto ids = database_.find_vulnerabilities(kRepositoryId); !ids.empty()) repository_id_ = ids.front();
}

bool MatchEngine::of_system(const inventory::Package& package) const {
  return system_rules_->type == package.type && package.type != inventory::PackageType::kGeneric;
}

MatchEngine::World& MatchEngine::world_of(inventory::PackageType type) {
  const auto index = static_cast<size_t>(type);
  if (index >= worlds_.size()) worlds_.resize(index + 1);
  World& world = worlds_[index];
  if (!world.known) {
    world.known = true;
    world.key = ecosystem_key(type).value_or("");
    if (const auto found = database_.find_ecosystem(world.key)) world.ecosystem = static_cast<uint32_t>(*found);
  }
  return world;
}

std::string_view MatchEngine::key_of(const inventory::Package& package) {
  return of_system(package) ? system_key_ : world_of(package.type).key;
}

void MatchEngine::collect_named(const LookupKey& key, std::string_view name, bool as_binary, bool as_source,
                                std::vector<Candidate>& candidates) const {
  const RecordList records = database_.records(key.ecosystem, name);
  for (size_t i = 0; i < records.size(); ++i) {
    const RecordView record = records[i];
    if (record.name_kind() == NameKind::kSource ? !as_source : !as_binary) continue;
    candidates.push_back({.record = record,
                          .vulnerability = record.vulnerability(),
                          .ecosystem = key.ecosystem,
                          .order = static_cast<uint32_t>(candidates.size()),
                          .role = key.role,
                          .outcome = Outcome::kNotInRange,
                          .range = {}});
  }
}

// Nothing in a package says which repository it came from. It is a topic's when its version is one that the topic is
// named after, or when the release itself has never had an advisory about a package of this name.
void MatchEngine::collect_topics(std::vector<Candidate>& candidates) const {
  const bool unknown_to_release = candidates.empty();
  for (const auto& [key, name] : topics_) {
    if (unknown_to_release || is_of_topic(package_->version, name)) {
      collect_named(key, package_->name, true, true, candidates);
    }
  }
}

void MatchEngine::collect(const inventory::Package& package, std::vector<Candidate>& candidates) {
  package_ = &package;
  rules_ = of_system(package) ? system_rules_ : &default_rules();
  judge_->begin(package, *rules_);
  candidates.clear();
  if (!of_system(package)) {
    const World& world = world_of(package.type);
    if (!world.ecosystem) return;
    collect_named({.ecosystem = *world.ecosystem}, package_key(world.key, package.name), true, true, candidates);
    return;
  }
  const bool skipped = std::ranges::any_of(rules_->skipped_suffixes,
                                           [&](std::string_view suffix) { return package.name.ends_with(suffix); });
  if (skipped) return;
  const bool flavoured = !rules_->flavour_pockets.empty() && !flavour_of(package.version, *rules_).empty();
  const std::string_view source_name = judge_->source_name();
  const bool one_name = source_name.empty() || source_name == package.name;
  for (const LookupKey& key : flavoured ? flavour_keys_ : system_keys_) {
    collect_named(key, package.name, true, one_name, candidates);
    if (!one_name) collect_named(key, source_name, false, true, candidates);
  }
  collect_topics(candidates);
  // Records come sorted from each list; several lists have to be merged.
  if (!std::ranges::is_sorted(candidates, {}, &Candidate::vulnerability)) {
    std::ranges::sort(candidates, {}, [](const Candidate& each) { return std::pair(each.vulnerability, each.order); });
  }
}

std::string_view MatchEngine::build_without_records() const {
  if (rules_->flavour_pockets.empty() || !flavour_keys_.empty()) return {};
  return flavour_of(package_->version, *rules_);
}

std::vector<std::span<const std::string>> MatchEngine::unknown_repositories() const {
  if (!system_rules_->products || system_keys_.empty()) return {};
  return products_->unknown_repositories();
}

Decision MatchEngine::decide(std::span<Candidate> group) {
  Decision decision;
  if (group.empty()) return decision;
  if (const uint32_t id = group.front().vulnerability; id == unsupported_id_ || id == repository_id_) return decision;
  for (Candidate& candidate : group) judge_->judge(candidate);
  const bool own_minor = settle(group, *package_, *rules_, feed_ranks_, *judge_);

  for (const Candidate& candidate : group) {
    if (candidate.outcome == Outcome::kNotAffected) {
      decision.against = static_cast<size_t>(&candidate - group.data());
      break;
    }
  }
  const Choice choice = choose(group, *judge_);
  const Candidate* best = choice.best;
  const std::string_view fix = choice.fix;
  if (best == nullptr) {
    decision.against.reset();
    return decision;
  }

  decision.kind = Decision::Kind::kReported;
  decision.deciding = static_cast<size_t>(best - group.data());
  decision.fixed_version = fix;
  decision.status = best->record.status();
  if (decision.status == AdvisoryStatus::kFixed && fix.empty()) decision.status = AdvisoryStatus::kAffected;
  const auto pocket_of = [&](const Candidate& candidate) {
    const std::string_view key = database_.ecosystem_key(candidate.ecosystem);
    return key.substr(key.rfind(':') + 1);
  };
  if (best->role == Role::kPocket) {
    decision.fixed_in = pocket_of(*best);
  } else if (fix.empty()) {
    const auto pocket = std::ranges::find_if(group, [&](const Candidate& candidate) {
      return candidate.role == Role::kPocket && candidate.outcome == Outcome::kAffected &&
             !judge_->fix_of(candidate).empty();
    });
    if (pocket != group.end()) {
      decision.fixed_version = judge_->fix_of(*pocket);
      decision.fixed_in = pocket_of(*pocket);
    }
  }

  const bool bounded_below_only = best->range && !best->record.range(*best->range).fixed.empty() &&
                                  best->record.range(*best->range).introduced.empty();
  decision.rule = best->role == Role::kDisclosure                 ? "disclosed-by-upstream"
                  : best->role == Role::kPocket                   ? "version-below-fix-of-pocket"
                  : best->record.ranges() == 0                    ? "affected-without-fix"
                  : !bounded_below_only                           ? "version-in-range"
                  : own_minor                                     ? "version-below-fix-of-minor"
                  : best->record.name_kind() == NameKind::kSource ? "source-version-below-fix"
                                                                  : "version-below-fix";

  const auto suppress = [&](Suppression reason) {
    decision.kind = Decision::Kind::kSuppressed;
    decision.suppression = reason;
  };
  if (database_.vulnerability(best->vulnerability).rejected()) {
    suppress(Suppression::kRejected);
  } else if (decision.against) {
    suppress(Suppression::kNotAffected);
  } else if (rules_->ignores && decision.status == AdvisoryStatus::kWillNotFix) {
    suppress(Suppression::kIgnoredByPublisher);
  } else if (choice.undecided_only && !options_.under_investigation) {
    suppress(Suppression::kUnderInvestigation);
  }
  return decision;
}

Finding MatchEngine::finding(size_t package, std::span<const Candidate> group, const Decision& decision) const {
  const Candidate& best = group[decision.deciding];
  const VulnerabilityView vulnerability = database_.vulnerability(best.vulnerability);
  Finding finding;
  finding.id = vulnerability.id();
  finding.aliases = vulnerability.aliases().to_vector();
  finding.status = decision.status;
  const Rating said = rating_of(database_, group, best, *rules_);
  finding.severity = said.severity;
  finding.severity_source = said.source;
  finding.package = package;
  finding.fixed_version = decision.fixed_version;
  finding.fixed_in = decision.fixed_in;
  for (size_t i = 0; i < vulnerability.ratings(); ++i) {
    const RatingView rating = vulnerability.rating(i);
    if (rating.vector.empty()) continue;
    finding.cvss.push_back(
        {.source = std::string(rating.source), .vector = std::string(rating.vector), .score = rating.score});
  }
  if (const auto date = vulnerability.kev_date_added()) finding.kev_date_added = std::string(*date);
  finding.epss = vulnerability.epss();
  finding.epss_percentile = vulnerability.epss_percentile();
  finding.note = best.record.note();
  finding.evidence = {.feed = std::string(database_.feed(best.record.feed()).name),
                      .record = std::string(best.record.document()),
                      .rule = std::string(decision.rule),
                      .unrated = said.severity == Severity::kUnknown ? why_unrated(vulnerability, has_nvd_) : ""};
  return finding;
}

std::optional<RecordView> MatchEngine::unsupported() {
  if (!unsupported_id_ || !of_system(*package_) || system_keys_.empty()) return std::nullopt;
  const size_t ecosystem = system_keys_.front().ecosystem;
  const std::string& name = package_->source_name.empty() ? package_->name : package_->source_name;
  const auto support_record = [&](const RecordList& records) -> std::optional<RecordView> {
    for (size_t i = 0; i < records.size(); ++i) {
      if (records[i].vulnerability() == *unsupported_id_) return records[i];
    }
    return std::nullopt;
  };
  const auto in_force = [&](const RecordView& record) -> std::optional<RecordView> {
    const auto ends = record.ranges() == 0 ? std::nullopt : day_of(record.range(0).introduced);
    const auto now = day_of(options_.now);
    if (ends && now && *now < *ends) return std::nullopt;
    return record;
  };
  if (const auto exact = support_record(database_.records(ecosystem, name))) return in_force(*exact);
  if (!unsupported_prefixes_) {
    unsupported_prefixes_.emplace();
    for (size_t i = 0; i < database_.packages(ecosystem); ++i) {
      const std::string_view pattern = database_.package_name(ecosystem, i);
      if (!pattern.ends_with(kAnySuffix)) continue;
      if (const auto record = support_record(database_.records_of(ecosystem, i))) {
        unsupported_prefixes_->emplace_back(pattern.substr(0, pattern.size() - kAnySuffix.size()), *record);
      }
    }
  }
  for (const auto& [prefix, record] : *unsupported_prefixes_) {
    if (name.starts_with(prefix)) return in_force(record);
  }
  return std::nullopt;
}

const inventory::Package* MatchEngine::owner() {
  if (of_system(*package_) || system_keys_.empty()) return nullptr;
  if (!owners_) owners_.emplace(packages_);
  for (const std::string& location : package_->locations) {
    const inventory::Package* owner = owners_->owner_of(location);
    if (owner != nullptr && of_system(*owner) && !is_third_party(*owner, *system_rules_)) return owner;
  }
  return nullptr;
}

}  // namespace bulkhead::advisory

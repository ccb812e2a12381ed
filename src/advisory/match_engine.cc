#include "advisory/match_engine.h"

#include <algorithm>
#include <functional>

#include "advisory/cvss.h"
#include "advisory/dist_tag.h"
#include "advisory/ecosystem.h"
#include "advisory/freshness.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

using version::Scheme;

// Whether the record is about the package at all, whatever it says of the version.
bool applies(Outcome outcome) {
  return outcome == Outcome::kAffected || outcome == Outcome::kNotInRange || outcome == Outcome::kNotAffected;
}

void overrule(Candidate& candidate, std::string_view by) {
  candidate.outcome = Outcome::kOverruled;
  candidate.overruled_by = by;
}

std::string_view without_v(std::string_view version) {
  return version.starts_with('v') ? version.substr(1) : version;
}

bool is_modular_record(const RecordView& record) {
  for (size_t i = 0; i < record.ranges(); ++i) {
    if (is_modular(record.range(i).fixed)) return true;
  }
  return false;
}

}  // namespace

MatchEngine::MatchEngine(std::span<const inventory::Package> packages, const inventory::OperatingSystem& system,
                         const Database& database, const MatchOptions& options)
    : packages_(packages),
      database_(database),
      options_(options),
      system_key_(ecosystem_key(system).value_or("")),
      system_rules_(&default_rules()),
      rules_(&default_rules()),
      memory_(kMemory) {
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
    // Without content manifests: whatever the release's main streams carry.
    for (const std::string_view part : {"cpe:/o:redhat:enterprise_linux:", "cpe:/a:redhat:enterprise_linux:"}) {
      if (auto cpe = Cpe::parse(std::string(part) + std::string(release_of(system_key_)))) {
        default_products_.push_back(*std::move(cpe));
      }
    }
  }
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
  ++package_number_;
  readable_ = {};
  unreadable_version_ = false;
  unreadable_bound_.reset();
  source_name_ = package.source_name;
  signs_source_ = false;
  candidates.clear();
  if (!of_system(package)) {
    rules_ = &default_rules();
    const World& world = world_of(package.type);
    if (!world.ecosystem) return;
    collect_named({.ecosystem = *world.ecosystem}, package_key(world.key, package.name), true, true, candidates);
    return;
  }
  rules_ = system_rules_;
  const bool skipped = std::ranges::any_of(rules_->skipped_suffixes,
                                           [&](std::string_view suffix) { return package.name.ends_with(suffix); });
  if (skipped) return;
  const bool flavoured = !rules_->flavour_pockets.empty() && !flavour_of(package.version, *rules_).empty();
  if (std::string other = signed_source(package.source_name, *rules_); !other.empty()) {
    source_name_ = std::move(other);
    signs_source_ = true;
  }
  const bool one_name = source_name_.empty() || source_name_ == package.name;
  for (const LookupKey& key : flavoured ? flavour_keys_ : system_keys_) {
    collect_named(key, package.name, true, one_name, candidates);
    if (!one_name) collect_named(key, source_name_, false, true, candidates);
  }
  collect_topics(candidates);
  // Records come sorted from each list; several lists have to be merged.
  if (!std::ranges::is_sorted(candidates, {}, &Candidate::vulnerability)) {
    std::ranges::sort(candidates, {}, [](const Candidate& each) { return std::pair(each.vulnerability, each.order); });
  }
}

std::string_view MatchEngine::installed_for(const RecordView& record) const {
  const bool source = record.name_kind() == NameKind::kSource && !package_->source_version.empty() && !signs_source_;
  std::string_view installed = source ? package_->source_version : package_->version;
  if (record.scheme() == Scheme::kGo) {
    // Go's standard library is versioned by its tool chain ("go1.21.3"), and what the go command notes after a plus
    // sign
    // ("+incompatible+dirty") has no order.
    if (installed.starts_with("go")) installed.remove_prefix(2);
    installed = installed.substr(0, installed.find('+'));
  }
  return installed;
}

bool MatchEngine::is_readable(Scheme scheme, std::string_view installed) {
  if (readable_.text != installed.data() || readable_.size != installed.size() || readable_.scheme != scheme) {
    readable_ = {.text = installed.data(),
                 .size = installed.size(),
                 .scheme = scheme,
                 .valid = version::is_valid(scheme, installed)};
  }
  return readable_.valid;
}

MatchEngine::Place MatchEngine::place_in_ranges(std::string_view installed, const RecordView& record,
                                                bool ignore_epochs) {
  const Scheme scheme = record.scheme();
  if (ignore_epochs) installed = without_epoch(installed);
  if (!is_readable(scheme, installed)) {
    unreadable_version_ = true;
    // Versions that the scheme does not know can still be listed one by one.
    for (uint16_t i = 0; i < record.ranges(); ++i) {
      const RangeView range = record.range(i);
      if (!range.introduced.empty() && range.introduced == range.last_affected && range.introduced == installed) {
        return {.kind = Place::Kind::kInside, .range = i, .unreadable_bound = {}};
      }
    }
    return {.kind = Place::Kind::kUnreadable, .range = {}, .unreadable_bound = {}};
  }
  enum class Side : uint8_t { kBelow, kAt, kAbove, kUnreadable };
  Place place;
  const auto side_of = [&](std::string_view bound) {
    if (ignore_epochs) bound = without_epoch(bound);
    auto order = version::compare(scheme, installed, bound);
    // Advisories write bounds that are no versions of the scheme, of two or four numbers; their order is plain.
    const bool has_numbers = scheme == Scheme::kGo || scheme == Scheme::kNpm;
    if (!order && has_numbers) order = version::compare(Scheme::kSemver, without_v(installed), without_v(bound));
    if (!order) {
      place.unreadable_bound = bound;
      return Side::kUnreadable;
    }
    return *order < 0 ? Side::kBelow : *order > 0 ? Side::kAbove : Side::kAt;
  };
  for (uint16_t i = 0; i < record.ranges(); ++i) {
    const RangeView range = record.range(i);
    const Side low = range.introduced.empty() ? Side::kAbove : side_of(range.introduced);
    if (low == Side::kBelow || (low == Side::kAt && range.introduced_exclusive)) continue;
    const std::string_view end = range.fixed.empty() ? range.last_affected : range.fixed;
    const Side high = end.empty() ? Side::kBelow : side_of(end);
    if (high == Side::kAbove || (high == Side::kAt && !range.fixed.empty())) continue;
    if (low == Side::kUnreadable || high == Side::kUnreadable) {
      if (place.kind == Place::Kind::kOutside) place.kind = Place::Kind::kUnreadable;
      continue;
    }
    // A range with a fix says more than one without.
    if (place.kind != Place::Kind::kInside || !range.fixed.empty())
      place = {.kind = Place::Kind::kInside, .range = i, .unreadable_bound = {}};
    if (!range.fixed.empty()) break;
  }
  return place;
}

MatchEngine::Place MatchEngine::place_of(const RecordView& record) {
  const bool source = record.name_kind() == NameKind::kSource;
  const uint64_t key = record.range_key() << 8 | uint64_t{source} << 7 | static_cast<uint64_t>(record.scheme());
  Remembered& slot = memory_[std::hash<uint64_t>()(key * 0x9E3779B97F4A7C15U >> 20) % kMemory];
  if (slot.package != package_number_ || slot.key != key) {
    const bool ignore_epochs = source && !package_->source_epoch_known && record.scheme() == Scheme::kRpm;
    slot = {
        .key = key, .package = package_number_, .place = place_in_ranges(installed_for(record), record, ignore_epochs)};
  }
  return slot.place;
}

bool MatchEngine::other_architecture(const RecordView& record) const {
  const StringList architectures = record.architectures();
  const std::string& own = package_->architecture;
  if (architectures.empty() || own.empty() || own == "noarch") return false;
  return !architectures.contains(own) && !architectures.contains("noarch");
}

bool MatchEngine::other_module(const RecordView& record) {
  const bool package_is_modular = !package_->module.empty() || is_modular(package_->version);
  if (const std::string_view module = record.module(); !module.empty()) {
    if (!package_is_modular) return true;
    return package_->module.empty() ? !may_be_of_stream(module) : stream_of(package_->module) != module;
  }
  // Some feeds name no module, but their fixed version shows that it is one's.
  return is_modular_record(record) != package_is_modular;
}

bool MatchEngine::may_be_of_stream(std::string_view module) {
  if (!module_packages_) {
    module_packages_.emplace();
    for (const inventory::Package& package : packages_) {
      if (of_system(package) && package.module.empty() && is_modular(package.version)) {
        module_packages_->emplace(package.name, without_epoch(package.version));
      }
    }
  }
  const size_t colon = module.find(':');
  const auto main = module_packages_->find(module.substr(0, colon));
  if (colon == std::string_view::npos || main == module_packages_->end()) return true;
  const std::string_view stream = module.substr(colon + 1);
  if (stream.empty() || !is_digit(stream.front())) return true;  // "rhel8": tells no version
  const std::string_view version = main->second;
  return version.starts_with(stream) && (version.size() == stream.size() || !is_alnum(version[stream.size()]));
}

bool MatchEngine::other_product(const RecordView& record) {
  const std::string_view cpe = record.cpe();
  if (cpe.empty()) return false;
  const auto [place, fresh] = products_.try_emplace({cpe.data(), package_->layer}, false);
  if (fresh) {
    const auto about = Cpe::parse(cpe);
    const std::vector<std::string>* listed =
        package_->layer < options_.layer_cpes.size() && !options_.layer_cpes[package_->layer].empty()
            ? &options_.layer_cpes[package_->layer]
            : nullptr;
    bool covered = false;
    if (about && listed != nullptr) {
      covered = std::ranges::any_of(*listed, [&](const std::string& each) {
        const auto repository = Cpe::parse(each);
        return repository && covers(*about, *repository);
      });
    } else if (about) {
      // Of the main streams it is unknown which ones the image uses: a record about any of them counts.
      covered = std::ranges::any_of(
          default_products_, [&](const Cpe& stream) { return covers(stream, *about) || covers(*about, stream); });
    }
    place->second = !covered;
  }
  return place->second;
}

bool MatchEngine::other_flavour(const RecordView& record) const {
  for (size_t i = 0; i < record.ranges(); ++i) {
    const std::string_view fixed = record.range(i).fixed;
    if (!fixed.empty()) return flavour_of(fixed, *rules_) != flavour_of(package_->version, *rules_);
  }
  return false;
}

void MatchEngine::judge(Candidate& candidate) {
  const RecordView& record = candidate.record;
  if (other_architecture(record)) {
    candidate.outcome = Outcome::kOtherArchitecture;
  } else if (rules_->modules && other_module(record)) {
    candidate.outcome = Outcome::kOtherModule;
  } else if ((rules_->products || candidate.role == Role::kDisclosure) && other_product(record)) {
    candidate.outcome = Outcome::kOtherProduct;
  } else if (!rules_->flavours.empty() && other_flavour(record)) {
    candidate.outcome = Outcome::kOtherFlavour;
  } else {
    const bool not_affected = record.status() == AdvisoryStatus::kNotAffected;
    const Outcome inside = not_affected ? Outcome::kNotAffected : Outcome::kAffected;
    if (record.ranges() == 0) {
      candidate.outcome = inside;
      return;
    }
    const Place place = place_of(record);
    candidate.range = place.range;
    if (place.kind == Place::Kind::kUnreadable && !place.unreadable_bound.empty()) {
      unreadable_bound_ = {.vulnerability = candidate.vulnerability, .bound = place.unreadable_bound};
    }
    candidate.outcome = place.kind == Place::Kind::kInside    ? inside
                        : place.kind == Place::Kind::kOutside ? Outcome::kNotInRange
                                                              : Outcome::kUnreadable;
  }
}

void MatchEngine::keep_newest_feed(std::span<Candidate> group) const {
  const auto day_of_feed = [&](const Candidate& candidate) {
    const uint32_t feed = candidate.record.feed();
    return feed < feed_ranks_.size() ? feed_ranks_[feed].day : INT64_MIN;
  };
  const auto speaks = [](const Candidate& candidate) {
    return candidate.role == Role::kRelease && applies(candidate.outcome);
  };
  int64_t newest = INT64_MIN;
  for (const Candidate& candidate : group) {
    if (speaks(candidate)) newest = std::max(newest, day_of_feed(candidate));
  }
  for (Candidate& candidate : group) {
    if (speaks(candidate) && day_of_feed(candidate) < newest) {
      overrule(candidate, "the publisher's feed with newer data speaks of this package");
    }
  }
}

void MatchEngine::keep_clear_feed(std::span<Candidate> group) const {
  const auto is_vague = [&](const Candidate& candidate) {
    const uint32_t feed = candidate.record.feed();
    return feed < feed_ranks_.size() && feed_ranks_[feed].is_vague;
  };
  for (Candidate& candidate : group) {
    if (candidate.outcome != Outcome::kAffected || candidate.record.status() != AdvisoryStatus::kAffected ||
        !is_vague(candidate)) {
      continue;
    }
    const bool spoken_of = std::ranges::any_of(group, [&](const Candidate& other) {
      return other.ecosystem == candidate.ecosystem && applies(other.outcome) && !is_vague(other);
    });
    if (spoken_of) overrule(candidate, "the publisher's feed that tells the states of what is not fixed apart decides");
  }
}

void MatchEngine::keep_own_stream(std::span<Candidate> group) const {
  if (package_->module.empty()) return;
  const bool own_speaks = std::ranges::any_of(group, [](const Candidate& candidate) {
    return candidate.role == Role::kRelease && applies(candidate.outcome) && !candidate.record.module().empty();
  });
  for (Candidate& candidate : group) {
    if (own_speaks && candidate.role == Role::kRelease && applies(candidate.outcome) &&
        candidate.record.module().empty()) {
      overrule(candidate, "the record that names the package's module stream decides");
    }
  }
}

bool MatchEngine::keep_own_minor(std::span<Candidate> group) const {
  const auto installed = minor_of(package_->version);
  if (!installed) return false;
  const auto is_erratum = [](const Candidate& candidate) {
    return candidate.record.status() == AdvisoryStatus::kFixed && candidate.record.ranges() == 1 &&
           (candidate.outcome == Outcome::kAffected || candidate.outcome == Outcome::kNotInRange);
  };
  // Only errata of one publisher about one stream are each other's alternatives.
  std::map<std::pair<Role, std::string_view>, std::vector<Candidate*>> alternatives;
  for (Candidate& candidate : group) {
    if (is_erratum(candidate)) alternatives[{candidate.role, candidate.record.module()}].push_back(&candidate);
  }
  // A dist tag without a minor comes after every one with: it is the next minor's rebase.
  static constexpr uint32_t kLast = UINT32_MAX;
  const auto minor_in = [](const Candidate* candidate) {
    return minor_of(candidate->record.range(0).fixed).value_or(kLast);
  };
  bool chosen_among_several = false;
  for (const auto& [about, errata] : alternatives) {
    std::vector<uint32_t> minors;
    std::ranges::transform(errata, std::back_inserter(minors), minor_in);
    std::ranges::sort(minors);
    if (minors.front() == minors.back()) continue;
    chosen_among_several = true;
    // Its own minor's erratum; else that of the next one that has any; else of the last one before.
    const auto next = std::ranges::lower_bound(minors, *installed);
    const uint32_t chosen = next == minors.end() ? minors.back() : *next;
    for (Candidate* candidate : errata) {
      if (minor_in(candidate) != chosen) overrule(*candidate, "the erratum of the installed minor release decides");
    }
  }
  return chosen_among_several;
}

// Where the release's support has ended, its pockets are where it goes on: what they say is the release's state now,
// unless something is open there.
void MatchEngine::carry_on_ended_release(std::span<Candidate> group) const {
  const auto status = [](const Candidate& candidate) { return candidate.record.status(); };
  bool carried_on = false;
  for (const Candidate& candidate : group) {
    if (candidate.role != Role::kPocket || !applies(candidate.outcome)) continue;
    carried_on = carried_on || candidate.outcome == Outcome::kNotAffected ||
                 status(candidate) == AdvisoryStatus::kUnderInvestigation ||
                 status(candidate) == AdvisoryStatus::kWillNotFix;
    const bool open = candidate.outcome == Outcome::kAffected &&
                      (status(candidate) == AdvisoryStatus::kFixed || status(candidate) == AdvisoryStatus::kAffected ||
                       status(candidate) == AdvisoryStatus::kFixDeferred);
    if (open) return;
  }
  if (!carried_on) return;
  const bool ended = std::ranges::all_of(group, [&](const Candidate& candidate) {
    return candidate.role != Role::kRelease || candidate.outcome != Outcome::kAffected ||
           status(candidate) == AdvisoryStatus::kEndOfLife;
  });
  for (Candidate& candidate : group) {
    if (ended && candidate.role == Role::kRelease && candidate.outcome == Outcome::kAffected) {
      overrule(candidate, "the release's support has ended, and its pocket's record carries it on");
    }
  }
}

void MatchEngine::settle_pockets_and_disclosures(std::span<Candidate> group) const {
  const bool release_speaks = std::ranges::any_of(
      group, [](const Candidate& candidate) { return candidate.role == Role::kRelease && applies(candidate.outcome); });
  const bool release_affected = std::ranges::any_of(group, [](const Candidate& candidate) {
    return candidate.role == Role::kRelease && candidate.outcome == Outcome::kAffected;
  });
  const bool fixed_in_pocket = std::ranges::any_of(group, [](const Candidate& candidate) {
    return candidate.role == Role::kPocket && candidate.outcome == Outcome::kNotInRange &&
           candidate.record.status() == AdvisoryStatus::kFixed;
  });
  for (Candidate& candidate : group) {
    if (candidate.outcome != Outcome::kAffected && candidate.outcome != Outcome::kNotAffected) continue;
    const bool affected = candidate.outcome == Outcome::kAffected;
    switch (candidate.role) {
      case Role::kRelease:
        if (fixed_in_pocket && affected) overrule(candidate, "the installed version is the pocket's, which fixes it");
        break;
      case Role::kPocket:
        // What a pocket does not fix, and what it says of itself alone, is for the release to decide.
        if (fixed_in_pocket || (release_speaks && (!release_affected || fix_of(candidate).empty()))) {
          overrule(candidate, "the release's own record decides");
        }
        break;
      case Role::kDisclosure:
        if (release_speaks) overrule(candidate, "the distribution's own record decides");
        break;
    }
  }
}

std::string_view MatchEngine::fix_of(const Candidate& candidate) const {
  const RecordView& record = candidate.record;
  if (record.status() != AdvisoryStatus::kFixed) return {};
  if (candidate.range && !record.range(*candidate.range).fixed.empty()) return record.range(*candidate.range).fixed;
  // The range that holds the version names no fix (it may be a single version): the first fix above it.
  std::string_view best;
  const std::string_view installed = installed_for(record);
  for (size_t i = 0; i < record.ranges(); ++i) {
    const std::string_view fixed = record.range(i).fixed;
    if (fixed.empty()) continue;
    const auto above = version::compare(record.scheme(), fixed, installed);
    if (!above || *above <= 0) continue;
    if (best.empty() || version::compare(record.scheme(), fixed, best).value_or(std::strong_ordering::greater) < 0) {
      best = fixed;
    }
  }
  return best;
}

void MatchEngine::consider(const Candidate& candidate, Choice& choice) const {
  const bool undecided = candidate.record.status() == AdvisoryStatus::kUnderInvestigation;
  if (choice.best != nullptr && undecided && !choice.undecided_only) return;
  const std::string_view own_fix = fix_of(candidate);
  bool better = choice.best == nullptr || (choice.undecided_only && !undecided);
  if (!better && !own_fix.empty() && candidate.role != Role::kPocket) {
    better = choice.fix.empty() || choice.best->role == Role::kPocket ||
             version::compare(candidate.record.scheme(), own_fix, choice.fix).value_or(std::strong_ordering::less) > 0;
  }
  choice.undecided_only = choice.undecided_only && undecided;
  if (!better) return;
  choice.best = &candidate;
  choice.fix = own_fix;
}

MatchEngine::Choice MatchEngine::choose(std::span<const Candidate> group) const {
  std::vector<std::pair<std::string_view, Choice>> streams;
  for (const Candidate& candidate : group) {
    if (candidate.outcome != Outcome::kAffected) continue;
    const std::string_view module = candidate.record.module();
    auto place = std::ranges::find(streams, module, [](const auto& stream) { return stream.first; });
    if (place == streams.end()) place = streams.insert(place, {module, Choice{}});
    consider(candidate, place->second);
  }
  // Which stream the package is of is unknown when there are several: the nearest fix is the likeliest.
  Choice chosen;
  for (const auto& [module, choice] : streams) {
    const bool better =
        chosen.best == nullptr || (chosen.undecided_only && !choice.undecided_only) ||
        (chosen.undecided_only == choice.undecided_only && !choice.fix.empty() &&
         (chosen.fix.empty() ||
          version::compare(choice.best->record.scheme(), choice.fix, chosen.fix).value_or(std::strong_ordering::less) <
              0));
    if (better) chosen = choice;
  }
  return chosen;
}

std::string_view MatchEngine::build_without_records() const {
  if (rules_->flavour_pockets.empty() || !flavour_keys_.empty()) return {};
  return flavour_of(package_->version, *rules_);
}

Decision MatchEngine::decide(std::span<Candidate> group) {
  Decision decision;
  if (group.empty() || group.front().vulnerability == unsupported_id_) return decision;
  for (Candidate& candidate : group) judge(candidate);
  bool own_minor = false;
  if (group.size() > 1) {
    if (rules_->one_publisher) keep_newest_feed(group);
    if (!rules_->vague_feed.empty()) keep_clear_feed(group);
    if (rules_->modules) keep_own_stream(group);
    if (rules_->minor_streams) own_minor = keep_own_minor(group);
    carry_on_ended_release(group);
    settle_pockets_and_disclosures(group);
  }

  for (const Candidate& candidate : group) {
    if (candidate.outcome == Outcome::kNotAffected) {
      decision.against = static_cast<size_t>(&candidate - group.data());
      break;
    }
  }
  const Choice choice = choose(group);
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
      return candidate.role == Role::kPocket && candidate.outcome == Outcome::kAffected && !fix_of(candidate).empty();
    });
    if (pocket != group.end()) {
      decision.fixed_version = fix_of(*pocket);
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

Severity MatchEngine::severity_by(std::span<const Candidate> group, const Candidate& deciding,
                                  std::string& source) const {
  const RecordView& record = deciding.record;
  const std::string_view feed = database_.feed(record.feed()).name;
  // The same publisher's other feeds may say what this one does not.
  const auto rated = std::ranges::find_if(group, [&](const Candidate& candidate) {
    const bool same_word =
        &candidate == &deciding ||
        (record.severity() == Severity::kUnknown && rules_->one_publisher && candidate.role == deciding.role &&
         (candidate.outcome == Outcome::kAffected || candidate.outcome == Outcome::kOverruled));
    return same_word && candidate.record.severity() != Severity::kUnknown;
  });
  if (rated != group.end()) {
    source = database_.feed(rated->record.feed()).name;
    return rated->record.severity();
  }
  const VulnerabilityView vulnerability = database_.vulnerability(record.vulnerability());
  const auto rank_of = [&](std::string_view name) -> size_t {
    if (name == feed || name == feed.substr(0, feed.find('-'))) return 0;
    const auto sources = severity_sources();
    return static_cast<size_t>(std::ranges::find(sources, name) - sources.begin()) + 1;
  };
  Severity best = Severity::kUnknown;
  std::pair<size_t, int> best_key;
  for (size_t i = 0; i < vulnerability.ratings(); ++i) {
    const RatingView rating = vulnerability.rating(i);
    const bool version2 = !rating.vector.starts_with("CVSS:");
    Severity severity = rating.severity;
    if (severity == Severity::kUnknown && !rating.vector.empty()) severity = severity_of_score(rating.score, version2);
    if (severity == Severity::kUnknown) continue;
    // The best source; of its judgements its own word, then the newest CVSS; then the worst.
    const int version = rating.vector.empty() ? -9
                        : version2            ? -2
                                              : -(rating.vector.size() > 5 ? rating.vector[5] - '0' : 3);
    const std::pair<size_t, int> key{rank_of(rating.source), version};
    if (best == Severity::kUnknown || key < best_key || (key == best_key && severity > best)) {
      best = severity;
      best_key = key;
      source = rating.source;
    }
  }
  return best;
}

Finding MatchEngine::finding(size_t package, std::span<const Candidate> group, const Decision& decision) const {
  const Candidate& best = group[decision.deciding];
  const VulnerabilityView vulnerability = database_.vulnerability(best.vulnerability);
  Finding finding;
  finding.id = vulnerability.id();
  finding.aliases = vulnerability.aliases().to_vector();
  finding.status = decision.status;
  finding.severity = severity_by(group, best, finding.severity_source);
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
                      .rule = std::string(decision.rule)};
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

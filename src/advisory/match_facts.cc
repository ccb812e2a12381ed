#include "advisory/match_facts.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "advisory/cvss.h"

namespace bulkhead::advisory {
namespace {

// Who rates an id as such, best first.
constexpr std::array<std::string_view, 4> kRaters = {"nvd", "cisa-adp", "ghsa", "cve"};
// Whose CVSS comes first of those who rate their own packages.
constexpr std::array<std::string_view, 2> kScorers = {"redhat", "ubuntu"};

// Feeds whose ratings bear another name than the beginning of theirs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOtherNames = {{
    {"azurelinux-oval", "microsoft"},
    {"malicious-packages", "openssf"},
    {"node-security", "nodejs"},
    {"pypi-advisories", "pypa"},
}};

// Whether ratings under that name are of the feed's publisher.
bool is_of_publisher(std::string_view source, std::string_view feed) {
  const bool renamed = std::ranges::any_of(
      kOtherNames, [&](const auto& names) { return names.first == feed && names.second == source; });
  return renamed || source == feed || source == feed.substr(0, feed.find('-'));
}

// How near a rating is to the finding; the less the better.
enum class Nearness : uint8_t { kOwn, kRatesIds, kSpeaksOfPackage, kElsewhere };

struct Place {
  Nearness nearness = Nearness::kElsewhere;
  size_t rank = 0;
  auto operator<=>(const Place&) const = default;
};

Place place_of(std::string_view source, const Database& database, std::span<const Candidate> group,
               const Candidate& deciding) {
  const auto publishes = [&](const Candidate& candidate) {
    return is_of_publisher(source, database.feed(candidate.record.feed()).name);
  };
  if (publishes(deciding)) return {.nearness = Nearness::kOwn};
  const auto* rater = std::ranges::find(kRaters, source);
  if (rater != kRaters.end()) {
    return {.nearness = Nearness::kRatesIds, .rank = static_cast<size_t>(rater - kRaters.begin())};
  }
  if (std::ranges::any_of(group, publishes)) return {.nearness = Nearness::kSpeaksOfPackage};
  return {.nearness = Nearness::kElsewhere,
          .rank = static_cast<size_t>(std::ranges::find(kScorers, source) - kScorers.begin())};
}

void take(const AccountView& account, Vulnerability& into) {
  if (into.title.empty()) into.title = account.title;
  if (into.description.empty()) into.description = account.description;
}

}  // namespace

Rating rating_of(const Database& database, std::span<const Candidate> group, const Candidate& deciding,
                 const FamilyRules& rules) {
  const RecordView& record = deciding.record;
  // The same publisher's other feeds may say what this one does not.
  const auto rated = std::ranges::find_if(group, [&](const Candidate& candidate) {
    const bool same_word =
        &candidate == &deciding ||
        (record.severity() == Severity::kUnknown && rules.one_publisher && candidate.role == deciding.role &&
         (candidate.outcome == Outcome::kAffected || candidate.outcome == Outcome::kOverruled));
    return same_word && candidate.record.severity() != Severity::kUnknown;
  });
  if (rated != group.end()) {
    return {.severity = rated->record.severity(), .source = database.feed(rated->record.feed()).name};
  }
  const VulnerabilityView vulnerability = database.vulnerability(record.vulnerability());
  Rating best;
  std::pair<Place, int> best_key;
  for (size_t i = 0; i < vulnerability.ratings(); ++i) {
    const RatingView rating = vulnerability.rating(i);
    const Place place = place_of(rating.source, database, group, deciding);
    const bool version2 = !rating.vector.starts_with("CVSS:");
    Severity severity = rating.severity;
    // What somebody else calls his own package says nothing of this one; a score is of the vulnerability.
    if (place.nearness == Nearness::kElsewhere) severity = Severity::kUnknown;
    if (severity == Severity::kUnknown && !rating.vector.empty()) severity = severity_of_score(rating.score, version2);
    if (severity == Severity::kUnknown) continue;
    // The best source; of its judgements its own word, then the newest CVSS; then the worst.
    const int version = rating.vector.empty() ? -9
                        : version2            ? -2
                                              : -(rating.vector.size() > 5 ? rating.vector[5] - '0' : 3);
    const std::pair<Place, int> key{place, version};
    if (best.severity == Severity::kUnknown || key < best_key || (key == best_key && severity > best.severity)) {
      best = {.severity = severity, .source = rating.source};
      best_key = key;
    }
  }
  return best;
}

bool has_nvd(const Database& database) {
  for (size_t i = 0; i < database.feeds(); ++i) {
    if (database.feed(i).name == "nvd") return true;
  }
  return false;
}

std::string_view why_unrated(const VulnerabilityView& vulnerability, bool has_nvd) {
  const bool others = vulnerability.ratings() > 0;
  if (has_nvd) {
    return others ? "only publishers of other packages rate it" : "no feed of this database rates it";
  }
  return others ? "only publishers of other packages rate it; NVD's ratings are not in this database"
                : "no feed of this database rates it; NVD's ratings are not in it";
}

Vulnerability described(const Database& database, const Candidate& deciding) {
  const VulnerabilityView view = database.vulnerability(deciding.vulnerability);
  Vulnerability value = view.to_value();
  const std::string_view own = database.feed(deciding.record.feed()).name;
  std::vector<std::string_view> of_ecosystem;
  for (const uint32_t feed : database.ecosystem_feeds(deciding.ecosystem)) {
    of_ecosystem.push_back(database.feed(feed).name);
  }
  enum class Whose : uint8_t { kOwn, kOfEcosystem, kAboutIds, kOthers };
  const auto whose = [&](const AccountView& account) {
    const FeedView feed = database.feed(account.feed);
    if (feed.name == own) return Whose::kOwn;
    if (feed.ecosystems.empty()) return Whose::kAboutIds;
    const bool of_this = std::ranges::find(of_ecosystem, feed.name) != of_ecosystem.end();
    return of_this ? Whose::kOfEcosystem : Whose::kOthers;
  };
  for (const Whose wanted : {Whose::kOwn, Whose::kOfEcosystem, Whose::kAboutIds}) {
    for (size_t i = 0; i < view.accounts(); ++i) {
      if (const AccountView account = view.account(i); whose(account) == wanted) take(account, value);
    }
  }
  return value;
}

Vulnerability described(const VulnerabilityView& vulnerability) {
  Vulnerability value = vulnerability.to_value();
  for (size_t i = 0; i < vulnerability.accounts(); ++i) take(vulnerability.account(i), value);
  return value;
}

}  // namespace bulkhead::advisory

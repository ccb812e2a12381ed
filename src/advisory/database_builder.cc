#include "advisory/database_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include "advisory/database_format.h"
#include "advisory/ecosystem.h"
#include "advisory/feed.h"
#include "advisory/freshness.h"
#include "base/bytes.h"

namespace bulkhead::advisory {
namespace {

constexpr uint8_t kRejected = format::VulnerabilityField::kRejected;
constexpr uint8_t kHasEpss = format::VulnerabilityField::kHasEpss;
constexpr uint8_t kHasPercentile = format::VulnerabilityField::kHasPercentile;

Status check_name(std::string_view text, std::string_view what, std::string_view id) {
  if (text.size() <= DatabaseBuilder::kMaxNameBytes) return {};
  return fail(Code::kMalformed, fmt::format("{}: {} of {} bytes", id, what, text.size()));
}

uint32_t epss_units(double value) {
  if (!(value > 0)) return 0;
  return static_cast<uint32_t>(std::llround(std::min(value, 1.0) * format::kEpssUnits));
}

// At most `limit` bytes, cut at a character's end and marked.
std::string_view shortened(std::string_view text, size_t limit, std::string& storage) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0U) == 0x80U) --end;
  storage.assign(text.substr(0, end));
  storage += "…";
  return storage;
}

}  // namespace

Result<uint32_t> DatabaseBuilder::add_feed(FeedInput feed) {
  if (feeds_.size() >= kMaxFeeds) return fail(limit_error("inputs of one database", kMaxFeeds, "--from"));
  feeds_.push_back(std::move(feed));
  return static_cast<uint32_t>(feeds_.size() - 1);
}

size_t DatabaseBuilder::memory_bytes() const {
  return pools_.strings.bytes() + pools_.texts.bytes() + pools_.lists.bytes() + names_.bytes() +
         pairs_.size() * sizeof(AliasPair) + rows_.size() * sizeof(Row) + fragments_.size() * sizeof(Fragment);
}

Status DatabaseBuilder::check_memory() const {
  // Counting is cheap but not free, and no single addition is large.
  if ((rows_.size() + fragments_.size()) % 1024 != 0) return {};
  return check_memory_now();
}

Status DatabaseBuilder::check_memory_now() const {
  if (memory_bytes() <= options_.max_bytes) return {};
  return fail(
      limit_error("bytes of memory for building the advisory database", options_.max_bytes, "--max-database-bytes"));
}

Status DatabaseBuilder::add_aliases(uint32_t name, const std::vector<std::string>& aliases) {
  // A document repeats its names in each of its records.
  if (aliases.empty() || (name == aliased_ && aliases == aliases_)) return {};
  for (const std::string& alias : aliases) {
    TRY(check_name(alias, "an alias", names_.text(name)));
    if (alias.empty() || alias == names_.text(name)) continue;
    pairs_.push_back({.id = name, .alias = names_.intern(alias)});
  }
  aliased_ = name;
  aliases_ = aliases;
  return {};
}

Status DatabaseBuilder::add(AdvisoryRecord record) {
  if (record.id.empty() || record.ecosystem.empty() || record.package.empty()) {
    return fail(Code::kMalformed, fmt::format("advisory record without {}: id '{}', ecosystem '{}', package '{}'",
                                              record.id.empty()          ? "id"
                                              : record.ecosystem.empty() ? "ecosystem"
                                                                         : "package",
                                              record.id, record.ecosystem, record.package));
  }
  for (const std::string* text :
       {&record.id, &record.record, &record.ecosystem, &record.package, &record.module, &record.cpe, &record.note}) {
    TRY(check_name(*text, "a field", record.id));
  }
  if (record.ranges.size() > std::numeric_limits<uint16_t>::max()) {
    return fail(Code::kMalformed,
                fmt::format("{}: {} version ranges for {}", record.id, record.ranges.size(), record.package));
  }
  Row row;
  row.name = names_.intern(record.id);
  row.record.ecosystem = pools_.strings.intern(record.ecosystem);
  row.record.package = pools_.strings.intern(record.package);
  row.record.document = pools_.strings.intern(record.record.empty() ? record.id : record.record);
  row.record.feed = feed_;
  row.record.status = record.status;
  row.record.severity = record.severity;
  row.record.name_kind = record.name_kind;
  row.record.scheme = record.scheme;

  std::vector<uint32_t> words;
  for (const Range& range : record.ranges) {
    for (const std::string* bound : {&range.introduced, &range.fixed, &range.last_affected}) {
      TRY(check_name(*bound, "a version", record.id));
      words.push_back(pools_.strings.intern(*bound));
    }
    words.push_back(range.introduced_exclusive ? format::RangeField::kIntroducedExclusive : 0);
  }
  row.record.ranges = pools_.lists.intern(words);
  words.clear();
  for (const std::string& architecture : record.architectures) {
    TRY(check_name(architecture, "an architecture", record.id));
    words.push_back(pools_.strings.intern(architecture));
  }
  words = {pools_.lists.intern(words), pools_.strings.intern(record.module), pools_.strings.intern(record.cpe),
           pools_.strings.intern(record.note)};
  const bool plain = std::ranges::all_of(words, [](uint32_t word) { return word == 0; });
  row.record.qualifiers = plain ? 0 : pools_.lists.intern(words);

  TRY(add_aliases(row.name, record.aliases));
  rows_.push_back(row);
  return check_memory();
}

Status DatabaseBuilder::add(Vulnerability vulnerability) {
  if (vulnerability.id.empty()) return fail(Code::kMalformed, "a vulnerability without id");
  for (const std::string* text : {&vulnerability.id, &vulnerability.severity_source, &vulnerability.published}) {
    TRY(check_name(*text, "a field", vulnerability.id));
  }
  std::string storage;
  Fragment fragment;
  fragment.name = names_.intern(vulnerability.id);
  fragment.feed = feed_;
  fragment.title = pools_.texts.intern(shortened(vulnerability.title, options_.max_description_bytes, storage));
  fragment.description =
      pools_.texts.intern(shortened(vulnerability.description, options_.max_description_bytes, storage));
  fragment.published = pools_.strings.intern(vulnerability.published);
  if (vulnerability.kev_date_added) fragment.kev_date = pools_.strings.intern(*vulnerability.kev_date_added);
  if (vulnerability.rejected) fragment.flags |= kRejected;
  if (vulnerability.epss) {
    fragment.flags |= kHasEpss;
    fragment.epss = epss_units(*vulnerability.epss);
  }
  if (vulnerability.epss_percentile) {
    fragment.flags |= kHasPercentile;
    fragment.epss_percentile = epss_units(*vulnerability.epss_percentile);
  }

  const std::string& feed_name = feeds_[feed_].name;
  std::vector<uint32_t> words;
  const auto add_rating = [&](std::string_view source, std::string_view vector, double score, Severity severity) {
    words.push_back(pools_.strings.intern(source.empty() ? std::string_view(feed_name) : source));
    words.push_back(pools_.strings.intern(vector));
    const auto hundredths = static_cast<uint32_t>(std::llround(std::clamp(score, 0.0, 10.0) * 100));
    words.push_back(hundredths << 8 | static_cast<uint32_t>(severity));
  };
  for (const Cvss& cvss : vulnerability.cvss) {
    TRY(check_name(cvss.source, "a field", vulnerability.id));
    TRY(check_name(cvss.vector, "a CVSS vector", vulnerability.id));
    add_rating(cvss.source, cvss.vector, cvss.score, Severity::kUnknown);
  }
  if (vulnerability.severity != Severity::kUnknown) {
    add_rating(vulnerability.severity_source, {}, 0, vulnerability.severity);
  }
  fragment.ratings = pools_.lists.intern(words);
  words.clear();
  for (const std::string& reference : vulnerability.references) {
    if (reference.size() <= kMaxNameBytes && words.size() < options_.max_references) {
      words.push_back(pools_.texts.intern(reference));
    }
  }
  fragment.references = pools_.lists.intern(words);
  words.clear();
  for (const std::string& cwe : vulnerability.cwes) {
    TRY(check_name(cwe, "a weakness", vulnerability.id));
    words.push_back(pools_.strings.intern(cwe));
  }
  fragment.cwes = pools_.lists.intern(words);

  TRY(add_aliases(fragment.name, vulnerability.aliases));
  fragments_.push_back(fragment);
  return check_memory();
}

void DatabaseBuilder::roll_back(const Mark& mark) {
  rows_.resize(mark.records);
  fragments_.resize(mark.fragments);
  pairs_.resize(mark.pairs);
  aliases_.clear();  // they may have been taken back
}

namespace {

// A release that has fewer records than this part of the family's most frequent one is mentioned, not covered.
constexpr uint64_t kMarginalPart = 10;

bool is_for(const Feed& feed, std::string_view key) {
  const Family* family = family_of(key);
  return std::ranges::any_of(feed.ecosystems, [&](std::string_view own) {
    return own == key || (own.ends_with(":*") && family != nullptr && own.substr(0, own.size() - 2) == family->name);
  });
}

// The ecosystems, in order, whose packages the input judges as a whole; `counts` says how many records it has of each.
std::vector<std::string_view> covered_by(const FeedInput& input, const std::map<std::string_view, uint64_t>& counts) {
  const Feed* feed = find_feed(input.name);
  if (feed != nullptr && feed->supplements) return {};
  if (!input.covers.empty()) {
    std::vector<std::string_view> covers(input.covers.begin(), input.covers.end());
    std::ranges::sort(covers);
    return covers;
  }
  std::map<std::string_view, uint64_t> most;  // by family
  const auto family_name = [](std::string_view key) {
    const Family* family = family_of(key);
    return family == nullptr ? key : family->name;
  };
  for (const auto& [key, count] : counts) {
    uint64_t& top = most[family_name(key)];
    top = std::max(top, count);
  }
  std::vector<std::string_view> covered;
  for (const auto& [key, count] : counts) {
    if (feed != nullptr && !is_for(*feed, key)) continue;
    if (count * kMarginalPart >= most[family_name(key)]) covered.push_back(key);
  }
  return covered;
}

}  // namespace

// Sorting, joining and merging: from what was added to what is written.
class DatabaseBuilder::Compiler {
 public:
  explicit Compiler(DatabaseBuilder& builder)
      : builder_(builder),
        pools_(builder.pools_),
        groups_(static_cast<uint32_t>(builder.names_.size()), builder.pairs_,
                [&](uint32_t name) { return builder.names_.text(name); }) {}

  DatabaseContent compile() {
    sort_feeds();
    rank_strings();
    sort_records();
    number_vulnerabilities();
    merge_fragments();
    list_aliases();
    describe_feeds_and_ecosystems();
    return std::move(content_);
  }

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  void sort_feeds();
  void rank_strings();
  void sort_records();
  void number_vulnerabilities();
  void merge_fragments();
  void merge(std::span<const Fragment> group, ContentVulnerability& into);
  void list_aliases();
  void describe_feeds_and_ecosystems();

  std::string_view name(uint32_t id) const { return builder_.names_.text(id); }
  // Whether what input `a` says goes before what input `b` says of the same.
  bool newer(uint16_t a, uint16_t b) const;
  // Of the copies of one document about one package, which inputs hold, those that count.
  void keep_newest(std::span<const Row> copies);
  std::span<const uint32_t> architectures(const Row& row) const;
  // By spelling; only for ties, which are rare.
  bool ranges_less(uint32_t a, uint32_t b) const;
  bool qualifiers_less(uint32_t a, uint32_t b) const;

  DatabaseBuilder& builder_;
  Pools& pools_;
  AliasGroups groups_;
  DatabaseContent content_;
  std::vector<FeedInput> feeds_;                             // in final order
  std::vector<uint16_t> publication_;                        // by input: the first one of the same feed
  std::vector<std::pair<int64_t, std::string_view>> dates_;  // by input: the day as of which it holds, and its data's
  std::vector<uint32_t> rank_;                               // of strings, in alphabetical order
  std::vector<bool> is_cve_;                                 // by string
  std::vector<uint32_t> vulnerability_;                      // by canonical name: its index; kNone: left out
  std::vector<uint32_t> feed_vulnerabilities_;
};

void DatabaseBuilder::Compiler::sort_feeds() {
  std::vector<uint32_t> order(builder_.feeds_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](uint32_t index) {
    const FeedInput& feed = builder_.feeds_[index];
    return std::tie(feed.name, feed.url, feed.date, feed.sha256, feed.fetched);
  });
  std::vector<uint16_t> place(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = static_cast<uint16_t>(i);
    feeds_.push_back(std::move(builder_.feeds_[order[i]]));
  }
  for (uint16_t i = 0; i < feeds_.size(); ++i) {
    const FeedInput& feed = feeds_[i];
    publication_.push_back(i > 0 && feeds_[i - 1].name == feed.name ? publication_[i - 1] : i);
    const auto day = day_of(later_date(feed.date, feed.fetched));
    dates_.emplace_back(day.value_or(std::numeric_limits<int64_t>::min()), feed.date);
  }
  for (Row& row : builder_.rows_) row.record.feed = place[row.record.feed];
  for (Fragment& fragment : builder_.fragments_) fragment.feed = place[fragment.feed];
}

void DatabaseBuilder::Compiler::rank_strings() {
  std::vector<uint32_t> order(pools_.strings.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](uint32_t id) { return pools_.strings.text(id); });
  rank_.resize(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) rank_[order[i]] = i;
  is_cve_.resize(order.size());
  for (uint32_t id = 0; id < order.size(); ++id) is_cve_[id] = is_named_as_cve(pools_.strings.text(id));
}

bool DatabaseBuilder::Compiler::newer(uint16_t a, uint16_t b) const {
  return std::tie(dates_[a], b) > std::tie(dates_[b], a);
}

std::span<const uint32_t> DatabaseBuilder::Compiler::architectures(const Row& row) const {
  const auto words = pools_.lists.words(row.record.qualifiers);
  return words.empty() ? words : pools_.lists.words(words[0]);
}

bool DatabaseBuilder::Compiler::ranges_less(uint32_t a, uint32_t b) const {
  const auto x = pools_.lists.words(a);
  const auto y = pools_.lists.words(b);
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i] != y[i]) return i % 4 == 3 ? x[i] < y[i] : rank_[x[i]] < rank_[y[i]];
  }
  return x.size() < y.size();
}

bool DatabaseBuilder::Compiler::qualifiers_less(uint32_t a, uint32_t b) const {
  const auto spelled = [&](uint32_t id) {
    std::vector<uint32_t> ranks;
    const auto words = pools_.lists.words(id);
    for (const uint32_t architecture : words.empty() ? words : pools_.lists.words(words[0]))
      ranks.push_back(rank_[architecture]);
    for (size_t i = 1; i < words.size(); ++i) ranks.push_back(rank_[words[i]]);
    return ranks;
  };
  return spelled(a) < spelled(b);
}

void DatabaseBuilder::Compiler::sort_records() {
  auto& rows = builder_.rows_;
  // Canonical names, by rank, so that sorting compares numbers.
  std::vector<uint32_t> order(builder_.names_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](uint32_t id) { return name(id); });
  std::vector<uint32_t> name_rank(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) name_rank[order[i]] = i;
  for (Row& row : rows) row.name = groups_.canonical(row.name);

  const auto place = [&](const Row& row) {
    // A CVE is nobody's document: what two feeds call by its name are two statements.
    const uint32_t publication = is_cve_[row.record.document] ? publication_[row.record.feed] : 0U;
    return std::tuple(rank_[row.record.ecosystem], rank_[row.record.package], name_rank[row.name],
                      rank_[row.record.document], publication);
  };
  const auto rest = [](const Row& row) {
    return std::tuple(row.record.feed, row.record.status, row.record.severity, row.record.name_kind, row.record.scheme);
  };
  std::ranges::sort(rows, [&](const Row& a, const Row& b) {
    if (const auto x = place(a), y = place(b); x != y) return x < y;
    if (const auto x = rest(a), y = rest(b); x != y) return x < y;
    if (a.record.ranges != b.record.ranges) return ranges_less(a.record.ranges, b.record.ranges);
    return a.record.qualifiers != b.record.qualifiers && qualifiers_less(a.record.qualifiers, b.record.qualifiers);
  });

  content_.records.reserve(rows.size());
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && place(rows[end]) == place(rows[begin])) ++end;
    keep_newest(std::span(rows).subspan(begin, end - begin));
    begin = end;
  }
  rows = {};
}

void DatabaseBuilder::Compiler::keep_newest(std::span<const Row> copies) {
  const auto keep = [&](const Row& row) {
    content_.records.push_back(row.record);
    content_.records.back().vulnerability = row.name;  // a name until number_vulnerabilities()
  };
  if (copies.size() == 1) return keep(copies.front());
  std::vector<uint16_t> inputs;
  for (const Row& row : copies) {
    if (inputs.empty() || inputs.back() != row.record.feed) inputs.push_back(row.record.feed);
  }
  std::ranges::sort(inputs, [&](uint16_t a, uint16_t b) { return newer(a, b); });
  // The newest input's copy replaces the others', except for what these say of architectures that it does not speak of:
  // repositories are published apart for each.
  std::vector<const Row*> kept;
  std::vector<uint32_t> spoken_of;
  bool of_all = false;
  for (const uint16_t input : inputs) {
    const size_t before = kept.size();
    for (const Row& row : copies) {
      if (row.record.feed != input || of_all) continue;
      const auto own = architectures(row);
      const bool repeats = own.empty() || std::ranges::find_first_of(own, spoken_of) != own.end();
      if (input == inputs.front() || !repeats) kept.push_back(&row);
    }
    for (size_t i = before; i < kept.size(); ++i) {
      const auto own = architectures(*kept[i]);
      spoken_of.insert(spoken_of.end(), own.begin(), own.end());
      of_all = of_all || own.empty();
    }
  }
  std::ranges::sort(kept);  // as they were
  const auto same = [](const Row& a, const Row& b) {
    const auto what = [](const Row& row) {
      return std::tuple(row.record.feed, row.record.status, row.record.severity, row.record.name_kind,
                        row.record.scheme, row.record.ranges, row.record.qualifiers);
    };
    return what(a) == what(b);
  };
  for (size_t i = 0; i < kept.size(); ++i) {
    if (i == 0 || !same(*kept[i - 1], *kept[i])) keep(*kept[i]);
  }
}

void DatabaseBuilder::Compiler::number_vulnerabilities() {
  vulnerability_.assign(builder_.names_.size(), kNone);
  std::vector<uint32_t> kept;
  const auto keep = [&](uint32_t canonical) {
    if (vulnerability_[canonical] != kNone) return;
    vulnerability_[canonical] = 0;
    kept.push_back(canonical);
  };
  for (const ContentRecord& record : content_.records) keep(record.vulnerability);
  if (builder_.options_.keep_unreferenced) {
    for (const Fragment& fragment : builder_.fragments_) keep(groups_.canonical(fragment.name));
  }
  std::ranges::sort(kept, {}, [&](uint32_t id) { return name(id); });
  content_.vulnerabilities.resize(kept.size());
  for (uint32_t i = 0; i < kept.size(); ++i) {
    vulnerability_[kept[i]] = i;
    content_.vulnerabilities[i].id = pools_.strings.intern(name(kept[i]));
  }
  for (ContentRecord& record : content_.records) record.vulnerability = vulnerability_[record.vulnerability];
}

void DatabaseBuilder::Compiler::merge_fragments() {
  auto& fragments = builder_.fragments_;
  std::erase_if(fragments,
                [&](const Fragment& fragment) { return vulnerability_[groups_.canonical(fragment.name)] == kNone; });
  feed_vulnerabilities_.assign(feeds_.size(), 0);
  for (const Fragment& fragment : fragments) ++feed_vulnerabilities_[fragment.feed];

  const auto index_of = [&](const Fragment& fragment) { return vulnerability_[groups_.canonical(fragment.name)]; };
  std::ranges::sort(fragments, {}, [&](const Fragment& fragment) {
    return std::tuple(index_of(fragment), !feeds_[fragment.feed].about_ids, fragment.feed, name(fragment.name),
                      pools_.texts.text(fragment.title), pools_.texts.text(fragment.description));
  });
  for (size_t begin = 0; begin < fragments.size();) {
    size_t end = begin;
    while (end < fragments.size() && index_of(fragments[end]) == index_of(fragments[begin])) ++end;
    merge(std::span(fragments).subspan(begin, end - begin), content_.vulnerabilities[index_of(fragments[begin])]);
    begin = end;
  }
}

void DatabaseBuilder::Compiler::merge(std::span<const Fragment> group, ContentVulnerability& into) {
  using Rating = std::array<uint32_t, 3>;
  std::vector<Rating> ratings;
  std::vector<std::array<uint32_t, 3>> accounts;  // feed, title, description
  std::vector<uint32_t> references;
  std::vector<uint32_t> cwes;
  const Fragment* epss = nullptr;
  for (const Fragment& each : group) {
    if (each.title != 0 || each.description != 0) {
      if (accounts.empty() || publication_[accounts.back()[0]] != publication_[each.feed]) {
        accounts.push_back({each.feed, 0, 0});
      }
      auto& [feed, title, description] = accounts.back();
      if (title == 0) title = each.title;
      if (description == 0) description = each.description;
    }
    if (into.published == 0) into.published = each.published;
    if (into.kev_date == 0) into.kev_date = each.kev_date;
    if ((each.flags & kRejected) != 0 && groups_.canonical(each.name) == each.name) into.flags |= kRejected;
    if ((each.flags & kHasEpss) != 0 && (epss == nullptr || feeds_[each.feed].date > feeds_[epss->feed].date))
      epss = &each;
    const auto words = pools_.lists.words(each.ratings);
    for (size_t i = 0; i + 2 < words.size(); i += 3) ratings.push_back({words[i], words[i + 1], words[i + 2]});
    for (const uint32_t word : pools_.lists.words(each.references)) {
      if (references.size() == builder_.options_.max_references) break;
      if (std::ranges::find(references, word) == references.end()) references.push_back(word);
    }
    const auto weaknesses = pools_.lists.words(each.cwes);
    cwes.insert(cwes.end(), weaknesses.begin(), weaknesses.end());
  }
  if (epss != nullptr) {
    into.flags |= epss->flags & (kHasEpss | kHasPercentile);
    into.epss = epss->epss;
    into.epss_percentile = epss->epss_percentile;
  }
  std::ranges::sort(ratings, {}, [&](const Rating& rating) {
    return std::tuple(pools_.strings.text(rating[0]), pools_.strings.text(rating[1]), rating[2]);
  });
  ratings.erase(std::ranges::unique(ratings).begin(), ratings.end());
  std::vector<uint32_t> words;
  for (const Rating& rating : ratings) words.insert(words.end(), rating.begin(), rating.end());
  into.ratings = pools_.lists.intern(words);
  words.clear();
  for (const auto& account : accounts) words.insert(words.end(), account.begin(), account.end());
  into.accounts = pools_.lists.intern(words);
  into.references = pools_.lists.intern(references);
  std::ranges::sort(cwes, {}, [&](uint32_t id) { return pools_.strings.text(id); });
  cwes.erase(std::ranges::unique(cwes).begin(), cwes.end());
  into.cwes = pools_.lists.intern(cwes);
}

void DatabaseBuilder::Compiler::list_aliases() {
  struct Alias {
    std::string_view name;
    uint32_t vulnerability;
    bool same;  // another name of the same vulnerability, not a bulletin or document about it
    auto operator<=>(const Alias&) const = default;
  };
  std::vector<Alias> aliases;
  for (uint32_t id = 0; id < builder_.names_.size(); ++id) {
    const uint32_t canonical = groups_.canonical(id);
    if (canonical != id && vulnerability_[canonical] != kNone) {
      aliases.push_back({.name = name(id), .vulnerability = vulnerability_[canonical], .same = true});
    }
  }
  // By vulnerability, then name, for the entries themselves.
  std::ranges::sort(aliases, {}, [](const Alias& alias) { return std::pair(alias.vulnerability, alias.name); });
  std::vector<uint32_t> words;
  for (size_t i = 0; i < aliases.size(); ++i) {
    words.push_back(pools_.strings.intern(aliases[i].name));
    if (i + 1 == aliases.size() || aliases[i + 1].vulnerability != aliases[i].vulnerability) {
      content_.vulnerabilities[aliases[i].vulnerability].aliases = pools_.lists.intern(words);
      words.clear();
    }
  }
  for (const AliasPair& pair : groups_.bulletins()) {
    if (vulnerability_[pair.alias] == kNone) continue;
    aliases.push_back({.name = name(pair.id), .vulnerability = vulnerability_[pair.alias], .same = false});
  }
  for (const ContentRecord& record : content_.records) {
    if (record.document == content_.vulnerabilities[record.vulnerability].id) continue;
    aliases.push_back(
        {.name = pools_.strings.text(record.document), .vulnerability = record.vulnerability, .same = false});
  }
  const auto key = [](const Alias& alias) { return std::pair(alias.name, alias.vulnerability); };
  std::ranges::sort(aliases, {}, key);
  aliases.erase(std::ranges::unique(aliases, {}, key).begin(), aliases.end());
  for (const Alias& alias : aliases) {
    content_.aliases.push_back({.name = pools_.strings.intern(alias.name), .vulnerability = alias.vulnerability});
  }
}

void DatabaseBuilder::Compiler::describe_feeds_and_ecosystems() {
  // Which feed has records for which ecosystem, by spelling.
  std::map<std::string_view, std::vector<uint32_t>> feeds_of;
  std::vector<std::vector<uint32_t>> ecosystems_of(feeds_.size());
  std::vector<uint32_t> records_of(feeds_.size());
  std::vector<std::map<std::string_view, uint64_t>> counts(feeds_.size());
  const auto note = [&](std::string_view ecosystem, uint32_t feed) {
    counts[feed].try_emplace(ecosystem, 0);
    auto& feeds = feeds_of[ecosystem];
    if (std::ranges::find(feeds, feed) != feeds.end()) return;
    feeds.push_back(feed);
    ecosystems_of[feed].push_back(pools_.strings.intern(ecosystem));
  };
  for (size_t i = 0; i < content_.records.size(); ++i) {
    const ContentRecord& record = content_.records[i];
    ++records_of[record.feed];
    const bool same =
        i > 0 && content_.records[i - 1].ecosystem == record.ecosystem && content_.records[i - 1].feed == record.feed;
    if (!same) note(pools_.strings.text(record.ecosystem), record.feed);
    ++counts[record.feed].find(pools_.strings.text(record.ecosystem))->second;
  }
  for (uint32_t i = 0; i < feeds_.size(); ++i) {
    for (const std::string& key : feeds_[i].covers) note(pools_.strings.text(pools_.strings.intern(key)), i);
  }
  for (auto& [key, feeds] : feeds_of) {
    std::ranges::sort(feeds);
    content_.ecosystems.push_back({.key = pools_.strings.intern(key), .feeds = std::move(feeds)});
  }
  for (size_t i = 0; i < feeds_.size(); ++i) {
    const FeedInput& feed = feeds_[i];
    std::ranges::sort(ecosystems_of[i], {}, [&](uint32_t id) { return pools_.strings.text(id); });
    std::vector<uint32_t> covered;
    for (const std::string_view key : covered_by(feed, counts[i])) covered.push_back(pools_.strings.intern(key));
    ContentFeed entry{.name = pools_.strings.intern(feed.name),
                      .url = pools_.strings.intern(feed.url),
                      .licence = pools_.strings.intern(feed.licence),
                      .attribution = pools_.strings.intern(feed.attribution),
                      .date = pools_.strings.intern(feed.date),
                      .fetched = pools_.strings.intern(feed.fetched),
                      .ecosystems = pools_.lists.intern(ecosystems_of[i]),
                      .covers = pools_.lists.intern(covered),
                      .extract = pools_.strings.intern(feed.extract),
                      .failed = feed.failed,
                      .documents = feed.documents,
                      .records = records_of[i],
                      .vulnerabilities = feed_vulnerabilities_[i]};
    if (const auto digest = from_hex(feed.sha256); digest && digest->size() == entry.sha256.size()) {
      std::ranges::copy(as_bytes(*digest), entry.sha256.begin());
    }
    content_.feeds.push_back(entry);
  }
}

Result<std::string> DatabaseBuilder::finish() && {
  if (rows_.size() > std::numeric_limits<uint32_t>::max()) {
    return fail(limit_error("advisory records", std::numeric_limits<uint32_t>::max(), "--from"));
  }
  TRY(check_memory_now());
  const DatabaseContent content = Compiler(*this).compile();
  return write_database(pools_, content);
}

}  // namespace bulkhead::advisory

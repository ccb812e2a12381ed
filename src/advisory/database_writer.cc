#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "advisory/database_content.h"
#include "advisory/database_format.h"
#include "base/bytes.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

using format::Section;

// Appends little-endian fields; ByteWriter would own the bytes, and these are too many to copy.
class Output {
 public:
  void u8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u16(uint16_t value) { put(value, 2); }
  void u32(uint32_t value) { put(value, 4); }
  void u64(uint64_t value) { put(value, 8); }
  void raw(std::string_view text) { bytes_.append(text); }
  void pad_to(size_t alignment) { bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment); }
  void patch(size_t at, std::string_view text) { bytes_.replace(at, text.size(), text); }
  size_t size() const { return bytes_.size(); }
  std::string_view view() const { return bytes_; }
  std::string take() && { return std::move(bytes_); }

 private:
  void put(uint64_t value, size_t count) {
    for (size_t i = 0; i < count; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i)));
  }
  std::string bytes_;
};

constexpr uint32_t kUnused = std::numeric_limits<uint32_t>::max();

// One string section: only what is used, in alphabetical order, so that the bytes do not depend on who came first.
class StringSection {
 public:
  explicit StringSection(const StringPool& pool) : pool_(pool), offset_(pool.size(), kUnused) { use(0); }

  void use(uint32_t id) {
    if (offset_[id] != kUnused) return;
    offset_[id] = 0;
    used_.push_back(id);
  }
  Status write(Output& out, std::string_view what) {
    std::ranges::sort(used_, {}, [&](uint32_t id) { return pool_.text(id); });
    const size_t begin = out.size();
    for (const uint32_t id : used_) {
      if (out.size() - begin >= kUnused) return fail(limit_error(what, kUnused, "--max-database-bytes"));
      offset_[id] = static_cast<uint32_t>(out.size() - begin);
      const std::string_view text = pool_.text(id);
      size_t rest = text.size();
      for (; rest >= 0x80; rest >>= 7) out.u8(static_cast<uint8_t>(rest | 0x80U));
      out.u8(static_cast<uint8_t>(rest));
      out.raw(text);
    }
    return {};
  }
  uint32_t at(uint32_t id) const { return offset_[id]; }

 private:
  const StringPool& pool_;
  std::vector<uint32_t> offset_;
  std::vector<uint32_t> used_;
};

class Writer {
 public:
  Writer(const Pools& pools, const DatabaseContent& content)
      : pools_(pools), content_(content), strings_(pools.strings), texts_(pools.texts) {}

  Result<std::string> write() &&;

 private:
  struct Extent {
    uint64_t offset = 0;
    uint64_t count = 0;
  };

  void use_strings();
  void use_list(StringSection& section, uint32_t list) {
    for (const uint32_t id : pools_.lists.words(list)) section.use(id);
  }
  // The reference of a list of references, written at its first use.
  uint32_t list_of(std::vector<uint32_t> words);
  uint32_t string_list(uint32_t list) { return mapped_list(strings_, list); }
  uint32_t text_list(uint32_t list) { return mapped_list(texts_, list); }
  uint32_t mapped_list(const StringSection& section, uint32_t list) {
    const auto words = pools_.lists.words(list);
    std::vector<uint32_t> references(words.size());
    std::ranges::transform(words, references.begin(), [&](uint32_t id) { return section.at(id); });
    return list_of(std::move(references));
  }

  void begin(Section section) {
    out_.pad_to(format::kSectionAlignment);
    extents_[static_cast<size_t>(section)].offset = out_.size();
  }
  void end(Section section) {
    Extent& extent = extents_[static_cast<size_t>(section)];
    extent.count = (out_.size() - extent.offset) / format::kEntryBytes[static_cast<size_t>(section)];
  }

  void write_feeds();
  void write_ecosystems_and_names();
  void write_records();
  void write_vulnerabilities();

  const Pools& pools_;
  const DatabaseContent& content_;
  StringSection strings_;
  StringSection texts_;
  Output out_;
  std::array<Extent, format::kSections> extents_;
  std::vector<uint32_t> list_words_ = {0};
  std::unordered_map<std::string, uint32_t> lists_;
};

uint32_t Writer::list_of(std::vector<uint32_t> words) {
  if (words.empty()) return 0;
  std::string key(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint32_t));
  const auto [place, fresh] = lists_.try_emplace(std::move(key), static_cast<uint32_t>(list_words_.size()));
  if (fresh) {
    list_words_.push_back(static_cast<uint32_t>(words.size()));
    list_words_.insert(list_words_.end(), words.begin(), words.end());
  }
  return place->second;
}

void Writer::use_strings() {
  for (const ContentFeed& feed : content_.feeds) {
    for (const uint32_t id :
         {feed.name, feed.url, feed.licence, feed.attribution, feed.date, feed.fetched, feed.extract})
      strings_.use(id);
    use_list(strings_, feed.ecosystems);
    use_list(strings_, feed.covers);
  }
  for (const ContentEcosystem& ecosystem : content_.ecosystems) strings_.use(ecosystem.key);
  for (const ContentRecord& record : content_.records) {
    strings_.use(record.package);
    strings_.use(record.document);
    const auto ranges = pools_.lists.words(record.ranges);
    for (size_t i = 0; i < ranges.size(); ++i) {
      if (i % 4 != 3) strings_.use(ranges[i]);
    }
    if (const auto qualifiers = pools_.lists.words(record.qualifiers); !qualifiers.empty()) {
      use_list(strings_, qualifiers[0]);
      for (const uint32_t id : qualifiers.subspan(1)) strings_.use(id);
    }
  }
  for (const ContentVulnerability& each : content_.vulnerabilities) {
    strings_.use(each.id);
    strings_.use(each.published);
    strings_.use(each.kev_date);
    const auto accounts = pools_.lists.words(each.accounts);
    for (size_t i = 0; i < accounts.size(); ++i) {
      if (i % 3 != 0) texts_.use(accounts[i]);
    }
    use_list(strings_, each.aliases);
    use_list(strings_, each.cwes);
    use_list(texts_, each.references);
    const auto ratings = pools_.lists.words(each.ratings);
    for (size_t i = 0; i < ratings.size(); ++i) {
      if (i % 3 != 2) strings_.use(ratings[i]);
    }
  }
  for (const ContentAlias& alias : content_.aliases) strings_.use(alias.name);
}

void Writer::write_feeds() {
  begin(Section::kFeeds);
  for (const ContentFeed& feed : content_.feeds) {
    for (const uint32_t id : {feed.name, feed.url, feed.licence, feed.attribution, feed.date, feed.fetched}) {
      out_.u32(strings_.at(id));
    }
    out_.u32(string_list(feed.ecosystems));
    out_.u32(feed.documents);
    out_.u32(feed.records);
    out_.u32(feed.vulnerabilities);
    out_.raw(as_text(feed.sha256));
    out_.u32(string_list(feed.covers));
    out_.u32(strings_.at(feed.extract));
    out_.u32(feed.failed);
  }
  end(Section::kFeeds);
}

void Writer::write_ecosystems_and_names() {
  // Records are sorted by ecosystem and package: runs of equal names are the entries.
  Output names;
  uint32_t name_count = 0;
  begin(Section::kEcosystems);
  size_t at = 0;
  for (const ContentEcosystem& ecosystem : content_.ecosystems) {
    const uint32_t first_name = name_count;
    const size_t first_record = at;
    while (at < content_.records.size() && content_.records[at].ecosystem == ecosystem.key) {
      const size_t run = at;
      while (at < content_.records.size() && content_.records[at].ecosystem == ecosystem.key &&
             content_.records[at].package == content_.records[run].package) {
        ++at;
      }
      names.u32(strings_.at(content_.records[run].package));
      names.u32(static_cast<uint32_t>(run));
      names.u32(static_cast<uint32_t>(at - run));
      ++name_count;
    }
    out_.u32(strings_.at(ecosystem.key));
    out_.u32(first_name);
    out_.u32(name_count - first_name);
    out_.u32(list_of(ecosystem.feeds));
    out_.u32(static_cast<uint32_t>(at - first_record));
  }
  end(Section::kEcosystems);
  begin(Section::kNames);
  out_.raw(names.view());
  end(Section::kNames);
}

void Writer::write_records() {
  constexpr uint32_t kNoIndex = kUnused;
  std::vector<uint32_t> range_at(pools_.lists.size(), kNoIndex);
  std::vector<uint32_t> qualifier_at(pools_.lists.size(), kNoIndex);
  Output ranges;
  Output qualifiers;
  for (int i = 0; i < 4; ++i) qualifiers.u32(0);
  qualifier_at[0] = 0;

  begin(Section::kRecords);
  for (const ContentRecord& record : content_.records) {
    const auto range_words = pools_.lists.words(record.ranges);
    if (range_at[record.ranges] == kNoIndex) {
      range_at[record.ranges] = static_cast<uint32_t>(ranges.size() / format::RangeField::kBytes);
      for (size_t i = 0; i < range_words.size(); ++i)
        ranges.u32(i % 4 == 3 ? range_words[i] : strings_.at(range_words[i]));
    }
    if (qualifier_at[record.qualifiers] == kNoIndex) {
      qualifier_at[record.qualifiers] = static_cast<uint32_t>(qualifiers.size() / format::QualifierField::kBytes);
      const auto words = pools_.lists.words(record.qualifiers);
      qualifiers.u32(string_list(words[0]));
      for (const uint32_t id : words.subspan(1)) qualifiers.u32(strings_.at(id));
    }
    out_.u32(record.vulnerability);
    out_.u32(strings_.at(record.document));
    out_.u32(qualifier_at[record.qualifiers]);
    out_.u32(range_at[record.ranges]);
    out_.u16(static_cast<uint16_t>(range_words.size() / 4));
    out_.u16(record.feed);
    out_.u8(static_cast<uint8_t>(record.status));
    out_.u8(static_cast<uint8_t>(record.severity));
    out_.u8(static_cast<uint8_t>(record.name_kind));
    out_.u8(format::scheme_code(record.scheme));
  }
  end(Section::kRecords);
  begin(Section::kRanges);
  out_.raw(ranges.view());
  end(Section::kRanges);
  begin(Section::kQualifiers);
  out_.raw(qualifiers.view());
  end(Section::kQualifiers);
}

void Writer::write_vulnerabilities() {
  Output ratings;
  Output accounts;
  begin(Section::kVulnerabilities);
  for (const ContentVulnerability& each : content_.vulnerabilities) {
    const auto words = pools_.lists.words(each.ratings);
    out_.u32(strings_.at(each.id));
    out_.u32(string_list(each.aliases));
    out_.u32(static_cast<uint32_t>(accounts.size() / format::AccountField::kBytes));
    const auto told = pools_.lists.words(each.accounts);
    out_.u32(static_cast<uint32_t>(told.size() / 3));
    for (size_t i = 0; i + 2 < told.size(); i += 3) {
      accounts.u32(told[i]);
      accounts.u32(texts_.at(told[i + 1]));
      accounts.u32(texts_.at(told[i + 2]));
    }
    out_.u32(static_cast<uint32_t>(ratings.size() / format::RatingField::kBytes));
    out_.u16(static_cast<uint16_t>(words.size() / 3));
    out_.u8(each.flags);
    out_.u8(0);
    out_.u32(text_list(each.references));
    out_.u32(string_list(each.cwes));
    out_.u32(strings_.at(each.published));
    out_.u32(strings_.at(each.kev_date));
    out_.u32(each.epss);
    out_.u32(each.epss_percentile);
    for (size_t i = 0; i + 2 < words.size(); i += 3) {
      ratings.u32(strings_.at(words[i]));
      ratings.u32(strings_.at(words[i + 1]));
      ratings.u16(static_cast<uint16_t>(words[i + 2] >> 8));
      ratings.u8(static_cast<uint8_t>(words[i + 2]));
      ratings.u8(0);
    }
  }
  end(Section::kVulnerabilities);
  begin(Section::kRatings);
  out_.raw(ratings.view());
  end(Section::kRatings);
  begin(Section::kAliases);
  for (const ContentAlias& alias : content_.aliases) {
    out_.u32(strings_.at(alias.name));
    out_.u32(alias.vulnerability);
  }
  end(Section::kAliases);
  begin(Section::kAccounts);
  out_.raw(accounts.view());
  end(Section::kAccounts);
}

Result<std::string> Writer::write() && {
  use_strings();
  out_.raw(std::string(format::kHeaderBytes + format::kSections * format::kSectionBytes, '\0'));
  begin(Section::kStrings);
  TRY(strings_.write(out_, "bytes of names and versions"));
  end(Section::kStrings);
  begin(Section::kTexts);
  TRY(texts_.write(out_, "bytes of descriptions"));
  end(Section::kTexts);
  write_feeds();
  write_ecosystems_and_names();
  write_records();
  write_vulnerabilities();
  begin(Section::kLists);
  for (const uint32_t word : list_words_) out_.u32(word);
  end(Section::kLists);
  out_.pad_to(format::kSectionAlignment);

  Output table;
  for (size_t i = 0; i < format::kSections; ++i) {
    table.u32(static_cast<uint32_t>(i));
    table.u32(format::kEntryBytes[i]);
    table.u64(extents_[i].offset);
    table.u64(extents_[i].count);
  }
  out_.patch(format::kHeaderBytes, table.view());
  Output header;
  header.raw({format::kMagic.data(), format::kMagic.size()});
  header.u32(format::kVersion);
  header.u32(format::kSections);
  header.u64(out_.size());
  header.u64(0);
  header.raw(as_text(Digest::sha256_of(as_bytes(out_.view().substr(format::kHeaderBytes))).raw()));
  out_.patch(0, header.view());
  return std::move(out_).take();
}

}  // namespace

Result<std::string> write_database(const Pools& pools, const DatabaseContent& content) {
  return Writer(pools, content).write();
}

}  // namespace bulkhead::advisory

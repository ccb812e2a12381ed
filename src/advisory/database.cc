#include "advisory/database.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {

using format::load;
using format::Section;

namespace {

constexpr std::string_view kRebuild =
    "make it anew with `bulkhead db update` or `bulkhead db build`, or import a good copy with `bulkhead db import`";
constexpr std::array<std::byte, 128> kZeroEntry{};

std::unexpected<Error> malformed(std::string_view name, std::string_view what) {
  return fail(Code::kMalformed, fmt::format("{}: not a usable advisory database: {}", name, what),
              std::string(kRebuild));
}

// The first index in [low, high) whose key is not below `key`.
template <typename KeyAt>
size_t lower_bound(size_t low, size_t high, std::string_view key, const KeyAt& key_at) {
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (key_at(middle) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// An enumeration out of the file, or `otherwise` when the file names none.
template <typename Enum>
Enum enumerator(const std::byte* at, uint8_t count, Enum otherwise) {
  const auto value = load<uint8_t>(at);
  return value < count ? static_cast<Enum>(value) : otherwise;
}

}  // namespace

struct Database::Backing {
  explicit Backing(MappedFile mapped) : file(std::move(mapped)), bytes(file->bytes()) {}
  explicit Backing(std::string content) : owned(std::move(content)), bytes(as_bytes(owned)) {}
  Backing(const Backing&) = delete;
  Backing& operator=(const Backing&) = delete;
  ~Backing() = default;

  std::optional<MappedFile> file;
  std::string owned;
  ByteSpan bytes;
};

Database::Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, std::string_view name) {
  TRY_ASSIGN(MappedFile file, MappedFile::open(path));
  return adopt(std::make_unique<Backing>(std::move(file)), name.empty() ? path : name);
}

Result<Database> Database::from_bytes(std::string bytes, std::string_view name) {
  return adopt(std::make_unique<Backing>(std::move(bytes)), name);
}

Result<Database> Database::adopt(std::unique_ptr<Backing> backing, std::string_view name) {
  Database database;
  const ByteSpan bytes = backing->bytes;
  database.backing_ = std::move(backing);
  database.bytes_ = bytes;
  if (bytes.empty()) return malformed(name, "the file is empty");
  if (bytes.size() < format::kHeaderBytes + format::kSections * format::kSectionBytes ||
      !std::equal(format::kMagic.begin(), format::kMagic.end(), as_text(bytes).begin())) {
    return malformed(name, "it does not begin as one");
  }
  if (const auto version = load<uint32_t>(bytes.data() + 8); version != format::kVersion) {
    return fail(
        Code::kUnsupported,
        fmt::format("{}: advisory database format {}, this program reads format {}", name, version, format::kVersion),
        std::string(kRebuild));
  }
  if (load<uint32_t>(bytes.data() + 12) != format::kSections) return malformed(name, "wrong number of sections");
  if (load<uint64_t>(bytes.data() + 24) != 0) return malformed(name, "its reserved field is not zero");
  if (const auto size = load<uint64_t>(bytes.data() + 16); size != bytes.size()) {
    return malformed(name, fmt::format("it should have {} bytes and has {}", size, bytes.size()));
  }
  for (size_t i = 0; i < format::kSections; ++i) {
    const std::byte* at = bytes.data() + format::kHeaderBytes + i * format::kSectionBytes;
    const auto entry_bytes = load<uint32_t>(at + 4);
    const Extent extent{.offset = load<uint64_t>(at + 8), .count = load<uint64_t>(at + 16)};
    if (load<uint32_t>(at) != i || entry_bytes != format::kEntryBytes[i]) {
      return malformed(name, fmt::format("section {} is not what it should be", i));
    }
    if (extent.offset > bytes.size() || extent.count > (bytes.size() - extent.offset) / entry_bytes) {
      return malformed(name, fmt::format("section {} leaves the file", i));
    }
    database.extents_[i] = extent;
  }
  return database;
}

Status Database::verify() const {
  const Digest actual = Digest::sha256_of(bytes_.subspan(format::kHeaderBytes));
  if (actual.hex() == checksum()) return {};
  return fail(Code::kVerificationFailed,
              "the advisory database is damaged: its contents do not have the checksum it names",
              std::string(kRebuild));
}

std::string Database::checksum() const {
  return to_hex(bytes_.subspan(format::kChecksumAt, 32));
}

const std::byte* Database::entry(Section section, size_t index) const {
  static_assert(std::ranges::max(format::kEntryBytes) <= kZeroEntry.size());
  const Extent& extent = extents_[static_cast<size_t>(section)];
  if (index >= extent.count) return kZeroEntry.data();
  return bytes_.data() + extent.offset + index * format::kEntryBytes[static_cast<size_t>(section)];
}

std::string_view Database::text_in(Section section, uint32_t reference) const {
  const Extent& extent = extents_[static_cast<size_t>(section)];
  const std::byte* begin = bytes_.data() + extent.offset;
  uint64_t position = reference;
  uint64_t length = 0;
  for (unsigned shift = 0; shift <= 28; shift += 7) {
    if (position >= extent.count) return {};
    const auto byte = static_cast<uint8_t>(begin[position++]);
    length |= uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) {
      if (length > extent.count - position) return {};
      return as_text(ByteSpan(begin + position, length));
    }
  }
  return {};
}

StringList Database::list(uint32_t reference, bool texts) const {
  const size_t words = count(Section::kLists);
  if (reference >= words) return {this, 0, 0, texts};
  const auto size = load<uint32_t>(entry(Section::kLists, reference));
  if (size > words - reference - 1) return {this, 0, 0, texts};
  return {this, size_t{reference} + 1, size, texts};
}

std::string_view StringList::operator[](size_t index) const {
  if (index >= count_) return {};
  const auto reference = load<uint32_t>(database_->entry(Section::kLists, first_ + index));
  return texts_ ? database_->text(reference) : database_->string(reference);
}

bool StringList::contains(std::string_view text) const {
  for (size_t i = 0; i < count_; ++i) {
    if ((*this)[i] == text) return true;
  }
  return false;
}

std::vector<std::string> StringList::to_vector() const {
  std::vector<std::string> all;
  all.reserve(count_);
  for (size_t i = 0; i < count_; ++i) all.emplace_back((*this)[i]);
  return all;
}

FeedView Database::feed(size_t index) const {
  using Field = format::FeedField;
  const std::byte* at = entry(Section::kFeeds, index);
  const auto text_at = [&](size_t field) { return string(load<uint32_t>(at + field)); };
  return {.name = text_at(Field::kName),
          .url = text_at(Field::kUrl),
          .licence = text_at(Field::kLicence),
          .attribution = text_at(Field::kAttribution),
          .date = text_at(Field::kDate),
          .fetched = text_at(Field::kFetched),
          .ecosystems = list(load<uint32_t>(at + Field::kEcosystems), false),
          .covers = list(load<uint32_t>(at + Field::kCovers), false),
          .extract = text_at(Field::kExtract),
          .documents = load<uint32_t>(at + Field::kDocuments),
          .failed = load<uint32_t>(at + Field::kFailed),
          .records = load<uint32_t>(at + Field::kRecords),
          .vulnerabilities = load<uint32_t>(at + Field::kVulnerabilities),
          .sha256 = ByteSpan(at + Field::kSha256, 32)};
}

std::string_view Database::ecosystem_key(size_t index) const {
  return string(load<uint32_t>(entry(Section::kEcosystems, index) + format::EcosystemField::kKey));
}

size_t Database::ecosystem_records(size_t index) const {
  return load<uint32_t>(entry(Section::kEcosystems, index) + format::EcosystemField::kRecords);
}

std::vector<uint32_t> Database::ecosystem_feeds(size_t index) const {
  const StringList words =
      list(load<uint32_t>(entry(Section::kEcosystems, index) + format::EcosystemField::kFeeds), false);
  std::vector<uint32_t> feeds;
  for (size_t i = 0; i < words.count_; ++i) {
    feeds.push_back(load<uint32_t>(entry(Section::kLists, words.first_ + i)));
  }
  return feeds;
}

std::optional<size_t> Database::find_ecosystem(std::string_view key) const {
  const size_t found = lower_bound(0, ecosystems(), key, [&](size_t index) { return ecosystem_key(index); });
  if (found < ecosystems() && ecosystem_key(found) == key) return found;
  return std::nullopt;
}

Database::NameSpan Database::names_of(size_t ecosystem) const {
  const std::byte* at = entry(Section::kEcosystems, ecosystem);
  const size_t all = count(Section::kNames);
  const size_t first = std::min<size_t>(load<uint32_t>(at + format::EcosystemField::kFirstName), all);
  return {.first = first, .count = std::min<size_t>(load<uint32_t>(at + format::EcosystemField::kNames), all - first)};
}

RecordList Database::records_at(size_t name) const {
  const std::byte* at = entry(Section::kNames, name);
  const size_t all = count(Section::kRecords);
  const size_t first = std::min<size_t>(load<uint32_t>(at + format::NameField::kFirstRecord), all);
  return {this, first, std::min<size_t>(load<uint32_t>(at + format::NameField::kRecords), all - first)};
}

RecordList Database::records(size_t ecosystem, std::string_view package) const {
  const NameSpan names = names_of(ecosystem);
  const auto name_at = [&](size_t index) {
    return string(load<uint32_t>(entry(Section::kNames, index) + format::NameField::kName));
  };
  const size_t end = names.first + names.count;
  const size_t found = lower_bound(names.first, end, package, name_at);
  if (found < end && name_at(found) == package) return records_at(found);
  return {this, 0, 0};
}

size_t Database::packages(size_t ecosystem) const {
  return names_of(ecosystem).count;
}

std::string_view Database::package_name(size_t ecosystem, size_t package) const {
  const NameSpan names = names_of(ecosystem);
  if (package >= names.count) return {};
  return string(load<uint32_t>(entry(Section::kNames, names.first + package) + format::NameField::kName));
}

RecordList Database::records_of(size_t ecosystem, size_t package) const {
  const NameSpan names = names_of(ecosystem);
  if (package >= names.count) return {this, 0, 0};
  return records_at(names.first + package);
}

RecordView RecordList::operator[](size_t index) const {
  return {database_, database_->entry(Section::kRecords, index < count_ ? first_ + index : SIZE_MAX)};
}

uint32_t RecordView::vulnerability() const {
  return load<uint32_t>(at_ + format::RecordField::kVulnerability);
}
std::string_view RecordView::document() const {
  return database_->string(load<uint32_t>(at_ + format::RecordField::kDocument));
}
uint32_t RecordView::feed() const {
  return load<uint16_t>(at_ + format::RecordField::kFeed);
}
AdvisoryStatus RecordView::status() const {
  return enumerator(at_ + format::RecordField::kStatus, format::kStatuses, AdvisoryStatus::kUnderInvestigation);
}
Severity RecordView::severity() const {
  return enumerator(at_ + format::RecordField::kSeverity, format::kSeverities, Severity::kUnknown);
}
NameKind RecordView::name_kind() const {
  return enumerator(at_ + format::RecordField::kNameKind, format::kNameKinds, NameKind::kBinary);
}
version::Scheme RecordView::scheme() const {
  const auto code = load<uint8_t>(at_ + format::RecordField::kScheme);
  return code < format::kSchemeCodes.size() ? format::kSchemeCodes[code] : version::Scheme::kGeneric;
}
size_t RecordView::ranges() const {
  const size_t all = database_->count(Section::kRanges);
  const size_t first = std::min<size_t>(load<uint32_t>(at_ + format::RecordField::kFirstRange), all);
  return std::min<size_t>(load<uint16_t>(at_ + format::RecordField::kRanges), all - first);
}
uint64_t RecordView::range_key() const {
  return uint64_t{load<uint32_t>(at_ + format::RecordField::kFirstRange)} << 16 | ranges();
}

RangeView RecordView::range(size_t index) const {
  const size_t first = load<uint32_t>(at_ + format::RecordField::kFirstRange);
  const std::byte* at = database_->entry(Section::kRanges, index < ranges() ? first + index : SIZE_MAX);
  using Field = format::RangeField;
  return {.introduced = database_->string(load<uint32_t>(at + Field::kIntroduced)),
          .introduced_exclusive = (load<uint32_t>(at + Field::kFlags) & Field::kIntroducedExclusive) != 0,
          .fixed = database_->string(load<uint32_t>(at + Field::kFixed)),
          .last_affected = database_->string(load<uint32_t>(at + Field::kLastAffected))};
}

const std::byte* RecordView::qualifier() const {
  return database_->entry(Section::kQualifiers, load<uint32_t>(at_ + format::RecordField::kQualifiers));
}
StringList RecordView::architectures() const {
  return database_->list(load<uint32_t>(qualifier() + format::QualifierField::kArchitectures), false);
}
std::string_view RecordView::module() const {
  return database_->string(load<uint32_t>(qualifier() + format::QualifierField::kModule));
}
std::string_view RecordView::cpe() const {
  return database_->string(load<uint32_t>(qualifier() + format::QualifierField::kCpe));
}
std::string_view RecordView::note() const {
  return database_->string(load<uint32_t>(qualifier() + format::QualifierField::kNote));
}

VulnerabilityView Database::vulnerability(size_t index) const {
  return {this, entry(Section::kVulnerabilities, index)};
}

std::string_view VulnerabilityView::id() const {
  return database_->string(load<uint32_t>(at_ + format::VulnerabilityField::kId));
}
StringList VulnerabilityView::aliases() const {
  return database_->list(load<uint32_t>(at_ + format::VulnerabilityField::kAliases), false);
}
size_t VulnerabilityView::accounts() const {
  const size_t all = database_->count(Section::kAccounts);
  const size_t first = std::min<size_t>(load<uint32_t>(at_ + format::VulnerabilityField::kFirstAccount), all);
  return std::min(
      {size_t{load<uint32_t>(at_ + format::VulnerabilityField::kAccounts)}, all - first, format::AccountField::kMost});
}

AccountView VulnerabilityView::account(size_t index) const {
  const size_t first = load<uint32_t>(at_ + format::VulnerabilityField::kFirstAccount);
  const std::byte* at = database_->entry(Section::kAccounts, index < accounts() ? first + index : SIZE_MAX);
  using Field = format::AccountField;
  return {.feed = load<uint32_t>(at + Field::kFeed),
          .title = database_->text(load<uint32_t>(at + Field::kTitle)),
          .description = database_->text(load<uint32_t>(at + Field::kDescription))};
}

size_t VulnerabilityView::ratings() const {
  const size_t all = database_->count(Section::kRatings);
  const size_t first = std::min<size_t>(load<uint32_t>(at_ + format::VulnerabilityField::kFirstRating), all);
  return std::min<size_t>(load<uint16_t>(at_ + format::VulnerabilityField::kRatings), all - first);
}

RatingView VulnerabilityView::rating(size_t index) const {
  const size_t first = load<uint32_t>(at_ + format::VulnerabilityField::kFirstRating);
  const std::byte* at = database_->entry(Section::kRatings, index < ratings() ? first + index : SIZE_MAX);
  using Field = format::RatingField;
  return {.source = database_->string(load<uint32_t>(at + Field::kSource)),
          .vector = database_->string(load<uint32_t>(at + Field::kVector)),
          .score = load<uint16_t>(at + Field::kScore) / 100.0,
          .severity = enumerator(at + Field::kSeverity, format::kSeverities, Severity::kUnknown)};
}

StringList VulnerabilityView::references() const {
  return database_->list(load<uint32_t>(at_ + format::VulnerabilityField::kReferences), true);
}
StringList VulnerabilityView::cwes() const {
  return database_->list(load<uint32_t>(at_ + format::VulnerabilityField::kCwes), false);
}
std::string_view VulnerabilityView::published() const {
  return database_->string(load<uint32_t>(at_ + format::VulnerabilityField::kPublished));
}
std::optional<std::string_view> VulnerabilityView::kev_date_added() const {
  const std::string_view date = database_->string(load<uint32_t>(at_ + format::VulnerabilityField::kKevDate));
  if (date.empty()) return std::nullopt;
  return date;
}
std::optional<double> VulnerabilityView::epss() const {
  if ((load<uint8_t>(at_ + format::VulnerabilityField::kFlags) & format::VulnerabilityField::kHasEpss) == 0)
    return std::nullopt;
  return load<uint32_t>(at_ + format::VulnerabilityField::kEpss) / format::kEpssUnits;
}
std::optional<double> VulnerabilityView::epss_percentile() const {
  if ((load<uint8_t>(at_ + format::VulnerabilityField::kFlags) & format::VulnerabilityField::kHasPercentile) == 0) {
    return std::nullopt;
  }
  return load<uint32_t>(at_ + format::VulnerabilityField::kEpssPercentile) / format::kEpssUnits;
}
bool VulnerabilityView::rejected() const {
  return (load<uint8_t>(at_ + format::VulnerabilityField::kFlags) & format::VulnerabilityField::kRejected) != 0;
}

Vulnerability VulnerabilityView::to_value() const {
  Vulnerability value;
  value.id = id();
  value.aliases = aliases().to_vector();
  for (size_t i = 0; i < ratings(); ++i) {
    const RatingView each = rating(i);
    if (each.vector.empty() && each.score == 0) {
      if (each.severity > value.severity || value.severity_source.empty()) {
        value.severity = each.severity;
        value.severity_source = each.source;
      }
    } else {
      value.cvss.push_back(
          {.source = std::string(each.source), .vector = std::string(each.vector), .score = each.score});
    }
  }
  value.cwes = cwes().to_vector();
  value.references = references().to_vector();
  value.published = published();
  if (const auto date = kev_date_added()) value.kev_date_added = std::string(*date);
  value.epss = epss();
  value.epss_percentile = epss_percentile();
  value.rejected = rejected();
  return value;
}

std::vector<uint32_t> Database::find_vulnerabilities(std::string_view name) const {
  const auto id_at = [&](size_t index) { return vulnerability(index).id(); };
  const size_t exact = lower_bound(0, vulnerabilities(), name, id_at);
  if (exact < vulnerabilities() && id_at(exact) == name) return {static_cast<uint32_t>(exact)};

  const auto alias_at = [&](size_t index) {
    return string(load<uint32_t>(entry(Section::kAliases, index) + format::AliasField::kName));
  };
  const size_t aliases = count(Section::kAliases);
  std::vector<uint32_t> found;
  for (size_t at = lower_bound(0, aliases, name, alias_at); at < aliases && alias_at(at) == name; ++at) {
    const auto index = load<uint32_t>(entry(Section::kAliases, at) + format::AliasField::kVulnerability);
    if (index < vulnerabilities()) found.push_back(index);
  }
  return found;
}

}  // namespace bulkhead::advisory

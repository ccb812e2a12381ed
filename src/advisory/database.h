// The compiled advisory database: read-only, memory-mapped, shared by any number of processes and threads without a
// lock.
//
// Opening checks the header and the bounds of every section, in time that does not depend on the size; nothing is
// decoded or copied until it is asked for, and then only what is asked for. Every accessor is bounds-checked: a corrupt
// or hostile file gives empty or wrong answers, never a read outside the mapping. Whole contents are checked against
// their SHA-256 by verify(), which everything that brings a database in (build, update, import) calls before the file
// is put in place.
//
// The file is replaced by rename, never written in place: an open Database keeps the old one. Views point into the
// mapping and live as long as the Database. Format: docs/formats/advisory-db.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/database_format.h"
#include "advisory/record.h"
#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead::advisory {

class Database;

// A list of strings in the database.
class StringList {
 public:
  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::string_view operator[](size_t index) const;
  bool contains(std::string_view text) const;
  std::vector<std::string> to_vector() const;

 private:
  friend class Database;
  StringList(const Database* database, size_t first, size_t count, bool texts)
      : database_(database), first_(first), count_(count), texts_(texts) {}
  const Database* database_;
  size_t first_;  // index of the first reference in the list section
  size_t count_;
  bool texts_;
};

struct RangeView {
  std::string_view introduced;
  bool introduced_exclusive = false;
  std::string_view fixed;
  std::string_view last_affected;
};

// One input of the build.
struct FeedView {
  std::string_view name;
  std::string_view url;  // where it was fetched from, or the path of the local file
  std::string_view licence;
  std::string_view attribution;
  std::string_view date;     // of its data, RFC 3339; empty: unknown
  std::string_view fetched;  // RFC 3339; empty: unknown
  StringList ecosystems;     // the keys that it has records for
  StringList covers;         // those of them whose packages it judges as a whole (coverage, database_builder.h)
  std::string_view extract;  // what was taken when it is not all that the feed publishes; empty: all of it
  uint32_t documents = 0;
  uint32_t failed = 0;  // documents that could not be read
  uint32_t records = 0;
  uint32_t vulnerabilities = 0;
  ByteSpan sha256;  // of the input as it was published; all zeros: unknown
};

// One record; the ecosystem and package are what it was found under.
class RecordView {
 public:
  uint32_t vulnerability() const;  // index for Database::vulnerability
  std::string_view document() const;
  uint32_t feed() const;  // index for Database::feed
  AdvisoryStatus status() const;
  Severity severity() const;
  NameKind name_kind() const;
  version::Scheme scheme() const;
  size_t ranges() const;
  RangeView range(size_t index) const;
  // Equal for records of one database that have the same ranges: a key for remembering comparisons.
  uint64_t range_key() const;
  StringList architectures() const;
  std::string_view module() const;
  std::string_view cpe() const;
  std::string_view note() const;

 private:
  friend class Database;
  friend class RecordList;
  RecordView(const Database* database, const std::byte* at) : database_(database), at_(at) {}
  const std::byte* qualifier() const;
  const Database* database_;
  const std::byte* at_;
};

class RecordList {
 public:
  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  RecordView operator[](size_t index) const;

 private:
  friend class Database;
  RecordList(const Database* database, size_t first, size_t count)
      : database_(database), first_(first), count_(count) {}
  const Database* database_;
  size_t first_;
  size_t count_;
};

// One source's judgement of how bad a vulnerability is.
struct RatingView {
  std::string_view source;
  std::string_view vector;  // empty: a severity without a score
  double score = 0;
  Severity severity = Severity::kUnknown;
};

// One feed's words about a vulnerability; either may be empty.
struct AccountView {
  uint32_t feed = 0;  // index for Database::feed; of several inputs of that name the first
  std::string_view title;
  std::string_view description;
};

class VulnerabilityView {
 public:
  std::string_view id() const;
  StringList aliases() const;
  // One for each feed that describes it, those that speak of ids rather than packages first.
  size_t accounts() const;
  AccountView account(size_t index) const;
  size_t ratings() const;
  RatingView rating(size_t index) const;
  StringList references() const;
  StringList cwes() const;
  std::string_view published() const;
  std::optional<std::string_view> kev_date_added() const;
  std::optional<double> epss() const;
  std::optional<double> epss_percentile() const;
  bool rejected() const;
  // Everything, as a value, but for title and description: whose they are matters (accounts).
  Vulnerability to_value() const;

 private:
  friend class Database;
  VulnerabilityView(const Database* database, const std::byte* at) : database_(database), at_(at) {}
  const Database* database_;
  const std::byte* at_;
};

class Database {
 public:
  // kNotFound, kPermissionDenied, kIo name the path; kMalformed when it is no database or its sections leave the file;
  // kUnsupported when it is of another format version. Each says what to do.
  // `name` stands in errors about the contents; empty: the path.
  static Result<Database> open(const std::string& path, std::string_view name = {});
  // Owns `bytes`; `name` stands in errors.
  static Result<Database> from_bytes(std::string bytes, std::string_view name);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Reads all of it: kVerificationFailed when the contents are not what the header promises.
  Status verify() const;
  // The SHA-256 that the header promises, hexadecimal: the identity of the contents.
  std::string checksum() const;
  ByteSpan bytes() const { return bytes_; }

  size_t feeds() const { return count(format::Section::kFeeds); }
  FeedView feed(size_t index) const;  // all empty past the end

  size_t ecosystems() const { return count(format::Section::kEcosystems); }
  std::string_view ecosystem_key(size_t index) const;
  size_t ecosystem_records(size_t index) const;
  // Which feeds have records for it: indices for feed().
  std::vector<uint32_t> ecosystem_feeds(size_t index) const;
  std::optional<size_t> find_ecosystem(std::string_view key) const;

  // The records about a package (its name by package_key()), sorted by vulnerability, then document. Empty when there
  // are none.
  RecordList records(size_t ecosystem, std::string_view package) const;
  // For walking an ecosystem: its packages in the order of their names.
  size_t packages(size_t ecosystem) const;
  std::string_view package_name(size_t ecosystem, size_t package) const;
  RecordList records_of(size_t ecosystem, size_t package) const;

  size_t vulnerabilities() const { return count(format::Section::kVulnerabilities); }
  size_t total_records() const { return count(format::Section::kRecords); }
  VulnerabilityView vulnerability(size_t index) const;  // all empty past the end
  // The vulnerabilities of that name: one for an id or a true alias (GHSA, PYSEC), several for a bulletin that covers
  // several (RHSA, DSA). Exact, upper and lower case differ.
  std::vector<uint32_t> find_vulnerabilities(std::string_view name) const;

 private:
  friend class StringList;
  friend class RecordView;
  friend class RecordList;
  friend class VulnerabilityView;
  struct Backing;
  struct Extent {
    uint64_t offset = 0;
    uint64_t count = 0;
  };
  static Result<Database> adopt(std::unique_ptr<Backing> backing, std::string_view name);
  Database();

  size_t count(format::Section section) const { return extents_[static_cast<size_t>(section)].count; }
  // The entry, or zeros past the end.
  const std::byte* entry(format::Section section, size_t index) const;
  std::string_view string(uint32_t reference) const { return text_in(format::Section::kStrings, reference); }
  std::string_view text(uint32_t reference) const { return text_in(format::Section::kTexts, reference); }
  std::string_view text_in(format::Section section, uint32_t reference) const;
  StringList list(uint32_t reference, bool texts) const;
  struct NameSpan {
    size_t first = 0;
    size_t count = 0;
  };
  NameSpan names_of(size_t ecosystem) const;
  RecordList records_at(size_t name) const;

  std::unique_ptr<Backing> backing_;
  ByteSpan bytes_;
  std::array<Extent, format::kSections> extents_;
};

}  // namespace bulkhead::advisory

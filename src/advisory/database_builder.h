// Compiles records into the bytes of an advisory database (database.h).
//
// Everything is kept once and compactly until finish(): memory is about the size of the result, twice while it is laid
// out, and bounded by Options::max_bytes. The result depends on what was added, not on the order in which it was added:
// the same input gives the same bytes.
//
//   DatabaseBuilder builder;
//   const uint32_t feed = builder.add_feed({.name = "debian-tracker", …});
//   builder.use_feed(feed);
//   feed.parse(document, builder, limits);
//   TRY_ASSIGN(const std::string bytes, std::move(builder).finish());
//
// What is done with what several feeds say:
//   - Names of one vulnerability are joined, bulletins that cover several are not (alias_groups.h).
//   - Exact duplicates are dropped. When two inputs hold the same document about the same package, the copy of the
//     input with the newer data (the later of its date and the day it was fetched) wins, whole; an older one's
//     statements about architectures that it does not speak of stay. Documents are the same by their names, except
//     that what two feeds call by the name of a CVE are two documents.
//   - What is said of an id (title, description, severity, scores, references) is merged: descriptions from feeds that
//     speak of ids (NVD) before those of packages, then by name of feed; scores and references of all; EPSS of the
//     newest.
//   - An id counts as rejected when its own entry says so; a withdrawn GHSA does not reject its CVE.
//
// Coverage: which ecosystems an input judges as a whole, rather than mentions. A feed that only supplements others
// (Feed::supplements) covers none; one that is published for certain ecosystems (FeedInput::covers, else the feed
// table's) covers no others; and where nobody said for which releases, those of them that have at least a tenth as many
// records as the family's most frequent release in that input: archives mention releases that they are not about.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "advisory/alias_groups.h"
#include "advisory/database_content.h"
#include "advisory/record.h"

namespace bulkhead::advisory {

struct FeedInput {
  std::string name;
  std::string url;  // or the path of the local file, relative to the folder that was read
  std::string licence;
  std::string attribution;
  std::string date;                 // of the data, RFC 3339; empty: unknown
  std::string fetched;              // RFC 3339; empty: unknown
  std::string sha256;               // hexadecimal; empty: unknown
  std::string extract;              // what was taken when it is not all that the feed publishes
  std::vector<std::string> covers;  // what it is published for, records or none: "alpine:3.22"; empty: nobody said
  bool about_ids = false;           // speaks of ids rather than packages (NVD, KEV): its descriptions come first
  uint32_t documents = 0;
  uint32_t failed = 0;  // documents that could not be read
};

class DatabaseBuilder final : public Sink {
 public:
  struct Options {
    uint64_t max_bytes = uint64_t{4} << 30;  // of memory (--max-database-bytes)
    size_t max_description_bytes = 4096;     // longer ones are cut at a character's end and marked with "…"
    size_t max_references = 32;              // of one vulnerability
    bool keep_unreferenced = false;          // also ids that no record is about
  };
  // What a name, a version or a note may have at most; more is no honest document.
  static constexpr size_t kMaxNameBytes = 4096;
  static constexpr size_t kMaxFeeds = 60'000;

  DatabaseBuilder() : DatabaseBuilder(Options()) {}
  explicit DatabaseBuilder(Options options) : options_(options) {}

  // kLimitExceeded past kMaxFeeds.
  Result<uint32_t> add_feed(FeedInput feed);
  FeedInput& feed(uint32_t index) { return feeds_[index]; }
  // Whose records follow. Set it before the first add().
  void use_feed(uint32_t index) { feed_ = static_cast<uint16_t>(index); }

  // kMalformed when it has no id, ecosystem or package, or a name past kMaxNameBytes; kLimitExceeded past max_bytes.
  Status add(AdvisoryRecord record) override;
  Status add(Vulnerability vulnerability) override;

  // To take back a document that turned out broken: everything added since the mark.
  struct Mark {
    size_t records = 0, fragments = 0, pairs = 0;
  };
  Mark mark() const { return {.records = rows_.size(), .fragments = fragments_.size(), .pairs = pairs_.size()}; }
  void roll_back(const Mark& mark);
  size_t records() const { return rows_.size(); }
  size_t memory_bytes() const;

  // The bytes of the database; the builder must not be used afterwards.
  Result<std::string> finish() &&;

 private:
  struct Row {
    uint32_t name = 0;  // in names_
    ContentRecord record;
  };
  // What one feed says of one id.
  struct Fragment {
    uint32_t name = 0;  // in names_
    uint32_t title = 0, description = 0, ratings = 0, references = 0, cwes = 0, published = 0, kev_date = 0;
    uint32_t epss = 0, epss_percentile = 0;
    uint16_t feed = 0;
    uint8_t flags = 0;
  };
  class Compiler;

  Status add_aliases(uint32_t name, const std::vector<std::string>& aliases);
  Status check_memory() const;
  Status check_memory_now() const;

  Options options_;
  std::vector<FeedInput> feeds_;
  uint16_t feed_ = 0;
  Pools pools_;
  StringPool names_;  // ids and aliases
  std::vector<AliasPair> pairs_;
  uint32_t aliased_ = 0;              // whose pairs were added last,
  std::vector<std::string> aliases_;  // and to which names
  std::vector<Row> rows_;
  std::vector<Fragment> fragments_;
};

}  // namespace bulkhead::advisory

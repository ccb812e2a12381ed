// Feeds: what is published about vulnerabilities, each read in its publisher's own format.
//
// A feed is data (who, where, under which licence) and two pure functions: one that knows its documents when it sees
// them, one that reads a document into a Sink. Each stands in one file under feeds/ and one line of the table in
// feeds/feeds.cc. Reading is stateless: every document is complete in itself, so documents may be read in any order and
// in parallel, each with a sink of its own. Trust of the input: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/record.h"
#include "base/block_source.h"
#include "base/limits.h"
#include "base/result.h"

namespace bulkhead::advisory {

struct FeedLimits {
  uint64_t max_document_bytes = uint64_t{512} << 20;  // one document, inflated
  uint64_t max_yaml_bytes = uint64_t{8} << 20;        // one YAML or TOML document
  uint64_t max_depth = 64;                            // nesting of JSON, YAML, TOML and XML
  uint64_t max_aliases = 4096;                        // other names of one vulnerability
  uint64_t max_document_facts = 16'000'000;           // records of one document, their ranges and other names
  uint64_t max_documents = 4'000'000;                 // files of one folder, entries of one archive
  uint64_t max_archive_bytes = uint64_t{64} << 30;    // one file, inflated
};

// Each limit and the option that raises it: the one table from which the command line makes its flags. Passing a limit
// is kLimitExceeded by limit_error(), naming the option.
using FeedLimitOption = LimitOption<FeedLimits>;
std::span<const FeedLimitOption> feed_limit_options();
// The error of passing `field`, as the table names it.
inline Error limit_passed(const FeedLimits& limits, uint64_t FeedLimits::* field) {
  return limit_passed(feed_limit_options(), limits, field);
}

// One document: a file, or a member of a tar or zip archive, inflated.
struct Document {
  std::string_view path;  // where it lies in its folder or archive, "/"-separated: "active/CVE-2020-1234"
  BlockSource& source;
};

// What the document says of itself.
struct DocumentInfo {
  std::string date;  // of its data, RFC 3339, the newest that it bears; empty when it bears none
};

// The beginning of a document, for recognition.
struct DocumentHead {
  std::string_view path;  // as Document::path
  std::string_view text;  // the first kHeadBytes, or the whole document when it is shorter
  std::string_view base() const { return path.substr(path.rfind('/') + 1); }
  // The string member `key` of the JSON object that the document is; nothing when it is no object, has no such member,
  // or the member lies past the head.
  std::optional<std::string> json_string(std::string_view key) const;
  bool has_json_member(std::string_view key) const;

  static constexpr size_t kHeadBytes = size_t{64} << 10;
};

// How `db update` gets at a publisher's files.
enum class Fetch : uint8_t {
  kFile,               // the URL is the file
  kNamedBy,            // the URL is a small text whose first line names the file beside it
  kRepository,         // an rpm repository ("…/"): its repodata/repomd.xml names its updateinfo, with a checksum
  kRepositoryNamedBy,  // a mirror list: a small text whose first line is the URL of an rpm repository
};

struct Download {
  // Which ecosystem wants it: a key ("pypi"), a family and ":*" ("alpine:*": once for each release asked for or met),
  // or empty (always).
  std::string_view ecosystem;
  // {release} stands for the key's release ("3.19", "edge"), {number} for the same where it begins with a digit (other
  // releases have no such file), {major} for its first number; {year} for each year from kFirstFeedYear to the present.
  std::string_view url;
  Fetch fetch = Fetch::kFile;
};
// NVD's first file, which also holds what is older.
inline constexpr int64_t kFirstFeedYear = 2002;

struct Feed {
  std::string_view name;         // "debian-tracker": stable; stands in findings, `db info` and the compiled database
  std::string_view title;        // "Debian Security Tracker"
  std::string_view publisher;    // "Debian"
  std::string_view licence;      // SPDX identifier or the publisher's words
  std::string_view attribution;  // the line that the licence wants shown; empty when it wants none
  bool may_be_shipped;           // the licence lets us pass compiled data on (the embedded snapshot)
  std::span<const Download> downloads;
  std::span<const std::string_view>
      ecosystems;  // covered: keys, or a family and ":*"; empty: speaks of ids, not packages

  // Only adds to what other feeds say (packages without support, names of products), and judges no release by itself:
  // an ecosystem that nothing else covers is not covered.
  bool supplements = false;

  // A list of advisories of a publisher that says in another feed what is open, too: alone it is incomplete.
  bool only_advisories = false;

  // Of a feed about ids: what findings lack without it ("known exploitation"), for people.
  std::string_view tells = {};

  bool (*recognises)(const DocumentHead& head);
  // Reads one document; every record goes to the sink as soon as it is complete. kMalformed names the place; what was
  // added before the error stays with the sink, so a caller that wants all or nothing buffers a document's records.
  Result<DocumentInfo> (*parse)(const Document& document, Sink& sink, const FeedLimits& limits);
};

// Every feed, in the order in which they are asked to recognise a document.
std::span<const Feed* const> all_feeds();
const Feed* find_feed(std::string_view name);     // null when there is none
const Feed* recognise(const DocumentHead& head);  // null: no feed knows this document

// What read_feed_file tells its caller, and asks of it.
class FeedReader {
 public:
  FeedReader() = default;
  FeedReader(const FeedReader&) = delete;
  FeedReader& operator=(const FeedReader&) = delete;
  virtual ~FeedReader() = default;

  // Where the records of this document go; null passes the document over. The sink must live until the next call.
  virtual Result<Sink*> begin_document(const Feed& feed, std::string_view path) = 0;
  virtual Status end_document(const Feed& feed, std::string_view path, const DocumentInfo& info) = 0;
  // A document that could not be read: return the error to stop, or nothing to go on with the next.
  // `feed` is null where not even its beginning can be read (a damaged member of an archive): there was no
  // begin_document().
  virtual Status failed_document(const Feed* feed, std::string_view path, Error error) = 0;
  // A document that no feed recognises (a README in the archive).
  virtual Status unknown_document(std::string_view path) = 0;
};

// Reads a file as it was published or laid down: inflates it (gzip, zstd, xz, bzip2, by magic), walks it when it is a
// tar or zip archive (its members too are inflated; archives in archives are not opened), recognises each document and
// has it read. `bytes` is the whole file (map it: it is read once, front to back, but for zip). `path` is used for
// recognition and in errors: give it relative to the folder that was named. `only`, when not null, reads every document
// as that feed's and asks nobody. One document at a time is in memory, at most.
Status read_feed_file(std::string_view path, ByteSpan bytes, const Feed* only, FeedReader& reader,
                      const FeedLimits& limits);

}  // namespace bulkhead::advisory

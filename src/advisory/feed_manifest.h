// Which feed files a folder holds, where each came from and when: what `db update` writes as its state, and what a user
// may lay beside feed files of his own (feeds.json) so that the database knows their dates. Format:
// docs/advisory-database.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::advisory {

inline constexpr std::string_view kManifestName = "feeds.json";

struct FeedFile {
  std::string path;  // relative to the folder, "/"-separated, never leaving it
  std::string feed;  // its name in the feed table; empty: found out by the document
  std::string url;
  std::string named_by;  // the URL of the small file that named `url` (a mirror list, "latest"), and is asked again
  std::string date;      // of the data, RFC 3339; empty: as the documents say
  std::string fetched;   // or last found unchanged, RFC 3339
  std::string sha256;    // hexadecimal; when given, the file must have it
  std::string licence;   // in place of the feed's own
  std::string extract;   // what was taken when it is not all that the feed publishes; empty: all of it
  std::string etag;
  std::string last_modified;
  std::vector<std::string> ecosystems;  // that it covers, even without a record, and no others; empty: found out
};

// The database that an update made, so that the next one knows whether it is still that one, and of these files.
struct BuiltDatabase {
  std::string sha256;   // as Database::checksum()
  std::string inputs;   // SHA-256 of what it was made of, and by which version of the program
  std::string checked;  // when its feeds were last asked for, RFC 3339
};

struct FeedManifest {
  std::vector<std::string> ecosystems;  // asked for or met: what `db update` keeps up to date; sorted
  BuiltDatabase database;               // all empty: none yet
  std::vector<FeedFile> files;          // by path

  // kMalformed names what is wrong; a path that is absolute or leaves the folder is.
  static Result<FeedManifest> parse(std::string_view json);
  std::string to_json() const;
  FeedFile* find(std::string_view path);
};

}  // namespace bulkhead::advisory

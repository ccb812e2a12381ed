// What the builder hands to the writer: everything that will stand in the file, in its final order, with text and lists
// still named by their numbers in the pools. For this folder only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "advisory/record.h"
#include "advisory/string_pool.h"
#include "base/result.h"

namespace bulkhead::advisory {

struct Pools {
  StringPool strings;
  StringPool texts;
  WordListPool lists;
};

struct ContentFeed {
  uint32_t name = 0, url = 0, licence = 0, attribution = 0, date = 0, fetched = 0;
  uint32_t ecosystems = 0, covers = 0;  // lists of strings
  uint32_t extract = 0, failed = 0;
  uint32_t documents = 0, records = 0, vulnerabilities = 0;
  std::array<std::byte, 32> sha256{};
};

struct ContentRecord {
  uint32_t vulnerability = 0;  // index
  uint32_t ecosystem = 0;
  uint32_t package = 0;
  uint32_t document = 0;
  uint32_t ranges = 0;      // list of (introduced, fixed, last affected, flags)
  uint32_t qualifiers = 0;  // list of (list of architectures, module, cpe, note); 0: all empty
  uint16_t feed = 0;
  AdvisoryStatus status = AdvisoryStatus::kAffected;
  Severity severity = Severity::kUnknown;
  NameKind name_kind = NameKind::kSource;
  version::Scheme scheme = version::Scheme::kGeneric;
};

struct ContentEcosystem {
  uint32_t key = 0;
  std::vector<uint32_t> feeds;
};

struct ContentVulnerability {
  uint32_t id = 0;
  uint32_t aliases = 0;     // list of strings
  uint32_t accounts = 0;    // list of (feed, title, description), the last two texts
  uint32_t ratings = 0;     // list of (source, vector, score in hundredths << 8 | severity)
  uint32_t references = 0;  // list of texts
  uint32_t cwes = 0;        // list of strings
  uint32_t published = 0, kev_date = 0;
  uint32_t epss = 0, epss_percentile = 0;
  uint8_t flags = 0;
};

struct ContentAlias {
  uint32_t name = 0;
  uint32_t vulnerability = 0;  // index
};

struct DatabaseContent {
  std::vector<ContentFeed> feeds;
  std::vector<ContentEcosystem> ecosystems;
  std::vector<ContentRecord> records;
  std::vector<ContentVulnerability> vulnerabilities;
  std::vector<ContentAlias> aliases;
};

// The bytes of the file. kLimitExceeded when a section outgrows what its references can name.
Result<std::string> write_database(const Pools& pools, const DatabaseContent& content);

}  // namespace bulkhead::advisory

// What a scan answers: plain values, complete in themselves. Reports are written from this alone; nothing downstream
// reads a layer again, asks the network or the clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "advisory/finding.h"
#include "inventory/package.h"
#include "oci/image_source.h"

namespace bulkhead::scan {

struct LayerInfo {
  Digest digest;      // of the stored bytes; empty when the source has none
  Digest diff_id;     // of the uncompressed tar; empty for a root file system
  uint64_t size = 0;  // stored bytes; 0 when unknown
  std::string media_type;
  std::string created_by;  // the instruction of history that made it; empty when history does not say
  bool skipped = false;    // foreign layer that could not be read: its packages are unknown
};

struct EndOfLife {
  std::string date;      // RFC 3339 full-date: the end of regular support
  bool reached = false;  // at the time of the scan
};

struct ImageInfo {
  std::string reference;  // as asked for
  Digest digest;          // manifest; else configuration; empty for a root file system
  Digest config_digest;
  Digest index_digest;
  std::string media_type;
  std::string platform;  // "linux/amd64"; empty when unknown
  std::string created;   // RFC 3339, from the configuration; empty when it does not say
  std::vector<std::string> repo_tags;
  inventory::OperatingSystem os;
  std::optional<EndOfLife> end_of_life;
  std::vector<LayerInfo> layers;  // bottom first; Package::layer is an index into it
};

// Something the reader must know to weigh the answer: a file that could not be read, an unknown distribution, feeds
// that are missing. Text is made of untrusted parts; printers make it printable.
struct Warning {
  std::string subject;  // a path, a feed, a package; may be empty
  std::string text;
};

struct ScanResult {
  ImageInfo image;
  std::vector<inventory::Package> packages;      // sorted by type, name, version, architecture
  std::vector<std::string> purls;                // by package
  std::vector<advisory::Finding> findings;       // worst first: severity, then package, then id
  std::vector<advisory::Suppressed> suppressed;  // the same order
  std::vector<advisory::FeedState> feeds;
  std::vector<Warning> warnings;
  std::string database_date;          // RFC 3339 of the newest data in the database; empty without one
  bool database_is_snapshot = false;  // the one that came with the program: answers name its date and how to update
};

// Counts by severity, indexed by advisory::Severity.
struct SeverityCounts {
  uint32_t by_severity[6] = {};
  uint32_t total = 0;
  uint32_t fixable = 0;  // with a fixed version
};
SeverityCounts count_findings(const ScanResult& result);

}  // namespace bulkhead::scan

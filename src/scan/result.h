// What a scan answers: plain values, complete in themselves. Reports are written from this alone; nothing downstream
// reads a layer again, asks the network or the clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
  // Red Hat: which its packages are from, as content manifests tell; empty when unknown.
  std::vector<std::string> repositories;
  bool skipped = false;  // foreign layer that could not be read: its packages are unknown
};

// Support of the distribution's release. Dates are RFC 3339 full-dates and count to their end.
struct EndOfLife {
  std::string date;           // the end of regular support
  bool reached = false;       // at the time of the scan
  std::string extended;       // the end of longer support that must be asked or paid for; empty when there is none
  std::string extended_name;  // "LTS", "ESM", "ELS"
  bool extended_reached = false;
  // Nobody mends anything any more.
  bool over() const { return reached && (extended.empty() || extended_reached); }
};

struct ImageInfo {
  std::string reference;   // as asked for
  std::string repository;  // "docker.io/library/alpine": of a registry or engine that had it; else empty
  std::string tag;         // in that repository; may be empty
  Digest digest;           // manifest; else configuration; empty for a root file system
  Digest config_digest;
  Digest index_digest;
  std::string media_type;
  std::string platform;      // "linux/amd64"; empty when unknown
  std::string architecture;  // "amd64"; empty when unknown
  std::string created;       // RFC 3339, from the configuration; empty when it does not say
  std::vector<std::string> repo_tags;
  oci::ImageConfig config;  // empty for a root file system
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
// "subject: text".
std::string warning_text(const Warning& warning);

struct ScanResult {
  ImageInfo image;
  std::vector<inventory::Package> packages;      // sorted by type, name, version, architecture
  std::vector<std::string> purls;                // by package
  std::vector<advisory::Finding> findings;       // worst first: severity, then package, then id
  std::vector<advisory::Suppressed> suppressed;  // the same order
  std::vector<advisory::FeedState> feeds;
  std::vector<std::string> not_judged;  // of the packages, as MatchResult says it
  std::vector<Warning> warnings;
  size_t hidden = 0;          // findings that filters took out of the list
  std::string database_date;  // RFC 3339 of the newest data in the database, whatever this image met; empty without one
  std::string database_sha256;        // hexadecimal: which database it was; empty without one
  bool database_is_snapshot = false;  // the one that came with the program: answers name its date and how to update
};

// Counts by severity, indexed by advisory::Severity.
struct SeverityCounts {
  uint32_t by_severity[6] = {};
  uint32_t total = 0;
  uint32_t fixable = 0;  // with a fixed version
};
SeverityCounts count_findings(const ScanResult& result);

// Puts findings and suppressed into their order: worst first.
void sort_findings(ScanResult& result);

// Why an empty list of findings says less than "nothing is known": what was not looked at, could not be matched, or was
// matched with less than its publisher says, as "the distribution is unknown; 1 layer was not read". Empty when all of
// the image was judged. This decides for every report.
std::string not_judged(const ScanResult& result);

// The one sentence to print instead of findings when there are none, never safer than the scan was: "no known
// vulnerability" only when nothing was hidden, ignored or left unjudged. Empty when there are findings.
std::string conclusion(const ScanResult& result);

// "out of support since 2024-08-14", "regular support ended 2026-07-11, LTS until 2028-06-30", "supported until …".
std::string support_text(const EndOfLife& end);

// "1 finding", "2 findings": the plural adds an s, or is `plural`.
std::string counted(uint64_t count, std::string_view singular, std::string_view plural = {});

}  // namespace bulkhead::scan

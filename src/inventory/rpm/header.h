// One rpm header: the record of a package in every rpm database. Big-endian index of tagged entries, then a data store.
//
// Header is a view: the blob must outlive it and everything it hands out. parse() checks the index (sizes, types,
// alignment, offsets); the accessors check the data they return, so each answers Result. An absent tag is no error: it
// reads as empty. Values are immutable and safe to read from several threads. Trust of the input: none; work is bounded
// by the size of the store for each access.
//
// A header in a database has an immutable region (the package's own header as it was signed) and after it, in the
// index, entries that rpm added at installation ("dribbles"). Where both hold a tag, the added one counts, as in rpm.
//
// Source: rpm.org, "The Header Structure" and "Immutable header regions"; rpm's tag table.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace bulkhead::inventory::rpm {

enum class Tag : uint32_t {
  kHeaderImage = 61,
  kHeaderSignatures = 62,
  kHeaderImmutable = 63,
  kSigMd5 = 261,
  kSha1Header = 269,
  kSha256Header = 273,
  kName = 1000,
  kVersion = 1001,
  kRelease = 1002,
  kEpoch = 1003,
  kInstallTime = 1008,
  kVendor = 1011,
  kLicense = 1014,
  kPackager = 1015,
  kArch = 1022,
  kOldFileNames = 1027,
  kFileStates = 1029,
  kSourceRpm = 1044,
  kDirIndexes = 1116,
  kBaseNames = 1117,
  kDirNames = 1118,
  kModularityLabel = 5096,
};

struct HeaderLimits {
  uint32_t max_entries = 0xFFFF;        // as rpm's own
  uint32_t max_data_bytes = 64U << 20;  // of the store; rpm allows 256 MiB, the largest seen in the wild is under 16
  uint32_t max_elements = 2'000'000;    // of one array: files of one package
};

class Header {
 public:
  // kMalformed with what is wrong where; kLimitExceeded for a header above the limits.
  // The blob may begin with the magic of a package file, as the headers outside databases do.
  static Result<Header> parse(ByteSpan blob, const HeaderLimits& limits = {});

  bool has(Tag tag) const { return find(tag) != nullptr; }

  // The string, or the first of an array of strings (the C locale's of a translated one).
  Result<std::string_view> string(Tag tag) const;
  Result<std::vector<std::string_view>> strings(Tag tag) const;
  // Integers of any width.
  Result<std::vector<uint64_t>> integers(Tag tag) const;
  Result<ByteSpan> binary(Tag tag) const;

 private:
  struct Entry {
    uint32_t tag;
    uint32_t type;
    uint32_t offset;
    uint32_t count;
  };

  Header(ByteSpan store, std::vector<Entry> entries, uint32_t max_elements)
      : store_(store), entries_(std::move(entries)), max_elements_(max_elements) {}

  const Entry* find(Tag tag) const;

  ByteSpan store_;
  std::vector<Entry> entries_;  // the added ones first
  uint32_t max_elements_;
};

}  // namespace bulkhead::inventory::rpm

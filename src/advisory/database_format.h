// The compiled advisory database, byte by byte: the constants that its writer and its reader share. For this folder
// only; the format is described, with its reasons, in docs/formats/advisory-db.md. All integers are little-endian.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "advisory/record.h"
#include "version/compare.h"

namespace bulkhead::advisory::format {

inline constexpr std::array<char, 8> kMagic = {'B', 'K', 'H', 'D', 'A', 'D', 'V', '\n'};
inline constexpr uint32_t kVersion = 2;

// Header: magic 8, version 4, section count 4, file size 8, flags 8 (zero), SHA-256 of everything after the header 32.
inline constexpr size_t kHeaderBytes = 64;
inline constexpr size_t kChecksumAt = 32;
// Section table entry: kind 4, entry bytes 4, offset 8, entry count 8.
inline constexpr size_t kSectionBytes = 24;
inline constexpr size_t kSectionAlignment = 8;

enum class Section : uint8_t {
  kStrings,  // names, ids, versions: LEB128 length, bytes; a reference is the offset; offset 0 is ""
  kTexts,    // titles, descriptions, references, in the same form: apart, so that they are not paged in by lookups
  kLists,    // u32 words: a count, then that many references; a reference is the index of the count; 0 is empty
  kFeeds,
  kEcosystems,  // by key
  kNames,       // package names, by ecosystem, then name
  kRecords,     // by ecosystem, package, vulnerability, document
  kRanges,
  kQualifiers,       // entry 0 is all empty
  kVulnerabilities,  // by id
  kRatings,
  kAliases,   // by name, then vulnerability
  kAccounts,  // by vulnerability
};
inline constexpr size_t kSections = 13;

struct FeedField {
  static constexpr size_t kName = 0, kUrl = 4, kLicence = 8, kAttribution = 12, kDate = 16, kFetched = 20,
                          kEcosystems = 24, kDocuments = 28, kRecords = 32, kVulnerabilities = 36, kSha256 = 40,
                          kCovers = 72, kExtract = 76, kFailed = 80, kBytes = 84;
};
struct EcosystemField {
  static constexpr size_t kKey = 0, kFirstName = 4, kNames = 8, kFeeds = 12, kRecords = 16, kBytes = 20;
};
struct NameField {
  static constexpr size_t kName = 0, kFirstRecord = 4, kRecords = 8, kBytes = 12;
};
struct RecordField {
  static constexpr size_t kVulnerability = 0, kDocument = 4, kQualifiers = 8, kFirstRange = 12, kRanges = 16,
                          kFeed = 18, kStatus = 20, kSeverity = 21, kNameKind = 22, kScheme = 23, kBytes = 24;
};
struct RangeField {
  static constexpr size_t kIntroduced = 0, kFixed = 4, kLastAffected = 8, kFlags = 12, kBytes = 16;
  static constexpr uint32_t kIntroducedExclusive = 1;
};
struct QualifierField {
  static constexpr size_t kArchitectures = 0, kModule = 4, kCpe = 8, kNote = 12, kBytes = 16;
};
struct VulnerabilityField {
  static constexpr size_t kId = 0, kAliases = 4, kFirstAccount = 8, kAccounts = 12, kFirstRating = 16, kRatings = 20,
                          kFlags = 22, kReferences = 24, kCwes = 28, kPublished = 32, kKevDate = 36, kEpss = 40,
                          kEpssPercentile = 44, kBytes = 48;
  static constexpr uint8_t kRejected = 1, kHasEpss = 2, kHasPercentile = 4;
};
// EPSS numbers are stored in billionths, so that 0.00043 comes back as 0.00043.
inline constexpr double kEpssUnits = 1e9;
struct RatingField {
  static constexpr size_t kSource = 0, kVector = 4, kScore = 8, kSeverity = 10, kBytes = 12;  // score in hundredths
};
struct AliasField {
  static constexpr size_t kName = 0, kVulnerability = 4, kBytes = 8;
};
struct AccountField {
  static constexpr size_t kFeed = 0, kTitle = 4, kDescription = 8, kBytes = 12;
  static constexpr size_t kMost = 256;  // of one vulnerability: more than there are feeds
};

// Entry sizes by section, in the order of Section; 1 for blobs.
inline constexpr std::array<uint32_t, kSections> kEntryBytes = {1,
                                                                1,
                                                                4,
                                                                FeedField::kBytes,
                                                                EcosystemField::kBytes,
                                                                NameField::kBytes,
                                                                RecordField::kBytes,
                                                                RangeField::kBytes,
                                                                QualifierField::kBytes,
                                                                VulnerabilityField::kBytes,
                                                                RatingField::kBytes,
                                                                AliasField::kBytes,
                                                                AccountField::kBytes};

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}

// These enumerations are stored as their numbers: a change of order is a change of format.
static_assert(static_cast<int>(AdvisoryStatus::kFixed) == 0 && static_cast<int>(AdvisoryStatus::kNotAffected) == 6);
static_assert(static_cast<int>(Severity::kUnknown) == 0 && static_cast<int>(Severity::kCritical) == 5);
static_assert(static_cast<int>(NameKind::kSource) == 0 && static_cast<int>(NameKind::kBinary) == 1);
inline constexpr uint8_t kStatuses = 7, kSeverities = 6, kNameKinds = 2;

// Version schemes are stored by their place in this table, which only ever grows at its end.
inline constexpr std::array kSchemeCodes = {
    version::Scheme::kGeneric,   version::Scheme::kDeb,     version::Scheme::kRpm,     version::Scheme::kApk,
    version::Scheme::kSemver,    version::Scheme::kNpm,     version::Scheme::kPep440,  version::Scheme::kMaven,
    version::Scheme::kGem,       version::Scheme::kNuget,   version::Scheme::kGo,      version::Scheme::kComposer,
    version::Scheme::kAlpm,      version::Scheme::kGentoo,  version::Scheme::kConan,   version::Scheme::kCran,
    version::Scheme::kHackage,   version::Scheme::kPub,     version::Scheme::kOpenssl, version::Scheme::kDatetime,
    version::Scheme::kRpmvercmp, version::Scheme::kRpmNevra};

constexpr uint8_t scheme_code(version::Scheme scheme) {
  for (uint8_t code = 0; code < kSchemeCodes.size(); ++code) {
    if (kSchemeCodes[code] == scheme) return code;
  }
  return 0;
}

}  // namespace bulkhead::advisory::format

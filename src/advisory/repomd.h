// repodata/repomd.xml of an rpm repository: where its updateinfo lies, and its checksum.
// Source: rpm-software-management/createrepo_c, repomd; dnf's documentation of repository metadata.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {

inline constexpr std::string_view kRepomdPath = "repodata/repomd.xml";
inline constexpr size_t kMaxRepomdBytes = size_t{4} << 20;

struct RepomdEntry {
  std::string location;  // relative to the repository, never leaving it: "repodata/…-updateinfo.xml.zst"
  Digest digest;         // of the file as it lies there
  uint64_t size = 0;     // of it; 0: not told
};

// The entry of type "updateinfo". kMalformed when the text is no repomd, or its location leaves the repository;
// kNotFound when it names no updateinfo; kUnsupported for a checksum that is neither SHA-256 nor SHA-512. Pure. Trust
// of the input: none.
Result<RepomdEntry> parse_repomd(std::string_view text);

}  // namespace bulkhead::advisory

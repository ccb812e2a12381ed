// The encoding of package lists and file lists as layer-cache values: compact, quick to decode, and in two parts, so
// that attribution reads only the keys of the lists that lower layers hold.
//
//   package list:  u8 format (1) · string table · varint count · keys · records
//   string table:  varint count · (varint length · bytes)…          every distinct string once
//   keys:          per package: varint name · version · architecture     indices into the table
//   records:       per package: u8 type · u8 flags (1: source epoch known) · varint source name · source version ·
//                  maintainer · vendor · module · licences · built_using;  a list is varint count · indices
//   file list:     u8 format (1) · varint count · per package: string name · version · architecture · varint files ·
//                  per file: varint bytes shared with the path before · string rest
//
// Package::layer, ::locations and ::files are not encoded: the first two are only known once layers are merged, the
// third has its own list. Values are our own, yet a cache can rot: decoding is bounded and fails with kMalformed, never
// worse. All functions are pure and thread-safe.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "inventory/package.h"

namespace bulkhead::inventory {

struct DecodeLimits {
  size_t max_packages = 250'000;  // all of Debian has 70,000
  size_t max_files = 20'000'000;
  size_t max_decoded_bytes = size_t{1} << 30;  // of all strings together: one table entry may be referred to many times
};

std::string encode_packages(std::span<const Package> packages);
Result<std::vector<Package>> decode_packages(ByteSpan value, const DecodeLimits& limits = {});

// What identifies an installed package; the views point into the decoded value.
struct PackageKey {
  std::string_view name;
  std::string_view version;
  std::string_view architecture;
  friend auto operator<=>(const PackageKey&, const PackageKey&) = default;
};
Result<std::vector<PackageKey>> decode_package_keys(ByteSpan value, const DecodeLimits& limits = {});

// The installed files of one package; empty version and architecture when the list does not say.
struct FileList {
  std::string name;
  std::string version;
  std::string architecture;
  std::vector<std::string> files;  // absolute paths, in the database's order
  friend bool operator==(const FileList&, const FileList&) = default;
};
std::string encode_file_lists(std::span<const FileList> lists);
Result<std::vector<FileList>> decode_file_lists(ByteSpan value, const DecodeLimits& limits = {});

}  // namespace bulkhead::inventory

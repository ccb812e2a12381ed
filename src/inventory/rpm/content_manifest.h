// Red Hat's content manifests: which repositories ("content sets") the build of an image took its packages from. Each
// build leaves one in the layer that it makes: <name-version-release>.json under root/buildinfo/content_manifests/, or
// content-sets.json under usr/share/buildinfo/. Beside it lie other JSON files (labels, SBOMs), which are none.
//
// Pure and thread-safe; trust of the input: none.
// Sources: containerbuildsystem/atomic-reactor, schemas/content_manifest.json; quay/claircore, rhel.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead::inventory::rpm {

struct ContentManifest {
  std::vector<std::string> repositories;  // "rhel-8-for-x86_64-baseos-rpms"; sorted, each once
  // It says itself (from_dnf_hint) that dnf's history would know better: what it lists is not all.
  bool incomplete = false;
  friend bool operator==(const ContentManifest&, const ContentManifest&) = default;
};

struct ContentManifestLimits {
  size_t max_bytes = size_t{16} << 20;  // it lists every source archive of the image, too
  size_t max_repositories = 4096;       // Red Hat has 8,600 in all; a build takes from a dozen
  size_t max_name_bytes = 256;
};

// Nothing when it is JSON, but no content manifest. kMalformed when it is not JSON, or its content_sets are no list of
// names; kLimitExceeded.
Result<std::optional<ContentManifest>> read_content_manifest(std::string_view text,
                                                             const ContentManifestLimits& limits = {});

// As a layer-cache value: u8 format (1) · u8 flags (1: incomplete) · varint count · per repository: varint length ·
// bytes. Decoding fails with kMalformed, never worse.
std::string encode_content_manifest(const ContentManifest& manifest);
Result<ContentManifest> decode_content_manifest(ByteSpan value);

}  // namespace bulkhead::inventory::rpm

// Writes the JSON of manifests and indexes; manifest.h reads it. Sources: OCI image-spec v1.1, manifest.md (guidelines
// for artifact usage), image-index.md, descriptor.md. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "oci/manifest.h"

namespace bulkhead::oci {

// The blob "{}": the configuration of an artifact that has none.
inline constexpr std::string_view kEmptyConfigBytes = "{}";
Descriptor empty_config();

Descriptor describe(std::string_view media_type, std::string_view bytes);

void write_descriptor(json::Writer& writer, const Descriptor& descriptor);
// An OCI image manifest; members that are empty are left out.
std::string write_manifest(const Manifest& manifest);
std::string write_index(const std::vector<Descriptor>& manifests);

// An index in which those that `drops` (may be empty) are no longer listed, and `added` are at its end. Whatever else
// it says, also what we do not know, stays as it is written. kMalformed, kLimitExceeded.
Result<std::string> edit_index(std::string_view index_json, const std::function<bool(const Descriptor&)>& drops,
                               const std::vector<Descriptor>& added, const ImageLimits& limits);

}  // namespace bulkhead::oci

// What both formats need: stable identifiers and the SPDX licence list.
#pragma once

#include <string>
#include <string_view>

#include "sbom/sbom.h"

namespace bulkhead::sbom {

// A UUID (RFC 9562, version 8: made from the SHA-256 of `text`), lower case.
std::string uuid_of(std::string_view text);

// `text` with everything but letters, digits, '.' and '-' replaced by '-': what SPDX allows in identifiers.
std::string spdx_identifier(std::string_view text);

// Whether `id` is on the SPDX licence list, exactly spelled.
bool is_spdx_license(std::string_view id);

// The text all derived identifiers hang on: everything that tells this Bom from another.
std::string content_key(const Bom& bom);

// pkg:oci/<name>@sha256:…?repository_url=… of an image (purl-spec types-doc/oci); empty without a digest.
std::string image_purl(const Bom& bom);

}  // namespace bulkhead::sbom

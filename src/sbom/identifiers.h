// What both formats need: stable identifiers, and expressions of licences.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sbom/sbom.h"

namespace bulkhead::sbom {

// A UUID (RFC 9562, version 8: made from the SHA-256 of `text`), lower case.
std::string uuid_of(std::string_view text);

// `text` with everything but letters, digits, '.' and '-' replaced by '-': what SPDX allows in identifiers.
std::string spdx_identifier(std::string_view text);

// A licence as both formats let it stand in an expression: itself where it is one over the SPDX list, else a
// LicenseRef- made of its text (as one that somebody else made up is text like any other).
bool is_on_license_list(const std::string& license);
std::string license_expression(const std::string& license);

// The expression that says that all of these expressions hold; empty for none.
std::string conjunction_of(const std::vector<std::string>& expressions);

// By package: its package URL, made unique where an image has the same package twice ("…#2").
std::vector<std::string> component_refs(const Bom& bom);

// The text all derived identifiers hang on: everything that tells this Bom from another but the name it was asked for
// by.
std::string content_key(const Bom& bom);

// pkg:oci/<name>@sha256:…?repository_url=… of an image (purl-spec types-doc/oci); empty without a digest or a
// repository: a path says nothing that holds elsewhere.
std::string image_purl(const Bom& bom);

}  // namespace bulkhead::sbom

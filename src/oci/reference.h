// Image references: "alpine", "localhost:5000/team/app:1.2@sha256:…".
//
// Source: the grammar of github.com/distribution/reference (reference.go, regexp.go) and its normalisation of Docker
// Hub's short names (normalize.go), followed exactly; its published cases are our tests. Two differences: digests of
// algorithms that Digest does not know (sha384) are kUnsupported; and a first component that looks like a host name but
// cannot be one
// ("my_host.com/app") is refused, where normalize.go answers with a name that has no domain at all. Trust of the input:
// none. All functions are pure.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace bulkhead::oci {

struct Reference {
  std::string domain;      // "docker.io", "localhost:5000", "[::1]:5000"; empty in a reference that was not normalised
  std::string repository;  // "library/alpine"; empty when the reference is a bare digest (parse_any)
  std::string tag;         // may be empty
  Digest digest;           // may be empty; when both are there the digest decides and the tag only informs

  // The grammar alone: no domain is added, and what stands before the first slash is a domain wherever it can be one.
  // kInvalidArgument says what is wrong.
  static Result<Reference> parse(std::string_view text);
  // What people type: "alpine" is docker.io/library/alpine, "team/app" is docker.io/team/app, index.docker.io is
  // docker.io; 64 hexadecimal digits are refused, as they would be an image's identifier. No tag is added.
  static Result<Reference> parse_normalized(std::string_view text);
  // As parse_normalized, but 64 lower-case hexadecimal digits, or a digest alone, name an image by its identifier.
  static Result<Reference> parse_any(std::string_view text);

  std::string name() const;           // "docker.io/library/alpine"
  std::string familiar_name() const;  // "alpine": Docker Hub's domain and "library/" left out
  std::string to_string() const;      // name[:tag][@digest]
  // The same with tag "latest" when there is neither tag nor digest.
  Reference with_default_tag() const;

  friend auto operator<=>(const Reference&, const Reference&) = default;
};

bool is_valid_tag(std::string_view tag);  // a letter, digit or underscore, then up to 127 of those, '.' and '-'

}  // namespace bulkhead::oci

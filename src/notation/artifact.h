// How signatures of the Notary Project stand in a registry: an OCI image manifest whose subject is what is signed, with
// one layer, the envelope. Source: notaryproject/specifications, signature-specification.md, OCI Signatures.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "crypto/certificate.h"

namespace bulkhead::notation {

// The manifest's artifactType, with an empty configuration; or, without one, the configuration's media type. notation
// up to 1.3.2 writes the second form, and finds nothing else in OCI layouts: who writes for it does the same.
inline constexpr std::string_view kArtifactType = "application/vnd.cncf.notary.signature";
inline constexpr std::string_view kThumbprintAnnotation = "io.cncf.notary.x509chain.thumbprint#S256";

// The annotation's value: SHA-256 fingerprints of the certificates in hexadecimal, as a JSON array in their order.
std::string thumbprints_of(std::span<const Certificate> certificates);

}  // namespace bulkhead::notation

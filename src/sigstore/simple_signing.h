// The payload that cosign signed before it took bundles: "simple signing", the digest of an image's manifest and what
// it was called. Source: cosign, specs/SIGNATURE_SPEC.md; containers/image, containers-signature.5. The text is
// untrusted until its signature has been verified. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxSimpleSigningBytes = size_t{1} << 20;

struct SimpleSigning {
  std::string reference{};  // what the image was called when it was signed; cosign's verifiers do not hold one to it
  Digest digest;
  std::map<std::string, std::string, std::less<>> annotations = {};  // of "optional", those that are texts
};

// kMalformed; kUnsupported for a payload of another type ("atomic container signature", …).
Result<SimpleSigning> read_simple_signing(std::string_view text);
std::string write_simple_signing(const SimpleSigning& payload);

// The payload, when it says that digest; else kVerificationFailed, or as above.
Result<SimpleSigning> check_simple_signing(std::string_view text, const Digest& manifest);

}  // namespace bulkhead::sigstore

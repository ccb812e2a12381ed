// Signs an artifact as the Notary Project has it. Source: notaryproject/specifications,
// signing-and-verification-workflow.md, Signing Steps.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/signer.h"
#include "notation/envelope.h"
#include "notation/payload.h"

namespace bulkhead::notation {

struct SignRequest {
  Artifact artifact;
  Format format = Format::kJws;
  std::vector<Certificate> certificates;  // the signer's first, then each its issuer, to the root
  SigningScheme scheme = SigningScheme::kX509;
  int64_t signing_time = 0;         // seconds since 1970
  std::optional<int64_t> expiry{};  // later than that
  std::string agent{};              // "bulkhead/1.0"
  std::vector<ExtendedAttribute> extended{};
  // Gets a token of RFC 3161 for a signature; kX509 only. Unset: none.
  std::function<Result<std::string>(ByteSpan signature, HashAlgorithm hash)> timestamp{};
};

// The envelope's bytes. kInvalidArgument when the request contradicts itself, or the signer's key is not that of the
// first certificate; what check_signing_certificates() (certificates.h) says of certificates; errors of the signer.
Result<std::string> sign(const Signer& signer, const SignRequest& request);

}  // namespace bulkhead::notation

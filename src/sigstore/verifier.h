// Whether to believe a Sigstore bundle. Nothing is asked of a network or a clock: what is verified holds at the time
// when it was signed. Source: sigstore/architecture-docs, client-spec.md, Verification. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/key.h"
#include "sigstore/bundle.h"
#include "sigstore/statement.h"

namespace bulkhead::sigstore {

// What the signature must be of. A message signature is over the bytes: without them, the digest must be the one that
// its scheme takes (SHA-256 for P-256, none for Ed25519). A statement must have the digest among its subjects.
struct Artifact {
  Digest digest;
  std::optional<std::string_view> bytes = std::nullopt;  // whose digest that is: the caller has seen to it
};

// Whose signature is believed.
struct Policy {
  std::optional<PublicKey> key = std::nullopt;  // that of this key
  bool require_log_entry = true;                // only with an entry of a transparency log that is trusted
};

struct VerifiedSignature {
  std::optional<PublicKey> key;        // whose it is
  std::optional<Statement> statement;  // what was signed; none: the artifact itself
};

// kVerificationFailed: the signature is not what the policy asks, or not of the artifact. kMalformed and kUnsupported
// for what is inside of the bundle; kInvalidArgument for a policy that nothing can fulfil.
Result<VerifiedSignature> verify(const Bundle& bundle, const Artifact& artifact, const Policy& policy);

}  // namespace bulkhead::sigstore

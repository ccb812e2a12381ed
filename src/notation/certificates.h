// What the Notary Project asks of certificates, whoever issued them. Source: notaryproject/specifications,
// signature-specification.md, Certificate Requirements. Pure and thread-safe.
#pragma once

#include <optional>
#include <span>

#include "crypto/certificate.h"

namespace bulkhead::notation {

// Of those in an envelope: the signer's first, each issued by the next, a self-signed root last; or one that signed
// itself and is no authority. Their basic constraints, usages, keys and signatures fit; no other extension is looked
// at. With a time (seconds since 1970), all are valid at it. kVerificationFailed or kUnsupported, naming the
// certificate.
Status check_signing_certificates(std::span<const Certificate> chain, std::optional<int64_t> at);

// Of the chain that verified a time-stamp.
Status check_timestamping_certificates(std::span<const Certificate> chain);

}  // namespace bulkhead::notation

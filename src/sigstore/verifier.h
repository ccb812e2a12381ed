// Whether to believe a Sigstore bundle. Nothing is asked of a network or a clock: what is verified holds at the time
// when it was signed. Source: sigstore/architecture-docs, client-spec.md, Verification. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/key.h"
#include "sigstore/bundle.h"
#include "sigstore/identity.h"
#include "sigstore/statement.h"
#include "sigstore/trusted_root.h"

namespace bulkhead::sigstore {

// What the signature must be of. A message signature is over the bytes: without them, the digest must be the one that
// its scheme takes (SHA-256 for P-256, none for Ed25519). A statement must have the digest among its subjects.
struct Artifact {
  Digest digest;
  std::optional<std::string_view> bytes = std::nullopt;  // whose digest that is: the caller has seen to it
};

// Whose signature is believed, and what must vouch for its time.
struct Policy {
  // Either the signature of this key, or that of a certificate of one of these identities.
  std::optional<PublicKey> key = std::nullopt;
  std::vector<IdentityPattern> identities = {};
  // May be null with a key and without further requirements: entries and timestamps are not looked at, then.
  const TrustedRoot* root = nullptr;
  bool require_log_entry = true;        // an entry of a trusted transparency log
  bool require_timestamp = false;       // a timestamp of a trusted authority
  bool require_certificate_log = true;  // a trusted log's timestamp in the certificate
};

struct SigningTime {
  enum class Source : uint8_t { kTimestampAuthority, kLog };
  int64_t seconds;  // since 1970; the signature was there by then
  Source source;
};

struct LogPosition {
  std::string log;  // its base URL
  int64_t index;    // that the log vouches for
};

struct VerifiedSignature {
  // Whose it is: the policy's key, or this certificate's.
  std::optional<PublicKey> key;
  std::optional<Certificate> certificate;
  std::optional<CertificateIdentity> identity;
  std::optional<Statement> statement;    // what was signed; none: the artifact itself
  std::vector<SigningTime> times;        // all that were verified; none without a root
  std::vector<LogPosition> log_entries;  // the same
};

// kVerificationFailed: the signature is not what the policy asks, or not of the artifact. kMalformed and kUnsupported
// for what is inside of the bundle; kInvalidArgument for a policy that nothing can fulfil.
//
// Where there is a root, this holds of what is returned:
//  1. An entry of a log that is trusted is in that log (inclusion proof and checkpoint, where the bundle has them, and
//     the log's own timestamp, where it has one) and is about this signature, this content and this signer. One of them
//     that is wrong refuses the bundle, however many others are right; entries of other logs count for nothing.
//  2. A timestamp of a trusted authority is of this signature, at a time that the authority is trusted for. Others
//     count for nothing.
//  3. No entry and no timestamp stands twice.
//  4. A certificate's chain leads to a trusted authority at each of the times of 1 and 2, and there is one. It is for
//     signing code, a trusted log has seen it, and it is of an identity that the policy names.
Result<VerifiedSignature> verify(const Bundle& bundle, const Artifact& artifact, const Policy& policy);

}  // namespace bulkhead::sigstore

// Signature envelopes of the Notary Project, in both forms: flattened JWS in JSON, and COSE_Sign1 in CBOR.
// Source: notaryproject/specifications, signature-specification.md, signature-envelope-jws.md,
// signature-envelope-cose.md; RFC 7515, RFC 9052.
//
// Parsing believes nothing: an Envelope is what somebody claims until verify_signature() holds, and then still only
// what the owner of its first certificate claims. Errors: kMalformed, kUnsupported (another algorithm, scheme or
// payload), kLimitExceeded past 1 MiB or 16 certificates. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "notation/algorithm.h"

namespace bulkhead::notation {

inline constexpr std::string_view kJwsMediaType = "application/jose+json";
inline constexpr std::string_view kCoseMediaType = "application/cose";
inline constexpr std::string_view kPayloadMediaType = "application/vnd.cncf.notary.payload.v1+json";

enum class Format : uint8_t { kJws, kCose };
std::string_view media_type_of(Format format);
Result<Format> format_of(std::string_view media_type);  // kUnsupported

enum class SigningScheme : uint8_t { kX509, kX509SigningAuthority };
std::string_view name_of(SigningScheme scheme);  // "notary.x509"

// A signed attribute that the specification does not define.
struct ExtendedAttribute {
  std::string name;     // of an integer label of COSE: "label 42"
  std::string value{};  // of a string; empty for other kinds
  bool critical = false;
};

struct Envelope {
  Format format{};
  const Algorithm* algorithm = nullptr;  // as it says
  std::string payload;                   // of kPayloadMediaType
  SigningScheme scheme{};
  // Seconds since 1970. Authentic under kX509SigningAuthority, when its authority is trusted; else the signer's word.
  int64_t signing_time = 0;
  std::optional<int64_t> expiry;
  std::vector<ExtendedAttribute> extended;

  // Not signed.
  std::vector<Certificate> certificates;  // the signer's first
  std::string timestamp_token;            // RFC 3161, of the signature; empty: none
  std::string agent;                      // anything at all

  std::string signature;     // r and s, or RSA's
  std::string signed_bytes;  // what it signs
};

Result<Envelope> parse_envelope(Format format, ByteSpan bytes);

// The algorithm is that of the first certificate's key, which made the signature; kVerificationFailed. Says nothing of
// whose key it is.
Status verify_signature(const Envelope& envelope);

}  // namespace bulkhead::notation

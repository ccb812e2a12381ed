// Timestamps: an authority's word that it saw a message at a time. Source: RFC 3161, RFC 5816 (ESSCertIDv2), RFC 5652.
// The token is untrusted; its CMS structure is read by OpenSSL, which takes BER where the standard asks for DER. What
// OpenSSL 3.0 has not: Ed25519 in CMS. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "crypto/certificate.h"

namespace bulkhead {

constexpr size_t kMaxTimestampBytes = size_t{256} << 10;

struct TimestampTrust {
  std::span<const Certificate> roots;           // of authorities' chains
  std::span<const Certificate> certificates{};  // of authorities and between, for tokens that bring none along
};

struct Timestamp {
  int64_t time = 0;                // seconds since 1970; a fraction is cut off
  uint64_t accuracy_seconds = 0;   // rounded up; how far the true time may be off, either way. 0: not stated
  std::string policy;              // dotted
  std::string serial;              // hexadecimal, lower case
  std::string nonce;               // the same; empty when there is none
  std::vector<Certificate> chain;  // the authority's own first, the root last
};

// What a TimeStampToken (ContentInfo) says, when it is a timestamp of `message` that an authority signed, by SHA-256,
// SHA-384 or SHA-512, whose chain holds at the time it states and whose certificate is for nothing but timestamps
// (a critical extended key usage, RFC 3161 section 2.3) and is the one that the signed attributes name.
// kMalformed, kLimitExceeded, kVerificationFailed, kUnsupported.
Result<Timestamp> verify_timestamp(ByteSpan token, ByteSpan message, const TimestampTrust& trust);

// The token in a TimeStampResp; a view into it. kVerificationFailed when the authority has not granted one.
Result<ByteSpan> timestamp_token_of(ByteSpan response);

}  // namespace bulkhead

// Signed certificate timestamps that are embedded in a certificate: the promise of a log to publish it. Source: RFC
// 6962 sections 3.2 and 3.3. The certificate is untrusted, but for its chain. Pure and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "sigstore/trusted_root.h"

namespace bulkhead::sigstore {

struct SignedCertificateTimestamp {
  std::string log_id;     // 32 bytes
  uint64_t milliseconds;  // since 1970
  std::string extensions;
  uint8_t hash_algorithm;  // RFC 5246 section 7.4.1.4.1
  uint8_t signature_algorithm;
  std::string signature;
};

// Those of version 1; others are passed over. kMalformed; kNotFound when the certificate has no such extension.
Result<std::vector<SignedCertificateTimestamp>> embedded_timestamps(const Certificate& certificate);

// The certificate's part that is signed, as the log saw it: without the timestamps.
Result<std::string> precertificate_tbs(const Certificate& certificate);

// kVerificationFailed unless one of the logs has signed one of the timestamps, within the time that it is trusted for.
Status verify_embedded_timestamps(const Certificate& certificate, const Certificate& issuer,
                                  std::span<const TransparencyLog> logs);

}  // namespace bulkhead::sigstore

// For tests only: revocation lists and OCSP responses, right and wrong ones, made as a test needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/test_certificate.h"

namespace bulkhead {

struct RevocationListRecipe {
  struct Entry {
    uint64_t serial;
    std::string reason{};                    // as OpenSSL calls it: "keyCompromise", "certificateHold", "removeFromCRL"
    std::optional<int64_t> invalid_since{};  // seconds since 1970
  };
  std::vector<Entry> entries{};
  int64_t this_update = kTestEpoch - kTestDay;
  std::optional<int64_t> next_update = kTestEpoch + kTestDay;
  std::string digest = "SHA256";
  // As openssl.cnf has them: {"crlNumber", "1"}, {"issuingDistributionPoint", "critical,onlyuser:TRUE"}.
  std::vector<std::pair<std::string, std::string>> extensions = {{"crlNumber", "DER:020105"}};
};
std::string make_revocation_list(const RevocationListRecipe& recipe, const TestIdentity& issuer);

struct OcspRecipe {
  enum class Status : uint8_t { kGood, kRevoked, kUnknown };
  Status status = Status::kGood;
  std::optional<int64_t> invalid_since{};
  int64_t this_update = kTestEpoch - 60;
  std::optional<int64_t> next_update = kTestEpoch + 60;
  std::string digest = "SHA256";   // of the signature
  std::string id_digest = "SHA1";  // of the certificate's identity
};
// `signer` is the issuer or a delegate, whose certificate goes along. Both abort when OpenSSL cannot.
std::string make_ocsp_response(const OcspRecipe& recipe, const TestIdentity& certificate, const TestIdentity& issuer,
                               const TestIdentity& signer);
// As OpenSSL writes it.
std::string make_ocsp_request(const TestIdentity& certificate, const TestIdentity& issuer);

}  // namespace bulkhead

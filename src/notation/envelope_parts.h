// What both forms of the envelope have in common; for the .cc files of this folder only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notation/envelope.h"
#include "notation/sign.h"

namespace bulkhead::notation {

inline constexpr std::string_view kSigningSchemeHeader = "io.cncf.notary.signingScheme";
inline constexpr std::string_view kSigningTimeHeader = "io.cncf.notary.signingTime";
inline constexpr std::string_view kAuthenticSigningTimeHeader = "io.cncf.notary.authenticSigningTime";
inline constexpr std::string_view kExpiryHeader = "io.cncf.notary.expiry";
inline constexpr std::string_view kTimestampHeader = "io.cncf.notary.timestampSignature";
inline constexpr std::string_view kAgentHeader = "io.cncf.notary.signingAgent";

constexpr size_t kMaxEnvelopeBytes = size_t{1} << 20;
constexpr size_t kMaxCertificates = 16;

// The signed attributes of an envelope as they stand there.
struct Attributes {
  std::string content_type;
  std::string scheme;
  std::optional<int64_t> signing_time;
  std::optional<int64_t> authentic_signing_time;
  std::optional<int64_t> expiry;
  std::vector<std::string> critical;
  std::vector<ExtendedAttribute> extended;
};

// Puts them into the envelope when they follow the rules of its scheme.
Status adopt(Attributes attributes, Envelope& envelope);

Status add_certificate(ByteSpan der, Envelope& envelope);

Result<Envelope> parse_jws(ByteSpan bytes);
Result<Envelope> parse_cose(ByteSpan bytes);

// The names that must be marked critical, in the order in which notation writes them.
std::vector<std::string> critical_of(const SignRequest& request);
std::string_view time_header_of(SigningScheme scheme);

// The signature over bytes that are to be signed, and the time-stamp of it where one is asked for.
struct Signed {
  std::string signature;
  std::string timestamp_token;
};
Result<Signed> sign_bytes(const Signer& signer, const SignRequest& request, const Algorithm& algorithm,
                          std::string_view bytes);

Result<std::string> sign_jws(const Signer& signer, const SignRequest& request, const Algorithm& algorithm,
                             std::string_view payload);
Result<std::string> sign_cose(const Signer& signer, const SignRequest& request, const Algorithm& algorithm,
                              std::string_view payload);

}  // namespace bulkhead::notation

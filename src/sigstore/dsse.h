// DSSE envelopes: a payload, its type, and signatures over both. Source: secure-systems-lab/dsse v1.0.2, protocol.md
// and envelope.md. The text is untrusted: nothing in an envelope counts before one of its signatures has been verified.
// Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxEnvelopeBytes = size_t{64} << 20;
constexpr size_t kMaxEnvelopeSignatures = 16;
inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

struct DsseSignature {
  std::string key_id;  // a hint of the signer's, unauthenticated; may be empty
  std::string bytes;   // decoded
};

struct DsseEnvelope {
  std::string payload_type;
  std::string payload;                    // decoded
  std::vector<DsseSignature> signatures;  // one or more
};

// kMalformed, kLimitExceeded. A member that stands twice in one object is refused.
Result<DsseEnvelope> read_envelope(std::string_view text);
Result<DsseEnvelope> read_envelope(const json::Value& object);  // of a document that parse_strict() read
std::string write_envelope(const DsseEnvelope& envelope);
void write_envelope(const DsseEnvelope& envelope, json::Writer& out);

// What is signed: PAE(type, payload).
std::string pre_authentication_encoding(std::string_view payload_type, std::string_view payload);

// One signature, by the first scheme of the key's type (schemes.h). `key_id` may be empty, as cosign leaves it.
Result<DsseEnvelope> sign_envelope(std::string payload_type, std::string payload, const Signer& signer,
                                   std::string key_id = {});

// kVerificationFailed unless one of the signatures is by this key, whatever its key id says, and the payload is of
// that type.
Status verify_envelope(const DsseEnvelope& envelope, std::string_view payload_type, const PublicKey& key);

}  // namespace bulkhead::sigstore

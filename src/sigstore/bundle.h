// Sigstore bundles, versions 0.1 to 0.3: a signature and what it takes to verify it without a network. Reading decides
// nothing but the form; what may be believed is verifier.h's. Source: sigstore/protobuf-specs v0.5,
// sigstore_bundle.proto, sigstore_common.proto, sigstore_rekor.proto; what each version demands: the comments of
// Bundle.media_type and VerificationMaterial, and sigstore's client specification. The text is untrusted. Pure and
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/digest.h"
#include "sigstore/dsse.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxBundleBytes = size_t{96} << 20;
constexpr size_t kMaxBundleCertificates = 16;
constexpr size_t kMaxBundleEntries = 32;
constexpr size_t kMaxBundleTimestamps = 32;
constexpr size_t kMaxProofHashes = 64;

struct InclusionProof {
  int64_t log_index = 0;  // in the tree, not in the log's numbering of entries
  int64_t tree_size = 0;
  std::string root_hash;            // 32 bytes
  std::vector<std::string> hashes;  // 32 bytes each
  std::string checkpoint;           // a signed note (checkpoint.h); empty when there is none
};

struct LogEntry {
  int64_t log_index = 0;
  std::string log_id;  // SHA-256 of the log's key; Rekor v2: its checkpoint key id
  std::string kind;    // "hashedrekord", "dsse", "intoto"
  std::string version;
  int64_t integrated_time = 0;         // seconds since 1970; 0: not stated
  std::string signed_entry_timestamp;  // of Rekor v1; empty when there is none
  std::optional<InclusionProof> inclusion_proof;
  std::string body;  // canonicalized
};

struct MessageSignature {
  std::optional<Digest> message_digest;  // a hint
  std::string signature;
};

struct Bundle {
  enum class Version : uint8_t { kV01, kV02, kV03 };
  Version version = Version::kV03;
  // Either: DER, the leaf first, or the hint of a public key.
  std::vector<std::string> certificates;
  std::optional<std::string> key_hint;
  std::vector<LogEntry> entries;
  std::vector<std::string> timestamps;  // TimeStampResp (RFC 3161), DER
  std::variant<MessageSignature, DsseEnvelope> content;
  std::optional<Digest> envelope_digest{};  // SHA-256 of the envelope's text, where that is known (cosign_layer.h)

  const DsseEnvelope* envelope() const { return std::get_if<DsseEnvelope>(&content); }
  const MessageSignature* message() const { return std::get_if<MessageSignature>(&content); }
};

// kMalformed, kUnsupported for another version, kLimitExceeded. A member that stands twice in an object is refused, and
// what the stated version demands and has not: v0.1 an inclusion promise of each entry, later ones an inclusion proof;
// v0.3 one certificate instead of a chain.
Result<Bundle> read_bundle(std::string_view text);

// A bundle of version 0.3 without entries and timestamps, as cosign writes with a key and without a log.
std::string write_key_bundle(const DsseEnvelope& envelope, const PublicKey& key);
std::string write_key_bundle(const MessageSignature& message, const PublicKey& key);

// What names a key in a bundle: base64 of the SHA-256 of its SubjectPublicKeyInfo.
std::string key_hint(const PublicKey& key);

}  // namespace bulkhead::sigstore

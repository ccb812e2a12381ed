#include "sigstore/cosign_layer.h"

#include <utility>

#include <fmt/format.h>

#include "base/strict_json.h"
#include "crypto/certificate.h"
#include "sigstore/protobuf_json.h"

namespace bulkhead::sigstore {
namespace {

constexpr json::Limits kLimits{.max_bytes = kMaxAnnotationBytes, .max_depth = 8};

Status read_certificates(const CosignAnnotations& annotations, Bundle& bundle) {
  if (annotations.certificate.empty()) {
    bundle.key_hint = "";
    return {};
  }
  TRY_ASSIGN(const Certificate leaf, Certificate::from_pem(annotations.certificate));
  bundle.certificates = {leaf.der()};
  if (annotations.chain.empty()) return {};
  TRY_ASSIGN(const std::vector<Certificate> chain, Certificate::list_from(as_bytes(annotations.chain)));
  if (chain.size() >= kMaxBundleCertificates) {
    return fail(limit_error("certificates of a chain", kMaxBundleCertificates, ""));
  }
  for (const Certificate& certificate : chain) {
    if (!certificate.is_self_issued()) bundle.certificates.push_back(certificate.der());
  }
  return {};
}

// {"SignedEntryTimestamp": "<base64>", "Payload": {"body": "<base64>", "integratedTime": …, "logIndex": …, "logID":
// "<hex>"}}; what kind of entry it is, its body says.
Result<LogEntry> read_rekor_bundle(std::string_view text) {
  TRY_ASSIGN(const auto document, json::parse_strict(text, kLimits));
  TRY_ASSIGN(const json::Value payload, document.root().require_object("Payload"));
  LogEntry entry;
  TRY_ASSIGN(entry.signed_entry_timestamp, require_bytes(document.root(), "SignedEntryTimestamp"));
  TRY_ASSIGN(entry.body, require_bytes(payload, "body"));
  TRY_ASSIGN(entry.integrated_time, payload.require_integer("integratedTime"));
  TRY_ASSIGN(entry.log_index, payload.require_integer("logIndex"));
  if (entry.integrated_time < 0 || entry.log_index < 0) return fail(Code::kMalformed, "a time or an index is negative");
  TRY_ASSIGN(const std::string_view log_id, payload.require_string("logID"));
  const auto id = from_hex(log_id);
  if (!id || id->empty()) return fail(Code::kMalformed, "\"logID\" is no hexadecimal text");
  entry.log_id = *id;
  TRY_ASSIGN(const auto body, json::parse_strict(entry.body, kLimits));
  entry.kind = body.root().string_or("kind", "");
  entry.version = body.root().string_or("apiVersion", "");
  return entry;
}

Result<std::string> read_timestamp(std::string_view text) {
  TRY_ASSIGN(const auto document, json::parse_strict(text, kLimits));
  return require_bytes(document.root(), "SignedRFC3161Timestamp");
}

Result<Bundle> read_annotations(const CosignAnnotations& annotations) {
  Bundle bundle{.version = Bundle::Version::kV01};
  TRY(read_certificates(annotations, bundle));
  if (!annotations.rekor_bundle.empty()) {
    TRY_CONTEXT(LogEntry entry, read_rekor_bundle(annotations.rekor_bundle), "Rekor bundle");
    bundle.entries.push_back(std::move(entry));
  }
  if (!annotations.timestamp.empty()) {
    TRY_CONTEXT(std::string timestamp, read_timestamp(annotations.timestamp), "timestamp");
    bundle.timestamps.push_back(std::move(timestamp));
  }
  return bundle;
}

}  // namespace

Result<Bundle> bundle_of_signature(std::string_view payload, const CosignAnnotations& annotations) {
  TRY_CONTEXT(Bundle bundle, read_annotations(annotations), "cosign signature");
  MessageSignature message{.message_digest = Digest::sha256_of(as_bytes(payload)), .signature = {}};
  TRY_CONTEXT(message.signature, decode_base64(annotations.signature), "cosign signature");
  if (message.signature.empty()) return fail(Code::kMalformed, "cosign signature: its annotation is missing");
  bundle.content = std::move(message);
  return bundle;
}

Result<Bundle> bundle_of_attestation(std::string_view envelope, const CosignAnnotations& annotations) {
  TRY_CONTEXT(Bundle bundle, read_annotations(annotations), "cosign attestation");
  TRY_ASSIGN(DsseEnvelope read, read_envelope(envelope));
  if (read.signatures.size() != 1) return fail(Code::kMalformed, "cosign attestation: it must have one signature");
  bundle.content = std::move(read);
  bundle.envelope_digest = Digest::sha256_of(as_bytes(envelope));
  return bundle;
}

}  // namespace bulkhead::sigstore

#include "sigstore/log_entry.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/strict_json.h"
#include "base/text.h"
#include "crypto/pem.h"
#include "sigstore/checkpoint.h"
#include "sigstore/merkle.h"
#include "sigstore/protobuf_json.h"

namespace bulkhead::sigstore {
namespace {

std::unexpected<Error> other(std::string_view what) {
  return fail(Code::kVerificationFailed, fmt::format("the log entry is about another {}", what));
}

Status check_signature(std::string_view logged, const LoggedContent& content) {
  if (logged == content.signature) return {};
  return other("signature");
}

Status check_digest(const Result<Digest>& logged, const Digest& digest, std::string_view what) {
  if (!logged) return std::unexpected(logged.error());
  if (*logged == digest) return {};
  return other(what);
}

Status check_payload(const Result<Digest>& logged, const LoggedContent& content) {
  if (!content.payload) return other("kind of content");
  return check_digest(logged, *content.payload, "payload");
}

// Of Rekor v1: PEM.
Status check_verifier_pem(std::string_view pem, const LoggedContent& content) {
  TRY_CONTEXT(const PemBlock block, read_pem(pem, {"CERTIFICATE", "PUBLIC KEY"}), "log entry");
  const std::string_view der = block.contents.reveal();
  if (block.label == "CERTIFICATE") {
    if (content.certificate && content.certificate->der() == der) return {};
    return other("certificate");
  }
  const auto key = PublicKey::from_der(as_bytes(der));
  if (key && content.key && *key == *content.key) return {};
  return other("key");
}

// Of Rekor v2: dev.sigstore.rekor.v2.Verifier.
Status check_verifier(const json::Value& verifier, const LoggedContent& content) {
  if (const auto certificate = set_member(verifier, "x509Certificate")) {
    TRY_ASSIGN(const std::string der, require_bytes(*certificate, "rawBytes"));
    if (content.certificate && content.certificate->der() == der) return {};
    return other("certificate");
  }
  TRY_ASSIGN(const json::Value public_key, verifier.require_object("publicKey"));
  TRY_ASSIGN(const std::string der, require_bytes(public_key, "rawBytes"));
  const auto key = PublicKey::from_der(as_bytes(der));
  if (key && content.key && *key == *content.key) return {};
  return other("key");
}

// Rekor v1: {"algorithm": "sha256", "value": "<hex>"}
Result<Digest> read_hash(const json::Value& owner, std::string_view name) {
  TRY_ASSIGN(const json::Value hash, owner.require_object(name));
  TRY_ASSIGN(const std::string_view algorithm, hash.require_string("algorithm"));
  TRY_ASSIGN(const std::string_view value, hash.require_string("value"));
  return Digest::parse(fmt::format("{}:{}", algorithm, value));
}

// Rekor v2: {"algorithm": "SHA2_256", "digest": "<base64>"}
Result<Digest> read_hash_output(const json::Value& hash) {
  TRY_ASSIGN(const std::string_view algorithm, hash.require_string("algorithm"));
  TRY_ASSIGN(const std::string bytes, require_bytes(hash, "digest"));
  const std::string_view name = algorithm == "SHA2_256" ? "sha256" : algorithm == "SHA2_512" ? "sha512" : algorithm;
  return Digest::parse(fmt::format("{}:{}", name, to_hex(as_bytes(bytes))));
}

// The one element: an entry with several signatures would leave open which of them was verified.
Result<json::Value> only_signature(const json::Value& owner) {
  TRY_ASSIGN(const json::Value signatures, owner.require_array("signatures"));
  if (signatures.size() != 1) return fail(Code::kVerificationFailed, "the log entry has not one signature");
  return *signatures.elements().begin();
}

Status check_hashedrekord_1(const json::Value& spec, const LoggedContent& content) {
  TRY_ASSIGN(const json::Value data, spec.require_object("data"));
  TRY(check_digest(read_hash(data, "hash"), content.digest, "artifact"));
  TRY_ASSIGN(const json::Value signature, spec.require_object("signature"));
  TRY_ASSIGN(const std::string bytes, require_bytes(signature, "content"));
  TRY(check_signature(bytes, content));
  TRY_ASSIGN(const json::Value verifier, signature.require_object("publicKey"));
  TRY_ASSIGN(const std::string pem, require_bytes(verifier, "content"));
  return check_verifier_pem(pem, content);
}

Status check_hashedrekord_2(const json::Value& spec, const LoggedContent& content) {
  TRY_ASSIGN(const json::Value record, spec.require_object("hashedRekordV002"));
  TRY_ASSIGN(const json::Value data, record.require_object("data"));
  TRY(check_digest(read_hash_output(data), content.digest, "artifact"));
  TRY_ASSIGN(const json::Value signature, record.require_object("signature"));
  TRY_ASSIGN(const std::string bytes, require_bytes(signature, "content"));
  TRY(check_signature(bytes, content));
  TRY_ASSIGN(const json::Value verifier, signature.require_object("verifier"));
  return check_verifier(verifier, content);
}

Status check_dsse_1(const json::Value& spec, const LoggedContent& content) {
  TRY(check_payload(read_hash(spec, "payloadHash"), content));
  TRY_ASSIGN(const json::Value signature, only_signature(spec));
  TRY_ASSIGN(const std::string bytes, require_bytes(signature, "signature"));
  TRY(check_signature(bytes, content));
  TRY_ASSIGN(const std::string pem, require_bytes(signature, "verifier"));
  return check_verifier_pem(pem, content);
}

Status check_dsse_2(const json::Value& spec, const LoggedContent& content) {
  TRY_ASSIGN(const json::Value record, spec.require_object("dsseV002"));
  TRY_ASSIGN(const json::Value hash, record.require_object("payloadHash"));
  TRY(check_payload(read_hash_output(hash), content));
  TRY_ASSIGN(const json::Value signature, only_signature(record));
  TRY_ASSIGN(const std::string bytes, require_bytes(signature, "content"));
  TRY(check_signature(bytes, content));
  TRY_ASSIGN(const json::Value verifier, signature.require_object("verifier"));
  return check_verifier(verifier, content);
}

// The envelope's text, in which the signature stands, takes the signature's place.
Status check_intoto_1(const json::Value& spec, const LoggedContent& content) {
  if (!content.envelope) return fail(Code::kUnsupported, "log entries of intoto 0.0.1 beside a bundle");
  TRY_ASSIGN(const json::Value logged, spec.require_object("content"));
  TRY(check_digest(read_hash(logged, "hash"), *content.envelope, "envelope"));
  TRY_ASSIGN(const std::string pem, require_bytes(spec, "publicKey"));
  return check_verifier_pem(pem, content);
}

Status check_intoto_2(const json::Value& spec, const LoggedContent& content) {
  TRY_ASSIGN(const json::Value logged, spec.require_object("content"));
  TRY(check_payload(read_hash(logged, "payloadHash"), content));
  TRY_ASSIGN(const json::Value envelope, logged.require_object("envelope"));
  TRY_ASSIGN(const json::Value signature, only_signature(envelope));
  // base64 of the base64 that stands in the envelope
  TRY_ASSIGN(const std::string text, require_bytes(signature, "sig"));
  TRY(check_signature(decode_base64(text).value_or(""), content));
  TRY_ASSIGN(const std::string pem, require_bytes(signature, "publicKey"));
  return check_verifier_pem(pem, content);
}

struct KindRow {
  std::string_view kind;
  std::string_view version;
  Status (*check)(const json::Value& spec, const LoggedContent& content);
};
constexpr auto kKinds = std::to_array<KindRow>({
    {"hashedrekord", "0.0.1", check_hashedrekord_1},
    {"hashedrekord", "0.0.2", check_hashedrekord_2},
    {"dsse", "0.0.1", check_dsse_1},
    {"dsse", "0.0.2", check_dsse_2},
    {"intoto", "0.0.1", check_intoto_1},
    {"intoto", "0.0.2", check_intoto_2},
});

Status check_body(const LogEntry& entry, const json::Value& body, const LoggedContent& content) {
  if (body.string_or("kind", "") != entry.kind || body.string_or("apiVersion", "") != entry.version) {
    return fail(Code::kVerificationFailed, "the log entry is of another kind than it is said to be");
  }
  const auto row = std::ranges::find_if(
      kKinds, [&](const KindRow& known) { return known.kind == entry.kind && known.version == entry.version; });
  if (row == kKinds.end()) {
    return fail(Code::kUnsupported,
                fmt::format("log entries of {} {}", printable(entry.kind), printable(entry.version)));
  }
  TRY_ASSIGN(const json::Value spec, body.require_object("spec"));
  return row->check(spec, content);
}

}  // namespace

Status check_entry_body(const LogEntry& entry, const LoggedContent& content) {
  TRY_CONTEXT(const auto document, json::parse_strict(entry.body, {.max_bytes = kMaxBundleBytes, .max_depth = 16}),
              "log entry");
  return check_body(entry, document.root(), content);
}

Status verify_entry_timestamp(const LogEntry& entry, const TransparencyLog& log) {
  if (!log.key) return fail(Code::kUnsupported, fmt::format("the key of the log {} is not used here", log.base_url));
  if (!log.valid.contains(entry.integrated_time)) {
    return fail(Code::kVerificationFailed, fmt::format("the log {} is not trusted for the entry's time", log.base_url));
  }
  // RFC 8785 of these four members.
  const std::string text = fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})",
                                       base64_encode(as_bytes(entry.body)), entry.integrated_time,
                                       to_hex(as_bytes(entry.log_id)), entry.log_index);
  if (log.key->key.verify(log.key->scheme, as_bytes(text), as_bytes(entry.signed_entry_timestamp))) return {};
  return fail(Code::kVerificationFailed, fmt::format("the log {} has not signed the entry's timestamp", log.base_url));
}

Status verify_entry_inclusion(const LogEntry& entry, const TransparencyLog& log) {
  const InclusionProof& proof = *entry.inclusion_proof;
  TRY(verify_inclusion(as_bytes(entry.body), proof.log_index, proof.tree_size, proof.hashes, proof.root_hash));
  if (proof.checkpoint.empty()) return fail(Code::kVerificationFailed, "nobody has signed the inclusion proof's root");
  TRY_ASSIGN(const Checkpoint checkpoint, read_checkpoint(proof.checkpoint));
  if (checkpoint.tree_size != proof.tree_size || checkpoint.root_hash != proof.root_hash) {
    return fail(Code::kVerificationFailed, "the checkpoint is of another tree than the inclusion proof");
  }
  return verify_checkpoint(checkpoint, log);
}

}  // namespace bulkhead::sigstore

#include "sigstore/bundle.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/strict_json.h"
#include "base/text.h"
#include "sigstore/cosign.h"
#include "sigstore/protobuf_json.h"

namespace bulkhead::sigstore {
namespace {

constexpr size_t kHashBytes = 32;

struct VersionRow {
  std::string_view media_type;
  Bundle::Version version;
};
constexpr auto kVersions = std::to_array<VersionRow>({
    {"application/vnd.dev.sigstore.bundle+json;version=0.1", Bundle::Version::kV01},
    {"application/vnd.dev.sigstore.bundle+json;version=0.2", Bundle::Version::kV02},
    {"application/vnd.dev.sigstore.bundle+json;version=0.3", Bundle::Version::kV03},
    {kBundleMediaType, Bundle::Version::kV03},
});

struct DigestRow {
  std::string_view algorithm;
  std::string_view name;  // empty: nothing here is named by it
};
// HashAlgorithm of sigstore_common.proto.
constexpr auto kDigestNames = std::to_array<DigestRow>(
    {{"SHA2_256", "sha256"}, {"SHA2_384", ""}, {"SHA2_512", "sha512"}, {"SHA3_256", ""}, {"SHA3_384", ""}});

Result<Bundle::Version> version_of(std::string_view media_type) {
  for (const VersionRow& row : kVersions) {
    if (row.media_type == media_type) return row.version;
  }
  return fail(Code::kUnsupported, fmt::format("\"{}\" is no bundle that is known here", printable(media_type)),
              "versions 0.1, 0.2 and 0.3 are read");
}

// The elements of an array that may be absent, at most `limit`.
Result<std::vector<json::Value>> elements_of(const json::Value& object, std::string_view name, size_t limit) {
  std::vector<json::Value> out;
  if (!set_member(object, name)) return out;
  TRY_ASSIGN(const json::Value array, object.require_array(name));
  if (array.size() > limit) return fail(limit_error(fmt::format("\"{}\" in a bundle", name), limit, ""));
  for (const json::Value& element : array.elements()) out.push_back(element);
  return out;
}

Result<std::string> read_hash(std::string_view name, Result<std::string> bytes) {
  if (bytes && bytes->size() != kHashBytes) {
    return fail(Code::kMalformed, fmt::format("\"{}\" must have {} bytes", name, kHashBytes));
  }
  return bytes;
}

Result<InclusionProof> read_proof(const json::Value& value) {
  InclusionProof proof;
  TRY_ASSIGN(proof.log_index, int64_or_zero(value, "logIndex"));
  TRY_ASSIGN(proof.tree_size, require_int64(value, "treeSize"));
  if (proof.log_index < 0 || proof.tree_size <= proof.log_index) {
    return fail(Code::kMalformed, "an inclusion proof of an index that is not in its tree");
  }
  TRY_ASSIGN(proof.root_hash, read_hash("rootHash", require_bytes(value, "rootHash")));
  TRY_ASSIGN(const auto hashes, elements_of(value, "hashes", kMaxProofHashes));
  for (const json::Value& hash : hashes) {
    TRY_ASSIGN(std::string bytes, read_hash("hashes", decode_base64(hash.string().value_or(""))));
    proof.hashes.push_back(std::move(bytes));
  }
  if (const auto checkpoint = set_member(value, "checkpoint")) {
    TRY_ASSIGN(proof.checkpoint, checkpoint->require_string("envelope"));
  }
  return proof;
}

// In version 0.1 the proof is an extra, and says nothing without a checkpoint; since 0.2 it is what counts.
Status check_entry(LogEntry& entry, Bundle::Version version) {
  if (version != Bundle::Version::kV01) {
    if (entry.inclusion_proof) return {};
    return fail(Code::kMalformed, "an entry lacks its inclusion proof");
  }
  if (entry.inclusion_proof && entry.inclusion_proof->checkpoint.empty()) entry.inclusion_proof.reset();
  if (!entry.signed_entry_timestamp.empty()) return {};
  return fail(Code::kMalformed, "an entry in a bundle of version 0.1 lacks its inclusion promise");
}

Result<LogEntry> read_entry(const json::Value& value, Bundle::Version version) {
  LogEntry entry;
  TRY_ASSIGN(entry.log_index, int64_or_zero(value, "logIndex"));
  TRY_ASSIGN(entry.integrated_time, int64_or_zero(value, "integratedTime"));
  if (entry.log_index < 0) return fail(Code::kMalformed, "\"logIndex\" is negative");
  if (entry.integrated_time < 0) return fail(Code::kMalformed, "\"integratedTime\" is negative");
  TRY_ASSIGN(const json::Value log_id, value.require_object("logId"));
  TRY_ASSIGN(entry.log_id, require_bytes(log_id, "keyId"));
  TRY_ASSIGN(const json::Value kind, value.require_object("kindVersion"));
  TRY_ASSIGN(entry.kind, kind.require_string("kind"));
  TRY_ASSIGN(entry.version, kind.require_string("version"));
  if (const auto promise = set_member(value, "inclusionPromise")) {
    TRY_ASSIGN(entry.signed_entry_timestamp, require_bytes(*promise, "signedEntryTimestamp"));
  }
  if (const auto proof = set_member(value, "inclusionProof")) {
    TRY_CONTEXT(entry.inclusion_proof, read_proof(*proof), "\"inclusionProof\"");
  }
  TRY_ASSIGN(entry.body, require_bytes(value, "canonicalizedBody"));
  TRY(check_entry(entry, version));
  return entry;
}

Status read_key_material(const json::Value& material, Bundle& bundle) {
  const auto certificate = set_member(material, "certificate");
  const auto chain = set_member(material, "x509CertificateChain");
  const auto key = set_member(material, "publicKey");
  if (int{certificate.has_value()} + int{chain.has_value()} + int{key.has_value()} != 1) {
    return fail(Code::kMalformed, "a certificate, a chain of them or a public key must be there, and one of them only");
  }
  if (key) {
    TRY_ASSIGN(bundle.key_hint, string_or_empty(*key, "hint"));
    return {};
  }
  if (certificate) {
    TRY_CONTEXT(std::string der, require_bytes(*certificate, "rawBytes"), "\"certificate\"");
    bundle.certificates.push_back(std::move(der));
    return {};
  }
  if (bundle.version == Bundle::Version::kV03) {
    return fail(Code::kMalformed, "\"x509CertificateChain\" has no place in a bundle of version 0.3");
  }
  TRY_ASSIGN(const auto certificates, elements_of(*chain, "certificates", kMaxBundleCertificates));
  if (certificates.empty()) return fail(Code::kMalformed, "\"x509CertificateChain\" is empty");
  for (const json::Value& value : certificates) {
    TRY_CONTEXT(std::string der, require_bytes(value, "rawBytes"), "\"x509CertificateChain\"");
    bundle.certificates.push_back(std::move(der));
  }
  return {};
}

Status read_material(const json::Value& material, Bundle& bundle) {
  TRY(read_key_material(material, bundle));
  TRY_ASSIGN(const auto entries, elements_of(material, "tlogEntries", kMaxBundleEntries));
  for (const json::Value& value : entries) {
    TRY_CONTEXT(LogEntry entry, read_entry(value, bundle.version), "\"tlogEntries\"");
    bundle.entries.push_back(std::move(entry));
  }
  const auto data = set_member(material, "timestampVerificationData");
  if (!data) return {};
  TRY_ASSIGN(const auto timestamps, elements_of(*data, "rfc3161Timestamps", kMaxBundleTimestamps));
  for (const json::Value& value : timestamps) {
    TRY_CONTEXT(std::string der, require_bytes(value, "signedTimestamp"), "\"rfc3161Timestamps\"");
    bundle.timestamps.push_back(std::move(der));
  }
  return {};
}

// The digest is a hint, but one that is there must be one.
Result<MessageSignature> read_message(const json::Value& value) {
  MessageSignature message;
  TRY_ASSIGN(message.signature, require_bytes(value, "signature"));
  const auto digest = set_member(value, "messageDigest");
  if (!digest) return message;
  TRY_ASSIGN(const std::string_view algorithm, digest->require_string("algorithm"));
  TRY_ASSIGN(const std::string bytes, require_bytes(*digest, "digest"));
  const auto* const row = std::ranges::find(kDigestNames, algorithm, &DigestRow::algorithm);
  if (row == kDigestNames.end()) {
    return fail(Code::kMalformed, fmt::format("\"{}\" is no algorithm of digests", printable(algorithm)));
  }
  if (row->name.empty()) return message;
  TRY_ASSIGN(message.message_digest, Digest::parse(fmt::format("{}:{}", row->name, to_hex(as_bytes(bytes)))));
  return message;
}

Result<Bundle> read(const json::Value& root) {
  Bundle bundle;
  TRY_ASSIGN(const std::string_view media_type, root.require_string("mediaType"));
  TRY_ASSIGN(bundle.version, version_of(media_type));
  TRY_ASSIGN(const json::Value material, root.require_object("verificationMaterial"));
  TRY(read_material(material, bundle));
  const auto message = set_member(root, "messageSignature");
  const auto envelope = set_member(root, "dsseEnvelope");
  if (message.has_value() == envelope.has_value()) {
    return fail(Code::kMalformed, "either \"messageSignature\" or \"dsseEnvelope\" must be there");
  }
  if (message) {
    TRY_CONTEXT(bundle.content, read_message(*message), "\"messageSignature\"");
    return bundle;
  }
  TRY_ASSIGN(DsseEnvelope read, read_envelope(*envelope));
  if (read.signatures.size() != 1) return fail(Code::kMalformed, "a bundle's envelope must have one signature");
  bundle.content = std::move(read);
  return bundle;
}

template <typename WriteContent>
std::string write_bundle(const PublicKey& key, std::string_view content, WriteContent write_content) {
  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.member("mediaType", kBundleMediaType);
  out.key("verificationMaterial");
  out.begin_object();
  out.key("publicKey");
  out.begin_object();
  out.member("hint", key_hint(key));
  out.end_object();
  out.end_object();
  out.key(content);
  write_content(out);
  out.end_object();
  return std::move(out).take();
}

}  // namespace

Result<Bundle> read_bundle(std::string_view text) {
  TRY_CONTEXT(const auto document, json::parse_strict(text, {.max_bytes = kMaxBundleBytes, .max_depth = 16}),
              "Sigstore bundle");
  TRY_CONTEXT(Bundle bundle, read(document.root()), "Sigstore bundle");
  return bundle;
}

std::string key_hint(const PublicKey& key) {
  return base64_encode(Digest::sha256_of(as_bytes(key.der())).raw());
}

std::string write_key_bundle(const DsseEnvelope& envelope, const PublicKey& key) {
  return write_bundle(key, "dsseEnvelope", [&](json::Writer& out) { write_envelope(envelope, out); });
}

std::string write_key_bundle(const MessageSignature& message, const PublicKey& key) {
  return write_bundle(key, "messageSignature", [&](json::Writer& out) {
    out.begin_object();
    if (message.message_digest) {
      out.key("messageDigest");
      out.begin_object();
      out.member("algorithm",
                 message.message_digest->algorithm() == Digest::Algorithm::kSha256 ? "SHA2_256" : "SHA2_512");
      out.member("digest", base64_encode(message.message_digest->raw()));
      out.end_object();
    }
    out.member("signature", base64_encode(as_bytes(message.signature)));
    out.end_object();
  });
}

}  // namespace bulkhead::sigstore

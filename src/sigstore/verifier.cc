#include "sigstore/verifier.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "crypto/certificate_chain.h"
#include "crypto/timestamp_token.h"
#include "sigstore/dsse.h"
#include "sigstore/log_entry.h"
#include "sigstore/schemes.h"
#include "sigstore/sct.h"

namespace bulkhead::sigstore {
namespace {

std::unexpected<Error> refused(std::string why) {
  return fail(Code::kVerificationFailed, std::move(why));
}

Status check_policy(const Policy& policy) {
  if (policy.key.has_value() == !policy.identities.empty()) {
    return fail(Code::kInvalidArgument, "either a key or identities must be asked for");
  }
  if (policy.root == nullptr && (!policy.key || policy.require_log_entry || policy.require_timestamp)) {
    return fail(Code::kInvalidArgument, "a trusted root is needed to verify certificates, log entries and timestamps");
  }
  return {};
}

const std::string& signature_of(const Bundle& bundle) {
  return bundle.envelope() != nullptr ? bundle.envelope()->signatures.front().bytes : bundle.message()->signature;
}

// Who signed, by the bundle.
struct SignedBy {
  PublicKey key;
  std::vector<Certificate> certificates;  // the leaf first; none with the policy's key
};

Result<SignedBy> signer_of(const Bundle& bundle, const Policy& policy) {
  if (policy.key) {
    if (!bundle.key_hint) return refused("the bundle is signed by a certificate, not by a key");
    return SignedBy{.key = *policy.key, .certificates = {}};
  }
  if (bundle.certificates.empty()) return refused("the bundle is signed by a key, not by a certificate");
  std::vector<Certificate> certificates;
  for (const std::string& der : bundle.certificates) {
    TRY_ASSIGN(Certificate certificate, Certificate::from_der(as_bytes(der)));
    if (certificate.is_self_issued() && certificate.verify_signed_by(certificate)) {
      return refused("the bundle brings a root certificate along");
    }
    certificates.push_back(std::move(certificate));
  }
  TRY_ASSIGN(PublicKey key, certificates.front().public_key());
  return SignedBy{.key = std::move(key), .certificates = std::move(certificates)};
}

Status refuse_doubles(const Bundle& bundle) {
  std::set<std::pair<std::string_view, int64_t>> entries;
  for (const LogEntry& entry : bundle.entries) {
    if (!entries.emplace(entry.log_id, entry.log_index).second) return refused("a log entry stands twice");
  }
  const std::set<std::string_view> timestamps(bundle.timestamps.begin(), bundle.timestamps.end());
  if (timestamps.size() != bundle.timestamps.size()) return refused("a timestamp stands twice");
  return {};
}

Result<int64_t> time_by(const Authority& authority, ByteSpan token, ByteSpan signature) {
  TRY_ASSIGN(const Timestamp timestamp,
             verify_timestamp(token, signature,
                              {.roots = std::span(authority.chain).last(1), .certificates = authority.chain}));
  const Certificate& known = authority.chain.front();
  const bool is_authority = known.basic_constraints() && known.basic_constraints()->ca;
  if (!is_authority && timestamp.chain.front() != known) return refused("the timestamp is by another certificate");
  // Where the trusted root names who is between, nobody else is.
  const bool is_by_known = timestamp.chain.size() > 1 && timestamp.chain[1] == known;
  if (is_authority && authority.chain.size() > 1 && !is_by_known) {
    return refused("the timestamp is by another authority");
  }
  if (authority.valid.contains(timestamp.time)) return timestamp.time;
  return refused(fmt::format("the timestamp authority {} is not trusted for the time {}", authority.uri,
                             rfc3339_of(timestamp.time)));
}

Result<int64_t> timestamp_time(ByteSpan response, ByteSpan signature, const TrustedRoot& root) {
  TRY_ASSIGN(const ByteSpan token, timestamp_token_of(response));
  Result<int64_t> time = refused("there is no timestamp authority to trust");
  for (const Authority& authority : root.timestamp_authorities) {
    time = time_by(authority, token, signature);
    if (time) break;
  }
  return time;
}

// Those of trusted authorities. The last error, when there is none although there should be.
Result<std::vector<SigningTime>> timestamp_times(const Bundle& bundle, const Policy& policy) {
  std::vector<SigningTime> times;
  Error why(Code::kVerificationFailed, "the bundle has no timestamp");
  for (const std::string& response : bundle.timestamps) {
    const auto time = timestamp_time(as_bytes(response), as_bytes(signature_of(bundle)), *policy.root);
    if (time) {
      times.push_back({.seconds = *time, .source = SigningTime::Source::kTimestampAuthority});
    } else {
      why = time.error();
    }
  }
  const bool only_source =
      std::ranges::all_of(bundle.entries, [](const LogEntry& entry) { return entry.signed_entry_timestamp.empty(); });
  const bool needed = policy.require_timestamp || (only_source && (!policy.key || policy.require_log_entry));
  if (times.empty() && needed) return std::unexpected(std::move(why));
  return times;
}

// The time that the log states, where it has signed one.
Result<std::optional<int64_t>> verify_entry_in(const LogEntry& entry, const TransparencyLog& log,
                                               const std::vector<SigningTime>& times) {
  if (!entry.inclusion_proof && entry.signed_entry_timestamp.empty()) return refused("nothing proves the log entry");
  if (entry.inclusion_proof) TRY(verify_entry_inclusion(entry, log));
  if (!entry.signed_entry_timestamp.empty()) {
    TRY(verify_entry_timestamp(entry, log));
    return entry.integrated_time;
  }
  // With a timestamp of the log's the index is signed; shards of Rekor v1 count their proofs from zero.
  if (entry.log_index != entry.inclusion_proof->log_index) return refused("the log entry is proved at another index");
  for (const SigningTime& time : times) {
    if (!log.valid.contains(time.seconds)) {
      return refused(fmt::format("the log {} is not trusted for the time {}", log.base_url, rfc3339_of(time.seconds)));
    }
  }
  return std::nullopt;
}

Status verify_entries(const Bundle& bundle, const LoggedContent& content, const Policy& policy,
                      VerifiedSignature& verified) {
  const std::vector<SigningTime> timestamps = verified.times;
  for (const LogEntry& entry : bundle.entries) {
    const auto log = std::ranges::find(policy.root->logs, entry.log_id, &TransparencyLog::id);
    if (log == policy.root->logs.end()) continue;
    TRY(check_entry_body(entry, content));
    TRY_ASSIGN(const std::optional<int64_t> time, verify_entry_in(entry, *log, timestamps));
    if (time) verified.times.push_back({.seconds = *time, .source = SigningTime::Source::kLog});
    verified.log_entries.push_back({.log = log->base_url, .index = entry.log_index});
  }
  if (policy.require_log_entry && verified.log_entries.empty()) {
    return refused("the bundle has no entry of a transparency log that is trusted");
  }
  if (verified.times.empty() && !verified.log_entries.empty()) {
    return refused("nobody vouches for the signature's time");
  }
  return {};
}

Result<std::vector<Certificate>> chain_at(const std::vector<Certificate>& certificates, int64_t time,
                                          const TrustedRoot& root) {
  Result<std::vector<Certificate>> chain =
      refused(fmt::format("no certificate authority is trusted for the time {}", rfc3339_of(time)));
  for (const Authority& authority : root.certificate_authorities) {
    if (!authority.valid.contains(time)) continue;
    std::vector<Certificate> between(authority.chain.begin(), authority.chain.end() - 1);
    // Where the trusted root names who is between, nobody else is: what it no longer names was retired.
    if (between.empty()) between.assign(certificates.begin() + 1, certificates.end());
    chain = verify_chain(certificates.front(), {.roots = std::span(authority.chain).last(1),
                                                .intermediates = between,
                                                .at = time,
                                                .extended_key_usage = oid::kCodeSigning});
    if (chain) break;
  }
  return chain;
}

Status check_leaf(const Certificate& leaf) {
  if (leaf.basic_constraints() && leaf.basic_constraints()->ca) {
    return refused("the signer's certificate is an authority's");
  }
  if (leaf.key_usage() && !leaf.key_usage()->digital_signature) return refused("the certificate is not for signatures");
  return {};
}

Status verify_certificate(const std::vector<Certificate>& certificates, const Policy& policy,
                          VerifiedSignature& verified) {
  const Certificate& leaf = certificates.front();
  if (verified.times.empty()) return refused("nobody vouches for the time at which the certificate signed");
  TRY(check_leaf(leaf));
  for (const SigningTime& time : verified.times) {
    TRY_ASSIGN(const std::vector<Certificate> chain, chain_at(certificates, time.seconds, *policy.root));
    if (!policy.require_certificate_log) continue;
    if (chain.size() < 2) return refused("the certificate was issued by nobody");
    TRY(verify_embedded_timestamps(leaf, chain[1], policy.root->certificate_logs));
  }
  TRY_ASSIGN(verified.identity, identity_of(leaf));
  TRY(check_identity(*verified.identity, policy.identities));
  verified.certificate = leaf;
  return {};
}

Result<Statement> verify_statement(const DsseEnvelope& envelope, const Artifact& artifact, const PublicKey& key) {
  TRY(verify_envelope(envelope, kInTotoPayloadType, key));
  TRY_ASSIGN(Statement statement, read_statement(envelope.payload));
  if (find_subject(statement, artifact.digest) == nullptr) {
    return refused(fmt::format("the signed statement is not about {}", artifact.digest.to_string()));
  }
  return statement;
}

HashAlgorithm hash_of(const Digest& digest) {
  return digest.algorithm() == Digest::Algorithm::kSha256 ? HashAlgorithm::kSha256 : HashAlgorithm::kSha512;
}

Status verify_message(const MessageSignature& message, const Artifact& artifact, const PublicKey& key) {
  if (message.message_digest && message.message_digest->algorithm() == artifact.digest.algorithm() &&
      *message.message_digest != artifact.digest) {
    return refused(fmt::format("the bundle is of {}, not of {}", message.message_digest->to_string(),
                               artifact.digest.to_string()));
  }
  const ByteSpan signature = as_bytes(message.signature);
  if (artifact.bytes) return verify_by_key(key, as_bytes(*artifact.bytes), signature);
  return verify_digest_by_key(key, hash_of(artifact.digest), artifact.digest.raw(), signature);
}

LoggedContent logged_content(const Bundle& bundle, const Artifact& artifact, const SignedBy& signer) {
  LoggedContent content{.signature = signature_of(bundle), .digest = artifact.digest};
  if (signer.certificates.empty()) {
    content.key = signer.key;
  } else {
    content.certificate = signer.certificates.front();
  }
  if (const DsseEnvelope* envelope = bundle.envelope()) {
    content.digest =
        Digest::sha256_of(as_bytes(pre_authentication_encoding(envelope->payload_type, envelope->payload)));
    content.payload = Digest::sha256_of(as_bytes(envelope->payload));
    content.envelope = bundle.envelope_digest;
  }
  return content;
}

}  // namespace

Result<VerifiedSignature> verify(const Bundle& bundle, const Artifact& artifact, const Policy& policy) {
  TRY(check_policy(policy));
  TRY(refuse_doubles(bundle));
  TRY_ASSIGN(const SignedBy signer, signer_of(bundle, policy));
  VerifiedSignature verified{.key = policy.key};
  if (const DsseEnvelope* envelope = bundle.envelope()) {
    TRY_ASSIGN(verified.statement, verify_statement(*envelope, artifact, signer.key));
  } else {
    TRY(verify_message(*bundle.message(), artifact, signer.key));
  }
  if (policy.root != nullptr) {
    TRY_ASSIGN(verified.times, timestamp_times(bundle, policy));
    TRY(verify_entries(bundle, logged_content(bundle, artifact, signer), policy, verified));
    if (!signer.certificates.empty()) TRY(verify_certificate(signer.certificates, policy, verified));
  }
  return verified;
}

}  // namespace bulkhead::sigstore

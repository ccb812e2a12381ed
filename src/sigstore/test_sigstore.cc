#include "sigstore/test_sigstore.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/date.h"
#include "base/json_writer.h"
#include "crypto/der.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/schemes.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kTimestampList = "1.3.6.1.4.1.11129.2.4.2";

template <typename T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  fmt::print(stderr, "test sigstore: {}\n", result.error().to_string());
  std::abort();
}

PrivateKey new_key(KeyType type) {
  return must(PrivateKey::generate(type));
}

std::string sha256(std::string_view bytes) {
  return std::string(as_text(Digest::sha256_of(as_bytes(bytes)).raw()));
}

std::string base64(std::string_view bytes) {
  return base64_encode(as_bytes(bytes));
}

std::string hex(std::string_view bytes) {
  return to_hex(as_bytes(bytes));
}

std::string sign(const PrivateKey& key, std::string_view message) {
  return must(key.sign(schemes_of(key.public_key().type()).front(), as_bytes(message)));
}

std::string big_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return out;
}

// What a log writes down of a bundle.
struct Logged {
  std::string signature;
  std::string digest;    // SHA-256 of what was signed
  std::string payload;   // SHA-256 of an envelope's payload
  std::string envelope;  // SHA-256 of an envelope's text
  std::string pem;       // of the signer
  std::string der;
};

Logged logged_of(const Bundle& bundle, const PublicKey* key) {
  Logged out;
  if (const DsseEnvelope* envelope = bundle.envelope()) {
    out = {.signature = envelope->signatures[0].bytes,
           .digest = sha256(pre_authentication_encoding(envelope->payload_type, envelope->payload)),
           .payload = sha256(envelope->payload),
           .envelope = sha256(write_envelope(*envelope))};
  } else {
    out = {.signature = bundle.message()->signature,
           .digest = std::string(as_text(bundle.message()->message_digest->raw()))};
  }
  out.der = bundle.certificates.empty() ? key->der() : bundle.certificates[0];
  out.pem = bundle.certificates.empty() ? key->pem() : must(Certificate::from_der(as_bytes(out.der))).pem();
  return out;
}

std::string body_of(std::string_view kind, std::string_view version, std::string_view spec) {
  return fmt::format(R"({{"apiVersion":"{}","kind":"{}","spec":{}}})", version, kind, spec);
}

std::string hash_of(std::string_view digest) {
  return fmt::format(R"({{"algorithm":"sha256","value":"{}"}})", hex(digest));
}

std::string hashedrekord_1(const Logged& logged) {
  return fmt::format(R"({{"data":{{"hash":{}}},"signature":{{"content":"{}","publicKey":{{"content":"{}"}}}}}})",
                     hash_of(logged.digest), base64(logged.signature), base64(logged.pem));
}

std::string dsse_1(const Logged& logged) {
  return fmt::format(R"({{"envelopeHash":{},"payloadHash":{},"signatures":[{{"signature":"{}","verifier":"{}"}}]}})",
                     hash_of(logged.envelope), hash_of(logged.payload), base64(logged.signature), base64(logged.pem));
}

std::string intoto_2(const Logged& logged) {
  return fmt::format(
      R"({{"content":{{"envelope":{{"signatures":[{{"publicKey":"{}","sig":"{}"}}]}},"payloadHash":{}}}}})",
      base64(logged.pem), base64(base64(logged.signature)), hash_of(logged.payload));
}

std::string record_2(std::string_view message, const Logged& logged, std::string_view digest) {
  const std::string_view form =
      message == "dsseV002"
          ? R"({{"{}":{{"payloadHash":{{"algorithm":"SHA2_256","digest":"{}"}},"signatures":[{{"content":"{}","verifier":{}}}]}}}})"
          : R"({{"{}":{{"data":{{"algorithm":"SHA2_256","digest":"{}"}},"signature":{{"content":"{}","verifier":{}}}}}}})";
  const bool by_key = logged.pem.find("PUBLIC KEY") != std::string::npos;
  const std::string verifier = fmt::format(R"({{"keyDetails":"PKIX_ECDSA_P256_SHA_256","{}":{{"rawBytes":"{}"}}}})",
                                           by_key ? "publicKey" : "x509Certificate", base64(logged.der));
  return fmt::format(fmt::runtime(form), message, base64(digest), base64(logged.signature), verifier);
}

void write_log(const TransparencyLog& log, std::string_view details, json::Writer& out) {
  out.begin_object();
  out.member("baseUrl", log.base_url);
  out.member("hashAlgorithm", "SHA2_256");
  out.key("publicKey");
  out.begin_object();
  out.member("rawBytes", base64(log.key->key.der()));
  out.member("keyDetails", details);
  out.key("validFor");
  out.begin_object();
  out.member("start", rfc3339_of(kTestEpoch - kTestDay));
  out.end_object();
  out.end_object();
  out.key("logId");
  out.begin_object();
  out.member("keyId", base64(log.id));
  out.end_object();
  out.end_object();
}

void write_authority(std::string_view uri, std::initializer_list<const TestIdentity*> chain, json::Writer& out) {
  out.begin_array();
  out.begin_object();
  out.member("uri", uri);
  out.key("certChain");
  out.begin_object();
  out.key("certificates");
  out.begin_array();
  for (const TestIdentity* identity : chain) {
    out.begin_object();
    out.member("rawBytes", base64(identity->der));
    out.end_object();
  }
  out.end_array();
  out.end_object();
  out.key("validFor");
  out.begin_object();
  out.member("start", rfc3339_of(kTestEpoch - kTestDay));
  out.end_object();
  out.end_object();
  out.end_array();
}

void write_entry(const LogEntry& entry, json::Writer& out) {
  out.begin_object();
  out.member("logIndex", std::to_string(entry.log_index));
  out.key("logId");
  out.begin_object();
  out.member("keyId", base64(entry.log_id));
  out.end_object();
  out.key("kindVersion");
  out.begin_object();
  out.member("kind", entry.kind);
  out.member("version", entry.version);
  out.end_object();
  out.member("integratedTime", std::to_string(entry.integrated_time));
  if (!entry.signed_entry_timestamp.empty()) {
    out.key("inclusionPromise");
    out.begin_object();
    out.member("signedEntryTimestamp", base64(entry.signed_entry_timestamp));
    out.end_object();
  }
  if (entry.inclusion_proof) {
    out.key("inclusionProof");
    out.begin_object();
    out.member("logIndex", std::to_string(entry.inclusion_proof->log_index));
    out.member("treeSize", std::to_string(entry.inclusion_proof->tree_size));
    out.member("rootHash", base64(entry.inclusion_proof->root_hash));
    out.key("hashes");
    out.begin_array();
    for (const std::string& hash : entry.inclusion_proof->hashes) out.string(base64(hash));
    out.end_array();
    out.key("checkpoint");
    out.begin_object();
    out.member("envelope", entry.inclusion_proof->checkpoint);
    out.end_object();
    out.end_object();
  }
  out.member("canonicalizedBody", base64(entry.body));
  out.end_object();
}

}  // namespace

std::string merkle_root(const std::vector<std::string>& entries) {
  if (entries.size() == 1) return sha256(std::string(1, '\0') + entries[0]);
  size_t left = 1;
  while (left * 2 < entries.size()) left *= 2;
  const auto middle = entries.begin() + static_cast<ptrdiff_t>(left);
  return sha256('\1' + merkle_root({entries.begin(), middle}) + merkle_root({middle, entries.end()}));
}

std::vector<std::string> merkle_path(const std::vector<std::string>& entries, size_t index) {
  if (entries.size() == 1) return {};
  size_t left = 1;
  while (left * 2 < entries.size()) left *= 2;
  const auto middle = entries.begin() + static_cast<ptrdiff_t>(left);
  const std::vector<std::string> first(entries.begin(), middle);
  const std::vector<std::string> second(middle, entries.end());
  std::vector<std::string> path = index < left ? merkle_path(first, index) : merkle_path(second, index - left);
  path.push_back(merkle_root(index < left ? second : first));
  return path;
}

TestSigstore::TestSigstore()
    : certificate_log(new_key(KeyType::kEcdsaP256)),
      rekor1{.name = "rekor.example.com", .key = new_key(KeyType::kEcdsaP256)},
      rekor2{.name = "log2.example.com", .is_v2 = true, .key = new_key(KeyType::kEd25519)} {
  rekor1.id = sha256(rekor1.key.public_key().der());
  rekor2.id = sha256(rekor2.name + "\n\1" + rekor2.key.public_key().ed25519());
  root = must(read_trusted_root(trusted_root_text(*this)));
}

std::string TestSigstore::timestamps_extension(const CertificateRecipe& recipe, const TestLeafRecipe& leaf) const {
  const TestIdentity& authority = leaf.authority == nullptr ? fulcio : *leaf.authority;
  const Certificate precertificate = make_certificate(recipe, &authority).certificate();
  const auto milliseconds = static_cast<uint64_t>(leaf.sct_time.value_or(leaf.not_before)) * 1000;
  const std::string extensions = big_endian(leaf.sct_extensions.size(), 2) + leaf.sct_extensions;
  const std::string tbs(as_text(precertificate.tbs()));
  const std::string text = std::string(2, '\0') + big_endian(milliseconds, 8) + big_endian(1, 2) +
                           sha256(authority.certificate().spki()) + big_endian(tbs.size(), 3) + tbs + extensions;
  const std::string signature = sign(leaf.log_key.value_or(certificate_log), text);
  const std::string sct = '\0' + sha256(certificate_log.public_key().der()) + big_endian(milliseconds, 8) + extensions +
                          '\4' + leaf.sct_signature_algorithm + big_endian(signature.size(), 2) + signature;
  const std::string list = big_endian(sct.size() + 2, 2) + big_endian(sct.size(), 2) + sct;
  return "DER:" + hex(der_element(der::kOctetString, list));
}

TestIdentity TestSigstore::issue(const TestLeafRecipe& leaf) const {
  CertificateRecipe recipe{.subject = "",
                           .key = leaf.key,
                           .not_before = leaf.not_before,
                           .not_after = leaf.not_after,
                           .serial = 77,
                           .extensions = {{"keyUsage", "critical,digitalSignature"},
                                          {"extendedKeyUsage", leaf.usage},
                                          {"subjectAltName", "critical," + leaf.name}}};
  if (leaf.first_issuer) recipe.extensions.emplace_back("1.3.6.1.4.1.57264.1.1", "DER:" + hex(*leaf.first_issuer));
  if (!leaf.issuer.empty()) {
    recipe.extensions.emplace_back("1.3.6.1.4.1.57264.1.8", "DER:" + hex(der_element(der::kUtf8String, leaf.issuer)));
  }
  const TestIdentity* authority = leaf.authority == nullptr ? &fulcio : leaf.authority;
  recipe.pkcs8 = make_certificate(recipe).pkcs8;
  if (leaf.seen_by_log) recipe.extensions.emplace_back(kTimestampList, timestamps_extension(recipe, leaf));
  return make_certificate(recipe, authority);
}

Bundle TestSigstore::sign_message(std::string_view message, const TestIdentity& signer, bool by_certificate) {
  Bundle bundle;
  if (by_certificate) bundle.certificates = {signer.der};
  if (!by_certificate) bundle.key_hint = key_hint(signer.private_key().public_key());
  bundle.content = MessageSignature{.message_digest = Digest::sha256_of(as_bytes(message)),
                                    .signature = sign(signer.private_key(), message)};
  return bundle;
}

Bundle TestSigstore::sign_statement(std::string_view about, const TestIdentity& signer, bool by_certificate) {
  const Statement statement{.subjects = {{.digests = {{"sha256", hex(sha256(about))}}}},
                            .predicate_type = std::string(kSignPredicate),
                            .predicate = "{}"};
  Bundle bundle;
  if (by_certificate) bundle.certificates = {signer.der};
  if (!by_certificate) bundle.key_hint = key_hint(signer.private_key().public_key());
  const MemorySigner memory(signer.private_key());
  bundle.content = must(sign_envelope(std::string(kInTotoPayloadType), must(write_statement(statement)), memory));
  return bundle;
}

std::string TestSigstore::checkpoint(const TestLog& log, std::string_view origin, int64_t tree_size,
                                     std::string_view root_hash) {
  const std::string text = fmt::format("{}\n{}\n{}\n", origin, tree_size, base64(root_hash));
  return fmt::format("{}\n\xE2\x80\x94 {} {}\n", text, log.name, base64(log.id.substr(0, 4) + sign(log.key, text)));
}

std::string TestSigstore::entry_timestamp(const LogEntry& entry, const PrivateKey& key) {
  return sign(key, fmt::format(R"({{"body":"{}","integratedTime":{},"logID":"{}","logIndex":{}}})", base64(entry.body),
                               entry.integrated_time, hex(entry.log_id), entry.log_index));
}

LogEntry TestSigstore::entry_of(std::string body, std::string kind, std::string version, const TestLog& log,
                                int64_t time) {
  const std::vector<std::string> entries = {"one", "two", std::move(body), "four", "five"};
  const std::string root_hash = merkle_root(entries);
  LogEntry entry{.log_index = log.is_v2 ? 2 : 1002,
                 .log_id = log.id,
                 .kind = std::move(kind),
                 .version = std::move(version),
                 .body = entries[2]};
  entry.inclusion_proof = {.log_index = 2,
                           .tree_size = 5,
                           .root_hash = root_hash,
                           .hashes = merkle_path(entries, 2),
                           .checkpoint = checkpoint(log, log.is_v2 ? log.name : log.name + " - 1234", 5, root_hash)};
  if (log.is_v2) return entry;
  entry.integrated_time = time;
  entry.signed_entry_timestamp = entry_timestamp(entry, log.key);
  return entry;
}

LogEntry TestSigstore::log_entry(const Bundle& bundle, const TestLog& log, std::string_view kind,
                                 const PublicKey* key) const {
  const Logged logged = logged_of(bundle, key);
  const std::string version = log.is_v2 || kind == "intoto" ? "0.0.2" : "0.0.1";
  std::string spec;
  if (log.is_v2) {
    spec = kind == "dsse" ? record_2("dsseV002", logged, logged.payload)
                          : record_2("hashedRekordV002", logged, logged.digest);
  } else {
    spec = kind == "intoto" ? intoto_2(logged) : kind == "dsse" ? dsse_1(logged) : hashedrekord_1(logged);
  }
  return entry_of(body_of(kind, version, spec), std::string(kind), version, log, kTestEpoch + 1);
}

std::string TestSigstore::timestamp(const Bundle& bundle, int64_t time) const {
  const std::string& signature =
      bundle.envelope() != nullptr ? bundle.envelope()->signatures[0].bytes : bundle.message()->signature;
  return make_timestamp_response(make_timestamp_token(signature, tsa, {.time = time}));
}

Bundle TestSigstore::honest_v1(bool statement) const {
  const TestIdentity leaf = issue();
  Bundle bundle = statement ? sign_statement("artifact", leaf) : sign_message("artifact", leaf);
  bundle.entries = {log_entry(bundle, rekor1, statement ? "dsse" : "hashedrekord")};
  return bundle;
}

Bundle TestSigstore::honest_v2(bool statement) const {
  const TestIdentity leaf = issue();
  Bundle bundle = statement ? sign_statement("artifact", leaf) : sign_message("artifact", leaf);
  bundle.entries = {log_entry(bundle, rekor2, "hashedrekord")};
  bundle.timestamps = {timestamp(bundle)};
  return bundle;
}

Policy TestSigstore::policy() const {
  return {.identities = {{.name = TextPattern::exactly(std::string(kTestName)),
                          .issuer = TextPattern::exactly(std::string(kTestIssuer))}},
          .root = &root};
}

std::string write_bundle(const Bundle& bundle) {
  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.member("mediaType", kBundleMediaType);
  out.key("verificationMaterial");
  out.begin_object();
  out.key(bundle.key_hint ? "publicKey" : "certificate");
  out.begin_object();
  if (bundle.key_hint) {
    out.member("hint", *bundle.key_hint);
  } else {
    out.member("rawBytes", base64(bundle.certificates[0]));
  }
  out.end_object();
  out.key("tlogEntries");
  out.begin_array();
  for (const LogEntry& entry : bundle.entries) write_entry(entry, out);
  out.end_array();
  out.key("timestampVerificationData");
  out.begin_object();
  out.key("rfc3161Timestamps");
  out.begin_array();
  for (const std::string& timestamp : bundle.timestamps) {
    out.begin_object();
    out.member("signedTimestamp", base64(timestamp));
    out.end_object();
  }
  out.end_array();
  out.end_object();
  out.end_object();
  if (const DsseEnvelope* envelope = bundle.envelope()) {
    out.key("dsseEnvelope");
    write_envelope(*envelope, out);
  } else {
    out.key("messageSignature");
    out.begin_object();
    out.key("messageDigest");
    out.begin_object();
    out.member("algorithm", "SHA2_256");
    out.member("digest", base64_encode(bundle.message()->message_digest->raw()));
    out.end_object();
    out.member("signature", base64(bundle.message()->signature));
    out.end_object();
  }
  out.end_object();
  return std::move(out).take();
}

std::string trusted_root_text(const TestSigstore& sigstore) {
  const auto log_of = [](const std::string& name, const PrivateKey& key, const std::string& id) {
    const PublicKey& half = key.public_key();
    return TransparencyLog{.base_url = "https://" + name,
                           .id = id,
                           .key = TransparencyLog::Key{.key = half, .scheme = default_scheme(half.type())}};
  };
  constexpr std::string_view kP256 = "PKIX_ECDSA_P256_SHA_256";
  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.member("mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1");
  out.key("tlogs");
  out.begin_array();
  write_log(log_of(sigstore.rekor1.name, sigstore.rekor1.key, sigstore.rekor1.id), kP256, out);
  write_log(log_of(sigstore.rekor2.name, sigstore.rekor2.key, sigstore.rekor2.id), "PKIX_ED25519", out);
  out.end_array();
  out.key("ctlogs");
  out.begin_array();
  const std::string& spki = sigstore.certificate_log.public_key().der();
  write_log(log_of("ct.example.com", sigstore.certificate_log, sha256(spki)), kP256, out);
  out.end_array();
  out.key("certificateAuthorities");
  write_authority("https://fulcio.example.com", {&sigstore.fulcio, &sigstore.fulcio_root}, out);
  out.key("timestampAuthorities");
  write_authority("https://tsa.example.com", {&sigstore.tsa, &sigstore.tsa_root}, out);
  out.end_object();
  return std::move(out).take();
}

}  // namespace bulkhead::sigstore

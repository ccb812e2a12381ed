#include "sigstore/trusted_root.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "base/strict_json.h"
#include "base/text.h"
#include "sigstore/protobuf_json.h"

namespace bulkhead::sigstore {
namespace {

constexpr size_t kMaxEach = 256;  // logs, authorities
constexpr size_t kMaxChain = 16;
constexpr auto kMediaTypes = std::to_array<std::string_view>({
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
});

struct DetailsRow {
  std::string_view name;
  SignatureScheme scheme;
};
using enum SignatureScheme::Kind;
// PublicKeyDetails of sigstore_common.proto; those that are deprecated or not used here are left out.
constexpr auto kDetails = std::to_array<DetailsRow>({
    {"PKIX_ECDSA_P256_SHA_256", {kEcdsa, HashAlgorithm::kSha256}},
    {"PKIX_ECDSA_P384_SHA_384", {kEcdsa, HashAlgorithm::kSha384}},
    {"PKIX_ECDSA_P521_SHA_512", {kEcdsa, HashAlgorithm::kSha512}},
    {"PKIX_ED25519", {kEd25519}},
    {"PKIX_RSA_PKCS1V15_2048_SHA256", {kRsaPkcs1, HashAlgorithm::kSha256}},
    {"PKIX_RSA_PKCS1V15_3072_SHA256", {kRsaPkcs1, HashAlgorithm::kSha256}},
    {"PKIX_RSA_PKCS1V15_4096_SHA256", {kRsaPkcs1, HashAlgorithm::kSha256}},
    {"PKIX_RSA_PSS_2048_SHA256", {kRsaPss, HashAlgorithm::kSha256}},
    {"PKIX_RSA_PSS_3072_SHA256", {kRsaPss, HashAlgorithm::kSha256}},
    {"PKIX_RSA_PSS_4096_SHA256", {kRsaPss, HashAlgorithm::kSha256}},
});

Result<int64_t> read_time(const json::Value& window, std::string_view name) {
  TRY_ASSIGN(const std::string_view text, window.require_string(name));
  const auto time = parse_rfc3339(text);
  if (!time) return fail(Code::kMalformed, fmt::format("\"{}\" is no time", name));
  return *time;
}

Result<TimeWindow> read_window(const json::Value& owner) {
  TRY_ASSIGN(const json::Value value, owner.require_object("validFor"));
  TimeWindow window;
  TRY_CONTEXT(window.start, read_time(value, "start"), "\"validFor\"");
  if (set_member(value, "end")) {
    TRY_CONTEXT(window.end, read_time(value, "end"), "\"validFor\"");
  }
  return window;
}

std::optional<TransparencyLog::Key> usable_key(std::string_view details, std::string_view der) {
  const auto row = std::ranges::find(kDetails, details, &DetailsRow::name);
  auto key = PublicKey::from_der(as_bytes(der));
  if (row == kDetails.end() || !key) return std::nullopt;
  const bool edwards = row->scheme.kind == kEd25519;
  if (edwards != (key->type() == KeyType::kEd25519)) return std::nullopt;
  return TransparencyLog::Key{.key = *std::move(key), .scheme = row->scheme};
}

Result<TransparencyLog> read_log(const json::Value& value) {
  TransparencyLog log;
  TRY_ASSIGN(log.base_url, string_or_empty(value, "baseUrl"));
  TRY_ASSIGN(const json::Value key, value.require_object("publicKey"));
  TRY_ASSIGN(const std::string der, require_bytes(key, "rawBytes"));
  TRY_ASSIGN(const std::string details, string_or_empty(key, "keyDetails"));
  TRY_ASSIGN(log.valid, read_window(key));
  log.key = usable_key(details, der);
  TRY_ASSIGN(const json::Value id, value.require_object("logId"));
  TRY_ASSIGN(log.id, require_bytes(id, "keyId"));
  log.checkpoint_id = log.id;
  if (const auto checkpoint_id = set_member(value, "checkpointKeyId")) {
    TRY_ASSIGN(log.checkpoint_id, require_bytes(*checkpoint_id, "keyId"));
  }
  return log;
}

Result<Authority> read_authority(const json::Value& value) {
  Authority authority;
  TRY_ASSIGN(authority.uri, string_or_empty(value, "uri"));
  TRY_ASSIGN(authority.valid, read_window(value));
  TRY_ASSIGN(const json::Value chain, value.require_object("certChain"));
  TRY_ASSIGN(const json::Value certificates, chain.require_array("certificates"));
  if (certificates.size() == 0) return fail(Code::kMalformed, "\"certChain\" is empty");
  if (certificates.size() > kMaxChain) return fail(limit_error("certificates in a chain", kMaxChain, ""));
  for (const json::Value& element : certificates.elements()) {
    TRY_ASSIGN(const std::string der, require_bytes(element, "rawBytes"));
    TRY_ASSIGN(Certificate certificate, Certificate::from_der(as_bytes(der)));
    authority.chain.push_back(std::move(certificate));
  }
  return authority;
}

template <typename T>
Result<std::vector<T>> read_all(const json::Value& root, std::string_view name, Result<T> (*read)(const json::Value&)) {
  std::vector<T> out;
  if (!set_member(root, name)) return out;
  TRY_ASSIGN(const json::Value array, root.require_array(name));
  if (array.size() > kMaxEach) return fail(limit_error(fmt::format("\"{}\"", name), kMaxEach, ""));
  for (const json::Value& element : array.elements()) {
    TRY_CONTEXT(T value, read(element), fmt::format("\"{}\"", name));
    out.push_back(std::move(value));
  }
  return out;
}

Result<TrustedRoot> read(const json::Value& root) {
  TRY_ASSIGN(const std::string_view media_type, root.require_string("mediaType"));
  if (std::ranges::find(kMediaTypes, media_type) == kMediaTypes.end()) {
    return fail(Code::kUnsupported, fmt::format("\"{}\" is none that is known here", printable(media_type)));
  }
  TrustedRoot out;
  TRY_ASSIGN(out.logs, read_all(root, "tlogs", read_log));
  TRY_ASSIGN(out.certificate_logs, read_all(root, "ctlogs", read_log));
  TRY_ASSIGN(out.certificate_authorities, read_all(root, "certificateAuthorities", read_authority));
  TRY_ASSIGN(out.timestamp_authorities, read_all(root, "timestampAuthorities", read_authority));
  return out;
}

}  // namespace

Result<TrustedRoot> read_trusted_root(std::string_view text) {
  TRY_CONTEXT(const auto document, json::parse_strict(text, {.max_bytes = kMaxTrustedRootBytes, .max_depth = 16}),
              "trusted root");
  TRY_CONTEXT(TrustedRoot root, read(document.root()), "trusted root");
  return root;
}

}  // namespace bulkhead::sigstore

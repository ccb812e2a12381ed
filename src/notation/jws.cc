// The envelope as flattened JWS in JSON. Source: RFC 7515; notaryproject/specifications, signature-envelope-jws.md.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/date.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "notation/base64url.h"
#include "notation/envelope_parts.h"
#include "notation/json_document.h"

namespace bulkhead::notation {
namespace {

constexpr auto kMembers = std::to_array<std::string_view>({"payload", "protected", "header", "signature"});
constexpr std::string_view kCertificatesHeader = "x5c";

Result<std::string> decoded(const json::Value& owner, std::string_view name) {
  TRY_ASSIGN(const std::string_view text, owner.require_string(name));
  TRY_CONTEXT(std::string bytes, base64url_decode(text), std::string(name));
  return bytes;
}

Result<std::optional<int64_t>> time_of(const json::Value& headers, std::string_view name) {
  const auto value = headers.find(name);
  if (!value) return std::nullopt;
  const auto seconds = value->is_string() ? parse_rfc3339(*value->string()) : std::nullopt;
  if (!seconds) return fail(Code::kMalformed, fmt::format("\"{}\" is no time", name));
  return seconds;
}

Result<std::vector<std::string>> critical_in(const json::Value& headers) {
  TRY_ASSIGN(const json::Value list, headers.require_array("crit"));
  std::vector<std::string> names;
  for (const json::Value element : list.elements()) {
    if (!element.is_string()) return fail(Code::kMalformed, "\"crit\" holds what is no name");
    names.emplace_back(*element.string());
  }
  return names;
}

bool is_defined(std::string_view name) {
  constexpr auto kDefined = std::to_array<std::string_view>(
      {"alg", "cty", "crit", kSigningSchemeHeader, kSigningTimeHeader, kAuthenticSigningTimeHeader, kExpiryHeader});
  return std::ranges::find(kDefined, name) != kDefined.end();
}

Status read_protected(const json::Value& headers, Envelope& envelope) {
  TRY_ASSIGN(const std::string_view algorithm, headers.require_string("alg"));
  envelope.algorithm = algorithm_named(algorithm);
  if (envelope.algorithm == nullptr) {
    return fail(Code::kUnsupported, fmt::format("the algorithm \"{}\"", printable(algorithm)));
  }
  Attributes attributes;
  TRY_ASSIGN(attributes.content_type, headers.require_string("cty"));
  TRY_ASSIGN(attributes.scheme, headers.require_string(kSigningSchemeHeader));
  TRY_ASSIGN(attributes.signing_time, time_of(headers, kSigningTimeHeader));
  TRY_ASSIGN(attributes.authentic_signing_time, time_of(headers, kAuthenticSigningTimeHeader));
  TRY_ASSIGN(attributes.expiry, time_of(headers, kExpiryHeader));
  TRY_ASSIGN(attributes.critical, critical_in(headers));
  for (const auto& [name, value] : headers.members()) {
    if (!is_defined(name)) {
      attributes.extended.push_back({.name = std::string(name), .value = std::string(value.string().value_or(""))});
    }
  }
  return adopt(std::move(attributes), envelope);
}

Status read_unprotected(const json::Value& headers, Envelope& envelope) {
  TRY_ASSIGN(const json::Value certificates, headers.require_array(kCertificatesHeader));
  for (const json::Value element : certificates.elements()) {
    if (!element.is_string()) return fail(Code::kMalformed, "\"x5c\" holds what is no string");
    TRY_CONTEXT(const std::string der, base64_decode(*element.string()), "x5c");
    TRY(add_certificate(as_bytes(der), envelope));
  }
  if (envelope.certificates.empty()) return fail(Code::kMalformed, "\"x5c\" is empty");
  TRY_CONTEXT(envelope.timestamp_token, base64_decode(headers.string_or(kTimestampHeader, "")),
              std::string(kTimestampHeader));
  envelope.agent = headers.string_or(kAgentHeader, "");
  return {};
}

}  // namespace

Result<Envelope> parse_jws(ByteSpan bytes) {
  TRY_ASSIGN(const json::Document document, parse_unambiguous(as_text(bytes), "the envelope", kMaxEnvelopeBytes));
  const json::Value root = document.root();
  for (const auto& [name, value] : root.members()) {
    if (std::ranges::find(kMembers, name) == kMembers.end()) {
      return fail(Code::kMalformed, fmt::format("\"{}\" is no member of a flattened JWS", printable(name)));
    }
  }
  Envelope envelope{.format = Format::kJws};
  TRY_ASSIGN(const std::string headers, decoded(root, "protected"));
  TRY_ASSIGN(const json::Document protected_document,
             parse_unambiguous(headers, "the protected header", kMaxEnvelopeBytes));
  TRY_ASSIGN(envelope.payload, decoded(root, "payload"));
  TRY_ASSIGN(envelope.signature, decoded(root, "signature"));
  TRY_ASSIGN(const json::Value unprotected, root.require_object("header"));
  for (const auto& [name, value] : unprotected.members()) {
    if (is_defined(name) || protected_document.root().find(name)) {
      return fail(Code::kMalformed, fmt::format("\"{}\" stands where it is not signed", printable(name)));
    }
  }
  TRY(read_protected(protected_document.root(), envelope));
  TRY(read_unprotected(unprotected, envelope));
  envelope.signed_bytes = fmt::format("{}.{}", *root.require_string("protected"), *root.require_string("payload"));
  return envelope;
}

Result<std::string> sign_jws(const Signer& signer, const SignRequest& request, const Algorithm& algorithm,
                             std::string_view payload) {
  std::map<std::string, std::string, std::less<>> members = {
      {"alg", std::string(algorithm.jws)},
      {"cty", std::string(kPayloadMediaType)},
      {std::string(kSigningSchemeHeader), std::string(name_of(request.scheme))},
      {std::string(time_header_of(request.scheme)), rfc3339_of(request.signing_time)},
  };
  if (request.expiry) members.emplace(kExpiryHeader, rfc3339_of(*request.expiry));
  for (const ExtendedAttribute& extended : request.extended) {
    if (extended.name == "crit" || !members.emplace(extended.name, extended.value).second) {
      return fail(Code::kInvalidArgument, fmt::format("the attribute \"{}\" is there already", extended.name));
    }
  }
  members.emplace("crit", "");
  json::Writer headers(json::Layout::kCompact);
  headers.begin_object();
  for (const auto& [name, value] : members) {
    if (name != "crit") {
      headers.member(name, value);
      continue;
    }
    headers.key(name);
    headers.begin_array();
    for (const std::string& critical : critical_of(request)) headers.string(critical);
    headers.end_array();
  }
  headers.end_object();
  const std::string protected_part = base64url_encode(as_bytes(std::move(headers).take()));
  const std::string payload_part = base64url_encode(as_bytes(payload));
  TRY_ASSIGN(const Signed made,
             sign_bytes(signer, request, algorithm, fmt::format("{}.{}", protected_part, payload_part)));

  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.member("payload", payload_part);
  out.member("protected", protected_part);
  out.key("header");
  out.begin_object();
  if (!made.timestamp_token.empty()) out.member(kTimestampHeader, base64_encode(as_bytes(made.timestamp_token)));
  out.key(kCertificatesHeader);
  out.begin_array();
  for (const Certificate& certificate : request.certificates) out.string(base64_encode(as_bytes(certificate.der())));
  out.end_array();
  out.member_if(kAgentHeader, request.agent);
  out.end_object();
  out.member("signature", base64url_encode(as_bytes(made.signature)));
  out.end_object();
  return std::move(out).take();
}

}  // namespace bulkhead::notation

#include "notation/envelope.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "notation/envelope_parts.h"

namespace bulkhead::notation {
namespace {

std::unexpected<Error> malformed(std::string message) {
  return fail(Code::kMalformed, std::move(message));
}

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<SigningScheme> scheme_named(std::string_view name) {
  for (const SigningScheme scheme : {SigningScheme::kX509, SigningScheme::kX509SigningAuthority}) {
    if (name == name_of(scheme)) return scheme;
  }
  return fail(Code::kUnsupported, fmt::format("the signing scheme \"{}\"", printable(name)));
}

// Each name stands for an attribute that is there, and once; all that must be critical are.
Status check_critical(const Attributes& attributes, SigningScheme scheme) {
  std::set<std::string_view> known = {kSigningSchemeHeader, time_header_of(scheme)};
  if (attributes.expiry) known.insert(kExpiryHeader);
  for (const ExtendedAttribute& extended : attributes.extended) known.insert(extended.name);
  std::set<std::string_view> seen;
  for (const std::string& name : attributes.critical) {
    if (!known.contains(name)) return malformed(fmt::format("\"{}\" is critical, yet not there", printable(name)));
    if (!seen.insert(name).second) return malformed(fmt::format("\"{}\" is critical twice", printable(name)));
  }
  std::vector<std::string_view> required = {kSigningSchemeHeader};
  if (scheme == SigningScheme::kX509SigningAuthority) required.push_back(kAuthenticSigningTimeHeader);
  if (attributes.expiry) required.push_back(kExpiryHeader);
  for (const std::string_view name : required) {
    if (!seen.contains(name)) return malformed(fmt::format("\"{}\" is not marked critical", name));
  }
  return {};
}

}  // namespace

std::string_view media_type_of(Format format) {
  return format == Format::kJws ? kJwsMediaType : kCoseMediaType;
}

Result<Format> format_of(std::string_view media_type) {
  for (const Format format : {Format::kJws, Format::kCose}) {
    if (media_type == media_type_of(format)) return format;
  }
  return fail(Code::kUnsupported, fmt::format("\"{}\" is no media type of a signature", printable(media_type)));
}

std::string_view name_of(SigningScheme scheme) {
  return scheme == SigningScheme::kX509 ? "notary.x509" : "notary.x509.signingAuthority";
}

std::string_view time_header_of(SigningScheme scheme) {
  return scheme == SigningScheme::kX509 ? kSigningTimeHeader : kAuthenticSigningTimeHeader;
}

Status adopt(Attributes attributes, Envelope& envelope) {
  if (attributes.content_type != kPayloadMediaType) {
    return fail(Code::kUnsupported, fmt::format("a payload of type \"{}\"", printable(attributes.content_type)));
  }
  TRY_ASSIGN(envelope.scheme, scheme_named(attributes.scheme));
  const bool by_authority = envelope.scheme == SigningScheme::kX509SigningAuthority;
  const auto& own = by_authority ? attributes.authentic_signing_time : attributes.signing_time;
  const auto& other = by_authority ? attributes.signing_time : attributes.authentic_signing_time;
  if (!own) return malformed(fmt::format("\"{}\" is missing", time_header_of(envelope.scheme)));
  if (other) return malformed(fmt::format("a signing time of another scheme than \"{}\"", attributes.scheme));
  TRY(check_critical(attributes, envelope.scheme));
  envelope.signing_time = *own;
  envelope.expiry = attributes.expiry;
  if (envelope.expiry && *envelope.expiry <= envelope.signing_time) return malformed("it expires before it is signed");
  for (ExtendedAttribute& extended : attributes.extended) {
    extended.critical = holds(attributes.critical, extended.name);
  }
  envelope.extended = std::move(attributes.extended);
  return {};
}

Status add_certificate(ByteSpan der, Envelope& envelope) {
  if (envelope.certificates.size() == kMaxCertificates) {
    return fail(limit_error("certificates of a signature", kMaxCertificates, ""));
  }
  TRY_ASSIGN(Certificate certificate, Certificate::from_der(der));
  envelope.certificates.push_back(std::move(certificate));
  return {};
}

Result<Envelope> parse_envelope(Format format, ByteSpan bytes) {
  if (bytes.size() > kMaxEnvelopeBytes) return fail(limit_error("bytes of a signature", kMaxEnvelopeBytes, ""));
  auto envelope = format == Format::kJws ? parse_jws(bytes) : parse_cose(bytes);
  if (!envelope) {
    return fail(std::move(envelope).error().with_context(
        fmt::format("the signature ({})", format == Format::kJws ? "JWS" : "COSE")));
  }
  return envelope;
}

Status verify_signature(const Envelope& envelope) {
  TRY_ASSIGN(const PublicKey key, envelope.certificates.front().public_key());
  TRY_ASSIGN(const Algorithm* algorithm, algorithm_for(key));
  if (algorithm != envelope.algorithm) {
    return fail(Code::kVerificationFailed, fmt::format("the signature says {}, but the certificate's key makes {}",
                                                       envelope.algorithm->jws, algorithm->jws));
  }
  return key.verify(algorithm->scheme, as_bytes(envelope.signed_bytes), as_bytes(envelope.signature));
}

}  // namespace bulkhead::notation

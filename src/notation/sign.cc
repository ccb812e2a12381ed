#include "notation/sign.h"

#include <fmt/format.h>

#include "base/date.h"
#include "notation/certificates.h"
#include "notation/envelope_parts.h"

namespace bulkhead::notation {
namespace {

Status check_request(const Signer& signer, const SignRequest& request) {
  if (rfc3339_of(request.signing_time).empty() || request.signing_time < 0) {
    return fail(Code::kInvalidArgument, "the signing time is none");
  }
  if (request.expiry && (*request.expiry <= request.signing_time || rfc3339_of(*request.expiry).empty())) {
    return fail(Code::kInvalidArgument, "the signature would expire before it is made",
                "choose an expiry in the future, or none");
  }
  if (request.timestamp && request.scheme != SigningScheme::kX509) {
    return fail(Code::kInvalidArgument, "an authority's signature has no time-stamp: its time is authentic");
  }
  if (request.certificates.size() > kMaxCertificates) {
    return fail(limit_error("certificates of a signature", kMaxCertificates, ""));
  }
  TRY(check_signing_certificates(request.certificates, request.signing_time));
  TRY_ASSIGN(const PublicKey key, request.certificates.front().public_key());
  if (!(key == signer.public_key())) {
    return fail(
        Code::kInvalidArgument,
        fmt::format("the certificate \"{}\" is not of the key that signs", request.certificates.front().subject()),
        "give the certificate of the key first, then those of its issuers");
  }
  return {};
}

}  // namespace

std::vector<std::string> critical_of(const SignRequest& request) {
  std::vector<std::string> names = {std::string(kSigningSchemeHeader)};
  const auto add_extended = [&] {
    for (const ExtendedAttribute& extended : request.extended) {
      if (extended.critical) names.push_back(extended.name);
    }
  };
  if (request.format == Format::kJws) add_extended();
  if (request.scheme == SigningScheme::kX509SigningAuthority) names.emplace_back(kAuthenticSigningTimeHeader);
  if (request.expiry) names.emplace_back(kExpiryHeader);
  if (request.format == Format::kCose) add_extended();
  return names;
}

Result<Signed> sign_bytes(const Signer& signer, const SignRequest& request, const Algorithm& algorithm,
                          std::string_view bytes) {
  Signed made;
  TRY_ASSIGN(made.signature, signer.sign(algorithm.scheme, as_bytes(bytes)));
  if (request.timestamp) {
    TRY_CONTEXT(made.timestamp_token, request.timestamp(as_bytes(made.signature), algorithm.scheme.hash),
                "a time-stamp for the signature");
  }
  return made;
}

Result<std::string> sign(const Signer& signer, const SignRequest& request) {
  TRY(check_request(signer, request));
  TRY_ASSIGN(const Algorithm* algorithm, algorithm_for(signer.public_key()));
  TRY_ASSIGN(const std::string payload, write_payload(request.artifact));
  return request.format == Format::kJws ? sign_jws(signer, request, *algorithm, payload)
                                        : sign_cose(signer, request, *algorithm, payload);
}

}  // namespace bulkhead::notation

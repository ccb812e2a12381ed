// Answers of OCSP responders. Source: RFC 6960.
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/date.h"
#include "crypto/revocation.h"
#include "crypto/signed_der.h"

namespace bulkhead {
namespace {

constexpr std::string_view kBasicOid = "1.3.6.1.5.5.7.48.1.1";
constexpr std::string_view kNoCheckOid = "1.3.6.1.5.5.7.48.1.5";
constexpr std::string_view kInvalidityOid = "2.5.29.24";
constexpr std::string_view kAccessOid = "1.3.6.1.5.5.7.1.1";
constexpr std::string_view kAccessOcspOid = "1.3.6.1.5.5.7.48.1";
constexpr std::string_view kSha1Oid = "1.3.14.3.2.26";
constexpr std::string_view kSha256Oid = "2.16.840.1.101.3.4.2.1";
constexpr size_t kMaxDelegates = 8;

std::unexpected<Error> malformed(std::string what) {
  return fail(Code::kMalformed, "OCSP: " + std::move(what));
}

// Certificates are told apart by the SHA-1 of their issuer's name and key: nobody gains by a collision that he would
// have to be issued. Responders that know another hash are few.
std::string hash_of(const EVP_MD* algorithm, ByteSpan bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  ::EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, algorithm, nullptr);
  return {reinterpret_cast<const char*>(digest.data()), length};
}

// CertID, whether it is of that certificate.
Result<bool> is_about(ByteSpan id, const RevocationQuestion& question) {
  DerFields fields(id);
  TRY_ASSIGN(const DerElement algorithm, fields.required(der::kSequence));
  TRY_ASSIGN(const DerElement name_hash, fields.required(der::kOctetString));
  TRY_ASSIGN(const DerElement key_hash, fields.required(der::kOctetString));
  TRY_ASSIGN(const DerElement serial, fields.required(der::kInteger));
  DerReader reader(algorithm.content);
  TRY_ASSIGN(const ByteSpan oid, reader.next(der::kObjectIdentifier));
  const std::string name = dotted_oid(oid);
  const EVP_MD* hash = name == kSha1Oid ? ::EVP_sha1() : name == kSha256Oid ? ::EVP_sha256() : nullptr;
  if (hash == nullptr) return false;
  TRY_ASSIGN(const CertificateParts certificate, parts_of(question.certificate));
  TRY_ASSIGN(const CertificateParts issuer, parts_of(question.issuer));
  return as_text(serial.content) == as_text(certificate.serial) &&
         as_text(name_hash.content) == hash_of(hash, certificate.issuer) &&
         as_text(key_hash.content) == hash_of(hash, issuer.key);
}

Result<ByteSpan> basic_response(ByteSpan response) {
  if (response.size() > kMaxOcspBytes) return fail(limit_error("bytes of an OCSP response", kMaxOcspBytes, ""));
  TRY_ASSIGN(const ByteSpan content, der_content(response, der::kSequence));
  DerFields fields(content);
  TRY_ASSIGN(const DerElement status, fields.required(der::kEnumerated));
  if (status.content.size() != 1 || std::to_integer<uint8_t>(status.content[0]) != 0) {
    return fail(Code::kUnavailable, "the OCSP responder refused to answer");
  }
  TRY_ASSIGN(const DerElement bytes, fields.required(der::context(0)));
  TRY_ASSIGN(const ByteSpan typed, der_content(bytes.content, der::kSequence));
  DerFields parts(typed);
  TRY_ASSIGN(const DerElement type, parts.required(der::kObjectIdentifier));
  if (dotted_oid(type.content) != kBasicOid) return fail(Code::kUnsupported, "an OCSP response of another type");
  TRY_ASSIGN(const DerElement basic, parts.required(der::kOctetString));
  return der_content(basic.content, der::kSequence);
}

struct ResponseData {
  ByteSpan responses;
  std::vector<DerExtension> extensions;
};

Result<ResponseData> response_data(ByteSpan content) {
  ResponseData data;
  DerFields fields(content);
  TRY(fields.optional(der::context(0)));  // the version
  TRY_ASSIGN(const DerElement responder, fields.any());
  if (responder.tag != der::context(1) && responder.tag != der::context(2)) return malformed("it names no responder");
  TRY(fields.required(der::kGeneralizedTime));  // when it was produced
  TRY_ASSIGN(const DerElement responses, fields.required(der::kSequence));
  data.responses = responses.content;
  TRY_ASSIGN(const auto extensions, fields.optional(der::context(1)));
  if (extensions) {
    TRY_ASSIGN(const ByteSpan held, der_content(extensions->content, der::kSequence));
    TRY_ASSIGN(data.extensions, der_extensions(held));
  }
  return data;
}

Result<std::vector<Certificate>> certificates_in(DerReader rest) {
  std::vector<Certificate> certificates;
  if (rest.at_end()) return certificates;
  TRY_ASSIGN(const ByteSpan tagged, rest.next(der::context(0)));
  TRY_ASSIGN(const ByteSpan list, der_content(tagged, der::kSequence));
  DerReader reader(list);
  while (!reader.at_end() && certificates.size() < kMaxDelegates) {
    TRY_ASSIGN(const DerElement element, reader.next());
    TRY_ASSIGN(Certificate certificate, Certificate::from_der(element.whole));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

bool may_answer(const Certificate& delegate, const RevocationQuestion& question) {
  return delegate.has_extended_key_usage(oid::kOcspSigning) && delegate.is_valid_at(question.at) &&
         (!delegate.key_usage() || delegate.key_usage()->digital_signature) &&
         delegate.verify_signed_by(question.issuer).has_value();
}

// Who signed: the issuer (nothing), or one to whom it gave that right.
Result<std::optional<Certificate>> signer_of(const SignedDer& document, const RevocationQuestion& question) {
  auto verified = document.verify(question.issuer);
  if (verified) return std::nullopt;
  TRY_ASSIGN(const std::vector<Certificate> certificates, certificates_in(document.rest));
  for (const Certificate& certificate : certificates) {
    if (may_answer(certificate, question) && document.verify(certificate)) return certificate;
  }
  if (verified.error().code() == Code::kUnsupported) {
    return fail(std::move(verified).error().with_context("the OCSP response"));
  }
  return fail(Code::kVerificationFailed, "the OCSP response is signed by nobody who may");
}

Status check_critical(const std::vector<DerExtension>& extensions) {
  for (const DerExtension& extension : extensions) {
    if (extension.critical && extension.oid != kInvalidityOid) {
      return fail(Code::kUnsupported, fmt::format("the OCSP response has the critical extension {}", extension.oid));
    }
  }
  return {};
}

Result<std::optional<int64_t>> invalid_since(const std::vector<DerExtension>& extensions) {
  for (const DerExtension& extension : extensions) {
    if (extension.oid != kInvalidityOid) continue;
    DerReader reader(extension.value);
    TRY_ASSIGN(const DerElement time, reader.next());
    TRY_ASSIGN(const int64_t seconds, der_time(time));
    return seconds;
  }
  return std::nullopt;
}

RevocationStatus unknown(std::string why) {
  return {.status = Revocation::kUnknown, .why = "the OCSP responder's answer " + std::move(why)};
}

// What follows the CertID of a SingleResponse.
Result<RevocationStatus> read_single(DerFields& fields, const RevocationQuestion& question) {
  TRY_ASSIGN(const DerElement status, fields.any());
  TRY_ASSIGN(const DerElement this_update, fields.required(der::kGeneralizedTime));
  TRY_ASSIGN(const int64_t from, der_time(this_update));
  TRY_ASSIGN(const auto next_update, fields.optional(der::context(0)));
  std::vector<DerExtension> extensions;
  TRY_ASSIGN(const auto tagged, fields.optional(der::context(1)));
  if (tagged) {
    TRY_ASSIGN(const ByteSpan held, der_content(tagged->content, der::kSequence));
    TRY_ASSIGN(extensions, der_extensions(held));
    TRY(check_critical(extensions));
  }
  if (from > question.at) return unknown(fmt::format("is of {}, which is to come", rfc3339_of(from)));
  if (!next_update) return unknown("does not say until when it holds");
  DerReader reader(next_update->content);
  TRY_ASSIGN(const DerElement time, reader.next());
  TRY_ASSIGN(const int64_t until, der_time(time));
  if (until < question.at) return unknown(fmt::format("is out of date since {}", rfc3339_of(until)));
  switch (status.tag) {
    case der::implicit(0):
      return RevocationStatus{.status = Revocation::kGood};
    case der::context(1): {
      TRY_ASSIGN(const auto since, invalid_since(extensions));
      if (since && question.used_at && *question.used_at < *since) return RevocationStatus{.status = Revocation::kGood};
      return RevocationStatus{.status = Revocation::kRevoked, .why = "its issuer's OCSP responder says so"};
    }
    default:
      return unknown("is that it does not know");
  }
}

}  // namespace

Result<std::vector<std::string>> ocsp_urls(const Certificate& certificate) {
  std::vector<std::string> urls;
  const CertificateExtension* access = certificate.extension(kAccessOid);
  if (access == nullptr) return urls;
  TRY_ASSIGN(const ByteSpan list, der_content(as_bytes(access->value), der::kSequence));
  DerReader reader(list);
  while (!reader.at_end()) {
    TRY_ASSIGN(const ByteSpan description, reader.next(der::kSequence));
    DerReader parts(description);
    TRY_ASSIGN(const ByteSpan method, parts.next(der::kObjectIdentifier));
    TRY_ASSIGN(const DerElement location, parts.next());
    if (dotted_oid(method) == kAccessOcspOid && location.tag == der::implicit(6)) {
      urls.emplace_back(as_text(location.content));
    }
  }
  return urls;
}

Result<std::string> ocsp_request(const Certificate& certificate, const Certificate& issuer) {
  TRY_ASSIGN(const CertificateParts own, parts_of(certificate));
  TRY_ASSIGN(const CertificateParts above, parts_of(issuer));
  constexpr std::string_view kSha1Identifier("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00", 11);
  const std::string id =
      der_element(der::kSequence, fmt::format("{}{}{}{}", kSha1Identifier,
                                              der_element(der::kOctetString, hash_of(::EVP_sha1(), own.issuer)),
                                              der_element(der::kOctetString, hash_of(::EVP_sha1(), above.key)),
                                              der_element(der::kInteger, as_text(own.serial))));
  // OCSPRequest { TBSRequest { requestList { Request { CertID } } } }
  std::string out = id;
  for (int level = 0; level < 4; ++level) out = der_element(der::kSequence, out);
  return out;
}

Result<OcspAnswer> read_ocsp(ByteSpan response, const RevocationQuestion& question) {
  TRY_ASSIGN(const ByteSpan basic, basic_response(response));
  TRY_ASSIGN(const SignedDer document, SignedDer::parse(basic));
  TRY_ASSIGN(std::optional<Certificate> delegate, signer_of(document, question));
  TRY_ASSIGN(const ResponseData data, response_data(document.tbs.content));
  TRY(check_critical(data.extensions));
  if (delegate && delegate->extension(kNoCheckOid) != nullptr) delegate.reset();
  DerReader reader(data.responses);
  while (!reader.at_end()) {
    TRY_ASSIGN(const ByteSpan single, reader.next(der::kSequence));
    DerFields fields(single);
    TRY_ASSIGN(const DerElement id, fields.required(der::kSequence));
    TRY_ASSIGN(const bool about, is_about(id.content, question));
    if (!about) continue;
    TRY_ASSIGN(RevocationStatus status, read_single(fields, question));
    return OcspAnswer{.status = std::move(status), .delegate = std::move(delegate)};
  }
  return OcspAnswer{.status = unknown("is about another certificate"), .delegate = std::nullopt};
}

}  // namespace bulkhead

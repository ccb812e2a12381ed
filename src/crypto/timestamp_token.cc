#include "crypto/timestamp_token.h"

#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include "base/date.h"
#include "crypto/certificate_chain.h"
#include "crypto/clear_errors.h"
#include "crypto/der.h"

namespace bulkhead {
namespace {

constexpr int kMaxEmbedded = 32;

struct Free {
  void operator()(CMS_ContentInfo* cms) const { ::CMS_ContentInfo_free(cms); }
  void operator()(TS_TST_INFO* info) const { ::TS_TST_INFO_free(info); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, ::X509_free); }
  void operator()(ESS_SIGNING_CERT* named) const { ::ESS_SIGNING_CERT_free(named); }
  void operator()(ESS_SIGNING_CERT_V2* named) const { ::ESS_SIGNING_CERT_V2_free(named); }
  void operator()(BIGNUM* number) const { ::BN_free(number); }
  void operator()(char* text) const { ::OPENSSL_free(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::unexpected<Error> refused(std::string why) {
  return fail(Code::kVerificationFailed, "timestamp: " + std::move(why));
}
std::unexpected<Error> malformed(std::string why) {
  return fail(Code::kMalformed, "timestamp: " + std::move(why));
}

const unsigned char* bytes_of(ByteSpan bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
ByteSpan span_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const std::byte*>(::ASN1_STRING_get0_data(text)),
          static_cast<size_t>(::ASN1_STRING_length(text))};
}

// All of `bytes` as what `decode` reads.
template <typename T, typename Decode>
Owned<T> decoded(Decode decode, ByteSpan bytes) {
  const unsigned char* in = bytes_of(bytes);
  Owned<T> value(decode(nullptr, &in, static_cast<long>(bytes.size())));
  return in == bytes_of(bytes) + bytes.size() ? std::move(value) : nullptr;
}

Owned<X509> openssl_of(const Certificate& certificate) {
  return decoded<X509>(::d2i_X509, as_bytes(certificate.der()));
}

// nullptr for algorithms that are not used here.
const EVP_MD* digest_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  ::X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  switch (::OBJ_obj2nid(object)) {
    case NID_sha256:
      return ::EVP_sha256();
    case NID_sha384:
      return ::EVP_sha384();
    case NID_sha512:
      return ::EVP_sha512();
    default:
      return nullptr;
  }
}

bool is_digest_of(const EVP_MD* algorithm, ByteSpan message, ByteSpan digest) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> computed{};
  unsigned length = 0;
  return ::EVP_Digest(message.data(), message.size(), computed.data(), &length, algorithm, nullptr) == 1 &&
         as_text(digest) == std::string_view(reinterpret_cast<const char*>(computed.data()), length);
}

Status check_imprint(TS_TST_INFO* info, ByteSpan message) {
  TS_MSG_IMPRINT* imprint = ::TS_TST_INFO_get_msg_imprint(info);
  const EVP_MD* algorithm = digest_of(::TS_MSG_IMPRINT_get_algo(imprint));
  if (algorithm == nullptr) return refused("its imprint is by an algorithm that is not used here");
  if (is_digest_of(algorithm, message, span_of(::TS_MSG_IMPRINT_get_msg(imprint)))) return {};
  return refused("it is of something else");
}

std::string hex_of(const ASN1_INTEGER* integer) {
  const Owned<BIGNUM> number(integer == nullptr ? nullptr : ::ASN1_INTEGER_to_BN(integer, nullptr));
  const Owned<char> digits(number == nullptr ? nullptr : ::BN_bn2hex(number.get()));
  std::string text = digits == nullptr ? "" : digits.get();
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c);
  return text;
}

Result<int64_t> time_of(const ASN1_GENERALIZEDTIME* time) {
  std::tm parts{};
  if (::ASN1_TIME_to_tm(time, &parts) != 1) return malformed("it states no time");
  return int64_t{::timegm(&parts)};
}

Result<uint64_t> accuracy_of(TS_ACCURACY* accuracy) {
  if (accuracy == nullptr) return uint64_t{0};
  uint64_t seconds = 0;
  const ASN1_INTEGER* stated = ::TS_ACCURACY_get_seconds(accuracy);
  if (stated != nullptr && ::ASN1_INTEGER_get_uint64(&seconds, stated) != 1) return malformed("its accuracy is none");
  const bool more = ::TS_ACCURACY_get_millis(accuracy) != nullptr || ::TS_ACCURACY_get_micros(accuracy) != nullptr;
  return more && seconds < UINT64_MAX ? seconds + 1 : seconds;
}

Result<Timestamp> read_info(TS_TST_INFO* info) {
  if (::TS_TST_INFO_get_version(info) != 1) return malformed("its version is unknown");
  if (::TS_TST_INFO_get_ext_by_critical(info, 1, -1) >= 0) return refused("it has a critical extension");
  Timestamp timestamp;
  TRY_ASSIGN(timestamp.time, time_of(::TS_TST_INFO_get_time(info)));
  TRY_ASSIGN(timestamp.accuracy_seconds, accuracy_of(::TS_TST_INFO_get_accuracy(info)));
  std::array<char, 128> policy{};
  ::OBJ_obj2txt(policy.data(), static_cast<int>(policy.size()), ::TS_TST_INFO_get_policy_id(info), 1);
  timestamp.policy = policy.data();
  timestamp.serial = hex_of(::TS_TST_INFO_get_serial(info));
  timestamp.nonce = hex_of(::TS_TST_INFO_get_nonce(info));
  return timestamp;
}

// The certificates that the token brings along; those that cannot be read serve nobody.
std::vector<Certificate> embedded_in(CMS_ContentInfo* cms) {
  std::vector<Certificate> out;
  const Owned<STACK_OF(X509)> found(::CMS_get1_certs(cms));
  for (int i = 0; i < sk_X509_num(found.get()) && i < kMaxEmbedded; ++i) {
    std::string der(static_cast<size_t>(std::max(::i2d_X509(sk_X509_value(found.get(), i), nullptr), 0)), '\0');
    auto* end = reinterpret_cast<unsigned char*>(der.data());
    ::i2d_X509(sk_X509_value(found.get(), i), &end);
    if (auto certificate = Certificate::from_der(as_bytes(der))) out.push_back(*std::move(certificate));
  }
  return out;
}

// The signed attribute of that kind, when there is exactly one with one value.
const void* attribute(CMS_SignerInfo* signer, int nid, int type) {
  constexpr int kOneOnly = -3;
  return ::CMS_signed_get0_data_by_OBJ(signer, ::OBJ_nid2obj(nid), kOneOnly, type);
}

// RFC 5652 section 5.4: the signature is over the attributes, and those tie it to the content.
Status check_attributes(CMS_SignerInfo* signer, const EVP_MD* digest, ByteSpan content) {
  const auto* type = static_cast<const ASN1_OBJECT*>(attribute(signer, NID_pkcs9_contentType, V_ASN1_OBJECT));
  if (type == nullptr || ::OBJ_obj2nid(type) != NID_id_smime_ct_TSTInfo) return refused("it signs another content");
  const auto* hash = static_cast<const ASN1_STRING*>(attribute(signer, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING));
  if (hash == nullptr || !is_digest_of(digest, content, span_of(hash))) return refused("its content was changed");
  return {};
}

// That the signed attributes name the signer's certificate, and no other one in its place.
Status check_named(CMS_SignerInfo* signer, const std::vector<Certificate>& chain) {
  const auto* one =
      static_cast<const ASN1_STRING*>(attribute(signer, NID_id_smime_aa_signingCertificate, V_ASN1_SEQUENCE));
  const auto* two =
      static_cast<const ASN1_STRING*>(attribute(signer, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE));
  const auto named = one == nullptr ? nullptr : decoded<ESS_SIGNING_CERT>(::d2i_ESS_SIGNING_CERT, span_of(one));
  const auto named_v2 =
      two == nullptr ? nullptr : decoded<ESS_SIGNING_CERT_V2>(::d2i_ESS_SIGNING_CERT_V2, span_of(two));
  if ((one != nullptr && !named) || (two != nullptr && !named_v2)) return malformed("an attribute cannot be read");
  const Owned<STACK_OF(X509)> stack(sk_X509_new_null());
  for (const Certificate& certificate : chain) {
    Owned<X509> x509 = openssl_of(certificate);
    if (x509 && sk_X509_push(stack.get(), x509.get()) > 0) static_cast<void>(x509.release());
  }
  if (::OSSL_ESS_check_signing_certs(named.get(), named_v2.get(), stack.get(), 1) == 1) return {};
  return refused("its signed attributes do not name the signer's certificate");
}

Status check_usage(const Certificate& certificate) {
  const CertificateExtension* usage = certificate.extension(oid::kExtendedKeyUsage);
  const std::vector<std::string>& usages = certificate.extended_key_usages();
  if (usage != nullptr && usage->critical && usages.size() == 1 && usages[0] == oid::kTimeStamping) return {};
  return refused(fmt::format("certificate \"{}\" is not for timestamps alone", certificate.subject()));
}

// Whether this certificate, whose name the token has, is the signer's: the chain, when it is.
Result<std::vector<Certificate>> verify_by(const Certificate& certificate, X509* x509, CMS_SignerInfo* signer,
                                           const ChainRules& rules) {
  TRY(certificate.public_key());
  TRY(check_usage(certificate));
  ::CMS_SignerInfo_set1_signer_cert(signer, x509);
  if (::CMS_SignerInfo_verify(signer) != 1) return refused("its signature is wrong");
  TRY_ASSIGN(std::vector<Certificate> chain, verify_chain(certificate, rules));
  TRY(check_named(signer, chain));
  return chain;
}

Result<std::vector<Certificate>> verify_signer(CMS_ContentInfo* cms, CMS_SignerInfo* signer, int64_t at,
                                               const TimestampTrust& trust) {
  std::vector<Certificate> candidates(trust.certificates.begin(), trust.certificates.end());
  const std::vector<Certificate> embedded = embedded_in(cms);
  candidates.insert(candidates.end(), embedded.begin(), embedded.end());
  const ChainRules rules{
      .roots = trust.roots, .intermediates = candidates, .at = at, .extended_key_usage = oid::kTimeStamping};
  Result<std::vector<Certificate>> chain = refused("nobody knows the certificate that it is signed by");
  for (const Certificate& candidate : candidates) {
    const Owned<X509> x509 = openssl_of(candidate);
    if (!x509 || ::CMS_SignerInfo_cert_cmp(signer, x509.get()) != 0) continue;
    chain = verify_by(candidate, x509.get(), signer, rules);
    if (chain) break;
  }
  return chain;
}

}  // namespace

Result<ByteSpan> timestamp_token_of(ByteSpan response) {
  if (response.size() > kMaxTimestampBytes) return fail(limit_error("bytes of a timestamp", kMaxTimestampBytes, ""));
  TRY_CONTEXT(const ByteSpan parts, der_content(response, der::kSequence), "timestamp response");
  DerReader reader(parts);
  TRY_CONTEXT(const ByteSpan status, reader.next(der::kSequence), "timestamp response");
  DerReader status_reader(status);
  TRY_CONTEXT(const ByteSpan number, status_reader.next(der::kInteger), "timestamp response");
  // granted, grantedWithMods
  if (number.size() != 1 || std::to_integer<unsigned>(number[0]) > 1) return refused("the authority granted none");
  TRY_CONTEXT(const DerElement token, reader.next(), "timestamp response");
  if (!reader.at_end()) return malformed("something follows the token");
  return token.whole;
}

Result<Timestamp> verify_timestamp(ByteSpan token, ByteSpan message, const TimestampTrust& trust) {
  const ClearErrors clear;
  if (token.size() > kMaxTimestampBytes) return fail(limit_error("bytes of a timestamp", kMaxTimestampBytes, ""));
  const auto cms = decoded<CMS_ContentInfo>(::d2i_CMS_ContentInfo, token);
  if (!cms || ::OBJ_obj2nid(::CMS_get0_type(cms.get())) != NID_pkcs7_signed) return malformed("it is no signed CMS");
  ASN1_OCTET_STRING** content = ::CMS_get0_content(cms.get());
  if (::OBJ_obj2nid(::CMS_get0_eContentType(cms.get())) != NID_id_smime_ct_TSTInfo || content == nullptr ||
      *content == nullptr) {
    return malformed("it is a signature of something else");
  }
  const auto info = decoded<TS_TST_INFO>(::d2i_TS_TST_INFO, span_of(*content));
  if (!info) return malformed("what it says cannot be read");
  TRY_ASSIGN(Timestamp timestamp, read_info(info.get()));
  TRY(check_imprint(info.get(), message));

  STACK_OF(CMS_SignerInfo)* signers = ::CMS_get0_SignerInfos(cms.get());
  if (sk_CMS_SignerInfo_num(signers) != 1) return malformed("it must have one signer");
  CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(signers, 0);
  X509_ALGOR* algorithm = nullptr;
  ::CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &algorithm, nullptr);
  const EVP_MD* digest = digest_of(algorithm);
  if (digest == nullptr) return refused("it is signed by an algorithm that is not used here");
  TRY(check_attributes(signer, digest, span_of(*content)));
  TRY_ASSIGN(timestamp.chain, verify_signer(cms.get(), signer, timestamp.time, trust));
  return timestamp;
}

}  // namespace bulkhead

#include "crypto/test_revocation.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

namespace bulkhead {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { ::PKCS8_PRIV_KEY_INFO_free(info); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(X509_CRL* list) const { ::X509_CRL_free(list); }
  void operator()(X509_EXTENSION* extension) const { ::X509_EXTENSION_free(extension); }
  void operator()(ASN1_TIME* time) const { ::ASN1_TIME_free(time); }
  void operator()(OCSP_BASICRESP* response) const { ::OCSP_BASICRESP_free(response); }
  void operator()(OCSP_RESPONSE* response) const { ::OCSP_RESPONSE_free(response); }
  void operator()(OCSP_REQUEST* request) const { ::OCSP_REQUEST_free(request); }
  void operator()(OCSP_CERTID* id) const { ::OCSP_CERTID_free(id); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void must(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "test revocation: {}\n", what);
  std::abort();
}

template <typename Write, typename T>
std::string der_of(Write write, T* value) {
  std::string der(static_cast<size_t>(write(value, nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  write(value, &out);
  return der;
}

Owned<EVP_PKEY> key_of(const TestIdentity& identity) {
  const auto* in = reinterpret_cast<const unsigned char*>(identity.pkcs8.data());
  const Owned<PKCS8_PRIV_KEY_INFO> info(
      ::d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, static_cast<long>(identity.pkcs8.size())));
  return Owned<EVP_PKEY>(::EVP_PKCS82PKEY(info.get()));
}

Owned<X509> x509_of(const TestIdentity& identity) {
  const auto* in = reinterpret_cast<const unsigned char*>(identity.der.data());
  return Owned<X509>(::d2i_X509(nullptr, &in, static_cast<long>(identity.der.size())));
}

Owned<ASN1_TIME> time_of(int64_t seconds) {
  return Owned<ASN1_TIME>(::ASN1_TIME_set(nullptr, seconds));
}
Owned<ASN1_TIME> generalized(int64_t seconds) {
  return Owned<ASN1_TIME>(::ASN1_GENERALIZEDTIME_set(nullptr, seconds));
}

void add_entry(X509_CRL* list, const RevocationListRecipe::Entry& entry) {
  X509_REVOKED* revoked = ::X509_REVOKED_new();
  const Owned<ASN1_INTEGER> serial(::ASN1_INTEGER_new());
  ::ASN1_INTEGER_set_uint64(serial.get(), entry.serial);
  ::X509_REVOKED_set_serialNumber(revoked, serial.get());
  ::X509_REVOKED_set_revocationDate(revoked, time_of(kTestEpoch - 2 * kTestDay).get());
  if (!entry.reason.empty()) {
    const Owned<ASN1_ENUMERATED> reason(::ASN1_ENUMERATED_new());
    const int number = entry.reason == "certificateHold" ? 6 : entry.reason == "removeFromCRL" ? 8 : 1;
    ::ASN1_ENUMERATED_set(reason.get(), number);
    ::X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason.get(), 0, 0);
  }
  if (entry.invalid_since) {
    ::X509_REVOKED_add1_ext_i2d(revoked, NID_invalidity_date, generalized(*entry.invalid_since).get(), 0, 0);
  }
  must(::X509_CRL_add0_revoked(list, revoked) == 1, "entry");
}

}  // namespace

std::string make_revocation_list(const RevocationListRecipe& recipe, const TestIdentity& issuer) {
  const Owned<X509_CRL> list(::X509_CRL_new());
  const Owned<X509> certificate = x509_of(issuer);
  ::X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  ::X509_CRL_set_issuer_name(list.get(), ::X509_get_subject_name(certificate.get()));
  ::X509_CRL_set1_lastUpdate(list.get(), time_of(recipe.this_update).get());
  if (recipe.next_update) ::X509_CRL_set1_nextUpdate(list.get(), time_of(*recipe.next_update).get());
  for (const RevocationListRecipe::Entry& entry : recipe.entries) add_entry(list.get(), entry);
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate.get(), nullptr, nullptr, list.get(), 0);
  X509V3_set_ctx_nodb(&context);
  for (const auto& [name, value] : recipe.extensions) {
    const Owned<X509_EXTENSION> extension(::X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
    must(extension != nullptr && ::X509_CRL_add_ext(list.get(), extension.get(), -1) == 1, name);
  }
  must(::X509_CRL_sign(list.get(), key_of(issuer).get(), ::EVP_get_digestbyname(recipe.digest.c_str())) > 0, "sign");
  return der_of(::i2d_X509_CRL, list.get());
}

std::string make_ocsp_response(const OcspRecipe& recipe, const TestIdentity& certificate, const TestIdentity& issuer,
                               const TestIdentity& signer) {
  const Owned<OCSP_BASICRESP> basic(::OCSP_BASICRESP_new());
  const Owned<OCSP_CERTID> id(::OCSP_cert_to_id(::EVP_get_digestbyname(recipe.id_digest.c_str()),
                                                x509_of(certificate).get(), x509_of(issuer).get()));
  const int status = recipe.status == OcspRecipe::Status::kGood      ? V_OCSP_CERTSTATUS_GOOD
                     : recipe.status == OcspRecipe::Status::kRevoked ? V_OCSP_CERTSTATUS_REVOKED
                                                                     : V_OCSP_CERTSTATUS_UNKNOWN;
  const Owned<ASN1_TIME> next = recipe.next_update ? generalized(*recipe.next_update) : nullptr;
  OCSP_SINGLERESP* single = ::OCSP_basic_add1_status(basic.get(), id.get(), status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                                     generalized(kTestEpoch - kTestDay).get(),
                                                     generalized(recipe.this_update).get(), next.get());
  must(single != nullptr, "status");
  if (recipe.invalid_since) {
    ::OCSP_SINGLERESP_add1_ext_i2d(single, NID_invalidity_date, generalized(*recipe.invalid_since).get(), 0, 0);
  }
  must(::OCSP_basic_sign(basic.get(), x509_of(signer).get(), key_of(signer).get(),
                         ::EVP_get_digestbyname(recipe.digest.c_str()), nullptr, 0) == 1,
       "sign");
  const Owned<OCSP_RESPONSE> response(::OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  return der_of(::i2d_OCSP_RESPONSE, response.get());
}

std::string make_ocsp_request(const TestIdentity& certificate, const TestIdentity& issuer) {
  const Owned<OCSP_REQUEST> request(::OCSP_REQUEST_new());
  ::OCSP_request_add0_id(request.get(),
                         ::OCSP_cert_to_id(::EVP_sha1(), x509_of(certificate).get(), x509_of(issuer).get()));
  return der_of(::i2d_OCSP_REQUEST, request.get());
}

}  // namespace bulkhead

#include "crypto/test_timestamp.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>

#include "crypto/der.h"

namespace bulkhead {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { ::PKCS8_PRIV_KEY_INFO_free(info); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(X509_ALGOR* algorithm) const { ::X509_ALGOR_free(algorithm); }
  void operator()(TS_TST_INFO* info) const { ::TS_TST_INFO_free(info); }
  void operator()(TS_MSG_IMPRINT* imprint) const { ::TS_MSG_IMPRINT_free(imprint); }
  void operator()(TS_ACCURACY* accuracy) const { ::TS_ACCURACY_free(accuracy); }
  void operator()(ASN1_OBJECT* object) const { ::ASN1_OBJECT_free(object); }
  void operator()(ASN1_STRING* text) const { ::ASN1_STRING_free(text); }  // times and integers are such
  void operator()(CMS_ContentInfo* cms) const { ::CMS_ContentInfo_free(cms); }
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void must(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "test timestamp: {}\n", what);
  std::abort();
}

template <typename Write, typename T>
std::string der_of(Write write, const T* value) {
  std::string der(static_cast<size_t>(write(value, nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  write(value, &out);
  return der;
}

void set_imprint(TS_TST_INFO* info, std::string_view message, const std::string& name) {
  const EVP_MD* algorithm = ::EVP_get_digestbyname(name.c_str());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  must(::EVP_Digest(message.data(), message.size(), digest.data(), &length, algorithm, nullptr) == 1, name);
  const Owned<TS_MSG_IMPRINT> imprint(::TS_MSG_IMPRINT_new());
  const Owned<X509_ALGOR> identifier(::X509_ALGOR_new());
  ::X509_ALGOR_set_md(identifier.get(), algorithm);
  ::TS_MSG_IMPRINT_set_algo(imprint.get(), identifier.get());
  ::TS_MSG_IMPRINT_set_msg(imprint.get(), digest.data(), static_cast<int>(length));
  must(::TS_TST_INFO_set_msg_imprint(info, imprint.get()) == 1, "imprint");
}

std::string info_of(std::string_view message, const TimestampRecipe& recipe) {
  const Owned<TS_TST_INFO> info(::TS_TST_INFO_new());
  const Owned<ASN1_OBJECT> policy(::OBJ_txt2obj("1.2.3.4", 1));
  const Owned<ASN1_INTEGER> serial(::ASN1_INTEGER_new());
  ::ASN1_INTEGER_set_uint64(serial.get(), 0xC0FFEE);
  const Owned<ASN1_GENERALIZEDTIME> time(::ASN1_GENERALIZEDTIME_set(nullptr, recipe.time));
  ::TS_TST_INFO_set_version(info.get(), 1);
  ::TS_TST_INFO_set_policy_id(info.get(), policy.get());
  ::TS_TST_INFO_set_serial(info.get(), serial.get());
  ::TS_TST_INFO_set_time(info.get(), time.get());
  set_imprint(info.get(), message, recipe.imprint_digest);
  if (recipe.accuracy_seconds > 0) {
    const Owned<TS_ACCURACY> accuracy(::TS_ACCURACY_new());
    const Owned<ASN1_INTEGER> seconds(::ASN1_INTEGER_new());
    ::ASN1_INTEGER_set_uint64(seconds.get(), recipe.accuracy_seconds);
    ::TS_ACCURACY_set_seconds(accuracy.get(), seconds.get());
    ::TS_TST_INFO_set_accuracy(info.get(), accuracy.get());
  }
  return der_of(::i2d_TS_TST_INFO, info.get());
}

}  // namespace

std::string make_timestamp_token(std::string_view message, const TestIdentity& authority,
                                 const TimestampRecipe& recipe) {
  const auto* in = reinterpret_cast<const unsigned char*>(authority.pkcs8.data());
  const Owned<PKCS8_PRIV_KEY_INFO> pkcs8(
      ::d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, static_cast<long>(authority.pkcs8.size())));
  const Owned<EVP_PKEY> key(::EVP_PKCS82PKEY(pkcs8.get()));
  in = reinterpret_cast<const unsigned char*>(authority.der.data());
  const Owned<X509> certificate(::d2i_X509(nullptr, &in, static_cast<long>(authority.der.size())));

  const std::string info = info_of(message, recipe);
  const Owned<BIO> content(::BIO_new_mem_buf(info.data(), static_cast<int>(info.size())));
  const unsigned flags = CMS_BINARY | CMS_NOSMIMECAP | (recipe.embed_certificate ? 0U : CMS_NOCERTS);
  const Owned<CMS_ContentInfo> cms(::CMS_sign(nullptr, nullptr, nullptr, nullptr, flags | CMS_PARTIAL));
  const int type = recipe.is_timestamp ? NID_id_smime_ct_TSTInfo : NID_pkcs7_data;
  must(cms && ::CMS_set1_eContentType(cms.get(), ::OBJ_nid2obj(type)) == 1, "content type");
  must(::CMS_add1_signer(cms.get(), certificate.get(), key.get(), ::EVP_get_digestbyname(recipe.digest.c_str()),
                         flags | (recipe.name_certificate ? CMS_CADES : 0U)) != nullptr,
       "signer");
  must(::CMS_final(cms.get(), content.get(), nullptr, flags) == 1, "final");
  return der_of(::i2d_CMS_ContentInfo, cms.get());
}

std::string make_timestamp_response(std::string_view token) {
  const std::string granted = der_element(der::kSequence, der_element(der::kInteger, std::string_view("\0", 1)));
  return der_element(der::kSequence, granted + std::string(token));
}

CertificateRecipe timestamping_recipe(std::string_view common_name) {
  return {.subject = fmt::format("C=US,O=Example,CN={}", common_name),
          .extensions = {{"basicConstraints", "critical,CA:FALSE"},
                         {"keyUsage", "critical,digitalSignature"},
                         {"extendedKeyUsage", "critical,timeStamping"}}};
}

}  // namespace bulkhead

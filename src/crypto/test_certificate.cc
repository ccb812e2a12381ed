#include "crypto/test_certificate.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "crypto/pem.h"

namespace bulkhead {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
  void operator()(PKCS8_PRIV_KEY_INFO* info) const { ::PKCS8_PRIV_KEY_INFO_free(info); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { ::X509_EXTENSION_free(extension); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void must(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "test certificate: {}\n", what);
  std::abort();
}

template <typename Write, typename T>
std::string der_of(Write write, const T* value) {
  std::string der(static_cast<size_t>(write(value, nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  write(value, &out);
  return der;
}

Owned<EVP_PKEY> new_key(const std::string& kind) {
  Owned<EVP_PKEY> key;
  if (kind.starts_with("RSA:")) {
    key.reset(::EVP_RSA_gen(static_cast<unsigned>(std::strtoul(kind.c_str() + 4, nullptr, 10))));
  } else if (kind == "ED25519") {
    key.reset(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else {
    key.reset(::EVP_EC_gen(kind.c_str()));
  }
  must(key != nullptr, kind);
  return key;
}

Owned<EVP_PKEY> key_of(const std::string& pkcs8) {
  const auto* in = reinterpret_cast<const unsigned char*>(pkcs8.data());
  const Owned<PKCS8_PRIV_KEY_INFO> info(::d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, static_cast<long>(pkcs8.size())));
  return Owned<EVP_PKEY>(::EVP_PKCS82PKEY(info.get()));
}

Owned<X509> x509_of(const std::string& der) {
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  return Owned<X509>(::d2i_X509(nullptr, &in, static_cast<long>(der.size())));
}

void set_subject(X509* certificate, const std::string& subject) {
  X509_NAME* name = ::X509_get_subject_name(certificate);
  if (subject.empty()) return;
  for (const std::string_view part : split(subject, ',')) {
    const size_t equals = part.find('=');
    const std::string type(part.substr(0, equals));
    const std::string value(part.substr(equals + 1));
    must(::X509_NAME_add_entry_by_txt(name, type.c_str(), MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1,
         subject);
  }
}

void sign(X509* certificate, EVP_PKEY* key, const CertificateRecipe& recipe) {
  const bool named = ::EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519;
  const Owned<EVP_MD_CTX> context(::EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* digest = named ? ::EVP_get_digestbyname(recipe.digest.c_str()) : nullptr;
  must(::EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key) == 1, recipe.digest);
  if (recipe.pss) {
    ::EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    ::EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
  }
  must(::X509_sign_ctx(certificate, context.get()) > 0, "cannot sign");
}

}  // namespace

Certificate TestIdentity::certificate() const {
  auto read = Certificate::from_der(as_bytes(der));
  must(read.has_value(), read ? "" : read.error().to_string());
  return *std::move(read);
}

std::string TestIdentity::pem() const {
  return std::string(write_pem({.label = "CERTIFICATE", .contents = Secret::copy_of(der)}).reveal());
}

PrivateKey TestIdentity::private_key() const {
  auto read = PrivateKey::from_der(as_bytes(pkcs8));
  must(read.has_value(), read ? "" : read.error().to_string());
  return *std::move(read);
}

TestIdentity make_certificate(const CertificateRecipe& recipe, const TestIdentity* issuer) {
  const Owned<EVP_PKEY> key = recipe.pkcs8.empty() ? new_key(recipe.key) : key_of(recipe.pkcs8);
  const Owned<X509> certificate(::X509_new());
  const Owned<X509> issuing = issuer == nullptr ? nullptr : x509_of(issuer->der);
  const Owned<EVP_PKEY> signing = issuer == nullptr ? nullptr : key_of(issuer->pkcs8);
  X509* const x509 = certificate.get();
  ::X509_set_version(x509, X509_VERSION_3);
  ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(x509), recipe.serial);
  ::ASN1_TIME_set(::X509_getm_notBefore(x509), recipe.not_before);
  ::ASN1_TIME_set(::X509_getm_notAfter(x509), recipe.not_after);
  set_subject(x509, recipe.subject);
  ::X509_set_issuer_name(x509, ::X509_get_subject_name(issuing ? issuing.get() : x509));
  ::X509_set_pubkey(x509, key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuing ? issuing.get() : x509, x509, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const auto& [name, value] : recipe.extensions) {
    const Owned<X509_EXTENSION> extension(::X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
    must(extension != nullptr && ::X509_add_ext(x509, extension.get(), -1) == 1, fmt::format("{}={}", name, value));
  }
  sign(x509, signing ? signing.get() : key.get(), recipe);
  const Owned<PKCS8_PRIV_KEY_INFO> info(::EVP_PKEY2PKCS8(key.get()));
  return {.der = der_of(::i2d_X509, x509), .pkcs8 = der_of(::i2d_PKCS8_PRIV_KEY_INFO, info.get())};
}

CertificateRecipe authority_recipe(std::string_view common_name) {
  return {.subject = fmt::format("C=US,O=Example,CN={}", common_name),
          .extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign,cRLSign"}}};
}

CertificateRecipe code_signing_recipe(std::string_view common_name) {
  return {.subject = fmt::format("C=US,ST=WA,O=Example,CN={}", common_name),
          .extensions = {{"basicConstraints", "critical,CA:FALSE"},
                         {"keyUsage", "critical,digitalSignature"},
                         {"extendedKeyUsage", "codeSigning"}}};
}

}  // namespace bulkhead

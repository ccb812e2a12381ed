#include "crypto/certificate.h"

#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace bulkhead {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;

struct Free {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
};

Result<std::string> rfc3339(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ::ASN1_TIME_to_tm(time, &parts) != 1) {
    return fail(Code::kMalformed, "the certificate's validity is no time");
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

Result<std::unique_ptr<X509, Free>> first_certificate(std::string_view pem) {
  if (pem.size() > kMaxPemBytes) return fail(limit_error("bytes of a certificate", kMaxPemBytes, ""));
  const std::unique_ptr<BIO, Free> text(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // A password would be asked for on the terminal; with one given, it is not.
  static char no_password[] = "";
  std::unique_ptr<X509, Free> certificate(
      text == nullptr ? nullptr : ::PEM_read_bio_X509(text.get(), nullptr, nullptr, no_password));
  ::ERR_clear_error();
  if (certificate == nullptr) return fail(Code::kMalformed, "not a certificate in PEM");
  return certificate;
}

}  // namespace

Result<Validity> certificate_validity(std::string_view pem) {
  TRY_ASSIGN(const auto certificate, first_certificate(pem));
  Validity validity;
  TRY_ASSIGN(validity.not_before, rfc3339(::X509_get0_notBefore(certificate.get())));
  TRY_ASSIGN(validity.not_after, rfc3339(::X509_get0_notAfter(certificate.get())));
  return validity;
}

Result<PublicKey> certificate_key(std::string_view pem) {
  TRY_ASSIGN(const auto certificate, first_certificate(pem));
  unsigned char* encoded = nullptr;
  const int length = ::i2d_X509_PUBKEY(::X509_get_X509_PUBKEY(certificate.get()), &encoded);
  ::ERR_clear_error();
  if (length <= 0) return fail(Code::kMalformed, "a certificate without a public key");
  const std::string spki(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
  ::OPENSSL_free(encoded);
  return PublicKey::from_der(as_bytes(spki));
}

}  // namespace bulkhead

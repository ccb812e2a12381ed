#include "crypto/certificate.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "crypto/clear_errors.h"
#include "crypto/pem.h"
#include "crypto/signature_algorithm.h"

namespace bulkhead {
namespace {

constexpr size_t kMaxCertificateBytes = size_t{64} << 10;
constexpr size_t kMaxFileBytes = size_t{1} << 20;
constexpr size_t kMaxCertificates = 1000;

struct Free {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
  void operator()(X509* certificate) const { ::X509_free(certificate); }
  void operator()(BIGNUM* number) const { ::BN_free(number); }
  void operator()(BASIC_CONSTRAINTS* constraints) const { ::BASIC_CONSTRAINTS_free(constraints); }
  void operator()(EXTENDED_KEY_USAGE* usages) const { ::EXTENDED_KEY_USAGE_free(usages); }
  void operator()(GENERAL_NAMES* names) const { ::GENERAL_NAMES_free(names); }
  void operator()(unsigned char* bytes) const { ::OPENSSL_free(bytes); }
  void operator()(char* text) const { ::OPENSSL_free(text); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error malformed(std::string_view what) {
  return {Code::kMalformed, fmt::format("a certificate {}", what)};
}

std::string bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(text)),
          static_cast<size_t>(::ASN1_STRING_length(text))};
}

// What `write` (an i2d function) makes of a value.
template <typename Write, typename T>
std::string der_of(Write write, T* value) {
  unsigned char* encoded = nullptr;
  const int length = write(value, &encoded);
  const Owned<unsigned char> owner(encoded);
  return length <= 0 ? std::string() : std::string(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
}

std::string dotted(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  const int length = ::OBJ_obj2txt(text.data(), text.size(), object, 1);
  return length <= 0 || static_cast<size_t>(length) >= text.size() ? std::string() : std::string(text.data());
}

Result<int64_t> seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ::ASN1_TIME_to_tm(time, &parts) != 1) return fail(malformed("whose validity is no time"));
  return ::timegm(&parts);
}

Result<std::string> utf8_of(const ASN1_STRING* text) {
  unsigned char* encoded = nullptr;
  const int length = ::ASN1_STRING_to_UTF8(&encoded, text);
  const Owned<unsigned char> owner(encoded);
  if (length < 0) return fail(malformed("with a name that is no text"));
  return std::string(reinterpret_cast<const char*>(encoded), static_cast<size_t>(length));
}

std::string rfc4514(const X509_NAME* name) {
  constexpr unsigned long kFlags = (XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  const Owned<BIO> out(::BIO_new(::BIO_s_mem()));
  if (out == nullptr || ::X509_NAME_print_ex(out.get(), name, 0, kFlags) < 0) return {};
  char* text = nullptr;
  const long length = ::BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(length)};
}

Result<std::vector<NameAttribute>> attributes_of(const X509_NAME* name) {
  std::vector<NameAttribute> attributes;
  for (int i = 0; i < ::X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = ::X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* type = ::X509_NAME_ENTRY_get_object(entry);
    const int nid = ::OBJ_obj2nid(type);
    TRY_ASSIGN(std::string value, utf8_of(::X509_NAME_ENTRY_get_data(entry)));
    attributes.push_back({.type = nid == NID_undef ? dotted(type) : ::OBJ_nid2sn(nid), .value = std::move(value)});
  }
  return attributes;
}

std::string hex_of(const ASN1_INTEGER* number) {
  const Owned<BIGNUM> big(::ASN1_INTEGER_to_BN(number, nullptr));
  const Owned<char> text(big == nullptr ? nullptr : ::BN_bn2hex(big.get()));
  return text == nullptr ? std::string() : to_lower(text.get());
}

Result<std::vector<CertificateExtension>> extensions_of(const X509* certificate) {
  std::vector<CertificateExtension> extensions;
  std::set<std::string, std::less<>> seen;
  for (int i = 0; i < ::X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = ::X509_get_ext(certificate, i);
    std::string oid = dotted(::X509_EXTENSION_get_object(extension));
    if (oid.empty() || !seen.insert(oid).second) return fail(malformed("with an extension that stands there twice"));
    extensions.push_back({.oid = std::move(oid),
                          .critical = ::X509_EXTENSION_get_critical(extension) != 0,
                          .value = bytes_of(::X509_EXTENSION_get_data(extension))});
  }
  return extensions;
}

// An extension that OpenSSL knows, decoded; null when there is none, kMalformed when it is broken.
template <typename T>
Result<Owned<T>> decoded(const X509* certificate, int nid) {
  int found = 0;
  Owned<T> value(static_cast<T*>(::X509_get_ext_d2i(certificate, nid, &found, nullptr)));
  if (value == nullptr && found != -1) {
    return fail(malformed(fmt::format("whose {} cannot be read", ::OBJ_nid2ln(nid))));
  }
  return value;
}

Result<std::optional<BasicConstraints>> basic_constraints_of(const X509* certificate) {
  TRY_ASSIGN(const auto constraints, decoded<BASIC_CONSTRAINTS>(certificate, NID_basic_constraints));
  if (constraints == nullptr) return std::nullopt;
  BasicConstraints out{.ca = constraints->ca != 0};
  if (constraints->pathlen != nullptr) {
    uint64_t length = 0;
    if (::ASN1_INTEGER_get_uint64(&length, constraints->pathlen) != 1 || length > UINT32_MAX) {
      return fail(malformed("whose path length is no count"));
    }
    out.path_length = static_cast<uint32_t>(length);
  }
  return out;
}

std::optional<KeyUsage> key_usage_of(X509* certificate) {
  const uint32_t bits = ::X509_get_key_usage(certificate);
  if (bits == UINT32_MAX) return std::nullopt;
  const auto has = [&](uint32_t bit) { return (bits & bit) != 0; };
  return KeyUsage{.digital_signature = has(KU_DIGITAL_SIGNATURE),
                  .content_commitment = has(KU_NON_REPUDIATION),
                  .key_encipherment = has(KU_KEY_ENCIPHERMENT),
                  .data_encipherment = has(KU_DATA_ENCIPHERMENT),
                  .key_agreement = has(KU_KEY_AGREEMENT),
                  .certificate_signing = has(KU_KEY_CERT_SIGN),
                  .crl_signing = has(KU_CRL_SIGN),
                  .encipher_only = has(KU_ENCIPHER_ONLY),
                  .decipher_only = has(KU_DECIPHER_ONLY)};
}

Result<std::vector<std::string>> extended_key_usages_of(const X509* certificate) {
  TRY_ASSIGN(const auto usages, decoded<EXTENDED_KEY_USAGE>(certificate, NID_ext_key_usage));
  std::vector<std::string> out;
  if (usages == nullptr) return out;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    out.push_back(dotted(sk_ASN1_OBJECT_value(usages.get(), i)));
  }
  if (out.empty()) return fail(malformed("whose extended key usage is empty"));
  return out;
}

// Printable ASCII: a control character in it could pass for the end of the name elsewhere.
Result<std::string> ia5_of(const ASN1_STRING* text) {
  std::string value = bytes_of(text);
  if (!std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; })) {
    return fail(malformed("with an alternative name that is no printable text"));
  }
  return value;
}

Result<AlternativeName> other_name_of(const OTHERNAME* other) {
  AlternativeName name{.kind = AlternativeName::Kind::kOther, .value = {}, .oid = dotted(other->type_id)};
  const int type = other->value->type;
  if (type == V_ASN1_UTF8STRING || type == V_ASN1_IA5STRING || type == V_ASN1_PRINTABLESTRING) {
    TRY_ASSIGN(name.value, utf8_of(other->value->value.asn1_string));
  } else {
    name.value = der_of(::i2d_ASN1_TYPE, other->value);
  }
  return name;
}

Result<std::vector<AlternativeName>> alternative_names_of(const X509* certificate) {
  using enum AlternativeName::Kind;
  TRY_ASSIGN(const auto names, decoded<GENERAL_NAMES>(certificate, NID_subject_alt_name));
  std::vector<AlternativeName> out;
  if (names == nullptr) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_EMAIL:
      case GEN_DNS:
      case GEN_URI: {
        TRY_ASSIGN(std::string value, ia5_of(name->d.ia5));
        out.push_back({.kind = name->type == GEN_EMAIL ? kEmail
                               : name->type == GEN_DNS ? kDns
                                                       : kUri,
                       .value = std::move(value)});
        break;
      }
      case GEN_IPADD:
        out.push_back({.kind = kIp, .value = bytes_of(name->d.iPAddress)});
        if (out.back().value.size() != 4 && out.back().value.size() != 16) {
          return fail(malformed("with an alternative name that is no address"));
        }
        break;
      case GEN_OTHERNAME: {
        TRY_ASSIGN(AlternativeName other, other_name_of(name->d.otherName));
        out.push_back(std::move(other));
        break;
      }
      default:  // directory names and their like: nobody's identity here
        break;
    }
  }
  return out;
}

// The certificates in the blocks of a PEM text, at most so many.
Result<std::vector<Certificate>> from_blocks(std::string_view pem, size_t at_most) {
  const ClearErrors clear;
  if (pem.size() > kMaxFileBytes) return fail(limit_error("bytes of certificates", kMaxFileBytes, ""));
  const Owned<BIO> text(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<Certificate> certificates;
  while (text != nullptr && certificates.size() < at_most) {
    char* label = nullptr;
    char* header = nullptr;
    unsigned char* contents = nullptr;
    long length = 0;
    const bool found = ::PEM_read_bio(text.get(), &label, &header, &contents, &length) == 1;
    const Owned<char> label_owner(label);
    const Owned<char> header_owner(header);
    const Owned<unsigned char> contents_owner(contents);
    if (!found) {
      if (ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE) break;
      return fail(Code::kMalformed, "a certificate's PEM is broken");
    }
    const std::string_view kind(label);
    if (kind != PEM_STRING_X509 && kind != PEM_STRING_X509_OLD) continue;
    TRY_ASSIGN(Certificate certificate,
               Certificate::from_der({reinterpret_cast<const std::byte*>(contents), static_cast<size_t>(length)}));
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) return fail(Code::kMalformed, "not a certificate in PEM");
  return certificates;
}

// How long the first DER element is; more than there is when it is none.
size_t element_bytes(ByteSpan der) {
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const begin = in;
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int flags = ::ASN1_get_object(&in, &length, &tag, &tag_class, static_cast<long>(der.size()));
  if ((flags & 0x80) != 0) return der.size() + 1;
  return static_cast<size_t>(in - begin) + static_cast<size_t>(length);
}

}  // namespace

struct Certificate::State {
  std::string der;
  Digest fingerprint;
  std::string tbs;
  std::string signature;
  std::optional<SignatureScheme> scheme;
  std::string subject, issuer;  // text
  std::string subject_der, issuer_der;
  std::vector<NameAttribute> subject_attributes;
  std::string serial;
  int64_t not_before = 0;
  int64_t not_after = 0;
  std::string spki;
  std::vector<CertificateExtension> extensions;
  std::optional<BasicConstraints> basic_constraints;
  std::optional<KeyUsage> key_usage;
  std::vector<std::string> extended_key_usages;
  std::vector<AlternativeName> alternative_names;
};

Result<Certificate> Certificate::from_der(ByteSpan der) {
  const ClearErrors clear;
  if (der.size() > kMaxCertificateBytes) return fail(limit_error("bytes of a certificate", kMaxCertificateBytes, ""));
  const auto* in = reinterpret_cast<const unsigned char*>(der.data());
  const Owned<X509> certificate(::d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  X509* const x509 = certificate.get();
  // Written again it must be what was read: other encodings of one certificate would have other fingerprints.
  if (x509 == nullptr || der_of(::i2d_X509, x509) != as_text(der)) {
    return fail(Code::kMalformed, "not a certificate in DER");
  }
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  ::X509_get0_signature(&signature, &algorithm, x509);
  if (::X509_ALGOR_cmp(algorithm, ::X509_get0_tbs_sigalg(x509)) != 0) {
    return fail(malformed("that names two algorithms for one signature"));
  }
  if (::X509_check_purpose(x509, -1, 0) != 1) return fail(malformed("whose extensions contradict one another"));

  auto state = std::make_shared<State>();
  state->der = std::string(as_text(der));
  state->fingerprint = Digest::sha256_of(der);
  state->tbs = der_of(::i2d_re_X509_tbs, x509);
  state->signature = bytes_of(signature);
  state->scheme = scheme_of_algorithm(as_bytes(der_of(::i2d_X509_ALGOR, algorithm)));
  state->subject = rfc4514(::X509_get_subject_name(x509));
  state->issuer = rfc4514(::X509_get_issuer_name(x509));
  state->subject_der = der_of(::i2d_X509_NAME, ::X509_get_subject_name(x509));
  state->issuer_der = der_of(::i2d_X509_NAME, ::X509_get_issuer_name(x509));
  TRY_ASSIGN(state->subject_attributes, attributes_of(::X509_get_subject_name(x509)));
  state->serial = hex_of(::X509_get0_serialNumber(x509));
  TRY_ASSIGN(state->not_before, seconds_of(::X509_get0_notBefore(x509)));
  TRY_ASSIGN(state->not_after, seconds_of(::X509_get0_notAfter(x509)));
  state->spki = der_of(::i2d_X509_PUBKEY, ::X509_get_X509_PUBKEY(x509));
  TRY_ASSIGN(state->extensions, extensions_of(x509));
  TRY_ASSIGN(state->basic_constraints, basic_constraints_of(x509));
  state->key_usage = key_usage_of(x509);
  TRY_ASSIGN(state->extended_key_usages, extended_key_usages_of(x509));
  TRY_ASSIGN(state->alternative_names, alternative_names_of(x509));
  return Certificate(std::move(state));
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  TRY_ASSIGN(std::vector<Certificate> first, from_blocks(pem, 1));
  return std::move(first.front());
}

Result<std::vector<Certificate>> Certificate::list_from(ByteSpan file) {
  if (file.size() > kMaxFileBytes) return fail(limit_error("bytes of certificates", kMaxFileBytes, ""));
  const auto too_many = [] { return fail(limit_error("certificates in a file", kMaxCertificates, "")); };
  if (as_text(file).contains("-----BEGIN ")) {
    TRY_ASSIGN(std::vector<Certificate> all, from_blocks(as_text(file), kMaxCertificates + 1));
    if (all.size() > kMaxCertificates) return too_many();
    return all;
  }
  std::vector<Certificate> certificates;
  do {
    const size_t size = element_bytes(file);
    if (size > file.size()) return fail(Code::kMalformed, "neither certificates in PEM nor in DER");
    TRY_ASSIGN(Certificate certificate, from_der(file.first(size)));
    certificates.push_back(std::move(certificate));
    file = file.subspan(size);
    if (certificates.size() > kMaxCertificates) return too_many();
  } while (!file.empty());
  return certificates;
}

const std::string& Certificate::der() const {
  return state_->der;
}
std::string Certificate::pem() const {
  return std::string(write_pem({.label = PEM_STRING_X509, .contents = Secret::copy_of(state_->der)}).reveal());
}
const Digest& Certificate::fingerprint() const {
  return state_->fingerprint;
}
ByteSpan Certificate::tbs() const {
  return as_bytes(state_->tbs);
}
std::string Certificate::subject() const {
  return state_->subject;
}
std::string Certificate::issuer() const {
  return state_->issuer;
}
const std::vector<NameAttribute>& Certificate::subject_attributes() const {
  return state_->subject_attributes;
}
bool Certificate::is_self_issued() const {
  return state_->subject_der == state_->issuer_der;
}
const std::string& Certificate::serial() const {
  return state_->serial;
}
int64_t Certificate::not_before() const {
  return state_->not_before;
}
int64_t Certificate::not_after() const {
  return state_->not_after;
}
const std::string& Certificate::spki() const {
  return state_->spki;
}
const std::vector<CertificateExtension>& Certificate::extensions() const {
  return state_->extensions;
}
const std::optional<BasicConstraints>& Certificate::basic_constraints() const {
  return state_->basic_constraints;
}
const std::optional<KeyUsage>& Certificate::key_usage() const {
  return state_->key_usage;
}
const std::vector<std::string>& Certificate::extended_key_usages() const {
  return state_->extended_key_usages;
}
const std::vector<AlternativeName>& Certificate::alternative_names() const {
  return state_->alternative_names;
}

const CertificateExtension* Certificate::extension(std::string_view oid) const {
  const auto found = std::ranges::find(state_->extensions, oid, &CertificateExtension::oid);
  return found == state_->extensions.end() ? nullptr : &*found;
}

bool Certificate::has_extended_key_usage(std::string_view oid) const {
  return std::ranges::find(state_->extended_key_usages, oid) != state_->extended_key_usages.end();
}

Result<PublicKey> Certificate::public_key() const {
  return PublicKey::from_der(as_bytes(state_->spki));
}

Result<SignatureScheme> Certificate::signature_scheme() const {
  if (state_->scheme) return *state_->scheme;
  return fail(Code::kUnsupported,
              fmt::format("the certificate of \"{}\" is signed by an algorithm that is not used here", state_->subject),
              "have it issued anew, signed with SHA-256 or longer");
}

Status Certificate::verify_signed_by(const Certificate& issuer) const {
  if (state_->issuer_der != issuer.state_->subject_der) {
    return fail(Code::kVerificationFailed,
                fmt::format("\"{}\" is not issued by \"{}\"", state_->subject, issuer.state_->subject));
  }
  TRY_ASSIGN(const SignatureScheme scheme, signature_scheme());
  TRY_CONTEXT(const PublicKey key, issuer.public_key(), fmt::format("certificate \"{}\"", issuer.state_->subject));
  if (auto verified = key.verify(scheme, tbs(), as_bytes(state_->signature)); !verified) {
    return fail(std::move(verified).error().with_context(fmt::format("certificate \"{}\"", state_->subject)));
  }
  return {};
}

}  // namespace bulkhead

// X.509 certificates: what one says of itself, and whether another's key signed it. Whether it is to be believed is
// decided elsewhere (certificate_chain.h). Source: RFC 5280, RFC 7468 (PEM), RFC 4514 (names as text).
//
// What is read here is strict DER; it may be hostile: kMalformed, or kLimitExceeded past 64 KiB a certificate, 1 MiB or
// 1000 certificates a text. Nothing is asked of keys and algorithms until they are used, so that an old certificate can
// still be described. A Certificate is a cheap handle on immutable data: safe to copy, and to use from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/digest.h"
#include "crypto/key.h"

namespace bulkhead {

// Object identifiers, dotted, of what is asked for here and there.
namespace oid {
inline constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";
inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";
inline constexpr std::string_view kCodeSigning = "1.3.6.1.5.5.7.3.3";
inline constexpr std::string_view kEmailProtection = "1.3.6.1.5.5.7.3.4";
inline constexpr std::string_view kTimeStamping = "1.3.6.1.5.5.7.3.8";
inline constexpr std::string_view kOcspSigning = "1.3.6.1.5.5.7.3.9";
inline constexpr std::string_view kBasicConstraints = "2.5.29.19";
inline constexpr std::string_view kKeyUsage = "2.5.29.15";
inline constexpr std::string_view kExtendedKeyUsage = "2.5.29.37";
}  // namespace oid

// The bits of the key usage extension, RFC 5280 section 4.2.1.3.
struct KeyUsage {
  bool digital_signature = false;
  bool content_commitment = false;
  bool key_encipherment = false;
  bool data_encipherment = false;
  bool key_agreement = false;
  bool certificate_signing = false;
  bool crl_signing = false;
  bool encipher_only = false;
  bool decipher_only = false;

  friend bool operator==(const KeyUsage&, const KeyUsage&) = default;
};

struct BasicConstraints {
  bool ca = false;
  std::optional<uint32_t> path_length{};  // certificates that may stand between it and the leaf
};

struct CertificateExtension {
  std::string oid;  // dotted
  bool critical = false;
  std::string value;  // what is in the octet string
};

// One attribute of a distinguished name.
struct NameAttribute {
  std::string type;   // short name ("CN", "O", "ST") or, of a type without one, dotted
  std::string value;  // UTF-8

  friend bool operator==(const NameAttribute&, const NameAttribute&) = default;
};

struct AlternativeName {
  enum class Kind : uint8_t { kEmail, kDns, kUri, kIp, kOther };
  Kind kind;
  std::string value;  // kIp: 4 or 16 bytes; kOther: the text of a string, else the value's DER
  std::string oid{};  // of kOther: its type, dotted

  friend bool operator==(const AlternativeName&, const AlternativeName&) = default;
};

class Certificate {
 public:
  static Result<Certificate> from_der(ByteSpan der);  // one, exactly
  // The first of a PEM text; what stands around it is passed over.
  static Result<Certificate> from_pem(std::string_view pem);
  // All of a file: PEM, in which other blocks are passed over, or certificates in DER, one behind another. At least
  // one.
  static Result<std::vector<Certificate>> list_from(ByteSpan file);

  const std::string& der() const;
  std::string pem() const;
  const Digest& fingerprint() const;  // SHA-256 of der()
  ByteSpan tbs() const;               // what is signed

  std::string subject() const;  // RFC 4514 text: last attribute first, "CN=leaf,O=Example,C=US"
  std::string issuer() const;
  const std::vector<NameAttribute>& subject_attributes() const;  // as encoded: "C" first, mostly
  bool is_self_issued() const;                                   // its names are equal; says nothing of its signature
  const std::string& serial() const;                             // hexadecimal, lower case; a sign may lead
  int64_t not_before() const;                                    // seconds since 1970
  int64_t not_after() const;
  bool is_valid_at(int64_t unix_seconds) const { return not_before() <= unix_seconds && unix_seconds <= not_after(); }

  const std::string& spki() const;  // SubjectPublicKeyInfo in DER
  // kUnsupported for keys that are not used here (key.h): weak, or nobody's.
  Result<PublicKey> public_key() const;
  // How it was signed. kUnsupported for anything but the schemes of key.h: MD5 and SHA-1 among them.
  Result<SignatureScheme> signature_scheme() const;
  // kVerificationFailed unless `issuer` bears the issuer's name and its key made the signature; kUnsupported as above.
  // Nothing else of the issuer is looked at.
  Status verify_signed_by(const Certificate& issuer) const;

  const std::vector<CertificateExtension>& extensions() const;        // no two of one kind
  const CertificateExtension* extension(std::string_view oid) const;  // nullptr: none
  const std::optional<BasicConstraints>& basic_constraints() const;
  const std::optional<KeyUsage>& key_usage() const;
  const std::vector<std::string>& extended_key_usages() const;  // dotted; empty: no such extension
  bool has_extended_key_usage(std::string_view oid) const;
  const std::vector<AlternativeName>& alternative_names() const;

  // The same bytes.
  friend bool operator==(const Certificate& a, const Certificate& b) { return a.der() == b.der(); }

 private:
  struct State;
  explicit Certificate(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace bulkhead

// Who a Fulcio certificate was issued to, and whom a verifier expects. Source: fulcio, docs/oid-info.md; RFC 5280
// section 4.2.1.6. Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"

namespace bulkhead::sigstore {

// What a certificate says of its holder.
struct CertificateIdentity {
  std::string name;    // its one subject alternative name: an e-mail address, a URI, a DNS name, a user name
  std::string issuer;  // the OpenID Connect provider that vouched for the name
};

// kVerificationFailed when the certificate has not one name, or no issuer, or two that differ.
Result<CertificateIdentity> identity_of(const Certificate& certificate);

// A text that is expected, exactly or by a regular expression of RE2 that must match ALL of it: "example\.com" does
// not match "example.com.evil". Cheap to copy.
class TextPattern {
 public:
  static TextPattern exactly(std::string text);
  // kInvalidArgument when it is no regular expression, or one that costs too much.
  static Result<TextPattern> regex(std::string_view expression);

  bool matches(std::string_view text) const;
  std::string describe() const;  // for messages: "\"text\"" or "/expression/"

 private:
  struct Compiled;
  std::string text_;
  std::shared_ptr<const Compiled> compiled_;
};

// Both must match.
struct IdentityPattern {
  TextPattern name;
  TextPattern issuer;
};

// kVerificationFailed unless one of the patterns matches; the message says who it is instead.
Status check_identity(const CertificateIdentity& identity, const std::vector<IdentityPattern>& expected);

}  // namespace bulkhead::sigstore

// Distinguished names in trust policies: which attributes a certificate's subject must have. Source: RFC 4514 section
// 3; notaryproject/specifications, trust-store-trust-policy.md, Trusted Identities Constraints. Pure and thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"

namespace bulkhead::notation {

// Values by type, upper case ("C", "ST", "O", "CN"); every type once.
class DistinguishedName {
 public:
  // "C=US, ST=WA, O=example.com, CN=signer", in any order; "S" is "ST". kInvalidArgument unless it has C, ST and O; for
  // attributes of several values, types that come twice, values in hexadecimal.
  static Result<DistinguishedName> parse(std::string_view text);

  // Every attribute of this name is one of the other.
  bool is_part_of(const DistinguishedName& other) const;
  // Every attribute is one of the subject; no subject that has one of them twice.
  bool matches(const std::vector<NameAttribute>& subject) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace bulkhead::notation

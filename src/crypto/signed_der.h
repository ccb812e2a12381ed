// What revocation lists and OCSP answers are made of; for the .cc files of this folder only. Source: RFC 5280, RFC
// 6960. Views point into the bytes that were read. The input is untrusted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/der.h"

namespace bulkhead {

namespace der {
inline constexpr uint8_t kBitString = 0x03;
inline constexpr uint8_t kEnumerated = 0x0A;
inline constexpr uint8_t kUtcTime = 0x17;
inline constexpr uint8_t kGeneralizedTime = 0x18;
inline constexpr uint8_t implicit(uint8_t number) {  // primitive: IMPLICIT [number]
  return static_cast<uint8_t>(0x80U | number);
}
}  // namespace der

// SEQUENCE { to be signed, algorithm, signature, rest }.
struct SignedDer {
  DerElement tbs;
  ByteSpan algorithm;  // AlgorithmIdentifier
  ByteSpan signature;
  DerReader rest{{}};

  static Result<SignedDer> parse(ByteSpan content);
  // kVerificationFailed unless that certificate's key made the signature; kUnsupported for weak algorithms and keys.
  Status verify(const Certificate& signer) const;
};

// Elements of a sequence, looked at one ahead: what is optional is taken when it is there.
class DerFields {
 public:
  explicit DerFields(ByteSpan content) : reader_(content) {}
  Result<std::optional<DerElement>> optional(uint8_t tag);
  Result<DerElement> required(uint8_t tag);
  Result<DerElement> any();
  Result<bool> at_end();

 private:
  Status look();
  DerReader reader_;
  std::optional<DerElement> ahead_;
};

// UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5: seconds since 1970.
Result<int64_t> der_time(const DerElement& element);

struct DerExtension {
  std::string oid;  // dotted
  bool critical = false;
  ByteSpan value;
};
// Of a SEQUENCE's content; no two of one kind.
Result<std::vector<DerExtension>> der_extensions(ByteSpan content);
std::string dotted_oid(ByteSpan content);

// The URIs among the GeneralNames of an element's content.
Result<std::vector<std::string>> uris_in(ByteSpan general_names);
// Those of the full names of distribution points, in their order. Source: RFC 5280 section 4.2.1.13.
Result<std::vector<std::string>> distribution_uris(ByteSpan points);

// Parts of a certificate as it encodes them.
struct CertificateParts {
  ByteSpan serial;   // content of its INTEGER
  ByteSpan issuer;   // Name, whole
  ByteSpan subject;  // Name, whole
  ByteSpan key;      // bits of the public key
};
Result<CertificateParts> parts_of(const Certificate& certificate);

}  // namespace bulkhead

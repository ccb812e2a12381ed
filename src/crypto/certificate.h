// What an X.509 certificate says of itself. Nothing is verified. Source: RFC 5280 section 4.1.2.5, RFC 7468.
#pragma once

#include <string>
#include <string_view>

#include "crypto/key.h"

namespace bulkhead {

// RFC 3339, UTC: "2026-11-22T21:40:00Z".
struct Validity {
  std::string not_before;
  std::string not_after;
};

// Of the first certificate of a PEM text; what stands around it is passed over. The text may be hostile: kMalformed
// when it has no certificate that can be read, kLimitExceeded past 1 MiB.
Result<Validity> certificate_validity(std::string_view pem);

// Its public key. As above, and kUnsupported for keys that are not used here (key.h).
Result<PublicKey> certificate_key(std::string_view pem);

}  // namespace bulkhead

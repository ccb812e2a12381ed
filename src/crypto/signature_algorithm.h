// The algorithm under which certificates and their kin are signed. Source: RFC 5280 section 4.1.1.2, RFC 5758, RFC
// 4055, RFC 8410. The input is untrusted. Pure and thread-safe.
#pragma once

#include <optional>

#include "crypto/key.h"

namespace bulkhead {

// Of an AlgorithmIdentifier in DER; nothing for what is not used here: MD5, SHA-1 and SHA-224 among them.
std::optional<SignatureScheme> scheme_of_algorithm(ByteSpan identifier);

}  // namespace bulkhead

// The six signature algorithms of the Notary Project. The key alone decides which one is its: an envelope that names
// another is forged. Source: notaryproject/specifications, signature-specification.md, Algorithm Selection.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/key.h"

namespace bulkhead::notation {

struct Algorithm {
  std::string_view jws;  // "PS256", "ES384"
  int64_t cose;          // label of the IANA registry
  SignatureScheme scheme;
  KeyType key;
  unsigned bits;
};

// kUnsupported for Ed25519, and for RSA but 2048, 3072 and 4096 bits.
Result<const Algorithm*> algorithm_for(const PublicKey& key);
// nullptr for any other name: "none" and the symmetric ones among them.
const Algorithm* algorithm_named(std::string_view jws);
const Algorithm* algorithm_labelled(int64_t cose);

}  // namespace bulkhead::notation

// Public keys out of a token's objects. Internal to keys. What the objects say is untrusted: it is made into
// SubjectPublicKeyInfo and parsed as any other.
#pragma once

#include "keys/token_session.h"

namespace bulkhead::keys {

// Of a public key or certificate.
Result<PublicKey> public_key_of(const TokenSession& session, CK_OBJECT_HANDLE object);

// Of the private key: from the object with its id (or label, where there is none), or what it says itself.
Result<PublicKey> public_half_of(TokenSession& session, CK_OBJECT_HANDLE private_key);

// What stands in EC_PARAMS for a kind of key that is to be made; empty for RSA.
std::string curve_parameters(KeyType type);

}  // namespace bulkhead::keys

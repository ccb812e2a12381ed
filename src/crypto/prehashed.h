// What a signer has to do by itself when what holds the key signs hashes only, as tokens and remote signers do: hash
// the message, wrap the hash for PKCS#1 v1.5, turn ECDSA's r and s into DER and back. Pure and thread-safe.
// Source: RFC 8017 section 9.2 note 1 (DigestInfo), RFC 3279 section 2.2.3 (Ecdsa-Sig-Value), IEEE P1363.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "crypto/key.h"

namespace bulkhead {

size_t hash_bytes(HashAlgorithm hash);
std::string hash_of(HashAlgorithm hash, ByteSpan message);

// DER of the hash and of the name of what made it: the text that PKCS#1 v1.5 pads. `hashed` has hash_bytes(hash).
std::string digest_info(HashAlgorithm hash, ByteSpan hashed);

// As long as the order of the key's curve; 0 for keys that are on none of ECDSA's.
size_t ecdsa_order_bytes(KeyType type);

// r and s, each of `order_bytes`, as DER; nothing when it is no such signature.
std::optional<std::string> ecdsa_der_of_raw(ByteSpan raw, size_t order_bytes);
std::optional<std::string> ecdsa_raw_of_der(ByteSpan der, size_t order_bytes);

}  // namespace bulkhead

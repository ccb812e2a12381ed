// How Sigstore's signatures are made by each type of key. Source: sigstore/architecture-docs, algorithm-registry.md;
// pure Ed25519 in DSSE envelopes. Pre-hashed Ed25519 (Ed25519ph), which cosign makes over blobs, is not supported.
#pragma once

#include <span>

#include "crypto/key.h"

namespace bulkhead::sigstore {

// The scheme to sign with comes first. ECDSA keys of the longer curves also verify with SHA-256, which cosign 2 took
// for every key.
std::span<const SignatureScheme> schemes_of(KeyType type);

// kVerificationFailed unless the signature is the key's by one of its schemes.
Status verify_by_key(const PublicKey& key, ByteSpan message, ByteSpan signature);
// The same of a message whose digest by `hash` is all that is known. kUnsupported for keys that sign no digest of that
// kind.
Status verify_digest_by_key(const PublicKey& key, HashAlgorithm hash, ByteSpan digest, ByteSpan signature);

}  // namespace bulkhead::sigstore

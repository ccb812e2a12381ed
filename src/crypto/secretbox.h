// NaCl's secretbox: XSalsa20 and Poly1305, which cosign's key files are sealed with. OpenSSL has no Salsa20, so that
// one is ours. Source: "Cryptography in NaCl" and "Extending the Salsa20 nonce" (Bernstein); vectors in the test.
#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/secret.h"

namespace bulkhead {

constexpr size_t kSecretboxKeyBytes = 32;
constexpr size_t kSecretboxNonceBytes = 24;
constexpr size_t kSecretboxTagBytes = 16;

// The tag, then as many bytes as the message has. kInvalidArgument unless key and nonce have their lengths. A nonce
// serves once for each key.
Result<std::string> secretbox_seal(ByteSpan key, ByteSpan nonce, ByteSpan message);

// kVerificationFailed when the box was not sealed with this key and nonce. The tag is compared in constant time, and
// nothing is decrypted before.
Result<Secret> secretbox_open(ByteSpan key, ByteSpan nonce, ByteSpan box);

}  // namespace bulkhead

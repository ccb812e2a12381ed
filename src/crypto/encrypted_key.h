// Private keys under a passphrase: EncryptedPrivateKeyInfo of PKCS#8 with PBES2 (RFC 5958, RFC 8018), and the older
// encryption of a PEM block that `DEK-Info:` tells of (RFC 1421, with OpenSSL's derivation). What is decrypted is
// untrusted and its work is bounded (kdf.h). A passphrase is never repeated in a message. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/kdf.h"

namespace bulkhead {

// What was encrypted, of PBKDF2 (HMAC with SHA-1, SHA-256, SHA-512) or scrypt with AES-128 or AES-256 in CBC.
// kUnauthenticated: the passphrase is wrong. One wrong passphrase in 256 cannot be told here and yields noise, which
// the caller finds to be no key. kUnsupported for other schemes, kLimitExceeded for more work than is done here.
Result<Secret> decrypt_pkcs8(ByteSpan encrypted, std::string_view passphrase);

// With scrypt and AES-256. OpenSSL's own commands read costs up to n = 2^14 only: their memory is limited to 32 MiB.
Result<std::string> encrypt_pkcs8(ByteSpan pkcs8, std::string_view passphrase, ScryptCost cost);
// With PBKDF2-HMAC-SHA1 and AES-256, the one form that docker and notary read.
Result<std::string> encrypt_pkcs8_for_notary(ByteSpan pkcs8, std::string_view passphrase, uint64_t iterations);

// What `contents` of a block hold whose DEK-Info is `dek_info` ("AES-256-CBC,<iv>"): AES of all lengths, triple DES.
Result<Secret> decrypt_pem(std::string_view dek_info, ByteSpan contents, std::string_view passphrase);

}  // namespace bulkhead

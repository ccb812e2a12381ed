// Chains of certificates up to roots that the caller trusts. Source: RFC 5280 section 6.1, by OpenSSL, with the rules
// below on top.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"

namespace bulkhead {

struct ChainRules {
  std::span<const Certificate> roots;            // trusted as they are, self-signed or not; at most 1000
  std::span<const Certificate> intermediates{};  // untrusted helpers in any order; at most 100
  int64_t at = 0;                                // seconds since 1970, at which all of the chain must be valid
  // Dotted; the leaf must have it by name, and issuers that restrict their own must allow it. Empty: whatever.
  std::string_view extended_key_usage{};
};

// The chain from the leaf (first) to one of the roots (last; the leaf alone when it is one). kVerificationFailed, with
// the reason, unless there is one of at most 10 certificates in which
//   - signatures, names, path lengths, name constraints and the times hold; no critical extension is unknown,
//   - every issuer has basic constraints that make it an authority and, if it has a key usage, may sign certificates,
//   - every key is one of key.h, and every signature but the root's own is by a scheme of key.h: neither MD5 nor SHA-1.
// Pure and thread-safe. Revocation is not looked at.
Result<std::vector<Certificate>> verify_chain(const Certificate& leaf, const ChainRules& rules);

}  // namespace bulkhead

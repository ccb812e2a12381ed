// What makes a key of a passphrase: scrypt (RFC 7914) and PBKDF2 (RFC 8018), both with bounded work, since a file says
// how much is to be done. And random bytes. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace bulkhead {

std::string random_bytes(size_t count);

struct ScryptCost {
  uint64_t n;
  uint64_t r;
  uint64_t p;
};
// 2^17 and r = 8 are 128 MiB: twice that is the limit, and sixteen times that work.
constexpr uint64_t kMaxScryptBytes = uint64_t{256} << 20;
constexpr uint64_t kMaxScryptWork = uint64_t{1} << 24;  // n * r * p
constexpr uint64_t kMaxPbkdf2Iterations = 10'000'000;

// kLimitExceeded past the limits, kMalformed for costs that scrypt has not.
Result<Secret> scrypt(std::string_view passphrase, ByteSpan salt, ScryptCost cost, size_t bytes);

enum class Pbkdf2Hash : uint8_t { kSha1, kSha256, kSha512 };
Result<Secret> pbkdf2(std::string_view passphrase, ByteSpan salt, uint64_t iterations, Pbkdf2Hash hash, size_t bytes);

}  // namespace bulkhead

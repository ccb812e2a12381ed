// Content digests as OCI names them ("sha256:<64 hex>"), and the hashing that makes and checks them.
// Source: OCI image-spec v1.1, descriptor.md, Digests. Algorithms: sha256 and sha512; anything else is kUnsupported.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/block_source.h"
#include "base/bytes.h"

namespace bulkhead {

// A value: cheap to copy, ordered, hashable. Untrusted text becomes a Digest through parse() only.
class Digest {
 public:
  enum class Algorithm : uint8_t { kSha256, kSha512 };

  Digest() = default;  // empty: no digest known
  // `sha256:` and 64, or `sha512:` and 128, lower-case hexadecimal digits; kInvalidArgument (kUnsupported for another
  // well-formed algorithm) otherwise.
  static Result<Digest> parse(std::string_view text);
  static Digest sha256_of(ByteSpan bytes);

  bool empty() const { return size_ == 0; }
  Algorithm algorithm() const { return size_ == 64 ? Algorithm::kSha512 : Algorithm::kSha256; }
  std::string hex() const;
  std::string to_string() const;  // "sha256:…"; "" when empty
  ByteSpan raw() const { return ByteSpan(raw_).first(size_); }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  friend class Hasher;
  uint8_t size_ = 0;  // 0, 32 or 64
  std::array<std::byte, 64> raw_{};
};

// Incremental hashing. Not thread-safe.
class Hasher {
 public:
  explicit Hasher(Digest::Algorithm algorithm = Digest::Algorithm::kSha256);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(ByteSpan bytes);
  // The digest of everything so far; the hasher must not be used afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Passes `inner` through and checks it: at its end the bytes must have `expected`'s digest and, unless 0, exactly
// expected_size bytes; otherwise the last next() is kVerificationFailed. Reading past expected_size fails at once.
// `what` names the content in errors. The reader must read to the end before it believes anything it has read.
std::unique_ptr<BlockSource> make_verifying_source(std::unique_ptr<BlockSource> inner, Digest expected,
                                                   uint64_t expected_size, std::string what);

}  // namespace bulkhead

template <>
struct std::hash<bulkhead::Digest> {
  size_t operator()(const bulkhead::Digest& digest) const noexcept {
    return std::hash<std::string_view>()(bulkhead::as_text(digest.raw()));
  }
};

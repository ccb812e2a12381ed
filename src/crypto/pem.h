// PEM blocks (RFC 7468), with the headers of RFC 1421 that keys are found with in the world: `role:` and `gun:` of
// docker and notary, `DEK-Info:` of old OpenSSL. The text is untrusted; its size and its headers are bounded. What is
// in a block may be a private key, so it is a Secret. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace bulkhead {

constexpr size_t kMaxPemBytes = size_t{64} << 10;

struct PemBlock {
  std::string label;                                           // "PUBLIC KEY"
  std::vector<std::pair<std::string, std::string>> headers{};  // as they stand; printable ASCII
  Secret contents{};                                           // decoded

  // The value of the first header of that name; empty when there is none.
  std::string_view header(std::string_view name) const;
};

// The first block with one of the labels; what stands around it is passed over. kMalformed when there is none, or when
// it is broken; kLimitExceeded. No message repeats the text.
Result<PemBlock> read_pem(std::string_view text, std::initializer_list<std::string_view> labels);

// Lines of 64 characters, a blank one after the headers. Label and headers are ours: they hold no line ends.
Secret write_pem(const PemBlock& block);

}  // namespace bulkhead

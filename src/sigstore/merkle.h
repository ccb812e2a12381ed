// Proof that an entry is in a log whose root hash is known. Source: RFC 6962 section 2.1 (hashes), RFC 9162 section
// 2.1.3.2 (verification). Pure and thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace bulkhead::sigstore {

// kVerificationFailed unless the path leads from the entry at `index` of a tree of `tree_size` to `root_hash`.
Status verify_inclusion(ByteSpan entry, int64_t index, int64_t tree_size, std::span<const std::string> path,
                        std::string_view root_hash);

}  // namespace bulkhead::sigstore

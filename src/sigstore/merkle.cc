#include "sigstore/merkle.h"

#include "crypto/digest.h"

namespace bulkhead::sigstore {
namespace {

// What leaves and inner nodes begin with, so that neither is taken for the other.
constexpr std::string_view kLeaf("\0", 1);
constexpr std::string_view kNode("\1", 1);

std::string hash(std::string_view prefix, std::string_view first, std::string_view second = {}) {
  Hasher hasher;
  for (const std::string_view part : {prefix, first, second}) hasher.update(as_bytes(part));
  return std::string(as_text(hasher.finish().raw()));
}

}  // namespace

Status verify_inclusion(ByteSpan entry, int64_t index, int64_t tree_size, std::span<const std::string> path,
                        std::string_view root_hash) {
  const auto refused = [] { return fail(Code::kVerificationFailed, "the inclusion proof does not lead to its root"); };
  if (index < 0 || index >= tree_size) return refused();
  auto node = static_cast<uint64_t>(index);
  uint64_t last = static_cast<uint64_t>(tree_size) - 1;
  std::string computed = hash(kLeaf, as_text(entry));
  for (const std::string& sibling : path) {
    if (last == 0) return refused();
    if (node % 2 == 1 || node == last) {
      computed = hash(kNode, sibling, computed);
      // A last node without a right sibling moves up unchanged.
      while (node % 2 == 0 && node != 0) {
        node /= 2;
        last /= 2;
      }
    } else {
      computed = hash(kNode, computed, sibling);
    }
    node /= 2;
    last /= 2;
  }
  if (last != 0 || computed != root_hash) return refused();
  return {};
}

}  // namespace bulkhead::sigstore

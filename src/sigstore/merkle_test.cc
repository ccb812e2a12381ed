#include "sigstore/merkle.h"

#include <gtest/gtest.h>

#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

std::vector<std::string> entries_of(size_t size) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < size; ++i) entries.push_back("entry " + std::to_string(i));
  return entries;
}

Status verify(const std::vector<std::string>& path, const std::string& entry, size_t index, size_t size,
              const std::string& root) {
  return verify_inclusion(as_bytes(entry), static_cast<int64_t>(index), static_cast<int64_t>(size), path, root);
}

TEST(Merkle, ProvesEveryEntryOfTreesOfEverySize) {
  for (size_t size = 1; size <= 33; ++size) {
    const std::vector<std::string> entries = entries_of(size);
    const std::string root = merkle_root(entries);
    for (size_t index = 0; index < size; ++index) {
      const std::vector<std::string> path = merkle_path(entries, index);
      EXPECT_TRUE(verify(path, entries[index], index, size, root)) << index << " of " << size;
    }
  }
}

TEST(Merkle, RefusesAnotherPlaceAnotherEntryAndAnotherPath) {
  const std::vector<std::string> entries = entries_of(13);
  const std::string root = merkle_root(entries);
  for (size_t index = 0; index < entries.size(); ++index) {
    const std::vector<std::string> path = merkle_path(entries, index);
    EXPECT_FALSE(verify(path, "other", index, 13, root));
    EXPECT_FALSE(verify(path, entries[index], (index + 1) % 13, 13, root));
    EXPECT_FALSE(verify(path, entries[index], index, index, root));
    std::vector<std::string> other = path;
    other.pop_back();
    EXPECT_FALSE(verify(other, entries[index], index, 13, root));
    other = path;
    other.push_back(root);
    EXPECT_FALSE(verify(other, entries[index], index, 13, root));
    for (size_t step = 0; step < path.size(); ++step) {
      other = path;
      other[step][0] = static_cast<char>(other[step][0] ^ 1);
      EXPECT_FALSE(verify(other, entries[index], index, 13, root));
    }
  }
  EXPECT_FALSE(verify_inclusion(as_bytes("entry 0"), -1, 13, {}, root));
}

// An inner node is no entry: their hashes begin with different bytes.
TEST(Merkle, TakesNoInnerNodeForAnEntry) {
  const std::vector<std::string> entries = entries_of(2);
  const std::string both = merkle_root({entries[0]}) + merkle_root({entries[1]});
  EXPECT_FALSE(verify({}, both, 0, 1, merkle_root(entries)));
}

}  // namespace
}  // namespace bulkhead::sigstore

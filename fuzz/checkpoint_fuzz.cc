// fuzz: sigstore
// Checkpoints of logs: what is signed is a part of the note, and says what was read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sigstore/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view note(reinterpret_cast<const char*>(data), size);
  const auto read = bulkhead::sigstore::read_checkpoint(note);
  if (!read) return 0;
  if (!note.starts_with(read->text) || !read->text.starts_with(read->origin) || read->signatures.empty() ||
      read->root_hash.size() != 32 || read->tree_size < 0) {
    std::abort();
  }
  return 0;
}

// Checkpoints: what a log says its tree is, as a signed note. Source: C2SP, tlog-checkpoint.md and signed-note.md. The
// text is untrusted. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sigstore/trusted_root.h"

namespace bulkhead::sigstore {

constexpr size_t kMaxCheckpointBytes = size_t{64} << 10;
constexpr size_t kMaxNoteSignatures = 64;

struct NoteSignature {
  std::string name;
  std::string key_hint;  // 4 bytes
  std::string bytes;
};

struct Checkpoint {
  std::string origin;
  int64_t tree_size = 0;
  std::string root_hash;                  // 32 bytes
  std::string text;                       // what is signed
  std::vector<NoteSignature> signatures;  // one or more; those of witnesses among them
};

// kMalformed, kLimitExceeded.
Result<Checkpoint> read_checkpoint(std::string_view note);

// kVerificationFailed unless the log signed it under its own name: that of its base URL, which the origin begins with,
// too. Signatures of others say nothing.
Status verify_checkpoint(const Checkpoint& checkpoint, const TransparencyLog& log);

}  // namespace bulkhead::sigstore

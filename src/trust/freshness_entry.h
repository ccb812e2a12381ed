// What a freshness map says, one target of a TUF repository for each entry: a tag's present digest, that a tag was
// withdrawn, that a digest, a key or a signature was revoked. Nothing is ever taken out of a map: who asks for
// something that is gone is told so by a signed entry, and can tell it from one that somebody holds back. The format,
// and why it is so: docs/formats/freshness-map.md. Pure and thread-safe; trust of the input: that of the metadata it
// stands in, none for the fuzzer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "oci/reference.h"
#include "tuf/metadata.h"

namespace bulkhead::trust {

enum class EntryState : uint8_t {
  kCurrent,    // the tag means this digest; the digest may be used
  kWithdrawn,  // the tag means nothing any more; the digest is the one it had
  kRevoked,    // not to be used, by whatever tag it is reached
};
std::string_view entry_state_name(EntryState state);  // "current", "withdrawn", "revoked"

struct MapEntry {
  EntryState state = EntryState::kCurrent;
  Digest digest;            // of the manifest; of the key or signature
  uint64_t size = 0;        // of the manifest, in bytes; 0: not known, or none
  std::string reason = {};  // of a tombstone: text for people, at most kMaxReasonBytes
  int64_t time = 0;         // when it became so, in seconds since 1970; 0: not stated

  friend bool operator==(const MapEntry&, const MapEntry&) = default;
};
constexpr size_t kMaxReasonBytes = 1024;

// ---- Where an entry stands: the path of its target. References are normalised.
std::string tag_path(const oci::Reference& reference);                           // "docker.io/library/debian:12"
std::string digest_path(const oci::Reference& reference, const Digest& digest);  // "docker.io/library/debian@sha256:…"
// For every name at once. No name of an image begins so.
std::string revoked_digest_path(const Digest& digest);        // "revoked/digests/sha256:…"
std::string revoked_signature_path(const Digest& signature);  // of what it is over, or the blob or manifest that has it
std::string revoked_key_path(std::string_view key_id);        // keys::key_id()

// ---- The target itself
// kInvalidArgument for a reason that is too long or no UTF-8, and for an entry without a digest.
Result<tuf::TargetFile> encode_entry(const MapEntry& entry);
// A target that says nothing of a freshness map is a current one, so that any TUF repository of digests can serve.
// kMalformed for what is no entry, kUnsupported for another version of the format and for hashes that are unknown here.
Result<MapEntry> decode_entry(const tuf::TargetFile& file);

}  // namespace bulkhead::trust

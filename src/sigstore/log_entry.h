// Entries of a Rekor log: that they are in it, and that they are about what a bundle holds. Source: rekor v1 (types
// hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.1 and 0.0.2; sign_entry.go: the signed entry timestamp), rekor-tiles v2
// (hashedrekord 0.0.2, dsse 0.0.2); sigstore's client specification, sections on transparency logs. Pure and
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/certificate.h"
#include "sigstore/bundle.h"
#include "sigstore/trusted_root.h"

namespace bulkhead::sigstore {

// What an entry must be about.
struct LoggedContent {
  std::string_view signature;                             // of the message, or of the envelope
  Digest digest;                                          // of what was signed: the artifact, or the envelope's PAE
  std::optional<Digest> payload = std::nullopt;           // SHA-256 of the envelope's payload
  std::optional<Digest> envelope = std::nullopt;          // SHA-256 of the envelope's text, where that is known
  std::optional<Certificate> certificate = std::nullopt;  // whose signature it is: this
  std::optional<PublicKey> key = std::nullopt;            // or this
};

// kVerificationFailed unless the entry's body is about exactly that; kUnsupported for other kinds and versions of
// entries, and for "intoto" 0.0.1, which knows a signature by its envelope's text only, where that is not known;
// kMalformed.
Status check_entry_body(const LogEntry& entry, const LoggedContent& content);

// kVerificationFailed unless the log signed when it took the entry, at a time that the log is trusted for.
Status verify_entry_timestamp(const LogEntry& entry, const TransparencyLog& log);

// kVerificationFailed unless the entry is in the tree whose root the log signed. The entry has an inclusion proof.
Status verify_entry_inclusion(const LogEntry& entry, const TransparencyLog& log);

}  // namespace bulkhead::sigstore

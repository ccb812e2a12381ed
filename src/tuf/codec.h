// How metadata is spelled. Two dialects are in use: TUF 1.0 (tuf1_codec) and that of Notary v1. A codec reads bytes
// into the one vocabulary of metadata.h, and names the files of a repository; what may be believed is trusted_set.h's
// matter.
//
// Trust of the input: none. Errors: kMalformed naming the role and what is wrong with it, kUnsupported for another
// version of the specification, kLimitExceeded past limits. Pure and thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tuf/metadata.h"

namespace bulkhead::tuf {

class Codec {
 public:
  virtual ~Codec() = default;

  virtual Result<Signed<Root>> root(std::string_view bytes) const = 0;
  virtual Result<Signed<Timestamp>> timestamp(std::string_view bytes) const = 0;
  virtual Result<Signed<Snapshot>> snapshot(std::string_view bytes) const = 0;
  // `role` is targets or a delegated role.
  virtual Result<Signed<Targets>> targets(std::string_view bytes, std::string_view role) const = 0;

  // What is signed of new metadata, byte for byte the same for the same metadata.
  virtual std::string write(const Root& root) const = 0;
  virtual std::string write(const Timestamp& timestamp) const = 0;
  virtual std::string write(const Snapshot& snapshot) const = 0;
  virtual std::string write(const Targets& targets) const = 0;
  // The whole file.
  virtual std::string envelope(std::string_view signed_bytes, std::span<const Signature> signatures) const = 0;
  // How this dialect lists a key, and by which id.
  virtual std::pair<std::string, Key> list(const PublicKey& key) const = 0;

  // Where a repository has this version of a role's metadata, percent-encoded, without a leading slash.
  virtual std::string file_name(std::string_view role, const MetaFile& file, bool consistent_snapshot) const = 0;
};

// TUF 1.0.34 section 4, with TAP 15. Signatures cover the canonical form of "signed". Fields that are unknown are
// passed over; they are signed all the same.
const Codec& tuf1_codec();

// The dialect of Notary v1 and Docker Content Trust: no spec_version, types with a capital letter, keys and signatures
// in base64, signatures that name their method, delegations by prefixes of paths, and a snapshot that states hashes of
// root and targets roles instead of versions. Files are named by those hashes, whatever root says of consistent
// snapshots. Source: theupdateframework/notary 0.7, tuf/data; canonical form as docker/go has it.
const Codec& notary_codec();

// Percent-encodes all but letters, digits and "-._~" (RFC 3986 section 2.3): one path segment.
std::string path_segment(std::string_view text);
// The text again; nothing when it was not made by path_segment().
std::optional<std::string> text_of_segment(std::string_view segment);

}  // namespace bulkhead::tuf

// Is this image to be trusted? One entry for every gate: a reference goes in, a verdict comes out, with the digest that
// was verified (never the tag), by whom it was signed and by which rule that counts, and each signature that did not
// count with the reason.
//
//   TRY_ASSIGN(const Verification verification, verify(request));
//   if (!verification.trusted) …
//
// Invariants
//  1. Everything that is said is about `digest`: the bytes of its manifest were read and have it. Who runs the image
//     takes it by that digest.
//  2. A signature counts for the digest that it is of: that of the image, or that of an index through which the image
//     was reached and which lists it; then `index` says so.
//  3. Signers are counted, not signatures: several of one signer are one.
//  4. Whatever goes wrong with one signature refuses that one. Whatever keeps us from asking (the registry, the map) is
//     an error, and no verdict.
//  5. Nothing is asked of a network but what `store` and `map` ask.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "oci/artifact_store.h"
#include "oci/platform.h"
#include "oci/reference.h"
#include "trust/freshness_map.h"
#include "trust/rule.h"
#include "trust/signatures.h"

namespace bulkhead::trust {

struct VerifyRequest {
  const oci::ArtifactStore* store = nullptr;
  // Where both are given the digest is what is verified, and the tag may name the index that lists it.
  std::string tag{};
  Digest digest{};
  // The image for this platform is verified, when the reference names an index.
  std::optional<oci::Platform> platform{};
  // What the image is called, for rules and maps that go by names; normalised. Without a tag a map is asked for the
  // digest only. Empty: it has no name (a layout).
  oci::Reference reference{};

  std::span<const Rule* const> rules;
  Wanted wanted{};
  uint64_t required_signers = 1;  // different ones
  FreshnessMap* map = nullptr;    // asked when there is one; without rules it decides alone
  SearchLimits limits{};
  oci::ImageLimits image_limits{};
};

struct AcceptedSignature {
  FoundSignature found;
  Judgement judgement;
};

struct RefusedSignature {
  std::optional<FoundSignature> found;  // nothing: not even that could be read
  Digest manifest;                      // that carries it; may be empty
  std::string tag;
  std::vector<std::string> reasons;  // one of each rule that looked at it
};

struct Verification {
  bool trusted = false;
  oci::Descriptor image;  // that was verified
  Digest index{};         // through which it was reached; empty: directly
  uint64_t signers = 0;   // different ones whose signatures count
  std::vector<AcceptedSignature> accepted{};
  std::vector<RefusedSignature> refused{};
  bool left_out = false;  // not all signatures were looked at
  std::optional<FreshnessAnswer> freshness{};
  std::vector<std::string> problems{};  // why it is not trusted, for people
};

// kInvalidArgument when there is nothing to trust by, a map and no name to ask it for, or signers are asked
// for and no rule says whose count; kNotFound for the image, or
// its platform; the errors of the store and the map.
Result<Verification> verify(const VerifyRequest& request);

}  // namespace bulkhead::trust

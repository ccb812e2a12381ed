// Verifies a signature of the Notary Project against a trust policy. Source: notaryproject/specifications,
// trust-store-trust-policy.md, Signature Verification.
//
//   TRY_ASSIGN(const TrustPolicy policy, TrustPolicy::parse(text));
//   TRY_ASSIGN(const TrustStatement* statement, policy.for_repository("registry.example/team/image"));
//   const Outcome outcome = verify(*statement, store, {.format = …, .envelope = …, .artifact = …, .now = …});
//   if (outcome.verified()) …
//
// One signature that verifies is enough for an artifact; who has several asks for each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/revocation.h"
#include "notation/envelope.h"
#include "notation/payload.h"
#include "notation/trust_policy.h"
#include "notation/trust_store.h"

namespace bulkhead::notation {

struct VerifyRequest {
  Format format{};
  ByteSpan envelope;
  // What is to be signed: digest, size and, unless empty, media type must be those of the payload.
  Artifact artifact;
  Metadata metadata{};  // annotations that must be signed with it
  int64_t now = 0;      // seconds since 1970
  // Where revocation lists and answers come from. Null: nowhere; certificates that say where to ask have then an
  // unknown status, which fails the check of revocation. Asked only about certificates that are trusted.
  RevocationFetcher* fetcher = nullptr;
};

struct CheckResult {
  Check check{};
  Action action{};
  std::optional<Error> failure{};  // empty: passed

  bool is_critical() const { return failure && action == Action::kEnforce; }
};

struct Outcome {
  std::string statement;  // of the policy
  std::string level;
  // Those that were made, in their order: none after a critical failure, none at the level "skip".
  std::vector<CheckResult> checks;

  // What was signed and by whom: believed as far as the checks go; empty when not even integrity holds.
  std::optional<Envelope> envelope;
  std::optional<Artifact> artifact;
  std::optional<int64_t> timestamp;  // of a time-stamp that verified, seconds since 1970

  // The policy is satisfied: no check failed that it enforces. So also says "skip", under which nothing was checked.
  bool verified() const;
  // The error of the first critical failure; nothing when verified.
  std::optional<Error> failure() const;
};

// Never fails by itself: what is wrong stands in the outcome. Pure but for the store and the fetcher; thread-safe.
Outcome verify(const TrustStatement& statement, const TrustStore& store, const VerifyRequest& request);

}  // namespace bulkhead::notation

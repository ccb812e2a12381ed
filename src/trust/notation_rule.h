// Signatures of the Notary Project count as a trust policy says: certificates of its trust stores, its trusted
// identities, its level of verification. One thing is stricter than notation: whatever the level only logs or skips, a
// signature does not count whose integrity or authenticity was not verified, for nobody would be known to have made it.
// Source: notaryproject/specifications, trust-store-trust-policy.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "crypto/revocation.h"
#include "notation/trust_policy.h"
#include "notation/trust_store.h"
#include "trust/rule.h"

namespace bulkhead::trust {

// Immutable and thread-safe, as far as the fetcher is.
class NotationRule final : public Rule {
 public:
  // `folder`: notation's own, with trustpolicy.oci.json (or trustpolicy.json) and truststore/. `now`: seconds since
  // 1970. `fetcher` may be null: then nothing is asked of a network, and a policy that enforces revocation refuses
  // certificates that say where to ask. kNotFound, and as TrustPolicy::parse().
  static Result<std::unique_ptr<Rule>> open(const std::string& folder, int64_t now, RevocationFetcher* fetcher);
  NotationRule(notation::TrustPolicy policy, std::unique_ptr<notation::TrustStore> store, int64_t now,
               RevocationFetcher* fetcher);

  bool judges(SignatureForm form) const override { return form == SignatureForm::kNotation; }
  Result<Judgement> judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                          const Wanted& wanted) const override;

 private:
  const notation::TrustPolicy policy_;
  const std::unique_ptr<notation::TrustStore> store_;
  const int64_t now_;
  RevocationFetcher* const fetcher_;
};

}  // namespace bulkhead::trust

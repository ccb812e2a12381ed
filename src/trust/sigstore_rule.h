// Signatures of the Sigstore world count: by a key, or by an identity that a trusted root vouches for. Bundles, and
// cosign's signatures and attestations from before bundles, which are verified as the bundles that they would be.
// Source: cosign 3.1, specs/SIGNATURE_SPEC.md, BUNDLE_SPEC.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sigstore/verifier.h"
#include "trust/rule.h"

namespace bulkhead::trust {

// Immutable and thread-safe.
class SigstoreRule final : public Rule {
 public:
  // `name`: as the user knows the key ("cosign.pub"). Without a root neither log nor time is asked for: a key's
  // signature says who, not when. With one, an entry of one of its logs is required.
  static std::unique_ptr<Rule> by_key(PublicKey key, std::string name,
                                      std::shared_ptr<const sigstore::TrustedRoot> root = nullptr);
  // Certificates of one of these identities, at a time that a log or a timestamp authority of the root proves.
  static std::unique_ptr<Rule> by_identity(std::vector<sigstore::IdentityPattern> identities,
                                           std::shared_ptr<const sigstore::TrustedRoot> root);

  bool judges(SignatureForm form) const override { return form != SignatureForm::kNotation; }
  Result<Judgement> judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                          const Wanted& wanted) const override;

 private:
  SigstoreRule(sigstore::Policy policy, std::string name, std::shared_ptr<const sigstore::TrustedRoot> root);
  Result<Judgement> begin(const sigstore::VerifiedSignature& verified, std::string_view signed_bytes) const;

  const sigstore::Policy policy_;
  const std::string name_;  // of the key; empty: by identity
  const std::shared_ptr<const sigstore::TrustedRoot> root_;
};

}  // namespace bulkhead::trust

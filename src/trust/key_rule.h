// Signatures by a key count: bundles, and cosign's signatures and attestations from before bundles. Without a log and
// without a time: a key's signature says who, not when. Source: cosign 3.1, specs/SIGNATURE_SPEC.md, BUNDLE_SPEC.md.
#pragma once

#include <string>

#include "crypto/key.h"
#include "trust/rule.h"

namespace bulkhead::trust {

// Immutable and thread-safe.
class KeyRule final : public Rule {
 public:
  // `name`: as the user knows the key ("cosign.pub").
  KeyRule(PublicKey key, std::string name);

  bool judges(SignatureForm form) const override { return form != SignatureForm::kNotation; }
  Result<Judgement> judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                          const Wanted& wanted) const override;

 private:
  const PublicKey key_;
  const std::string name_;
  const std::string id_;
};

}  // namespace bulkhead::trust

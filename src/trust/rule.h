// One way in which a signature may come to count: by a key, by an identity that an authority vouches for, by a policy
// of the Notary Project. A rule judges one signature at a time; verify.h asks all rules and counts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sigstore/statement.h"
#include "trust/signatures.h"

namespace bulkhead::trust {

using SignedAnnotations = std::map<std::string, std::string, std::less<>>;

// What a signature must say to count, beside whose it is.
struct Wanted {
  // The type of predicate of the attestation that is asked for (a URI); empty: a signature of the image.
  std::string predicate_type{};
  SignedAnnotations annotations{};  // signed with it; it may have more
};

// What the signature must be of: a manifest or index whose bytes are verified.
struct SignedImage {
  oci::Descriptor descriptor;
  std::string repository{};  // "registry.example.com/team/app"; empty: not known (a layout)
};

struct Judgement {
  std::string signer_id;               // the same for two signatures of one signer, and for no others
  std::string signer;                  // for people: "cosign.pub (3f2a…)", "alice@example.com, by https://…"
  std::string rule;                    // "key cosign.pub"
  std::string key_id{};                // keys::key_id() of the key that made it, where that is what is trusted
  std::string certified_key_id{};      // the same of the key in a certificate, where that is; for revocation
  Digest signed_digest{};              // SHA-256 of what the signature is over, however it is wrapped
  std::optional<int64_t> signed_at{};  // seconds since 1970, where somebody vouches for it
  SignedAnnotations annotations{};     // all that were signed
  std::optional<sigstore::Statement> statement{};  // of bundles and attestations
};

class Rule {
 public:
  Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;
  virtual ~Rule() = default;

  // Whether it can judge such signatures at all.
  virtual bool judges(SignatureForm form) const = 0;
  // `bytes` are of found.blob, and verified. An error says why the signature does not count by this rule.
  virtual Result<Judgement> judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                                  const Wanted& wanted) const = 0;
};

// What all rules ask of what was signed, once its signature holds. kVerificationFailed.
Status require_annotations(const SignedAnnotations& annotations, const Wanted& wanted);
// The statement is about the image, its predicate the one that is asked for (that of cosign's signatures when none is);
// answers the annotations of its subject.
Result<SignedAnnotations> check_statement(const sigstore::Statement& statement, const Digest& image,
                                          const Wanted& wanted);

}  // namespace bulkhead::trust

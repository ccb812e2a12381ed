#include "trust/rule.h"

#include <fmt/format.h>

#include "base/text.h"
#include "sigstore/cosign.h"

namespace bulkhead::trust {

Status require_annotations(const SignedAnnotations& annotations, const Wanted& wanted) {
  for (const auto& [name, value] : wanted.annotations) {
    const auto found = annotations.find(name);
    if (found != annotations.end() && found->second == value) continue;
    return fail(Code::kVerificationFailed, found == annotations.end()
                                               ? fmt::format("nothing named {} was signed with it", printable(name))
                                               : fmt::format("{}={} was signed with it, not {}", printable(name),
                                                             printable(found->second), printable(value)));
  }
  return {};
}

Result<SignedAnnotations> check_statement(const sigstore::Statement& statement, const Digest& image,
                                          const Wanted& wanted) {
  const sigstore::Subject* const subject = sigstore::find_subject(statement, image);
  if (subject == nullptr) {
    return fail(Code::kVerificationFailed, fmt::format("the signed statement is not about {}", image.to_string()));
  }
  const bool is_signature = statement.predicate_type == sigstore::kSignPredicate;
  if (wanted.predicate_type.empty() && !is_signature) {
    return fail(Code::kVerificationFailed,
                fmt::format("is an attestation ({}), no signature of the image", printable(statement.predicate_type)));
  }
  if (!wanted.predicate_type.empty() && statement.predicate_type != wanted.predicate_type) {
    return fail(Code::kVerificationFailed, is_signature ? std::string("is a signature of the image, no attestation")
                                                        : fmt::format("is an attestation of another type ({})",
                                                                      printable(statement.predicate_type)));
  }
  TRY(require_annotations(subject->annotations, wanted));
  return subject->annotations;
}

}  // namespace bulkhead::trust

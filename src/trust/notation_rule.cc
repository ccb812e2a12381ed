#include "trust/notation_rule.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "keys/key_file.h"
#include "notation/verify.h"

namespace bulkhead::trust {
namespace {

constexpr size_t kMaxPolicyBytes = size_t{1} << 20;
constexpr std::array<const char*, 2> kPolicyFiles = {"trustpolicy.oci.json", "trustpolicy.json"};
constexpr std::array<const char*, 2> kStoreFolders = {"truststore", "trust-store"};  // notation's, the specification's

// The checks without which nobody is known to have signed.
constexpr std::array kNeeded = {notation::Check::kIntegrity, notation::Check::kAuthenticity};

Status require_a_signer(const notation::Outcome& outcome) {
  for (const notation::Check check : kNeeded) {
    const auto made = std::ranges::find(outcome.checks, check, &notation::CheckResult::check);
    const bool was_made = made != outcome.checks.end() && made->action != notation::Action::kSkip;
    if (was_made && !made->failure) continue;
    return fail(Code::kVerificationFailed,
                fmt::format("the policy {} (level {}) does not ask for {}, so that nobody is known to have signed{}",
                            outcome.statement, outcome.level, name_of(check),
                            was_made ? fmt::format(": {}", made->failure->to_string()) : ""));
  }
  return {};
}

// "policy release (permissive; expiry: …)": with what was found, though it is only logged.
std::string describe(const notation::Outcome& outcome) {
  std::string text = fmt::format("policy {} ({}", outcome.statement, outcome.level);
  for (const notation::CheckResult& made : outcome.checks) {
    if (made.failure) text += fmt::format("; {}: {}", name_of(made.check), made.failure->to_string());
  }
  return text + ")";
}

}  // namespace

NotationRule::NotationRule(notation::TrustPolicy policy, std::unique_ptr<notation::TrustStore> store, int64_t now,
                           RevocationFetcher* fetcher)
    : policy_(std::move(policy)), store_(std::move(store)), now_(now), fetcher_(fetcher) {}

Result<std::unique_ptr<Rule>> NotationRule::open(const std::string& folder, int64_t now, RevocationFetcher* fetcher) {
  Result<std::string> text = fail(Code::kNotFound, folder);
  std::string path;
  for (const char* const file : kPolicyFiles) {
    path = folder + '/' + file;
    text = read_file(path, kMaxPolicyBytes);
    if (text || text.error().code() != Code::kNotFound) break;
  }
  if (!text && text.error().code() == Code::kNotFound) {
    return fail(Code::kNotFound, fmt::format("{}: has no {} and no {}", folder, kPolicyFiles[0], kPolicyFiles[1]),
                "name notation's folder of configuration (~/.config/notation)");
  }
  if (!text) return std::unexpected(std::move(text).error());
  TRY_CONTEXT(notation::TrustPolicy policy, notation::TrustPolicy::parse(*text), path);
  const auto* const store = std::ranges::find_if(
      kStoreFolders, [&](const char* name) { return std::filesystem::is_directory(folder + '/' + name); });
  const std::string store_folder = folder + '/' + (store == kStoreFolders.end() ? kStoreFolders[0] : *store);
  return std::make_unique<NotationRule>(std::move(policy), std::make_unique<notation::FolderTrustStore>(store_folder),
                                        now, fetcher);
}

Result<Judgement> NotationRule::judge(const FoundSignature& found, std::string_view bytes, const SignedImage& image,
                                      const Wanted& wanted) const {
  if (!wanted.predicate_type.empty()) {
    return fail(Code::kVerificationFailed, "is a signature of the image, no attestation");
  }
  if (image.repository.empty()) {
    return fail(Code::kInvalidArgument, "a trust policy goes by names, and this image has none");
  }
  TRY_ASSIGN(const notation::TrustStatement* const statement, policy_.for_repository(image.repository));
  TRY_ASSIGN(const notation::Format format, notation::format_of(found.blob.media_type));
  const notation::Outcome outcome =
      notation::verify(*statement, *store_,
                       {.format = format,
                        .envelope = as_bytes(bytes),
                        .artifact = {.media_type = image.descriptor.media_type,
                                     .digest = image.descriptor.digest.to_string(),
                                     .size = image.descriptor.size},
                        .metadata = {wanted.annotations.begin(), wanted.annotations.end()},
                        .now = now_,
                        .fetcher = fetcher_});
  if (auto failure = outcome.failure()) return fail(*std::move(failure));
  TRY(require_a_signer(outcome));

  // Its integrity holds: there is an envelope, and a certificate in it. The chain above that one is not signed with it,
  // and changes when a root is renewed: it is no part of whom the policy names, and would make one signer two.
  const notation::Envelope& envelope = *outcome.envelope;
  const Certificate& leaf = envelope.certificates.front();
  TRY_ASSIGN(const PublicKey key, leaf.public_key());
  Judgement judgement{.signer_id = "x509:" + leaf.subject(),
                      .signer = leaf.subject(),
                      .rule = describe(outcome),
                      .certified_key_id = keys::key_id(key),
                      .signed_digest = Digest::sha256_of(as_bytes(envelope.signed_bytes))};
  judgement.signed_at = outcome.timestamp;
  if (!judgement.signed_at && envelope.scheme == notation::SigningScheme::kX509SigningAuthority) {
    judgement.signed_at = envelope.signing_time;
  }
  if (outcome.artifact) judgement.annotations = outcome.artifact->annotations;
  return judgement;
}

}  // namespace bulkhead::trust

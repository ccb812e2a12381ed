#include "trust/verify.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "oci/manifest.h"
#include "trust/resolve_target.h"

namespace bulkhead::trust {
namespace {

// The judgements on what is kept beside one image, added up.
class Court {
 public:
  Court(const VerifyRequest& request, Verification& verification) : request_(request), verification_(verification) {}

  Status hear(const oci::Descriptor& image) {
    TRY_ASSIGN(FoundSignatures found, find_signatures(*request_.store, image.digest, request_.limits));
    verification_.left_out = verification_.left_out || found.left_out;
    for (UnreadSignature& unread : found.unread) {
      verification_.refused.push_back({std::nullopt, unread.manifest, unread.tag, {unread.why.to_string()}});
    }
    const SignedImage signed_image{.descriptor = image, .repository = request_.reference.name()};
    for (FoundSignature& signature : found.signatures) TRY(judge(std::move(signature), signed_image));
    return {};
  }

  uint64_t signers() const { return signers_.size(); }

 private:
  Status judge(FoundSignature found, const SignedImage& image) {
    std::vector<std::string> reasons;
    const bool anybody =
        std::ranges::any_of(request_.rules, [&](const Rule* rule) { return rule->judges(found.form); });
    if (!anybody) {
      reasons.push_back(fmt::format("nothing that is trusted can verify a {}", form_name(found.form)));
      refuse(std::move(found), std::move(reasons));
      return {};
    }
    auto bytes = read(found);
    if (!bytes && is_passing(bytes.error())) return fail(std::move(bytes).error());
    if (!bytes) {
      refuse(std::move(found), {bytes.error().to_string()});
      return {};
    }
    for (const Rule* const rule : request_.rules) {
      if (!rule->judges(found.form)) continue;
      auto judgement = rule->judge(found, *bytes, image, request_.wanted);
      if (!judgement) {
        reasons.push_back(judgement.error().to_string());
        continue;
      }
      TRY_ASSIGN(const auto revoked, revocation_of(found, *judgement));
      if (revoked) {
        reasons.push_back(*revoked);
        continue;
      }
      signers_.insert(judgement->signer_id);
      verification_.accepted.push_back({std::move(found), *std::move(judgement)});
      return {};
    }
    refuse(std::move(found), std::move(reasons));
    return {};
  }

  Result<std::string> read(const FoundSignature& found) {
    if (found.blob.size > request_.limits.max_signature_bytes) {
      return fail(limit_error("bytes of a signature", request_.limits.max_signature_bytes, {}));
    }
    // What is stated saves a request; what was fetched is what counts.
    const uint64_t left = request_.limits.max_bytes - bytes_;
    const auto too_much = [&] {
      verification_.left_out = true;
      return fail(limit_error("bytes of all signatures of an image", request_.limits.max_bytes, {}));
    };
    if (left == 0 || found.blob.size > left) return too_much();
    TRY_ASSIGN(std::string bytes, request_.store->blob(found.blob, request_.limits.max_signature_bytes));
    bytes_ += std::min<uint64_t>(bytes.size(), left);
    if (bytes.size() > left) return too_much();
    return bytes;
  }

  static bool is_passing(const Error& error) {
    return error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded ||
           error.code() == Code::kCancelled || error.code() == Code::kUnauthenticated ||
           error.code() == Code::kPermissionDenied;
  }

  // Why the map takes it back; nothing when it does not.
  Result<std::optional<std::string>> revocation_of(const FoundSignature& found, const Judgement& judgement) const {
    if (request_.map == nullptr || !map_is_believed()) return std::nullopt;
    const auto tell = [](std::string_view what, const MapEntry& entry) {
      return fmt::format("{} was revoked{}{}", what, entry.reason.empty() ? "" : ": ", printable(entry.reason));
    };
    for (const std::string& key_id : {judgement.key_id, judgement.certified_key_id}) {
      if (key_id.empty()) continue;
      TRY_ASSIGN(const auto entry, request_.map->revoked_key(key_id));
      if (entry) return tell("the key", *entry);
    }
    // Whoever wraps a signature anew gives its blob and manifest other digests; what is signed stays.
    for (const Digest& digest : {judgement.signed_digest, found.blob.digest, found.manifest}) {
      TRY_ASSIGN(const auto entry, request_.map->revoked_signature(digest));
      if (entry) return tell("the signature", *entry);
    }
    return std::nullopt;
  }

  bool map_is_believed() const {
    const auto& freshness = verification_.freshness;
    return freshness && freshness->verdict != Freshness::kMapExpired && freshness->verdict != Freshness::kMapOlder &&
           freshness->verdict != Freshness::kMapUntrusted;
  }

  void refuse(FoundSignature found, std::vector<std::string> reasons) {
    const Digest manifest = found.manifest;
    std::string tag = found.tag;
    verification_.refused.push_back({std::move(found), manifest, std::move(tag), std::move(reasons)});
  }

  const VerifyRequest& request_;
  Verification& verification_;
  std::set<std::string> signers_;
  uint64_t bytes_ = 0;
};

Status check_request(const VerifyRequest& request) {
  if (request.rules.empty() && request.map == nullptr) {
    return fail(Code::kInvalidArgument, "nothing is trusted: no key, no identity, no policy and no map",
                "say whose signatures count");
  }
  if (request.map != nullptr && request.reference.repository.empty()) {
    return fail(Code::kInvalidArgument, "a map goes by names, and this image has none",
                "say what it is called in its registry");
  }
  const bool asks_for_signers =
      request.required_signers > 1 || !request.wanted.predicate_type.empty() || !request.wanted.annotations.empty();
  if (request.rules.empty() && asks_for_signers) {
    return fail(Code::kInvalidArgument, "a map knows nothing of signers, attestations and annotations",
                "say whose signatures count: a key, an identity or a policy");
  }
  return {};
}

// What the tag means, and that nothing of what it leads to was revoked.
Result<FreshnessAnswer> ask_map(const VerifyRequest& request, const Target& target) {
  oci::Reference reference = request.reference;
  reference.digest = reference.tag.empty() ? target.image.digest : Digest();
  TRY_ASSIGN(FreshnessAnswer answer, request.map->check(reference, target.root().digest));
  if (!answer.accepted() || target.via.empty()) return answer;
  std::vector<Digest> below = {target.image.digest};
  for (const oci::Descriptor& index : target.via | std::views::drop(1)) below.push_back(index.digest);
  reference.tag.clear();
  for (const Digest& digest : below) {
    reference.digest = digest;
    TRY_ASSIGN(FreshnessAnswer of_digest, request.map->check(reference, digest));
    if (!of_digest.accepted()) return of_digest;
  }
  return answer;
}

std::string missing_signers(const VerifyRequest& request, const Verification& verification) {
  const std::string_view what = request.wanted.predicate_type.empty() ? "signature" : "attestation";
  if (verification.accepted.empty() && verification.refused.empty()) return fmt::format("there is no {}", what);
  if (verification.accepted.empty()) return fmt::format("no {} counts", what);
  return fmt::format("{} different signers are required, and {} signed", request.required_signers,
                     verification.signers);
}

}  // namespace

Result<Verification> verify(const VerifyRequest& request) {
  TRY(check_request(request));
  TRY_ASSIGN(const Target target,
             resolve_target(*request.store, request.tag, request.digest, request.platform, request.image_limits));
  Verification verification;
  verification.image = target.image;
  verification.index = target.via.empty() ? Digest() : target.via.front().digest;

  bool fresh = true;
  if (request.map != nullptr) {
    TRY_ASSIGN(verification.freshness, ask_map(request, target));
    fresh = verification.freshness->accepted();
    if (!fresh) verification.problems.push_back(verification.freshness->detail);
  }
  if (request.rules.empty()) {
    // A map that only knows of nothing against a digest vouches for nothing.
    verification.trusted = fresh && verification.freshness->verdict == Freshness::kPresent;
    if (fresh && !verification.trusted) {
      verification.problems.emplace_back("without a tag the map says only that the digest is not revoked");
    }
    return verification;
  }

  Court court(request, verification);
  TRY(court.hear(target.image));
  for (auto index = target.via.rbegin(); index != target.via.rend(); ++index) TRY(court.hear(*index));
  verification.signers = court.signers();
  const bool is_signed = verification.signers >= std::max<uint64_t>(1, request.required_signers);
  if (!is_signed) verification.problems.push_back(missing_signers(request, verification));
  verification.trusted = fresh && is_signed;
  return verification;
}

}  // namespace bulkhead::trust

#include "notation/certificates.h"

#include <array>

#include <fmt/format.h>

#include "base/date.h"
#include "notation/algorithm.h"

namespace bulkhead::notation {
namespace {

std::unexpected<Error> refused(const Certificate& certificate, std::string_view why) {
  return fail(Code::kVerificationFailed, fmt::format("certificate \"{}\" {}", certificate.subject(), why));
}

Status check_time(const Certificate& certificate, int64_t at) {
  if (certificate.is_valid_at(at)) return {};
  return refused(certificate, fmt::format("is valid from {} to {}, not at {}", rfc3339_of(certificate.not_before()),
                                          rfc3339_of(certificate.not_after()), rfc3339_of(at)));
}

bool is_critical(const Certificate& certificate, std::string_view oid) {
  const CertificateExtension* extension = certificate.extension(oid);
  return extension != nullptr && extension->critical;
}

// `below`: how many authorities stand between this one and the leaf.
Status check_authority(const Certificate& certificate, size_t below, bool for_code) {
  const auto& constraints = certificate.basic_constraints();
  if (!constraints || !constraints->ca || !is_critical(certificate, oid::kBasicConstraints)) {
    return refused(certificate, "is no authority's (critical basic constraints)");
  }
  if (constraints->path_length && *constraints->path_length < below) {
    return refused(certificate,
                   fmt::format("allows {} authorities below it, not {}", *constraints->path_length, below));
  }
  if (!certificate.key_usage() || !certificate.key_usage()->certificate_signing) {
    return refused(certificate, "may not sign certificates (key usage)");
  }
  if (for_code && !is_critical(certificate, oid::kKeyUsage)) return refused(certificate, "has no critical key usage");
  return {};
}

Status check_leaf_usage(const Certificate& leaf) {
  if (leaf.basic_constraints() && leaf.basic_constraints()->ca)
    return refused(leaf, "is an authority's, not a signer's");
  const auto& usage = leaf.key_usage();
  if (!usage || !usage->digital_signature) return refused(leaf, "may not sign (key usage)");
  // The commitment to contents, that is non-repudiation, may stand beside.
  if (*usage != KeyUsage{.digital_signature = true, .content_commitment = usage->content_commitment}) {
    return refused(leaf, "may do more than sign (key usage)");
  }
  return {};
}

Status check_code_signer(const Certificate& leaf) {
  TRY(check_leaf_usage(leaf));
  if (!is_critical(leaf, oid::kKeyUsage)) return refused(leaf, "has no critical key usage");
  constexpr auto kForbidden =
      std::to_array<std::string_view>({oid::kAnyExtendedKeyUsage, oid::kServerAuth, oid::kClientAuth,
                                       oid::kEmailProtection, oid::kTimeStamping, oid::kOcspSigning});
  for (const std::string_view usage : kForbidden) {
    if (leaf.has_extended_key_usage(usage)) {
      return refused(leaf, fmt::format("is for other things than code (extended key usage {})", usage));
    }
  }
  TRY_CONTEXT(const PublicKey key, leaf.public_key(), fmt::format("certificate \"{}\"", leaf.subject()));
  TRY_CONTEXT([[maybe_unused]] const Algorithm* algorithm, algorithm_for(key),
              fmt::format("certificate \"{}\"", leaf.subject()));
  return {};
}

Status check_time_stamper(const Certificate& leaf) {
  TRY(check_leaf_usage(leaf));
  if (!is_critical(leaf, oid::kExtendedKeyUsage) || leaf.extended_key_usages().size() != 1 ||
      !leaf.has_extended_key_usage(oid::kTimeStamping)) {
    return refused(leaf, "is not for time-stamps alone (critical extended key usage)");
  }
  TRY_CONTEXT([[maybe_unused]] const PublicKey key, leaf.public_key(),
              fmt::format("certificate \"{}\"", leaf.subject()));
  return {};
}

// The order and the signatures: each issued by the next, and only the last by itself.
Status check_order(std::span<const Certificate> chain) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if (chain[i].is_self_issued() && chain[i].verify_signed_by(chain[i])) {
      return refused(chain[i], "signed itself, yet is not the last of its chain");
    }
    TRY(chain[i].verify_signed_by(chain[i + 1]));
  }
  if (auto root = chain.back().verify_signed_by(chain.back()); !root) {
    return fail(std::move(root).error().with_context("the chain does not end with a root that signed itself"));
  }
  return {};
}

template <typename CheckLeaf>
Status check(std::span<const Certificate> chain, bool for_code, CheckLeaf check_leaf) {
  if (chain.empty()) return fail(Code::kVerificationFailed, "no certificates");
  TRY(check_leaf(chain.front()));
  for (size_t i = 1; i < chain.size(); ++i) TRY(check_authority(chain[i], i - 1, for_code));
  return check_order(chain);
}

}  // namespace

Status check_signing_certificates(std::span<const Certificate> chain, std::optional<int64_t> at) {
  TRY(check(chain, true, check_code_signer));
  for (const Certificate& certificate : chain) {
    if (at) TRY(check_time(certificate, *at));
  }
  return {};
}

Status check_timestamping_certificates(std::span<const Certificate> chain) {
  return check(chain, false, check_time_stamper);
}

}  // namespace bulkhead::notation

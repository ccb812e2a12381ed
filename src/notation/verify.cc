#include "notation/verify.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/date.h"
#include "base/text.h"
#include "crypto/timestamp_token.h"
#include "notation/certificates.h"

namespace bulkhead::notation {
namespace {

// RFC 3628 section 5.2: under this policy a time is accurate to a second, when nothing else is said.
constexpr std::string_view kBaselinePolicy = "0.4.0.2023.1.1";
constexpr std::string_view kPluginHeader = "io.cncf.notary.verificationPlugin";

std::unexpected<Error> refused(std::string why) {
  return fail(Code::kVerificationFailed, std::move(why));
}

class Verification {
 public:
  Verification(const TrustStatement& statement, const TrustStore& store, const VerifyRequest& request)
      : statement_(statement), store_(store), request_(request) {
    outcome_.statement = statement.name;
    outcome_.level = statement.level;
  }

  Outcome run() && {
    if (statement_.skips()) return std::move(outcome_);
    const bool passed = made(Check::kIntegrity, integrity()) && made(Check::kAuthenticity, authenticity()) &&
                        made(Check::kExpiry, expiry()) && made(Check::kAuthenticTimestamp, authentic_timestamp());
    if (passed && statement_.action(Check::kRevocation) != Action::kSkip) made(Check::kRevocation, revocation());
    return std::move(outcome_);
  }

 private:
  // Whether the next check is to be made.
  bool made(Check check, Status status) {
    CheckResult result{.check = check, .action = statement_.action(check)};
    if (!status) result.failure = std::move(status).error();
    outcome_.checks.push_back(std::move(result));
    return !outcome_.checks.back().is_critical();
  }

  Status integrity() {
    TRY_ASSIGN(Envelope envelope, parse_envelope(request_.format, request_.envelope));
    TRY(check_signing_certificates(envelope.certificates, std::nullopt));
    TRY(verify_signature(envelope));
    TRY(check_extended(envelope));
    TRY_ASSIGN(Artifact artifact, parse_payload(envelope.payload));
    TRY(check_artifact(artifact));
    outcome_.envelope = std::move(envelope);
    outcome_.artifact = std::move(artifact);
    return {};
  }

  static Status check_extended(const Envelope& envelope) {
    for (const ExtendedAttribute& attribute : envelope.extended) {
      // A signature that names a plugin is worth what the plugin says of it, and there are none here.
      if (attribute.critical || attribute.name.starts_with(kPluginHeader)) {
        return fail(Code::kUnsupported, fmt::format("the signature has the attribute \"{}\", which must be understood",
                                                    printable(attribute.name)));
      }
    }
    return {};
  }

  Status check_artifact(const Artifact& artifact) const {
    const Artifact& wanted = request_.artifact;
    if (artifact.digest != wanted.digest) {
      return refused(fmt::format("the signature is of {}, not of {}", artifact.digest, wanted.digest));
    }
    if (artifact.size != wanted.size) {
      return refused(fmt::format("the signature is of {} bytes, not of {}", artifact.size, wanted.size));
    }
    if (!wanted.media_type.empty() && artifact.media_type != wanted.media_type) {
      return refused(fmt::format("the signature is of \"{}\", not of \"{}\"", printable(artifact.media_type),
                                 printable(wanted.media_type)));
    }
    for (const auto& [name, value] : request_.metadata) {
      const auto found = artifact.annotations.find(name);
      if (found == artifact.annotations.end() || found->second != value) {
        return refused(fmt::format("\"{}\" is not signed to be \"{}\"", printable(name), printable(value)));
      }
    }
    return {};
  }

  // All certificates of the statement's stores of a type.
  Result<std::vector<Certificate>> trusted(StoreType type) const {
    std::vector<Certificate> all;
    for (const NamedStore& named : statement_.stores) {
      if (named.type != type) continue;
      TRY_CONTEXT(const std::vector<Certificate> held, store_.certificates(named),
                  fmt::format("the trust store {}:{}", name_of(type), named.name));
      all.insert(all.end(), held.begin(), held.end());
    }
    if (!all.empty()) return all;
    return fail(Code::kVerificationFailed,
                fmt::format("the statement \"{}\" names no trust store of type {}", statement_.name, name_of(type)),
                fmt::format("add \"{}:NAME\" to its trust stores", name_of(type)));
  }

  Status authenticity() {
    const bool by_authority = outcome_.envelope->scheme == SigningScheme::kX509SigningAuthority;
    TRY_ASSIGN(const std::vector<Certificate> roots,
               trusted(by_authority ? StoreType::kSigningAuthority : StoreType::kCa));
    const std::vector<Certificate>& chain = outcome_.envelope->certificates;
    if (std::ranges::find_first_of(chain, roots) == chain.end()) {
      return refused(fmt::format("the certificate \"{}\" leads to no trusted root", chain.front().subject()));
    }
    const auto matches = [&](const DistinguishedName& name) {
      return name.matches(chain.front().subject_attributes());
    };
    if (statement_.any_identity || std::ranges::any_of(statement_.identities, matches)) {
      authentic_ = true;
      return {};
    }
    return refused(
        fmt::format("the statement \"{}\" does not trust the signer \"{}\"", statement_.name, chain.front().subject()));
  }

  Status expiry() const {
    const auto& expiry = outcome_.envelope->expiry;
    if (!expiry || request_.now < *expiry) return {};
    return refused(fmt::format("the signature expired at {}", rfc3339_of(*expiry)));
  }

  // The chain was valid from the one time to the other, whenever within them the signature was made.
  Status check_validity(int64_t from, int64_t to, std::string_view what) const {
    for (const Certificate& certificate : outcome_.envelope->certificates) {
      if (certificate.is_valid_at(from) && certificate.is_valid_at(to)) continue;
      return refused(fmt::format("certificate \"{}\" is valid from {} to {}, not at {} ({})", certificate.subject(),
                                 rfc3339_of(certificate.not_before()), rfc3339_of(certificate.not_after()),
                                 rfc3339_of(certificate.is_valid_at(from) ? to : from), what));
    }
    return {};
  }

  bool needs_timestamp() const {
    if (!statement_.has_store(StoreType::kTsa)) return false;
    return !statement_.timestamp_after_expiry_only ||
           std::ranges::any_of(outcome_.envelope->certificates,
                               [&](const Certificate& certificate) { return certificate.not_after() < request_.now; });
  }

  Status authentic_timestamp() {
    const Envelope& envelope = *outcome_.envelope;
    if (envelope.scheme == SigningScheme::kX509SigningAuthority) {
      if (authentic_) used_at_ = envelope.signing_time;
      return check_validity(envelope.signing_time, envelope.signing_time, "when it was signed");
    }
    if (!needs_timestamp()) return check_validity(request_.now, request_.now, "now");
    if (envelope.timestamp_token.empty()) {
      return fail(Code::kVerificationFailed, "the signature has no time-stamp",
                  "sign with a time-stamping authority, or take \"tsa:\" out of the statement's trust stores");
    }
    TRY_ASSIGN(const std::vector<Certificate> roots, trusted(StoreType::kTsa));
    TRY_CONTEXT(const Timestamp timestamp,
                verify_timestamp(as_bytes(envelope.timestamp_token), as_bytes(envelope.signature), {.roots = roots}),
                "the signature's time-stamp");
    if (auto checked = check_timestamping_certificates(timestamp.chain); !checked) {
      return fail(std::move(checked).error().with_context("the signature's time-stamp"));
    }
    TRY(check_not_revoked(timestamp.chain, std::nullopt, request_.fetcher));
    const bool baseline = timestamp.accuracy_seconds == 0 && timestamp.policy == kBaselinePolicy;
    const auto accuracy =
        baseline ? int64_t{1} : static_cast<int64_t>(std::min<uint64_t>(timestamp.accuracy_seconds, kMaxAccuracy));
    TRY(check_validity(timestamp.time - accuracy, timestamp.time + accuracy, "when it was time-stamped"));
    outcome_.timestamp = timestamp.time;
    used_at_ = timestamp.time + accuracy;
    return {};
  }

  // Nobody is asked on the word of certificates that nobody trusts: they could name any host.
  Status revocation() const {
    return check_not_revoked(outcome_.envelope->certificates, used_at_, authentic_ ? request_.fetcher : nullptr);
  }

  Status check_not_revoked(const std::vector<Certificate>& chain, std::optional<int64_t> used_at,
                           RevocationFetcher* fetcher) const {
    const std::vector<RevocationStatus> statuses = check_revocation(chain, request_.now, used_at, fetcher);
    std::optional<Error> unknown;
    for (size_t i = 0; i < chain.size(); ++i) {
      const std::string what = fmt::format("certificate \"{}\"", chain[i].subject());
      if (statuses[i].status == Revocation::kRevoked) {
        return refused(fmt::format("{} is revoked: {}", what, statuses[i].why));
      }
      if (statuses[i].status == Revocation::kUnknown) {
        unknown = Error(Code::kUnavailable, fmt::format("whether {} is revoked is unknown: {}", what, statuses[i].why),
                        "let revocation be asked for over the network, or have the policy log or skip \"revocation\"");
      }
    }
    if (unknown) return fail(*std::move(unknown));
    return {};
  }

  static constexpr uint64_t kMaxAccuracy = uint64_t{1} << 40;

  const TrustStatement& statement_;
  const TrustStore& store_;
  const VerifyRequest& request_;
  Outcome outcome_;
  bool authentic_ = false;          // the signer is trusted
  std::optional<int64_t> used_at_;  // the signer's key, as somebody says who is believed
};

}  // namespace

bool Outcome::verified() const {
  return std::ranges::none_of(checks, &CheckResult::is_critical);
}

std::optional<Error> Outcome::failure() const {
  const auto found = std::ranges::find_if(checks, &CheckResult::is_critical);
  return found == checks.end() ? std::nullopt : found->failure;
}

Outcome verify(const TrustStatement& statement, const TrustStore& store, const VerifyRequest& request) {
  return Verification(statement, store, request).run();
}

}  // namespace bulkhead::notation

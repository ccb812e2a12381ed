// Revocation lists. Source: RFC 5280 sections 5 and 6.3.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/date.h"
#include "crypto/revocation.h"
#include "crypto/signed_der.h"

namespace bulkhead {
namespace {

constexpr std::string_view kNumberOid = "2.5.29.20";
constexpr std::string_view kReasonOid = "2.5.29.21";
constexpr std::string_view kInvalidityOid = "2.5.29.24";
constexpr std::string_view kDeltaOid = "2.5.29.27";
constexpr std::string_view kScopeOid = "2.5.29.28";
constexpr std::string_view kPointsOid = "2.5.29.31";
constexpr std::string_view kFreshestOid = "2.5.29.46";
constexpr uint8_t kHold = 6;
constexpr uint8_t kRemoved = 8;

std::unexpected<Error> malformed(std::string what) {
  return fail(Code::kMalformed, "revocation list: " + std::move(what));
}
RevocationStatus unknown(std::string why) {
  return {.status = Revocation::kUnknown, .why = "the revocation list " + std::move(why)};
}

struct List {
  SignedDer document;
  ByteSpan issuer;
  int64_t this_update = 0;
  std::optional<int64_t> next_update;
  ByteSpan entries;
  std::vector<DerExtension> extensions;

  const DerExtension* extension(std::string_view oid) const {
    const auto found = std::ranges::find(extensions, oid, &DerExtension::oid);
    return found == extensions.end() ? nullptr : &*found;
  }
};

Result<List> parse_list(ByteSpan bytes) {
  if (bytes.size() > kMaxRevocationListBytes) {
    return fail(limit_error("bytes of a revocation list", kMaxRevocationListBytes, ""));
  }
  List list;
  TRY_ASSIGN(const ByteSpan content, der_content(bytes, der::kSequence));
  TRY_ASSIGN(list.document, SignedDer::parse(content));
  if (!list.document.rest.at_end()) return malformed("something follows the signature");
  DerFields fields(list.document.tbs.content);
  TRY(fields.optional(der::kInteger));  // the version
  TRY_ASSIGN(const DerElement algorithm, fields.required(der::kSequence));
  if (as_text(algorithm.whole) != as_text(list.document.algorithm))
    return malformed("two algorithms for one signature");
  TRY_ASSIGN(const DerElement issuer, fields.required(der::kSequence));
  list.issuer = issuer.whole;
  TRY_ASSIGN(const DerElement this_update, fields.any());
  TRY_ASSIGN(list.this_update, der_time(this_update));
  for (const uint8_t tag : {der::kUtcTime, der::kGeneralizedTime}) {
    TRY_ASSIGN(const auto next, fields.optional(tag));
    if (!next) continue;
    TRY_ASSIGN(list.next_update, der_time(*next));
    break;
  }
  TRY_ASSIGN(const auto entries, fields.optional(der::kSequence));
  if (entries) list.entries = entries->content;
  TRY_ASSIGN(const auto extensions, fields.optional(der::context(0)));
  if (extensions) {
    TRY_ASSIGN(const ByteSpan held, der_content(extensions->content, der::kSequence));
    TRY_ASSIGN(list.extensions, der_extensions(held));
  }
  TRY_ASSIGN(const bool at_end, fields.at_end());
  if (!at_end) return malformed("something follows the extensions");
  return list;
}

// A CRL number; RFC 5280 has it at most 20 bytes long. As text that compares as numbers do.
Result<std::string> number_in(const DerExtension& extension) {
  TRY_ASSIGN(const ByteSpan content, der_content(extension.value, der::kInteger));
  std::string_view digits = as_text(content);
  while (!digits.empty() && digits.front() == '\0') digits.remove_prefix(1);
  if (digits.size() > 20) return malformed("its number is too long");
  return std::string(20 - digits.size(), '\0') + std::string(digits);
}

struct Entry {
  uint8_t reason = 0;
  std::optional<int64_t> invalid_since;
};

Result<Entry> read_entry(DerFields& fields) {
  Entry entry;
  TRY_ASSIGN(const auto extensions, fields.optional(der::kSequence));
  if (!extensions) return entry;
  TRY_ASSIGN(const std::vector<DerExtension> held, der_extensions(extensions->content));
  for (const DerExtension& extension : held) {
    if (extension.oid == kReasonOid) {
      TRY_ASSIGN(const ByteSpan reason, der_content(extension.value, der::kEnumerated));
      if (reason.size() != 1) return malformed("a reason that is none");
      entry.reason = std::to_integer<uint8_t>(reason[0]);
    } else if (extension.oid == kInvalidityOid) {
      DerReader reader(extension.value);
      TRY_ASSIGN(const DerElement time, reader.next());
      TRY_ASSIGN(entry.invalid_since, der_time(time));
    } else if (extension.critical) {
      return malformed("an entry has a critical extension that is unknown");
    }
  }
  return entry;
}

// The certificate's last entry; nothing when it has none.
Result<std::optional<Entry>> find_entry(const List& list, ByteSpan serial) {
  std::optional<Entry> found;
  DerReader reader(list.entries);
  while (!reader.at_end()) {
    TRY_ASSIGN(const ByteSpan content, reader.next(der::kSequence));
    DerReader quick(content);
    TRY_ASSIGN(const ByteSpan number, quick.next(der::kInteger));
    if (as_text(number) != as_text(serial)) continue;
    DerFields fields(content);
    TRY(fields.required(der::kInteger));
    TRY(fields.any());  // since when: revoked is revoked
    TRY_ASSIGN(found, read_entry(fields));
  }
  return found;
}

struct Scope {
  bool only_some_reasons = false;
  std::string foreign;  // why the list is not about the certificate; empty: it is
};

Result<bool> flag(DerFields& fields, uint8_t number) {
  TRY_ASSIGN(const auto value, fields.optional(der::implicit(number)));
  return value && value->content.size() == 1 && std::to_integer<uint8_t>(value->content[0]) != 0;
}

// RFC 5280 section 5.2.5: what the list is about.
Result<Scope> read_scope(const List& list, const Certificate& certificate) {
  Scope scope;
  const DerExtension* extension = list.extension(kScopeOid);
  if (extension == nullptr) return scope;
  TRY_ASSIGN(const ByteSpan content, der_content(extension->value, der::kSequence));
  DerFields fields(content);
  TRY_ASSIGN(const auto point, fields.optional(der::context(0)));
  if (point) {
    DerFields choice(point->content);
    TRY_ASSIGN(const auto full, choice.optional(der::context(0)));
    TRY_ASSIGN(const std::vector<std::string> places, uris_in(full ? full->content : ByteSpan()));
    TRY_ASSIGN(const std::vector<std::string> own, revocation_list_urls(certificate));
    if (std::ranges::find_first_of(places, own) == places.end()) scope.foreign = "is of another distribution point";
  }
  TRY_ASSIGN(const bool only_leaves, flag(fields, 1));
  TRY_ASSIGN(const bool only_authorities, flag(fields, 2));
  TRY_ASSIGN(const auto reasons, fields.optional(der::implicit(3)));
  TRY_ASSIGN(const bool indirect, flag(fields, 4));
  TRY_ASSIGN(const bool only_attributes, flag(fields, 5));
  scope.only_some_reasons = reasons.has_value();
  const bool authority = certificate.basic_constraints() && certificate.basic_constraints()->ca;
  if (only_leaves && authority) scope.foreign = "is not about authorities";
  if (only_authorities && !authority) scope.foreign = "is about authorities only";
  if (only_attributes) scope.foreign = "is about attributes only";
  if (indirect) scope.foreign = "is one for several issuers";
  return scope;
}

// That the list is the issuer's own, with nothing in it that we would miss.
Status check_list(const List& list, bool delta, const RevocationQuestion& question) {
  TRY_ASSIGN(const CertificateParts issuer, parts_of(question.issuer));
  if (as_text(list.issuer) != as_text(issuer.subject)) {
    return fail(Code::kVerificationFailed, "the revocation list is another issuer's");
  }
  if (question.issuer.key_usage() && !question.issuer.key_usage()->crl_signing) {
    return fail(Code::kVerificationFailed, "the issuer may not sign revocation lists (key usage)");
  }
  if (auto verified = list.document.verify(question.issuer); !verified) {
    return fail(std::move(verified).error().with_context("the revocation list"));
  }
  for (const DerExtension& extension : list.extensions) {
    if (extension.critical && extension.oid != kScopeOid && (!delta || extension.oid != kDeltaOid)) {
      return fail(Code::kUnsupported, fmt::format("the revocation list has the critical extension {}", extension.oid));
    }
  }
  return {};
}

// Empty: it is of today.
std::string out_of_date(const List& list, int64_t at) {
  if (list.this_update > at) return fmt::format("is of {}, which is to come", rfc3339_of(list.this_update));
  if (!list.next_update) return "does not say until when it holds";
  if (*list.next_update < at) return fmt::format("is out of date since {}", rfc3339_of(*list.next_update));
  return {};
}

// Why the changes do not go with the list; empty: they do. RFC 5280 section 5.2.4.
Result<std::string> check_delta(const List& base, const List& delta) {
  const DerExtension* indicator = delta.extension(kDeltaOid);
  const DerExtension* delta_number = delta.extension(kNumberOid);
  const DerExtension* base_number = base.extension(kNumberOid);
  if (indicator == nullptr || delta_number == nullptr || base_number == nullptr) return "has changes without numbers";
  TRY_ASSIGN(const std::string from, number_in(*indicator));
  TRY_ASSIGN(const std::string to, number_in(*delta_number));
  TRY_ASSIGN(const std::string own, number_in(*base_number));
  if (from > own || to <= own) return "has changes to another list";
  const DerExtension* base_scope = base.extension(kScopeOid);
  const DerExtension* delta_scope = delta.extension(kScopeOid);
  const auto value = [](const DerExtension* scope) { return scope == nullptr ? "" : as_text(scope->value); };
  return value(base_scope) == value(delta_scope) ? "" : "has changes to a list of another scope";
}

// What an entry means; nothing when it means that the certificate is good.
std::optional<RevocationStatus> judged(const std::optional<Entry>& entry, const RevocationQuestion& question) {
  if (!entry || entry->reason == kRemoved) return std::nullopt;
  if (entry->invalid_since && question.used_at && *question.used_at < *entry->invalid_since) return std::nullopt;
  return RevocationStatus{.status = Revocation::kRevoked,
                          .why = entry->reason == kHold ? "it is on hold" : "it is in its issuer's revocation list"};
}

}  // namespace

Result<std::vector<std::string>> revocation_list_urls(const Certificate& certificate) {
  const CertificateExtension* points = certificate.extension(kPointsOid);
  return points == nullptr ? std::vector<std::string>() : distribution_uris(as_bytes(points->value));
}

Result<RevocationListFacts> describe_revocation_list(ByteSpan bytes) {
  TRY_ASSIGN(const List list, parse_list(bytes));
  RevocationListFacts facts{.next_update = list.next_update};
  if (const DerExtension* freshest = list.extension(kFreshestOid)) {
    TRY_ASSIGN(facts.delta_urls, distribution_uris(freshest->value));
  }
  return facts;
}

Result<RevocationStatus> read_revocation_list(ByteSpan bytes, std::optional<ByteSpan> delta_bytes,
                                              const RevocationQuestion& question) {
  TRY_ASSIGN(const CertificateParts parts, parts_of(question.certificate));
  TRY_ASSIGN(const List list, parse_list(bytes));
  TRY(check_list(list, false, question));
  TRY_ASSIGN(const Scope scope, read_scope(list, question.certificate));
  if (!scope.foreign.empty()) return unknown(scope.foreign);
  TRY_ASSIGN(std::optional<Entry> entry, find_entry(list, parts.serial));
  // What was revoked for good stays so, however old the list.
  if (entry && entry->reason != kHold) {
    if (auto status = judged(entry, question)) return *std::move(status);
  }
  if (const std::string why = out_of_date(list, question.at); !why.empty()) return unknown(why);
  if (delta_bytes) {
    TRY_ASSIGN(const List delta, parse_list(*delta_bytes));
    TRY(check_list(delta, true, question));
    TRY_ASSIGN(const std::string mismatch, check_delta(list, delta));
    if (!mismatch.empty()) return unknown(mismatch);
    if (const std::string why = out_of_date(delta, question.at); !why.empty()) return unknown("has changes: it " + why);
    TRY_ASSIGN(const std::optional<Entry> changed, find_entry(delta, parts.serial));
    if (changed) entry = changed;
  }
  if (auto status = judged(entry, question)) return *std::move(status);
  if (scope.only_some_reasons) return unknown("is about some reasons only");
  return RevocationStatus{.status = Revocation::kGood};
}

}  // namespace bulkhead

#include "report/verify_report.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/date.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "report/json_report.h"
#include "report/terminal_text.h"

namespace bulkhead::report {
namespace {

using trust::AcceptedSignature;
using trust::FreshnessAnswer;
using trust::RefusedSignature;
using trust::Verification;

constexpr int kSchemaVersion = 1;
constexpr size_t kLabelWidth = 9;

// ---- JSON

void number(json::Writer& w, std::string_view name, uint64_t value) {
  w.key(name);
  w.unsigned_integer(value);
}

void time_or_null(json::Writer& w, std::string_view name, std::optional<int64_t> time) {
  string_or_null(w, name, time && *time != 0 ? rfc3339_of(*time) : "");
}

void write_texts(json::Writer& w, std::string_view name, const std::vector<std::string>& texts) {
  w.key(name);
  w.begin_array();
  for (const std::string& text : texts) w.string(text);
  w.end_array();
}

void write_accepted(json::Writer& w, const AcceptedSignature& accepted, const Verification& verification) {
  const auto& [found, judgement] = accepted;
  w.begin_object();
  w.member("form", form_name(found.form));
  w.member("digest", found.blob.digest.to_string());
  w.member("manifest", found.manifest.to_string());
  w.member("signed_digest", judgement.signed_digest.to_string());
  string_or_null(w, "tag", found.tag);
  w.member("subject", found.subject.to_string());
  w.member("through_index", found.subject != verification.image.digest);
  w.member("signer", judgement.signer);
  w.member("signer_id", judgement.signer_id);
  w.member("rule", judgement.rule);
  string_or_null(w, "key_id", judgement.key_id);
  time_or_null(w, "signed_at", judgement.signed_at);
  string_or_null(w, "predicate_type", judgement.statement ? judgement.statement->predicate_type : "");
  w.key("annotations");
  w.begin_object();
  for (const auto& [name, value] : judgement.annotations) w.member(name, value);
  w.end_object();
  w.end_object();
}

void write_refused(json::Writer& w, const RefusedSignature& refused) {
  w.begin_object();
  string_or_null(w, "form", refused.found ? form_name(refused.found->form) : "");
  string_or_null(w, "digest", refused.found ? refused.found->blob.digest.to_string() : "");
  string_or_null(w, "manifest", refused.manifest.to_string());
  string_or_null(w, "tag", refused.tag);
  write_texts(w, "reasons", refused.reasons);
  w.end_object();
}

void write_freshness(json::Writer& w, const VerifyReport& report) {
  w.key("freshness");
  const auto& answer = report.verification.freshness;
  if (!answer) {
    w.null();
    return;
  }
  w.begin_object();
  w.member("verdict", freshness_name(answer->verdict));
  w.member("accepted", answer->accepted());
  w.member("detail", answer->detail);
  string_or_null(w, "present", answer->present.to_string());
  string_or_null(w, "role", answer->role);
  string_or_null(w, "reason", answer->reason);
  time_or_null(w, "since", answer->since);
  const trust::MapFacts facts = report.map.value_or(trust::MapFacts{});
  w.member("first_use", facts.first_use);
  number(w, "root_version", static_cast<uint64_t>(facts.root_version));
  number(w, "timestamp_version", static_cast<uint64_t>(facts.timestamp_version));
  time_or_null(w, "expires", facts.expires);
  w.end_object();
}

std::string render_json(const VerifyReport& report, const VerifyOptions& options) {
  const Verification& verification = report.verification;
  json::Writer w(json::Layout::kIndented);
  w.begin_object();
  w.key("schema_version");
  w.integer(kSchemaVersion);
  write_tool(w, options.tool_version);
  w.member("reference", report.reference);
  w.member("name", report.name);
  w.member("trusted", verification.trusted);
  w.member("digest", verification.image.digest.to_string());
  w.member("media_type", verification.image.media_type);
  string_or_null(w, "index", verification.index.to_string());
  string_or_null(w, "attestation", report.predicate_type);
  write_texts(w, "problems", verification.problems);
  number(w, "required_signers", report.required_signers);
  number(w, "signers", verification.signers);
  w.key("signatures");
  w.begin_array();
  for (const AcceptedSignature& accepted : verification.accepted) write_accepted(w, accepted, verification);
  w.end_array();
  w.key("refused");
  w.begin_array();
  for (const RefusedSignature& refused : verification.refused) write_refused(w, refused);
  w.end_array();
  w.member("all_signatures_read", !verification.left_out);
  write_freshness(w, report);
  w.end_object();
  return std::move(w).take();
}

// ---- Table

class Table {
 public:
  explicit Table(const VerifyOptions& options) : options_(options) {}

  void line(std::string_view label, const std::string& text, std::string_view color = {}) {
    const std::string head = pad(label, kLabelWidth);
    const size_t width = options_.width > kLabelWidth ? options_.width - kLabelWidth : 0;
    text_ += painted(options_.color, color, head) + wrap(one_line(text), width, kLabelWidth) + '\n';
  }
  std::string take() && { return std::move(text_); }

 private:
  const VerifyOptions& options_;
  std::string text_;
};

std::string describe_accepted(const AcceptedSignature& accepted, const Verification& verification) {
  const auto& [found, judgement] = accepted;
  std::string text =
      fmt::format("by {}, {} {}", judgement.signer, form_name(found.form), found.blob.digest.to_string());
  if (judgement.statement) text += fmt::format(", {}", judgement.statement->predicate_type);
  if (judgement.signed_at) text += fmt::format(", at {}", rfc3339_of(*judgement.signed_at));
  for (const auto& [name, value] : judgement.annotations) text += fmt::format(", {}={}", name, value);
  if (found.subject != verification.image.digest)
    text += fmt::format("; signs the index {}", found.subject.to_string());
  return text;
}

std::string describe_refused(const RefusedSignature& refused) {
  std::string what = refused.found
                         ? fmt::format("{} {}", form_name(refused.found->form), refused.found->blob.digest.to_string())
                     : refused.manifest.empty() ? refused.tag
                                                : refused.manifest.to_string();
  return fmt::format("{}: {}", what, fmt::join(refused.reasons, "; "));
}

std::string describe_map(const FreshnessAnswer& answer, const std::optional<trust::MapFacts>& facts) {
  std::string text = answer.detail.empty() ? std::string(freshness_name(answer.verdict)) : answer.detail;
  if (!answer.role.empty()) text += fmt::format(" (says {})", answer.role);
  if (facts && facts->expires != 0) text += fmt::format("; the map is fresh until {}", rfc3339_of(facts->expires));
  if (facts && facts->first_use) text += "; trust rests on the first root that was shown";
  return text;
}

std::string render_table(const VerifyReport& report, const VerifyOptions& options) {
  const Verification& verification = report.verification;
  Table table(options);
  table.line(verification.trusted ? "TRUSTED" : "REFUSED", report.reference, verification.trusted ? kGreen : kRed);
  table.line("digest", verification.image.digest.to_string());
  if (!verification.index.empty())
    table.line("index", fmt::format("{}, which lists it", verification.index.to_string()));
  for (const AcceptedSignature& accepted : verification.accepted) {
    table.line(report.predicate_type.empty() ? "signed" : "attested", describe_accepted(accepted, verification),
               kGreen);
  }
  if (verification.freshness) {
    table.line("map", describe_map(*verification.freshness, report.map),
               verification.freshness->accepted() ? kGreen : kRed);
  }
  for (const RefusedSignature& refused : verification.refused) table.line("ignored", describe_refused(refused), kDim);
  if (verification.left_out) table.line("ignored", "there are more signatures than are looked at", kYellow);
  for (const std::string& problem : verification.problems) table.line("why", problem, kRed);
  return std::move(table).take();
}

// ---- Digest

std::string render_digest(const VerifyReport& report, const VerifyOptions& /*options*/) {
  if (!report.verification.trusted) return {};
  return fmt::format("{}@{}\n", printable(report.name), report.verification.image.digest.to_string());
}

constexpr VerifyFormat kFormats[] = {
    {"table", "for people: the digest, who signed it, and what did not count and why", render_table},
    {"json", "everything, by docs/schemas/verify-report.schema.json", render_json},
    {"digest", "NAME@DIGEST of what was verified, to be pulled; nothing when it is not trusted", render_digest},
};

}  // namespace

std::span<const VerifyFormat> verify_formats() {
  return kFormats;
}

}  // namespace bulkhead::report

#include "sigstore/statement.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/block_source.h"
#include "base/json_members.h"
#include "base/json_writer.h"
#include "base/strict_json.h"
#include "base/text.h"
#include "sigstore/protobuf_json.h"

namespace bulkhead::sigstore {
namespace {

struct VersionRow {
  Statement::Version version;
  std::string_view type;
};
constexpr auto kVersions = std::to_array<VersionRow>({
    {Statement::Version::kV01, "https://in-toto.io/Statement/v0.1"},
    {Statement::Version::kV1, "https://in-toto.io/Statement/v1"},
});

Result<Statement::Version> version_of(std::string_view type) {
  for (const VersionRow& row : kVersions) {
    if (row.type == type) return row.version;
  }
  return fail(Code::kUnsupported, fmt::format("\"{}\" is no in-toto statement that is known here", printable(type)));
}

Result<Subject> read_subject(const json::Value& value) {
  Subject subject;
  TRY_ASSIGN(subject.name, string_or_empty(value, "name"));
  TRY_ASSIGN(const json::Value digests, value.require_object("digest"));
  for (const auto& [algorithm, digits] : digests.members()) {
    if (!digits.is_string()) return fail(Code::kMalformed, "a subject's digest must be a text");
    subject.digests.emplace(algorithm, *digits.string());
  }
  if (subject.digests.empty()) return fail(Code::kMalformed, "a subject has no digest");
  if (const auto annotations = set_member(value, "annotations")) {
    for (const auto& [name, text] : annotations->members()) {
      if (text.is_string()) subject.annotations.emplace(name, *text.string());
    }
  }
  return subject;
}

// The text has been parsed before: what fails here does so for no fault of its own.
Result<std::string> raw_member(std::string_view text, std::string_view name) {
  SpanSource source(as_bytes(text));
  json::MemberReader members(source, text.size() + 1);
  for (;;) {
    TRY_ASSIGN(const json::RawMember* member, members.next());
    if (member == nullptr) return std::string();
    if (member->key == name) return std::string(trim(member->value));
  }
}

void write_map(std::string_view name, const std::map<std::string, std::string, std::less<>>& map, json::Writer& out) {
  out.key(name);
  out.begin_object();
  for (const auto& [key, text] : map) out.member(key, text);
  out.end_object();
}

}  // namespace

Result<Statement> read_statement(std::string_view text) {
  TRY_CONTEXT(const auto document, json::parse_strict(text, {.max_bytes = kMaxStatementBytes, .max_depth = 128}),
              "in-toto statement");
  const json::Value root = document.root();
  Statement statement;
  TRY_CONTEXT(const std::string_view type, root.require_string("_type"), "in-toto statement");
  TRY_ASSIGN(statement.version, version_of(type));
  TRY_CONTEXT(statement.predicate_type, root.require_string("predicateType"), "in-toto statement");
  TRY_CONTEXT(const json::Value subjects, root.require_array("subject"), "in-toto statement");
  if (subjects.size() == 0) return fail(Code::kMalformed, "in-toto statement: it has no subject");
  if (subjects.size() > kMaxSubjects) return fail(limit_error("subjects of a statement", kMaxSubjects, ""));
  for (const json::Value& value : subjects.elements()) {
    TRY_CONTEXT(Subject subject, read_subject(value), "in-toto statement");
    statement.subjects.push_back(std::move(subject));
  }
  TRY_CONTEXT(statement.predicate, raw_member(text, "predicate"), "in-toto statement");
  return statement;
}

Result<std::string> write_statement(const Statement& statement) {
  json::Writer out(json::Layout::kCompact);
  out.begin_object();
  out.member("_type", kVersions[static_cast<size_t>(statement.version)].type);
  out.key("subject");
  out.begin_array();
  for (const Subject& subject : statement.subjects) {
    out.begin_object();
    out.member_if("name", subject.name);
    write_map("digest", subject.digests, out);
    if (!subject.annotations.empty()) write_map("annotations", subject.annotations, out);
    out.end_object();
  }
  out.end_array();
  out.member("predicateType", statement.predicate_type);
  out.end_object();
  std::string text = std::move(out).take();
  if (!statement.predicate.empty()) {
    TRY_CONTEXT(const auto predicate,
                json::parse_strict(statement.predicate, {.max_bytes = kMaxStatementBytes, .max_depth = 120}),
                "predicate");
    text.pop_back();
    text.append(R"(,"predicate":)").append(trim(statement.predicate)).append("}");
  }
  return text;
}

const Subject* find_subject(const Statement& statement, const Digest& digest) {
  const std::string text = digest.to_string();
  const std::string_view algorithm = std::string_view(text).substr(0, text.find(':'));
  for (const Subject& subject : statement.subjects) {
    const auto found = subject.digests.find(algorithm);
    if (found != subject.digests.end() && !digest.empty() && to_lower(found->second) == digest.hex()) return &subject;
  }
  return nullptr;
}

}  // namespace bulkhead::sigstore

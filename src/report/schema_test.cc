// The JSON reports against docs/schemas/, both ways: what the code can write, the schema knows.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/test_data.h"
#include "report/audit_report.h"
#include "report/report.h"
#include "report/verify_report.h"

namespace bulkhead::report {
namespace {

using Names = std::set<std::string>;

json::Document read_schema(const std::string& name = "scan-report") {
  const auto path = std::filesystem::path(testdata_path("../../../docs/schemas/" + name + ".schema.json"));
  const auto text = read_file(path.lexically_normal().string(), size_t{1} << 20);
  EXPECT_TRUE(text) << text.error().to_string();
  auto document = json::Document::parse(text.value_or("{}"));
  EXPECT_TRUE(document);
  return std::move(*document);
}

// The names of an enum's values, from 0 up to the first that has no name.
template <typename Enum>
Names names_of(std::string_view (*name)(Enum), std::string_view none) {
  Names names;
  for (uint8_t i = 0; i < 64; ++i) {
    const std::string_view text = name(static_cast<Enum>(i));
    if (i > 0 && text == none) break;
    names.emplace(text);
  }
  return names;
}

Names schema_enum(const json::Value& schema, std::string_view property) {
  Names names;
  const auto values = schema.find("$defs")->find("finding")->find("properties")->find(property)->find("enum");
  for (const json::Value& value : values->elements()) names.emplace(*value.string());
  return names;
}

TEST(ReportSchema, KnowsEveryWordThatTheCodeHas) {
  const json::Document document = read_schema();
  const json::Value schema = document.root();
  EXPECT_EQ(schema_enum(schema, "severity"), names_of(advisory::severity_name, ""));
  EXPECT_EQ(schema_enum(schema, "status"), names_of(advisory::status_name, ""));
  EXPECT_EQ(schema_enum(schema, "suppression"), names_of(advisory::suppression_name, "unknown"));
  EXPECT_TRUE(schema_enum(schema, "suppression").contains("ignored_by_publisher"));
  EXPECT_EQ(schema_enum(schema, "severity").size(), 6U);
}

bool has_type(const json::Value& value, std::string_view type) {
  switch (value.kind()) {
    case json::Kind::kNull:
      return type == "null";
    case json::Kind::kBool:
      return type == "boolean";
    case json::Kind::kInteger:
    case json::Kind::kUnsigned:
      return type == "integer" || type == "number";
    case json::Kind::kDouble:
      return type == "number";
    case json::Kind::kString:
      return type == "string";
    case json::Kind::kArray:
      return type == "array";
    case json::Kind::kObject:
      return type == "object";
  }
  return false;
}

// As much of JSON Schema as the file uses, patterns and formats apart; stricter in one thing: what is written must be
// described.
void check(const json::Value& root, const json::Value& schema, const json::Value& value, const std::string& where) {
  if (const auto reference = schema.find("$ref")) {
    const std::string name(reference->string()->substr(std::string_view("#/$defs/").size()));
    check(root, *root.find("$defs")->find(name), value, where);
  }
  if (const auto type = schema.find("type")) {
    bool fits = !type->is_array() && has_type(value, *type->string());
    if (type->is_array()) {
      for (const json::Value& one : type->elements()) fits = fits || has_type(value, *one.string());
    }
    EXPECT_TRUE(fits) << where;
  }
  if (const auto values = schema.find("enum")) {
    bool known = false;
    // Kinds tell null from a text that is not there.
    for (const json::Value& one : values->elements()) {
      known = known || (one.kind() == value.kind() && one.string() == value.string());
    }
    EXPECT_TRUE(known) << where << ": " << value.string().value_or("");
  }
  if (const auto items = schema.find("items"); items && value.is_array()) {
    size_t index = 0;
    for (const json::Value& one : value.elements()) check(root, *items, one, where + "/" + std::to_string(index++));
  }
  if (!value.is_object()) return;
  const auto properties = schema.find("properties");
  const auto others = schema.find("additionalProperties");
  for (const auto [key, member] : value.members()) {
    const auto property = properties ? properties->find(key) : std::nullopt;
    if (property) check(root, *property, member, where + "/" + std::string(key));
    EXPECT_TRUE(property || others || schema.find("$ref")) << where << '/' << key << " is not in the schema";
  }
  if (const auto required = schema.find("required")) {
    for (const json::Value& key : required->elements()) {
      EXPECT_TRUE(value.find(*key.string())) << where << " lacks " << *key.string();
    }
  }
}

// Everything that a result can hold, and nothing that it may lack.
std::vector<scan::ScanResult> fullest_and_emptiest() {
  scan::ScanResult full;
  full.image.reference = "x:1";
  full.image.digest = full.image.config_digest = full.image.index_digest = Digest::sha256_of(as_bytes("x"));
  full.image.media_type = "m";
  full.image.platform = "linux/amd64";
  full.image.created = "2026-11-22T00:00:00Z";
  full.image.repo_tags = {"x:1"};
  full.image.os.id = "debian";
  full.image.os.version_id = "12";
  full.image.os.codename = "bookworm";
  full.image.end_of_life = scan::EndOfLife{.date = "2026-07-11", .extended = "2028-06-30", .extended_name = "LTS"};
  full.image.layers.push_back(
      {.digest = full.image.digest, .diff_id = full.image.digest, .created_by = "RUN", .repositories = {"r"}});
  inventory::Package package;
  package.name = "p";
  package.module = "m:1";
  package.built_using = {"g (= 1)"};
  package.licenses = {"MIT"};
  package.maintainer = "somebody";
  package.vendor = "v";
  package.architecture = "amd64";
  package.locations = {"var/lib/dpkg/status"};
  full.packages.push_back(package);
  full.purls.emplace_back("pkg:deb/debian/p@1");
  for (const std::string& severity : names_of(advisory::severity_name, "")) {
    for (const std::string& status : names_of(advisory::status_name, "")) {
      advisory::Finding finding;
      finding.id = "CVE-1";
      finding.aliases = {"GHSA-1"};
      finding.severity = *advisory::severity_of(severity);
      finding.status = *advisory::status_of(status);
      finding.severity_source = "nvd";
      finding.fixed_version = "2";
      finding.fixed_in = "esm";
      finding.cvss = {{"nvd", "CVSS:3.1/AV:N", 9.8}};
      finding.kev_date_added = "2024-01-01";
      finding.epss = 0.5;
      finding.epss_percentile = 0.5;
      finding.note = "n";
      finding.evidence.unrated = "nobody rates it";
      finding.details = std::make_shared<advisory::Vulnerability>();
      full.findings.push_back(finding);
    }
  }
  for (uint8_t i = 0; i < names_of(advisory::suppression_name, "unknown").size(); ++i) {
    full.suppressed.push_back(
        {.finding = full.findings[0], .reason = static_cast<advisory::Suppression>(i), .detail = "d"});
  }
  full.feeds.push_back(
      {.name = "f", .ecosystem = "debian:12", .date = "2026-11-22", .attribution = "a", .age_days = 1});
  full.warnings.push_back({"s", "t"});
  full.database_date = "2026-11-22";
  full.database_sha256 = full.image.digest.hex();
  scan::ScanResult empty;
  empty.packages.resize(1);
  empty.purls.emplace_back("pkg:generic/x");
  empty.findings.resize(1);
  empty.feeds.resize(1);
  empty.warnings.resize(1);
  scan::ScanResult nothing;
  return {full, empty, nothing};
}

// They say that fields may be added: a reader who checks reports against today's must not refuse tomorrow's.
TEST(ReportSchema, RefusesNoFieldThatIsAddedLater) {
  for (const char* name : {"scan-report", "audit-report", "verify-report"}) {
    const auto path = testdata_path(fmt::format("../../../docs/schemas/{}.schema.json", name));
    const auto text = read_file(std::filesystem::path(path).lexically_normal().string(), size_t{1} << 20);
    ASSERT_TRUE(text) << text.error().to_string();
    EXPECT_TRUE(text->contains("Fields may be added")) << name;
    EXPECT_FALSE(text->contains("\"additionalProperties\": false")) << name;
  }
}

TEST(ReportSchema, DescribesEverythingThatIsWritten) {
  const json::Document schema = read_schema();
  for (const scan::ScanResult& result : fullest_and_emptiest()) {
    const auto text = (*find_format("json"))->render({&result, 1}, {.tool_version = "1.0"});
    ASSERT_TRUE(text);
    const auto report = json::Document::parse(*text);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->root().find("tool")->string_or("version", ""), "1.0");
    check(schema.root(), schema.root(), report->root(), "");
  }
}

Names names_at(json::Value value, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) value = *value.find(name);
  Names names;
  for (const json::Value& one : value.elements()) {
    if (!one.is_null()) names.emplace(*one.string());
  }
  return names;
}

TEST(AuditSchema, KnowsEveryWordThatTheCodeHas) {
  const json::Document document = read_schema("audit-report");
  const json::Value schema = document.root();
  Names statuses;
  for (uint8_t i = 0; i < audit::Counts{}.by_status.size(); ++i) {
    statuses.emplace(status_name(static_cast<audit::RowStatus>(i)));
  }
  EXPECT_EQ(names_at(schema, {"$defs", "status", "enum"}), statuses);
  EXPECT_EQ(names_at(schema, {"$defs", "change", "properties", "before", "enum"}), statuses);
  EXPECT_EQ(names_at(schema, {"$defs", "severity", "enum"}), names_of(advisory::severity_name, ""));
  Names sections;
  for (const audit::Section section : audit::kSections) sections.emplace(section_name(section));
  EXPECT_EQ(names_at(schema, {"$defs", "check", "properties", "section", "enum"}), sections);
  Names editions(audit::kCisEditions.begin(), audit::kCisEditions.end());
  EXPECT_EQ(names_at(schema, {"$defs", "check", "properties", "cis", "required"}), editions);
}

constexpr audit::CheckInfo kCheck{.id = "container.x",
                                  .title = "t",
                                  .section = audit::Section::kContainers,
                                  .rationale = "r",
                                  .remediation = "f",
                                  .cis = {"5.1", "5.1", "5.1 5.2"}};

// Everything that a result can hold, then nothing that it may lack.
std::vector<audit::AuditResult> fullest_and_emptiest_audits() {
  audit::AuditResult full{
      .address = "unix:///x", .engine = "e", .created = "2026-11-22T12:00:00Z", .rows = {}, .warnings = {"w"}};
  full.changes.emplace();
  for (uint8_t i = 0; i < audit::Counts{}.by_status.size(); ++i) {
    const auto status = static_cast<audit::RowStatus>(i);
    full.rows.push_back({.check = &kCheck,
                         .object = {.kind = static_cast<audit::Object::Kind>(i), .name = "n", .id = "i"},
                         .status = status,
                         .evidence = {{"w", "f", "n"}},
                         .reason = "r",
                         .exempted = std::make_shared<audit::Exempted>(audit::Exempted{"r", "o", "2027-01-01"})});
    full.changes->push_back({.check = "c", .object = full.rows.back().object, .before = status, .after = status});
  }
  full.rows[0].object.kind = audit::Object::Kind::kNetwork;
  full.rows[1].object.kind = audit::Object::Kind::kService;
  full.rows[2].object.kind = audit::Object::Kind::kSwarm;
  for (const auto kind : {audit::Change::Kind::kBetter, audit::Change::Kind::kNew, audit::Change::Kind::kGone}) {
    full.changes->push_back({.kind = kind, .check = "c", .object = full.rows[0].object});
  }
  audit::AuditResult empty{.address = {}, .engine = {}, .created = {}, .rows = {}, .warnings = {}};
  empty.rows.push_back({.check = &kCheck, .object = {.name = ""}, .evidence = {}, .reason = {}});
  empty.rows.back().exempted = std::make_shared<audit::Exempted>();
  return {full, empty};
}

TEST(AuditSchema, DescribesEverythingThatIsWritten) {
  const json::Document schema = read_schema("audit-report");
  const audit::AuditResult nothing{.address = {}, .engine = {}, .created = {}, .rows = {}, .warnings = {}};
  for (const auto& results : {fullest_and_emptiest_audits(), std::vector{nothing}, std::vector<audit::AuditResult>()}) {
    for (const AuditFormat& format : audit_formats()) {
      if (format.name != "json") continue;
      const auto text = format.render(results, {.tool_version = "1.0"});
      ASSERT_TRUE(text);
      const auto report = json::Document::parse(*text);
      ASSERT_TRUE(report);
      EXPECT_EQ(report->root().find("hosts")->size(), results.size());
      check(schema.root(), schema.root(), report->root(), "");
    }
  }
}

// Everything that a verdict can hold, and one that holds nothing.
std::vector<VerifyReport> fullest_and_emptiest_verdicts() {
  const Digest digest = Digest::sha256_of(as_bytes("x"));
  VerifyReport full{.reference = "x:1", .name = "r.test/x", .predicate_type = "https://p", .map = trust::MapFacts{}};
  full.map->expires = 1;
  trust::Verification& verification = full.verification;
  verification.image = {.media_type = "m", .digest = digest};
  verification.index = digest;
  verification.problems = {"p"};
  verification.left_out = true;
  for (uint8_t i = 0; i < 4; ++i) {
    trust::FoundSignature found{
        .form = static_cast<trust::SignatureForm>(i), .subject = digest, .manifest = digest, .tag = "t", .blob = {}};
    found.blob.digest = digest;
    trust::Judgement judgement{
        .signer_id = "i", .signer = "s", .rule = "r", .key_id = "k", .signed_digest = digest, .signed_at = 1};
    judgement.annotations = {{"a", "b"}};
    judgement.statement.emplace().predicate_type = "https://p";
    verification.accepted.push_back({found, judgement});
    verification.refused.push_back({found, digest, "t", {"because"}});
  }
  verification.refused.push_back({});
  std::vector<VerifyReport> reports;
  for (auto i = uint8_t{0}; i <= static_cast<uint8_t>(trust::Freshness::kMapUntrusted); ++i) {
    verification.freshness = trust::FreshnessAnswer{.verdict = static_cast<trust::Freshness>(i),
                                                    .detail = "d",
                                                    .present = digest,
                                                    .role = "targets",
                                                    .reason = "r",
                                                    .since = 1};
    reports.push_back(full);
  }
  reports.emplace_back();
  return reports;
}

TEST(VerifySchema, KnowsEveryWordThatTheCodeHas) {
  const json::Document document = read_schema("verify-report");
  const json::Value schema = document.root();
  Names verdicts;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(trust::Freshness::kMapUntrusted); ++i) {
    verdicts.emplace(freshness_name(static_cast<trust::Freshness>(i)));
  }
  EXPECT_EQ(names_at(schema, {"$defs", "verdict", "enum"}), verdicts);
  Names forms;
  for (uint8_t i = 0; i <= static_cast<uint8_t>(trust::SignatureForm::kNotation); ++i) {
    forms.emplace(form_name(static_cast<trust::SignatureForm>(i)));
  }
  EXPECT_EQ(names_at(schema, {"$defs", "form", "enum"}), forms);
}

TEST(VerifySchema, DescribesEverythingThatIsWritten) {
  const json::Document schema = read_schema("verify-report");
  for (const VerifyReport& report : fullest_and_emptiest_verdicts()) {
    for (const VerifyFormat& format : verify_formats()) {
      const std::string text = format.render(report, {.tool_version = "1.0"});
      if (format.name != "json") continue;
      const auto parsed = json::Document::parse(text);
      ASSERT_TRUE(parsed);
      check(schema.root(), schema.root(), parsed->root(), "");
    }
  }
}

TEST(VerifyReport, NamesADigestOnlyWhenItIsTrusted) {
  VerifyReport report{.reference = "x:1", .name = "r.test/x", .verification = {}};
  report.verification.image.digest = Digest::sha256_of(as_bytes("x"));
  const auto format = std::ranges::find(verify_formats(), "digest", &VerifyFormat::name);
  EXPECT_EQ(format->render(report, {}), "");
  report.verification.trusted = true;
  EXPECT_EQ(format->render(report, {}), "r.test/x@" + report.verification.image.digest.to_string() + "\n");
}

TEST(VerifyReport, ShowsNoLineThatASignatureForged) {
  VerifyReport report{.reference = "x:1\nTRUSTED", .name = "x", .verification = {}};
  report.verification.problems = {"no\r\nTRUSTED  y"};
  trust::AcceptedSignature accepted;
  accepted.judgement.annotations = {{"a\nTRUSTED", "\033[31m"}};
  report.verification.accepted = {accepted};
  const std::string text = verify_formats().front().render(report, {});
  EXPECT_EQ(text.find("\nTRUSTED"), std::string::npos) << text;
  EXPECT_EQ(text.find('\033'), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::report

#include "policy/bundle.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/catalogue.h"
#include "policy/fact_schema.h"
#include "policy/starters.h"
#include "policy/verdict.h"

namespace bulkhead::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNow = 1'795'000'000;  // 2026-11-18

Result<Bundle> bundle_of(std::string text) {
  return compile_bundle({{.name = "policy.yaml", .text = std::move(text)}});
}

std::string refusal(std::string text) {
  const auto bundle = bundle_of(std::move(text));
  return bundle ? "accepted" : bundle.error().to_string();
}

Verdict verdict_of(const Bundle& bundle, std::string_view facts, std::string user = {}) {
  const auto document = json::Document::parse(facts);
  auto verdict = evaluate(bundle, {.facts = document->root(), .user = std::move(user), .now = kNow});
  EXPECT_TRUE(verdict.has_value()) << verdict.error().to_string();
  return verdict ? *verdict : Verdict{};
}

// Two vulnerabilities in an image that runs as root.
constexpr std::string_view kFacts = R"({
  "version": 1, "kind": "image", "time": "2026-11-17T00:00:00Z",
  "image": {"reference": "registry.example.com/shop/cart:1.4", "registry": "registry.example.com",
            "repository": "registry.example.com/shop/cart", "tag": "1.4", "pinned": false,
            "created": "2026-01-01T00:00:00Z", "size": 5000000, "platform": "linux/amd64",
            "config": {"user": "", "root": true, "env": ["PATH=/bin", "DB_PASSWORD=x"], "labels": {"a": "b"},
                       "exposed_ports": ["22/tcp"], "healthcheck": false, "history": ["RUN curl | sh"], "volumes": []},
            "layers": [{"diff_id": "sha256:aa"}]},
  "distribution": {"id": "debian", "version": "12", "name": "Debian", "end_of_life": false},
  "packages": [{"type": "deb", "name": "openssl", "version": "1", "licenses": ["Apache-2.0"]},
               {"type": "deb", "name": "bash", "version": "5", "licenses": []}],
  "vulnerabilities": [
    {"id": "CVE-2026-0001", "aliases": ["GHSA-x"], "severity": "critical", "rank": 5, "package": "openssl", "version": "1",
     "fixable": true, "fixed_version": "2", "exploited": false, "published": "2026-11-01T00:00:00Z"},
    {"id": "CVE-2026-0002", "aliases": [], "severity": "high", "rank": 4, "package": "bash", "version": "5",
     "fixable": false, "exploited": true, "epss": 0.7}],
  "advisories": {"date": "2026-11-17T00:00:00Z", "complete": true, "not_judged": "", "snapshot": false}
})";

TEST(Catalogue, EveryRuleCompilesWithParametersOfItsTypes) {
  ASSERT_GE(catalogue().size(), 30U);
  for (const CatalogueRule& rule : catalogue()) {
    std::string text = "policy: 1\nrules:\n  - rule: " + std::string(rule.id) + "\n    with:\n";
    bool any = false;
    for (const Parameter& parameter : rule.parameters) {
      if (parameter.preset) continue;
      any = true;
      text += "      " + std::string(parameter.name) + ": ";
      switch (parameter.type) {
        case ParameterType::kList:
          text += "[a]\n";
          break;
        case ParameterType::kInt:
          text += "3\n";
          break;
        case ParameterType::kDouble:
          text += "0.5\n";
          break;
        case ParameterType::kDuration:
          text += "3d\n";
          break;
        case ParameterType::kSeverity:
          text += "low\n";
          break;
        case ParameterType::kBool:
          text += "true\n";
          break;
        case ParameterType::kString:
          text += "a\n";
          break;
      }
    }
    if (!any) text = text.substr(0, text.find("    with"));
    EXPECT_EQ(refusal(text), "accepted") << rule.id;
    EXPECT_FALSE(rule.title.empty() || rule.message.empty()) << rule.id;
    EXPECT_EQ(rule.each.empty(), rule.subject.empty()) << rule.id;
  }
}

// A rule, its parameters, and whether it is violated by kFacts.
TEST(Catalogue, EveryRuleDecidesByItsFacts) {
  struct Case {
    std::string_view rule;
    std::string_view with;
    size_t violations;
  };
  constexpr Case kCases[] = {
      {"vulnerability-severity", "{at_least: high}", 2},
      {"vulnerability-severity", "{at_least: high, only_fixable: true}", 1},
      {"vulnerability-severity", "{at_least: critical}", 1},
      {"vulnerability-known-exploited", "{}", 1},
      {"vulnerability-known-exploited", "{only_fixable: true}", 0},
      {"vulnerability-epss", "{at_least: 0.6}", 1},
      {"vulnerability-epss", "{at_least: 0.8}", 0},
      {"vulnerability-listed", "{ids: [GHSA-x]}", 1},
      {"vulnerability-listed", "{ids: [CVE-1999-1]}", 0},
      {"vulnerability-count", "{max: 1}", 1},
      {"vulnerability-count", "{max: 2}", 0},
      {"vulnerability-overdue", "{max_age: 10d}", 1},
      {"vulnerability-overdue", "{max_age: 60d}", 0},
      {"advisories-age", "{max_age: 1d}", 1},
      {"advisories-age", "{max_age: 2d}", 0},
      {"advisories-complete", "{}", 0},
      {"distribution-supported", "{}", 0},
      {"distribution-allowed", "{ids: [alpine]}", 1},
      {"distribution-allowed", "{ids: [debian]}", 0},
      {"registry-allowed", "{registries: [docker.io]}", 1},
      {"registry-allowed", "{registries: [registry.example.com]}", 0},
      {"repository-allowed", "{patterns: ['registry.example.com/base/*']}", 1},
      {"repository-allowed", "{patterns: ['registry.example.com/shop/*']}", 0},
      {"image-pinned", "{}", 1},
      {"tag-denied", "{tags: ['1.*']}", 1},
      {"tag-denied", "{}", 0},
      {"image-age", "{max_age: 90d}", 1},
      {"image-age", "{max_age: 900d}", 0},
      {"image-size", "{max_megabytes: 4}", 1},
      {"image-size", "{max_megabytes: 5}", 0},
      {"image-based-on", "{diff_ids: ['sha256:bb']}", 1},
      {"image-based-on", "{diff_ids: ['sha256:aa']}", 0},
      {"platform-allowed", "{platforms: [linux/arm64]}", 1},
      {"platform-allowed", "{platforms: [linux/amd64]}", 0},
      {"user-not-root", "{}", 1},
      {"user-denied", "{users: [daemon]}", 0},
      {"healthcheck-required", "{}", 1},
      {"label-required", "{labels: [a, c]}", 1},
      {"label-required", "{labels: [a]}", 0},
      {"port-denied", "{}", 1},
      {"port-denied", "{ports: [80/tcp]}", 0},
      {"volume-denied", "{paths: ['*']}", 0},
      {"environment-denied", "{names: ['*_PASSWORD']}", 1},
      {"environment-denied", "{names: ['*_TOKEN']}", 0},
      {"instruction-denied", "{pattern: 'curl.*sh'}", 1},
      {"instruction-denied", "{pattern: 'wget'}", 0},
      {"package-denied", "{names: ['open*']}", 1},
      {"package-denied", "{names: ['open*'], type: rpm}", 0},
      {"package-required", "{names: [bash, zsh]}", 1},
      {"package-required", "{names: [bash]}", 0},
      {"license-denied", "{licenses: ['Apache-*']}", 1},
      {"license-known", "{}", 1},
      // Facts that are not known are errors, and errors deny.
      {"signed", "{}", 1},
      {"signed-by", "{identities: [a]}", 1},
      {"fresh", "{}", 1},
  };
  std::set<std::string_view> seen;
  for (const Case& each : kCases) {
    seen.insert(each.rule);
    const auto bundle =
        bundle_of("policy: 1\nrules: [{rule: " + std::string(each.rule) + ", with: " + std::string(each.with) + "}]");
    ASSERT_TRUE(bundle.has_value()) << bundle.error().to_string();
    const Verdict verdict = verdict_of(*bundle, kFacts);
    ASSERT_EQ(verdict.outcomes.size(), 1U);
    EXPECT_EQ(verdict.outcomes[0].violations.size(), each.violations) << each.rule << " " << each.with;
    EXPECT_EQ(verdict.allowed, each.violations == 0) << each.rule;
    for (const Violation& violation : verdict.outcomes[0].violations)
      EXPECT_FALSE(violation.message.empty()) << each.rule;
  }
  for (const CatalogueRule& rule : catalogue()) EXPECT_TRUE(seen.contains(rule.id)) << rule.id;
}

TEST(Bundle, MistakesNameFileLineAndColumn) {
  EXPECT_THAT(refusal("policy: 2\n"), HasSubstr("policy.yaml: line 1, column 9: this is no bundle"));
  EXPECT_THAT(refusal("policy: 1\nrules:\n  - rule: frob\n"),
              HasSubstr("line 3, column 11: there is no rule \"frob\""));
  EXPECT_THAT(refusal("policy: 1\nrules:\n  - name: x\n    deny_if: image.usr == ''\n"),
              HasSubstr("line 4, column 14: deny_if: line 1, column 6: image has no field \"usr\""));
  EXPECT_THAT(refusal("policy: 1\nrules:\n  - rule: image-age\n    with: {max_age: soon}\n"),
              HasSubstr("line 4, column 21: \"max_age\" has to be a duration"));
  EXPECT_THAT(refusal("policy: 1\nruls: []\n"), HasSubstr("\"ruls\" means nothing here"));
  EXPECT_THAT(refusal("policy: 1\nrules:\n  - rule: fresh\n  - rule: fresh\n"),
              HasSubstr("line 4, column 5: another rule"));
  EXPECT_THAT(refusal("policy: 1\nrules: [{rule: fresh}]\nmappings: [{name: a, rules: [b]}]\n"),
              HasSubstr("no rule is called \"b\""));
  EXPECT_THAT(refusal("policy: 1\nrules: [{rule: image-size}]\n"), HasSubstr("needs the parameter \"max_megabytes\""));
  EXPECT_THAT(refusal("policy: 1\nrules: [{name: a}]\n"), HasSubstr("either \"deny_if\", \"require\" or \"rule\""));
  EXPECT_THAT(refusal("policy: 1\nrules: [{name: a, deny_if: '1 + 1'}]\n"),
              HasSubstr("has to be a bool, and is a int"));
  EXPECT_THAT(refusal("policy: 1\nrules: [{name: a, each: image, deny_if: 'true'}]\n"),
              HasSubstr("is no list of facts"));
  EXPECT_THAT(
      refusal("policy: 1\nrules: [{rule: fresh}]\nexceptions: [{rule: fresh, reason: a, owner: b, expires: never}]\n"),
      HasSubstr("\"expires\" is a day"));
  EXPECT_THAT(
      refusal("policy: 1\nrules: [{rule: fresh}]\nexceptions: [{rule: fresh, owner: b, expires: 2027-01-01}]\n"),
      HasSubstr("\"reason\" is missing"));
  EXPECT_THAT(refusal("policy: 1\n"), HasSubstr("the bundle has no rules"));
}

TEST(Bundle, ExpressionsOfItsOwnDecide) {
  const auto bundle = bundle_of(R"(
policy: 1
rules:
  - name: shop-only
    require: image.repository.startsWith('registry.example.com/shop/')
  - name: no-old-openssl
    each: packages
    when: item.type == 'deb'
    deny_if: item.name == 'openssl'
    subject: item.name
    message_expression: "'found ' + item.name"
)");
  ASSERT_TRUE(bundle.has_value()) << bundle.error().to_string();
  const Verdict verdict = verdict_of(*bundle, kFacts);
  EXPECT_FALSE(verdict.allowed);
  EXPECT_THAT(verdict.outcomes[0].violations, IsEmpty());
  ASSERT_EQ(verdict.outcomes[1].violations.size(), 1U);
  EXPECT_EQ(verdict.outcomes[1].violations[0].message, "found openssl");
  EXPECT_EQ(verdict.outcomes[1].violations[0].pointer, "/packages/0");
}

TEST(Bundle, TheFirstMappingThatFitsCounts) {
  const auto bundle = bundle_of(R"(
policy: 1
rules: [{rule: user-not-root}, {rule: image-pinned}]
mappings:
  - {name: ci, images: ["registry.example.com/*"], users: ["ci-*"], rules: []}
  - {name: shop, images: ["registry.example.com/shop/*"], rules: [image-pinned]}
)");
  ASSERT_TRUE(bundle.has_value()) << bundle.error().to_string();
  EXPECT_EQ(verdict_of(*bundle, kFacts, "ci-7").mapping, "ci");
  EXPECT_TRUE(verdict_of(*bundle, kFacts, "ci-7").allowed);
  const Verdict shop = verdict_of(*bundle, kFacts, "alice");
  EXPECT_EQ(shop.mapping, "shop");
  EXPECT_EQ(shop.outcomes.size(), 1U);
  EXPECT_FALSE(shop.allowed);
}

TEST(Bundle, AListThatHoldsNothingIsRefusedWhereLeavingItOutMeansAny) {
  const std::string rules = "policy: 1\nrules: [{rule: fresh}]\n";
  for (const std::string list : {"images:", "images: []", "users:", "users: []"}) {
    EXPECT_THAT(refusal(rules + "mappings:\n  - name: a\n    rules: ['*']\n    " + list + "\n"), HasSubstr("is empty"))
        << list;
  }
  EXPECT_THAT(refusal(rules + "exceptions: [{rule: fresh, reason: r, owner: o, expires: 2027-01-01, subjects: []}]\n"),
              HasSubstr("\"subjects\" is empty"));
}

TEST(Bundle, AMappingSaysWhichRules) {
  const std::string rules = "policy: 1\nrules: [{rule: fresh}]\n";
  EXPECT_THAT(refusal(rules + "mappings: [{name: a}]\n"), HasSubstr("a mapping names its \"rules\""));
  EXPECT_THAT(refusal(rules + "mappings:\n  - name: a\n    rules:\n"), HasSubstr("a mapping names its \"rules\""));
}

TEST(Bundle, OneFileSaysWhatNoMappingFits) {
  const auto bundle = compile_bundle({{.name = "a.yaml", .text = "policy: 1\nunmapped: deny\nrules: [{rule: fresh}]\n"},
                                      {.name = "z.yaml", .text = "policy: 1\nunmapped: allow\n"}});
  ASSERT_FALSE(bundle.has_value());
  EXPECT_THAT(bundle.error().to_string(), HasSubstr("z.yaml: line 2"));
}

TEST(Bundle, WhatNoMappingFitsIsDenied) {
  const std::string text = "policy: 1\nrules: [{rule: fresh}]\nmappings: [{name: a, images: [other], rules: []}]\n";
  EXPECT_FALSE(verdict_of(*bundle_of(text), kFacts).allowed);
  EXPECT_TRUE(verdict_of(*bundle_of(text + "unmapped: allow\n"), kFacts).allowed);
}

TEST(Bundle, ExceptionsCountForTheirSubjectsUntilTheirLastDay) {
  const auto with = [](std::string_view exception) {
    return *bundle_of(
        "policy: 1\nrules: [{rule: vulnerability-severity}]\nexceptions:\n  - {rule: vulnerability-severity, reason: "
        "r, owner: o, " +
        std::string(exception) + "}\n");
  };
  EXPECT_FALSE(verdict_of(with("subjects: [CVE-2026-0001], expires: 2026-11-18"), kFacts).allowed);
  EXPECT_TRUE(verdict_of(with("subjects: ['CVE-2026-*'], expires: 2026-11-18"), kFacts).allowed);
  EXPECT_TRUE(verdict_of(with("expires: 2026-11-18"), kFacts).allowed);
  EXPECT_FALSE(verdict_of(with("images: [other], expires: 2027-01-01"), kFacts).allowed);
  const Verdict late = verdict_of(with("expires: 2026-11-17"), kFacts);
  EXPECT_FALSE(late.allowed);
  EXPECT_EQ(late.expired.size(), 1U);
}

TEST(Bundle, WarningsDoNotDeny) {
  const auto bundle =
      bundle_of("policy: 1\nrules: [{rule: user-not-root, action: warn}, {rule: fresh, action: audit}]\n");
  const Verdict verdict = verdict_of(*bundle, kFacts);
  EXPECT_TRUE(verdict.allowed);
  EXPECT_FALSE(verdict.outcomes[0].passed());
  EXPECT_TRUE(verdict.outcomes[1].violations[0].error);
}

TEST(Bundle, FactsThatAreNotKnownDeny) {
  const auto bundle = bundle_of("policy: 1\nrules: [{rule: vulnerability-severity}]\n");
  const Verdict verdict = verdict_of(*bundle, R"({"version": 1, "kind": "image"})");
  EXPECT_FALSE(verdict.allowed);
  ASSERT_EQ(verdict.outcomes[0].violations.size(), 1U);
  EXPECT_TRUE(verdict.outcomes[0].violations[0].error);
  EXPECT_EQ(verdict.outcomes[0].violations[0].message, "the fact \"vulnerabilities\" is not known");
}

TEST(Bundle, AnExpressionThatCostsTooMuchDenies) {
  const auto bundle = bundle_of(
      "policy: 1\nrules: [{name: slow, deny_if: 'lists.range(100000).exists(a, lists.range(100).exists(b, "
      "false))'}]\n");
  const Verdict verdict = verdict_of(*bundle, kFacts);
  EXPECT_FALSE(verdict.allowed);
  EXPECT_TRUE(verdict.outcomes[0].violations[0].error);
}

TEST(Facts, OfAnotherTypeAreRefused) {
  const auto refused = [](std::string_view facts) {
    const auto document = json::Document::parse(facts);
    const auto verdict = evaluate(*bundle_of("policy: 1\nrules: [{rule: fresh}]\n"), {.facts = document->root()});
    return verdict ? "accepted" : verdict.error().to_string();
  };
  EXPECT_THAT(refused("[]"), HasSubstr("a JSON object"));
  EXPECT_THAT(refused("{}"), HasSubstr("not of version 1"));
  EXPECT_THAT(refused(R"({"version": 1, "image": {"size": "x"}})"), HasSubstr("/image/size is no int"));
  EXPECT_THAT(refused(R"({"version": 1, "packages": [{"name": 3}]})"), HasSubstr("/packages/0/name is no string"));
  EXPECT_THAT(refused(R"({"version": 1, "image": {"size": 1, "size": 2}})"), HasSubstr("one key twice"));
  EXPECT_THAT(refused(R"({"version": 1, "image": {"created": "yesterday"}})"),
              HasSubstr("/image/created is no timestamp"));
  EXPECT_EQ(refused(R"({"version": 1, "image": {"new_fact": 1}})"), "accepted");
}

TEST(Starters, CompileAndDecide) {
  for (const Starter& starter : starters()) {
    const auto bundle = bundle_of(std::string(starter.text));
    ASSERT_TRUE(bundle.has_value()) << starter.name << ": " << bundle.error().to_string();
    EXPECT_EQ(bundle->name, starter.name);
    EXPECT_EQ(verdict_of(*bundle, kFacts).allowed, starter.name == "observe") << starter.name;
  }
}

TEST(Bundle, TheDigestIsThatOfItsFiles) {
  const std::string text = "policy: 1\nrules: [{rule: fresh}]\n";
  EXPECT_EQ(bundle_of(text)->digest, bundle_of(text)->digest);
  EXPECT_NE(bundle_of(text)->digest, bundle_of(text + "\n")->digest);
  const auto elsewhere = compile_bundle({{.name = "/etc/bulkhead/policy.yaml", .text = text}});
  EXPECT_EQ(elsewhere->digest, bundle_of(text)->digest);
}

}  // namespace
}  // namespace bulkhead::policy

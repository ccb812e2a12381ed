#include "report/report.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "report/mustache.h"

namespace bulkhead::report {
namespace {

using scan::ScanResult;

ScanResult sample() {
  ScanResult result;
  result.image.reference = "shop/cart:1.4";
  result.image.digest = Digest::sha256_of(as_bytes("manifest"));
  result.image.platform = "linux/amd64";
  result.image.created = "2026-11-01T10:00:00Z";
  result.image.os.id = "debian";
  result.image.os.version_id = "11";
  result.image.os.pretty_name = "Debian GNU/Linux 11 (bullseye)";
  result.image.end_of_life = scan::EndOfLife{"2024-08-14", true};
  result.image.layers.push_back(
      {.diff_id = Digest::sha256_of(as_bytes("a")), .created_by = "/bin/sh -c #(nop) ADD file:1 in / "});
  result.image.layers.push_back(
      {.diff_id = Digest::sha256_of(as_bytes("b")), .created_by = "RUN apt-get install -y\tcurl # buildkit"});
  const auto package = [&](const char* name, const char* source, const char* version, uint32_t layer) {
    inventory::Package p;
    p.type = inventory::PackageType::kDeb;
    p.name = name;
    p.version = version;
    p.source_name = source;
    p.source_version = version;
    p.architecture = "amd64";
    p.licenses = {"GPL-2.0-or-later", "custom licence"};
    p.layer = layer;
    p.locations = {"var/lib/dpkg/status"};
    result.packages.push_back(p);
    result.purls.push_back(std::string("pkg:deb/debian/") + name + "@" + version + "?arch=amd64");
  };
  package("curl", "curl", "7.74.0-1.3", 1);
  package("libcurl4", "curl", "7.74.0-1.3", 1);
  package("zlib1g", "zlib", "1:1.2.11.dfsg-2", 0);
  const auto finding = [&](const char* id, size_t index, advisory::Severity severity, const char* fixed) {
    advisory::Finding f;
    f.id = id;
    f.package = index;
    f.severity = severity;
    f.status = *fixed == 0 ? advisory::AdvisoryStatus::kWillNotFix : advisory::AdvisoryStatus::kFixed;
    f.fixed_version = fixed;
    f.evidence = {"debian-tracker", id, "source-version-below-fix"};
    auto details = std::make_shared<advisory::Vulnerability>();
    details->title = "a <b>title</b> with \x1b[31mcolour";
    f.details = details;
    result.findings.push_back(f);
  };
  finding("CVE-2022-32221", 0, advisory::Severity::kCritical, "7.74.0-1.3+deb11u5");
  finding("CVE-2022-32221", 1, advisory::Severity::kCritical, "7.74.0-1.3+deb11u5");
  finding("CVE-2021-22876", 0, advisory::Severity::kMedium, "7.74.0-1.3+deb11u10");
  finding("CVE-2018-25032", 2, advisory::Severity::kHigh, "");
  result.findings[0].kev_date_added = "2024-01-02";
  result.findings[0].epss = 0.42;
  result.findings[0].cvss.push_back({"nvd", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8});
  result.feeds.push_back({.name = "debian-tracker", .ecosystem = "debian:11", .date = "2026-11-22T00:00:00Z"});
  result.warnings.push_back({"usr/share/doc/x\n/copyright", "could not be read"});
  return result;
}

std::string render(std::string_view format, const Options& options = {.tool_version = "1.0"}) {
  const std::vector<ScanResult> results{sample()};
  const auto text = (*find_format(format))->render(results, options);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

TEST(Table, GroupsBySourcePackageWorstFirstWithLayerAndRemedy) {
  EXPECT_EQ(render("table"),
            R"(shop/cart:1.4  Debian GNU/Linux 11 (bullseye), out of support since 2024-08-14 (linux/amd64)
sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f

critical   curl 7.74.0-1.3  (libcurl4)
  layer 2/2 sha256:3e23e8160039  RUN apt-get install -y curl
  critical   CVE-2022-32221  fixed in 7.74.0-1.3+deb11u5   exploited since 2024-01-02  EPSS 42 %  a <b>title</b> with \x1b[31mcolour
  medium     CVE-2021-22876  fixed in 7.74.0-1.3+deb11u10  a <b>title</b> with \x1b[31mcolour

high       zlib 1:1.2.11.dfsg-2  (zlib1g)
  layer 1/2 sha256:ca978112ca1b  ADD file:1 in /
  high       CVE-2018-25032  will not fix  a <b>title</b> with \x1b[31mcolour

What to change: 2 of the vulnerabilities have a fix
  in layer 2/2 sha256:3e23e8160039  RUN apt-get install -y curl
    curl 7.74.0-1.3 -> 7.74.0-1.3+deb11u10

warning: usr/share/doc/x\x0a/copyright: could not be read
advisories: debian-tracker 2026-11-22
3 packages, 4 findings in 2 source packages: 2 critical, 1 high, 1 medium
)");
}

TEST(Table, NeverPrintsControlCharactersOfTheImage) {
  const std::string text = render("table");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\\x1b[31mcolour"), std::string::npos);
  EXPECT_NE(text.find("usr/share/doc/x\\x0a/copyright: could not be read"), std::string::npos);
}

TEST(Table, ShortensTitlesToTheWidthOfTheTerminal) {
  const std::string narrow = render("table", {.width = 80});
  const size_t start = narrow.find("  medium     CVE-2021-22876");
  ASSERT_NE(start, std::string::npos) << narrow;
  EXPECT_EQ(narrow.substr(start, narrow.find('\n', start) - start),
            "  medium     CVE-2021-22876  fixed in 7.74.0-1.3+deb11u10  a <b>title</b> with …");
}

TEST(Json, HasTheDocumentedShape) {
  const std::string text = render("json");
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document);
  const json::Value root = document->root();
  EXPECT_EQ(root.find("schema_version")->integer(), 1);
  EXPECT_EQ(root.find("image")->find("os")->string_or("end_of_life", ""), "2024-08-14");
  const auto findings = root.find("findings");
  ASSERT_EQ(findings->size(), 4U);
  const json::Value first = *findings->elements().begin();
  EXPECT_EQ(first.string_or("id", ""), "CVE-2022-32221");
  EXPECT_EQ(first.find("package")->string_or("purl", ""), "pkg:deb/debian/curl@7.74.0-1.3?arch=amd64");
  EXPECT_EQ(first.find("kev")->boolean(), true);
  EXPECT_EQ(first.find("epss")->number(), 0.42);
  EXPECT_EQ(first.find("evidence")->string_or("feed", ""), "debian-tracker");
  EXPECT_EQ(root.find("summary")->find("by_severity")->find("critical")->integer(), 2);
  EXPECT_EQ(root.find("summary")->find("fixable")->integer(), 3);
}

TEST(Json, IsAnArrayOnlyForSeveralImages) {
  const std::vector<ScanResult> two{sample(), sample()};
  const auto text = (*find_format("json"))->render(two, {});
  ASSERT_TRUE(text);
  EXPECT_EQ(json::Document::parse(*text)->root().size(), 2U);
  EXPECT_TRUE(json::Document::parse(*text)->root().is_array());
}

TEST(Html, EscapesWhatComesFromTheImage) {
  const std::string page = render("html");
  EXPECT_EQ(page.find("<b>title"), std::string::npos);
  EXPECT_NE(page.find("a &lt;b&gt;title&lt;/b&gt;"), std::string::npos);
  EXPECT_EQ(page.find("http://"), std::string::npos);  // self-contained
  EXPECT_EQ(page.find("https://"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
}

TEST(Junit, HasAFailureForEachFindingAndNoForbiddenCharacter) {
  const std::string text = render("junit");
  EXPECT_NE(text.find("failures=\"4\""), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Formats, AreAllDeterministic) {
  for (const Format& format : formats()) {
    const Options options{.template_text = "{{#images}}{{#findings}}{{id}} {{/findings}}{{/images}}",
                          .tool_version = "1.0"};
    EXPECT_EQ(render(format.name, options), render(format.name, options)) << format.name;
  }
}

TEST(Formats, RefuseSeveralImagesInOneBillOfMaterials) {
  const std::vector<ScanResult> two{sample(), sample()};
  EXPECT_FALSE((*find_format("cyclonedx"))->render(two, {}));
  EXPECT_FALSE((*find_format("spdx"))->render(two, {}));
}

TEST(Formats, NameTheOnesThereAre) {
  const auto none = find_format("yaml");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().remedy().find("cyclonedx"), std::string::npos);
}

std::string mustache(std::string_view text, std::string_view data) {
  const auto document = json::Document::parse(data);
  const auto rendered = render_mustache(text, document->root());
  return rendered ? *rendered : "error: " + rendered.error().message();
}

TEST(Mustache, RendersAsItsSpecificationSays) {
  const struct {
    const char* text;
    const char* data;
    const char* expected;
  } cases[] = {
      {"Hello, {{subject}}!", R"({"subject":"world"})", "Hello, world!"},
      {"{{x}}", R"({"x":"& \" < >"})", "&amp; &quot; &lt; &gt;"},
      {"{{{x}}}{{& x}}", R"({"x":"<"})", "<<"},
      {"{{n}} {{f}}", R"({"n":85,"f":1.21})", "85 1.21"},
      {"({{cannot}})", "{}", "()"},
      {"{{a.b.c}}", R"({"a":{"b":{"c":"deep"}}})", "deep"},
      {"{{a.b.c}}", R"({"a":{"b":{}},"c":"no"})", ""},
      {"{{#a}}{{b.c}}{{/a}}", R"({"a":{"b":{}},"b":{"c":"ERROR"}})", ""},
      {"{{#list}}{{.}},{{/list}}", R"({"list":["a",2]})", "a,2,"},
      {"{{#list}}{{name}}{{outer}}{{/list}}", R"({"outer":"!","list":[{"name":"x"},{"name":"y"}]})", "x!y!"},
      {"{{^none}}empty{{/none}}{{^some}}no{{/some}}", R"({"none":[],"some":[1]})", "empty"},
      {"a\n  {{#x}}\nb\n  {{/x}}\nc", R"({"x":true})", "a\nb\nc"},
      {"a {{! comment }}b", "{}", "a b"},
      {"{{#a}}{{#a}}x{{/a}}{{/a}}", R"({"a":true})", "x"},
      {"{{#a}}", "{}", "error: template, line 1: section \"a\" is not closed"},
      {"\n{{/a}}", "{}", "error: template, line 2: \"a\" ends a section that was not opened"},
      {"{{a", "{}", "error: template, line 1: a tag is not closed"},
      {"{{> p}}", "{}", "error: template, line 1: partials and delimiter changes are not supported"},
  };
  for (const auto& one : cases) EXPECT_EQ(mustache(one.text, one.data), one.expected) << one.text;
}

TEST(Mustache, RefusesEndlessNesting) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{{#a}}";
  EXPECT_NE(mustache(deep, R"({"a":true})").find("nested too deeply"), std::string::npos);
}

TEST(Mustache, NestsAsDeepWithoutDataAsWithIt) {
  for (const char* data : {R"({"a":true})", "{}"}) {
    for (const size_t depth : {size_t{63}, size_t{64}}) {
      std::string text;
      for (size_t i = 0; i < depth; ++i) text += "{{#a}}";
      for (size_t i = 0; i < depth; ++i) text += "{{/a}}";
      const std::string rendered = mustache(text, data);
      EXPECT_EQ(rendered.contains("nested too deeply"), depth == 64) << depth << ' ' << data << ' ' << rendered;
    }
  }
}

TEST(Mustache, StopsTemplatesThatRepeatTheirSectionsWithoutEnd) {
  // Nothing is printed, so the limit of the output never counts: 4^30 rounds.
  std::string text;
  for (int i = 0; i < 30; ++i) text += "{{#a}}";
  for (int i = 0; i < 30; ++i) text += "{{/a}}";
  const auto document = json::Document::parse(R"({"a":[1,2,3,4]})");
  const auto rendered = render_mustache(text, document->root(), {.max_tags = 10'000});
  ASSERT_FALSE(rendered);
  EXPECT_EQ(rendered.error().code(), Code::kLimitExceeded);
}

TEST(Mustache, LeavesWholeLinesToStandaloneTagsOnly) {
  EXPECT_EQ(mustache("x {{#a}}  \ny\n\t{{/a}} \r\nz", R"({"a":true})"), "x   \ny\nz");
}

}  // namespace
}  // namespace bulkhead::report

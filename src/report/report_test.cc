#include "report/report.h"

#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
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
  result.image.end_of_life = scan::EndOfLife{.date = "2024-08-14",
                                             .reached = true,
                                             .extended = "2026-08-31",
                                             .extended_name = "LTS",
                                             .extended_reached = true};
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

// Renders one result, given by itself.
std::string render_one(
    std::string_view format, const ScanResult& result,
    const Options& options = {
        .template_text = "{{#images}}{{#warnings}}{{subject}}: {{text}} "
                         "{{/warnings}}{{#feeds}}{{name}} {{#incomplete}}incomplete{{/incomplete}}{{#missing}}missing"
                         "{{/missing}}{{/feeds}}{{/images}}",
        .tool_version = "1.0"}) {
  const auto text = (*find_format(format))->render({&result, 1}, options);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

TEST(Table, GroupsBySourcePackageWorstFirstWithLayerAndRemedy) {
  EXPECT_EQ(render("table"),
            R"(shop/cart:1.4  Debian GNU/Linux 11 (bullseye), out of support since 2026-08-31 (linux/amd64)
sha256:05b3abf2579a5eb66403cd78be557fd860633a1fe2103c7642030defe32c657f

critical   curl 7.74.0-1.3  (libcurl4)
  layer 2/2 sha256:3e23e8160039  RUN apt-get install -y curl
  critical   CVE-2022-32221  fixed in 7.74.0-1.3+deb11u5   exploited since 2024-01-02  EPSS 42 %  a <b>title</b> with \x1b[31mcolour
  medium     CVE-2021-22876  fixed in 7.74.0-1.3+deb11u10  a <b>title</b> with \x1b[31mcolour

high       zlib 1:1.2.11.dfsg-2  (zlib1g)
  layer 1/2 sha256:ca978112ca1b  ADD file:1 in /
  high       CVE-2018-25032  will not fix  a <b>title</b> with \x1b[31mcolour

What to change: 2 of 3 vulnerabilities have a fix
  in layer 2/2 sha256:3e23e8160039  RUN apt-get install -y curl
    curl 7.74.0-1.3 -> 7.74.0-1.3+deb11u10

warning: usr/share/doc/x\x0a/copyright: could not be read
advisories: debian-tracker (2026-11-22)
3 packages, 3 vulnerabilities in 2 source packages (4 package findings): 1 critical, 1 high, 1 medium
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

TEST(Table, FitsTheTerminal) {
  ScanResult result = sample();
  result.image.reference = "registry.example/a/long/name/of/an/image/that/is/shipped:1.4.2-rc1";
  result.warnings.push_back({"",
                             "advisories are from the snapshot of 2026-11-22 that came with the program; update with "
                             "`bulkhead db update`, as is said again and again in this long line"});
  result.image.layers[1].created_by = "RUN apt-get update && apt-get install --no-install-recommends --yes curl git";
  for (const char* name : {"libcurl3-gnutls", "libcurl4-gnutls-dev", "libcurl4-openssl-dev", "libcurl3-nss"}) {
    inventory::Package package = result.packages[1];
    package.name = name;
    result.packages.push_back(package);
    result.purls.push_back(std::string("pkg:deb/debian/") + name);
    result.findings.push_back(result.findings[1]);
    result.findings.back().package = result.packages.size() - 1;
  }
  for (const unsigned width : {60U, 80U}) {
    for (const bool color : {false, true}) {
      const std::string text = render_one("table", result, {.color = color, .width = width});
      size_t lines = 0;
      for (std::string_view rest = text, line; next_line(rest, line); ++lines) {
        size_t columns = 0;
        bool escape = false;
        for (const char c : line) {
          escape = escape || c == '\x1b';
          if (!escape && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++columns;
          if (c == 'm') escape = false;
        }
        const bool one_word = line.find_first_of(' ', line.find_first_not_of(' ')) == std::string_view::npos;
        EXPECT_TRUE(columns <= width || one_word) << width << ": " << line;
      }
      EXPECT_GT(lines, 15U);
      EXPECT_EQ(text.contains('\x1b'), color);
    }
  }
}

TEST(Table, PaintsNothingWhereThereIsNothing) {
  const std::string text = render("table", {.color = true});
  ASSERT_TRUE(text.contains("\x1b[0m"));
  for (const char* color : {"1m", "2m", "31m", "33m", "36m"}) {
    EXPECT_FALSE(text.contains(std::string("\x1b[") + color + "\x1b[0m")) << color;
  }
  EXPECT_FALSE(text.contains("\x1b[1;31m\x1b[0m"));
}

TEST(Table, GivesBinariesThatDifferALineEach) {
  ScanResult result = sample();
  result.findings[1].status = advisory::AdvisoryStatus::kWillNotFix;
  result.findings[1].fixed_version.clear();
  const std::string text = render_one("table", result);
  EXPECT_NE(text.find("CVE-2022-32221  fixed in 7.74.0-1.3+deb11u5   in curl"), std::string::npos) << text;
  EXPECT_NE(text.find("CVE-2022-32221  will not fix                  in libcurl4"), std::string::npos) << text;
  EXPECT_NE(text.find("4 vulnerabilities in 2 source packages (4 package findings): 2 critical"), std::string::npos)
      << text;
}

TEST(Table, CountsInTheSingular) {
  ScanResult result = sample();
  result.findings.resize(1);
  result.packages.resize(1);
  result.hidden = 2;
  const std::string text = render_one("table", result);
  EXPECT_NE(text.find("What to change: 1 of 1 vulnerability has a fix"), std::string::npos) << text;
  EXPECT_NE(text.find("1 package, 1 vulnerability in 1 source package (1 package finding): 1 critical; 2 hidden"),
            std::string::npos)
      << text;
}

TEST(Conclusion, IsThatOfTheScanInTableHtmlAndJson) {
  ScanResult result = sample();
  result.findings.clear();
  result.hidden = 4;
  EXPECT_NE(render_one("table", result).find("3 packages, no finding is shown (4 hidden, 0 ignored)\n"),
            std::string::npos);
  EXPECT_NE(render_one("html", result).find("<p>3 packages: no finding is shown (4 hidden, 0 ignored).</p>"),
            std::string::npos);
  const auto document = json::Document::parse(render_one("json", result));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().find("summary")->find("hidden")->integer(), 4);
  EXPECT_EQ(document->root().find("summary")->string_or("conclusion", ""), "no finding is shown (4 hidden, 0 ignored)");
  result.hidden = 0;
  EXPECT_NE(render_one("table", result).find("3 packages, no known vulnerability\n"), std::string::npos);
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
  EXPECT_FALSE(first.find("evidence")->find("unrated"));
  EXPECT_EQ(root.find("summary")->find("by_severity")->find("critical")->integer(), 2);
  EXPECT_EQ(root.find("summary")->find("fixable")->integer(), 3);
}

TEST(Json, CallsNothingUnexploitedWhenNoCatalogueWasAsked) {
  const auto kev_of = [](const ScanResult& result) {
    const auto document = json::Document::parse((*find_format("json"))->render({&result, 1}, {}).value());
    std::vector<std::string> values;
    for (const json::Value& finding : document->root().find("findings")->elements()) {
      const auto kev = *finding.find("kev");
      values.emplace_back(kev.is_null() ? "null" : *kev.boolean() ? "true" : "false");
    }
    return values;
  };
  ScanResult result = sample();
  EXPECT_EQ(kev_of(result), (std::vector<std::string>{"true", "null", "null", "null"}));
  result.feeds.push_back({.name = "kev", .missing = true});
  EXPECT_EQ(kev_of(result), (std::vector<std::string>{"true", "null", "null", "null"}));
  result.feeds.back().missing = false;
  EXPECT_EQ(kev_of(result), (std::vector<std::string>{"true", "false", "false", "false"}));
}

TEST(Json, SaysWhyASeverityIsUnknown) {
  ScanResult result = sample();
  result.findings.resize(1);
  result.findings[0].severity = advisory::Severity::kUnknown;
  result.findings[0].evidence.unrated = "no feed rates it";
  const auto document = json::Document::parse(render_one("json", result));
  ASSERT_TRUE(document);
  const json::Value finding = *document->root().find("findings")->elements().begin();
  EXPECT_EQ(finding.find("evidence")->string_or("unrated", ""), "no feed rates it");
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

TEST(Html, ShowsNoEmptyBoxes) {
  ScanResult result = sample();
  EXPECT_EQ(render_one("html", result).find("<details>"), std::string::npos);
  result.suppressed.push_back(
      {.finding = result.findings.back(), .reason = advisory::Suppression::kIgnored, .detail = "x"});
  EXPECT_NE(render_one("html", result).find("<details>"), std::string::npos);
  EXPECT_NE(render_one("html", result).find("fix available"), std::string::npos);
  EXPECT_EQ(render_one("html", result).find("<td>fixed"), std::string::npos);
  result.findings.clear();
  EXPECT_EQ(render_one("html", result).find("<th>Severity</th>"), std::string::npos);
}

size_t count(std::string_view text, std::string_view what) {
  size_t times = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

TEST(Junit, HasAFailureForEachFindingAndASkippedCaseForEachWarning) {
  const std::string text = render("junit");
  EXPECT_EQ(count(text, "tests=\"5\" failures=\"4\" errors=\"0\" skipped=\"1\" time=\"0\""), 2U)
      << text;  // total, suite
  EXPECT_EQ(count(text, "<testcase classname=\"bulkhead.shop/cart:1_4\""), 5U);
  EXPECT_EQ(count(text, "<failure "), 4U);
  EXPECT_NE(text.find("CVE-2022-32221 (critical, fix available): curl 7.74.0-1.3, fixed in 7.74.0-1.3+deb11u5"),
            std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Junit, HasACaseWithoutFindingsToo) {
  ScanResult result = sample();
  result.findings.clear();
  result.warnings.clear();
  const std::string clean = render_one("junit", result);
  EXPECT_NE(clean.find("name=\"no known vulnerability\" time=\"0\"/>"), std::string::npos) << clean;
  EXPECT_NE(clean.find("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\""), std::string::npos) << clean;
  result.image.os = {};
  const std::string unknown = render_one("junit", result);
  EXPECT_NE(unknown.find("skipped=\"1\""), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("<skipped message=\"not judged: the distribution is unknown\"/>"), std::string::npos)
      << unknown;
}

class Sarif : public testing::Test {
 protected:
  static std::string score(advisory::Severity severity, std::vector<advisory::Cvss> cvss, const char* source = "") {
    ScanResult result = sample();
    result.findings.resize(1);
    result.findings[0].severity = severity;
    result.findings[0].severity_source = source;
    result.findings[0].cvss = std::move(cvss);
    const auto document = json::Document::parse(render_one("sarif", result));
    EXPECT_TRUE(document);
    const auto run = *document->root().find("runs")->elements().begin();
    const auto rule = *run.find("tool")->find("driver")->find("rules")->elements().begin();
    return std::string(rule.find("properties")->string_or("security-severity", "none"));
  }
};

TEST_F(Sarif, NeverContradictsOurSeverity) {
  using advisory::Severity;
  EXPECT_EQ(score(Severity::kCritical, {{"nvd", "", 9.8}}), "9.8");
  EXPECT_EQ(score(Severity::kMedium, {{"nvd", "", 9.8}}), "6.9");
  EXPECT_EQ(score(Severity::kMedium, {{"nvd", "", 9.8}, {"ubuntu", "", 5.5}}, "ubuntu"), "5.5");
  EXPECT_EQ(score(Severity::kHigh, {{"nvd", "", 5.0}}), "7.0");
  EXPECT_EQ(score(Severity::kLow, {}), "2.0");
  EXPECT_EQ(score(Severity::kNegligible, {{"nvd", "", 7.5}}), "3.9");
  EXPECT_EQ(score(Severity::kUnknown, {{"nvd", "", 9.8}}), "none");
}

TEST_F(Sarif, GivesEachRunACategoryAndEachResultItsOwnFingerprint) {
  ScanResult result = sample();
  result.packages[1].name = result.packages[0].name;  // two installed versions of one package
  result.purls[1] = "pkg:deb/debian/curl@7.99?arch=amd64";
  const auto fingerprints = [](const ScanResult& of) {
    std::vector<std::string> all;
    const auto document = json::Document::parse(render_one("sarif", of));
    const auto run = *document->root().find("runs")->elements().begin();
    EXPECT_EQ(run.find("automationDetails")->string_or("id", ""), "bulkhead/shop/cart:1.4/");
    for (const json::Value& one : run.find("results")->elements()) {
      all.emplace_back(one.find("partialFingerprints")->string_or("primaryLocationLineHash", ""));
    }
    return all;
  };
  const std::vector<std::string> before = fingerprints(result);
  ASSERT_EQ(before.size(), 4U);
  EXPECT_EQ(std::set<std::string>(before.begin(), before.end()).size(), 4U);
  EXPECT_EQ(before[0].substr(0, 16), before[1].substr(0, 16));
  EXPECT_TRUE(before[0].ends_with(":1") && before[1].ends_with(":2")) << before[0] << ' ' << before[1];
  result.purls[0] = "pkg:deb/debian/curl@7.74.0-1.4?arch=amd64";  // upgraded, and still vulnerable
  EXPECT_EQ(fingerprints(result), before);
}

TEST_F(Sarif, HasWhatCodeScanningAsksOfARule) {
  ScanResult result = sample();
  auto details = std::make_shared<advisory::Vulnerability>(*result.findings[0].details);
  details->description = std::string(1023, 'x') + "\u00e4\u00e4";
  details->references = {"https://example.org/advisory"};
  result.findings[0].details = details;
  const auto document = json::Document::parse(render_one("sarif", result));
  ASSERT_TRUE(document);
  const auto run = *document->root().find("runs")->elements().begin();
  const auto rule = *run.find("tool")->find("driver")->find("rules")->elements().begin();
  EXPECT_EQ(rule.find("fullDescription")->string_or("text", ""), std::string(1023, 'x') + "…");
  const std::string_view help = rule.find("help")->string_or("text", "");
  for (const char* part : {"CVE-2022-32221", "7.74.0-1.3+deb11u5", "debian-tracker", "https://example.org/advisory"}) {
    EXPECT_NE(help.find(part), std::string_view::npos) << part;
  }
  EXPECT_NE(rule.find("help")->string_or("markdown", "").find("a \\<b\\>title\\</b\\> with"), std::string_view::npos);
  const auto first = *run.find("results")->elements().begin();
  const auto location = *first.find("locations")->elements().begin();
  for (const char* edge : {"startLine", "startColumn", "endLine", "endColumn"}) {
    EXPECT_EQ(location.find("physicalLocation")->find("region")->find(edge)->integer(), 1) << edge;
  }
  EXPECT_NE(first.find("message")->string_or("text", "").find("Upgrade to 7.74.0-1.3+deb11u5."),
            std::string_view::npos);
}

TEST(Formats, AllCarryWarningsAndTheStateOfFeeds) {
  ScanResult result = sample();
  result.findings.clear();
  result.feeds = {{.name = "debian:11", .ecosystem = "debian:11", .missing = true}};
  result.warnings = {{"debian:11", "no feed in the database covers this"}};
  for (const Format& format : formats()) {
    const std::string text = render_one(format.name, result);
    EXPECT_NE(text.find("no feed in the database covers this"), std::string::npos) << format.name << '\n' << text;
    EXPECT_NE(text.find("missing"), std::string::npos) << format.name;
    EXPECT_EQ(text.find("no known vulnerability"), std::string::npos) << format.name;
  }
  result.feeds = {
      {.name = "debian-tracker", .ecosystem = "debian:11", .covers = true, .incomplete = "an extract: some"}};
  for (const Format& format : formats()) {
    const std::string text = render_one(format.name, result);
    EXPECT_NE(text.find("incomplete"), std::string::npos) << format.name << '\n' << text;
    EXPECT_EQ(text.find("no known vulnerability"), std::string::npos) << format.name;
  }
}

TEST(Formats, DoNotDependOnWhereTheirInputLiesInMemory) {
  const ScanResult first = sample();
  const std::vector<ScanResult> others(3, sample());  // other addresses, other details objects behind the findings
  for (const Format& format : formats()) {
    const std::string text = render_one(format.name, first);
    EXPECT_GT(text.size(), 20U) << format.name;
    EXPECT_EQ(text, render_one(format.name, others[2])) << format.name;
    ScanResult changed = sample();
    changed.warnings[0].text = "something else";
    EXPECT_NE(text, render_one(format.name, changed)) << format.name;  // it is a report of its input
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
      {"{{#n}}some{{/n}}{{^n}}none{{/n}} {{#m}}{{m}}{{/m}}", R"({"n":0,"m":2})", "none 2"},
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

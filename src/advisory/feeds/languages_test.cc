#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

std::string rustsec(std::string_view advisory, std::string_view versions, std::string_view rest = "") {
  return fmt::format(
      "```toml\n[advisory]\nid = \"RUSTSEC-2021-0003\"\npackage = \"smallvec\"\ndate = \"2021-01-08\"\n{}\n"
      "[versions]\n{}\n{}```\n\n# Buffer overflow\n\nText.\n",
      advisory, versions, rest);
}

struct TextCase {
  std::string_view advisory;
  std::string_view versions;
  std::string_view rest;
  std::string_view lines;
};
class RustSec : public testing::TestWithParam<TextCase> {};
TEST_P(RustSec, AffectsWhatIsNeitherPatchedNorUnaffected) {
  Parsed parsed;
  parse_into(parsed, "rustsec", "crates/smallvec/RUSTSEC-2021-0003.md",
             rustsec(GetParam().advisory, GetParam().versions, GetParam().rest));
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.sink.record_lines(), GetParam().lines);
}
INSTANTIATE_TEST_SUITE_P(
    Advisories, RustSec,
    testing::Values(
        TextCase{R"(aliases = ["CVE-2021-25900", "GHSA-43w2-9j62-hq99"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")",
                 R"(patched = [">= 0.6.14, < 1.0.0", ">= 1.6.1"]
unaffected = ["< 0.6.3"])",
                 "",
                 "CVE-2021-25900 cargo smallvec fixed >=0.6.3<0.6.14 >=1.0.0<1.6.1 (critical) [RUSTSEC-2021-0003] also "
                 "GHSA-43w2-9j62-hq99,RUSTSEC-2021-0003\n"},
        TextCase{
            "", R"(patched = ["^1.2.3"])", "",
            "RUSTSEC-2021-0003 cargo smallvec fixed <1.2.3\nRUSTSEC-2021-0003 cargo smallvec affected >=2.0.0-0\n"},
        TextCase{"", "patched = []\nunaffected = [\"> 0.9\"]", "",
                 "RUSTSEC-2021-0003 cargo smallvec affected <0.10.0-0\n"},
        TextCase{R"(informational = "unmaintained")", "patched = []", "",
                 "RUSTSEC-2021-0003 cargo smallvec affected (negligible) \"informational: unmaintained\"\n"},
        TextCase{R"(informational = "unsound")", R"(patched = [">= 2"])",
                 "[affected]\nos = [\"windows\"]\narch = [\"x86\"]\n",
                 "RUSTSEC-2021-0003 cargo smallvec fixed <2.0.0-0 \"informational: unsound; only on os: windows; arch: "
                 "x86\"\n"},
        TextCase{R"(withdrawn = "2022-01-01")", "patched = []", "", ""}));

TEST(RustSecFeed, DescribesTheVulnerability) {
  Parsed parsed;
  const std::string text = rustsec("url = \"https://a\"\nreferences = [\"https://b\"]", "patched = []");
  parse_into(parsed, "rustsec", "crates/smallvec/RUSTSEC-2021-0003.md", text);
  EXPECT_EQ(parsed.sink.vulnerability_lines(), "RUSTSEC-2021-0003 \"Buffer overflow\" 2021-01-08\n");
  EXPECT_EQ(parsed.sink.vulnerabilities[0].description, "Text.");
  EXPECT_EQ(parsed.sink.vulnerabilities[0].references, (std::vector<std::string>{"https://a", "https://b"}));
  EXPECT_EQ(recognised("advisory-db-main/crates/smallvec/RUSTSEC-2021-0003.md", text), "rustsec");
  EXPECT_EQ(recognised("README.md", "# RustSec\n"), "");
}

TEST(RustSecFeed, KeepsTheStandardLibraryApartFromCrates) {
  Parsed parsed;
  parse_into(parsed, "rustsec", "rust/std/CVE-2021-28877.md",
             "```toml\n[advisory]\nid=\"CVE-2021-28877\"\npackage=\"std\"\n[versions]\npatched=[\">= 1.51.0\"]\n```\n");
  EXPECT_EQ(parsed.sink.record_lines(), "CVE-2021-28877 rust std fixed <1.51.0\n");
}

struct Wrong {
  std::string_view feed;
  std::string_view path;
  std::string_view text;
  std::string_view error;
};
class LanguageFeedErrors : public testing::TestWithParam<Wrong> {};
TEST_P(LanguageFeedErrors, SayWhatIsWrong) {
  Parsed parsed;
  parse_into(parsed, GetParam().feed, GetParam().path, GetParam().text);
  EXPECT_EQ(parsed.error, GetParam().error);
  EXPECT_EQ(parsed.code, Code::kMalformed);
}
INSTANTIATE_TEST_SUITE_P(
    Texts, LanguageFeedErrors,
    testing::Values(
        Wrong{"rustsec", "a.md", "# no TOML", "no block of TOML between \"```toml\" and \"```\""},
        Wrong{"rustsec", "a.md", "```toml\n[advisory\n```\n", "line 2: a table's name is not closed"},
        Wrong{"rustsec", "a.md", "```toml\n[advisory]\nid=\"R\"\n[versions]\n```\n", "\"package\" is missing"},
        Wrong{"rustsec", "a.md", "```toml\n[advisory]\nid=\"R\"\npackage=\"p\"\n[versions]\npatched=[\"new\"]\n```\n",
              "patched: \"new\" is no requirement"},
        Wrong{"rubysec", "a.yml", "title: x\n", "neither \"gem\" nor \"engine\" is named"},
        Wrong{"rubysec", "a.yml", "gem: [\n", "not valid YAML: line 2, column 1: end of sequence flow not found"},
        Wrong{"rubysec", "a.yml", "gem: a\npatched_versions: [\"soon\"]\n",
              "patched_versions: \"soon\" is no requirement"},
        Wrong{"friends-of-php", "a.yaml", "branches: {}\n", "\"reference\" is missing"},
        Wrong{"friends-of-php", "a.yaml", "reference: github://a\n", "\"reference\" must begin with \"composer://\""},
        Wrong{"friends-of-php", "a.yaml", "reference: composer://a/b\nbranches: {m: {time: ~}}\n",
              "branch m names no versions"},
        Wrong{"friends-of-php", "a.yaml", "reference: composer://a/b\nbranches: {m: {versions: [soon]}}\n",
              "branch m: \"soon\" is no requirement"},
        Wrong{"node-security", "1.json", R"({"module_name":"a","vulnerable_versions":"soon"})",
              "vulnerable_versions: \"soon\" is no requirement"}));

constexpr std::string_view kRuby = R"(---
gem: resque
cve: 2023-50725
ghsa: gc3j-vvwf-4rp8
osvdb: 1
url: https://a
title: Resque
date: 2023-12-18
description: |
  text
cvss_v2: 9.9
cvss_v3: 6.3
patched_versions:
  - "~> 1.27.5"
  - ">= 2.2.1"
unaffected_versions:
  - "< 1.10"
)";

TEST(RubySec, AffectsWhatIsNeitherPatchedNorUnaffected) {
  Parsed parsed;
  parse_into(parsed, "rubysec", "gems/resque/CVE-2023-50725.yml", kRuby);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2023-50725 gem resque fixed >=1.10<1.27.5 >=1.28.a<2.2.1 (medium) also "
            "GHSA-gc3j-vvwf-4rp8,OSVDB-1\n");
  EXPECT_EQ(parsed.sink.vulnerability_lines(),
            "CVE-2023-50725 also GHSA-gc3j-vvwf-4rp8,OSVDB-1 \"Resque\" (medium by rubysec) 2023-12-18\n");
  EXPECT_EQ(recognised("gems/resque/CVE-2023-50725.yml", kRuby), "rubysec");
}

TEST(RubySec, FilesInterpretersApart) {
  Parsed parsed;
  parse_into(parsed, "rubysec", "rubies/jruby/GHSA-x.yml",
             "engine: jruby\nplatform: jruby\nghsa: x\nurl: u\ntitle: t\npatched_versions: ['>= 9.1']\n");
  EXPECT_EQ(parsed.sink.record_lines(), "GHSA-x ruby jruby fixed <9.1 \"only on jruby\"\n");
  Parsed unnamed;
  parse_into(unnamed, "rubysec", "gems/a/OLD-1.yml", "gem: a\nurl: u\ntitle: t\n");
  EXPECT_EQ(unnamed.sink.record_lines(), "OLD-1 gem a affected\n");
}

constexpr std::string_view kPhp = R"(title: XSS
link:  https://a
cve:   ~
branches:
    2.0.x:
        time:     2015-08-06 22:08:00
        versions: ['>=2.0.0', '<2.0.99']
    2.1.x:
        time:     2015-08-07 22:08:00
        versions: ['>=2.1.0', '<=2.1.9']
    3.0.x:
        time: ~
        versions: ['>3.0.0']
reference: composer://CakePHP/cakephp
)";

TEST(FriendsOfPhp, UnitesBranches) {
  Parsed parsed;
  parse_into(parsed, "friends-of-php", "db/cakephp/cakephp/2015-08-06.yaml", kPhp);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.date, "2015-08-07");
  EXPECT_EQ(parsed.sink.record_lines(),
            "cakephp/cakephp/2015-08-06 composer cakephp/cakephp fixed >=2.0.0-dev<2.0.99\n"
            "cakephp/cakephp/2015-08-06 composer cakephp/cakephp affected >=2.1.0-dev<=2.1.9 >3.0.0\n");
  EXPECT_EQ(parsed.sink.vulnerability_lines(), "cakephp/cakephp/2015-08-06 \"XSS\" 2015-08-07\n");
  EXPECT_EQ(recognised("cakephp/cakephp/2015-08-06.yaml", kPhp), "friends-of-php");
}

TEST(FriendsOfPhp, GoesByTheCve) {
  Parsed parsed;
  parse_into(parsed, "friends-of-php", "a/b/c.yaml",
             "cve: CVE-2016-4855\nreference: composer://a/b\nbranches: {m: {versions: ['<5.20']}}\n");
  EXPECT_EQ(parsed.sink.record_lines(), "CVE-2016-4855 composer a/b fixed <5.20 [a/b/c]\n");
}

TEST(NodeSecurity, ReadsPackagesOfNpm) {
  const std::string_view text =
      R"({"id":410,"title":"prototype pollution","overview":"text\n","publish_date":"2018-04-09",
    "updated_at":"2018-04-10","module_name":"merge-options","cves":["CVE-2018-0001"],"vulnerable_versions":"<=1.0.0",
    "patched_versions":">=1.0.1","references":["https://a"],
    "cvss_vector":"CVSS:3.0/AV:N/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"})";
  Parsed parsed;
  parse_into(parsed, "node-security", "vuln/npm/410.json", text);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.date, "2018-04-10");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2018-0001 npm merge-options fixed <1.0.1 (low) [NSWG-ECO-410] also NSWG-ECO-410\n");
  EXPECT_EQ(parsed.sink.vulnerability_lines(),
            "CVE-2018-0001 also NSWG-ECO-410 \"prototype pollution\" (low by nodejs) nodejs:2.0 2018-04-09\n");
  EXPECT_EQ(recognised("vuln/npm/410.json", text), "node-security");
  EXPECT_EQ(recognised("vuln/npm/index.json", text), "");
}

TEST(NodeSecurity, ReadsNodeItself) {
  const std::string_view text =
      R"({"cve":["CVE-2016-9840","CVE-2016-9841"],"ref":"https://a","vulnerable":"4.x || 6.x || 7.0.0",
    "patched":"^4.8.2 || ^6.10.2","description":"zlib","overview":"text","severity":"high"})";
  Parsed parsed;
  parse_into(parsed, "node-security", "vuln/core/7.json", text);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2016-9840 nodejs node fixed >=4.0.0-0<4.8.2 >=6.0.0-0<6.10.2 (high) [NSWG-COR-7]\n"
            "CVE-2016-9840 nodejs node affected =7.0.0 (high) [NSWG-COR-7]\n"
            "CVE-2016-9841 nodejs node fixed >=4.0.0-0<4.8.2 >=6.0.0-0<6.10.2 (high) [NSWG-COR-7]\n"
            "CVE-2016-9841 nodejs node affected =7.0.0 (high) [NSWG-COR-7]\n");
  EXPECT_EQ(recognised("vuln/core/7.json", text), "node-security");
  EXPECT_EQ(recognised("vuln/deps/7.json", R"({"cve":["CVE-1"],"reason":"x"})"), "");
}

TEST(FeedFile, RefusesNotesThatAreNone) {
  const std::string text =
      fmt::format(R"([{{"name":"AVG-1","status":"Vulnerable","type":"{}","packages":["a"],"issues":["CVE-2020-1"]}}])",
                  std::string(5000, 'x'));
  CountingReader reader;
  EXPECT_TRUE(read_feed_file("all.json", as_bytes(text), find_feed("arch"), reader, {}));
  ASSERT_EQ(reader.failures.size(), 1U);
  EXPECT_NE(reader.failures[0].find("a note of 5000 bytes"), std::string::npos) << reader.failures[0];
}

TEST(FeedFile, LimitsWhatOneDocumentMaySay) {
  std::string packages;
  std::string issues;
  for (int i = 0; i < 100; ++i) {
    packages += fmt::format(R"({}"p{}")", i == 0 ? "" : ",", i);
    issues += fmt::format(R"({}"CVE-2020-{}")", i == 0 ? "" : ",", 1000 + i);
  }
  const std::string text =
      fmt::format(R"([{{"name":"AVG-1","status":"Vulnerable","packages":[{}],"issues":[{}]}}])", packages, issues);
  CountingReader within;
  EXPECT_TRUE(read_feed_file("all.json", as_bytes(text), find_feed("arch"), within, {.max_document_facts = 10'000}));
  EXPECT_EQ(within.failures, std::vector<std::string>());
  CountingReader past;
  EXPECT_TRUE(read_feed_file("all.json", as_bytes(text), find_feed("arch"), past, {.max_document_facts = 9'999}));
  ASSERT_EQ(past.failures.size(), 1U);
  EXPECT_NE(past.failures[0].find("9999"), std::string::npos) << past.failures[0];
}

}  // namespace
}  // namespace bulkhead::advisory::feeds

#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr std::string_view kCandidate = R"(PublicDate: 2019-07-23 14:15:00 UTC
Candidate: CVE-2019-1010204
References:
 https://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2019-1010204
 not a link
Description:
 GNU binutils gold is affected
 by: Improper Input Validation.
Ubuntu-Description:
Notes:
 mdeslaur> see upstream_binutils: no, this is a note
Priority: low
 only when linking
Priority_binutils: medium (javascript not enabled)
Priority_gold_bionic: high
CVSS:
 nvd: CVSS:3.0/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H [5.5 MEDIUM]

#devel_PKG:
upstream_binutils: needs-triage
precise/esm_binutils: deferred (2020-03-24)
trusty_binutils: ignored (out of standard support)
esm-infra/xenial_binutils: released (2.26.1-1ubuntu1~16.04.8+esm1)
xenial_binutils: needed
bionic_binutils: released (2.30-21ubuntu1~18.04.5)
disco_binutils: ignored (reached end-of-life)
eoan_binutils: ignored (no update available)
devel_binutils: pending (2.34-1)
focal_binutils: not-affected (2.34-6ubuntu1)
jammy_binutils: DNE
cosmic_binutils:
bionic_gold: needs-triage
xenial_gold: released
artful_gold: released (1:68.4.1+build1
zesty_gold: released [1.2-3]
vivid/ubuntu-core_gold: needed
product_gold: needed
fips/bionic_gold: in-progress
stray line
)";

TEST(UbuntuTracker, TheLaterOverrideOfAPriorityCounts) {
  Parsed parsed;
  parse_into(parsed, "ubuntu-tracker", "active/CVE-2022-1",
             "Candidate: CVE-2022-1\nPriority: low\nPriority_a_focal: high\nPriority_a: medium\nPriority_b: medium\n"
             "Priority_b_focal: high\nfocal_a: needed\nfocal_b: needed\njammy_b: needed\nfocal_c: needed\n");
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2022-1 ubuntu:20.04 a affected (medium) \"needed\"\n"
            "CVE-2022-1 ubuntu:20.04 b affected (high) \"needed\"\n"
            "CVE-2022-1 ubuntu:22.04 b affected (medium) \"needed\"\n"
            "CVE-2022-1 ubuntu:20.04 c affected (low) \"needed\"\n");
}

TEST(UbuntuTracker, ReadsOneCandidate) {
  Parsed parsed;
  parse_into(parsed, "ubuntu-tracker", "active/CVE-2019-1010204", kCandidate);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(
      parsed.sink.record_lines(),
      "CVE-2019-1010204 ubuntu:12.04:esm-infra binutils fix_deferred (medium) \"esm-infra: deferred (2020-03-24)\"\n"
      "CVE-2019-1010204 ubuntu:14.04 binutils end_of_life (medium) \"ignored (out of standard support)\"\n"
      "CVE-2019-1010204 ubuntu:16.04:esm-infra binutils fixed <2.26.1-1ubuntu1~16.04.8+esm1 (medium) \"esm-infra\"\n"
      "CVE-2019-1010204 ubuntu:16.04 binutils affected (medium) \"needed\"\n"
      "CVE-2019-1010204 ubuntu:18.04 binutils fixed <2.30-21ubuntu1~18.04.5 (medium)\n"
      "CVE-2019-1010204 ubuntu:19.04 binutils end_of_life (medium) \"ignored (reached end-of-life)\"\n"
      "CVE-2019-1010204 ubuntu:19.10 binutils will_not_fix (medium) \"ignored (no update available)\"\n"
      "CVE-2019-1010204 ubuntu:devel binutils affected <2.34-1 (medium) \"pending (2.34-1)\"\n"
      "CVE-2019-1010204 ubuntu:20.04 binutils not_affected (medium) \"not-affected (2.34-6ubuntu1)\"\n"
      "CVE-2019-1010204 ubuntu:18.04 gold under_investigation (high) \"needs-triage\"\n"
      "CVE-2019-1010204 ubuntu:16.04 gold under_investigation (low) \"released\"\n"
      "CVE-2019-1010204 ubuntu:17.10 gold fixed <1:68.4.1+build1 (low)\n"
      "CVE-2019-1010204 ubuntu:17.04 gold fixed <1.2-3 (low)\n"
      "CVE-2019-1010204 ubuntu:18.04:fips gold affected (low) \"fips: in-progress\"\n");
  EXPECT_EQ(parsed.sink.vulnerability_lines(), "CVE-2019-1010204 (low by ubuntu) nvd:5.5 2019-07-23\n");
  EXPECT_EQ(parsed.sink.vulnerabilities[0].description, "GNU binutils gold is affected by: Improper Input Validation.");
  EXPECT_EQ(parsed.sink.vulnerabilities[0].references.size(), 1U);
  EXPECT_EQ(recognised("ubuntu/active/CVE-2019-1010204", kCandidate), "ubuntu-tracker");
  EXPECT_EQ(recognised("active/00boilerplate", kCandidate), "");
}

TEST(UbuntuTracker, WhatTheEndOfSupportMadeIgnoredIsWhatItWas) {
  Parsed parsed;
  parse_into(parsed, "ubuntu-tracker", "active/CVE-1",
             "Candidate: CVE-1\n"
             "trusty_a: ignored (end of standard support, was needs-triage)\n"
             "trusty_b: ignored (end of life, was needed)\n"
             "trusty_c: ignored (end of standard support, was not-affected [code not present])\n"
             "trusty_d: ignored (was needs-triage now end-of-life)\n"
             "trusty_e: ignored (reached end-of-life)\n"
             "trusty_f: ignored (it was needed upstream only)\n");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-1 ubuntu:14.04 a under_investigation \"ignored (end of standard support, was needs-triage)\"\n"
            "CVE-1 ubuntu:14.04 b end_of_life \"ignored (end of life, was needed)\"\n"
            "CVE-1 ubuntu:14.04 c not_affected \"ignored (end of standard support, was not-affected [code not "
            "present])\"\n"
            "CVE-1 ubuntu:14.04 d under_investigation \"ignored (was needs-triage now end-of-life)\"\n"
            "CVE-1 ubuntu:14.04 e end_of_life \"ignored (reached end-of-life)\"\n"
            "CVE-1 ubuntu:14.04 f will_not_fix \"ignored (it was needed upstream only)\"\n");
}

TEST(UbuntuTracker, WantsACandidate) {
  Parsed parsed;
  parse_into(parsed, "ubuntu-tracker", "active/CVE-1", "Priority: low\n");
  EXPECT_EQ(parsed.error, "\"Candidate:\" is missing");
}

constexpr std::string_view kVex = R"({
  "metadata": {"@context": "https://openvex.dev/ns/v0.2.0", "author": "Canonical Ltd.",
               "timestamp": "2025-02-06T16:37:20.173026", "version": 1},
  "statements": [
    {"vulnerability": {"name": "CVE-2025-0167", "aliases": ["https://curl.se/docs/CVE-2025-0167.html"]},
     "products": [{"@id": "pkg:deb/ubuntu/curl@7.35.0-1ubuntu2.20%2Besm18?arch=source&distro=esm-infra-legacy/trusty"},
                  {"@id": "pkg:deb/ubuntu/curl@7.35.0-1ubuntu2.20?arch=amd64"},
                  {"@id": "pkg:deb/ubuntu/curl@8?arch=source&distro=nosuch"}, {"@id": "pkg:oci/x"}],
     "status": "not_affected", "justification": "vulnerable_code_not_present"},
    {"vulnerability": {"name": "CVE-2025-0167"},
     "products": [{"@id": "pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.20?arch=source&distro=jammy"}], "status": "affected"},
    {"vulnerability": {"name": "USN-7372-1", "aliases": ["CVE-2022-45060", "CVE-2022-45061"]},
     "products": [{"@id": "pkg:deb/ubuntu/varnish@5.2.1-1ubuntu0.1+esm1?arch=source&distro=esm-apps/bionic"}],
     "status": "fixed", "status_notes": "Available with Ubuntu Pro."},
    {"vulnerability": {"name": "CVE-1"}, "status": "under_investigation"}
  ]})";

TEST(UbuntuVex, ReadsStatementsAboutSourcePackages) {
  Parsed parsed;
  parse_into(parsed, "ubuntu-vex", "vex/cve/2025/CVE-2025-0167.json", kVex);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.date, "2025-02-06");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2025-0167 ubuntu:14.04:esm-infra-legacy curl not_affected \"vulnerable_code_not_present\"\n"
            "CVE-2025-0167 ubuntu:22.04 curl affected\n"
            "CVE-2022-45060 ubuntu:18.04:esm-apps varnish fixed <5.2.1-1ubuntu0.1+esm1 [USN-7372-1] \"Available with "
            "Ubuntu Pro.\"\n"
            "CVE-2022-45061 ubuntu:18.04:esm-apps varnish fixed <5.2.1-1ubuntu0.1+esm1 [USN-7372-1] \"Available with "
            "Ubuntu Pro.\"\n");
  EXPECT_EQ(recognised("vex/cve/2025/CVE-2025-0167.json", kVex), "ubuntu-vex");
}

TEST(UbuntuVex, TellsTheStatesApartThatShareALabel) {
  const auto line = [](std::string_view status, std::string_view member, std::string_view words) {
    Parsed parsed;
    parse_into(parsed, "ubuntu-vex", "x.json",
               fmt::format(R"({{"metadata":{{"@context":"https://openvex.dev/ns/v0.2.0"}},"statements":[
                 {{"vulnerability":{{"name":"CVE-1"}},"status":"{}","{}":"{}",
                  "products":[{{"@id":"pkg:deb/ubuntu/x@1?arch=source&distro=jammy"}}]}}]}})",
                           status, member, words));
    EXPECT_EQ(parsed.error, "");
    const std::string all = parsed.sink.record_lines();
    return all.substr(0, all.find(" \""));
  };
  EXPECT_EQ(
      line("affected", "action_statement",
           "This package is vulnerable to the CVE, the problem is understood, but the Ubuntu Security Team decided "
           "to not fix it."),
      "CVE-1 ubuntu:22.04 x will_not_fix");
  EXPECT_EQ(line("affected", "action_statement", "This package (for the given release) is no longer supported."),
            "CVE-1 ubuntu:22.04 x end_of_life");
  EXPECT_EQ(line("affected", "action_statement", "The package is vulnerable and needs fixing."),
            "CVE-1 ubuntu:22.04 x affected");
  EXPECT_EQ(line("under_investigation", "status_notes", "The vulnerability is known but remediation is deferred."),
            "CVE-1 ubuntu:22.04 x fix_deferred");
  EXPECT_EQ(line("under_investigation", "status_notes", "Vulnerability assessment is pending."),
            "CVE-1 ubuntu:22.04 x under_investigation");
}

TEST(UbuntuVex, LeavesOthersVexAlone) {
  EXPECT_EQ(recognised("x.json", R"({"@context":"https://openvex.dev/ns/v0.2.0","author":"Rancher","statements":[]})"),
            "");
}

TEST(UbuntuVex, SaysWhatIsWrong) {
  for (const auto& [text, error] :
       {std::pair(R"({})", "\"statements\" is missing"),
        std::pair(R"({"statements":[{}]})", "\"vulnerability\" is missing"),
        std::pair(R"({"statements":[{"vulnerability":{"name":"CVE-1"},"status":"perhaps"}]})",
                  "\"perhaps\" is no status")}) {
    Parsed parsed;
    parse_into(parsed, "ubuntu-vex", "x.json", text);
    EXPECT_EQ(parsed.error, error);
  }
}

}  // namespace
}  // namespace bulkhead::advisory::feeds

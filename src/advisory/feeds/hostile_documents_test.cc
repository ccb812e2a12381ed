// Documents of a megabyte or so that are made to cost their square: many names of one thing, many ranges of one
// package, many bounds of one requirement. Each took minutes once; the bound is generous, and of a processor's time.
#include <ctime>

#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr double kMostSeconds = 10;

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// `begin`, then `each` (with its number for "@") `count` times, with `between`, then `end`.
std::string repeated(std::string_view begin, std::string_view each, size_t count, std::string_view between,
                     std::string_view end) {
  std::string text(begin);
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += between;
    for (size_t at = 0; at < each.size();) {
      const size_t mark = std::min(each.find("@", at), each.size());
      text += each.substr(at, mark - at);
      if (mark < each.size()) text += fmt::format("{:06}", i);
      at = mark + 1;
    }
  }
  return text.append(end);
}

std::string in(std::string_view begin, const std::string& middle, std::string_view end) {
  return std::string(begin) + middle + std::string(end);
}

struct HostileCase {
  std::string_view name;
  std::string_view feed;
  std::string_view path;
  std::string (*text)();
};

void PrintTo(const HostileCase& one, std::ostream* out) {
  *out << one.name;
}

class HostileDocuments : public ::testing::TestWithParam<HostileCase> {};

TEST_P(HostileDocuments, AreReadWithinSeconds) {
  const std::string text = GetParam().text();
  const double before = processor_seconds();
  Parsed parsed;
  parse_into(parsed, GetParam().feed, GetParam().path, text);
  EXPECT_LT(processor_seconds() - before, kMostSeconds);
  EXPECT_EQ(parsed.error, "");
  EXPECT_GT(parsed.sink.records.size() + parsed.sink.vulnerabilities.size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(
    , HostileDocuments,
    ::testing::Values(
        HostileCase{"ManyCvesOfOneTitle", "redhat-oval", "oval.xml",
                    [] {
                      return repeated("<oval_definitions><definitions><definition id='d'><metadata><title>",
                                      "CVE-2023-@", 150'000, " ",
                                      "</title></metadata><criteria/></definition></definitions></oval_definitions>");
                    }},
        HostileCase{"ManyOverridesOfPriority", "ubuntu-tracker", "active/CVE-2022-1",
                    [] {
                      return repeated("Candidate: CVE-2022-1\n", "Priority_a@: low\n", 40'000, "", "") +
                             repeated("", "focal_b@: needed\n", 40'000, "", "");
                    }},
        HostileCase{"ManyEventsOutOfOrder", "ghsa", "x.json",
                    [] {
                      return repeated(R"({"id":"GHSA-1","affected":[{"package":{"ecosystem":"npm","name":"a"},)"
                                      R"("ranges":[{"type":"SEMVER","events":[)",
                                      R"({"fixed":"1.0.1@"},{"introduced":"1.0.0-@"})", 10'000, ",", "]}]}]}");
                    }},
        HostileCase{"ManyVersionsBesideManyRanges", "ghsa", "x.json",
                    [] {
                      return in(
                          R"({"id":"GHSA-1","affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[)",
                          repeated("", R"({"type":"SEMVER","events":[{"introduced":"1@.0.0"},{"fixed":"1@.5.0"}]})",
                                   10'000, ",", "],") +
                              repeated(R"("versions":[)", R"("1@.7.0")", 10'000, ",", "]"),
                          "}]}");
                    }},
        HostileCase{"ManyScores", "ghsa", "x.json",
                    [] {
                      return repeated(R"({"id":"GHSA-1","severity":[)",
                                      R"({"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/@"},)"
                                      R"({"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"})",
                                      50'000, ",", "]}");
                    }},
        HostileCase{"ManyBranches", "friends-of-php", "a/b/c.yaml",
                    [] {
                      return repeated("title: x\nreference: composer://a/b\nbranches:\n",
                                      "  b@:\n    versions: ['>=1@.0','<1@.5']\n", 5'000, "", "");
                    }},
        HostileCase{"ManyComparisonsOfOneBranch", "friends-of-php", "a/b/c.yaml",
                    [] {
                      return repeated("title: x\nreference: composer://a/b\nbranches:\n  b:\n    versions: [",
                                      "'!=1@.0'", 5'000, ",", "]\n");
                    }},
        HostileCase{"ManyPatchedVersions", "rubysec", "gems/a/b.yml",
                    [] {
                      return repeated("gem: a\nurl: x\ntitle: y\npatched_versions:\n", "- '>= 1@.0, < 1@.5'\n", 5'000,
                                      "", "");
                    }},
        HostileCase{"ManyPatchedVersions", "rustsec", "crates/a/b.md",
                    [] {
                      return repeated("```toml\n[advisory]\nid='RUSTSEC-1'\npackage='a'\n[versions]\npatched=[",
                                      "'>= 1.@.0, < 1.@.5'", 5'000, ",", "]\n```\n# x\n");
                    }},
        HostileCase{"ManyAlternatives", "node-security", "vuln/npm/1.json",
                    [] {
                      return repeated(R"({"module_name":"a","vulnerable_versions":")", "1.@.0", 1'300, "||",
                                      R"(","patched_versions":"*"})");
                    }},
        HostileCase{"ManyWeaknesses", "cve", "1.json",
                    [] {
                      return repeated(R"({"cveMetadata":{"cveId":"CVE-1"},"containers":{"cna":{"problemTypes":[)",
                                      R"({"descriptions":[{"cweId":"CWE-@"}]})", 150'000, ",", "]}}}");
                    }},
        HostileCase{"ManyWeaknesses", "kev", "kev.json",
                    [] {
                      return repeated(R"({"vulnerabilities":[{"cveID":"CVE-1","dateAdded":"2024-01-01","cwes":[)",
                                      R"("CWE-@")", 150'000, ",", "]}]}");
                    }},
        HostileCase{"ManyBugs", "fedora-bodhi", "1.json",
                    [] {
                      return repeated(R"([{"alias":"F-1","type":"security","status":"stable","release":{"id_prefix":)"
                                      R"("FEDORA","version":"40"},"builds":[{"type":"rpm","nvr":"a-1-1"}],"bugs":[)",
                                      R"({"title":"CVE-2023-@"})", 100'000, ",", "]}]");
                    }},
        HostileCase{"ManyReferences", "amazon-updateinfo", "updateinfo.xml",
                    [] {
                      return repeated(
                          "<updates><update type='security'><id>ALAS2-2018-939</id><references>",
                          "<reference type='cve' id='CVE-2023-@' href='x'/>", 100'000, "",
                          "</references><pkglist><collection short='amazon-linux-2'><package name='a' version='1' "
                          "release='1'/></collection></pkglist></update></updates>");
                    }},
        HostileCase{"ManyCvesOfOneDefinition", "redhat-oval", "oval.xml",
                    [] {
                      return repeated(
                          "<oval_definitions><definitions><definition class='patch' id='d'><metadata>"
                          "<advisory>",
                          "<cve impact='low'>CVE-2023-@</cve>", 100'000, "",
                          "</advisory></metadata><criteria/></definition></definitions>"
                          "</oval_definitions>");
                    }},
        HostileCase{"ManyRepositories", "redhat-repositories", "repository-to-cpe.json",
                    [] {
                      return repeated(R"({"data":{)", R"("@-rpms":{"cpes":["cpe:/o:redhat:enterprise_linux:8"]})",
                                      100'000, ",", "}}");
                    }},
        HostileCase{"ManyPackagesOfManyProducts", "suse-oval", "oval.xml",
                    [] {
                      return in(
                          "<oval_definitions><definitions><definition class='vulnerability' id='d'><metadata>"
                          "<title>CVE-2023-0001</title></metadata><criteria operator='AND'><criteria "
                          "operator='OR'>",
                          repeated("", "<criterion test_ref='p' comment='SUSE Product @ is installed'/>", 20'000, "",
                                   "</criteria><criteria operator='OR'>") +
                              repeated("", "<criterion test_ref='q' comment='a@'/>", 20'000, "", ""),
                          "</criteria></criteria></definition></definitions><tests><rpminfo_test id='p'><object "
                          "object_ref='o'/><state state_ref='v'/></rpminfo_test><rpminfo_test id='q'><object "
                          "object_ref='o'/><state state_ref='s'/></rpminfo_test></tests><objects>"
                          "<rpminfo_object id='o'><name>a-release</name></rpminfo_object></objects><states>"
                          "<rpminfo_state id='v'><version>1</version></rpminfo_state><rpminfo_state id='s'><evr "
                          "operation='less than'>0:1-1</evr></rpminfo_state></states></oval_definitions>");
                    }}),
    [](const auto& info) {
      std::string name(info.param.feed);
      std::erase(name, '-');
      return fmt::format("{}_{}", name, info.param.name);
    });

}  // namespace
}  // namespace bulkhead::advisory::feeds

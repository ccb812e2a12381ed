#include "advisory/feeds/testing.h"

namespace bulkhead::advisory::feeds {
namespace {

constexpr std::string_view kJson = R"json({
  "apkurl": "{{urlprefix}}/{{distroversion}}/x.apk", "archs": ["x86_64"], "reponame": "main",
  "urlprefix": "https://dl-cdn.alpinelinux.org/alpine", "distroversion": "v3.16",
  "packages": [
    {"pkg": {"name": "apache2", "secfixes": {"2.4.27-r1": ["CVE-2017-9798"], "0": ["CVE-2021-1234"]}}},
    {"pkg": {"name": "util-linux", "secfixes": {"2.28.2-r2": ["CVE-2017-2616 (+ regression fix)", "CVE_2019-2426"]}}},
    {"pkg": {"name": "xen", "secfixes": {"4.9.0-r0": ["CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI",
      "CVE-?-?  XSA-284", "CVE-2017-17434-1", "CVE-2017-8073.patch", "rubbish", ""]}}},
    {"pkg": {"name": "clean", "secfixes": {}}}, {"pkg": {"name": "none", "secfixes": null}}
  ]})json";

TEST(Secdb, ReadsJson) {
  Parsed parsed;
  parse_into(parsed, "alpine-secdb", "v3.16/main.json", kJson);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(
      parsed.sink.record_lines(),
      "CVE-2017-9798 alpine:3.16 apache2 fixed <2.4.27-r1 [main/2.4.27-r1]\n"
      "CVE-2021-1234 alpine:3.16 apache2 not_affected [main/0]\n"
      "CVE-2017-2616 alpine:3.16 util-linux fixed <2.28.2-r2 [main/2.28.2-r2] \"CVE-2017-2616 (+ regression fix)\"\n"
      "CVE-2019-2426 alpine:3.16 util-linux fixed <2.28.2-r2 [main/2.28.2-r2] \"CVE_2019-2426\"\n"
      "CVE-2017-5753 alpine:3.16 xen fixed <4.9.0-r0 [main/4.9.0-r0] \"CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI\"\n"
      "CVE-2017-5715 alpine:3.16 xen fixed <4.9.0-r0 [main/4.9.0-r0] \"CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI\"\n"
      "XSA-284 alpine:3.16 xen fixed <4.9.0-r0 [main/4.9.0-r0] \"CVE-?-?  XSA-284\"\n"
      "CVE-2017-17434 alpine:3.16 xen fixed <4.9.0-r0 [main/4.9.0-r0] \"CVE-2017-17434-1\"\n"
      "CVE-2017-8073 alpine:3.16 xen fixed <4.9.0-r0 [main/4.9.0-r0] \"CVE-2017-8073.patch\"\n");
}

TEST(Secdb, ReadsYamlAndKeepsVersionsAsWritten) {
  Parsed parsed;
  parse_into(parsed, "alpine-secdb", "v3.5/main.yaml",
             "---\ndistroversion: v3.5\nreponame: main\napkurl: x\npackages:\n  - pkg:\n      name: apache2\n"
             "      secfixes:\n        2.40:\n          - CVE-2018-11763\n        0:\n          - CVE-2018-11764\n");
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.sink.record_lines(),
            "CVE-2018-11763 alpine:3.5 apache2 fixed <2.40 [main/2.40]\n"
            "CVE-2018-11764 alpine:3.5 apache2 not_affected [main/0]\n");
}

TEST(Secdb, TellsTheOriginByTheUrl) {
  for (const auto& [url, feed, ecosystem] : {std::tuple("https://packages.wolfi.dev", "wolfi-secdb", "wolfi"),
                                             std::tuple("https://packages.cgr.dev", "chainguard-secdb", "chainguard"),
                                             std::tuple("https://packages.mini.dev", "minimos-secdb", "minimos")}) {
    const std::string text = fmt::format(R"({{"apkurl":"x","reponame":"os","urlprefix":"{}","packages":[
                        {{"pkg":{{"name":"curl","secfixes":{{"8.1-r0":["GHSA-jq35-85cj-fj4p"]}}}}}}]}})",
                                         url);
    EXPECT_EQ(recognised("security.json", text), feed);
    Parsed parsed;
    parse_into(parsed, feed, "security.json", text);
    EXPECT_EQ(parsed.sink.record_lines(),
              fmt::format("GHSA-jq35-85cj-fj4p {} curl fixed <8.1-r0 [os/8.1-r0]\n", ecosystem));
  }
  EXPECT_EQ(recognised("main.json", kJson), "alpine-secdb");
}

TEST(Secdb, IsNotRecognisedByAUrlThatIsCutShort) {
  EXPECT_EQ(recognised("main.json", R"({"apkurl":"https://packages--)"), "");
}

TEST(Secdb, SaysWhatIsWrong) {
  for (const auto& [text, error] :
       {std::pair(R"({"packages":[]})", "no distribution is known by \"distroversion\": \"\", \"urlprefix\": \"\""),
        std::pair(R"({"distroversion":"v3.16"})", "\"packages\" must be an array"),
        std::pair(R"({"distroversion":"v3.16","packages":[{}]})", "\"pkg\" is missing"),
        std::pair(R"({"distroversion":"v3.16","packages":[{"pkg":{"name":"a","secfixes":[]}}]})",
                  "a: \"secfixes\" must be an object"),
        std::pair(R"({"distroversion":"v3.16","packages":[{"pkg":{"name":"a","secfixes":{"1":"CVE"}}}]})",
                  "a: 1: a list of ids expected")}) {
    Parsed parsed;
    parse_into(parsed, "alpine-secdb", "main.json", text);
    EXPECT_EQ(parsed.error, error);
  }
  Parsed empty;
  parse_into(empty, "alpine-secdb", "main.json", R"({"distroversion":"edge","packages":null})");
  EXPECT_EQ(empty.error, "");
}

}  // namespace
}  // namespace bulkhead::advisory::feeds

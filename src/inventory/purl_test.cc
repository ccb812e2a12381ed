#include "inventory/purl.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/test_data.h"

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

PackageUrl components(const json::Value& object) {
  PackageUrl purl;
  purl.type = object.string_or("type", "");
  purl.name_space = object.string_or("namespace", "");
  purl.name = object.string_or("name", "");
  purl.version = object.string_or("version", "");
  purl.subpath = object.string_or("subpath", "");
  if (const auto qualifiers = object.find("qualifiers"); qualifiers && qualifiers->is_object()) {
    for (const json::Member member : qualifiers->members()) {
      purl.qualifiers.emplace_back(member.key, member.value.string().value_or(""));
    }
    std::sort(purl.qualifiers.begin(), purl.qualifiers.end());
  }
  return purl;
}

std::string shown(const Result<PackageUrl>& purl) {
  if (!purl) return purl.error().to_string();
  std::string text = purl->type + " | " + purl->name_space + " | " + purl->name + " | " + purl->version + " |";
  for (const auto& [key, value] : purl->qualifiers) text += " " + key + "=" + value;
  return text + " | " + purl->subpath;
}

// The specification's suite (package-url/purl-spec, tests/). A "validate" case is a document's URL to be made
// canonical.
TEST(PackageUrlSuite, PassesEveryCase) {
  const auto text = read_file(testdata_path("purl/tests.json"), 1 << 20);
  ASSERT_TRUE(text);
  const auto document = json::Document::parse(*text);
  ASSERT_TRUE(document);
  size_t cases = 0;
  for (const json::Value test : document->root().elements()) {
    ++cases;
    const std::string_view type = test.string_or("test_type", "");
    const bool must_fail = test.find("expected_failure")->boolean().value_or(false);
    const json::Value input = *test.find("input");
    const auto expected = test.find("expected_output");
    ASSERT_TRUE(must_fail || expected);
    SCOPED_TRACE(std::string(test.string_or("file", "")) + ": " + std::string(test.string_or("description", "")));
    if (type == "parse") {
      const auto purl = parse_purl(*input.string());
      if (must_fail) {
        EXPECT_FALSE(purl) << *input.string() << " -> " << shown(purl);
      } else {
        EXPECT_TRUE(purl && *purl == components(*expected)) << *input.string() << " -> " << shown(purl);
      }
    } else if (type == "build") {
      const auto built = build_purl(components(input));
      if (must_fail) {
        EXPECT_FALSE(built) << *built;
      } else {
        EXPECT_EQ(built ? *built : built.error().to_string(), *expected->string());
      }
    } else {
      ASSERT_EQ(type, "validate");
      ASSERT_FALSE(must_fail);
      const auto purl = parse_purl(*input.string(), PurlCheck::kSyntax);
      ASSERT_TRUE(purl) << *input.string() << ": " << purl.error().to_string();
      const auto built = build_purl(*purl);
      EXPECT_EQ(built ? *built : built.error().to_string(), *expected->string());
    }
  }
  EXPECT_EQ(cases, 343U);
}

TEST(PackageUrl, FailsWithAReason) {
  const auto reason = [](std::string_view text) {
    const auto purl = parse_purl(text);
    return purl ? std::string("accepted") : purl.error().message();
  };
  EXPECT_THAT(reason("http:deb/debian/a"), HasSubstr("pkg:"));
  EXPECT_THAT(reason("pkg:deb"), HasSubstr("no name"));
  EXPECT_THAT(reason("pkg:deb/a@1"), HasSubstr("needs a namespace"));
  EXPECT_THAT(reason("pkg:cargo/x/a@1"), HasSubstr("has no namespace"));
  EXPECT_THAT(reason("pkg:generic/a@%zz"), HasSubstr("percent"));
  EXPECT_THAT(reason("pkg:generic/a@%4"), HasSubstr("percent"));
  EXPECT_THAT(reason("pkg:generic/a@%ff"), HasSubstr("UTF-8"));
  EXPECT_THAT(reason("pkg:generic/a%00"), HasSubstr("UTF-8"));
  EXPECT_THAT(reason("pkg:generic/x%2Fy/a"), HasSubstr("escaped slash"));
  EXPECT_THAT(reason("pkg:generic/a?k"), HasSubstr("without a value"));
  EXPECT_THAT(reason("pkg:generic/a?k=1&k=2"), HasSubstr("twice"));
  EXPECT_THAT(reason("pkg:generic/" + std::string(kMaxPurlBytes, 'a')), HasSubstr("too long"));
}

TEST(PackageUrl, AcceptsOfForeignDocumentsWhatIsOnlyMissingByTheRulesOfTheType) {
  const auto purl = parse_purl("pkg:golang/stdlib@1.21.0?Arch=x", PurlCheck::kSyntax);
  ASSERT_TRUE(purl);
  EXPECT_EQ(purl->name, "stdlib");
  EXPECT_EQ(purl->qualifier("arch"), "x");
  EXPECT_FALSE(parse_purl("pkg:golang/stdlib@1.21.0"));
}

TEST(PackageUrl, ReadsSlashesScopesAndDots) {
  const auto purl = parse_purl("pkg://npm//@babel/core@7.0.0-beta%2B1?b=2&a=1&c=#/./lib/%2E%2E/x/");
  ASSERT_TRUE(purl) << purl.error().to_string();
  EXPECT_EQ(purl->name_space, "@babel");
  EXPECT_EQ(purl->name, "core");
  EXPECT_EQ(purl->version, "7.0.0-beta+1");
  EXPECT_THAT(purl->qualifiers, ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_EQ(purl->subpath, "lib/x");
  EXPECT_EQ(build_purl(*purl), "pkg:npm/%40babel/core@7.0.0-beta%2B1?a=1&b=2#lib/x");
}

Package package_of(PackageType type, std::string name, std::string version, std::string architecture = {}) {
  Package package;
  package.type = type;
  package.name = std::move(name);
  package.version = std::move(version);
  package.architecture = std::move(architecture);
  package.source_name = package.name;
  package.source_version = package.version;
  return package;
}

OperatingSystem os(std::string id, std::string version) {
  OperatingSystem system;
  system.id = std::move(id);
  system.version_id = std::move(version);
  return system;
}

TEST(PurlOfPackage, NamesDistributionArchitectureAndSource) {
  Package package = package_of(PackageType::kDeb, "libgcc-s1", "12.2.0-14+b1", "amd64");
  EXPECT_EQ(package_purl(package, os("debian", "12")),
            "pkg:deb/debian/libgcc-s1@12.2.0-14%2Bb1?arch=amd64&distro=debian-12");
  package.source_name = "gcc-12";
  package.source_version = "12.2.0-14";
  EXPECT_EQ(package_purl(package, os("debian", "12")),
            "pkg:deb/debian/libgcc-s1@12.2.0-14%2Bb1?arch=amd64&distro=debian-12&upstream=gcc-12%4012.2.0-14");
  package.source_version = package.version;
  EXPECT_EQ(package_purl(package, os("ubuntu", "22.04")),
            "pkg:deb/ubuntu/libgcc-s1@12.2.0-14%2Bb1?arch=amd64&distro=ubuntu-22.04&upstream=gcc-12");
  OperatingSystem sid = os("debian", "");
  sid.codename = "sid";
  EXPECT_EQ(package_purl(package_of(PackageType::kDeb, "bash", "1:5"), sid),
            "pkg:deb/debian/bash@1:5?distro=debian-sid");
}

TEST(PurlOfPackage, PutsTheEpochOfAnRpmIntoAQualifier) {
  Package package = package_of(PackageType::kRpm, "bind-libs", "32:9.16.23-11.el9", "x86_64");
  package.source_name = "bind";
  package.source_version = "9.16.23-11.el9";
  package.source_epoch_known = false;
  EXPECT_EQ(package_purl(package, os("rhel", "9.2")),
            "pkg:rpm/redhat/"
            "bind-libs@9.16.23-11.el9?arch=x86_64&distro=rhel-9.2&epoch=32&upstream=bind-9.16.23-11.el9.src.rpm");
  Package bash = package_of(PackageType::kRpm, "bash", "5-1", "noarch");
  bash.source_epoch_known = false;
  EXPECT_EQ(package_purl(bash, os("opensuse-leap", "15.5")),
            "pkg:rpm/opensuse/bash@5-1?arch=noarch&distro=opensuse-leap-15.5&upstream=bash-5-1.src.rpm");
}

TEST(PurlOfPackage, InventsNoSourceRpm) {
  // An rpm whose header names none: the source is taken to be the package itself, which is no file's name.
  EXPECT_EQ(package_purl(package_of(PackageType::kRpm, "foo", "1:2.3-4", "x86_64"), os("rhel", "9.2")),
            "pkg:rpm/redhat/foo@2.3-4?arch=x86_64&distro=rhel-9.2&epoch=1");
}

TEST(PurlOfPackage, SplitsJoinedNames) {
  EXPECT_EQ(package_purl(package_of(PackageType::kMaven, "org.apache:commons-io", "2.1"), {}),
            "pkg:maven/org.apache/commons-io@2.1");
  EXPECT_EQ(package_purl(package_of(PackageType::kNpm, "@babel/core", "7"), {}), "pkg:npm/%40babel/core@7");
  EXPECT_EQ(package_purl(package_of(PackageType::kGolang, "github.com/Masterminds/semver", "v3.1.0"), {}),
            "pkg:golang/github.com/Masterminds/semver@v3.1.0");
  EXPECT_EQ(package_purl(package_of(PackageType::kGolang, "stdlib", "1.21"), {}), "pkg:golang/stdlib@1.21");
  EXPECT_EQ(package_purl(package_of(PackageType::kPypi, "Zope_Interface", "1"), {}), "pkg:pypi/zope-interface@1");
}

TEST(PurlOfPackage, AlwaysAnswers) {
  EXPECT_EQ(package_purl(package_of(PackageType::kApk, "musl", "1.2-r0", "x86_64"), {}),
            "pkg:apk/musl@1.2-r0?arch=x86_64");
  EXPECT_EQ(package_purl(package_of(PackageType::kRpm, "", ""), {}), "pkg:rpm/unnamed");
  EXPECT_EQ(package_purl(package_of(PackageType::kGeneric, "\xff", "1"), {}), "pkg:generic/ff");
  EXPECT_TRUE(
      parse_purl(package_purl(package_of(PackageType::kGeneric, "a?b#c@d/e f", "1/2"), {}), PurlCheck::kSyntax));
}

}  // namespace
}  // namespace bulkhead::inventory

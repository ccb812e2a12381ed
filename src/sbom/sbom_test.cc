#include "sbom/sbom.h"

#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace bulkhead::sbom {
namespace {

using testing::HasSubstr;
using testing::Not;

Bom bom_of(std::vector<std::vector<std::string>> licenses) {
  Bom bom;
  bom.reference = "registry.example/shop:1";
  bom.digest = "sha256:" + std::string(64, 'a');
  bom.tool_version = "1";
  for (size_t i = 0; i < licenses.size(); ++i) {
    inventory::Package package;
    package.type = inventory::PackageType::kDeb;
    package.name = "p" + std::to_string(i);
    package.version = "1";
    package.licenses = std::move(licenses[i]);
    bom.purls.push_back("pkg:deb/debian/" + package.name + "@1");
    bom.packages.push_back(std::move(package));
  }
  return bom;
}

// Without the white space between tokens.
std::string compact(std::string_view text) {
  std::string out;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && text[i - 1] != '\\') quoted = !quoted;
    if (quoted || (text[i] != ' ' && text[i] != '\n')) out += text[i];
  }
  return out;
}

TEST(CycloneDx, NamesLicencesByIdOrNameOrAsOneExpression) {
  EXPECT_THAT(compact(write_cyclonedx(bom_of({{"Apache-2.0", "MIT"}}))),
              HasSubstr(R"("licenses":[{"license":{"id":"Apache-2.0"}},{"license":{"id":"MIT"}}])"));
  EXPECT_THAT(compact(write_cyclonedx(bom_of({{"Expat-like", "MIT"}}))),
              HasSubstr(R"("licenses":[{"license":{"name":"Expat-like"}},{"license":{"id":"MIT"}}])"));
  EXPECT_THAT(compact(write_cyclonedx(bom_of({{"GPL-2.0-only OR MIT", "Zlib"}}))),
              HasSubstr(R"("licenses":[{"expression":"(GPL-2.0-only OR MIT) AND Zlib"}])"));
}

TEST(CycloneDx, KeepsAnExpressionBesideALicenceThatIsNotOnTheList) {
  const std::string text = compact(write_cyclonedx(bom_of({{"MIT OR Vim", "Expat like"}})));
  EXPECT_THAT(text, testing::ContainsRegex("\"licenses\":\\[\\{\"expression\":\"\\(MIT OR Vim\\) AND "
                                           "LicenseRef-Expat-like-[0-9a-f]{16}\"\\}\\]"));
  EXPECT_THAT(text, HasSubstr("\"value\":\"Expat like\""));
}

TEST(Boms, AreIdentifiedByTheirContentNotByTheNameAskedFor) {
  Bom here = bom_of({{"MIT"}});
  Bom there = here;
  here.reference = "./x.tar";
  there.reference = "/ci/job-17/x.tar";
  const auto identity = [](const Bom& bom) {
    const auto cyclonedx = json::Document::parse(write_cyclonedx(bom));
    const auto spdx = json::Document::parse(write_spdx(bom));
    return std::string(cyclonedx->root().string_or("serialNumber", "none")) +
           std::string(spdx->root().string_or("documentNamespace", "none"));
  };
  EXPECT_EQ(identity(here), identity(there));
  there.digest = "sha256:" + std::string(64, 'b');
  EXPECT_NE(identity(here), identity(there));
  there = here;
  there.purls[0] += "-other";
  EXPECT_NE(identity(here), identity(there));
}

TEST(Boms, GiveAnImageAPackageUrlOnlyWhereItsRepositoryIsKnown) {
  Bom bom = bom_of({{}});
  EXPECT_THAT(write_cyclonedx(bom), Not(HasSubstr("pkg:oci/")));
  EXPECT_THAT(write_spdx(bom), Not(HasSubstr("pkg:oci/")));
  bom.repository = "registry.example:5000/shop/Cart";
  bom.tag = "1.4";
  bom.architecture = "arm64";
  const std::string purl = "pkg:oci/cart@sha256:" + std::string(64, 'a') +
                           "?arch=arm64&repository_url=registry.example:5000%2Fshop%2FCart&tag=1.4";
  EXPECT_THAT(write_cyclonedx(bom), HasSubstr(purl));
  EXPECT_THAT(write_spdx(bom), HasSubstr(purl));
  bom.digest.clear();
  EXPECT_THAT(write_spdx(bom), Not(HasSubstr("pkg:oci/")));
}

TEST(Boms, CarryWarningsAndTheStateOfFeeds) {
  Bom bom = bom_of({{}});
  bom.warnings = {"layer 2 was not read"};
  bom.feeds = {"debian-tracker (2025-08-25, stale)"};
  for (const std::string& text : {write_cyclonedx(bom), write_spdx(bom)}) {
    EXPECT_THAT(text, HasSubstr("layer 2 was not read"));
    EXPECT_THAT(text, HasSubstr("debian-tracker (2025-08-25, stale)"));
  }
}

TEST(CycloneDx, SaysThatThePublisherWillNotFix) {
  Bom bom = bom_of({{}});
  bom.vulnerabilities.push_back({.id = "CVE-1", .source = "feed", .will_not_fix = true});
  EXPECT_THAT(compact(write_cyclonedx(bom)), HasSubstr(R"("analysis":{"response":["will_not_fix"]})"));
}

TEST(Spdx, WritesTimesInUtcAndSuppliersInItsForm) {
  const struct {
    const char* created;
    const char* expected;
  } times[] = {
      {"2026-11-22T10:40:00Z", "2026-11-22T10:40:00Z"},
      {"2026-11-22T10:40:00.123456789Z", "2026-11-22T10:40:00Z"},
      {"2026-01-01T01:30:00+02:00", "2025-12-31T23:30:00Z"},
      {"2024-02-28T23:30:00.5-01:45", "2024-02-29T01:15:00Z"},
      {"2026-13-22T10:40:00Z", "1970-01-01T00:00:00Z"},
      {"2026-11-22T10:40:00", "1970-01-01T00:00:00Z"},
      {"2026-11-22T10:40:00+2:00", "1970-01-01T00:00:00Z"},
      {"yesterday", "1970-01-01T00:00:00Z"},
      {"", "1970-01-01T00:00:00Z"},
  };
  Bom bom = bom_of({{}, {}, {}});
  bom.packages[0].maintainer = "Debian QA <qa@example.org>";
  bom.packages[1].vendor = "Rocky <Linux";
  for (const auto& one : times) {
    bom.created = one.created;
    EXPECT_THAT(compact(write_spdx(bom)), HasSubstr(std::string("\"created\":\"") + one.expected + '"')) << one.created;
  }
  const std::string text = write_spdx(bom);
  EXPECT_THAT(text, HasSubstr("\"Organization: Debian QA (qa@example.org)\""));
  EXPECT_THAT(text, HasSubstr("\"Organization: Rocky <Linux\""));
  EXPECT_THAT(text, HasSubstr("\"supplier\": \"NOASSERTION\""));
}

TEST(Spdx, DeclaresLicencesAsOneExpressionAndExplainsTheUnknown) {
  EXPECT_THAT(compact(write_spdx(bom_of({{"GPL-2.0-only OR MIT", "Zlib"}}))),
              HasSubstr(R"("licenseDeclared":"(GPL-2.0-only OR MIT) AND Zlib")"));
  EXPECT_THAT(compact(write_spdx(bom_of({{"GPL-2.0-only OR MIT"}}))),
              HasSubstr(R"("licenseDeclared":"GPL-2.0-only OR MIT")"));
  EXPECT_THAT(compact(write_spdx(bom_of({{}}))), Not(HasSubstr("hasExtractedLicensingInfos")));
}

TEST(Spdx, ExplainsEveryLicenceReferenceThatItUses) {
  const std::string text = compact(write_spdx(bom_of({{"LicenseRef-theirs OR MIT"}, {"Expat-like"}})));
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document);
  std::vector<std::string> explained;
  for (const json::Value& info : document->root().find("hasExtractedLicensingInfos")->elements()) {
    explained.emplace_back(*info.find("licenseId")->string());
  }
  EXPECT_EQ(explained.size(), 2U);
  for (const std::string& id : explained) EXPECT_THAT(text, HasSubstr("\"licenseDeclared\":\"" + id + '"'));
}

TEST(Boms, GiveTheSamePackageTwiceTwoReferences) {
  Bom bom = bom_of({{}, {}});
  bom.packages[1].name = bom.packages[0].name;
  bom.purls[1] = bom.purls[0];
  const std::string text = compact(write_cyclonedx(bom));
  EXPECT_THAT(text, HasSubstr(R"("bom-ref":"pkg:deb/debian/p0@1")"));
  EXPECT_THAT(text, HasSubstr(R"("bom-ref":"pkg:deb/debian/p0@1#2")"));
  EXPECT_THAT(text, HasSubstr(R"("dependsOn":["pkg:deb/debian/p0@1","pkg:deb/debian/p0@1#2"])"));
  const auto document = json::Document::parse(write_spdx(bom));
  ASSERT_TRUE(document);
  std::set<std::string> ids;
  for (const json::Value& package : document->root().find("packages")->elements()) {
    ids.emplace(*package.find("SPDXID")->string());
  }
  EXPECT_EQ(ids.size(), 3U);  // the image and two packages
}

}  // namespace
}  // namespace bulkhead::sbom

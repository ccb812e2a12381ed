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

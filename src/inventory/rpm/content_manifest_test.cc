#include "inventory/rpm/content_manifest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/tar_builder.h"
#include "inventory/cataloger.h"
#include "layer/analyse.h"
#include "layer/test_layers.h"

namespace bulkhead::inventory::rpm {
namespace {

using archive::TarBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ubi8-container-8.8-1067.1698056881.json, as trivy-db issue 435 shows it.
constexpr std::string_view kUbi8 = R"({
    "metadata": {
        "icm_version": 1,
        "icm_spec": "https://raw.githubusercontent.com/containerbuildsystem/atomic-reactor/master/atomic_reactor/schemas/content_manifest.json",
        "image_layer_index": 0
    },
    "content_sets": [
        "rhel-8-for-x86_64-baseos-rpms",
        "rhel-8-for-x86_64-appstream-rpms"
    ],
    "image_contents": []
})";

TEST(ContentManifest, ListsTheRepositoriesOfABuild) {
  const auto manifest = read_content_manifest(kUbi8);
  ASSERT_TRUE(manifest) << manifest.error().to_string();
  ASSERT_TRUE(*manifest);
  EXPECT_THAT((*manifest)->repositories,
              ElementsAre("rhel-8-for-x86_64-appstream-rpms", "rhel-8-for-x86_64-baseos-rpms"));
  EXPECT_FALSE((*manifest)->incomplete);
  EXPECT_EQ(decode_content_manifest(as_bytes(encode_content_manifest(**manifest))), **manifest);
}

TEST(ContentManifest, SaysThatDnfsHistoryKnowsBetter) {
  const auto manifest = read_content_manifest(R"({"from_dnf_hint":true,"content_sets":["a"]})");
  ASSERT_TRUE(manifest && *manifest);
  EXPECT_TRUE((*manifest)->incomplete);
  EXPECT_EQ(decode_content_manifest(as_bytes(encode_content_manifest(**manifest))), **manifest);
}

TEST(ContentManifest, IsToldFromTheOtherFilesBesideIt) {
  for (const char* other : {R"({"bomFormat":"CycloneDX","components":[]})", R"({"name":"ubi9","cpe":"cpe:/a:x"})",
                            R"(["content_sets"])", "1"}) {
    const auto manifest = read_content_manifest(other);
    ASSERT_TRUE(manifest) << other << manifest.error().to_string();
    EXPECT_FALSE(*manifest) << other;
  }
}

TEST(ContentManifest, SaysWhatIsWrong) {
  const struct {
    std::string text;
    Code code;
    const char* message;
  } cases[] = {
      {R"({"content_sets":)", Code::kMalformed, ""},
      {R"({"content_sets":"a"})", Code::kMalformed, "content_sets is no list"},
      {R"({"content_sets":["a",1]})", Code::kMalformed, "a content set is no text"},
      {R"({"content_sets":["a","b","c"]})", Code::kLimitExceeded, "more than 2 content sets"},
      {R"({"content_sets":["abcdefghi"]})", Code::kLimitExceeded, "more than 8 bytes"},
      {R"({"x":")" + std::string(200, 'x') + R"("})", Code::kLimitExceeded, ""},
      {R"({"x":)" + std::string(90, '[') + std::string(90, ']') + "}", Code::kLimitExceeded, ""},
  };
  for (const auto& each : cases) {
    const auto manifest =
        read_content_manifest(each.text, {.max_bytes = 200, .max_repositories = 2, .max_name_bytes = 8});
    ASSERT_FALSE(manifest) << each.text;
    EXPECT_EQ(manifest.error().code(), each.code) << each.text << manifest.error().to_string();
    EXPECT_THAT(manifest.error().to_string(), HasSubstr("content manifest")) << each.text;
    EXPECT_THAT(manifest.error().to_string(), HasSubstr(each.message)) << each.text;
  }
}

TEST(ContentManifest, ARottenCacheValueIsAnError) {
  const std::string good = encode_content_manifest({.repositories = {"a", "bc"}, .incomplete = false});
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_content_manifest(as_bytes(good.substr(0, size)))) << size;
  }
  EXPECT_FALSE(decode_content_manifest(as_bytes(good + "x")));
  EXPECT_FALSE(decode_content_manifest(as_bytes("\x02" + good.substr(1))));
  const std::string_view huge("\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11);
  EXPECT_FALSE(decode_content_manifest(as_bytes(huge)));
}

// The whole way, from tar layers.
Inventory inventory_of(const std::vector<TarBuilder>& layers) {
  std::vector<std::string> archives;
  for (const TarBuilder& builder : layers) archives.push_back(builder.finish());
  const auto analysers = inventory_analysers();
  const auto image = layer::analyse_image(layer::image_of(archives), *layer::AnalyserSet::create(analysers), {});
  EXPECT_TRUE(image) << image.error().to_string();
  auto inventory = take_inventory(*image);
  EXPECT_TRUE(inventory) << inventory.error().to_string();
  return inventory.value_or(Inventory());
}

std::string naming(std::string_view repository) {
  return fmt::format(R"({{"content_sets":["{}"]}})", repository);
}

constexpr std::string_view kRhel = "ID=\"rhel\"\nVERSION_ID=\"9.4\"\n";
constexpr std::string_view kOld = "root/buildinfo/content_manifests/";
constexpr std::string_view kNew = "usr/share/buildinfo/";

TEST(ContentManifest, SpeaksOfItsLayerAndOfThoseThatHaveNone) {
  const Inventory inventory = inventory_of({
      TarBuilder().file("etc/os-release", kRhel),  // before the first manifest
      TarBuilder().file(std::string(kOld) + "ubi9-container-9.4-1.json", naming("base")),
      TarBuilder().file("app"),  // a layer without one
      TarBuilder().file(std::string(kNew) + "content-sets.json", naming("product")),
      TarBuilder().file(std::string(kNew) + "content-sets.json", naming("later")),  // hides the one below
      TarBuilder().file("root/buildinfo/content_manifests/.wh..wh..opq"),           // and this hides the first
  });
  EXPECT_THAT(inventory.layer_repositories,
              ElementsAre(ElementsAre("base"), ElementsAre("base"), ElementsAre("base"), ElementsAre("product"),
                          ElementsAre("later"), ElementsAre("later")));
  EXPECT_THAT(inventory.diagnostics, IsEmpty());
}

TEST(ContentManifest, SeveralInOneLayerCountTogether) {
  const Inventory inventory =
      inventory_of({TarBuilder()
                        .file("etc/os-release", kRhel)
                        .file(std::string(kOld) + "ubi9-container-9.4-1.json", naming("b"))
                        .file(std::string(kOld) + "sbom-cyclonedx.json", R"({"bomFormat":"CycloneDX"})")
                        .file("usr/share/buildinfo/content_manifests/x.json", R"({"content_sets":["a","b"]})")
                        .file(std::string(kNew) + "labels.json", R"({"name":"ubi9"})")});
  EXPECT_THAT(inventory.layer_repositories, ElementsAre(ElementsAre("a", "b")));
}

TEST(ContentManifest, ThatIsIncompleteOrUnreadableLeavesItsLayerUnknown) {
  const Inventory hinted =
      inventory_of({TarBuilder().file("etc/os-release", kRhel).file(std::string(kOld) + "a.json", naming("base")),
                    TarBuilder().file(std::string(kNew) + "content-sets.json",
                                      R"({"from_dnf_hint":true,"content_sets":["product"]})"),
                    TarBuilder().file("app")});
  EXPECT_THAT(hinted.layer_repositories, ElementsAre(ElementsAre("base"), IsEmpty(), IsEmpty()));
  EXPECT_THAT(hinted.diagnostics, IsEmpty());

  const Inventory damaged =
      inventory_of({TarBuilder().file("etc/os-release", kRhel).file(std::string(kOld) + "a.json", naming("base")),
                    TarBuilder().file(std::string(kNew) + "content-sets.json", R"({"content_sets":[)")});
  EXPECT_THAT(damaged.layer_repositories, ElementsAre(ElementsAre("base"), IsEmpty()));
  ASSERT_EQ(damaged.diagnostics.size(), 1U);
  EXPECT_EQ(damaged.diagnostics[0].path, "usr/share/buildinfo/content-sets.json");
  EXPECT_THAT(damaged.diagnostics[0].message, HasSubstr("judged by the release's main streams"));
}

TEST(ContentManifest, IsNotAskedForInOtherDistributions) {
  const Inventory inventory =
      inventory_of({TarBuilder()
                        .file("etc/os-release", "ID=fedora\nVERSION_ID=40\n")
                        .file(std::string(kNew) + "content-sets.json", R"({"content_sets":[)")});
  EXPECT_THAT(inventory.layer_repositories, IsEmpty());
  EXPECT_THAT(inventory.diagnostics, IsEmpty());
}

}  // namespace
}  // namespace bulkhead::inventory::rpm

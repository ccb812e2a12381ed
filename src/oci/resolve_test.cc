#include "oci/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using testing::digest_of;
using ::testing::HasSubstr;
using testing::LayoutBuilder;
using testing::make_config;
using testing::platform_member;

// The blobs of a LayoutBuilder, and a record of what was asked for.
class TestStore final : public BlobStore {
 public:
  explicit TestStore(LayoutBuilder layout) : layout_(std::move(layout)) {}

  Result<std::unique_ptr<BlockSource>> open_blob(const Descriptor& blob) const override {
    opened.push_back(blob.digest.to_string());
    const auto found = layout_.files.find(blob_path(blob.digest));
    if (found == layout_.files.end()) return fail(Code::kNotFound, "blob " + blob.digest.to_string() + " is missing");
    return std::make_unique<MemorySource>(found->second);
  }
  Result<bool> has_layer(const Descriptor& layer, Layer::Kind /*kind*/) const override {
    return layout_.files.contains(blob_path(layer.digest));
  }

  mutable std::vector<std::string> opened;

 private:
  LayoutBuilder layout_;
};

Root root_of(const LayoutBuilder& layout, std::string_view media_type, std::string_view digest) {
  Root root;
  root.descriptor.media_type = media_type;
  root.descriptor.digest = Digest::parse(digest).value();
  const auto found = layout.files.find(blob_path(root.descriptor.digest));
  root.descriptor.size = found == layout.files.end() ? 0 : found->second.size();
  return root;
}

// The root of the descriptor that LayoutBuilder answered.
Root root_of(const LayoutBuilder& layout, const std::string& descriptor) {
  const auto member = [&](std::string_view name) {
    const size_t start = descriptor.find('"' + std::string(name) + "\": \"") + name.size() + 5;
    return descriptor.substr(start, descriptor.find('"', start) - start);
  };
  return root_of(layout, member("mediaType"), member("digest"));
}

OpenOptions for_platform(std::string_view platform) {
  OpenOptions options;
  options.platform = Platform::parse(platform).value();
  return options;
}

Result<Image> resolve(const LayoutBuilder& layout, const std::string& descriptor, const OpenOptions& options) {
  return resolve_image(std::make_shared<const TestStore>(layout), {root_of(layout, descriptor)}, options);
}

std::string content_of(const Layer& layer) {
  auto source = layer.open();
  EXPECT_TRUE(source) << source.error().to_string();
  auto content = read_all(**source, size_t{1} << 20, "layer");
  EXPECT_TRUE(content) << content.error().to_string();
  return content.value_or("");
}

TEST(Resolve, FillsAnImageFromItsManifest) {
  LayoutBuilder layout;
  const std::string manifest = layout.image({"bottom", "top"}, "linux", "arm64");
  const auto image = resolve(layout, manifest, {});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->manifest_digest, root_of(layout, manifest).descriptor.digest);
  EXPECT_EQ(image->manifest.size, root_of(layout, manifest).descriptor.size);
  EXPECT_TRUE(image->index_digest.empty());
  EXPECT_EQ(image->config_digest.to_string(), digest_of(make_config({"bottom", "top"}, "linux", "arm64")));
  EXPECT_EQ(image->config.platform.to_string(), "linux/arm64");
  ASSERT_EQ(image->layers.size(), 2U);
  EXPECT_EQ(image->layers[0].diff_id.to_string(), digest_of("bottom"));
  EXPECT_EQ(image->layers[1].created_by, "step 2");
  EXPECT_EQ(content_of(image->layers[1]), "top");
}

TEST(Resolve, ChoosesThePlatformThatWasAskedFor) {
  LayoutBuilder layout;
  const std::string index = layout.index({
      layout.image({"amd64"}, "linux", "amd64", platform_member("linux", "amd64")),
      layout.image({"armv5"}, "linux", "arm", platform_member("linux", "arm", "v5")),
      layout.image({"armv6"}, "linux", "arm", platform_member("linux", "arm", "v6")),
      layout.image({"arm64"}, "linux", "arm64", platform_member("linux", "arm64", "v8")),
  });
  for (const auto& [platform, layer] : {std::pair("linux/amd64", "amd64"), std::pair("linux/arm/v7", "armv6"),
                                        std::pair("linux/arm/v5", "armv5"), std::pair("linux/arm64", "arm64")}) {
    const auto image = resolve(layout, index, for_platform(platform));
    ASSERT_TRUE(image) << image.error().to_string();
    EXPECT_EQ(content_of(image->layers[0]), layer);
    EXPECT_EQ(image->index_digest, root_of(layout, index).descriptor.digest);
  }
}

TEST(Resolve, ListsThePlatformsThereAreWhenTheWantedOneIsMissing) {
  LayoutBuilder layout;
  const std::string index = layout.index({
      layout.image({"a"}, "linux", "amd64", platform_member("linux", "amd64")),
      layout.image({"b"}, "linux", "arm64", platform_member("linux", "arm64", "v8")),
      layout.blob("application/vnd.oci.image.manifest.v1+json", "{}", platform_member("unknown", "unknown")),
  });
  const auto image = resolve(layout, index, for_platform("linux/s390x"));
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kNotFound);
  EXPECT_EQ(image.error().message(), "there is no image for linux/s390x, only for linux/amd64, linux/arm64/v8");
  EXPECT_THAT(image.error().remedy(), HasSubstr("--platform"));
}

TEST(Resolve, TakesTheOnlyPlatformUnlessAnotherWasAskedFor) {
  LayoutBuilder layout;
  const std::string lone = layout.image({"a"}, "linux", "riscv64");
  const std::string index =
      layout.index({layout.image({"a"}, "linux", "riscv64", platform_member("linux", "riscv64"))});
  EXPECT_TRUE(resolve(layout, lone, {}));
  EXPECT_TRUE(resolve(layout, index, {}));
  for (const std::string& root : {lone, index}) {
    const auto image = resolve(layout, root, for_platform("linux/amd64"));
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().message(), "there is no image for linux/amd64, only for linux/riscv64");
  }
  EXPECT_TRUE(resolve(layout, lone, for_platform("linux/riscv64")));
}

TEST(Resolve, LooksIntoConfigurationsWhenTheIndexDoesNotSayThePlatform) {
  LayoutBuilder layout;
  const std::string index =
      layout.index({layout.image({"a"}, "linux", "s390x"), layout.image({"b"}, "linux", "ppc64le")});
  const auto image = resolve(layout, index, for_platform("linux/ppc64le"));
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(content_of(image->layers[0]), "b");
  EXPECT_EQ(resolve(layout, index, for_platform("linux/386")).error().message(),
            "there is no image for linux/386, only for linux/ppc64le, linux/s390x");
}

TEST(Resolve, SkipsAttestationsSignaturesAndArtifacts) {
  LayoutBuilder layout;
  const std::string signature =
      layout.blob("application/vnd.oci.image.manifest.v1+json",
                  R"({"schemaVersion": 2, "config": )" +
                      layout.blob("application/vnd.oci.image.config.v1+json", make_config({"x"})) + R"(, "layers": [)" +
                      layout.blob("application/vnd.dev.cosign.simplesigning.v1+json", "x") + "]}");
  const std::string attestation =
      layout.blob("application/vnd.oci.image.manifest.v1+json", "{}",
                  R"(, "annotations": {"vnd.docker.reference.type": "attestation-manifest"})");
  const std::string sbom =
      layout.blob("application/vnd.oci.image.manifest.v1+json", "{ }", R"(, "artifactType": "application/spdx+json")");
  const std::string index = layout.index({attestation, sbom, signature, layout.image({"real"}, "plan9", "mips")});
  const auto image = resolve(layout, index, {});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(content_of(image->layers[0]), "real");

  const auto none = resolve(layout, layout.index({attestation, sbom}), {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::kUnsupported);
  EXPECT_THAT(none.error().message(), HasSubstr("only attestations"));
  EXPECT_EQ(resolve(layout, signature, {}).error().code(), Code::kUnsupported);
  EXPECT_EQ(resolve(layout, layout.index({}), {}).error().code(), Code::kUnsupported);
}

TEST(Resolve, FollowsIndexesInIndexesToALimit) {
  LayoutBuilder layout;
  std::string nested = layout.image({"deep"}, "linux", "mips", platform_member("linux", "mips"));
  std::vector<std::string> by_depth;
  for (int i = 0; i < 6; ++i) by_depth.push_back(nested = layout.index({nested}));
  const auto image = resolve(layout, by_depth[3], for_platform("linux/mips"));
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(content_of(image->layers[0]), "deep");
  EXPECT_EQ(image->index_digest, root_of(layout, by_depth[3]).descriptor.digest);
  const auto too_deep = resolve(layout, by_depth[4], for_platform("linux/mips"));
  ASSERT_FALSE(too_deep);
  EXPECT_EQ(too_deep.error().code(), Code::kLimitExceeded);
  EXPECT_THAT(too_deep.error().remedy(), HasSubstr("--max-index-depth"));
}

TEST(Resolve, LimitsHowManyManifestsItListsAndReads) {
  LayoutBuilder layout;
  std::vector<std::string> manifests;
  for (int i = 0; i < 10; ++i) manifests.push_back(layout.image({std::to_string(i)}, "linux", "mips"));
  const std::string index = layout.index(manifests);
  OpenOptions options = for_platform("linux/amd64");
  options.limits.max_manifests = 9;
  EXPECT_THAT(resolve(layout, index, options).error().remedy(), HasSubstr("--max-manifests"));
  options.limits = {};
  options.limits.max_documents = 5;
  EXPECT_THAT(resolve(layout, index, options).error().remedy(), HasSubstr("--max-manifest-reads"));
}

TEST(Resolve, NamesTheOptionOfADocumentThatIsTooLarge) {
  LayoutBuilder layout;
  const std::string manifest = layout.image({"a"});
  OpenOptions options;
  options.limits.max_config_bytes = 10;
  EXPECT_THAT(resolve(layout, manifest, options).error().remedy(), HasSubstr("--max-config-bytes"));
  options.limits = {};
  options.limits.max_manifest_bytes = 10;
  EXPECT_THAT(resolve(layout, manifest, options).error().remedy(), HasSubstr("--max-manifest-bytes"));
}

TEST(Resolve, ReadsOnlyTheManifestThatItChooses) {
  LayoutBuilder layout;
  const std::string amd64 = layout.image({"a"}, "linux", "amd64", platform_member("linux", "amd64"));
  const std::string arm64 = layout.image({"b"}, "linux", "arm64", platform_member("linux", "arm64"));
  const std::string index = layout.index({amd64, arm64});
  const auto store = std::make_shared<const TestStore>(layout);
  ASSERT_TRUE(resolve_image(store, {root_of(layout, index)}, for_platform("linux/arm64")));
  EXPECT_THAT(store->opened, ::testing::Not(::testing::Contains(root_of(layout, amd64).descriptor.digest.to_string())));
  EXPECT_EQ(store->opened.size(), 3U);  // index, manifest, configuration
}

TEST(Resolve, UsesTheBytesOfARootThatWasReadAlready) {
  LayoutBuilder layout;
  Root root = root_of(layout, layout.image({"a"}));
  root.bytes = layout.files.at(blob_path(root.descriptor.digest));
  layout.files.erase(blob_path(root.descriptor.digest));
  EXPECT_TRUE(resolve_image(std::make_shared<const TestStore>(layout), {root}, {}));
}

TEST(Resolve, RefusesBlobsThatAreNotWhatTheirDigestPromises) {
  LayoutBuilder sound;
  const std::string manifest = sound.image({"layer content"});
  const std::string config = make_config({"layer content"});
  for (const std::string& blob : {root_of(sound, manifest).descriptor.digest.hex(), testing::hex_of(config)}) {
    LayoutBuilder layout = sound;
    std::string& bytes = layout.files.at("blobs/sha256/" + blob);
    bytes[bytes.size() / 2] ^= 1;
    const auto image = resolve(layout, manifest, {});
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code(), Code::kVerificationFailed) << image.error().to_string();
  }
  LayoutBuilder layout = sound;
  layout.files.at("blobs/sha256/" + testing::hex_of("layer content")) = "other  content";
  const auto image = resolve(layout, manifest, {});
  ASSERT_TRUE(image) << image.error().to_string();
  auto source = image->layers[0].open();
  ASSERT_TRUE(source);
  EXPECT_EQ(read_all(**source, 100, "layer").error().code(), Code::kVerificationFailed);
}

TEST(Resolve, NamesTheMissingLayer) {
  LayoutBuilder layout;
  const std::string manifest = layout.image({"one", "two"});
  layout.files.erase("blobs/sha256/" + testing::hex_of("two"));
  const auto image = resolve(layout, manifest, {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kNotFound);
  EXPECT_EQ(image.error().to_string(), "layer 2 of 2: blob " + digest_of("two") + " is missing");
}

TEST(Resolve, KnowsForeignLayersThatAreNotStored) {
  LayoutBuilder layout;
  const std::string foreign = layout.blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "base");
  const std::string ordinary = layout.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", "app");
  const std::string config =
      layout.blob("application/vnd.docker.container.image.v1+json", make_config({"base", "app"}, "windows"));
  const std::string manifest = layout.blob(
      "application/vnd.docker.distribution.manifest.v2+json",
      R"({"schemaVersion": 2, "config": )" + config + R"(, "layers": [)" + foreign + ", " + ordinary + "]}");
  EXPECT_EQ(resolve(layout, manifest, {})->layers[0].kind, Layer::Kind::kArchive);  // a copy is here all the same
  layout.files.erase("blobs/sha256/" + testing::hex_of("base"));
  const auto image = resolve(layout, manifest, {});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->layers[0].kind, Layer::Kind::kForeign);
  EXPECT_FALSE(image->layers[0].open);
  EXPECT_EQ(image->layers[1].kind, Layer::Kind::kArchive);
}

TEST(Resolve, RefusesAnImageWhoseConfigurationCountsOtherLayers) {
  LayoutBuilder layout;
  const std::string config = layout.blob("application/vnd.oci.image.config.v1+json", make_config({"a", "b"}));
  const std::string manifest = layout.blob("application/vnd.oci.image.manifest.v1+json",
                                           R"({"schemaVersion": 2, "config": )" + config + R"(, "layers": [)" +
                                               layout.blob(testing::kTestLayerType, "a") + "]}");
  const auto image = resolve(layout, manifest, {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kMalformed);
  EXPECT_EQ(image.error().message(), "the image has 1 layers, but its configuration lists 2");
}

}  // namespace
}  // namespace bulkhead::oci

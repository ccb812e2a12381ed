#include "oci/docker_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using testing::digest_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::hex_of;
using testing::make_config;
using testing::MemoryFiles;
using testing::quoted_list;

// An archive as `docker save` wrote it until 24.0.
class Builder {
 public:
  std::map<std::string, std::string> files;

  Builder& image(const std::vector<std::string>& tars, const std::vector<std::string>& tags,
                 const std::string& more = "") {
    std::vector<std::string> layers;
    for (const std::string& tar : tars) {
      layers.push_back(hex_of("id of " + tar) + "/layer.tar");
      files[layers.back()] = tar;
    }
    const std::string config = make_config(tars);
    files[hex_of(config) + ".json"] = config;
    return entry(hex_of(config) + ".json", tags, layers, more);
  }
  Builder& entry(const std::string& config, const std::vector<std::string>& tags,
                 const std::vector<std::string>& layers, const std::string& more = "") {
    manifest_ += (manifest_.empty() ? "" : ", ") +
                 (R"({"Config": ")" + config + R"(", "RepoTags": )" + (tags.empty() ? "null" : quoted_list(tags)) +
                  R"(, "Layers": )" + quoted_list(layers) + more + "}");
    files["manifest.json"] = '[' + manifest_ + ']';
    return *this;
  }
  Result<Image> open(std::string_view selector = "", const OpenOptions& options = {}) const {
    return open_docker_archive(std::make_shared<const MemoryFiles>(files), Selector::parse(selector).value(), options);
  }

 private:
  std::string manifest_;
};

std::string content_of(const Layer& layer) {
  auto source = layer.open();
  EXPECT_TRUE(source) << source.error().to_string();
  auto content = read_all(**source, size_t{1} << 20, "layer");
  EXPECT_TRUE(content) << content.error().to_string();
  return content.value_or("");
}

TEST(DockerArchive, OpensItsOnlyImage) {
  const auto image = Builder().image({"bottom", "top"}, {"app:1.0", "app:latest"}).open();
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_THAT(image->repo_tags, ElementsAre("app:1.0", "app:latest"));
  EXPECT_EQ(image->config_digest.to_string(), digest_of(make_config({"bottom", "top"})));
  EXPECT_TRUE(image->manifest_digest.empty());
  ASSERT_EQ(image->layers.size(), 2U);
  EXPECT_TRUE(image->layers[0].descriptor.digest.empty());
  EXPECT_EQ(image->layers[0].descriptor.size, 6U);
  EXPECT_EQ(image->layers[0].diff_id.to_string(), digest_of("bottom"));
  EXPECT_EQ(image->layers[1].created_by, "step 2");
  EXPECT_EQ(content_of(image->layers[1]), "top");
}

TEST(DockerArchive, ChoosesByTagPositionAndConfigurationDigest) {
  Builder archive;
  archive.image({"one"}, {"app:1.0"}).image({"two"}, {"localhost/app:2.0"}).image({"three"}, {});
  EXPECT_EQ(content_of(archive.open(":app:1.0")->layers[0]), "one");
  EXPECT_EQ(content_of(archive.open(":docker.io/library/app:1.0")->layers[0]), "one");
  EXPECT_EQ(content_of(archive.open(":2.0")->layers[0]), "two");
  EXPECT_EQ(content_of(archive.open(":@2")->layers[0]), "three");
  EXPECT_EQ(content_of(archive.open("@" + digest_of(make_config({"three"})))->layers[0]), "three");
  const auto several = archive.open();
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(several.error().to_string(), "test-files: holds several images: app:1.0, localhost/app:2.0, @2");
  EXPECT_THAT(several.error().remedy(), HasSubstr("docker-archive:test-files:app:1.0"));
  EXPECT_EQ(archive.open(":3.0").error().code(), Code::kNotFound);
  EXPECT_EQ(archive.open("@7").error().code(), Code::kNotFound);
}

TEST(DockerArchive, FollowsLinksOfRepeatedLayers) {
  Builder archive;
  const std::string config = make_config({"same", "same"});
  archive.files["a/layer.tar"] = "same";
  archive.files["config.json"] = config;
  archive.entry("config.json", {}, {"a/layer.tar", "b/layer.tar"});
  const auto files = std::make_shared<MemoryFiles>(archive.files);
  files->links["b/layer.tar"] = "a/layer.tar";
  const auto image = open_docker_archive(files, {}, {});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->layers[1].entry_name, "a/layer.tar");
  EXPECT_EQ(content_of(image->layers[1]), "same");
}

TEST(DockerArchive, VerifiesTheConfigurationAgainstItsName) {
  Builder archive;
  archive.image({"one"}, {"app"});
  const std::string name = hex_of(make_config({"one"}));
  archive.files.at(name + ".json").append(" ");
  const auto image = archive.open();
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kVerificationFailed);
  EXPECT_THAT(image.error().to_string(), HasSubstr("is named by the digest sha256:" + name));
  // Builders that are not Docker name it otherwise; kaniko puts the algorithm first.
  Builder other;
  other.files["sha256:" + name] = "{}";
  EXPECT_EQ(other.entry("sha256:" + name, {}, {}).open().error().code(), Code::kVerificationFailed);
}

TEST(DockerArchive, ReadsBlobsOfTheNewLayoutVerified) {
  Builder archive;
  const std::string config = make_config({"one"});
  const std::string layer = "blobs/sha256/" + hex_of("one");
  archive.files["blobs/sha256/" + hex_of(config)] = config;
  archive.files[layer] = "one";
  archive.entry("blobs/sha256/" + hex_of(config), {"app:1"}, {layer});
  const auto image = archive.open();
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->layers[0].descriptor.digest.to_string(), digest_of("one"));
  EXPECT_EQ(content_of(image->layers[0]), "one");
  archive.files.at(layer) = "two";
  auto source = archive.open()->layers[0].open();
  EXPECT_EQ(read_all(**source, 100, "layer").error().code(), Code::kVerificationFailed);
}

TEST(DockerArchive, KnowsForeignLayersByTheirSources) {
  Builder archive;
  const std::string config = make_config({"base", "app"});
  archive.files["c.json"] = config;
  archive.files["app.tar"] = "app";
  archive.entry("c.json", {}, {"base.tar", "app.tar"},
                R"(, "LayerSources": {")" + digest_of("base") +
                    R"(": {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": 1,
                           "digest": "x", "urls": ["https://example.com/"]}})");
  const auto image = archive.open();
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->layers[0].kind, Layer::Kind::kForeign);
  EXPECT_EQ(image->layers[1].kind, Layer::Kind::kArchive);
}

TEST(DockerArchive, SaysWhatIsMissing) {
  Builder archive;
  archive.image({"one", "two"}, {});
  archive.files.erase(hex_of("id of two") + "/layer.tar");
  const auto image = archive.open();
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kNotFound);
  EXPECT_EQ(image.error().to_string(), "test-files: layer 2 of 2: holds no " + hex_of("id of two") + "/layer.tar");
  EXPECT_THAT(Builder().entry("gone.json", {}, {}).open().error().to_string(), HasSubstr("holds no gone.json"));
}

TEST(DockerArchive, RefusesAnotherPlatformThanTheOneItHolds) {
  Builder archive;
  archive.image({"one"}, {});
  OpenOptions options;
  options.platform = Platform::parse("linux/amd64").value();
  EXPECT_TRUE(archive.open("", options));
  options.platform = Platform::parse("linux/s390x").value();
  EXPECT_EQ(archive.open("", options).error().to_string(),
            "test-files: there is no image for linux/s390x, only for linux/amd64");
}

TEST(DockerArchive, RefusesArchivesOlderThanTheirManifest) {
  EXPECT_FALSE(*is_docker_archive(MemoryFiles({})));
  const auto old = is_docker_archive(MemoryFiles({{"repositories", "{}"}}));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code(), Code::kUnsupported);
  EXPECT_THAT(old.error().message(), HasSubstr("before 1.10"));
}

TEST(DockerArchive, RefusesMalformedManifests) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "not valid JSON"},
      {"{}", "must be an array"},
      {"[]", "lists no image"},
      {"[1]", "image 1 must be an object"},
      {"[{}]", "\"Config\" of image 1 is missing"},
      {R"([{"Config": 1}])", "must be a string"},
      {R"([{"Config": "c", "Layers": "l"}])", "must be an array"},
      {R"([{"Config": "c", "config": "d"}])", "given twice"},
      {R"([{"Config": "c", "LayerSources": {"sha256:1": 7}}])", "must be an object"},
  };
  for (const auto& [json, problem] : cases) {
    Builder archive;
    archive.files["manifest.json"] = json;
    const auto image = archive.open();
    ASSERT_FALSE(image) << json;
    EXPECT_THAT(image.error().to_string(), HasSubstr(problem)) << json;
    EXPECT_THAT(image.error().to_string(), HasSubstr("test-files: ")) << json;
  }
  Builder counts;
  counts.files["c.json"] = make_config({"one", "two"});
  counts.files["one.tar"] = "one";
  EXPECT_EQ(counts.entry("c.json", {}, {"one.tar"}).open().error().code(), Code::kMalformed);
}

TEST(DockerArchive, StopsAtItsLimits) {
  Builder archive;
  archive.image({"one"}, {"a"}).image({"two"}, {"b"});
  OpenOptions options;
  options.limits.max_manifests = 1;
  EXPECT_THAT(archive.open("@0", options).error().remedy(), HasSubstr("--max-manifests"));
  options.limits = {};
  options.limits.max_layers = 0;
  EXPECT_THAT(archive.open("@0", options).error().remedy(), HasSubstr("--max-layers"));
  options.limits = {};
  options.limits.max_manifest_bytes = 10;
  EXPECT_THAT(archive.open("@0", options).error().remedy(), HasSubstr("--max-manifest-bytes"));
  options.limits = {};
  options.limits.max_config_bytes = 10;
  const auto large = archive.open(":a", options);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), Code::kLimitExceeded);
  EXPECT_THAT(large.error().remedy(), HasSubstr("--max-config-bytes"));
}

TEST(DockerArchive, ReadsNoMoreConfigurationsThanItNeedsToFindADigest) {
  const std::string config = make_config({"one"});
  Builder archive;
  archive.files["one.tar"] = "one";
  archive.files["config.json"] = config;
  // A name that is a digest is believed here, and verified when its image is chosen.
  archive.entry(hex_of("another configuration") + ".json", {}, {}).entry("config.json", {}, {"one.tar"});
  const auto image = archive.open("@" + digest_of(config));
  ASSERT_TRUE(image) << image.error().to_string();
  Builder hostile;
  for (int i = 0; i < 100; ++i) {
    hostile.files["c" + std::to_string(i)] = config;
    hostile.entry("c" + std::to_string(i), {}, {"one.tar"});
  }
  EXPECT_THAT(hostile.open("@" + digest_of("nothing")).error().remedy(), HasSubstr("--max-manifest-reads"));
}

}  // namespace
}  // namespace bulkhead::oci

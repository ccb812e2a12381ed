#include "oci/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using testing::digest_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LayoutBuilder;
using testing::MemoryFiles;
using testing::named;
using testing::platform_member;

Result<Image> open(const LayoutBuilder& layout, std::string_view selector = "", std::string_view platform = "") {
  OpenOptions options;
  if (!platform.empty()) options.platform = Platform::parse(platform).value();
  return open_layout(std::make_shared<const MemoryFiles>(layout.files), Selector::parse(selector).value(), options);
}

std::string content_of(const Layer& layer) {
  auto source = layer.open();
  EXPECT_TRUE(source) << source.error().to_string();
  auto content = read_all(**source, size_t{1} << 20, "layer");
  EXPECT_TRUE(content) << content.error().to_string();
  return content.value_or("");
}

TEST(Layout, OpensItsOnlyImageWithoutAName) {
  LayoutBuilder layout;
  layout.finish({layout.image({"content"}, "linux", "mips", named("1.2"))});
  const auto image = open(layout);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(content_of(image->layers.at(0)), "content");
  EXPECT_EQ(image->layers[0].entry_name, blob_path(*Digest::parse(digest_of("content"))));
  EXPECT_THAT(image->repo_tags, ElementsAre("1.2"));
  EXPECT_TRUE(open(layout, ":1.2"));
}

TEST(Layout, ChoosesByNameAndByDigest) {
  LayoutBuilder layout;
  const std::string one = layout.image({"one"}, "linux", "mips", named("1.0"));
  const std::string two = layout.image({"two"}, "linux", "mips", named("localhost/app:2.0"));
  layout.finish({one, two});
  EXPECT_EQ(content_of(open(layout, ":1.0")->layers[0]), "one");
  EXPECT_EQ(content_of(open(layout, ":2.0")->layers[0]), "two");
  EXPECT_EQ(content_of(open(layout, ":localhost/app:2.0")->layers[0]), "two");
  EXPECT_EQ(content_of(open(layout, "@1")->layers[0]), "two");
  const Digest digest = open(layout, ":1.0")->manifest_digest;
  EXPECT_EQ(content_of(open(layout, "@" + digest.to_string())->layers[0]), "one");
  EXPECT_EQ(open(layout, ":2.0@" + digest.to_string()).error().code(), Code::kNotFound);
}

TEST(Layout, ListsItsImagesWhenNoneIsChosen) {
  LayoutBuilder layout;
  layout.finish(
      {layout.image({"one"}, "linux", "mips", named("1.0")), layout.image({"two"}, "linux", "mips", named("2.0"))});
  const auto several = open(layout);
  ASSERT_FALSE(several);
  EXPECT_EQ(several.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(several.error().to_string(), "test-files: holds several images: 1.0, 2.0");
  const auto none = open(layout, ":3.0");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::kNotFound);
  EXPECT_EQ(none.error().to_string(), "test-files: holds no image :3.0; there is 1.0, 2.0");
}

TEST(Layout, TakesEntriesOfOneNameAsOneImageForSeveralPlatforms) {
  LayoutBuilder layout;
  layout.finish({layout.image({"one"}, "linux", "mips", platform_member("linux", "mips")),
                 layout.image({"two"}, "linux", "s390x", platform_member("linux", "s390x"))});
  EXPECT_EQ(content_of(open(layout, "", "linux/s390x")->layers[0]), "two");
  EXPECT_EQ(content_of(open(layout, "", "linux/mips")->layers[0]), "one");
  EXPECT_EQ(open(layout, "", "linux/386").error().code(), Code::kNotFound);
  // A copy of one platform lacks the manifests of the others.
  layout.files.erase("blobs/sha256/" + open(layout, "", "linux/mips")->manifest_digest.hex());
  EXPECT_TRUE(open(layout, "", "linux/s390x"));
  EXPECT_THAT(open(layout, "", "linux/mips").error().to_string(), HasSubstr("is missing"));
}

TEST(Layout, ListsImagesThatOnlyTheirDigestsTellApart) {
  const std::string mips = platform_member("linux", "mips");
  const struct {
    std::string first, second;
  } kCases[] = {{"", ""}, {mips, mips}, {mips, ""}, {"", mips}, {named("app"), named("app")}};
  for (const auto& c : kCases) {
    LayoutBuilder layout;
    layout.finish(
        {layout.image({"nginx"}, "linux", "mips", c.first), layout.image({"redis"}, "linux", "mips", c.second),
         layout.image({"other"}, "linux", "s390x", c.first == mips ? platform_member("linux", "s390x") : c.first)});
    for (const std::string_view platform : {"", "linux/mips"}) {
      const auto several = open(layout, "", platform);
      ASSERT_FALSE(several) << c.first << "|" << c.second;
      if (platform.empty() && several.error().code() == Code::kNotFound) continue;  // nothing for this machine
      EXPECT_EQ(several.error().code(), Code::kInvalidArgument) << several.error().to_string();
      EXPECT_THAT(several.error().message(), HasSubstr("holds several images for linux/mips: @sha256:"));
      EXPECT_THAT(several.error().remedy(), HasSubstr("@sha256:"));
    }
    EXPECT_EQ(content_of(open(layout, "", "linux/s390x")->layers[0]), "other");
  }
  // The same image twice is one, and so is what one index lists.
  LayoutBuilder twice;
  twice.finish({twice.image({"one"}, "linux", "mips"), twice.image({"one"}, "linux", "mips")});
  EXPECT_TRUE(open(twice));
}

TEST(Layout, TakesOneManifestUnderSeveralNamesAsOneImage) {
  LayoutBuilder layout;
  layout.finish(
      {layout.image({"one"}, "linux", "mips", named("1.0")), layout.image({"one"}, "linux", "mips", named("latest"))});
  const auto image = open(layout);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_THAT(image->repo_tags, ElementsAre("1.0", "latest"));
}

TEST(Layout, IgnoresAttestationsBesideTheImage) {
  LayoutBuilder layout;
  layout.finish({layout.image({"one"}, "linux", "mips", named("1.0")),
                 layout.blob("application/vnd.oci.image.manifest.v1+json", "{}",
                             R"(, "annotations": {"vnd.docker.reference.type": "attestation-manifest"})")});
  const auto image = open(layout);
  ASSERT_TRUE(image) << image.error().to_string();
}

TEST(Layout, FollowsIndexesAmongItsBlobs) {
  LayoutBuilder layout;
  const std::string mips = layout.image({"one"}, "linux", "mips", platform_member("linux", "mips"));
  const std::string s390x = layout.image({"two"}, "linux", "s390x", platform_member("linux", "s390x"));
  layout.finish({layout.index({mips, s390x}, named("app"))});
  const auto image = open(layout, ":app", "linux/s390x");
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(content_of(image->layers[0]), "two");
  EXPECT_FALSE(image->index_digest.empty());
  // A manifest that only the inner index names.
  const auto by_digest = open(layout, "@" + image->manifest_digest.to_string());
  ASSERT_TRUE(by_digest) << by_digest.error().to_string();
  EXPECT_EQ(by_digest->manifest_digest, image->manifest_digest);
}

TEST(Layout, ReadsTheNamesThatContainerdWrites) {
  LayoutBuilder layout;
  layout.finish({layout.image({"one"}, "linux", "mips",
                              R"(, "annotations": {"io.containerd.image.name": "docker.io/library/app:1.0",
                                                   "org.opencontainers.image.ref.name": "1.0"})"),
                 layout.image({"two"}, "linux", "mips",
                              R"(, "annotations": {"io.containerd.image.name": "docker.io/library/other:1.0",
                                                   "org.opencontainers.image.ref.name": "1.0"})")});
  EXPECT_EQ(content_of(open(layout, ":app:1.0")->layers[0]), "one");
  EXPECT_EQ(content_of(open(layout, ":other:1.0")->layers[0]), "two");
  const auto several = open(layout, ":1.0");
  ASSERT_FALSE(several);
  EXPECT_THAT(several.error().message(), HasSubstr("docker.io/library/app:1.0, docker.io/library/other:1.0"));
}

TEST(Layout, SaysWhichBlobIsMissing) {
  LayoutBuilder layout;
  layout.finish({layout.image({"one", "two"}, "linux", "mips")});
  layout.files.erase("blobs/sha256/" + testing::hex_of("two"));
  const auto image = open(layout);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kNotFound);
  EXPECT_EQ(image.error().to_string(), "test-files: layer 2 of 2: blob " + digest_of("two") + " is missing");
  LayoutBuilder empty;
  empty.finish({LayoutBuilder().image({"one"}, "linux", "mips")});
  EXPECT_THAT(open(empty).error().to_string(), HasSubstr("is missing"));
}

TEST(Layout, SeesALayerOfTheWrongSizeBeforeReadingIt) {
  LayoutBuilder layout;
  layout.finish({layout.image({"whole layer"}, "linux", "mips")});
  layout.files.at("blobs/sha256/" + testing::hex_of("whole layer")) = "whole";
  const auto image = open(layout);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kVerificationFailed);
  EXPECT_THAT(image.error().to_string(), HasSubstr("is 5 bytes large, but its descriptor says 11"));
  EXPECT_THAT(image.error().remedy(), HasSubstr("again"));
}

TEST(Layout, RefusesWhatIsNoLayoutOfVersion1) {
  LayoutBuilder layout;
  layout.finish({layout.image({"one"}, "linux", "mips")});
  EXPECT_TRUE(*is_layout(MemoryFiles(layout.files)));
  for (const auto& [file, content, code] :
       {std::tuple("oci-layout", R"({"imageLayoutVersion": "2.0.0"})", Code::kUnsupported),
        std::tuple("oci-layout", "{}", Code::kMalformed), std::tuple("oci-layout", "1.0.0", Code::kMalformed),
        std::tuple("index.json", "{}", Code::kMalformed), std::tuple("index.json", "", Code::kMalformed),
        std::tuple("index.json", R"({"schemaVersion": 2, "config": {}, "layers": []})", Code::kMalformed)}) {
    LayoutBuilder broken = layout;
    broken.files[file] = content;
    const auto image = open(broken);
    ASSERT_FALSE(image) << file << ": " << content;
    EXPECT_EQ(image.error().code(), code) << image.error().to_string();
    EXPECT_THAT(image.error().to_string(), HasSubstr("test-files: "));
    broken.files.erase(file);
    EXPECT_FALSE(*is_layout(MemoryFiles(broken.files)));
    EXPECT_EQ(open(broken).error().code(), Code::kNotFound);
  }
}

TEST(Layout, ReadsAFolderWithoutOpeningSpecialFiles) {
  const TemporaryFolder folder;
  LayoutBuilder layout;
  layout.finish({layout.image({"content"}, "linux", "mips")});
  const std::string path = testing::write_layout(folder, layout, "layout");
  const auto image = open_layout(make_folder_store(path), {}, {});
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(content_of(image->layers[0]), "content");

  // A pipe in the place of a blob would hold a careless reader forever.
  const std::string blob = path + "/" + image->layers[0].entry_name;
  ASSERT_EQ(::unlink(blob.c_str()), 0);
  ASSERT_EQ(::mkfifo(blob.c_str(), 0600), 0);
  EXPECT_THAT(open_layout(make_folder_store(path), {}, {}).error().to_string(), HasSubstr("is missing"));
  EXPECT_EQ(image->layers[0].open().error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace bulkhead::oci

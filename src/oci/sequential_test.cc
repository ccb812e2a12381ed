#include "oci/sequential.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using testing::digest_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::hex_of;
using testing::LayoutBuilder;
using testing::make_config;
using testing::make_tar;
using ::testing::Pair;
using testing::TarFile;
using ::testing::UnorderedElementsAre;

// Keeps what it is given; refuses entries whose content begins with `refused`.
class Recorder final : public LayerVisitor {
 public:
  Status visit(const std::string& entry_name, const Digest& digest, BlockSource& bytes) override {
    TRY_ASSIGN(const std::string content, read_all(bytes, size_t{1} << 20, entry_name));
    if (!refused.empty() && content.starts_with(refused)) return fail(code, "not a layer");
    contents.emplace_back(entry_name, content);
    digests.push_back(digest);
    return {};
  }

  std::vector<std::pair<std::string, std::string>> contents;
  std::vector<Digest> digests;
  std::string refused;
  Code code = Code::kMalformed;
};

// Hands out a block of a few bytes at a time.
class SlowSource final : public BlockSource {
 public:
  explicit SlowSource(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<ByteSpan> next() override {
    const ByteSpan rest = as_bytes(bytes_).subspan(position_);
    const ByteSpan block = rest.first(std::min<size_t>(rest.size(), 7));
    position_ += block.size();
    return block;
  }

 private:
  std::string bytes_;
  size_t position_ = 0;
};

Result<Image> read(const std::string& archive, LayerVisitor& visitor, ArchiveFormat format = ArchiveFormat::kAny,
                   std::string_view selector = "", const OpenOptions& options = {}) {
  return make_sequential_image(std::make_unique<MemorySource>(archive), "stream", format,
                               Selector::parse(selector).value(), options)
      ->read(visitor);
}

LayoutBuilder two_layers() {
  LayoutBuilder layout;
  layout.finish({layout.image({"bottom", "top"}, "linux", "mips")});
  return layout;
}

std::vector<TarFile> docker_archive(const std::vector<std::string>& tars) {
  std::vector<TarFile> entries;
  std::vector<std::string> layers;
  for (const std::string& tar : tars) {
    const std::string id = hex_of("id of " + tar);
    entries.push_back({id, "", '5', ""});
    entries.push_back({id + "/VERSION", "1.0", '0', ""});
    entries.push_back({id + "/json", R"({"id": "x"})", '0', ""});
    layers.push_back(id + "/layer.tar");
    entries.push_back({layers.back(), tar, '0', ""});
  }
  const std::string config = make_config(tars);
  entries.push_back({hex_of(config) + ".json", config, '0', ""});
  entries.push_back({"manifest.json",
                     R"([{"Config": ")" + hex_of(config) + R"(.json", "RepoTags": ["app:1"], "Layers": )" +
                         testing::quoted_list(layers) + "}]",
                     '0', ""});
  entries.push_back({"repositories", R"({"app": {"1": "x"}})", '0', ""});
  return entries;
}

TEST(SequentialImage, VisitsTheBlobsOfALayoutAndFindsTheImageAtItsEnd) {
  Recorder visitor;
  const auto image = read(two_layers().tar(), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  ASSERT_EQ(image->layers.size(), 2U);
  EXPECT_EQ(image->layers[0].entry_name, "blobs/sha256/" + hex_of("bottom"));
  EXPECT_EQ(image->layers[1].diff_id.to_string(), digest_of("top"));
  EXPECT_FALSE(image->layers[0].open);
  EXPECT_THAT(visitor.contents, UnorderedElementsAre(Pair(image->layers[0].entry_name, "bottom"),
                                                     Pair(image->layers[1].entry_name, "top")));
  EXPECT_THAT(visitor.digests,
              UnorderedElementsAre(*Digest::parse(digest_of("bottom")), *Digest::parse(digest_of("top"))));
}

TEST(SequentialImage, TakesPathsOfTheManifestHoweverTheyAreWritten) {
  std::vector<TarFile> entries = docker_archive({"bottom"});
  for (TarFile& entry : entries) {
    if (entry.path != "manifest.json") continue;
    for (const std::string_view from : {R"("Config": ")", R"("Layers": [")"}) {
      entry.content.insert(entry.content.find(from) + from.size(), "./");
    }
  }
  Recorder visitor;
  const auto image = read(make_tar(entries), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(image->layers[0].entry_name, hex_of("id of bottom") + "/layer.tar");
}

TEST(SequentialImage, ReadsWhatDockerSaveWrote) {
  Recorder visitor;
  const auto image = read(make_tar(docker_archive({"bottom", "top"})), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_THAT(image->repo_tags, ElementsAre("app:1"));
  EXPECT_EQ(image->layers[0].entry_name, hex_of("id of bottom") + "/layer.tar");
  EXPECT_THAT(visitor.contents, ::testing::Contains(Pair(image->layers[1].entry_name, "top")));
  EXPECT_TRUE(visitor.digests.front().empty());
}

TEST(SequentialImage, ReadsCompressedArchivesInBlocksOfAnySize) {
  const std::string gzip = testing::make_gzip(two_layers().tar());
  Recorder visitor;
  const auto image =
      make_sequential_image(std::make_unique<SlowSource>(gzip), "stream", ArchiveFormat::kAny, {}, {})->read(visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(visitor.contents.size(), 2U);
}

TEST(SequentialImage, PrefersTheLayoutOfAnArchiveThatIsBoth) {
  LayoutBuilder layout = two_layers();
  layout.files["manifest.json"] = "[]";
  Recorder visitor;
  const auto image = read(layout.tar(), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_FALSE(image->manifest_digest.empty());
  EXPECT_THAT(read(layout.tar(), visitor, ArchiveFormat::kDockerArchive).error().message(),
              HasSubstr("lists no image"));
}

TEST(SequentialImage, FollowsLinksOfRepeatedLayers) {
  const std::string config = make_config({"same", "same", "same"});
  const std::string manifest =
      R"([{"Config": "c.json", "RepoTags": null, "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"]}])";
  Recorder visitor;
  const auto image = read(make_tar({{"b/layer.tar", "", '2', "../a/layer.tar"},
                                    {"a/layer.tar", "same", '0', ""},
                                    {"c/layer.tar", "", '1', "b/layer.tar"},
                                    {"c.json", config, '0', ""},
                                    {"manifest.json", manifest, '0', ""}}),
                          visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  for (const Layer& layer : image->layers) EXPECT_EQ(layer.entry_name, "a/layer.tar");
  EXPECT_EQ(visitor.contents.size(), 1U);
}

TEST(SequentialImage, GivesUpOnLinksThatLeadNowhere) {
  const std::string manifest = R"([{"Config": "c.json", "RepoTags": null, "Layers": ["LINK"]}])";
  for (const std::string_view link : {"loop1", "out", "gone"}) {
    std::string with_link = manifest;
    with_link.replace(with_link.find("LINK"), 4, link);
    Recorder visitor;
    const auto image = read(make_tar({{"loop1", "", '2', "loop2"},
                                      {"loop2", "", '2', "loop1"},
                                      {"out", "", '2', "../../etc/passwd"},
                                      {"gone", "", '2', "nothing"},
                                      {"c.json", make_config({"a"}), '0', ""},
                                      {"manifest.json", with_link, '0', ""}}),
                            visitor);
    ASSERT_FALSE(image) << link;
    EXPECT_EQ(image.error().code(), Code::kNotFound) << link;
  }
}

TEST(SequentialImage, VisitsALayerThatLookedLikeJsonAfterwards) {
  const std::string layer = make_tar({{"{name}", "content", '0', ""}});
  LayoutBuilder layout;
  layout.finish({layout.image({layer}, "linux", "mips")});
  Recorder visitor;
  const auto image = read(layout.tar(), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_THAT(visitor.contents, ElementsAre(Pair(image->layers[0].entry_name, layer)));
}

TEST(SequentialImage, KeepsAVisitorsErrorUntilTheImageNeedsTheEntry) {
  LayoutBuilder layout = two_layers();
  layout.blob("application/octet-stream", "stray blob");
  Recorder visitor;
  visitor.refused = "stray";
  const auto image = read(layout.tar(), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  visitor.refused = "top";
  const auto refused = read(layout.tar(), visitor);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().to_string(), "stream: layer blobs/sha256/" + hex_of("top") + ": not a layer");
}

TEST(SequentialImage, StopsAtOnceWhenTheVisitorCancels) {
  Recorder visitor;
  visitor.refused = "bottom";
  visitor.code = Code::kCancelled;
  LayoutBuilder layout = two_layers();
  const auto image = read(layout.tar(), visitor);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kCancelled);
}

TEST(SequentialImage, VerifiesEvenWhatTheVisitorDoesNotRead) {
  class Lazy final : public LayerVisitor {
    Status visit(const std::string& /*name*/, const Digest& /*digest*/, BlockSource& /*bytes*/) override { return {}; }
  } lazy;
  LayoutBuilder layout = two_layers();
  EXPECT_TRUE(read(layout.tar(), lazy));
  layout.files.at("blobs/sha256/" + hex_of("top")) = "pot";
  const auto image = read(layout.tar(), lazy);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kVerificationFailed);
  EXPECT_THAT(image.error().to_string(), HasSubstr("stream: "));
}

TEST(SequentialImage, VerifiesManifestsAndConfigurations) {
  for (const auto& [path, bytes] : two_layers().files) {
    if (!path.starts_with("blobs/")) continue;
    LayoutBuilder layout = two_layers();
    layout.files.at(path).back() ^= 1;
    Recorder visitor;
    const auto image = read(layout.tar(), visitor);
    ASSERT_FALSE(image) << path;
    EXPECT_EQ(image.error().code(), Code::kVerificationFailed) << path;
  }
}

TEST(SequentialImage, RefusesTwoLayersOfOneName) {
  std::vector<TarFile> entries = docker_archive({"bottom", "top"});
  entries.push_back({hex_of("id of top") + "/layer.tar", "evil", '0', ""});
  Recorder visitor;
  const auto image = read(make_tar(entries), visitor);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code(), Code::kMalformed);
  EXPECT_THAT(image.error().to_string(), HasSubstr("two entries named"));
  entries.back() = {hex_of("id of top") + "/layer.tar", "", '2', "elsewhere"};
  EXPECT_EQ(read(make_tar(entries), visitor).error().code(), Code::kMalformed);
}

TEST(SequentialImage, TakesTheLastOfSeveralDocumentsOfOneName) {
  std::vector<TarFile> entries = docker_archive({"bottom"});
  entries.insert(entries.begin(), {"manifest.json", "[]", '0', ""});
  Recorder visitor;
  EXPECT_TRUE(read(make_tar(entries), visitor));
}

TEST(SequentialImage, AcceptsOneBlobTwice) {
  LayoutBuilder layout = two_layers();
  std::vector<TarFile> entries;
  for (int i = 0; i < 2; ++i) {
    for (const auto& [path, content] : layout.files) entries.push_back({path, content, '0', ""});
  }
  Recorder visitor;
  const auto image = read(make_tar(entries), visitor);
  ASSERT_TRUE(image) << image.error().to_string();
  EXPECT_EQ(visitor.contents.size(), 2U);
}

TEST(SequentialImage, NoticesATruncatedStreamAtEveryLength) {
  const std::string tar = two_layers().tar();
  // What follows the last entry's content is padding and the end marker, without which nothing is missing.
  for (size_t length = 512; length < tar.size() - 1024 - 512; length += 256) {
    Recorder visitor;
    const auto image = read(tar.substr(0, length), visitor);
    ASSERT_FALSE(image) << length;
    EXPECT_NE(image.error().code(), Code::kInternal) << length;
  }
  const std::string gzip = testing::make_gzip(tar);
  for (size_t length = 0; length < gzip.size(); length += 101) {
    Recorder visitor;
    ASSERT_FALSE(read(gzip.substr(0, length), visitor)) << length;
  }
}

TEST(SequentialImage, SaysWhenAStreamHoldsNoImage) {
  Recorder visitor;
  const auto root = read(make_tar({{"etc/os-release", "ID=debian", '0', ""}}), visitor);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code(), Code::kUnsupported);
  EXPECT_EQ(root.error().to_string(),
            "stream: is a root file system (it holds etc/os-release), but no image: it has no manifest");
  EXPECT_EQ(root.error().remedy(), "unpack it into a folder and scan rootfs:FOLDER");
  for (const ArchiveFormat format : {ArchiveFormat::kLayout, ArchiveFormat::kDockerArchive}) {
    EXPECT_EQ(read(make_tar({{"etc/os-release", "ID=debian", '0', ""}}), visitor, format).error().to_string(),
              root.error().to_string());
  }
  const auto other = read(make_tar({{"app/main.py", "import os", '0', ""}}), visitor);
  EXPECT_THAT(other.error().to_string(), HasSubstr("stream: is no image: it holds neither an OCI layout"));
  EXPECT_THAT(other.error().remedy(), HasSubstr("docker save"));
  EXPECT_THAT(other.error().remedy(), HasSubstr("rootfs:"));
  const auto text = read("this is not an archive", visitor);
  EXPECT_EQ(text.error().code(), Code::kMalformed);
  EXPECT_THAT(text.error().to_string(), HasSubstr("stream: is no tar archive, compressed or not ("));
  EXPECT_EQ(read("", visitor).error().to_string(), "stream: is empty");
  EXPECT_EQ(read(make_tar({{"repositories", "{}", '0', ""}}), visitor).error().code(), Code::kUnsupported);
}

TEST(SequentialImage, SaysWhichFormatItIsWhenAnotherIsForced) {
  Recorder visitor;
  LayoutBuilder layout = two_layers();
  const auto no_archive = read(layout.tar(), visitor, ArchiveFormat::kDockerArchive);
  ASSERT_FALSE(no_archive);
  EXPECT_THAT(no_archive.error().to_string(), HasSubstr("is an OCI layout, but not what docker save writes"));
  EXPECT_THAT(no_archive.error().remedy(), HasSubstr("oci:"));
  const auto no_layout = read(make_tar({{"manifest.json", "[]", '0', ""}}), visitor, ArchiveFormat::kLayout);
  ASSERT_FALSE(no_layout);
  EXPECT_THAT(no_layout.error().to_string(), HasSubstr("is what docker save writes, but no OCI layout"));
  EXPECT_THAT(no_layout.error().remedy(), HasSubstr("docker-archive:"));
}

TEST(SequentialImage, DoubtsThatWhatPassesALimitIsAnImage) {
  Recorder visitor;
  OpenOptions options;
  options.archive_limits.max_members = 3;
  const auto root = read(make_tar({{"a", "", '0', ""}, {"b", "", '0', ""}, {"c", "", '0', ""}, {"d", "", '0', ""}}),
                         visitor, ArchiveFormat::kAny, "", options);
  ASSERT_FALSE(root);
  EXPECT_THAT(root.error().remedy(), HasSubstr("--max-members; if it is no image but a root file system"));
  const auto image =
      read(make_tar({{"manifest.json", "[]", '0', ""}, {"b", "", '0', ""}, {"c", "", '0', ""}, {"d", "", '0', ""}}),
           visitor, ArchiveFormat::kAny, "", options);
  ASSERT_FALSE(image);
  EXPECT_TRUE(image.error().remedy().ends_with("--max-members")) << image.error().remedy();
}

TEST(SequentialImage, BoundsTheWholeArchive) {
  Recorder visitor;
  OpenOptions options;
  const std::string archive = two_layers().tar();
  options.archive_limits.max_image_bytes = archive.size();
  options.archive_limits.max_layer_bytes = 1;  // the visitor's affair
  EXPECT_TRUE(read(archive, visitor, ArchiveFormat::kAny, "", options));
  options.archive_limits.max_image_bytes -= 1;
  EXPECT_THAT(read(archive, visitor, ArchiveFormat::kAny, "", options).error().remedy(),
              HasSubstr("--max-image-bytes"));
}

TEST(SequentialImage, StopsAtItsLimits) {
  Recorder visitor;
  OpenOptions options;
  options.archive_limits.max_members = 3;
  EXPECT_EQ(read(two_layers().tar(), visitor, ArchiveFormat::kAny, "", options).error().code(), Code::kLimitExceeded);
  options = {};
  options.limits.max_kept_json_bytes = 1000;
  EXPECT_THAT(read(two_layers().tar(), visitor, ArchiveFormat::kAny, "", options).error().remedy(),
              HasSubstr("--max-archive-json"));
  options = {};
  options.limits.max_manifest_bytes = 10;
  EXPECT_THAT(read(two_layers().tar(), visitor, ArchiveFormat::kAny, "", options).error().remedy(),
              HasSubstr("--max-manifest-bytes"));
}

TEST(SequentialImage, ChoosesAmongSeveralImages) {
  LayoutBuilder layout;
  layout.finish({layout.image({"one"}, "linux", "mips", testing::named("1.0")),
                 layout.image({"two"}, "linux", "mips", testing::named("2.0"))});
  Recorder visitor;
  EXPECT_EQ(read(layout.tar(), visitor, ArchiveFormat::kLayout, ":2.0")->layers[0].diff_id.to_string(),
            digest_of("two"));
  EXPECT_EQ(read(layout.tar(), visitor).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead::oci

// Real archives of the shared corpus: docker save archives of two collections, and OCI layouts good and broken.
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "base/fs.h"
#include "base/test_data.h"
#include "oci/locate.h"
#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string corpus(const std::string& path) {
  const auto root = test_data_dir();
  if (!root || !std::filesystem::exists(*root + "/" + path)) return {};
  return *root + "/" + path;
}

// The files of a compressed tar.
std::map<std::string, std::string> members_of(const std::string& path) {
  std::map<std::string, std::string> members;
  auto source = open_file_source(path);
  EXPECT_TRUE(source) << source.error().to_string();
  archive::TarReader reader(archive::make_inflating_source(std::move(*source)));
  for (;;) {
    const auto entry = reader.next();
    EXPECT_TRUE(entry) << entry.error().to_string();
    if (!entry || *entry == nullptr) return members;
    if ((*entry)->type != archive::TarType::kFile) continue;
    const std::string name = (*entry)->path;
    members[name] = read_all(reader.content(), size_t{1} << 24, name).value();
  }
}

Digest diff_id_of(std::unique_ptr<BlockSource> stored) {
  const auto inflated = archive::make_inflating_source(std::move(stored));
  Hasher hasher;
  for (;;) {
    const auto block = inflated->next();
    EXPECT_TRUE(block) << block.error().to_string();
    if (!block || block->empty()) return hasher.finish();
    hasher.update(*block);
  }
}

class DiffIds final : public LayerVisitor {
 public:
  Status visit(const std::string& entry_name, const Digest& /*digest*/, BlockSource& bytes) override {
    TRY_ASSIGN(std::string content, read_all(bytes, size_t{1} << 24, entry_name));
    by_entry[entry_name] = diff_id_of(std::make_unique<MemorySource>(std::move(content)));
    return {};
  }
  std::map<std::string, Digest> by_entry;
};

// Opens the image, reads every layer and compares its contents with what the configuration promises.
Image read_whole(const std::string& text) {
  auto opened = open_image(text, {}, {});
  EXPECT_TRUE(opened) << opened.error().to_string();
  if (!opened) return {};
  DiffIds visited;
  if (auto* const stream = std::get_if<std::unique_ptr<SequentialImage>>(&*opened)) {
    auto image = (*stream)->read(visited);
    EXPECT_TRUE(image) << image.error().to_string();
    if (!image) return {};
    for (const Layer& layer : image->layers) EXPECT_EQ(visited.by_entry[layer.entry_name], layer.diff_id) << text;
    return std::move(*image);
  }
  Image image = std::move(std::get<Image>(*opened));
  for (const Layer& layer : image.layers) {
    auto source = layer.open();
    EXPECT_TRUE(source) << source.error().to_string();
    if (source) EXPECT_EQ(diff_id_of(std::move(*source)), layer.diff_id) << text;
  }
  return image;
}

TEST(Corpus, ReadsCompressedDockerSaves) {
  const std::string folder = corpus("peers/images");
  if (folder.empty()) GTEST_SKIP() << "peers/images is not there: set BULKHEAD_TEST_DATA";
  int images = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const Image image = read_whole(file.path());
    EXPECT_EQ(image.layers.size(), 1U) << file.path();
    EXPECT_EQ(image.config.platform.to_string(), "linux/amd64");
    EXPECT_THAT(image.layers.at(0).created_by, HasSubstr("ADD file:")) << file.path();
    ++images;
  }
  EXPECT_EQ(images, 3);
}

TEST(Corpus, ReadsDockerSavesAsFileAndAsStreamAlike) {
  const std::string collection = corpus("fixtures/image-archives/scalibr-image-tars.tar.zst");
  if (collection.empty()) GTEST_SKIP() << "scalibr-image-tars is not there: set BULKHEAD_TEST_DATA";
  const TemporaryFolder folder;
  int images = 0;
  for (const auto& [name, tar] : members_of(collection)) {
    if (name.ends_with("/empty.tar")) continue;
    const Image image = read_whole(folder.write("save.tar", tar));
    const Image streamed = read_whole(folder.write("save.tar.gz", testing::make_gzip(tar)));
    ASSERT_FALSE(image.layers.empty()) << name;
    EXPECT_EQ(image.repo_tags.size(), 1U) << name;
    EXPECT_EQ(image.config_digest, streamed.config_digest) << name;
    ASSERT_EQ(image.layers.size(), streamed.layers.size()) << name;
    for (size_t i = 0; i < image.layers.size(); ++i) {
      EXPECT_EQ(image.layers[i].entry_name, streamed.layers[i].entry_name);
      EXPECT_FALSE(image.layers[i].created_by.empty()) << name;
    }
    ++images;
  }
  EXPECT_EQ(images, 9);
}

TEST(Corpus, TellsSoundLayoutsFromBrokenOnes) {
  const std::string collection = corpus("fixtures/image-archives/trivy-oci-layouts.tar.zst");
  if (collection.empty()) GTEST_SKIP() << "trivy-oci-layouts is not there: set BULKHEAD_TEST_DATA";
  const TemporaryFolder folder;
  for (const auto& [name, content] : members_of(collection)) folder.write(name, content);
  for (const std::string_view name : {"test.oci", "test_image_tag.oci", "test_image_tag.oci:0.0.1", "oci:test.oci"}) {
    const std::string_view scheme = name.starts_with("oci:") ? name.substr(0, 4) : "";
    const Image image = read_whole(std::string(scheme) + folder.path() + "/" + std::string(name.substr(scheme.size())));
    ASSERT_EQ(image.layers.size(), 1U) << name;
    EXPECT_THAT(image.layers[0].created_by, HasSubstr("COPY file:"));
  }
  struct Case {
    std::string_view name;
    Code code;
    std::string_view problem;
  };
  constexpr Case kBroken[] = {
      {"test_bad_index_json.oci", Code::kMalformed, "index.json"},
      {"test_index_json_dir.oci", Code::kNotFound, "neither an OCI layout"},
      {"test_invalid_oci_image.oci", Code::kNotFound, "is missing"},
      {"test_no_valid_manifests.oci", Code::kMalformed, "schemaVersion"},
      {"test_image_tag.oci:0.0.2", Code::kNotFound, "there is 0.0.1"},
  };
  for (const Case& c : kBroken) {
    const auto opened = open_image(folder.path() + "/" + std::string(c.name), {}, {});
    ASSERT_FALSE(opened) << c.name;
    EXPECT_EQ(opened.error().code(), c.code) << opened.error().to_string();
    EXPECT_THAT(opened.error().to_string(), HasSubstr(c.problem));
  }
}

}  // namespace
}  // namespace bulkhead::oci

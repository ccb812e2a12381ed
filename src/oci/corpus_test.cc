// Real archives: docker saves and OCI layouts, good and broken, of the shared corpus; and what umoci and skopeo write
// here and now, where they are installed.
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/test_data.h"
#include "oci/locate.h"
#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using ::testing::HasSubstr;

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
  BULKHEAD_NEED_DATA(!folder.empty(), "peers/images is not here");
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
  BULKHEAD_NEED_DATA(!collection.empty(), "scalibr-image-tars is not here");
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
  BULKHEAD_NEED_DATA(!collection.empty(), "trivy-oci-layouts is not here");
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

// Runs a program; false when it is not installed.
bool ran(std::vector<std::string> arguments) {
  ProcessOptions options;
  options.arguments = std::move(arguments);
  const auto result = run_process(options);
  if (!result && result.error().code() == Code::kNotFound) return false;
  EXPECT_TRUE(result) << result.error().to_string();
  if (result) EXPECT_EQ(result->exit_code, 0) << options.arguments[0] << ": " << result->error_output;
  return true;
}

TEST(Interoperation, ReadsWhateverSkopeoMakesOfAnImageOfUmoci) {
  const TemporaryFolder folder;
  const std::string layout = folder.path() + "/layout";
  BULKHEAD_NEED(ran({"umoci", "init", "--layout", layout}) && ran({"skopeo", "--version"}),
                "umoci or skopeo is not installed");
  ASSERT_TRUE(ran({"umoci", "new", "--image", layout + ":1.0"}));
  for (const std::string name : {"one", "two", "three"}) {
    folder.write(name + "/etc/" + name, std::string(100'000, 'x') + name);
    ASSERT_TRUE(ran({"umoci", "insert", "--rootless", "--image", layout + ":1.0", "--history.created_by",
                     "COPY " + name, folder.path() + "/" + name, "/"}));
  }
  const std::string source = "oci:" + layout + ":1.0";
  const std::string base = folder.path() + "/";
  const auto copy = [&](const std::string& target, std::vector<std::string> flags) {
    std::vector<std::string> arguments = {"skopeo", "--insecure-policy", "copy", "--quiet"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    arguments.insert(arguments.end(), {source, target});
    ASSERT_TRUE(ran(std::move(arguments)));
  };
  copy("oci:" + base + "copy:app", {});
  copy("oci:" + base + "zstd:app", {"--dest-compress-format", "zstd"});
  copy("oci-archive:" + base + "layout.tar:1.0", {});
  copy("docker-archive:" + base + "save.tar:app:1.0", {"--additional-tag", "app:latest"});
  for (const std::string name : {"layout.tar", "save.tar"}) {
    folder.write(name + ".gz", testing::make_gzip(read_file(base + name, size_t{1} << 24).value()));
  }
  const Image original = read_whole(source);
  ASSERT_EQ(original.layers.size(), 3U);
  for (const std::string name : {"layout", "layout:1.0", "copy", "copy:app", "zstd", "layout.tar", "layout.tar:1.0",
                                 "layout.tar.gz", "save.tar", "save.tar:app:1.0", "save.tar:latest", "save.tar.gz"}) {
    const Image image = read_whole(base + name);
    EXPECT_EQ(image.config_digest, original.config_digest) << name;
    ASSERT_EQ(image.layers.size(), 3U) << name;
    EXPECT_EQ(image.layers[2].created_by, "COPY three") << name;
    EXPECT_EQ(image.manifest_digest.empty(), name.starts_with("save")) << name;
  }
  EXPECT_THAT(read_whole(base + "save.tar.gz").repo_tags,
              ::testing::ElementsAre("docker.io/library/app:1.0", "docker.io/library/app:latest"));
}

}  // namespace
}  // namespace bulkhead::oci

// What a scan reads and what it remembers, with one-pass images that say beforehand what they are.
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "oci/sequential.h"
#include "oci/test_images.h"
#include "scan/scan.h"

namespace bulkhead::scan {
namespace {

using oci::testing::digest_of;
using oci::testing::hex_of;

// An image as an engine exports it, with one package; `version` makes another image of it.
struct Exported {
  explicit Exported(const std::string& version) {
    base = oci::testing::make_tar({{"etc/os-release", "ID=debian\nVERSION_ID=12\n", '0', ""}});
    top = oci::testing::make_tar(
        {{"var/lib/dpkg/status", "Package: hello\nStatus: install ok installed\nVersion: " + version + "\n\n", '0',
          ""}});
    const std::string config = oci::testing::make_config({base, top});
    archive = oci::testing::make_tar(
        {{"base.tar", base, '0', ""},
         {"top.tar", top, '0', ""},
         {hex_of(config) + ".json", config, '0', ""},
         {"manifest.json",
          R"([{"Config": ")" + hex_of(config) + R"(.json", "RepoTags": null, "Layers": ["base.tar", "top.tar"]}])", '0',
          ""}});
    preview.identifier = *Digest::parse(digest_of(config));
    preview.diff_ids = {*Digest::parse(digest_of(base)), *Digest::parse(digest_of(top))};
    preview.reference = "docker:app";
    preview.repo_tags = {"app:1"};
  }
  std::string base;
  std::string top;
  std::string archive;
  oci::ImagePreview preview;
};

class ExportedImage final : public oci::SequentialImage {
 public:
  ExportedImage(const Exported& exported, int& reads) : exported_(exported), reads_(reads) {}

  Result<oci::Image> read(oci::LayerVisitor& visitor) override {
    ++reads_;
    TRY_ASSIGN(oci::Image image, oci::make_sequential_image(std::make_unique<MemorySource>(exported_.archive), "export",
                                                            oci::ArchiveFormat::kDockerArchive, {}, {})
                                     ->read(visitor));
    image.reference = exported_.preview.reference;
    image.repo_tags = exported_.preview.repo_tags;
    return image;
  }
  std::optional<oci::ImagePreview> preview() const override { return exported_.preview; }

 private:
  const Exported& exported_;
  int& reads_;
};

class ScanOfAnExport : public testing::Test {
 public:
  ScanOfAnExport() {
    cache_.emplace(*layer::Cache::open(folder_.path()));
    options_.analyse.cache = &*cache_;
  }

 protected:
  ScanResult scan(const Exported& exported) {
    auto result = take_facts(std::make_unique<ExportedImage>(exported, reads_), options_);
    EXPECT_TRUE(result) << result.error().to_string();
    return result ? *std::move(result) : ScanResult();
  }

  void remove(std::string_view suffix) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
    }
    ASSERT_FALSE(found.empty());
    std::filesystem::remove(found.front());
  }

  TemporaryFolder folder_;
  std::optional<layer::Cache> cache_;
  Options options_;
  int reads_ = 0;
};

TEST_F(ScanOfAnExport, IsNotExportedAgainWhenEverythingIsRemembered) {
  Exported exported("2.10-3");
  const ScanResult first = scan(exported);
  ASSERT_EQ(first.purls, std::vector<std::string>{"pkg:deb/debian/hello@2.10-3?distro=debian-12"});
  exported.preview.repo_tags = {"app:2"};
  exported.preview.reference = "docker:app:2";
  const ScanResult second = scan(exported);
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(second.purls, first.purls);
  EXPECT_EQ(second.image.digest, first.image.digest);
  EXPECT_EQ(second.image.config_digest, first.image.config_digest);
  EXPECT_EQ(second.image.platform, first.image.platform);
  EXPECT_EQ(second.image.os.id, "debian");
  ASSERT_EQ(second.image.layers.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(second.image.layers[i].diff_id, first.image.layers[i].diff_id);
    EXPECT_EQ(second.image.layers[i].digest, first.image.layers[i].digest);
    EXPECT_EQ(second.image.layers[i].size, first.image.layers[i].size);
    EXPECT_EQ(second.image.layers[i].created_by, first.image.layers[i].created_by);
  }
  EXPECT_EQ(second.packages[0].layer, first.packages[0].layer);
  EXPECT_EQ(second.image.reference, "docker:app:2");
  EXPECT_EQ(second.image.repo_tags, std::vector<std::string>{"app:2"}) << "names may move while the image stays";
}

TEST_F(ScanOfAnExport, IsExportedWhenALayerOrTheImageIsForgotten) {
  const Exported exported("2.10-3");
  scan(exported);
  remove(".layer");
  EXPECT_EQ(scan(exported).packages.size(), 1U);
  EXPECT_EQ(reads_, 2);
  remove(".image");
  EXPECT_EQ(scan(exported).packages.size(), 1U);
  EXPECT_EQ(reads_, 3);
  scan(exported);
  EXPECT_EQ(reads_, 3);
}

TEST_F(ScanOfAnExport, IsExportedWhenTheEngineSpeaksOfOtherLayers) {
  Exported exported("2.10-3");
  scan(exported);
  exported.preview.diff_ids.pop_back();
  scan(exported);
  EXPECT_EQ(reads_, 2);
}

TEST_F(ScanOfAnExport, TellsImagesApart) {
  const Exported one("2.10-3");
  const Exported other("2.12-1");
  scan(one);
  EXPECT_EQ(scan(other).packages.at(0).version, "2.12-1");
  EXPECT_EQ(scan(one).packages.at(0).version, "2.10-3");
  EXPECT_EQ(reads_, 2);
}

TEST_F(ScanOfAnExport, IsExportedEachTimeWithoutACache) {
  options_.analyse.cache = nullptr;
  const Exported exported("2.10-3");
  scan(exported);
  scan(exported);
  EXPECT_EQ(reads_, 2);
}

}  // namespace
}  // namespace bulkhead::scan

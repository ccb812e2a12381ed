// What comes only once must give the answer that the same image gives out of a file, or none.
#include <filesystem>

#include <gtest/gtest.h>

#include "oci/locate.h"
#include "oci/test_images.h"
#include "scan/scan.h"

namespace bulkhead::scan {
namespace {

using oci::testing::hex_of;
using oci::testing::make_tar;

constexpr std::string_view kRelease = "ID=debian\nVERSION_ID=\"12\"\n";
constexpr std::string_view kStatus =
    "Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\n\n";

std::string docker_archive(const std::vector<std::string>& layers) {
  const std::string config = oci::testing::make_config(layers);
  std::vector<oci::testing::TarFile> entries;
  std::string names;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string name = std::to_string(i) + "/layer.tar";
    entries.push_back({name, layers[i], '0', ""});
    names += (i == 0 ? "\"" : ", \"") + name + '"';
  }
  entries.push_back({hex_of(config) + ".json", config, '0', ""});
  entries.push_back(
      {"manifest.json",
       R"([{"Config": ")" + hex_of(config) + R"(.json", "RepoTags": ["app:1"], "Layers": [)" + names + "]}]", '0', ""});
  return make_tar(entries);
}

Result<ScanResult> facts_of(const std::string& path, const Options& options = {}) {
  TRY_ASSIGN(auto opened, oci::open_image(path, {}, {}));
  return take_facts(std::move(opened), options);
}

TEST(Stream, SaysSoWhereOnlyAFileGivesTheWholeAnswer) {
  const TemporaryFolder folder;
  const std::string linked = docker_archive({make_tar({{"opt/os-release", std::string(kRelease), '0', ""}}),
                                             make_tar({{"etc/os-release", "", '2', "../opt/os-release"}})});
  const auto from_file = facts_of(folder.write("linked.tar", linked));
  ASSERT_TRUE(from_file) << from_file.error().to_string();
  EXPECT_EQ(from_file->image.os.id, "debian");
  const auto from_stream = facts_of(folder.write("linked.tar.gz", oci::testing::make_gzip(linked)));
  ASSERT_FALSE(from_stream);
  EXPECT_EQ(from_stream.error().code(), Code::kUnsupported);
  EXPECT_TRUE(from_stream.error().remedy().contains("save the image to a file"));
}

TEST(Stream, KeepsTheSameLimitsAsAFile) {
  const TemporaryFolder folder;
  std::vector<oci::testing::TarFile> chain;
  for (int i = 0; i < 39; ++i) {
    chain.push_back({"chain" + std::to_string(i), "", '2', "x/../chain" + std::to_string(i + 1)});
  }
  chain.push_back({"x/", "", '5', ""});
  for (int i = 0; i < 300; ++i) chain.push_back({"usr/share/doc/" + std::to_string(i), "", '2', "/chain0"});
  const std::string archive = docker_archive({make_tar(chain)});
  Options options;
  options.analyse.limits.max_entries = 1000;
  for (const std::string& path :
       {folder.write("chain.tar", archive), folder.write("chain.tar.gz", oci::testing::make_gzip(archive))}) {
    const auto facts = facts_of(path, options);
    ASSERT_FALSE(facts) << path;
    EXPECT_EQ(facts.error().code(), Code::kLimitExceeded) << facts.error().to_string();
    EXPECT_TRUE(facts_of(path)) << path;
  }
}

// Two images of one archive, their layers before its manifest; the first has ten files in a layer, the second one.
class TwoImages : public testing::Test {
 protected:
  static std::string archive(bool compressed_layers = false) {
    std::vector<oci::testing::TarFile> files;
    for (int i = 0; i < 10; ++i) files.push_back({"srv/" + std::to_string(i), "x", '0', ""});
    const std::string large = make_tar(files);
    const std::string small = make_tar({{"etc/os-release", std::string(kRelease), '0', ""}});
    const auto stored = [&](const std::string& tar) { return compressed_layers ? oci::testing::make_gzip(tar) : tar; };
    const std::string configs[] = {oci::testing::make_config({large}), oci::testing::make_config({small})};
    const auto image = [&](size_t i, const std::string& layer) {
      return R"({"Config": ")" + hex_of(configs[i]) + R"(.json", "RepoTags": ["app:)" + std::to_string(i) +
             R"("], "Layers": [")" + layer + "\"]}";
    };
    return make_tar(
        {{blob(stored(large)), stored(large), '0', ""},
         {blob(stored(small)), stored(small), '0', ""},
         {hex_of(configs[0]) + ".json", configs[0], '0', ""},
         {hex_of(configs[1]) + ".json", configs[1], '0', ""},
         {"manifest.json", "[" + image(0, blob(stored(large))) + ", " + image(1, blob(stored(small))) + "]", '0', ""}});
  }
  static std::string blob(const std::string& content) { return "blobs/sha256/" + hex_of(content); }
};

TEST_F(TwoImages, ShareTheLimitsOfOneInAStreamAndTheErrorSaysSo) {
  const TemporaryFolder folder;
  const std::string file = folder.write("two.tar", archive());
  const std::string stream = folder.write("two.tar.gz", oci::testing::make_gzip(archive()));
  Options options;
  options.analyse.limits.max_entries = 11;
  EXPECT_TRUE(facts_of(file + ":app:0", options));
  EXPECT_TRUE(facts_of(file + ":app:1", options));
  EXPECT_TRUE(facts_of(stream + ":app:0", options));
  const auto second = facts_of(stream + ":app:1", options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kLimitExceeded);
  EXPECT_NE(second.error().remedy().find("--max-entries"), std::string::npos);
  EXPECT_NE(second.error().remedy().find("save it to a file"), std::string::npos) << second.error().remedy();
  options.analyse.limits.max_entries = 13;
  EXPECT_TRUE(facts_of(stream + ":app:1", options));
}

TEST_F(TwoImages, OfAStreamAreNotStoredAgainWhenTheCacheHasThem) {
  const TemporaryFolder folder;
  for (const bool compressed : {false, true}) {
    const std::string name = compressed ? "compressed" : "plain";
    const std::string stream = folder.write(name + ".tar.gz", oci::testing::make_gzip(archive(compressed)));
    const auto cache = *layer::Cache::open(folder.path() + "/cache-" + name);
    Options options;
    options.analyse.cache = &cache;
    const auto entry = [&] {
      for (const auto& file : std::filesystem::directory_iterator(cache.directory())) return file.path();
      return std::filesystem::path();
    };
    ASSERT_TRUE(facts_of(stream + ":app:1", options));
    ASSERT_FALSE(entry().empty());
    const std::filesystem::path other_name = folder.path() + "/other-name-" + name;
    std::filesystem::create_hard_link(entry(), other_name);
    const auto again = facts_of(stream + ":app:1", options);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(again->image.os.id, "debian");
    EXPECT_TRUE(std::filesystem::equivalent(entry(), other_name)) << "it was written anew";
    // An entry that is damaged is no entry.
    std::filesystem::resize_file(entry(), 100);
    ASSERT_TRUE(facts_of(stream + ":app:1", options));
    EXPECT_FALSE(std::filesystem::equivalent(entry(), other_name));
    EXPECT_GT(std::filesystem::file_size(entry()), 100U);
  }
}

TEST_F(TwoImages, OfAStreamAreVerifiedThoughTheCacheKnowsThem) {
  const TemporaryFolder folder;
  const auto cache = *layer::Cache::open(folder.path() + "/cache");
  Options options;
  options.analyse.cache = &cache;
  ASSERT_TRUE(facts_of(folder.write("good.tar.gz", oci::testing::make_gzip(archive())) + ":app:1", options));
  std::string forged = archive();
  forged[forged.find("VERSION_ID")] = 'v';
  const auto facts = facts_of(folder.write("forged.tar.gz", oci::testing::make_gzip(forged)) + ":app:1", options);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), Code::kVerificationFailed) << facts.error().to_string();
}

TEST(Stream, CountsALayerOfTwoNamesOnce) {
  const TemporaryFolder folder;
  std::vector<oci::testing::TarFile> files = {{"etc/os-release", std::string(kRelease), '0', ""}};
  for (int i = 0; i < 97; ++i) files.push_back({"etc/" + std::to_string(i), "x", '0', ""});
  const std::string layer = make_tar(files);
  const std::string archive = docker_archive({layer, layer});
  Options options;
  options.analyse.limits.max_entries = 99;
  EXPECT_TRUE(facts_of(folder.write("twice.tar", archive), options));
  // The second is known for the first one only when it has been walked.
  options.analyse.limits.max_entries = 2 * 99;
  EXPECT_TRUE(facts_of(folder.write("twice.tar.gz", oci::testing::make_gzip(archive)), options));
  const std::string thrice = docker_archive({layer, layer, layer});
  EXPECT_TRUE(facts_of(folder.write("thrice.tar.gz", oci::testing::make_gzip(thrice)), options));
}

TEST(Facts, SayThatAKnownDistributionWithoutPackagesIsNoAnswer) {
  const TemporaryFolder folder;
  const auto warned = [&](const std::string& layer) {
    const auto facts = facts_of(folder.write("image.tar", docker_archive({layer})));
    EXPECT_TRUE(facts && facts->image.os.known());
    return facts && facts->warnings.size() == 1 && facts->warnings[0].text.contains("nothing can be said");
  };
  EXPECT_TRUE(warned(make_tar({{"etc/os-release", std::string(kRelease), '0', ""}})));
  EXPECT_FALSE(warned(make_tar(
      {{"etc/os-release", std::string(kRelease), '0', ""}, {"var/lib/dpkg/status", std::string(kStatus), '0', ""}})));
}

}  // namespace
}  // namespace bulkhead::scan

// What comes only once must give the answer that the same image gives out of a file, or none.
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
  const oci::testing::TemporaryFolder folder;
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
  const oci::testing::TemporaryFolder folder;
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

TEST(Facts, SayThatAKnownDistributionWithoutPackagesIsNoAnswer) {
  const oci::testing::TemporaryFolder folder;
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

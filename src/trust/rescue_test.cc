#include "trust/rescue.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/date.h"
#include "base/fs.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "net/testing/test_server.h"
#include "trust/rescue_sources.h"

namespace bulkhead::trust {
namespace {

using ::testing::HasSubstr;

// What docker 28.2.2 kept of a repository with a tag and two delegations, when it was recorded.
class RescueTest : public ::testing::Test {
 protected:
  RescueTest() {
    request_.gun = "localhost:5999/x";
    request_.now = *parse_rfc3339("2026-11-23T00:00:00Z");
    for (const std::string role : {"root", "timestamp", "snapshot", "targets", "targets/alice", "targets/releases"}) {
      files_[role] = *read_file(testdata_of("tuf", "notary/docker/" + role + ".json"), size_t{1} << 20);
    }
    request_.roots = {files_.at("root")};
    request_.read = [this](std::string_view role, const tuf::MetaFile&) -> Result<std::string> {
      const auto found = files_.find(role);
      if (found == files_.end()) return fail(Code::kNotFound, std::string(role));
      return found->second;
    };
  }
  RescuedRepository rescued() const { return rescue(request_); }

  RescueRequest request_;
  std::map<std::string, std::string, std::less<>> files_;
};

TEST_F(RescueTest, SavesWhatAClientBelieves) {
  const RescuedRepository found = rescued();
  EXPECT_TRUE(found.lost.empty()) << found.lost.front().why;
  EXPECT_TRUE(found.tolerated.empty());
  ASSERT_EQ(found.tags.size(), 1U);
  EXPECT_EQ(found.tags.front().tag, "y");
  EXPECT_EQ(found.tags.front().digest.to_string(),
            "sha256:7f5115c9b201af25d9dfdb15f00b24cb0537e898beb10da5f52d7c49216691e8");
  EXPECT_EQ(found.tags.front().role, "targets");
  EXPECT_GT(found.tags.front().size, 0U);
}

// The ids are the names of the files that docker kept the keys in.
TEST_F(RescueTest, NamesTheKeysOfEveryRoleAsDockerDoes) {
  const auto keys = rescued().keys;
  const auto has = [&](const RoleKeyId& key) { return std::ranges::find(keys, key) != keys.end(); };
  EXPECT_TRUE(has({"root", "fc5d5e34ea3abcfc00dd99d3f00af8e84b618c559ff85c61e8f277cfb4a77031"}));
  EXPECT_TRUE(has({"targets", "49dce8655406779c7b1e99edccbced0e08aaf9c278e88cab13b527c812575e80"}));
  EXPECT_TRUE(has({"targets/alice", "53875eadc929f349a337f21ae2c94ec0ce0462f296c9d60e1e5236fd7327b097"}));
}

TEST_F(RescueTest, ToleratesExpiryOnlyWhereItIsAskedToAndSaysSo) {
  request_.now = *parse_rfc3339("2028-01-01T00:00:00Z");  // after the timestamp, which lasts for two weeks
  RescuedRepository found = rescued();
  EXPECT_TRUE(found.tags.empty());
  ASSERT_EQ(found.lost.size(), 1U);
  EXPECT_THAT(found.lost.front().why, HasSubstr("expired"));
  request_.allow_expired = true;
  found = rescued();
  EXPECT_TRUE(found.lost.empty());
  EXPECT_EQ(found.tags.size(), 1U);
  ASSERT_EQ(found.tolerated.size(), 1U);
  EXPECT_THAT(found.tolerated.front(), HasSubstr("\"timestamp\" expired on"));
  request_.now = *parse_rfc3339("2200-01-01T00:00:00Z");
  EXPECT_EQ(rescued().tags.size(), 1U);
  EXPECT_EQ(rescued().tolerated.size(), files_.size());
}

TEST_F(RescueTest, BelievesNothingThatWasChanged) {
  request_.allow_expired = true;
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    SCOPED_TRACE(role);
    std::string& bytes = files_.at(role);
    const std::string before = bytes;
    bytes.replace(bytes.find("20"), 2, "21");  // of a date
    const RescuedRepository found = rescued();
    EXPECT_TRUE(found.tags.empty());
    EXPECT_FALSE(found.lost.empty());
    bytes = before;
  }
  files_.at("targets/alice") += ' ';
  const RescuedRepository found = rescued();
  EXPECT_EQ(found.tags.size(), 1U);  // the others hold
  ASSERT_EQ(found.lost.size(), 1U);
  EXPECT_EQ(found.lost.front().what, "targets/alice");
}

TEST_F(RescueTest, BelievesNothingByAnotherRoot) {
  request_.roots = {*read_file(testdata_of("tuf", "notary/notary/root.json"), size_t{1} << 20)};
  const RescuedRepository found = rescued();
  EXPECT_TRUE(found.tags.empty());
  EXPECT_FALSE(found.lost.empty());
  request_.roots.push_back(files_.at("root"));
  EXPECT_TRUE(rescued().tags.empty());
  request_.roots.clear();
  EXPECT_TRUE(rescued().tags.empty());
  request_.roots = {"no JSON"};
  EXPECT_FALSE(rescued().lost.empty());
}

TEST_F(RescueTest, SaysWhatIsMissing) {
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    const std::string bytes = files_.at(role);
    files_.erase(role);
    const RescuedRepository found = rescued();
    EXPECT_TRUE(found.tags.empty());
    ASSERT_FALSE(found.lost.empty());
    EXPECT_THAT(found.lost.front().why, HasSubstr(role));
    files_[role] = bytes;
  }
  files_.erase("targets/releases");
  EXPECT_EQ(rescued().lost.front().what, "targets/releases");
  EXPECT_EQ(rescued().tags.size(), 1U);
}

TEST_F(RescueTest, AsksForNoMoreRolesThanItKeeps) {
  std::string roles;
  std::string meta;
  for (size_t i = 0; i < 2 * kMaxRescuedRoles; ++i) {
    roles += fmt::format(R"({{"keyids":[],"name":"targets/more{}","paths":[""],"threshold":1}},)", i);
    meta += fmt::format(R"("targets/more{}":{{"hashes":{{"sha256":"{}="}},"length":1}},)", i, std::string(43, 'A'));
  }
  files_["targets"].insert(files_["targets"].find("\"roles\":[") + 9, roles);
  files_["snapshot"].insert(files_["snapshot"].find("\"meta\":{") + 8, meta);
  size_t asked = 0;
  const ReadMetadata read = request_.read;
  request_.read = [&](std::string_view role, const tuf::MetaFile& file) {
    asked += role.starts_with("targets/") ? 1 : 0;
    return read(role, file);
  };
  const RescuedRepository found = rescued();
  EXPECT_EQ(asked, kMaxRescuedRoles);
  EXPECT_THAT(found.lost, testing::Contains(testing::Field(&RescueLoss::what, "further delegations")));
}

TEST_F(RescueTest, ReadsNoMoreThanItsBytes) {
  request_.roots.assign(2, std::string(kMaxRescuedBytes / 2 + 1, ' '));
  ASSERT_EQ(rescued().lost.size(), 1U);
  EXPECT_THAT(rescued().lost.front().why, HasSubstr("bytes of a repository's metadata"));
}

TEST(NotaryServer, TakesNoRootThatIsTooLarge) {
  std::string root(kMaxRescuedRootBytes, ' ');
  net::TestServer server{[&](net::ServerRequest&) { return net::text_answer(root); }};
  const net::Client client{net::ClientOptions{}};
  const oci::RegistryOptions options;
  oci::CredentialStore credentials(options);
  NotaryServer notary(server.url(""), "localhost:5999/x", client, options, credentials);
  EXPECT_EQ(notary.root(), root);
  root += ' ';
  EXPECT_EQ(notary.root().error().code(), Code::kLimitExceeded);
  EXPECT_EQ(notary.roots_after(1).error().code(), Code::kLimitExceeded);
}

TEST(TrustFolder, NamesRepositoriesThatHaveMetadata) {
  const TemporaryFolder folder;
  EXPECT_TRUE(list_trust_repositories(folder.path())->empty());
  static_cast<void>(folder.write("tuf/docker.io/library/b/metadata/root.json", "r"));
  static_cast<void>(folder.write("tuf/localhost:5000/a/metadata/targets/x.json", "x"));
  std::filesystem::create_directories(folder / "tuf/docker.io/library/empty/metadata");
  EXPECT_EQ(*list_trust_repositories(folder.path()),
            (std::vector<std::string>{"docker.io/library/b", "localhost:5000/a"}));
  EXPECT_EQ(*trust_folder_metadata(folder.path(), "docker.io/library/b")("root", {}), "r");
  EXPECT_EQ(*trust_folder_metadata(folder.path(), "localhost:5000/a")("targets/x", {}), "x");
}

}  // namespace
}  // namespace bulkhead::trust

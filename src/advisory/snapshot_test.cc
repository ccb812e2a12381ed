// The advisory snapshot that is shipped, against what data/README.md and its manifest say of it.
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/feed_manifest.h"
#include "advisory/feed_state.h"
#include "advisory/freshness.h"
#include "advisory/store.h"
#include "base/bytes.h"
#include "base/fs.h"
#include "base/test_data.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

using testing::HasSubstr;

std::filesystem::path data_folder() {
  return std::filesystem::path(testdata_path("../../../data")).lexically_normal();
}

std::string text_of(const std::string& name) {
  const auto text = read_file((data_folder() / name).string(), size_t{1} << 30);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

class Snapshot : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_database({.named = {}, .cache_dir = {}, .snapshot_dirs = {data_folder().string()}});
    ASSERT_TRUE(opened) << opened.error().to_string();
    snapshot_ = *std::move(opened);
    name_ = std::filesystem::path(snapshot_.path).filename().string();
  }
  const Database& database() const { return *snapshot_.database; }

  OpenedDatabase snapshot_;
  std::string name_;
};

TEST_F(Snapshot, HasTheChecksumsThatItsPageNames) {
  ASSERT_EQ(snapshot_.origin, Origin::kSnapshot);
  const std::string page = text_of("README.md");
  EXPECT_THAT(page, HasSubstr(fmt::format("{}  {}\n", Digest::sha256_of(as_bytes(text_of(name_))).hex(), name_)));
  EXPECT_THAT(page, HasSubstr(database().checksum()));
  EXPECT_TRUE(database().verify());
}

TEST_F(Snapshot, IsMadeOfTheFilesThatItsManifestNames) {
  const auto manifest = FeedManifest::parse(text_of("snapshot-feeds.json"));
  ASSERT_TRUE(manifest) << manifest.error().to_string();
  std::vector<std::string> listed;
  for (const FeedFile& file : manifest->files) listed.push_back(fmt::format("{} {}", file.sha256, file.extract));
  std::vector<std::string> held;
  for (size_t i = 0; i < database().feeds(); ++i) {
    held.push_back(fmt::format("{} {}", to_hex(database().feed(i).sha256), database().feed(i).extract));
  }
  EXPECT_THAT(held, testing::UnorderedElementsAreArray(listed));
}

TEST_F(Snapshot, BearsTheDateOfItsNewestFeedAndItsPageTheDatesOfAll) {
  const std::string page = text_of("README.md");
  std::string_view newest;
  for (size_t i = 0; i < database().feeds(); ++i) {
    const std::string_view date = database().feed(i).date;
    newest = later_date(newest, date);
    const bool told = page.contains(date.substr(0, 10)) || page.contains(fmt::format("| {} |", date.substr(0, 7)));
    EXPECT_TRUE(told) << database().feed(i).name << ' ' << date;
  }
  EXPECT_EQ(name_, fmt::format("advisories-{}.db.zst", newest.substr(0, 10)));
}

TEST_F(Snapshot, CallsNoReleaseJudgedByErrataAlone) {
  const std::vector<FeedState> states =
      feed_states(database(), {"debian:10", "rhel:8", "opensuse:leap:15.3"}, "2026-11-22", 7);
  for (const auto& [name, ecosystem] :
       {std::pair("debian-advisories", "debian:10"), {"redhat-oval", "rhel:8"}, {"suse-oval", "opensuse:leap:15.3"}}) {
    const auto state = std::ranges::find_if(
        states, [&](const FeedState& each) { return each.name == name && each.ecosystem == ecosystem; });
    ASSERT_NE(state, states.end()) << name;
    EXPECT_EQ(state->incomplete, "a list of advisories: what has none is not in it") << name;
  }
}

}  // namespace
}  // namespace bulkhead::advisory

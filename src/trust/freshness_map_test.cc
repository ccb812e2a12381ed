#include "trust/freshness_map.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "tuf/test_repository.h"

namespace bulkhead::trust {
namespace {

using ::testing::HasSubstr;
using tuf::kTestLater;
using tuf::kTestNow;

Digest digest_of(std::string_view text) {
  return Digest::sha256_of(as_bytes(text));
}

// A publisher with a map in a folder, and a reader of it.
class FreshnessMapTest : public ::testing::Test {
 protected:
  FreshnessMapTest() {
    set(tag_path(reference("app:1")), {.digest = digest_of("one"), .size = 3});
    publish();
    root_file_ = temporary_.write("root.json", repository_.files.at("1.root.json"));
  }

  static oci::Reference reference(std::string_view text) { return *oci::Reference::parse_normalized(text); }

  void set(const std::string& path, const MapEntry& entry) {
    repository_.targets.targets.insert_or_assign(path, *encode_entry(entry));
  }
  // Everything as it is now, in new versions.
  void publish() {
    ++repository_.targets.version;
    repository_.publish_targets(tuf::kTargets, repository_.targets);
    repository_.publish_new_snapshot();
    write();
  }
  void write() {
    for (const auto& [name, bytes] : repository_.files) temporary_.write("published/" + name, bytes);
  }
  MapOptions options() {
    return {.location = temporary_ / "published",
            .root_file = root_file_,
            .state_folder = temporary_ / "state",
            .now = kTestNow};
  }
  static Result<FreshnessAnswer> ask(MapOptions options, std::string_view image, std::string_view content) {
    TRY_ASSIGN(FreshnessMap map, FreshnessMap::open(std::move(options), nullptr));
    return map.check(reference(image), digest_of(content));
  }
  Freshness verdict(std::string_view image, std::string_view content) {
    const auto answer = ask(options(), image, content);
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer ? answer->verdict : Freshness::kMapUntrusted;
  }

  const TemporaryFolder temporary_;
  tuf::TestRepository repository_;
  std::string root_file_;
};

TEST_F(FreshnessMapTest, AcceptsTheDigestThatTheTagMeansToday) {
  const auto answer = ask(options(), "app:1", "one");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->verdict, Freshness::kPresent);
  EXPECT_TRUE(answer->accepted());
  EXPECT_EQ(answer->present, digest_of("one"));
  EXPECT_EQ(answer->role, "targets");
  EXPECT_EQ(verdict("docker.io/library/app:1", "one"), Freshness::kPresent) << "by its long name, too";
}

TEST_F(FreshnessMapTest, RefusesAnOldImageUnderItsTag) {
  set(tag_path(reference("app:1")), {.digest = digest_of("two"), .size = 3});
  publish();
  const auto answer = ask(options(), "app:1", "one");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Freshness::kOtherDigest);
  EXPECT_FALSE(answer->accepted());
  EXPECT_EQ(answer->present, digest_of("two"));
  EXPECT_EQ(verdict("app:1", "two"), Freshness::kPresent);
}

TEST_F(FreshnessMapTest, RefusesTagsThatItDoesNotKnow) {
  EXPECT_EQ(verdict("app:2", "one"), Freshness::kUnknown);
  EXPECT_EQ(verdict("example.com/app:1", "one"), Freshness::kUnknown) << "another registry's image of the same name";
}

TEST_F(FreshnessMapTest, TakesAReferenceWithoutTagForLatest) {
  EXPECT_EQ(verdict("app", "one"), Freshness::kUnknown);
  set(tag_path(reference("app:latest")), {.digest = digest_of("one")});
  publish();
  EXPECT_EQ(verdict("app", "one"), Freshness::kPresent);
}

TEST_F(FreshnessMapTest, SaysWhyAndSinceWhenATagIsWithdrawn) {
  set(tag_path(reference("app:1")),
      {.state = EntryState::kWithdrawn, .digest = digest_of("one"), .reason = "end of life", .time = kTestNow - 60});
  publish();
  const auto answer = ask(options(), "app:1", "one");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Freshness::kWithdrawn);
  EXPECT_EQ(answer->reason, "end of life");
  EXPECT_EQ(answer->since, kTestNow - 60);
  EXPECT_THAT(answer->detail, HasSubstr("end of life"));
}

TEST_F(FreshnessMapTest, RefusesARevokedDigestUnderEveryTagAndWithoutOne) {
  const std::string pinned = "app@" + digest_of("one").to_string();
  EXPECT_EQ(verdict(pinned, "one"), Freshness::kPinned);
  set(digest_path(reference("app"), digest_of("one")), {.state = EntryState::kRevoked, .digest = digest_of("one")});
  publish();
  EXPECT_EQ(verdict("app:1", "one"), Freshness::kRevoked);
  EXPECT_EQ(verdict("app:other", "one"), Freshness::kRevoked);
  EXPECT_EQ(verdict(pinned, "one"), Freshness::kRevoked);
  EXPECT_EQ(verdict("mirror.example/app@" + digest_of("one").to_string(), "one"), Freshness::kPinned);
}

TEST_F(FreshnessMapTest, RefusesADigestThatIsRevokedForEveryName) {
  set(revoked_digest_path(digest_of("one")), {.state = EntryState::kRevoked, .digest = digest_of("one")});
  publish();
  EXPECT_EQ(verdict("app:1", "one"), Freshness::kRevoked);
  EXPECT_EQ(verdict("mirror.example/app@" + digest_of("one").to_string(), "one"), Freshness::kRevoked);
}

TEST_F(FreshnessMapTest, NamesRevokedKeysAndSignatures) {
  const std::string key(64, 'a');
  set(revoked_key_path(key),
      {.state = EntryState::kRevoked, .digest = *Digest::parse("sha256:" + key), .reason = "stolen", .time = 5});
  set(revoked_signature_path(digest_of("signature")),
      {.state = EntryState::kRevoked, .digest = digest_of("signature")});
  publish();
  auto map = FreshnessMap::open(options(), nullptr);
  ASSERT_TRUE(map);
  const auto revoked = map->revoked_key(key);
  ASSERT_TRUE(revoked && *revoked);
  EXPECT_EQ((*revoked)->reason, "stolen");
  EXPECT_EQ(map->revoked_key(std::string(64, 'b')), std::nullopt);
  EXPECT_NE(map->revoked_signature(digest_of("signature")), std::nullopt);
  EXPECT_EQ(map->revoked_signature(digest_of("another")), std::nullopt);
}

TEST_F(FreshnessMapTest, NeedsARootToBePinned) {
  MapOptions unpinned = options();
  unpinned.root_file.clear();
  EXPECT_EQ(ask(unpinned, "app:1", "one").error().code(), Code::kInvalidArgument);
  unpinned.root_file = temporary_ / "absent";
  EXPECT_EQ(ask(unpinned, "app:1", "one").error().code(), Code::kNotFound);
}

TEST_F(FreshnessMapTest, TrustsOnFirstUseOnlyWhenAskedToAndSaysSo) {
  MapOptions first = options();
  first.root_file.clear();
  first.first_use = true;
  {
    auto map = FreshnessMap::open(first, nullptr);
    ASSERT_TRUE(map) << map.error().to_string();
    ASSERT_TRUE(map->refresh());
    EXPECT_TRUE(map->facts().first_use);
  }
  {
    auto pinned = FreshnessMap::open(options(), nullptr);
    ASSERT_TRUE(pinned && pinned->refresh());
    EXPECT_FALSE(pinned->facts().first_use);
  }
  // Another publisher takes the place over: the first root stays the one that is believed.
  tuf::TestRepository other;
  other.timestamp.version = 40;
  other.publish_all();
  for (const auto& [name, bytes] : other.files) temporary_.write("published/" + name, bytes);
  const auto answer = ask(first, "app:1", "one");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Freshness::kMapUntrusted);
}

TEST_F(FreshnessMapTest, RefusesAnExpiredMap) {
  MapOptions late = options();
  late.now = kTestLater;
  const auto answer = ask(late, "app:1", "one");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Freshness::kMapExpired);
  EXPECT_THAT(answer->detail, HasSubstr("expired"));
}

TEST_F(FreshnessMapTest, RefusesAMapThatIsOlderThanOneItHasSeen) {
  const auto before = repository_.files;
  set(tag_path(reference("app:1")), {.digest = digest_of("two"), .size = 3});
  publish();
  ASSERT_EQ(verdict("app:1", "two"), Freshness::kPresent);
  for (const auto& [name, bytes] : before) temporary_.write("published/" + name, bytes);
  EXPECT_EQ(verdict("app:1", "one"), Freshness::kMapOlder);
}

TEST_F(FreshnessMapTest, RemembersWhatItSawAtAnotherPlace) {
  const auto before = repository_.files;
  set(tag_path(reference("app:1")), {.digest = digest_of("two"), .size = 3});
  publish();
  ASSERT_EQ(verdict("app:1", "two"), Freshness::kPresent);
  for (const auto& [name, bytes] : before) temporary_.write("mirror/" + name, bytes);
  MapOptions mirror = options();
  mirror.location = temporary_ / "mirror";
  const auto answer = ask(mirror, "app:1", "one");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Freshness::kMapOlder);
}

TEST_F(FreshnessMapTest, RefusesMetadataOfOtherKeys) {
  repository_.signers[std::string(tuf::kTargets)].begin()->second = tuf::TestRepository::new_key();
  set(tag_path(reference("app:1")), {.digest = digest_of("evil"), .size = 3});
  publish();
  EXPECT_EQ(verdict("app:1", "evil"), Freshness::kMapUntrusted);
}

TEST_F(FreshnessMapTest, KeepsNothingThatItDidNotBelieve) {
  ASSERT_EQ(verdict("app:1", "one"), Freshness::kPresent);
  const auto kept = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(temporary_ / "state")) {
      if (entry.is_regular_file()) files[entry.path().string()] = *read_file(entry.path().string(), 1 << 20);
    }
    return files;
  };
  const auto before = kept();
  const auto good = repository_.files;
  repository_.signers[std::string(tuf::kTimestamp)].begin()->second = tuf::TestRepository::new_key();
  publish();
  EXPECT_EQ(verdict("app:1", "one"), Freshness::kMapUntrusted);
  EXPECT_EQ(kept(), before);
  for (const auto& [name, bytes] : good) temporary_.write("published/" + name, bytes);
  EXPECT_EQ(verdict("app:1", "one"), Freshness::kPresent);
}

TEST_F(FreshnessMapTest, DecidesByWhatIsKeptWhenNothingMayBeFetched) {
  MapOptions offline = options();
  offline.offline = true;
  EXPECT_EQ(ask(offline, "app:1", "one").error().code(), Code::kUnavailable) << "nothing is kept yet";
  ASSERT_EQ(verdict("app:1", "one"), Freshness::kPresent);
  std::filesystem::remove_all(temporary_ / "published");
  const auto answer = ask(offline, "app:1", "one");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->verdict, Freshness::kPresent);
  offline.now = kTestLater;
  const auto late = ask(offline, "app:1", "one");
  ASSERT_TRUE(late);
  EXPECT_EQ(late->verdict, Freshness::kMapExpired);
}

// A medium that was not mounted, a server that is down: no answer, and no old one either.
TEST_F(FreshnessMapTest, HasNoAnswerWhenTheMapIsGone) {
  ASSERT_EQ(verdict("app:1", "one"), Freshness::kPresent);
  std::filesystem::remove_all(temporary_ / "published");
  EXPECT_EQ(ask(options(), "app:1", "one").error().code(), Code::kUnavailable);
  std::filesystem::create_directory(temporary_ / "published");
  EXPECT_EQ(ask(options(), "app:1", "one").error().code(), Code::kNotFound) << "the timestamp was taken away";
}

TEST_F(FreshnessMapTest, RefusesEntriesThatItDoesNotUnderstand) {
  tuf::TargetFile strange = *encode_entry({.digest = digest_of("one"), .size = 3});
  strange.custom = R"({"bulkhead-freshness":{"state":"current","version":9}})";
  repository_.targets.targets.insert_or_assign(tag_path(reference("app:1")), strange);
  publish();
  EXPECT_EQ(ask(options(), "app:1", "one").error().code(), Code::kUnsupported);
}

TEST_F(FreshnessMapTest, FollowsDelegationsAndNamesWhoSaysSo) {
  repository_.delegate(repository_.targets,
                       {.name = "team", .keys = {}, .terminating = true, .paths = {"example.com/team/*"}});
  tuf::Targets team;
  team.version = 1;
  team.expires = kTestLater;
  team.targets.emplace(tag_path(reference("example.com/team/app:1")), *encode_entry({.digest = digest_of("t")}));
  team.targets.emplace(tag_path(reference("app:1")), *encode_entry({.digest = digest_of("theirs")}));
  repository_.publish_targets("team", team);
  publish();
  const auto answer = ask(options(), "example.com/team/app:1", "t");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->verdict, Freshness::kPresent);
  EXPECT_EQ(answer->role, "team");
  EXPECT_EQ(verdict("app:1", "theirs"), Freshness::kOtherDigest) << "outside of what the team may say";
}

TEST_F(FreshnessMapTest, WaitsForAnotherProcessUntilAStop) {
  auto first = FreshnessMap::open(options(), nullptr);
  ASSERT_TRUE(first);
  MapOptions second = options();
  std::stop_source stop;
  stop.request_stop();
  second.stop = stop.get_token();
  EXPECT_EQ(FreshnessMap::open(second, nullptr).error().code(), Code::kCancelled);
}

TEST_F(FreshnessMapTest, TellsOfTheMapItself) {
  auto map = FreshnessMap::open(options(), nullptr);
  ASSERT_TRUE(map && map->refresh());
  EXPECT_EQ(map->facts().root_version, 1);
  EXPECT_EQ(map->facts().timestamp_version, repository_.timestamp.version);
  EXPECT_EQ(map->facts().expires, kTestLater);
}

TEST_F(FreshnessMapTest, TellsFactsOfAMapThatIsNotBelieved) {
  const auto expect_root_only = [&](const std::string& what) {
    MapOptions anew = options();
    anew.state_folder += "-" + what;
    auto map = FreshnessMap::open(anew, nullptr);
    ASSERT_TRUE(map) << what;
    const auto answer = map->check(reference("app:1"), digest_of("one"));
    ASSERT_TRUE(answer) << what << ": " << answer.error().to_string();
    EXPECT_FALSE(answer->accepted()) << what;
    const MapFacts facts = map->facts();
    EXPECT_EQ(facts.root_version, repository_.root.version) << what;
    EXPECT_EQ(facts.timestamp_version, 0) << what;
    EXPECT_EQ(facts.expires, 0) << what;
  };
  const tuf::TestRepository good = repository_;
  const auto publish_as = [&](std::string_view role) {
    repository_ = good;
    repository_.signers[std::string(role)].begin()->second = tuf::TestRepository::new_key();
    publish();
  };
  publish_as(tuf::kTargets);
  expect_root_only("targets");
  publish_as(tuf::kSnapshot);
  expect_root_only("snapshot");
  repository_ = good;
  repository_.timestamp.expires = kTestNow - 1;
  publish();
  expect_root_only("timestamp");
  repository_ = good;
  ++repository_.root.version;
  repository_.root.expires = kTestNow - 1;
  repository_.publish_root();
  publish();
  expect_root_only("root");
}

}  // namespace
}  // namespace bulkhead::trust

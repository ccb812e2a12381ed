#include "tuf/updater.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "tuf/test_repository.h"

namespace bulkhead::tuf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UpdaterTest : public ::testing::Test {
 protected:
  UpdaterTest() { store_.files["root"] = repository_.files.at("1.root.json"); }

  Status refresh(int64_t now = kTestNow, const UpdaterLimits& limits = {}) {
    repository_.requests.clear();
    updater_.reset();
    auto created = Updater::create(tuf1_codec(), repository_, store_, now, limits);
    if (!created) return std::unexpected(created.error());
    updater_ = std::make_unique<Updater>(*std::move(created));
    return updater_->refresh();
  }
  void expect_distrust(std::string_view because, int64_t now = kTestNow) {
    const Status status = refresh(now);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), Code::kVerificationFailed);
    EXPECT_THAT(status.error().to_string(), HasSubstr(because));
  }
  int64_t kept_version(std::string_view role) const {
    const std::string& bytes = store_.files.find(role)->second;
    if (role == kRoot) return tuf1_codec().root(bytes)->metadata.version;
    if (role == kTimestamp) return tuf1_codec().timestamp(bytes)->metadata.version;
    if (role == kSnapshot) return tuf1_codec().snapshot(bytes)->metadata.version;
    return tuf1_codec().targets(bytes, role)->metadata.version;
  }
  static TargetFile file_of(std::string_view content) {
    return {.length = content.size(),
            .hashes = {{"sha256", std::string(as_text(Digest::sha256_of(as_bytes(content)).raw()))}},
            .custom = ""};
  }

  TestRepository repository_;
  MemoryStore store_;
  std::unique_ptr<Updater> updater_;
};

TEST_F(UpdaterTest, AsksForEachRoleOnceAndKeepsWhatItAccepts) {
  ASSERT_TRUE(refresh());
  EXPECT_THAT(repository_.requests, ElementsAre("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"));
  EXPECT_EQ(store_.files.at("timestamp"), repository_.files.at("timestamp.json"));
  ASSERT_TRUE(refresh());
  EXPECT_THAT(repository_.requests, ElementsAre("2.root.json", "timestamp.json"));
}

TEST_F(UpdaterTest, NeedsARootToBeginWith) {
  store_.files.clear();
  EXPECT_EQ(refresh().error().code(), Code::kNotFound);
}

TEST_F(UpdaterTest, FollowsRootsThatOldAndNewKeysHaveSigned) {
  const auto old = repository_.signers.at("root");
  repository_.root.version = 2;
  repository_.rotate(kRoot);
  repository_.signers.at("root").insert(old.begin(), old.end());
  repository_.publish_root();
  repository_.root.version = 3;
  repository_.signers.at("root").erase(old.begin()->first);
  repository_.publish_root();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(kept_version(kRoot), 3);
}

TEST_F(UpdaterTest, RefusesRootsThatOneSideHasNotSigned) {
  const auto old = repository_.signers.at("root");
  repository_.root.version = 2;
  repository_.rotate(kRoot);
  repository_.publish_root();  // by the new key only
  expect_distrust("root is signed by 0 of its keys, and needs 1");
  repository_.signers["root"] = old;
  repository_.publish_root();  // by the old key only
  expect_distrust("root 2 is signed by 0 of its keys, and needs 1");
  EXPECT_EQ(kept_version(kRoot), 1);
}

TEST_F(UpdaterTest, RefusesRootsThatSkipAVersion) {
  repository_.root.version = 3;
  repository_.publish_root();
  repository_.files["2.root.json"] = repository_.files.at("3.root.json");
  expect_distrust("root has version 3 where 2 belongs");
}

TEST_F(UpdaterTest, DoesNotTakeAFailureForTheLastRoot) {
  repository_.failing = "2.root.json";
  repository_.failure = Error(Code::kUnavailable, "no route");
  EXPECT_EQ(refresh().error().code(), Code::kUnavailable);
  EXPECT_EQ(store_.files.size(), 1U);
}

TEST_F(UpdaterTest, EndsAnEndlessChainOfRoots) {
  for (int64_t version = 2; version <= 6; ++version) {
    repository_.root.version = version;
    repository_.publish_root();
  }
  ASSERT_TRUE(refresh(kTestNow, {.max_root_rotations = 3}));
  EXPECT_EQ(kept_version(kRoot), 4);
}

TEST_F(UpdaterTest, RefusesEachRoleThatHasExpired) {
  repository_.root.version = 2;
  repository_.root.expires = kTestNow;  // at this very second
  repository_.publish_root();
  expect_distrust("version 2 of \"root\" expired on 2027-01-15T08:00:00Z");
  EXPECT_EQ(kept_version(kRoot), 2);  // 5.3.10: after it was kept
}

TEST_F(UpdaterTest, RefusesAFrozenTimestamp) {
  ASSERT_TRUE(refresh());
  repository_.root.version = 2;
  repository_.root.expires = kTestLater * 2;
  repository_.publish_root();
  expect_distrust("\"timestamp\" expired", kTestLater + 1);
}

TEST_F(UpdaterTest, RefusesAnExpiredSnapshotAndExpiredTargets) {
  repository_.snapshot.expires = kTestNow - 1;
  repository_.publish_new_snapshot();
  expect_distrust("\"snapshot\" expired");
  repository_.snapshot.expires = kTestLater;
  repository_.targets.version = 2;
  repository_.targets.expires = kTestNow - 1;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_new_snapshot();
  expect_distrust("\"targets\" expired");
}

TEST_F(UpdaterTest, RefusesRollbackOfTheTimestamp) {
  repository_.timestamp.version = 5;
  repository_.publish_timestamp();
  ASSERT_TRUE(refresh());
  repository_.timestamp.version = 4;
  repository_.publish_timestamp();
  expect_distrust("timestamp 4 is older than the one seen before, 5");
  EXPECT_EQ(kept_version(kTimestamp), 5);
}

TEST_F(UpdaterTest, KeepsATimestampWhoseVersionStays) {
  ASSERT_TRUE(refresh());
  const std::string before = store_.files.at("timestamp");
  repository_.timestamp.snapshot.version = 7;
  repository_.publish_timestamp();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(store_.files.at("timestamp"), before);
}

TEST_F(UpdaterTest, RefusesRollbackOfTheSnapshot) {
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());
  repository_.snapshot.version = 1;
  repository_.timestamp.snapshot.version = 1;
  ++repository_.timestamp.version;
  repository_.publish_timestamp();
  expect_distrust("the timestamp names snapshot 1, older than the one seen before, 2");
}

TEST_F(UpdaterTest, RefusesRollbackOfTargets) {
  repository_.targets.version = 2;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());
  repository_.targets.version = 1;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_new_snapshot();
  expect_distrust("the snapshot names version 1 of \"targets\", older than the one seen before, 2");
  EXPECT_EQ(kept_version(kTargets), 2);
}

TEST_F(UpdaterTest, RefusesSnapshotsThatDropARole) {
  repository_.snapshot.meta["extra"] = {.version = 1, .length = {}, .hashes = {}};
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());
  repository_.snapshot.meta.erase("extra");
  repository_.publish_new_snapshot();
  expect_distrust("the snapshot does not name \"extra\" any more");
}

TEST_F(UpdaterTest, RecoversFromFastForwardByRotatedKeys) {
  repository_.timestamp.version = 1'000'000;
  repository_.timestamp.snapshot.version = repository_.snapshot.version = 1'000'000;
  repository_.publish_snapshot();
  repository_.publish_timestamp();
  ASSERT_TRUE(refresh());
  repository_.root.version = 2;
  repository_.rotate(kTimestamp);
  repository_.rotate(kSnapshot);
  repository_.publish_root();
  repository_.timestamp.version = repository_.timestamp.snapshot.version = repository_.snapshot.version = 2;
  repository_.publish_snapshot();
  repository_.publish_timestamp();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(kept_version(kTimestamp), 2);
  EXPECT_EQ(kept_version(kSnapshot), 2);
}

TEST_F(UpdaterTest, RefusesMixedMetadata) {
  repository_.files["2.snapshot.json"] = repository_.files.at("1.snapshot.json");
  repository_.timestamp.version = 2;
  repository_.timestamp.snapshot.version = 2;
  repository_.publish_timestamp();
  expect_distrust("snapshot 1 is not the one that the timestamp names, 2");
}

TEST_F(UpdaterTest, HoldsMetadataToStatedHashes) {
  repository_.timestamp.snapshot.hashes = {{"sha256", std::string(32, 'x')}};
  ++repository_.timestamp.version;
  repository_.publish_timestamp();
  expect_distrust("snapshot has not the sha256 that it should have");
  repository_.timestamp.snapshot.hashes = {{"md5", "x"}};
  ++repository_.timestamp.version;
  repository_.publish_timestamp();
  expect_distrust("only hashes that are unknown here");
}

TEST_F(UpdaterTest, DoesNotReadMoreThanItIsTold) {
  repository_.files["timestamp.json"] += std::string(20'000, ' ');
  EXPECT_EQ(refresh().error().code(), Code::kLimitExceeded);
}

TEST_F(UpdaterTest, ForgetsNothingWhenKeptMetadataIsDamaged) {
  ASSERT_TRUE(refresh());
  store_.files["timestamp"] = "{";
  const Status status = refresh();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), Code::kMalformed);
  EXPECT_THAT(status.error().remedy(), HasSubstr("remove the file"));
}

TEST_F(UpdaterTest, CountsAKeyOnceWhateverItsIds) {
  const auto& [id, key] = *repository_.signers.at("timestamp").begin();
  auto [listed_id, listed] = tuf1_codec().list(key.public_key());
  repository_.root.version = 2;
  repository_.root.keys.emplace("second-name", listed);
  repository_.root.roles.at("timestamp").key_ids.emplace_back("second-name");
  repository_.root.roles.at("timestamp").threshold = 2;
  repository_.signers.at("timestamp").emplace("second-name", key);
  repository_.publish_root();
  repository_.publish_timestamp();
  expect_distrust("timestamp is signed by 1 of its keys, and needs 2");
}

// A key is listed with its scheme: a signature of any other kind by the very same key says nothing.
TEST_F(UpdaterTest, RefusesSignaturesOfAnotherAlgorithm) {
  const PrivateKey key = *PrivateKey::generate(KeyType::kEcdsaP256);
  const auto publish_with = [&](std::string scheme_of_key, SignatureScheme made_by) {
    auto [id, listed] = tuf1_codec().list(key.public_key());
    if (const size_t at = listed.json.find("ecdsa-sha2-nistp256"); at != std::string::npos) {
      listed.json.replace(at, scheme_of_key.size(), scheme_of_key);
    }
    repository_.root.roles.at("timestamp").key_ids = {id};
    repository_.root.keys.insert_or_assign(id, listed);
    ++repository_.root.version;
    repository_.publish_root();
    ++repository_.timestamp.version;
    const std::string bytes = tuf1_codec().write(repository_.timestamp);
    const std::vector<Signature> signatures{{.key_id = id, .bytes = *key.sign(made_by, as_bytes(bytes))}};
    repository_.files["timestamp.json"] = tuf1_codec().envelope(bytes, signatures);
  };
  using Kind = SignatureScheme::Kind;
  constexpr std::string_view kRefused = "timestamp is signed by 0 of its keys";
  publish_with("ecdsa-sha2-nistp256", {Kind::kEcdsa, HashAlgorithm::kSha512});
  expect_distrust(kRefused);
  publish_with("ecdsa-sha2-nistp256", {Kind::kEcdsaRaw, HashAlgorithm::kSha256});
  expect_distrust(kRefused);
  publish_with("ecdsa-sha2-nistp384", {Kind::kEcdsa, HashAlgorithm::kSha256});
  expect_distrust(kRefused);
  publish_with("ecdsa-sha2-nistp256", {Kind::kEcdsa, HashAlgorithm::kSha256});
  EXPECT_TRUE(refresh());
}

TEST_F(UpdaterTest, FindsTargetsInOrderOfDelegation) {
  Targets a{{.version = 1, .expires = kTestLater}, {}, {}};
  Targets b{{.version = 1, .expires = kTestLater}, {}, {}};
  a.targets["apps/one"] = file_of("from a");
  b.targets["apps/one"] = file_of("from b!");
  b.targets["apps/two"] = file_of("two");
  repository_.delegate(repository_.targets, {.name = "a", .keys = {}, .paths = {"apps/*"}, .hash_prefixes = {}});
  repository_.delegate(repository_.targets, {.name = "b", .keys = {}, .paths = {"apps/*"}, .hash_prefixes = {}});
  repository_.targets.version = 2;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_targets("a", a);
  repository_.publish_targets("b", b);
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());

  const auto one = updater_->find("apps/one");
  ASSERT_TRUE(one && *one);
  EXPECT_EQ((*one)->role, "a");
  const auto two = updater_->find("apps/two");
  ASSERT_TRUE(two && *two);
  EXPECT_EQ((*two)->role, "b");
  const auto none = updater_->find("apps/deep/one");  // a wildcard matches no slash
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(UpdaterTest, StopsAtATerminatingDelegation) {
  Targets a{{.version = 1, .expires = kTestLater}, {}, {}};
  Targets b = a;
  b.targets["x"] = file_of("x");
  repository_.delegate(repository_.targets,
                       {.name = "a", .keys = {}, .terminating = true, .paths = {"*"}, .hash_prefixes = {}});
  repository_.delegate(repository_.targets, {.name = "b", .keys = {}, .paths = {"*"}, .hash_prefixes = {}});
  repository_.targets.version = 2;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_targets("a", a);
  repository_.publish_targets("b", b);
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());
  const auto found = updater_->find("x");
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

// A role is believed by the keys of the delegator it was reached through: that it was accepted through another one, in
// this run or before, counts for nothing.
TEST_F(UpdaterTest, BelievesARoleByItsPresentDelegator) {
  Targets parent_a{{.version = 1, .expires = kTestLater}, {}, {}};
  Targets parent_b = parent_a;
  Targets release = parent_a;
  release.targets["a/x"] = file_of("a");
  release.targets["b/x"] = file_of("b");
  repository_.delegate(repository_.targets, {.name = "pa", .keys = {}, .paths = {"a/*"}, .hash_prefixes = {}});
  repository_.delegate(repository_.targets, {.name = "pb", .keys = {}, .paths = {"b/*"}, .hash_prefixes = {}});
  repository_.delegate(parent_a, {.name = "release", .keys = {}, .paths = {"a/*"}, .hash_prefixes = {}});
  const auto signers_of_a = repository_.signers.at("release");
  repository_.delegate(parent_b, {.name = "release", .keys = {}, .paths = {"b/*"}, .hash_prefixes = {}});
  repository_.signers["release"] = signers_of_a;
  repository_.targets.version = 2;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_targets("pa", parent_a);
  repository_.publish_targets("pb", parent_b);
  repository_.publish_targets("release", release);
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());
  const auto through_a = updater_->find("a/x");
  ASSERT_TRUE(through_a && *through_a);
  EXPECT_EQ(updater_->find("b/x").error().code(), Code::kVerificationFailed);
  ASSERT_TRUE(refresh());  // now the store has it, too
  EXPECT_EQ(updater_->find("b/x").error().code(), Code::kVerificationFailed);
}

TEST_F(UpdaterTest, SaysSoWhenTooManyRolesWouldHaveToBeAsked) {
  for (int i = 0; i < 5; ++i) {
    const std::string name = "r" + std::to_string(i);
    repository_.delegate(repository_.targets, {.name = name, .keys = {}, .paths = {"*"}, .hash_prefixes = {}});
    repository_.publish_targets(name, {{.version = 1, .expires = kTestLater}, {}, {}});
  }
  repository_.targets.version = 2;
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh(kTestNow, {.max_delegations = 3}));
  EXPECT_EQ(updater_->find("x").error().code(), Code::kLimitExceeded);
  ASSERT_TRUE(refresh());
  const auto none = updater_->find("x");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(UpdaterTest, FindsTargetsInSuccinctBins) {
  const PrivateKey key = TestRepository::new_key();
  auto [id, listed] = tuf1_codec().list(key.public_key());
  SuccinctRoles bins{.keys = {.key_ids = {id}}, .bit_length = 10, .name_prefix = "bin"};
  const std::string role = bins.role_for("library/debian");
  repository_.targets.delegations = Delegations{.keys = {{id, listed}}, .roles = {}, .succinct = bins};
  repository_.targets.version = 2;
  repository_.signers[role].emplace(id, key);
  Targets bin{{.version = 1, .expires = kTestLater}, {}, {}};
  bin.targets["library/debian"] = file_of("digest");
  repository_.publish_targets(kTargets, repository_.targets);
  repository_.publish_targets(role, bin);
  repository_.publish_new_snapshot();
  ASSERT_TRUE(refresh());
  const auto found = updater_->find("library/debian");
  ASSERT_TRUE(found && *found) << found.error().to_string();
  EXPECT_EQ((*found)->role, role);
}

TEST(FolderStore, KeepsRolesOfAnyNameInItsFolder) {
  const TemporaryFolder folder;
  FolderStore store(folder.path());
  const auto nothing = store.load("a");
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  for (const std::string_view role : {"root", "../escape", "a/b", "?", "#"}) {
    ASSERT_TRUE(store.save(role, role));
    const auto loaded = store.load(role);
    ASSERT_TRUE(loaded && *loaded);
    EXPECT_EQ(**loaded, role);
  }
}

TEST(TargetFileName, BearsTheHashBeforeItsLastPart) {
  const TargetFile file{.length = 1, .hashes = {{"sha256", "\x01\xff"}, {"sha512", "x"}}, .custom = ""};
  EXPECT_EQ(target_file_name("a b/c.txt", file, true), "a%20b/01ff.c.txt");
  EXPECT_EQ(target_file_name("c.txt", file, true), "01ff.c.txt");
  EXPECT_EQ(target_file_name("a/c.txt", file, false), "a/c.txt");
}

}  // namespace
}  // namespace bulkhead::tuf

#include "tuf/repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuf/test_repository.h"

namespace bulkhead::tuf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PrivateKey new_key() {
  return TestRepository::new_key();
}

std::string id_of(const PrivateKey& key) {
  return tuf1_codec().list(key.public_key()).first;
}

TargetFile file_of(std::string_view content) {
  return {.length = content.size(),
          .hashes = {{"sha256", std::string(as_text(Digest::sha256_of(as_bytes(content)).raw()))}},
          .custom = ""};
}

// Serves what was published, as a folder would.
class Files final : public MetadataSource {
 public:
  void add(const std::vector<std::pair<std::string, std::string>>& files) {
    for (const auto& [name, bytes] : files) files_.insert_or_assign(name, bytes);
  }
  Result<std::string> fetch(std::string_view name, uint64_t /*max_bytes*/) override {
    const auto found = files_.find(name);
    if (found == files_.end()) return fail(Code::kNotFound, std::string(name));
    return found->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> files_;
};

class RepositoryTest : public ::testing::Test {
 protected:
  RepositoryTest()
      : repository_(*Repository::create(tuf1_codec(),
                                        {.root = {.keys = {root_.public_key()}},
                                         .targets = {.keys = {targets_.public_key()}},
                                         .snapshot = {.keys = {online_.public_key()}},
                                         .timestamp = {.keys = {online_.public_key()}}},
                                        {}, kTestNow)) {}

  Status publish() {
    TRY_ASSIGN(const auto files, repository_.publish({signer_of(online_)}));
    names_.clear();
    for (const auto& [name, bytes] : files) names_.push_back(name);
    files_.add(files);
    if (!store_.files.contains("root")) TRY(store_.save(kRoot, repository_.published()->root.bytes));
    return {};
  }
  void publish_first() {
    ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
    ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
    const Status done = publish();
    ASSERT_TRUE(done) << done.error().to_string();
  }
  // What a client that has followed from the beginning finds.
  Result<std::optional<FoundTarget>> find(std::string_view path, int64_t now = kTestNow) {
    TRY_ASSIGN(auto updater, Updater::create(tuf1_codec(), files_, store_, now));
    TRY(updater.refresh());
    return updater.find(path);
  }

  PrivateKey root_ = new_key();
  PrivateKey targets_ = new_key();
  PrivateKey online_ = new_key();
  Repository repository_;
  Files files_;
  MemoryStore store_;
  std::vector<std::string> names_;
};

TEST_F(RepositoryTest, PublishesWhatAClientAccepts) {
  ASSERT_TRUE(repository_.set_target(kTargets, "app:1", file_of("one")));
  publish_first();
  EXPECT_THAT(names_, ElementsAre("1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"));
  const auto found = find("app:1");
  ASSERT_TRUE(found && *found) << found.error().to_string();
  EXPECT_EQ((*found)->file.length, 3U);
}

TEST_F(RepositoryTest, IsTheSameForTheSameChanges) {
  ASSERT_TRUE(repository_.set_target(kTargets, "b", file_of("b")));
  ASSERT_TRUE(repository_.set_target(kTargets, "a", file_of("a")));
  const auto once = repository_.staged_files();
  ASSERT_TRUE(repository_.set_target(kTargets, "a", file_of("a")));
  EXPECT_EQ(repository_.staged_files(), once);
}

TEST_F(RepositoryTest, PublishesNothingThatLacksSignatures) {
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  const auto refused = repository_.publish({signer_of(online_)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kVerificationFailed);
  EXPECT_EQ(refused.error().message(), "\"targets\" 1 lacks 1 signature");
  EXPECT_THAT(refused.error().remedy(), HasSubstr(id_of(targets_)));
  EXPECT_EQ(repository_.published(), nullptr);
  EXPECT_EQ(repository_.pending().size(), 2U);
}

TEST_F(RepositoryTest, NeedsTheOnlineKeysToPublish) {
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  EXPECT_EQ(repository_.publish({signer_of(root_)}).error().code(), Code::kVerificationFailed);
  EXPECT_EQ(repository_.published(), nullptr);
}

TEST_F(RepositoryTest, RaisesVersionsOncePerPublication) {
  publish_first();
  ASSERT_TRUE(repository_.set_target(kTargets, "a", file_of("a")));
  ASSERT_TRUE(repository_.set_target(kTargets, "b", file_of("b")));
  ASSERT_TRUE(repository_.remove_target(kTargets, "a"));
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  ASSERT_TRUE(publish());
  EXPECT_THAT(names_, ElementsAre("2.targets.json", "2.snapshot.json", "timestamp.json"));
  EXPECT_TRUE(find("b")->has_value());
  EXPECT_FALSE(find("a")->has_value());
}

TEST_F(RepositoryTest, DropsSignaturesOfWhatHasChanged) {
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  EXPECT_EQ(repository_.pending()[1].missing, 0U);
  ASSERT_TRUE(repository_.set_target(kTargets, "a", file_of("a")));
  EXPECT_EQ(repository_.pending()[1].missing, 1U);
}

TEST_F(RepositoryTest, RenewsTheTimestampAloneUntilTheSnapshotNeedsIt) {
  publish_first();
  ASSERT_TRUE(publish());
  EXPECT_THAT(names_, ElementsAre("timestamp.json"));
  Repository later(tuf1_codec(), *repository_.published(), {}, kTestNow + Lifetimes().snapshot);
  const auto files = later.publish({signer_of(online_)});
  ASSERT_TRUE(files);
  EXPECT_EQ(files->size(), 2U);
  EXPECT_EQ(files->front().first, "2.snapshot.json");
}

TEST_F(RepositoryTest, StaysFreshWhileWhatIsStagedLacksSignatures) {
  EXPECT_EQ(repository_.refresh({signer_of(online_)}).error().code(), Code::kInvalidArgument);
  publish_first();
  ASSERT_TRUE(repository_.set_target(kTargets, "app:1", file_of("one")));
  ASSERT_TRUE(repository_.change_keys(kRoot, {new_key().public_key()}, {}));
  const auto staged = repository_.staged_files();
  const auto files = repository_.refresh({signer_of(online_)});
  ASSERT_TRUE(files) << files.error().to_string();
  files_.add(*files);
  EXPECT_EQ(repository_.staged_files(), staged);
  EXPECT_FALSE(find("app:1")->has_value());
  EXPECT_EQ(repository_.published()->timestamp.content.metadata.version, 2);
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  ASSERT_TRUE(publish());
  EXPECT_TRUE(find("app:1")->has_value());
}

TEST_F(RepositoryTest, RotatesTheRootWithOldAndNewKeys) {
  publish_first();
  const PrivateKey next = new_key();
  ASSERT_TRUE(repository_.change_keys(kRoot, {next.public_key()}, {id_of(root_)}));
  ASSERT_EQ(repository_.pending().size(), 1U);
  EXPECT_THAT(repository_.pending()[0].may_sign, ::testing::UnorderedElementsAre(id_of(next), id_of(root_)));
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(next)));
  EXPECT_FALSE(publish());  // the old key has not agreed
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  ASSERT_TRUE(publish());
  EXPECT_TRUE(find("x"));
  EXPECT_FALSE(repository_.root().keys.contains(id_of(root_)));
}

TEST_F(RepositoryTest, SignsEverythingAnewThatRotatedKeysHadSigned) {
  ASSERT_TRUE(repository_.set_target(kTargets, "a", file_of("a")));
  publish_first();
  const PrivateKey targets = new_key();
  const PrivateKey online = new_key();
  ASSERT_TRUE(repository_.change_keys(kTargets, {targets.public_key()}, {id_of(targets_)}));
  ASSERT_TRUE(repository_.change_keys(kSnapshot, {online.public_key()}, {id_of(online_)}));
  ASSERT_TRUE(repository_.change_keys(kTimestamp, {online.public_key()}, {id_of(online_)}));
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  EXPECT_EQ(repository_.sign(kTargets, signer_of(targets_)).error().code(), Code::kInvalidArgument);
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets)));
  EXPECT_FALSE(publish());  // by the old online key
  online_ = online;
  ASSERT_TRUE(publish());
  EXPECT_THAT(names_, ElementsAre("2.root.json", "2.targets.json", "2.snapshot.json", "timestamp.json"));
  EXPECT_TRUE(find("a")->has_value());
}

TEST_F(RepositoryTest, HoldsThresholds) {
  publish_first();
  const PrivateKey second = new_key();
  ASSERT_TRUE(repository_.change_keys(kTargets, {second.public_key()}, {}, 2));
  ASSERT_TRUE(repository_.renew(kTargets));
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(second)));
  EXPECT_FALSE(publish());
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  ASSERT_TRUE(publish());
  EXPECT_TRUE(find("x"));
  EXPECT_EQ(repository_.change_keys(kTargets, {}, {id_of(second)}).error().code(), Code::kInvalidArgument);
  EXPECT_THAT(repository_.pending(), IsEmpty());  // nothing of it was staged
}

// A threshold that is raised without signing the role anew would lock clients out.
TEST_F(RepositoryTest, PublishesNoRootThatItsTargetsDoNotFit) {
  publish_first();
  ASSERT_TRUE(repository_.change_keys(kTargets, {new_key().public_key()}, {}, 2));
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  const Status refused = publish();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().to_string(), HasSubstr("\"targets\" is signed by 1 of its keys, and needs 2"));
}

TEST_F(RepositoryTest, Delegates) {
  publish_first();
  const PrivateKey alice = new_key();
  ASSERT_TRUE(repository_.delegate(kTargets, "alice", {.keys = {alice.public_key()}}, false, {"team/*"}));
  ASSERT_TRUE(repository_.set_target("alice", "team/app", file_of("app")));
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  ASSERT_TRUE(repository_.sign("alice", signer_of(alice)));
  ASSERT_TRUE(publish());
  const auto found = find("team/app");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->role, "alice");

  const PrivateKey bob = new_key();
  ASSERT_TRUE(repository_.change_keys("alice", {bob.public_key()}, {id_of(alice)}));
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  ASSERT_TRUE(repository_.sign("alice", signer_of(bob)));
  ASSERT_TRUE(publish());
  EXPECT_TRUE(find("team/app")->has_value());

  for (const std::string_view taken : {"alice", "root", "targets", "timestamp", ""}) {
    EXPECT_EQ(repository_.delegate(kTargets, taken, {.keys = {bob.public_key()}}, false, {"*"}).error().code(),
              Code::kInvalidArgument);
  }
  EXPECT_EQ(repository_.change_keys("nobody", {}, {}).error().code(), Code::kNotFound);
}

TEST_F(RepositoryTest, DelegatesToHashBinsAndRotatesTheirKeysTogether) {
  const PrivateKey bins = new_key();
  ASSERT_TRUE(repository_.delegate_bins(kTargets, "bin", {.keys = {bins.public_key()}}, 5));
  const auto sign_bins = [&](const PrivateKey& key) {
    for (const auto& pending : repository_.pending()) {
      if (pending.role.starts_with("bin-")) ASSERT_TRUE(repository_.sign(pending.role, signer_of(key)));
    }
  };
  const SuccinctRoles roles = *(*repository_.targets(kTargets))->delegations->succinct;
  EXPECT_EQ(roles.all_roles().size(), 32U);
  EXPECT_EQ(roles.all_roles().back(), "bin-1f");
  ASSERT_TRUE(repository_.set_target(roles.role_for("team/app"), "team/app", file_of("app")));
  sign_bins(bins);
  publish_first();
  const auto found = find("team/app");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->role, roles.role_for("team/app"));

  const PrivateKey next = new_key();
  ASSERT_TRUE(repository_.change_keys("bin-00", {next.public_key()}, {id_of(bins)}));
  EXPECT_EQ(repository_.pending().size(), 33U) << "targets, and every bin";
  ASSERT_TRUE(repository_.sign(kTargets, signer_of(targets_)));
  sign_bins(next);
  const Status done = publish();
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_TRUE(find("team/app")->has_value());
}

TEST_F(RepositoryTest, RefusesBinsThatDoNotStandAlone) {
  const RoleSetup keys{.keys = {targets_.public_key()}};
  for (const uint32_t bits : {0U, Repository::kMaxBinBits + 1, 32U}) {
    EXPECT_EQ(repository_.delegate_bins(kTargets, "bin", keys, bits).error().code(), Code::kInvalidArgument) << bits;
  }
  ASSERT_TRUE(repository_.delegate(kTargets, "bin-0", keys, false, {"*"}));
  EXPECT_FALSE(repository_.delegate_bins(kTargets, "bin", keys, 1)) << "the name is taken";
  EXPECT_FALSE(repository_.delegate_bins(kTargets, "other", keys, 1)) << "there is a delegation already";
}

TEST_F(RepositoryTest, GoesOnWhenADelegatedRoleHasExpired) {
  const PrivateKey alice = new_key();
  ASSERT_TRUE(repository_.delegate(kTargets, "alice", {.keys = {alice.public_key()}}, false, {"team/*"}));
  ASSERT_TRUE(repository_.sign("alice", signer_of(alice)));
  publish_first();
  Repository later(tuf1_codec(), *repository_.published(), {}, kTestNow + Lifetimes().targets + 1);
  ASSERT_TRUE(later.renew(kTargets));
  ASSERT_TRUE(later.sign(kTargets, signer_of(targets_)));
  const auto files = later.publish({signer_of(online_)});
  ASSERT_TRUE(files) << files.error().to_string();
}

TEST_F(RepositoryTest, CollectsSignaturesFromCopies) {
  publish_first();
  const PrivateKey second = new_key();
  ASSERT_TRUE(repository_.change_keys(kRoot, {second.public_key()}, {}, 2));
  const std::string sent = repository_.staged_files().at("root");

  Repository elsewhere(tuf1_codec(), *repository_.published(), {}, kTestNow);
  ASSERT_TRUE(elsewhere.stage(kRoot, sent));
  ASSERT_TRUE(elsewhere.sign(kRoot, signer_of(second)));
  ASSERT_TRUE(repository_.sign(kRoot, signer_of(root_)));
  ASSERT_TRUE(repository_.stage(kRoot, elsewhere.staged_files().at("root")));
  const Status done = publish();
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_TRUE(find("x"));
}

TEST_F(RepositoryTest, TakesSignaturesThatHoldFromCopiesAndNothingElse) {
  publish_first();
  const PrivateKey second = new_key();
  ASSERT_TRUE(repository_.change_keys(kRoot, {second.public_key()}, {}, 2));
  const std::string sent = repository_.staged_files().at("root");
  Repository elsewhere(tuf1_codec(), *repository_.published(), {}, kTestNow);
  ASSERT_TRUE(elsewhere.stage(kRoot, sent));
  // One that does not hold takes nobody's place.
  RoleSigner broken = signer_of(second);
  broken.sign = [](SignatureScheme /*scheme*/, ByteSpan /*message*/) { return Result<std::string>("broken"); };
  ASSERT_TRUE(elsewhere.sign(kRoot, broken));
  ASSERT_TRUE(repository_.add_signatures(kRoot, elsewhere.staged_files().at("root")));
  EXPECT_EQ(repository_.pending("root")->missing, 2U);
  EXPECT_EQ(repository_.staged_files().at("root"), sent);
  ASSERT_TRUE(elsewhere.sign(kRoot, signer_of(second)));
  ASSERT_TRUE(repository_.add_signatures(kRoot, elsewhere.staged_files().at("root")));
  EXPECT_EQ(repository_.pending("root")->missing, 1U);

  ASSERT_TRUE(elsewhere.change_keys(kRoot, {new_key().public_key()}, {}));
  EXPECT_EQ(repository_.add_signatures(kRoot, elsewhere.staged_files().at("root")).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(repository_.add_signatures(kTargets, sent).error().code(), Code::kNotFound);
}

TEST_F(RepositoryTest, TakesNoStagedFileOfAnOlderPublication) {
  ASSERT_TRUE(repository_.set_target(kTargets, "a", file_of("a")));
  const std::string old = repository_.staged_files().at("targets");
  publish_first();
  const Status refused = repository_.stage(kTargets, old);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "staged \"targets\" has version 1 where 2 belongs");
}

TEST(Repository, RefusesThresholdsThatCannotBeReached) {
  const PrivateKey key = new_key();
  const RoleSetup one{.keys = {key.public_key()}};
  for (const RoleSetup& root : {RoleSetup{.keys = {}}, RoleSetup{.keys = {key.public_key()}, .threshold = 2},
                                RoleSetup{.keys = {key.public_key()}, .threshold = 0},
                                RoleSetup{.keys = {key.public_key(), key.public_key()}}}) {
    const auto refused = Repository::create(
        tuf1_codec(), {.root = root, .targets = one, .snapshot = one, .timestamp = one}, {}, kTestNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  }
}

}  // namespace
}  // namespace bulkhead::tuf

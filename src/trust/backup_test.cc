#include "trust/backup.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "keys/key_file.h"

namespace bulkhead::trust {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNow = 1'800'000'000;

class BackupTest : public ::testing::Test {
 protected:
  Result<Publisher> publish() {
    const tuf::RoleSetup one{.keys = {key_.public_key()}};
    MapSettings settings;
    settings.key_references[keys::key_id(key_.public_key())] = "file:key.pem";
    TRY_ASSIGN(Publisher publisher,
               Publisher::create(temporary_ / "map", {.root = one, .targets = one, .snapshot = one, .timestamp = one},
                                 settings, kNow));
    for (const char* const role : {"root", "targets"}) {
      TRY(publisher.repository().sign(role, tuf::signer_of(key_)));
    }
    TRY(publisher.publish({tuf::signer_of(key_)}));
    TRY(publisher.repository().renew("targets"));
    TRY(publisher.save());
    return publisher;
  }
  Backup backup() {
    auto publisher = publish();
    if (!publisher) std::abort();
    Backup out = *back_up(*publisher, kNow);
    out.keys.push_back({.reference = "file:key.pem", .key = key_});
    return out;
  }

  const TemporaryFolder temporary_;
  PrivateKey key_ = *PrivateKey::generate(KeyType::kEcdsaP256);
};

TEST_F(BackupTest, OpensAsItWasSealed) {
  const Backup before = backup();
  const auto sealed = seal_backup(before, "open sesame");
  ASSERT_TRUE(sealed) << sealed.error().to_string();
  for (const std::string_view plain : {"signatures", "file:key.pem", "PRIVATE KEY"}) {
    EXPECT_THAT(*sealed, ::testing::Not(HasSubstr(plain)));
  }
  const auto after = open_backup(*sealed, "open sesame");
  ASSERT_TRUE(after) << after.error().to_string();
  EXPECT_EQ(after->time, kNow);
  EXPECT_EQ(after->published, before.published);
  EXPECT_EQ(after->staged, before.staged);
  EXPECT_EQ(after->settings.key_references, before.settings.key_references);
  ASSERT_EQ(after->keys.size(), 1U);
  EXPECT_EQ(after->keys[0].key.public_key(), key_.public_key());
  EXPECT_NE(*seal_backup(before, "open sesame"), *sealed) << "no salt and no nonce serves twice";
}

TEST_F(BackupTest, DoesNotOpenWithAnotherPassphraseOrWhenAnythingOfItHasChanged) {
  const std::string sealed = *seal_backup(backup(), "open sesame");
  EXPECT_EQ(open_backup(sealed, "close sesame").error().code(), Code::kUnauthenticated);
  EXPECT_EQ(seal_backup({}, "").error().code(), Code::kInvalidArgument);
  // Of the header only what is cheap to try: a changed cost is another derivation.
  for (const size_t at : {size_t{12}, sealed.size() - 1}) {
    std::string changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(open_backup(changed, "open sesame")) << at;
  }
  EXPECT_EQ(open_backup("BHTRUST\x02" + sealed.substr(8), "x").error().code(), Code::kUnsupported);
  EXPECT_EQ(open_backup("PK", "x").error().code(), Code::kMalformed);
  EXPECT_FALSE(open_backup(sealed.substr(0, 20), "x"));
  std::string costly = sealed;
  costly[8] = 30;
  EXPECT_EQ(open_backup(costly, "x").error().code(), Code::kLimitExceeded);
}

TEST_F(BackupTest, IsRestoredIntoANewFolderOnly) {
  const Backup kept = backup();
  ASSERT_TRUE(restore_folder(kept, temporary_ / "again"));
  auto again = Publisher::open(temporary_ / "again", kNow);
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(*again->published_files(), kept.published);
  EXPECT_EQ(again->repository().staged_files(), kept.staged);
  EXPECT_EQ(again->settings().key_references, kept.settings.key_references);
  ASSERT_TRUE(again->repository().sign("targets", tuf::signer_of(key_)));
  EXPECT_TRUE(again->publish({tuf::signer_of(key_)})) << "it goes on from there";
  EXPECT_EQ(restore_folder(kept, temporary_ / "map").error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(temporary_ / "map.restoring"));
}

TEST_F(BackupTest, LeavesNothingThatCountsWhenItIsKilledHalfway) {
  const Backup kept = backup();
  std::filesystem::create_directories(temporary_ / "again.restoring/staged");
  temporary_.write("again.restoring/staged/root.json", "half a fi");
  ASSERT_TRUE(restore_folder(kept, temporary_ / "again"));
  EXPECT_TRUE(Publisher::open(temporary_ / "again", kNow));
}

TEST_F(BackupTest, IsProvenByADrill) {
  Backup kept = backup();
  const Drill well = drill(kept);
  EXPECT_THAT(well.problems, IsEmpty());
  ASSERT_EQ(well.roles.size(), 4U);
  EXPECT_EQ(well.roles[0].inside, 1U);
  Backup without_keys = kept;
  without_keys.keys.clear();
  EXPECT_EQ(drill(without_keys).problems.size(), 4U);
  Backup damaged = kept;
  damaged.published.erase("1.targets.json");
  EXPECT_EQ(drill(damaged).problems.size(), 1U);
  Backup nothing = kept;
  nothing.published.clear();
  nothing.staged.clear();
  EXPECT_EQ(drill(nothing).problems.size(), 1U);
}

TEST_F(BackupTest, TakesOnlyMetadataThatFollowsFromItsOwnRoot) {
  const Backup kept = backup();
  std::map<std::string, std::string> newer;
  {
    auto publisher = Publisher::open(temporary_ / "map", kNow);
    ASSERT_TRUE(publisher) << publisher.error().to_string();
    ASSERT_TRUE(publisher->repository().renew("root"));
    for (const char* const role : {"root", "targets"}) {
      ASSERT_TRUE(publisher->repository().sign(role, tuf::signer_of(key_)));
    }
    ASSERT_TRUE(publisher->publish({tuf::signer_of(key_)}));
    newer = *publisher->published_files();
  }
  const auto refuses = [](const Backup& before, const std::map<std::string, std::string>& files) {
    Backup changed = before;
    const Status taken = take_published(changed, files);
    return !taken && taken.error().code() == Code::kVerificationFailed && changed.published == before.published &&
           changed.staged == before.staged;
  };
  auto edited = newer;
  edited.at("2.targets.json").insert(edited.at("2.targets.json").find("\"version\""), "\"x\":1,");
  EXPECT_TRUE(refuses(kept, edited));
  auto planted = newer;
  planted["999.root.json"] = newer.at("2.root.json");
  planted["999.root.json"].replace(planted["999.root.json"].find("\"version\":2"), 11, "\"version\":999");
  EXPECT_TRUE(refuses(kept, planted));
  planted["999.root.json"] = newer.at("2.root.json");
  EXPECT_TRUE(refuses(kept, planted)) << "whatever it says of itself";
  EXPECT_TRUE(refuses(kept, {}));

  Backup taken = kept;
  auto with_another_first_root = newer;
  with_another_first_root["1.root.json"] = "{}";
  const Status done = take_published(taken, with_another_first_root);
  ASSERT_TRUE(done) << done.error().to_string();
  EXPECT_EQ(taken.published, newer) << "with the first root as the backup has it";
  EXPECT_THAT(taken.staged, IsEmpty());
  EXPECT_TRUE(drill(taken).verifies);
  EXPECT_TRUE(refuses(taken, kept.published)) << "which is older";

  Backup damaged = kept;
  damaged.published = edited;
  EXPECT_FALSE(drill(damaged).verifies);
}

TEST_F(BackupTest, OfAMapThatIsNotPublishedYetIsProvenToo) {
  const tuf::RoleSetup one{.keys = {key_.public_key()}};
  auto publisher =
      Publisher::create(temporary_ / "new", {.root = one, .targets = one, .snapshot = one, .timestamp = one}, {}, kNow);
  ASSERT_TRUE(publisher);
  Backup kept = *back_up(*publisher, kNow);
  EXPECT_EQ(drill(kept).problems.size(), 4U);
  kept.keys.push_back({.reference = "x", .key = key_});
  EXPECT_THAT(drill(kept).problems, IsEmpty());
}

TEST_F(BackupTest, HoldsNoFileThatWouldLeaveItsFolder) {
  for (const char* const name : {"../x", ".hidden"}) {
    Backup kept;
    kept.published[name] = "x";
    const auto sealed = seal_backup(kept, "x");
    ASSERT_TRUE(sealed);
    EXPECT_EQ(open_backup(*sealed, "x").error().code(), Code::kMalformed) << name;
  }
}

}  // namespace
}  // namespace bulkhead::trust

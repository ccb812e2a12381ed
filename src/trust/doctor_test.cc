#include "trust/doctor.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "keys/key_file.h"
#include "trust/folder_repository.h"

namespace bulkhead::trust {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNow = 1'800'000'000;
constexpr int64_t kDay = 86'400;

class DoctorTest : public ::testing::Test {
 protected:
  DoctorTest() {
    MapSettings settings;
    for (const PrivateKey& key : {root_, recovery_, targets_, online_}) {
      settings.key_references[keys::key_id(key.public_key())] = "store:" + keys::key_id(key.public_key());
    }
    const tuf::RoleSetup online{.keys = {online_.public_key()}};
    auto publisher = Publisher::create(folder(),
                                       {.root = {.keys = {root_.public_key(), recovery_.public_key()}},
                                        .targets = {.keys = {targets_.public_key()}},
                                        .snapshot = online,
                                        .timestamp = online},
                                       settings, kNow);
    if (!publisher || !publisher->repository().sign("root", tuf::signer_of(root_)) ||
        !publisher->repository().sign("targets", tuf::signer_of(targets_)) ||
        !publisher->publish({tuf::signer_of(online_)})) {
      std::abort();
    }
  }
  std::string folder() const { return temporary_ / "map"; }
  Examination examine_at(int64_t now) {
    const auto publisher = Publisher::open(folder(), now);
    if (!publisher) std::abort();
    return examine(
        *publisher,
        [&](const std::string& reference) -> Status {
          if (!gone_.contains(reference)) return {};
          return fail(Code::kNotFound, "it is not there");
        },
        now);
  }
  static const Problem* about(const Examination& found, std::string_view role) {
    const auto problem = std::ranges::find(found.problems, role, &Problem::role);
    return problem == found.problems.end() ? nullptr : &*problem;
  }
  static std::string place_of(const PrivateKey& key) { return "store:" + keys::key_id(key.public_key()); }

  const TemporaryFolder temporary_;
  PrivateKey root_ = *PrivateKey::generate(KeyType::kEd25519);
  PrivateKey recovery_ = *PrivateKey::generate(KeyType::kEd25519);
  PrivateKey targets_ = *PrivateKey::generate(KeyType::kEcdsaP256);
  PrivateKey online_ = *PrivateKey::generate(KeyType::kEd25519);
  std::set<std::string> gone_;
};

TEST_F(DoctorTest, FindsNothingTheMatterWithWhatIsWell) {
  const Examination found = examine_at(kNow);
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_FALSE(found.is_wrong());
  ASSERT_EQ(found.roles.size(), 4U);
  EXPECT_EQ(found.roles[0].role, "root");
  EXPECT_TRUE(found.roles[0].keys[0].has_signed);
  EXPECT_FALSE(found.roles[0].keys[1].has_signed) << "the recovery key has not";
  EXPECT_TRUE(found.roles[0].keys[1].is_here);
  EXPECT_EQ(found.roles[3].version, 1);
}

TEST_F(DoctorTest, NamesWhatExpiresBeforeAndAfterItDid) {
  const Examination soon = examine_at(kNow + kDay * 3 / 4 + 1);
  ASSERT_NE(about(soon, "timestamp"), nullptr);
  EXPECT_EQ(about(soon, "timestamp")->severity, Severity::kSoon);
  EXPECT_FALSE(soon.is_wrong());
  const Examination late = examine_at(kNow + kDay * 90);
  EXPECT_TRUE(late.is_wrong());
  EXPECT_EQ(about(late, "timestamp")->repair, "bulkhead trust publish " + folder());
  ASSERT_NE(about(late, "targets"), nullptr);
  EXPECT_THAT(about(late, "targets")->repair, HasSubstr("bulkhead trust sign " + folder() + " --role targets --renew"));
  EXPECT_EQ(about(late, "root"), nullptr) << "a year of root is not over";
}

TEST_F(DoctorTest, NamesKeysThatAreNotWhereTheyShouldBeAndTheWayBack) {
  gone_ = {place_of(root_), place_of(online_)};
  const Examination found = examine_at(kNow);
  EXPECT_TRUE(found.is_wrong());
  ASSERT_NE(about(found, "root"), nullptr);
  EXPECT_THAT(about(found, "root")->repair, HasSubstr("bulkhead trust rotate " + folder() + " root --replace"))
      << "the recovery key is there";
  EXPECT_NE(about(found, "timestamp"), nullptr);
  EXPECT_EQ(about(found, "targets"), nullptr);

  gone_.insert(place_of(recovery_));
  const Examination lost = examine_at(kNow);
  EXPECT_THAT(about(lost, "root")->repair, HasSubstr("trust restore"));
  EXPECT_THAT(about(lost, "root")->repair, ::testing::Not(HasSubstr("rotate"))) << "nobody could sign the new root";
}

TEST_F(DoctorTest, TellsWhatIsStagedAndWhoIsMissing) {
  {
    auto publisher = Publisher::open(folder(), kNow);
    ASSERT_TRUE(publisher && publisher->repository().renew("targets") && publisher->save());
  }
  const Examination found = examine_at(kNow);
  ASSERT_NE(about(found, "targets"), nullptr);
  EXPECT_THAT(about(found, "targets")->what, HasSubstr("lacks 1 signature"));
  EXPECT_FALSE(found.is_wrong());
}

// A web server's copy, or the folder after somebody's editor.
TEST_F(DoctorTest, SeesWhatAClientWouldRefuse) {
  const auto root = read_file(folder() + "/metadata/1.root.json", 1 << 20);
  ASSERT_TRUE(root);
  {
    FolderRepository source(folder());
    const Examination seen = examine_published(source, *root, kNow);
    EXPECT_THAT(seen.problems, IsEmpty());
    EXPECT_EQ(seen.roles.size(), 4U);
  }
  ASSERT_TRUE(write_file_atomically(folder() + "/metadata/1.snapshot.json",
                                    *read_file(folder() + "/metadata/1.snapshot.json", 1 << 20) + "\n"));
  FolderRepository source(folder());
  EXPECT_TRUE(examine_published(source, *root, kNow).is_wrong());
  EXPECT_TRUE(examine_at(kNow).is_wrong());
}

TEST_F(DoctorTest, SeesEveryDelegatedRole) {
  {
    auto publisher = Publisher::open(folder(), kNow);
    ASSERT_TRUE(publisher);
    tuf::Repository& repository = publisher->repository();
    const tuf::RoleSetup keys{.keys = {targets_.public_key()}};
    ASSERT_TRUE(repository.delegate("targets", "team", keys, false, {"example.com/*"}));
    ASSERT_TRUE(repository.delegate("team", "part", keys, false, {"example.com/*"}));
    for (const char* const role : {"targets", "team", "part"}) {
      ASSERT_TRUE(repository.sign(role, tuf::signer_of(targets_)));
    }
    ASSERT_TRUE(publisher->publish({tuf::signer_of(online_)}));
  }
  const auto root = read_file(folder() + "/metadata/1.root.json", 1 << 20);
  FolderRepository source(folder());
  EXPECT_EQ(examine_published(source, *root, kNow).roles.size(), 6U);
  std::filesystem::remove(folder() + "/metadata/1.part.json");
  const Examination found = examine_published(source, *root, kNow);
  ASSERT_NE(about(found, "part"), nullptr);
  EXPECT_TRUE(found.is_wrong());
}

}  // namespace
}  // namespace bulkhead::trust

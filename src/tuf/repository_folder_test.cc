#include "tuf/repository_folder.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temporary_folder.h"
#include "tuf/test_repository.h"

namespace bulkhead::tuf {
namespace {

using ::testing::HasSubstr;

class FolderSource final : public MetadataSource {
 public:
  explicit FolderSource(std::string folder) : folder_(std::move(folder)) {}
  Result<std::string> fetch(std::string_view name, uint64_t max_bytes) override {
    return read_file(folder_ + "/" + std::string(name), max_bytes);
  }

 private:
  std::string folder_;
};

class RepositoryFolderTest : public ::testing::Test {
 protected:
  Result<RepositoryFolder> create() {
    return RepositoryFolder::create(tuf1_codec(), path(),
                                    {.root = {.keys = {key_.public_key()}},
                                     .targets = {.keys = {key_.public_key()}},
                                     .snapshot = {.keys = {key_.public_key()}},
                                     .timestamp = {.keys = {key_.public_key()}}},
                                    {}, kTestNow);
  }
  Result<RepositoryFolder> open() { return RepositoryFolder::open(tuf1_codec(), path(), {}, kTestNow); }
  std::string path() const { return temporary_ / "repository"; }

  Status sign_all(Repository& repository) {
    for (const auto& pending : repository.pending()) TRY(repository.sign(pending.role, signer_of(key_)));
    return {};
  }
  Status publish(RepositoryFolder& folder) {
    TRY(sign_all(folder.repository()));
    return folder.publish({signer_of(key_)});
  }
  Status set(RepositoryFolder& folder, const std::string& name) {
    return folder.repository().set_target(
        kTargets, name,
        {.length = 1,
         .hashes = {{"sha256", std::string(as_text(Digest::sha256_of(as_bytes(name)).raw()))}},
         .custom = ""});
  }
  // What a client sees; its memory is kept from call to call.
  Result<bool> client_finds(const std::string& name) {
    FolderSource source(path() + "/metadata");
    TRY_ASSIGN(auto updater, Updater::create(tuf1_codec(), source, store_, kTestNow));
    TRY(updater.refresh());
    TRY_ASSIGN(const auto found, updater.find(name));
    return found.has_value();
  }

  const TemporaryFolder temporary_;
  PrivateKey key_ = TestRepository::new_key();
  MemoryStore store_;
};

TEST_F(RepositoryFolderTest, IsOpenedAgainAsItWasLeft) {
  {
    auto folder = create();
    ASSERT_TRUE(folder) << folder.error().to_string();
    ASSERT_TRUE(set(*folder, "a"));
    ASSERT_TRUE(folder->save());
  }
  {
    auto folder = open();
    ASSERT_TRUE(folder) << folder.error().to_string();
    EXPECT_EQ(folder->repository().pending().size(), 2U);
    const Status done = publish(*folder);
    ASSERT_TRUE(done) << done.error().to_string();
    ASSERT_TRUE(store_.save(kRoot, folder->repository().published()->root.bytes));
  }
  auto folder = open();
  ASSERT_TRUE(folder) << folder.error().to_string();
  EXPECT_TRUE(folder->repository().pending().empty());
  EXPECT_EQ(client_finds("a"), true);
  ASSERT_TRUE(folder->repository().remove_target(kTargets, "a"));
  ASSERT_TRUE(publish(*folder));
  EXPECT_EQ(client_finds("a"), false);
}

TEST_F(RepositoryFolderTest, BelongsToOneProcessAtATime) {
  auto folder = create();
  ASSERT_TRUE(folder);
  EXPECT_EQ(open().error().code(), Code::kUnavailable);
}

TEST_F(RepositoryFolderTest, IsMadeOnce) {
  EXPECT_EQ(open().error().code(), Code::kNotFound);
  ASSERT_TRUE(create());
  const auto again = create();
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().to_string(), HasSubstr("has a repository already"));
}

TEST_F(RepositoryFolderTest, KeepsThePublicationBeforeForClientsInTheMiddle) {
  auto folder = create();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(publish(*folder));
  const auto before = std::filesystem::canonical(path() + "/metadata");
  ASSERT_TRUE(set(*folder, "a"));
  ASSERT_TRUE(publish(*folder));
  EXPECT_TRUE(std::filesystem::exists(before / "timestamp.json"));
  ASSERT_TRUE(publish(*folder));
  EXPECT_FALSE(std::filesystem::exists(before));
}

TEST_F(RepositoryFolderTest, RefusesStagedFilesThatItDidNotWrite) {
  {
    auto folder = create();
    ASSERT_TRUE(folder);
    ASSERT_TRUE(publish(*folder));
  }
  ASSERT_TRUE(write_file_atomically(path() + "/staged/targets.json", "{}"));
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().to_string(), HasSubstr("staged/targets.json"));
}

// The two renames by which what is staged is replaced, with a death before, between and after them.
TEST_F(RepositoryFolderTest, ReplacesWhatIsStagedAsAWhole) {
  namespace fs = std::filesystem;
  {
    auto folder = create();
    ASSERT_TRUE(folder);
    ASSERT_TRUE(publish(*folder));
    ASSERT_TRUE(folder->repository().delegate(kTargets, "team", {.keys = {key_.public_key()}}, false, {"*"}));
    ASSERT_TRUE(folder->save());
  }
  fs::create_directory(path() + "/.staged.next");
  ASSERT_TRUE(write_file_atomically(path() + "/.staged.next/targets.json", "half a fi"));
  ASSERT_TRUE(open()) << "before";
  EXPECT_EQ(open()->repository().pending().size(), 2U);

  fs::remove_all(path() + "/.staged.next");
  fs::rename(path() + "/staged", path() + "/.staged.next");
  fs::create_directory(path() + "/.staged.old");
  EXPECT_EQ(open()->repository().pending().size(), 2U) << "between";

  fs::create_directory(path() + "/.staged.old");
  auto folder = open();
  ASSERT_TRUE(folder) << "after";
  EXPECT_EQ(folder->repository().pending().size(), 2U);
  ASSERT_TRUE(publish(*folder));
  EXPECT_FALSE(fs::exists(path() + "/.staged.old"));
  EXPECT_TRUE(fs::is_empty(path() + "/staged"));
}

TEST_F(RepositoryFolderTest, CreateFindsWhatAKilledWriterLeft) {
  namespace fs = std::filesystem;
  {
    auto folder = create();
    ASSERT_TRUE(folder);
    ASSERT_TRUE(set(*folder, "a"));
    ASSERT_TRUE(folder->save());
  }
  fs::copy(path() + "/staged", path() + "/.staged.next");
  fs::rename(path() + "/staged", path() + "/.staged.old");
  EXPECT_EQ(create().error().code(), Code::kInvalidArgument);
  auto folder = open();
  ASSERT_TRUE(folder) << folder.error().to_string();
  EXPECT_TRUE(folder->repository().targets(kTargets).value()->targets.contains("a"));
}

// A delegation whose role was lost would be refused by every client that is sent there.
TEST_F(RepositoryFolderTest, PublishesNoDelegationWithoutItsRole) {
  {
    auto folder = create();
    ASSERT_TRUE(folder);
    ASSERT_TRUE(publish(*folder));
    ASSERT_TRUE(folder->repository().delegate(kTargets, "team", {.keys = {key_.public_key()}}, false, {"*"}));
    ASSERT_TRUE(folder->save());
  }
  std::filesystem::remove(path() + "/staged/team.json");
  auto folder = open();
  ASSERT_TRUE(folder);
  const Status refused = publish(*folder);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("which has no metadata"));
}

// Killed at any moment, a publisher leaves a repository that clients accept and that it can go on with.
TEST_F(RepositoryFolderTest, SurvivesBeingKilledWhilePublishing) {
  {
    auto folder = create();
    ASSERT_TRUE(folder);
    ASSERT_TRUE(publish(*folder));
    ASSERT_TRUE(store_.save(kRoot, folder->repository().published()->root.bytes));
  }
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same moments, more or less, every time
  int64_t version = 0;
  // How long one may live: longer where disks are slow, so that some publications get through.
  uint64_t longest_microseconds = 10'000;
  for (int round = 0; round < 40 || version < 20; ++round) {
    ASSERT_LT(round, 1'000) << "hardly any publication got through";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // Until it is killed: changes of targets, and of the root's keys.
      for (int i = 0;; ++i) {
        auto folder = open();
        if (!folder || !set(*folder, "x" + std::to_string(i % 5))) ::_exit(1);
        if (i % 3 == 0 && !folder->repository().renew(kRoot)) ::_exit(1);
        if (!folder->save() || !publish(*folder)) ::_exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % longest_microseconds));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the publisher ended by itself with " << WEXITSTATUS(status);

    const auto seen = client_finds("x0");
    ASSERT_TRUE(seen) << seen.error().to_string();
    auto folder = open();
    ASSERT_TRUE(folder) << folder.error().to_string();
    const int64_t now = folder->repository().published()->timestamp.content.metadata.version;
    EXPECT_GE(now, version);
    if (now == version) longest_microseconds += longest_microseconds / 4;
    version = now;
  }
  auto folder = open();
  ASSERT_TRUE(folder);
  ASSERT_TRUE(set(*folder, "last"));
  ASSERT_TRUE(publish(*folder));
  EXPECT_EQ(client_finds("last"), true);
}

}  // namespace
}  // namespace bulkhead::tuf

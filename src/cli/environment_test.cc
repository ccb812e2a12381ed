#include "cli/environment.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temporary_folder.h"

namespace bulkhead::cli {
namespace {

namespace fs = std::filesystem;

TEST(CacheDirectory, IgnoresRelativePathsOfVariables) {
  const char* const cache = std::getenv("XDG_CACHE_HOME");  // NOLINT(concurrency-mt-unsafe): one thread
  const char* const home = std::getenv("HOME");             // NOLINT(concurrency-mt-unsafe)
  const std::string old_cache = cache != nullptr ? cache : "";
  const std::string old_home = home != nullptr ? home : "";
  const auto set = [](const char* name, const std::string& value) {
    ::setenv(name, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  };
  set("HOME", "/home/me");
  set("XDG_CACHE_HOME", "/var/cache/me");
  EXPECT_EQ(cache_directory(""), "/var/cache/me/bulkhead");
  set("XDG_CACHE_HOME", "relative");
  EXPECT_EQ(cache_directory(""), "/home/me/.cache/bulkhead");
  set("HOME", "relative");
  EXPECT_TRUE(cache_directory("").starts_with('/')) << cache_directory("");
  EXPECT_EQ(cache_directory("chosen"), "chosen") << "an option's path is as relative as it was typed";
  set("HOME", old_home);
  cache != nullptr ? set("XDG_CACHE_HOME", old_cache) : static_cast<void>(::unsetenv("XDG_CACHE_HOME"));  // NOLINT
}

TEST(DataDirectory, IsTheUsersAndHoldsKeysAndTrust) {
  const char* const before = std::getenv("XDG_DATA_HOME");  // NOLINT(concurrency-mt-unsafe): one thread
  const std::string old = before != nullptr ? before : "";
  ::setenv("XDG_DATA_HOME", "/srv/me", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(data_directory(), "/srv/me/bulkhead");
  EXPECT_EQ(key_store_directory(), "/srv/me/bulkhead/keys");
  EXPECT_EQ(trust_directory(), "/srv/me/bulkhead/trust");
  ::setenv("XDG_DATA_HOME", "relative", 1);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_TRUE(data_directory().ends_with("/.local/share/bulkhead")) << data_directory();
  before != nullptr ? ::setenv("XDG_DATA_HOME", old.c_str(), 1) : ::unsetenv("XDG_DATA_HOME");  // NOLINT
}

TEST(PrivateDirectory, BelievesNothingThatOthersCouldHavePutThere) {
  const TemporaryFolder folder;
  const std::string mine = folder / "mine";
  EXPECT_EQ(private_directory(mine), mine);
  EXPECT_EQ(private_directory(mine), mine) << "the second time, too";
  struct stat status{};
  ASSERT_EQ(::stat(mine.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);

  const auto is_replaced = [](const std::string& wanted) {
    const std::string got = private_directory(wanted);
    return got != wanted && got.starts_with(wanted + "-") && fs::is_empty(got);
  };
  const std::string open = folder / "open";
  ASSERT_EQ(::mkdir(open.c_str(), 0700), 0);
  ASSERT_EQ(::chmod(open.c_str(), 0777), 0);
  EXPECT_TRUE(is_replaced(open));
  const std::string link = folder / "link";
  fs::create_symlink(mine, link);
  EXPECT_TRUE(is_replaced(link));
  if (::geteuid() == 0) {
    const std::string theirs = folder / "theirs";
    ASSERT_EQ(::mkdir(theirs.c_str(), 0700), 0);
    ASSERT_EQ(::chown(theirs.c_str(), 65534, 65534), 0);
    EXPECT_TRUE(is_replaced(theirs));
  }
}

}  // namespace
}  // namespace bulkhead::cli

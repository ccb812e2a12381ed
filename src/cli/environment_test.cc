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

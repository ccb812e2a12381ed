#include "archive/tar_index.h"

#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "archive/tar_builder.h"
#include "archive/tar_links.h"
#include "base/temporary_folder.h"

namespace bulkhead::archive {
namespace {

class TarIndexTest : public testing::Test {
 protected:
  Result<TarIndex> index(std::string_view archive, const Limits& limits = {}) {
    const std::string path = folder_ / "archive.tar";
    EXPECT_TRUE(write_file_atomically(path, archive));
    return TarIndex::open(path, limits);
  }

  TemporaryFolder folder_;
};

TEST_F(TarIndexTest, FindsMembersHoweverTheirPathIsWritten) {
  const auto found = index(TarBuilder()
                               .directory("./blobs/")
                               .file("./blobs/sha256/aa", "blob")
                               .file("/index.json", "{}")
                               .file("empty")
                               .finish());
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->members().size(), 3U);
  EXPECT_EQ(*found->read_member("blobs/sha256/aa", 100), "blob");
  EXPECT_EQ(*found->read_member("./index.json", 100), "{}");
  EXPECT_EQ(*found->read_member("empty", 100), "");
  EXPECT_EQ(found->find("blobs"), nullptr);
  EXPECT_EQ(found->find("../index.json"), nullptr);
  const auto missing = found->read_member("nothing", 100);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
}

TEST_F(TarIndexTest, ReadsOnlyHeadersToMakeTheIndex) {
  // 100 GB of content that the file, being sparse, does not occupy.
  constexpr uint64_t kContent = uint64_t{50} << 30;
  const std::string path = folder_ / "huge.tar";
  const std::string header = TarBuilder().header({.name = "huge", .size = kContent}).unfinished();
  const std::string second = TarBuilder().header({.name = "huge2", .size = kContent}).unfinished();
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::pwrite(fd.get(), header.data(), 512, 0), 512);
  ASSERT_EQ(::pwrite(fd.get(), second.data(), 512, 512 + kContent), 512);
  ASSERT_EQ(::ftruncate(fd.get(), static_cast<off_t>(2 * (512 + kContent) + 1024)), 0);
  const auto found = TarIndex::create(std::move(fd), "huge.tar");
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->find("huge2")->size, kContent);
  EXPECT_EQ(found->find("huge2")->offset, 1024 + kContent);
}

TEST_F(TarIndexTest, FollowsLinksInsideTheArchive) {
  const auto found = index(TarBuilder()
                               .file("a/layer.tar", "layer")
                               .symlink("b/layer.tar", "../a/layer.tar")
                               .symlink("c/layer.tar", "../b/layer.tar")
                               .hard_link("d/layer.tar", "a/layer.tar")
                               .symlink("loop", "loop2")
                               .symlink("loop2", "loop")
                               .symlink("out", "../../etc/passwd")
                               .symlink("absolute", "/a/layer.tar")
                               .finish());
  ASSERT_TRUE(found) << found.error().to_string();
  for (const std::string_view path : {"a/layer.tar", "b/layer.tar", "c/layer.tar", "d/layer.tar", "absolute"}) {
    EXPECT_EQ(*found->read_member(path, 100), "layer") << path;
  }
  for (const std::string_view path : {"loop", "loop2", "out"}) {
    EXPECT_EQ(found->read_member(path, 100).error().code(), Code::kNotFound) << path;
  }
}

TEST_F(TarIndexTest, FollowsAsManyLinksAsLinuxDoes) {
  TarBuilder tar;
  tar.file("0", "end");
  for (int i = 1; i <= kMaxTarLinks + 1; ++i) tar.symlink(std::to_string(i), std::to_string(i - 1));
  const auto found = index(tar.finish());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found->read_member(std::to_string(kMaxTarLinks), 100), "end");
  EXPECT_EQ(found->find(std::to_string(kMaxTarLinks + 1)), nullptr);
}

TEST_F(TarIndexTest, CountsTheLastMemberOfAName) {
  const auto found = index(TarBuilder().file("a", "first").file("b", "b").file("./a", "last").finish());
  ASSERT_TRUE(found);
  EXPECT_EQ(*found->read_member("a", 100), "last");
  EXPECT_EQ(found->members().size(), 2U);
}

TEST_F(TarIndexTest, RejectsMembersThatEscapeTheArchive) {
  const auto found = index(TarBuilder().file("../evil", "x").finish());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), Code::kMalformed);
  EXPECT_NE(found.error().to_string().find("archive.tar"), std::string::npos);
}

TEST_F(TarIndexTest, RejectsTruncatedArchives) {
  const std::string whole = TarBuilder().file("a", std::string(5000, 'a')).finish();
  for (const size_t size : {size_t{100}, size_t{512}, size_t{5511}}) {
    const auto found = index(whole.substr(0, size));
    ASSERT_FALSE(found) << size;
    EXPECT_EQ(found.error().code(), Code::kMalformed);
  }
  EXPECT_TRUE(index(whole.substr(0, 5512)));
}

TEST_F(TarIndexTest, BoundsTheNumberOfMembersAndTheirSize) {
  const std::string archive = TarBuilder().file("a", "1234").directory("d").file("b").finish();
  EXPECT_TRUE(index(archive, {.max_members = 2}));
  const auto found = index(archive, {.max_members = 1});
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().remedy().find("--max-members"), std::string::npos);
  EXPECT_EQ(index(archive)->read_member("a", 3).error().code(), Code::kLimitExceeded);
}

TEST_F(TarIndexTest, RefusesSparseMembersAndWhatIsNoFile) {
  const auto found =
      index(TarBuilder()
                .pax({{"GNU.sparse.size", "5"}, {"GNU.sparse.numblocks", "1"}, {"GNU.sparse.map", "0,1"}})
                .file("s", "x")
                .finish());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->read_member("s", 100).error().code(), Code::kUnsupported);
  EXPECT_EQ(TarIndex::open(folder_.path()).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(TarIndex::open(folder_ / "missing").error().code(), Code::kNotFound);
}

TEST_F(TarIndexTest, ReadsSeveralMembersAtOnce) {
  const std::string one(3'000'000, '1');
  const std::string two(3'000'000, '2');
  auto found = index(TarBuilder().file("1", one).file("2", two).finish());
  ASSERT_TRUE(found);
  const auto read = [&](std::string_view path, const std::string& expected) {
    for (int i = 0; i < 10; ++i) EXPECT_EQ(*found->read_member(path, 1 << 24), expected);
  };
  std::jthread first(read, "1", one);
  std::jthread second(read, "2", two);
}

TEST_F(TarIndexTest, KeepsTheFileOpenForItsSources) {
  auto found = index(TarBuilder().file("a", "content").finish());
  ASSERT_TRUE(found);
  auto source = found->open_member("a");
  ASSERT_TRUE(source);
  found = fail(Code::kInternal, "gone");
  std::filesystem::remove(folder_ / "archive.tar");
  EXPECT_EQ(*read_all(**source, 100, "a"), "content");
}

}  // namespace
}  // namespace bulkhead::archive

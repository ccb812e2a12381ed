#include "base/mapping_guard.h"

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/temporary_folder.h"

namespace bulkhead {
namespace {

constexpr size_t kBytes = size_t{64} << 10;

// What is left of the file's bytes after it was cut short.
int sum_of(ByteSpan bytes) {
  int sum = 0;
  for (const std::byte each : bytes) sum += std::to_integer<int>(each);
  return sum;
}

TEST(MappingGuardDeathTest, AFileThatIsCutShortWhileItIsReadIsAnErrorWithItsName) {
  const TemporaryFolder folder;
  const std::string path = folder.write("mapped.db", std::string(kBytes, 'x'));
  EXPECT_EXIT(
      {
        guard_mappings();
        const auto file = MappedFile::open(path);
        if (::truncate(path.c_str(), 1) == 0) _exit(sum_of(file->bytes()) == 0 ? 0 : 2);
      },
      testing::ExitedWithCode(1), "^bulkhead: .*/mapped.db: the file was cut short.*\n  run the command again");
}

TEST(MappingGuardDeathTest, NamesTheFileThatFailedAndNoOther) {
  const TemporaryFolder folder;
  const std::string first = folder.write("first", std::string(kBytes, 'x'));
  const std::string second = folder.write("second", std::string(kBytes, 'y'));
  EXPECT_EXIT(
      {
        guard_mappings();
        const auto kept = MappedFile::open(first);
        {
          const auto gone = MappedFile::open(second);
        }
        auto moved = MappedFile::open(second).value();
        const MappedFile last = std::move(moved);
        if (::truncate(second.c_str(), 0) == 0) _exit(sum_of(kept->bytes()) + sum_of(last.bytes()) == 0 ? 0 : 2);
      },
      testing::ExitedWithCode(1), "^bulkhead: [^\n]*/second: ");
}

TEST(MappingGuardDeathTest, OtherBusErrorsKillAsBefore) {
  EXPECT_EXIT(
      {
        guard_mappings();
        std::raise(SIGBUS);
      },
      testing::KilledBySignal(SIGBUS), "");
}

TEST(MappingGuard, AFileThatIsWrittenToInPlaceIsToldOneThatIsReplacedIsNot) {
  const TemporaryFolder folder;
  const std::string path = folder.write("mapped.db", "content");
  const MappedFile file = MappedFile::open(path).value();
  EXPECT_TRUE(check_mapping(file.bytes()));
  ASSERT_TRUE(write_file_atomically(path, "other"));
  EXPECT_TRUE(check_mapping(file.bytes())) << "the old file is still there";

  const MappedFile second = MappedFile::open(path).value();
  ASSERT_EQ(::truncate(path.c_str(), 3), 0);
  EXPECT_EQ(as_text(second.bytes()), std::string_view("oth\0\0", 5)) << "and no signal tells it";
  const Status changed = check_mapping(second.bytes());
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code(), Code::kIo);
  EXPECT_NE(changed.error().to_string().find("/mapped.db: the file was changed in place"), std::string::npos);
  EXPECT_NE(changed.error().remedy().find("bulkhead db update"), std::string::npos);

  EXPECT_TRUE(check_mapping(as_bytes("of no file")));
}

TEST(MappingGuard, ALongPathIsCutAndManyMappingsAreRead) {
  const TemporaryFolder folder;
  std::string name = folder.path();
  for (int i = 0; i < 8; ++i) name += "/" + std::string(200, 'n');
  const std::string path = folder.write(name.substr(folder.path().size() + 1) + "/file", "content");
  std::vector<MappedFile> files;
  for (int i = 0; i < kMaxMappings + 8; ++i) files.push_back(MappedFile::open(path).value());
  for (const MappedFile& file : files) EXPECT_EQ(as_text(file.bytes()), "content");
}

}  // namespace
}  // namespace bulkhead

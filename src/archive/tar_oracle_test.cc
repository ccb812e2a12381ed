// What tar programs write of a folder, read back and compared with the folder itself: the folder is the truth, so a
// mistake that reader and writer share cannot hide.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/tar_reader.h"
#include "base/chopped_source.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"

namespace bulkhead::archive {
namespace {

namespace fs = std::filesystem;

struct Writer {
  std::string name;  // of the test
  std::vector<std::string> command;
  friend void PrintTo(const Writer& writer, std::ostream* out) { *out << writer.name; }
};

std::vector<Writer> writers() {
  std::vector<Writer> all;
  for (const char* format : {"v7", "oldgnu", "gnu", "ustar", "posix"}) {
    all.push_back({fmt::format("gnu_{}", format), {"tar", fmt::format("--format={}", format)}});
  }
  for (const char* format : {"oldgnu", "gnu"}) {
    all.push_back({fmt::format("gnu_{}_sparse", format), {"tar", fmt::format("--format={}", format), "--sparse"}});
  }
  for (const char* version : {"0.0", "0.1", "1.0"}) {
    all.push_back({fmt::format("gnu_posix_sparse_{}", version[0] == '1'   ? "1_0"
                                                      : version[2] == '0' ? "0_0"
                                                                          : "0_1"),
                   {"tar", "--format=posix", "--sparse", fmt::format("--sparse-version={}", version)}});
  }
  for (const char* format : {"v7", "ustar", "pax", "gnutar"}) {
    all.push_back({fmt::format("libarchive_{}", format), {"bsdtar", fmt::format("--format={}", format)}});
  }
  all.push_back({"libarchive_pax_sparse", {"bsdtar", "--format=pax", "--read-sparse"}});
  return all;
}

// A folder of everything that archives hold, the same for the same seed.
class Tree {
 public:
  explicit Tree(unsigned seed) : random_(seed) {
    fill(root_, 0);
    // Paths past every field: 100, 155 + 100 and 256 bytes.
    fs::path deep = root_;
    for (int i = 0; i < 5; ++i) deep /= name(90);
    fs::create_directories(deep);
    write(deep / name(120), 700);
    fs::create_symlink(std::string(300, 't'), root_ / "to-a-long-target");
    sparse(root_ / "sparse");
  }
  const fs::path& root() const { return root_; }

 private:
  size_t number(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }

  std::string name(size_t size) {
    static constexpr std::string_view kCharacters = "abcXYZ019._-+~ =\n\\'\"%\xc3\xa9";
    std::string text = fmt::format("{}-", ++names_);
    while (text.size() < size) {
      // The last two bytes of the list are one letter.
      const size_t at = number(kCharacters.size() - 1);
      text += kCharacters.substr(at, at == kCharacters.size() - 2 ? 2 : 1);
    }
    return text;
  }

  void write(const fs::path& path, size_t size) {
    std::string bytes(size, '\0');
    std::ranges::generate(bytes, [this] { return static_cast<char>(random_()); });
    std::ofstream(path, std::ios::binary) << bytes;
    files_.push_back(path);
  }

  // Data at the beginning, in the middle and nowhere else.
  static void sparse(const fs::path& path) {
    std::ofstream(path, std::ios::binary) << "beginning";
    fs::resize_file(path, 300'000);
    {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(131'072) << "middle";
    }
    fs::resize_file(path, 700'001);
  }

  void fill(const fs::path& folder, int depth) {
    static constexpr size_t kSizes[] = {0, 1, 511, 512, 513, 4096, 70'000};
    for (size_t i = 0; i < 8; ++i) {
      const fs::path path = folder / name(1 + number(60));
      switch (number(depth < 3 ? 6 : 5)) {
        case 0:
          fs::create_symlink(name(1 + number(98)), path);
          break;
        case 1:
          if (!files_.empty()) fs::create_hard_link(files_[number(files_.size())], path);
          break;
        case 2:
          ::mkfifo(path.c_str(), 0600);
          break;
        case 5:
          fs::create_directory(path);
          fill(path, depth + 1);
          break;
        default:
          write(path, kSizes[number(std::size(kSizes))]);
      }
    }
  }

  std::mt19937 random_;
  size_t names_ = 0;
  TemporaryFolder folder_;
  fs::path root_ = folder_.path();
  std::vector<fs::path> files_;
};

// Type, size, content and target of what lies at a path, and which other paths are the same file.
struct Truth {
  char type = '?';
  std::string content;  // or the target of a symbolic link
  ino_t inode = 0;
  bool operator==(const Truth&) const = default;
};

std::map<std::string, Truth> truth_of(const fs::path& root) {
  std::map<std::string, Truth> all;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat status{};
    ::lstat(entry.path().c_str(), &status);
    Truth truth{.inode = status.st_ino};
    if (entry.is_symlink()) {
      truth.type = 'l';
      truth.content = fs::read_symlink(entry.path()).string();
    } else if (entry.is_directory()) {
      truth.type = 'd';
    } else if (entry.is_fifo()) {
      truth.type = 'p';
    } else {
      truth.type = 'f';
      truth.content = read_file(entry.path().string(), 1 << 20).value();
    }
    all.emplace(entry.path().lexically_relative(root).string(), std::move(truth));
  }
  return all;
}

class TarOracle : public testing::TestWithParam<Writer> {};

TEST_P(TarOracle, ReadsBackTheFolderThatAnotherProgramPacked) {
  size_t read = 0;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    const Tree tree(seed);
    const std::string file = tree.root().string() + ".tar";
    ProcessOptions process{.arguments = GetParam().command};
    for (const std::string& argument :
         {std::string("-cf"), file, std::string("-C"), tree.root().string(), std::string(".")})
      process.arguments.push_back(argument);
    const auto packed = run_process(process);
    BULKHEAD_NEED(packed || packed.error().code() != Code::kNotFound, GetParam().command[0] + " is not here");
    ASSERT_TRUE(packed) << packed.error().to_string();
    auto archive = read_file(file, 64 << 20);
    fs::remove(file);
    ASSERT_TRUE(archive) << archive.error().to_string();

    const std::map<std::string, Truth> truth = truth_of(tree.root());
    std::set<std::string> seen;
    TarReader reader(std::make_unique<ChoppedSource>(*std::move(archive), size_t{1000}));
    for (;;) {
      const auto next = reader.next();
      ASSERT_TRUE(next) << next.error().to_string();
      if (*next == nullptr) break;
      const TarEntry& entry = **next;
      const std::string path = normalise_path(entry.path).value();
      if (path.empty()) continue;
      const auto found = truth.find(path);
      ASSERT_NE(found, truth.end()) << path << " is not in the folder";
      EXPECT_TRUE(seen.insert(path).second) << path << " is there twice";
      // GNU tar cuts targets that do not fit, and says so.
      if (!packed->error_output.empty() && entry.link.size() == 100) continue;
      if (entry.type == TarType::kHardLink) {
        const auto target = truth.find(normalise_path(entry.link).value());
        ASSERT_NE(target, truth.end()) << path << " is a link to " << entry.link;
        EXPECT_EQ(target->second.inode, found->second.inode) << path;
        continue;
      }
      EXPECT_EQ("fhlcbdpo"[static_cast<size_t>(entry.type)], found -> second.type) << path;
      if (entry.type == TarType::kSymlink) EXPECT_EQ(entry.link, found->second.content) << path;
      if (entry.type != TarType::kFile) continue;
      EXPECT_EQ(entry.size, found->second.content.size()) << path;
      const auto content = read_all(reader.content(), 1 << 20, path);
      ASSERT_TRUE(content) << content.error().to_string();
      EXPECT_TRUE(*content == found->second.content) << path << " has other content";
    }
    // Formats without long names leave some out, and the program says so.
    if (packed->exit_code == 0 && packed->error_output.empty())
      EXPECT_EQ(seen.size(), truth.size()) << packed->error_output;
    read += seen.size();
  }
  EXPECT_GT(read, 100U);
}

INSTANTIATE_TEST_SUITE_P(Writers, TarOracle, testing::ValuesIn(writers()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace bulkhead::archive

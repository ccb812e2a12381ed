// Every vector of the shared corpus (vectors/compare, range, valid), a failure per row.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/test_data.h"
#include "base/text.h"
#include "version/compare.h"

namespace bulkhead::version {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> tables(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".tsv") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

bool agrees(std::strong_ordering order, std::string_view wanted) {
  if (wanted == "<") return order < 0;
  if (wanted == "<=") return order <= 0;
  if (wanted == "=") return order == 0;
  return wanted == ">" && order > 0;
}

// Rows where the newest tool of that world disagrees with the row's source. Each must still be there, or it goes stale.
struct Exception {
  std::string_view scheme;
  std::string_view row;
  std::string_view answer;
  std::string_view reason;
};
constexpr std::string_view kApkRejects =
    "apk-tools 3 and 2 reject both; apk-tools 3 stops at the same point in both and calls them equal, the source goes "
    "on "
    "by rules of its own; we say that nobody knows";
constexpr std::array kExceptions = {
    Exception{"apk", "1-r\t=\t1-r0", "<", "apk-tools 3: -r without a number ends the lawful part, which sorts first"},
    Exception{"apk", "0...1...0\t<\t0...1...1", "invalid", kApkRejects},
    Exception{"apk", "0...1...0.r1\t<\t0...1...0.r2", "invalid", kApkRejects},
    Exception{"apk", "0..8\t=\t0..8", "invalid", kApkRejects},
    Exception{"apk", "0..8\t>\t0...8", "invalid", kApkRejects},
    Exception{"apk", "0.8.21.r2\t>\t0.8.21.r1", "invalid", kApkRejects},
    Exception{"apk", "1-r0-1\t=\t1-r0-2", "invalid", kApkRejects},
    Exception{"apk", "1-ruff2\t=\t1-ruff1", "invalid", kApkRejects},
    Exception{"apk", "1-ruff2\t=\t1--ruff1", "invalid", kApkRejects},
    Exception{"apk", "1-r0-ruff2\t=\t1-r0-ruff1", "invalid", kApkRejects},
    Exception{"apk", "c\t=\tc", "invalid", kApkRejects},
};

const Exception* exception_of(std::string_view scheme, std::string_view row) {
  const auto* found = std::ranges::find_if(
      kExceptions, [&](const Exception& exception) { return exception.scheme == scheme && exception.row == row; });
  return found == kExceptions.end() ? nullptr : found;
}

TEST(VersionVectors, CompareAsTheirSourcesDo) {
  const auto data = test_data_dir();
  if (!data) GTEST_SKIP() << "no shared test data: set BULKHEAD_TEST_DATA";
  size_t rows = 0;
  std::set<const Exception*> used;
  for (const fs::path& path : tables(fs::path(*data) / "vectors/compare")) {
    const std::string name = path.parent_path().filename().string();
    const auto scheme = scheme_of(name);
    if (!scheme) continue;
    const std::string text = read(path);
    std::string_view rest = text;
    std::string_view line;
    while (next_line(rest, line)) {
      ++rows;
      const auto fields = split(line, '\t');
      ASSERT_EQ(fields.size(), 3U) << path << ": " << line;
      const auto pair = fmt::format("{}\t{}", fields[0], fields[2]);
      if (const Exception* exception = exception_of(name, line)) {
        used.insert(exception);
        EXPECT_EQ(answer_lines(*scheme, pair), fmt::format("{}\n", exception->answer)) << name << ": " << line;
        continue;
      }
      const auto order = compare(*scheme, fields[0], fields[2]);
      EXPECT_TRUE(order && agrees(*order, fields[1]))
          << name << "/" << path.filename().string() << ": " << line << (order ? "" : ": " + order.error().to_string());
    }
  }
  EXPECT_GT(rows, 20000U);
  EXPECT_EQ(used.size(), kExceptions.size());
}

}  // namespace
}  // namespace bulkhead::version

// Every vector of the shared corpus (vectors/compare, range, valid), a failure per row. Where the newest tool of a
// world disagrees with the source of a row, testdata/exceptions.tsv says what we answer, and why.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
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

struct Exception {
  std::string answer;
  size_t uses = 0;
};

struct Row {
  std::string table;  // "compare/deb/x.tsv"
  size_t number;      // from 1
  std::vector<std::string> fields;

  std::string text() const { return fmt::format("{}:{}: {}", table, number, fmt::join(fields, "\t")); }
};

class VersionVectors : public testing::Test {
 protected:
  void SetUp() override {
    BULKHEAD_NEED_TEST_DATA();
    vectors_ = fs::path(*test_data_dir()) / "vectors";
    const std::string text = read(testdata_path("exceptions.tsv"));
    std::string_view rest = text;
    std::string_view line;
    while (next_line(rest, line)) {
      if (line.starts_with('#')) continue;
      const auto fields = split(line, '\t');
      ASSERT_EQ(fields.size(), 6U) << line;
      EXPECT_FALSE(fields[5].empty()) << "no reason: " << line;
      exceptions_[fmt::format("{}", fmt::join(fields.begin(), fields.begin() + 4, "\t"))] = {std::string(fields[4])};
    }
  }

  // All rows of vectors/<kind>.
  std::vector<Row> rows(const std::string& kind) const {
    std::vector<fs::path> tables;
    for (const auto& entry : fs::recursive_directory_iterator(vectors_ / kind)) {
      if (entry.path().extension() == ".tsv") tables.push_back(entry.path());
    }
    std::ranges::sort(tables);
    std::vector<Row> found;
    std::map<std::string, size_t> counts;
    for (const fs::path& path : tables) {
      const std::string text = read(path);
      std::string_view rest = text;
      std::string_view line;
      const std::string table = fs::relative(path, vectors_).string();
      for (size_t number = 1; next_line(rest, line); ++number) {
        const auto fields = split(line, '\t');
        found.push_back({table, number, {fields.begin(), fields.end()}});
        ++counts[table];
      }
    }
    EXPECT_EQ(counts, listed(kind)) << "tables of SOURCES.tsv and tables that are there";
    return found;
  }

  // The tables of vectors/<kind> and their rows, as the corpus' own list says ("9617 rows. …" in its last column).
  std::map<std::string, size_t> listed(const std::string& kind) const {
    std::map<std::string, size_t> counts;
    const std::string text = read(vectors_.parent_path() / "SOURCES.tsv");
    std::string_view rest = text;
    std::string_view line;
    while (next_line(rest, line)) {
      const auto fields = split(line, '\t');
      if (!fields.front().starts_with("vectors/" + kind + "/")) continue;
      const std::string_view note = fields.back();
      const auto rows = parse_decimal(note.substr(0, note.find(" rows")));
      EXPECT_TRUE(rows) << line;
      counts[std::string(fields.front().substr(std::string_view("vectors/").size()))] = rows.value_or(0);
    }
    return counts;
  }

  // What we answer instead of what the row says; null for almost all rows.
  Exception* exception_of(const Row& row) {
    const auto found = exceptions_.find(fmt::format("{}\t{}", row.table, fmt::join(row.fields, "\t")));
    if (found == exceptions_.end()) return nullptr;
    ++found->second.uses;
    return &found->second;
  }

  void expect_every_exception_used(const std::string& kind) const {
    for (const auto& [row, exception] : exceptions_) {
      if (row.starts_with(kind)) EXPECT_GT(exception.uses, 0U) << "stale exception: " << row;
    }
  }

  fs::path vectors_;
  std::map<std::string, Exception> exceptions_;
};

// "npm" of "compare/npm/x.tsv"
std::string world_of(const Row& row) {
  return fs::path(row.table).parent_path().filename().string();
}

bool agrees(std::string_view symbol, std::string_view wanted) {
  return symbol == wanted || (wanted == "<=" && (symbol == "<" || symbol == "="));
}

TEST_F(VersionVectors, CompareAsTheirSourcesDo) {
  size_t count = 0;
  for (const Row& row : rows("compare")) {
    ++count;
    const auto scheme = scheme_of(world_of(row));
    ASSERT_TRUE(scheme) << "no scheme for " << row.table;
    ASSERT_EQ(row.fields.size(), 3U) << row.text();
    const std::string answer = answer_lines(*scheme, fmt::format("{}\t{}", row.fields[0], row.fields[2]));
    const std::string_view symbol = trim(answer);
    if (const Exception* exception = exception_of(row)) {
      EXPECT_EQ(symbol, exception->answer) << row.text();
    } else {
      EXPECT_TRUE(agrees(symbol, row.fields[1])) << row.text() << " but we say " << symbol;
    }
  }
  EXPECT_EQ(count, 52'611U);
  expect_every_exception_used("compare");
}

// Tables whose source ran groups of cases with options, in this order.
struct Section {
  std::string_view table;
  size_t last_row;
  RangeOptions options;
};
constexpr std::array kSections = {
    Section{"range/npm-include-prerelease/node-semver.tsv", SIZE_MAX, {.include_prerelease = true}},
    Section{"range/semver/go-version.tsv", 85, {}},
    Section{"range/semver/go-version.tsv", 94, {.include_prerelease = true}},
    Section{"range/semver/go-version.tsv", 122, {.include_prerelease = true, .zero_padding = true}},
};

RangeOptions options_of(const Row& row) {
  for (const Section& section : kSections) {
    if (section.table == row.table && row.number <= section.last_row) return section.options;
  }
  return {};
}

TEST_F(VersionVectors, RangesHoldWhatTheirSourcesSay) {
  size_t count = 0;
  for (const Row& row : rows("range")) {
    ++count;
    const std::string world = world_of(row);
    const auto scheme = scheme_of(world == "npm-include-prerelease" ? "npm" : world);
    ASSERT_TRUE(scheme) << "no scheme for " << row.table;
    ASSERT_EQ(row.fields.size(), 3U) << row.text();
    const auto inside = satisfies(*scheme, row.fields[0], row.fields[1], options_of(row));
    const std::string_view answer = !inside ? "invalid" : *inside ? "true" : "false";
    const Exception* exception = exception_of(row);
    EXPECT_EQ(answer, exception != nullptr ? exception->answer : row.fields[2]) << row.text();
  }
  EXPECT_EQ(count, 959U);
  expect_every_exception_used("range");
}

TEST_F(VersionVectors, AreValidWhereTheirSourcesSaySo) {
  size_t count = 0;
  for (const Row& row : rows("valid")) {
    ++count;
    const auto scheme = scheme_of(world_of(row));
    ASSERT_TRUE(scheme) << "no scheme for " << row.table;
    ASSERT_EQ(row.fields.size(), 2U) << row.text();
    EXPECT_EQ(is_valid(*scheme, row.fields[0]), row.fields[1] == "valid") << row.text();
  }
  EXPECT_EQ(count, 140U);
}

}  // namespace
}  // namespace bulkhead::version

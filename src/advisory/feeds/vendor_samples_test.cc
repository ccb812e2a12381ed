// The samples of vendors' formats in the shared corpus, each as its vendor publishes it: by folder, which feed reads
// how many documents, and what comes of them. testdata/vendor_samples.tsv is the whole list; a folder with documents
// that no feed reads says there why.
#include <set>

#include "advisory/feeds/testing.h"
#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "base/text.h"

namespace bulkhead::advisory::feeds {
namespace {

// "alma/errata" of "alma/errata/testdata/fixtures/errata.full.json".
std::string folder_of(std::string_view path) {
  return std::string(path.substr(0, path.find("/testdata/")));
}

std::string feeds_of(const CountingReader& reader) {
  std::string text;
  for (const auto& [feed, documents] : reader.documents) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}:{}", feed, documents);
  }
  return text.empty() ? "-" : text;
}

TEST(VendorSamples, AreReadByTheirFeeds) {
  BULKHEAD_NEED_TEST_DATA();
  const std::string path = *test_data_dir() + "/feeds/samples/vuls-data-update-fixtures.tar.zst";
  archive::TarReader tar(archive::make_inflating_source(open_file_source(path).value()));
  std::map<std::string, CountingReader> readers;
  std::map<std::string, size_t> files;
  while (const archive::TarEntry* entry = tar.next().value()) {
    if (entry->type != archive::TarType::kFile) continue;
    const std::string name = entry->path;
    const std::string bytes = read_all(tar.content(), size_t{64} << 20, name).value();
    CountingReader& reader = readers[folder_of(name)];
    ++files[folder_of(name)];
    const auto status = read_feed_file(name, as_bytes(bytes), nullptr, reader, {});
    if (!status) reader.failures.push_back(status.error().to_string());
  }
  std::map<std::string, std::string> found;
  for (const auto& [folder, reader] : readers) {
    found[folder] = fmt::format("{}\t{}\t{}\t{}\t{}\t{}", files.at(folder), feeds_of(reader), reader.records,
                                reader.vulnerabilities, reader.unknown.size(), reader.failures.size());
  }

  std::map<std::string, std::string> expected;
  const std::string table = read_file(testdata_path("vendor_samples.tsv"), 1 << 20).value();
  std::string_view rest = table;
  std::string_view line;
  while (next_line(rest, line)) {
    if (line.starts_with('#')) continue;
    const auto cells = split(line, '\t');
    ASSERT_EQ(cells.size(), 8U) << line;
    const bool complete = cells[5] == "0" && cells[6] == "0";
    EXPECT_TRUE(complete || !cells[7].empty()) << "not read, and no reason: " << line;
    expected[std::string(cells[0])] = fmt::format("{}", fmt::join(cells.begin() + 1, cells.begin() + 7, "\t"));
  }
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [folder, row] : found) {
    const auto known = expected.find(folder);
    EXPECT_EQ(row, known == expected.end() ? "" : known->second)
        << folder << ": " << fmt::format("{}", fmt::join(readers.at(folder).failures, "; ")) << "; unknown "
        << fmt::format("{}", fmt::join(readers.at(folder).unknown, " "));
  }
}

}  // namespace
}  // namespace bulkhead::advisory::feeds

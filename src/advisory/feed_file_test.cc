#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "advisory/feed.h"
#include "advisory/feeds/testing.h"
#include "advisory/store.h"
#include "archive/tar_builder.h"
#include "base/bytes.h"

namespace bulkhead::advisory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kAdvisory =
    R"({"schema_version":"1.6.0","id":"GO-1","modified":"2024-01-02T00:00:00Z","affected":[]})";
constexpr std::string_view kBroken = R"({"schema_version":"1.6.0","id":"GO-2","affected":)";
// kAdvisory, and a zip archive of GO-1.json with it and of a README.
constexpr std::string_view kGzip =
    "1f8b0800000000000203ab562a4ece48cd4d8c2f4b2d2acecccf53b25232d433d33350d251ca4c0172dcfd750d81ecdcfc94ccb4cc5490"
    "8891819189ae81a1ae8151888181151845015524a6a5a52697805444c7d60200f39294c556000000";
constexpr std::string_view kZip =
    "504b030414000000080000002258f39294c54d0000005600000009000000474f2d312e6a736f6eab562a4ece48cd4d8c2f4b2d2acecccf"
    "53b25232d433d33350d251ca4c0172dcfd750d81ecdcfc94ccb4cc54908891819189ae81a1ae8151888181151845015524a6a5a5269780"
    "5444c7d60200504b03041400000008000000225886a61036070000000500000006000000524541444d45cb48cdc9c90700504b01021403"
    "14000000080000002258f39294c54d00000056000000090000000000000000000000800100000000474f2d312e6a736f6e504b01021403"
    "1400000008000000225886a610360700000005000000060000000000000000000000800174000000524541444d45504b05060000000002"
    "0002006b0000009f0000000000";

// Writes down what it is told.
class Recorder final : public FeedReader {
 public:
  Result<Sink*> begin_document(const Feed& feed, std::string_view path) override {
    told.push_back(fmt::format("{} by {}", path, feed.name));
    return passes_over ? nullptr : &sink;
  }
  Status end_document(const Feed&, std::string_view path, const DocumentInfo& info) override {
    told.push_back(fmt::format("{} of {}", path, info.date));
    return {};
  }
  Status failed_document(const Feed*, std::string_view path, Error error) override {
    told.push_back(fmt::format("{} failed", path));
    if (stops) return std::unexpected(std::move(error));
    return {};
  }
  Status unknown_document(std::string_view path) override {
    told.push_back(fmt::format("{} unknown", path));
    return {};
  }

  bool passes_over = false;
  bool stops = false;
  feeds::CollectingSink sink;
  std::vector<std::string> told;
};

std::optional<Error> read_file_into(Recorder& recorder, std::string_view path, std::string_view bytes,
                                    const Feed* only = nullptr, const FeedLimits& limits = {}) {
  auto status = read_feed_file(path, as_bytes(bytes), only, recorder, limits);
  if (status) return std::nullopt;
  return std::move(status).error();
}

TEST(FeedFile, ReadsADocumentByTheFeedThatRecognisesIt) {
  Recorder recorder;
  EXPECT_FALSE(read_file_into(recorder, "osv/GO-1.json", kAdvisory));
  EXPECT_THAT(recorder.told, ElementsAre("osv/GO-1.json by go-vulndb", "osv/GO-1.json of 2024-01-02"));
  EXPECT_EQ(recorder.sink.vulnerability_lines(), "GO-1\n");
}

TEST(FeedFile, InflatesADocumentAndNamesWhatIsInside) {
  const std::string gzip = from_hex(kGzip).value();
  Recorder recorder;
  EXPECT_FALSE(read_file_into(recorder, "osv/GO-1.json.gz", gzip));
  EXPECT_THAT(recorder.told, ElementsAre("osv/GO-1.json by go-vulndb", "osv/GO-1.json of 2024-01-02"));
  // Only a suffix that says what is true goes.
  Recorder plain;
  EXPECT_FALSE(read_file_into(plain, "osv/GO-1.json.gz", kAdvisory));
  EXPECT_EQ(plain.told.front(), "osv/GO-1.json.gz by go-vulndb");
}

TEST(FeedFile, WalksArchivesAndInflatesTheirMembersButOpensNoArchivesInThem) {
  const std::string gzip = from_hex(kGzip).value();
  // A feed would know the text of the first document in it.
  const std::string inner = archive::TarBuilder()
                                .file("x.xml", R"(<oval_definitions><definition id="oval:com.redhat.rhsa:def:1"/>)")
                                .finish();
  const std::string tar = archive::TarBuilder()
                              .directory("data/")
                              .file("data/GO-1.json", kAdvisory)
                              .file("README", "read me")
                              .file("GO-2.json.gz", gzip)
                              .file("inner.tar", inner)
                              .file("inner.tar.zst", *pack_database(as_bytes(inner)))
                              .file("cut.json.gz", gzip.substr(0, 9))
                              .file("notes.gz", gzip.substr(0, gzip.size() - 12))
                              .symlink("GO-4.json", "data/GO-1.json")
                              .finish();
  Recorder recorder;
  EXPECT_FALSE(read_file_into(recorder, "all.tar", tar));
  EXPECT_THAT(recorder.told,
              ElementsAre("data/GO-1.json by go-vulndb", "data/GO-1.json of 2024-01-02", "README unknown",
                          "GO-2.json by go-vulndb", "GO-2.json of 2024-01-02", "inner.tar unknown",
                          "inner.tar.zst unknown", "cut.json.gz failed", "notes.gz failed"));
  // Where the feed is named, a damaged member is one of its documents.
  Recorder named;
  EXPECT_FALSE(read_file_into(named, "all.tar",
                              archive::TarBuilder().file("notes.gz", gzip.substr(0, gzip.size() - 12)).finish(),
                              find_feed("ghsa")));
  EXPECT_THAT(named.told, ElementsAre("notes.gz by ghsa", "notes.gz failed"));
  Recorder zipped;
  EXPECT_FALSE(read_file_into(zipped, "all.zip", from_hex(kZip).value()));
  EXPECT_THAT(zipped.told, ElementsAre("GO-1.json by go-vulndb", "GO-1.json of 2024-01-02", "README unknown"));
}

TEST(FeedFile, PassesOverWhatItsReaderDoesNotWant) {
  Recorder recorder;
  recorder.passes_over = true;
  EXPECT_FALSE(read_file_into(recorder, "GO-1.json", kAdvisory));
  EXPECT_THAT(recorder.told, ElementsAre("GO-1.json by go-vulndb"));
  EXPECT_TRUE(recorder.sink.vulnerabilities.empty());
}

TEST(FeedFile, AsksNobodyWhenItIsToldTheFeed) {
  Recorder recorder;
  EXPECT_FALSE(read_file_into(recorder, "GO-1.json", kAdvisory, find_feed("ghsa")));
  EXPECT_EQ(recorder.told.front(), "GO-1.json by ghsa");
}

TEST(FeedFile, GoesOnBehindABrokenDocumentUnlessItsReaderStops) {
  const std::string tar = archive::TarBuilder().file("GO-2.json", kBroken).file("GO-1.json", kAdvisory).finish();
  Recorder recorder;
  EXPECT_FALSE(read_file_into(recorder, "all.tar", tar));
  EXPECT_THAT(recorder.told, ElementsAre("GO-2.json by go-vulndb", "GO-2.json failed", "GO-1.json by go-vulndb",
                                         "GO-1.json of 2024-01-02"));
  Recorder strict;
  strict.stops = true;
  const auto error = read_file_into(strict, "all\x1b.tar", tar);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), Code::kMalformed);
  EXPECT_THAT(error->to_string(), HasSubstr("all\\x1b.tar"));
  EXPECT_EQ(strict.told.size(), 2U);
}

TEST(FeedFile, TellsATruncatedArchive) {
  const std::string tar = archive::TarBuilder().file("GO-1.json", kAdvisory).finish();
  const std::string gzip = from_hex(kGzip).value();
  for (const std::string& cut : {tar.substr(0, 540), gzip.substr(0, gzip.size() - 12)}) {
    Recorder recorder;
    recorder.stops = true;
    const auto error = read_file_into(recorder, "cut", cut);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), Code::kMalformed);
    EXPECT_THAT(error->to_string(), HasSubstr("cut"));
  }
}

TEST(FeedFile, StopsAtItsLimits) {
  const std::string tar = archive::TarBuilder().file("GO-1.json", kAdvisory).file("GO-2.json", kAdvisory).finish();
  Recorder few;
  const auto members = read_file_into(few, "all.tar", tar, nullptr, {.max_documents = 1});
  ASSERT_TRUE(members);
  EXPECT_EQ(members->code(), Code::kLimitExceeded);
  Recorder small;
  const auto bytes = read_file_into(small, "all.tar", tar, nullptr, {.max_archive_bytes = 1024});
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->code(), Code::kLimitExceeded);
  // Members count as what they inflate to, with what the archive itself inflates to.
  const std::string packed = archive::TarBuilder().file("GO-1.json.gz", from_hex(kGzip).value()).finish();
  Recorder enough;
  EXPECT_FALSE(read_file_into(enough, "all.tar", packed, nullptr, {.max_archive_bytes = packed.size() + 1000}));
  Recorder bomb;
  const auto inflated = read_file_into(bomb, "all.tar", packed, nullptr, {.max_archive_bytes = packed.size() + 1});
  ASSERT_TRUE(inflated);
  EXPECT_EQ(inflated->code(), Code::kLimitExceeded);
  EXPECT_THAT(inflated->remedy(), HasSubstr("--max-archive-bytes"));
  Recorder document;
  document.stops = true;
  const auto whole = read_file_into(document, "GO-1.json", kAdvisory, nullptr, {.max_document_bytes = 20});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->code(), Code::kLimitExceeded);
  EXPECT_THAT(whole->remedy(), HasSubstr("--max-document-bytes"));
}

}  // namespace
}  // namespace bulkhead::advisory

#include "advisory/feed_manifest.h"

#include <gtest/gtest.h>

namespace bulkhead::advisory {
namespace {

TEST(FeedManifest, ComesBackAsItWasWritten) {
  FeedManifest manifest;
  manifest.ecosystems = {"alpine:3.19", "debian:12"};
  manifest.database = {.sha256 = "cd", .inputs = "ef", .checked = "2026-11-22T10:00:00Z"};
  manifest.files = {{.path = "alpine/main.json",
                     .feed = "alpine-secdb",
                     .url = "https://example.org/main.json",
                     .named_by = "https://example.org/latest.txt",
                     .date = "2026-11-22",
                     .fetched = "2026-11-22T10:00:00Z",
                     .sha256 = "ab",
                     .licence = "CC0-1.0",
                     .etag = "\"x\"",
                     .last_modified = "Sun, 22 Nov 2026 10:00:00 GMT",
                     .ecosystems = {"alpine:3.19"}},
                    {.path = "b"}};
  const auto read = FeedManifest::parse(manifest.to_json());
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->to_json(), manifest.to_json());
  EXPECT_EQ(read->ecosystems, manifest.ecosystems);
  EXPECT_EQ(read->database.inputs, "ef");
  ASSERT_EQ(read->files.size(), 2U);
  EXPECT_EQ(read->files[0].etag, "\"x\"");
  EXPECT_EQ(read->files[0].ecosystems, std::vector<std::string>{"alpine:3.19"});
}

TEST(FeedManifest, RefusesPathsThatLeaveTheFolder) {
  for (const char* path : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/.."}) {
    const auto read = FeedManifest::parse(R"({"schema_version":1,"files":[{"path":")" + std::string(path) + R"("}]})");
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code(), Code::kMalformed);
  }
}

TEST(FeedManifest, SaysWhatIsWrong) {
  EXPECT_EQ(FeedManifest::parse("").error().code(), Code::kMalformed);
  EXPECT_EQ(FeedManifest::parse("[]").error().code(), Code::kMalformed);
  EXPECT_EQ(FeedManifest::parse(R"({"schema_version":2,"files":[]})").error().code(), Code::kUnsupported);
  EXPECT_EQ(FeedManifest::parse(R"({"schema_version":1})").error().code(), Code::kMalformed);
  EXPECT_EQ(FeedManifest::parse(R"({"schema_version":1,"files":[{}]})").error().code(), Code::kMalformed);
  EXPECT_EQ(FeedManifest::parse(R"({"schema_version":1,"files":[],"ecosystems":[1]})").error().code(),
            Code::kMalformed);
  EXPECT_EQ(FeedManifest::parse(R"({"schema_version":1,"files":[{"path":"a"},{"path":"a"}]})").error().code(),
            Code::kMalformed);
}

}  // namespace
}  // namespace bulkhead::advisory

#include "advisory/repomd.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bulkhead::advisory {
namespace {

const std::string kSha(64, 'a');

std::string repomd(const std::string& data) {
  return fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>1769302218</revision><data type="primary"><location href="repodata/primary.xml.gz"/></data>{}</repomd>)",
                     data);
}

std::string updateinfo(const std::string& href, const std::string& type, const std::string& checksum) {
  return fmt::format(
      R"(<data type="updateinfo"><checksum type="{}">{}</checksum><open-checksum type="sha256">bb</open-checksum>
    <location href="{}"/><timestamp>1769302218</timestamp><size>1533306</size></data>)",
      type, checksum, href);
}

TEST(Repomd, NamesTheUpdateinfo) {
  const auto entry = parse_repomd(repomd(updateinfo("repodata/ab-updateinfo.xml.zst", "sha256", kSha) +
                                         "<data type=\"updateinfo_zck\"><location href=\"x\"/></data>"));
  ASSERT_TRUE(entry) << entry.error().to_string();
  EXPECT_EQ(entry->location, "repodata/ab-updateinfo.xml.zst");
  EXPECT_EQ(entry->digest.to_string(), "sha256:" + kSha);
  EXPECT_EQ(entry->size, 1533306U);
}

TEST(Repomd, KnowsTheLongerChecksumToo) {
  const std::string sha512(128, 'c');
  EXPECT_EQ(parse_repomd(repomd(updateinfo("x", "sha512", sha512)))->digest.to_string(), "sha512:" + sha512);
}

TEST(Repomd, RefusesLocationsThatLeaveTheRepository) {
  for (const char* href : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "https://evil.example/x", "a?b", "a#b",
                           "a b", "%2e%2e/x", "repodata/%2Fx"}) {
    const auto entry = parse_repomd(repomd(updateinfo(href, "sha256", kSha)));
    ASSERT_FALSE(entry) << href;
    EXPECT_EQ(entry.error().code(), Code::kMalformed) << href;
  }
}

TEST(Repomd, SaysWhatIsWrong) {
  EXPECT_EQ(parse_repomd(repomd("")).error().code(), Code::kNotFound);
  EXPECT_EQ(parse_repomd("<html/>").error().code(), Code::kNotFound);
  EXPECT_EQ(parse_repomd("").error().code(), Code::kMalformed);
  EXPECT_EQ(parse_repomd("<repomd>").error().code(), Code::kMalformed);
  EXPECT_EQ(parse_repomd(repomd(updateinfo("x", "sha256", "abc"))).error().code(), Code::kMalformed);
  EXPECT_EQ(parse_repomd(repomd(updateinfo("x", "md5", std::string(32, 'a')))).error().code(), Code::kUnsupported);
  EXPECT_EQ(parse_repomd(repomd("<data type=\"updateinfo\"><location href=\"x\"/></data>")).error().code(),
            Code::kMalformed);
}

}  // namespace
}  // namespace bulkhead::advisory

#include "inventory/apk/installed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kTwo =
    "C:Q1zwvKMnYs1b6ZdPTBJ0Z7D5P3jyA=\n"
    "P:ssl_client\n"
    "V:1.36.1-r0\n"
    "A:x86_64\n"
    "S:4767\n"
    "T:External ssl_client for busybox wget\n"
    "L:GPL-2.0-only\n"
    "o:busybox\n"
    "m:S\xc3\xb6ren Tempel <soeren+alpine@soeren-tempel.net>\n"
    "F:usr\n"
    "F:usr/bin\n"
    "R:ssl_client\n"
    "a:0:0:755\n"
    "Z:Q1Fpma/5ug0gGZsTuNjkYFEWkLhH0=\n"
    "F:\n"
    "R:init\n"
    "\n"
    "P:musl\n"
    "V:1.2.4-r0\n"
    "f:fs\n"
    "\n";

TEST(ApkInstalled, ReadsEveryFieldThatMatters) {
  const auto packages = parse_apk_installed(kTwo);
  ASSERT_TRUE(packages) << packages.error().to_string();
  ASSERT_EQ(packages->size(), 2U);
  const Package& client = packages->front();
  EXPECT_EQ(client.type, PackageType::kApk);
  EXPECT_EQ(client.name, "ssl_client");
  EXPECT_EQ(client.version, "1.36.1-r0");
  EXPECT_EQ(client.architecture, "x86_64");
  EXPECT_EQ(client.source_name, "busybox");
  EXPECT_EQ(client.source_version, "1.36.1-r0");
  EXPECT_EQ(client.maintainer, "S\xc3\xb6ren Tempel <soeren+alpine@soeren-tempel.net>");
  EXPECT_THAT(client.licenses, ElementsAre("GPL-2.0-only"));
  EXPECT_EQ((*packages)[1].name, "musl");
  EXPECT_EQ((*packages)[1].source_name, "musl");
  EXPECT_THAT((*packages)[1].licenses, testing::IsEmpty());
}

TEST(ApkInstalled, ListsFilesWithTheirFolders) {
  const auto lists = parse_apk_files(kTwo);
  ASSERT_TRUE(lists);
  EXPECT_THAT(*lists, ElementsAre(FileList{"ssl_client", "1.36.1-r0", "x86_64", {"/usr/bin/ssl_client", "/init"}},
                                  FileList{"musl", "1.2.4-r0", "", {}}));
}

// However a file is cut, what is left is not taken for the whole, but where a package ends.
TEST(ApkInstalled, IsNotBelievedWhereverItIsCutOff) {
  const size_t end_of_first = kTwo.find("\n\n") + 2;
  for (size_t size = 1; size < kTwo.size(); ++size) {
    EXPECT_EQ(parse_apk_installed(kTwo.substr(0, size)).has_value(), size == end_of_first) << kTwo.substr(0, size);
    EXPECT_EQ(parse_apk_files(kTwo.substr(0, size)).has_value(), size == end_of_first) << kTwo.substr(0, size);
  }
}

// apk --initdb writes an empty file; an empty line more than one is nothing.
TEST(ApkInstalled, ReadsADatabaseWithoutPackages) {
  for (const std::string_view text : {"", "\n", "\n\n\n"}) {
    const auto packages = parse_apk_installed(text);
    ASSERT_TRUE(packages) << packages.error().to_string();
    EXPECT_THAT(*packages, testing::IsEmpty());
  }
}

struct Damage {
  std::string text;
  std::string_view complaint;
};
class DamagedApkInstalled : public testing::TestWithParam<Damage> {};

TEST_P(DamagedApkInstalled, IsRefusedWithTheLine) {
  const auto packages = parse_apk_installed(GetParam().text);
  const auto lists = parse_apk_files(GetParam().text);
  ASSERT_FALSE(packages);
  ASSERT_FALSE(lists);
  for (const Error& error : {packages.error(), lists.error()}) {
    EXPECT_EQ(error.code(), Code::kMalformed) << error.message();
    EXPECT_THAT(error.message(), HasSubstr(GetParam().complaint));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, DamagedApkInstalled,
                         testing::Values(Damage{"garbage\n", "line 1"}, Damage{"P:a\nV:1\nP\n\n", "line 3"},
                                         Damage{"P:a\nV:1", "cut off"}, Damage{"P:a\nV:1\n", "line 1: a package"},
                                         Damage{"P:a\nV:1\n\nP:b\nV:1\no:x\n", "line 4: a package"},
                                         Damage{"V:1\n\n", "without a P:"}, Damage{"P:a\n\n", "a has no V: line"},
                                         Damage{"P:a\nV:1\nP:b\n\n", "line 3: a second P:"},
                                         Damage{"P:a\nV:1\nV:2\n\n", "second V:"}, Damage{"P:\nV:1\n\n", "no valid P:"},
                                         Damage{"P:a b\nV:1\n\n", "no valid P:"},
                                         Damage{std::string("P:a\nV:1\nT:\0\n\n", 13), "NUL"},
                                         Damage{std::string(100, '\0') + "\n", "line 1"}, Damage{"1:a\n\n", "line 1"}));

TEST(ApkInstalled, StopsAtTheLimitOfPackages) {
  const std::string text = "P:a\nV:1\n\nP:b\nV:1\n\nP:c\nV:1\n\n";
  EXPECT_TRUE(parse_apk_installed(text, {.max_packages = 3}));
  EXPECT_EQ(parse_apk_installed(text, {.max_packages = 2}).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(parse_apk_files(text, {.max_packages = 2}).error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::inventory

#include "scan/scan.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "advisory/database_builder.h"
#include "base/temporary_folder.h"
#include "oci/locate.h"

namespace bulkhead::scan {
namespace {

namespace fs = std::filesystem;

// A root file system with an os-release and, when there is one, a dpkg status file.
class ScanTest : public testing::Test {
 protected:
  void put(const std::string& path, std::string_view text) const { root_.write(path, text); }
  void put_debian(std::string_view release) const {
    put("etc/os-release", "ID=debian\nVERSION_ID=" + std::string(release) + "\n");
    put("var/lib/dpkg/status",
        "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13\nSource: zlib\n\n");
  }

  ScanResult facts(const Options& options) const {
    auto opened = oci::open_image("rootfs:" + root_.path(), {}, {});
    EXPECT_TRUE(opened) << opened.error().to_string();
    auto result = take_facts(std::move(*opened), options);
    EXPECT_TRUE(result) << result.error().to_string();
    return *std::move(result);
  }

  TemporaryFolder root_;
};

advisory::Database database_of_two_feeds() {
  advisory::DatabaseBuilder builder;
  const auto feed = [&](const char* name, const char* ecosystem, const char* date) {
    advisory::FeedInput input;
    input.name = name;
    input.date = date;
    input.covers = {ecosystem};
    EXPECT_TRUE(builder.add_feed(std::move(input)));
  };
  feed("debian-tracker", "debian:12", "2026-11-20T00:00:00Z");
  feed("alpine-secdb", "alpine:3.19", "2026-11-22T00:00:00Z");
  auto bytes = std::move(builder).finish();
  EXPECT_TRUE(bytes) << bytes.error().to_string();
  auto database = advisory::Database::from_bytes(*std::move(bytes), "test");
  EXPECT_TRUE(database) << database.error().to_string();
  return *std::move(database);
}

// A registry that has an image of no layers under every name.
class EmptyImages final : public oci::ImageSource {
 public:
  std::string_view scheme() const override { return "registry"; }
  std::string description() const override { return "the test's registry"; }
  Result<oci::OpenedImage> open(std::string_view /*reference*/, const oci::OpenOptions& /*options*/) override {
    oci::Image image;
    image.config.platform.architecture = "arm64";
    return image;
  }
};

TEST_F(ScanTest, AdvisesToGetOnlyFeedsThatThereAre) {
  const advisory::Database database = database_of_two_feeds();
  Options options;
  options.database = &database;
  const struct {
    const char* os_release;
    const char* advice;
  } cases[] = {{"ID=debian\nVERSION_ID=11\n", "--distribution debian:11`"},
               {"ID=debian\n", "VERSION_ID="},
               {"ID=plan9\nVERSION_ID=4\n", "no publisher of advisories"}};
  for (const auto& c : cases) {
    put_debian("12");
    put("etc/os-release", c.os_release);
    ScanResult result = facts(options);
    ASSERT_TRUE(assess(result, options));
    std::string advice;
    for (const Warning& warning : result.warnings) advice += warning.text + "\n";
    EXPECT_THAT(advice, testing::HasSubstr(c.advice));
    const bool is_fetched = advice.find("db update --distribution") != std::string::npos;
    EXPECT_EQ(is_fetched, std::string_view(c.advice).starts_with("--distribution")) << advice;
  }
}

// Who asked for the image names it; see the commands.
TEST_F(ScanTest, NamesTheFileOfADamagedDatabaseAndLeavesTheImageToItsCaller) {
  put("var/lib/dpkg/status", "garbage\n");
  auto opened = oci::open_image("rootfs:" + root_.path(), {}, {});
  ASSERT_TRUE(opened);
  const auto result = take_facts(std::move(*opened), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().to_string(),
            "dpkg packages: var/lib/dpkg/status: line 1: neither a field nor the continuation of one");
}

TEST_F(ScanTest, NamesTheRepositoryOfAnImageThatHasOne) {
  const struct {
    const char* text;
    const char* repository;
    const char* tag;
  } cases[] = {
      {"registry:alpine:3.19", "docker.io/library/alpine", "3.19"},
      {"registry.example:5000/shop/cart", "registry.example:5000/shop/cart", ""},
      {"registry:0123456789012345678901234567890123456789012345678901234567890123", "", ""},  // an identifier
  };
  EmptyImages registry;
  oci::ImageSource* const sources[] = {&registry};
  for (const auto& one : cases) {
    auto opened = oci::open_image(one.text, sources, {});
    ASSERT_TRUE(opened) << opened.error().to_string();
    const auto result = take_facts(std::move(*opened), {});
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->image.repository, one.repository);
    EXPECT_EQ(result->image.tag, one.tag);
    EXPECT_EQ(result->image.architecture, "arm64");
  }
  put_debian("12");
  EXPECT_EQ(facts({}).image.repository, "");
}

TEST_F(ScanTest, GivesARootFileSystemNoPlatform) {
  put_debian("12");
  EXPECT_EQ(facts({}).image.platform, "");
}

TEST_F(ScanTest, KnowsTheLongerSupportOfARelease) {
  put_debian("12");
  Options options;
  options.match.now = "2026-11-22T10:00:00Z";
  const auto end = facts(options).image.end_of_life;
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->reached);
  EXPECT_EQ(end->extended_name, "LTS");
  EXPECT_FALSE(end->extended_reached);
  EXPECT_FALSE(end->over());
  options.match.now = "2040-01-01T00:00:00Z";
  EXPECT_TRUE(facts(options).image.end_of_life->over());
}

TEST_F(ScanTest, NamesTheDatabaseAlikeForEveryImage) {
  const advisory::Database database = database_of_two_feeds();
  Options options;
  options.database = &database;
  options.database_is_snapshot = true;
  put_debian("12");
  ScanResult debian = facts(options);
  ASSERT_TRUE(assess(debian, options));
  fs::remove_all(root_ / "var");
  fs::remove_all(root_ / "etc");
  ScanResult nothing = facts(options);
  ASSERT_TRUE(assess(nothing, options));
  for (const ScanResult* result : {&debian, &nothing}) {
    EXPECT_EQ(result->database_date, "2026-11-22T00:00:00Z");
    EXPECT_EQ(result->database_sha256, database.checksum());
    bool named = false;
    for (const Warning& warning : result->warnings) named |= warning.text.contains("the snapshot of 2026-11-22");
    EXPECT_TRUE(named);
  }
  EXPECT_EQ(conclusion(debian), "no known vulnerability");
  EXPECT_EQ(conclusion(nothing), "not judged: no distribution and no package database was found");
}

TEST_F(ScanTest, AnExplanationWarnsOfWhatAReportWouldWarnOf) {
  const advisory::Database database = database_of_two_feeds();
  Options options;
  options.database = &database;
  options.database_is_snapshot = true;
  options.match.now = "2026-11-22T00:00:00Z";
  ScanResult nothing = facts(options);
  ASSERT_TRUE(assess(nothing, options));
  const std::vector<std::string> ids = {"CVE-2099-0001", "CVE-2099-0002"};
  const auto text = explain(ids, nothing, options);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("CVE-2099-0001\n")) << *text;
  EXPECT_TRUE(text->contains("\n\nCVE-2099-0002\n")) << *text;
  EXPECT_TRUE(text->contains("\nwarning: no distribution and no package database was found")) << *text;
  EXPECT_TRUE(
      text->contains("\nwarning: advisories are from the snapshot of 2026-11-22 that came with the program; "
                     "update with `bulkhead db update`\n"))
      << *text;
}

TEST_F(ScanTest, AnswersNothingFromADatabaseThatWasChangedInPlace) {
  put_debian("12");
  const advisory::Database made = database_of_two_feeds();
  const TemporaryFolder folder;
  const std::string path = folder.write("advisories.db", as_text(made.bytes()));
  const advisory::Database database = advisory::Database::open(path).value();
  Options options;
  options.database = &database;
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(made.bytes().size() - 1)), 0);
  ScanResult again = facts(options);
  const Status status = assess(again, options);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().to_string().find("advisories.db: the file was changed in place"), std::string::npos);
}

TEST_F(ScanTest, IsNotCleanByAFeedThatOnlySupplements) {
  advisory::DatabaseBuilder builder;
  builder.use_feed(builder.add_feed({.name = "debian-security-support", .date = "2026-11-22"}).value());
  ASSERT_TRUE(builder.add(advisory::AdvisoryRecord{.id = "debian-security-support",
                                                   .ecosystem = "debian:13",
                                                   .package = "ghost",
                                                   .scheme = version::Scheme::kDeb,
                                                   .status = advisory::AdvisoryStatus::kEndOfLife}));
  const auto database = advisory::Database::from_bytes(std::move(builder).finish().value(), "test").value();
  Options options;
  options.database = &database;
  put_debian("13");
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  EXPECT_EQ(conclusion(result), "not judged: no feed covers debian:13");
}

TEST_F(ScanTest, SaysThatItRestsOnAnExtract) {
  advisory::DatabaseBuilder builder;
  ASSERT_TRUE(builder.add_feed({.name = "debian-tracker",
                                .date = "2026-11-22",
                                .extract = "fixes of 36 source packages",
                                .covers = {"debian:12"},
                                .documents = 1}));
  const auto database = advisory::Database::from_bytes(std::move(builder).finish().value(), "test").value();
  Options options;
  options.database = &database;
  put_debian("12");
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  EXPECT_EQ(conclusion(result),
            "not judged: debian-tracker for debian:12 is incomplete (an extract: fixes of 36 source packages)");
  bool warned = false;
  for (const Warning& warning : result.warnings) warned |= warning.text.contains("an extract: fixes of 36");
  EXPECT_TRUE(warned);
}

TEST_F(ScanTest, SaysInOneLineWhatTheMissingFeedsAboutIdsWouldTell) {
  advisory::DatabaseBuilder builder;
  ASSERT_TRUE(builder.add_feed({.name = "debian-tracker", .date = "2026-11-22", .covers = {"debian:12"}}));
  ASSERT_TRUE(builder.add_feed({.name = "cve", .date = "2026-11-22", .about_ids = true}));
  ASSERT_TRUE(builder.add_feed({.name = "nvd", .about_ids = true}));
  const auto database = advisory::Database::from_bytes(std::move(builder).finish().value(), "test").value();
  Options options;
  options.database = &database;
  options.match.now = "2026-11-22T00:00:00Z";
  put_debian("12");
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0].subject, "epss, kev, nvd");
  EXPECT_EQ(
      result.warnings[0].text,
      "not in the database, or only in part: findings lack probabilities of exploitation, known exploitation, NVD's "
      "severities; get them with `bulkhead db update`");
  EXPECT_EQ(conclusion(result), "no known vulnerability");
}

TEST_F(ScanTest, AListOfAdvisoriesAloneMakesNoImageClean) {
  advisory::DatabaseBuilder builder;
  ASSERT_TRUE(builder.add_feed({.name = "debian-advisories", .date = "2026-11-22", .covers = {"debian:12"}}));
  const auto database = advisory::Database::from_bytes(std::move(builder).finish().value(), "test").value();
  Options options;
  options.database = &database;
  put_debian("12");
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  EXPECT_EQ(conclusion(result),
            "not judged: debian-advisories for debian:12 is incomplete (a list of advisories: what "
            "has none is not in it)");
}

TEST_F(ScanTest, IsNotCleanWithPackagesThatNobodyJudged) {
  const advisory::Database database = database_of_two_feeds();
  Options options;
  options.database = &database;
  const auto said = [&] {
    ScanResult result = facts(options);
    EXPECT_TRUE(assess(result, options));
    return conclusion(result);
  };
  put_debian("12");
  EXPECT_EQ(said(), "no known vulnerability");
  put("lib/apk/db/installed", "P:openssl\nV:1.1.1a-r0\nA:x86_64\n\n");
  EXPECT_EQ(said(), "not judged: 1 package is of a kind that no advisories of debian 12 are about");
  fs::remove_all(root_ / "lib");
  for (const char* status :
       {"", "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"}) {
    put("var/lib/dpkg/status", status);
    EXPECT_EQ(said(), "not judged: no installed package of debian was found");
  }
}

TEST_F(ScanTest, IsNotCleanWithAVersionThatCannotBeCompared) {
  advisory::DatabaseBuilder builder;
  builder.use_feed(builder.add_feed({.name = "debian-tracker", .date = "2026-11-22", .covers = {"debian:12"}}).value());
  ASSERT_TRUE(builder.add(advisory::AdvisoryRecord{.id = "CVE-2026-1",
                                                   .ecosystem = "debian:12",
                                                   .package = "zlib",
                                                   .scheme = version::Scheme::kDeb,
                                                   .ranges = {{.fixed = "1:2"}}}));
  const auto database = advisory::Database::from_bytes(std::move(builder).finish().value(), "test").value();
  Options options;
  options.database = &database;
  put("etc/os-release", "ID=debian\nVERSION_ID=12\n");
  put("var/lib/dpkg/status",
      "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: one:two\nSource: zlib\n\n");
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  EXPECT_EQ(conclusion(result), "not judged: the versions of 1 package cannot be compared");
}

TEST_F(ScanTest, SaysWhichDistributionTheDatabaseDoesNotCover) {
  const advisory::Database database = database_of_two_feeds();
  Options options;
  options.database = &database;
  put_debian("11");
  ScanResult result = facts(options);
  ASSERT_TRUE(assess(result, options));
  EXPECT_EQ(conclusion(result), "not judged: no feed covers debian:11");
}

}  // namespace
}  // namespace bulkhead::scan

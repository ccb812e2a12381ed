#include "audit/checks/release_version.h"

#include <string>

#include <gtest/gtest.h>

#include "audit/checks/engine_data.h"
#include "base/date.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

std::string read(std::string_view text) {
  const auto version = release_version(text);
  if (!version) return "none";
  return version->number + (version->plain ? "" : " built by somebody");
}

TEST(ReleaseVersion, IsTheProjectsOwnNumber) {
  EXPECT_EQ(read("29.3.1"), "29.3.1");
  EXPECT_EQ(read("v1.7.29"), "1.7.29");
  EXPECT_EQ(read("1.0.0-rc93"), "1.0.0-rc.93");
  EXPECT_EQ(read("29.7.0-rc.1"), "29.7.0-rc.1");
  EXPECT_EQ(read("18.06.3-ce"), "18.06.3");
  EXPECT_EQ(read("runc version 1.1.12\nspec: 1.0.2-dev"), "1.1.12");
  EXPECT_EQ(read(""), "none");
  EXPECT_EQ(read("dev"), "none");
  EXPECT_EQ(read("29"), "none");
}

TEST(ReleaseVersion, TellsBuildsOfDistributions) {
  for (const std::string_view text :
       {"20.10.24+dfsg1", "1.6.20~ds1", "1.1.5+ds1", "1.1.12-0ubuntu2~22.04.1", "24.0.5-1.fc39", "1.13.1-108.el7",
        "4.9.4-rhel", "29.4.0-ce", "1.0.0-rc6+dev", "3.0.10+azure", "1.4.0-rc", "1.2.3."}) {
    EXPECT_TRUE(read(text).ends_with(" built by somebody")) << text << ": " << read(text);
  }
  EXPECT_EQ(read("20.10.24+dfsg1"), "20.10.24 built by somebody");
}

TEST(ReleaseVersion, OrdersPreReleasesByTheirNumber) {
  EXPECT_TRUE(version_before("1.0.0-rc9", "1.0.0-rc10"));
  EXPECT_TRUE(version_before("1.0.0-rc.10", "1.0.0-rc93"));
  EXPECT_TRUE(version_before("1.0.0-rc95", "1.0.0"));
  EXPECT_FALSE(version_before("1.0.0", "1.0.0"));
  EXPECT_TRUE(version_before("1.9", "1.24"));
}

TEST(LiesIn, KnowsTheFixOfEachBranch) {
  constexpr std::string_view kRanges = "..25.0.16 26.0.0..29.3.1";
  EXPECT_TRUE(lies_in("20.10.24", kRanges));
  EXPECT_TRUE(lies_in("25.0.15", kRanges));
  EXPECT_FALSE(lies_in("25.0.16", kRanges));
  EXPECT_TRUE(lies_in("28.5.2", kRanges));
  EXPECT_FALSE(lies_in("29.3.1", kRanges));
  EXPECT_TRUE(lies_in("9.9.9", "1.0.0.."));
}

TEST(EngineData, NamesAReleaseLineByTheWholeOfItsNumbers) {
  ASSERT_NE(release_of("docker", "20.10.24"), nullptr);
  EXPECT_EQ(release_of("docker", "20.10.24")->end, "2023-12-10");
  EXPECT_EQ(release_of("docker", "29.10.0")->line, "29");
  EXPECT_EQ(release_of("docker", "290.1.0"), nullptr);
  EXPECT_EQ(release_of("podman", "20.10.24"), nullptr);
}

TEST(EngineData, HasDatesVersionsAndSourcesThatMakeSense) {
  std::string_view engine;
  std::string_view newer;
  for (const EngineRelease& release : engine_releases()) {
    EXPECT_TRUE(release.end.empty() || is_date(release.end)) << release.line;
    EXPECT_TRUE(is_date(release.date)) << release.line;
    EXPECT_TRUE(release.newest.starts_with(release.line)) << release.line;
    EXPECT_TRUE(release.source.starts_with("https://")) << release.line;
    if (engine == release.engine) {
      EXPECT_TRUE(version_before(release.newest, newer)) << release.newest << " stands after " << newer;
    }
    engine = release.engine;
    newer = release.newest;
  }
  for (const KnownEscape& known : known_escapes()) {
    EXPECT_TRUE(known.kind == "escape" || known.kind == "kubernetes" || known.kind == "userns-remap" ||
                known.kind == "authorization")
        << known.cve;
    EXPECT_TRUE(known.cve.starts_with("CVE-")) << known.cve;
    EXPECT_TRUE(known.source.starts_with("https://")) << known.cve;
    for (const std::string_view range : split(known.affected, ' ')) {
      const size_t dots = range.find("..");
      ASSERT_NE(dots, std::string_view::npos) << known.cve;
      const std::string_view fixed = range.substr(dots + 2);
      ASSERT_TRUE(release_version(fixed)) << known.cve;
      EXPECT_FALSE(lies_in(fixed, known.affected)) << known.cve << " is not fixed in " << fixed;
    }
  }
}

}  // namespace
}  // namespace bulkhead::audit

#include "inventory/end_of_life.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "inventory/end_of_life_data.h"

namespace bulkhead::inventory {
namespace {

OperatingSystem os(std::string id, std::string version, std::string codename = {}) {
  OperatingSystem system;
  system.id = std::move(id);
  system.version_id = std::move(version);
  system.codename = std::move(codename);
  return system;
}

std::string date_of(const OperatingSystem& system) {
  const auto found = end_of_life(system);
  return found ? found->date : "none";
}

TEST(EndOfLife, KnowsTheReleasesThatImagesAreMadeOf) {
  EXPECT_EQ(date_of(os("debian", "12")), "2026-07-11");
  EXPECT_EQ(date_of(os("debian", "6.0")), "2014-05-31");
  EXPECT_EQ(date_of(os("ubuntu", "22.04")), "2027-06-01");
  EXPECT_EQ(date_of(os("alpine", "3.19.1")), "2025-11-01");
  EXPECT_EQ(date_of(os("alpine", "3.9.4")), "2020-11-01");
  EXPECT_EQ(date_of(os("rhel", "8.9")), "2029-05-31");
  EXPECT_EQ(date_of(os("almalinux", "9.3")), "2032-05-31");
  EXPECT_EQ(date_of(os("rocky", "8")), "2029-05-31");
  EXPECT_EQ(date_of(os("ol", "7.9")), "2024-12-31");
  EXPECT_EQ(date_of(os("amzn", "2")), "2026-06-30");
  EXPECT_EQ(date_of(os("amzn", "2018.03")), "2023-12-31");
  EXPECT_EQ(date_of(os("fedora", "39")), "2024-11-26");
  EXPECT_EQ(date_of(os("opensuse-leap", "15.5")), "2024-12-31");
  EXPECT_EQ(date_of(os("sles", "15.5")), "2024-12-31");
  EXPECT_EQ(date_of(os("sles", "15")), "2019-12-31");
  EXPECT_EQ(date_of(os("sles_sap", "15.4")), "2023-12-31");
  EXPECT_EQ(date_of(os("photon", "3.0")), "2025-10-02");
  EXPECT_EQ(date_of(os("mariner", "2.0.20230407")), "2025-11-30");
}

TEST(EndOfLife, NamesLongerSupportAndTheSource) {
  const auto bookworm = end_of_life(os("debian", "12"));
  ASSERT_TRUE(bookworm);
  EXPECT_EQ(bookworm->extended, "2028-06-30");
  EXPECT_EQ(bookworm->extended_name, "LTS");
  EXPECT_EQ(bookworm->source, "distro-info of 2026-10-12");
  const auto bionic = end_of_life(os("ubuntu", "18.04"));
  ASSERT_TRUE(bionic);
  EXPECT_EQ(bionic->date, "2023-05-31");
  EXPECT_EQ(bionic->extended, "2028-04-26");
  EXPECT_EQ(bionic->extended_name, "ESM");
}

TEST(EndOfLife, TellsCentosStreamFromCentosLinux) {
  OperatingSystem stream = os("centos", "8");
  EXPECT_EQ(date_of(stream), "2021-12-31");
  stream.name = "CentOS Stream";
  EXPECT_EQ(date_of(stream), "2024-05-31");
}

TEST(EndOfLife, UsesTheCodeNameWhereThereIsNoNumber) {
  EXPECT_EQ(date_of(os("debian", "", "trixie")), "2028-08-09");
  EXPECT_EQ(date_of(os("debian", "", "forky")), "none");
  EXPECT_EQ(date_of(os("debian", "99", "trixie")), "none");
}

TEST(EndOfLife, KnowsNothingOfRollingAndUnknownSystems) {
  EXPECT_EQ(date_of(os("", "")), "none");
  EXPECT_EQ(date_of(os("wolfi", "20230201")), "none");
  EXPECT_EQ(date_of(os("arch", "")), "none");
  EXPECT_EQ(date_of(os("alpine", "edge")), "none");
  EXPECT_EQ(date_of(os("debian", "1")), "none");
}

TEST(EndOfLife, BelievesOsReleaseWhereTheDataIsSilent) {
  OperatingSystem system = os("somelinux", "1");
  system.support_end = "2027-01-31";
  system.found_in = "etc/os-release";
  const auto found = end_of_life(system);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->date, "2027-01-31");
  EXPECT_EQ(found->source, "etc/os-release");
  system.support_end = "soon";
  EXPECT_FALSE(end_of_life(system));
}

TEST(EndOfLifeData, IsWellFormed) {
  std::string_view rest = kEndOfLife;
  std::string_view line;
  size_t releases = 0;
  size_t sources = 0;
  while (next_line(rest, line)) {
    if (line.starts_with("#")) continue;
    const auto columns = split(line, '\t');
    if (columns[0] == "source") {
      ++sources;
      EXPECT_EQ(columns.size(), 4U) << line;
      continue;
    }
    ASSERT_EQ(columns[0], "release") << line;
    ASSERT_EQ(columns.size(), 8U) << line;
    ++releases;
    for (const std::string_view date : {columns[4], columns[5]}) {
      if (!date.empty()) EXPECT_TRUE(date.size() == 10 && date[4] == '-' && date[7] == '-') << line;
    }
    if (!columns[5].empty()) {
      EXPECT_LE(columns[4], columns[5]) << line;
      EXPECT_FALSE(columns[6].empty()) << line;
    }
  }
  EXPECT_EQ(sources, 3U);
  EXPECT_GT(releases, 240U);
}

}  // namespace
}  // namespace bulkhead::inventory

#include "advisory/feeds/rpm_common.h"

#include <gmock/gmock.h>

#include "advisory/feeds/common.h"
#include "advisory/feeds/rpm_test_support.h"

namespace bulkhead::advisory::feeds {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RpmFeeds, ReadTheVendorsWordsForSeverity) {
  EXPECT_EQ(severity_of_word("Critical"), Severity::kCritical);
  EXPECT_EQ(severity_of_word("IMPORTANT"), Severity::kHigh);
  EXPECT_EQ(severity_of_word("high"), Severity::kHigh);
  EXPECT_EQ(severity_of_word("Moderate"), Severity::kMedium);
  EXPECT_EQ(severity_of_word("medium"), Severity::kMedium);
  EXPECT_EQ(severity_of_word(" low "), Severity::kLow);
  EXPECT_EQ(severity_of_word("None"), Severity::kUnknown);
  EXPECT_EQ(severity_of_word(""), Severity::kUnknown);
}

TEST(RpmFeeds, WriteVersionsAsInstalledPackagesHaveThem) {
  EXPECT_EQ(evr_text("0", "1.2", "3.el9"), "1.2-3.el9");
  EXPECT_EQ(evr_text("", "1.2", "3.el9"), "1.2-3.el9");
  EXPECT_EQ(evr_text("30", "9.3.3", "8.el5"), "30:9.3.3-8.el5");
  EXPECT_EQ(normal_evr("0:1.2-3"), "1.2-3");
  EXPECT_EQ(normal_evr("0: 1.20.10-1.azl3"), "1.20.10-1.azl3") << "as Microsoft wrote it once";
  EXPECT_EQ(normal_evr("30:1.2-3"), "30:1.2-3");
}

TEST(RpmFeeds, TakeArchitecturesOutOfPatterns) {
  EXPECT_THAT(architectures_in("x86_64|aarch64|x86_64"), ElementsAre("aarch64", "x86_64"));
  EXPECT_THAT(architectures_in("(noarch)"), ElementsAre("noarch"));
  EXPECT_THAT(architectures_in("^i686$"), ElementsAre("i686"));
  EXPECT_THAT(architectures_in(".*"), IsEmpty()) << "no list: every architecture";
  EXPECT_THAT(architectures_in(""), IsEmpty());
  EXPECT_THAT(architectures_on("aarch64"), ElementsAre("aarch64", "noarch"));
  EXPECT_THAT(architectures_on("vax"), IsEmpty());
}

TEST(RpmFeeds, FindTheReleaseInRedHatsCpes) {
  const struct {
    const char* cpe;
    const char* key;
    bool is_release;
  } cases[] = {
      {"cpe:/o:redhat:enterprise_linux:8", "rhel:8", true},
      {"cpe:/a:redhat:enterprise_linux:9::appstream", "rhel:9", true},
      {"cpe:/o:redhat:enterprise_linux:10.0", "rhel:10", true},
      {"cpe:/o:redhat:rhel_eus:9.0::baseos", "rhel:9", false},
      {"cpe:/o:redhat:rhel_aus:7.6::server", "rhel:7", false},
      {"cpe:/a:redhat:openshift:4.12::el8", "rhel:8", false},
      {"cpe:/a:redhat:rhel_satellite_client:6::el7", "rhel:7", false},
      {"cpe:/a:redhat:openshift:4", nullptr, false},
      {"cpe:/a:redhat:storage:3", nullptr, false},
      {"cpe:/a:oracle:linux:8", nullptr, false},
      {"cpe:/o:redhat:enterprise_linux", nullptr, false},
      {"", nullptr, false},
  };
  for (const auto& each : cases) {
    const auto key = redhat_key(each.cpe);
    EXPECT_EQ(key.has_value(), each.key != nullptr) << each.cpe;
    if (key && each.key != nullptr) EXPECT_EQ(*key, each.key) << each.cpe;
    EXPECT_EQ(is_redhat_release(each.cpe), each.is_release) << each.cpe;
  }
}

TEST(RpmFeeds, FileSuseProductsUnderTheirServicePack) {
  EXPECT_EQ(suse_key("SUSE Linux Enterprise Server 15 SP4"), "suse:sles:15.4");
  EXPECT_EQ(suse_key("SUSE Linux Enterprise Server 15 SP1-LTSS"), "suse:sles:15.1");
  EXPECT_EQ(suse_key("SUSE Linux Enterprise Module for Basesystem 15 SP4"), "suse:sles:15.4");
  EXPECT_EQ(suse_key("SUSE Linux Enterprise Server for SAP Applications 12 SP5"), "suse:sles:12.5");
  EXPECT_EQ(suse_key("openSUSE Leap 15.3"), "opensuse:leap:15.3");
  EXPECT_EQ(suse_key("openSUSE Tumbleweed"), "opensuse:tumbleweed");
  EXPECT_EQ(suse_key("SUSE Manager Proxy 4.2"), std::nullopt);
  EXPECT_EQ(suse_key("sles10-sp4"), std::nullopt);
}

TEST(RecordMerger, JoinsRecordsThatDifferInArchitecturesOnly) {
  const auto record = [](std::string fixed, std::vector<std::string> architectures) {
    AdvisoryRecord made;
    made.id = "CVE-1";
    made.ecosystem = "oracle:8";
    made.package = "bind";
    made.ranges = {fixed_below(std::move(fixed))};
    made.architectures = std::move(architectures);
    return made;
  };
  RecordMerger merger;
  merger.add(record("1-1", {"x86_64"}));
  merger.add(record("1-2", {"aarch64"}));
  merger.add(record("1-1", {"aarch64", "x86_64"}));
  merger.add(record("1-3", {"x86_64"}));
  merger.add(record("1-3", {}));
  EXPECT_EQ(merger.size(), 3U);
  testing::KeepingSink sink;
  ASSERT_TRUE(merger.flush(sink));
  EXPECT_EQ(merger.size(), 0U);
  ASSERT_EQ(sink.records.size(), 3U);
  EXPECT_THAT(sink.records[0].architectures, ElementsAre("aarch64", "x86_64"));
  EXPECT_THAT(sink.records[1].architectures, ElementsAre("aarch64"));
  EXPECT_THAT(sink.records[2].architectures, IsEmpty()) << "one of them is of every architecture";
}

}  // namespace
}  // namespace bulkhead::advisory::feeds

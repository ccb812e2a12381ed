#include "inventory/rpm/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::inventory::rpm {
namespace {

using ::testing::HasSubstr;

TEST(RpmManifest, ReadsALineAPackage) {
  const auto packages = read_manifest(
      "mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tnoarch\t0\t"
      "mariner-release-2.0-12.cm2.src.rpm\n"
      "\n"
      "gpg-pubkey\t3135ce90-5e6fda74\t1\t2\t(none)\t(none)\t0\t(none)\t0\t(none)\n"
      "ca-certificates\t2.0.0-7.cm2\t1653816591\t1653753130\t(none)\t1\t580\tx86_64\t1\t(none)\n");
  ASSERT_TRUE(packages) << packages.error().to_string();
  ASSERT_EQ(packages->size(), 2U);
  const Package& release = packages->front();
  EXPECT_EQ(release.name, "mariner-release");
  EXPECT_EQ(release.version, "2.0-12.cm2");
  EXPECT_EQ(release.architecture, "noarch");
  EXPECT_EQ(release.vendor, "Microsoft Corporation");
  EXPECT_EQ(release.source_name, "mariner-release");
  EXPECT_FALSE(release.source_epoch_known);
  const Package& certificates = packages->back();
  EXPECT_EQ(certificates.version, "1:2.0.0-7.cm2");
  EXPECT_EQ(certificates.vendor, "");
  EXPECT_EQ(certificates.source_name, "ca-certificates");
}

TEST(RpmManifest, NamesTheLineThatIsWrong) {
  const std::string good = "a\t1-1\t1\t2\tv\t(none)\t5\tnoarch\t0\ta-1-1.src.rpm\n";
  for (const char* bad :
       {"a\n", "\t1-1\t1\t2\tv\t(none)\t5\tnoarch\t0\ts\n", "a\t11\t1\t2\tv\t(none)\t5\tnoarch\t0\ts\n",
        "a\t1-1\t1\t2\tv\t(none)\t5\tnoarch\t(none)\ts\n"}) {
    const auto packages = read_manifest(good + bad);
    ASSERT_FALSE(packages) << bad;
    EXPECT_EQ(packages.error().code(), Code::kMalformed) << bad;
    EXPECT_THAT(packages.error().message(), HasSubstr("line 2")) << bad;
  }
}

TEST(RpmManifest, StopsAtTheLimitOfPackages) {
  const std::string line = "a\t1-1\t1\t2\tv\t(none)\t5\tnoarch\t0\ta-1-1.src.rpm\n";
  const auto packages = read_manifest(line + line, {.max_packages = 1});
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::inventory::rpm

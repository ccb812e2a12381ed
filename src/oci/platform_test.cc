#include "oci/platform.h"

#include <gtest/gtest.h>

namespace bulkhead::oci {
namespace {

Platform platform(std::string_view text) {
  auto parsed = Platform::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Platform());
}

TEST(Platform, ReadsAndWritesOsArchitectureAndVariant) {
  struct Case {
    std::string_view text;
    std::string_view normal;
  };
  constexpr Case kCases[] = {
      {"linux/amd64", "linux/amd64"},
      {"linux/x86_64", "linux/amd64"},
      {"Linux/AMD64", "linux/amd64"},
      {"linux/amd64/v1", "linux/amd64"},
      {"linux/amd64/v3", "linux/amd64/v3"},
      {"linux/i386", "linux/386"},
      {"linux/aarch64", "linux/arm64"},
      {"linux/arm64/v8", "linux/arm64"},
      {"linux/arm64/8", "linux/arm64"},
      {"linux/arm64/v9.0", "linux/arm64/v9"},
      {"linux/arm", "linux/arm/v7"},
      {"linux/armhf", "linux/arm/v7"},
      {"linux/armel", "linux/arm/v6"},
      {"linux/arm/6", "linux/arm/v6"},
      {"linux/s390x", "linux/s390x"},
      {"macos/arm64", "darwin/arm64"},
      {"windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"},
  };
  for (const Case& c : kCases) EXPECT_EQ(platform(c.text).to_string(), c.normal) << c.text;
}

TEST(Platform, RefusesWhatIsNoPlatform) {
  for (const std::string_view text : {"", "linux", "linux/", "/amd64", "linux/amd64/", "linux/amd64/v1/x",
                                      "linux/am d64", "windows(/amd64", "windows()/amd64", "linux/\x1b"}) {
    const auto parsed = Platform::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Code::kInvalidArgument);
    EXPECT_FALSE(parsed.error().remedy().empty());
  }
}

TEST(Platform, KnowsThisMachine) {
  const Platform host = Platform::host();
  EXPECT_EQ(host.os, "linux");
  EXPECT_FALSE(host.architecture.empty());
  EXPECT_EQ(platform_distance(host, host), 0U);
}

TEST(Platform, RunsOlderVariantsOfItsArchitectureOnly) {
  struct Case {
    std::string_view wanted;
    std::string_view offered;
    int distance;  // -1: does not serve
  };
  constexpr Case kCases[] = {
      {"linux/amd64", "linux/amd64", 0},
      {"linux/amd64", "linux/amd64/v1", 0},
      {"linux/amd64", "linux/amd64/v2", -1},
      {"linux/amd64/v3", "linux/amd64/v2", 1},
      {"linux/amd64/v3", "linux/amd64", 2},
      {"linux/amd64", "linux/386", -1},
      {"linux/amd64", "windows/amd64", -1},
      {"linux/arm/v7", "linux/arm", 0},
      {"linux/arm/v7", "linux/arm/v6", 1},
      {"linux/arm/v7", "linux/arm/v5", 2},
      {"linux/arm/v8", "linux/arm/v5", 3},
      {"linux/arm/v6", "linux/arm/v7", -1},
      {"linux/arm/v5", "linux/arm/v4", -1},
      {"linux/arm64", "linux/arm64/v8", 0},
      {"linux/arm64", "linux/arm64/v8.1", -1},
      {"linux/arm64/v8.2", "linux/arm64/v8.1", 1},
      {"linux/arm64/v8.2", "linux/arm64", 2},
      {"linux/arm64/v9", "linux/arm64/v8.5", 1},
      {"linux/arm64/v9", "linux/arm64", 6},
      {"linux/arm64/v9.1", "linux/arm64/v9", 1},
      {"linux/arm64/v9.1", "linux/arm64/v8.6", 2},
      {"linux/arm64/v9", "linux/arm64/v8.6", -1},
      {"linux/arm64", "linux/arm/v7", -1},
      {"linux/riscv64", "linux/riscv64", 0},
      {"linux/ppc64le", "linux/ppc64le/power9", -1},
  };
  for (const Case& c : kCases) {
    const auto distance = platform_distance(platform(c.wanted), platform(c.offered));
    EXPECT_EQ(distance ? static_cast<int>(*distance) : -1, c.distance) << c.wanted << " offered " << c.offered;
  }
}

TEST(Platform, MatchesWindowsBuildsByLeadingParts) {
  const Platform offered{"windows", "amd64", "", "10.0.17763.5458"};
  EXPECT_EQ(platform_distance(platform("windows/amd64"), offered), 0U);
  EXPECT_EQ(platform_distance(platform("windows(10.0.17763)/amd64"), offered), 0U);
  EXPECT_EQ(platform_distance(platform("windows(10.0.17763.5458)/amd64"), offered), 0U);
  EXPECT_EQ(platform_distance(platform("windows(10.0.177)/amd64"), offered), std::nullopt);
  EXPECT_EQ(platform_distance(platform("windows(10.0.20348)/amd64"), offered), std::nullopt);
}

}  // namespace
}  // namespace bulkhead::oci

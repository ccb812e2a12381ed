#include "audit/paths.h"

#include <utility>

#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

TEST(Paths, AreMadeNormal) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/", "/"},           {"//", "/"},       {"/etc/", "/etc"},        {"/etc/../root/.", "/root"},
      {"/var/run", "/run"}, {"/a//b", "/a/b"}, {"/var/run/x", "/run/x"}, {"/var/runner", "/var/runner"},
      {"/../etc", "/etc"},  {"//etc", "/etc"},
  };
  for (const auto& [path, normal] : cases) EXPECT_EQ(normal_path(path), normal) << path;
}

TEST(Paths, AreBelowFoldersByWholeNames) {
  EXPECT_TRUE(is_at_or_below("/etc", "/etc"));
  EXPECT_TRUE(is_at_or_below("/etc/ssh", "/etc"));
  EXPECT_TRUE(is_at_or_below("/etc", "/"));
  EXPECT_FALSE(is_at_or_below("/etcetera", "/etc"));
  EXPECT_FALSE(is_at_or_below("/", "/etc"));
  EXPECT_FALSE(is_at_or_below("etc", "/"));
}

TEST(Paths, EndInTheirLastName) {
  EXPECT_EQ(base_name("/run/docker.sock"), "docker.sock");
  EXPECT_EQ(base_name("docker.sock"), "docker.sock");
  EXPECT_EQ(base_name("/run/"), "");
}

}  // namespace
}  // namespace bulkhead::audit

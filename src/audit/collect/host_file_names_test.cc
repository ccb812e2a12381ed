#include <set>
#include <string>

#include <gtest/gtest.h>

#include "audit/collect/host_files.h"
#include "audit/host_files.h"
#include "base/temporary_folder.h"

namespace bulkhead::audit {
namespace {

// A name that one side writes in another way would be a file that no check ever finds.
TEST(HostFiles, AreLookedAtUnderTheNamesThatChecksAskFor) {
  std::set<std::string> wanted(host_files::kAll.begin(), host_files::kAll.end());
  EXPECT_EQ(wanted.erase(std::string(host_files::kEngineSocket)), 1U);
  const TemporaryFolder folder;
  const auto root = RootedFolder::open(folder.path());
  ASSERT_TRUE(root);
  std::set<std::string> looked_at;
  for (const auto& [name, files] : look_at_files(DaemonView{}, *root, "/var/lib/docker", Accounts{}))
    looked_at.insert(name);
  EXPECT_EQ(looked_at, wanted);
}

}  // namespace
}  // namespace bulkhead::audit

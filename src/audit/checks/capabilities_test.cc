#include "audit/checks/capabilities.h"

#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

TEST(Capabilities, AreKnownWithAndWithoutPrefixInAnyCase) {
  const Capabilities admin = Capabilities{1} << 21U;
  for (const auto* const name : {"SYS_ADMIN", "CAP_SYS_ADMIN", "cap_sys_admin", "Sys_Admin"}) {
    EXPECT_EQ(capability_of(name), admin) << name;
  }
  for (const auto* const name : {"", "CAP_", "ALL", "CAP_CAP_SYS_ADMIN", "SYS_ADMIN "}) {
    EXPECT_EQ(capability_of(name), 0U) << name;
  }
  EXPECT_EQ(capability_of("CHECKPOINT_RESTORE"), Capabilities{1} << 40U);
}

TEST(Capabilities, TheDefaultSetsAreThoseOfTheEngines) {
  // CapEff of a process of root in a container that nothing was said about: Docker Engine 20.10; Podman 4.3.
  EXPECT_EQ(default_capabilities(false), 0xa80425fbU);
  EXPECT_EQ(default_capabilities(true), 0x800405fbU);
  EXPECT_EQ(default_capabilities(false) & dangerous_capabilities(), 0U);
}

struct Case {
  std::vector<std::string> add;
  std::vector<std::string> drop;
  std::string_view names;
};

TEST(Capabilities, AreReckonedAsTheEngineDoes) {
  const std::string defaults = capability_names(default_capabilities(false));
  const Case cases[] = {
      {{}, {}, defaults},
      {{}, {"ALL"}, "none"},
      {{}, {"all"}, "none"},
      {{"NET_BIND_SERVICE"}, {"ALL"}, "NET_BIND_SERVICE"},
      {{"cap_sys_time", "SYS_ADMIN"}, {"ALL"}, "SYS_ADMIN, SYS_TIME"},
      {{"SYS_ADMIN"}, {"SYS_ADMIN", "ALL"}, "SYS_ADMIN"},
      {{"NO_SUCH"}, {"ALL"}, "none"},
  };
  for (const Case& c : cases) {
    ContainerDetails details;
    details.cap_add = c.add;
    details.cap_drop = c.drop;
    EXPECT_EQ(capability_names(configured_capabilities(details, false)), c.names);
  }
  ContainerDetails details;
  details.cap_drop = {"NET_RAW", "CAP_MKNOD"};
  EXPECT_EQ(configured_capabilities(details, false),
            default_capabilities(false) & ~(capability_of("NET_RAW") | capability_of("MKNOD")));
  details.cap_add = {"ALL"};
  const Capabilities all = (Capabilities{1} << 41U) - 1;
  EXPECT_EQ(configured_capabilities(details, false), all & ~(capability_of("NET_RAW") | capability_of("MKNOD")));
  details.cap_drop = {"ALL"};
  EXPECT_EQ(configured_capabilities(details, false), all);
  details = {};
  details.privileged = true;
  details.cap_drop = {"ALL"};
  EXPECT_EQ(configured_capabilities(details, false), all);
}

TEST(Capabilities, SayWhatIsDangerousInThem) {
  EXPECT_EQ(dangers_of(capability_of("SYS_MODULE") | capability_of("CHOWN")), "SYS_MODULE loads code into the kernel");
  for (const auto* const name :
       {"SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "NET_ADMIN", "BPF", "PERFMON"}) {
    EXPECT_NE(capability_of(name) & dangerous_capabilities(), 0U) << name;
  }
}

}  // namespace
}  // namespace bulkhead::audit

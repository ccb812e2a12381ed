#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kCheck = "container.sysctls";

ContainerDetails with(std::string name, std::string value) {
  ContainerDetails details;
  details.sysctls = {{.name = name, .value = std::move(value), .where = "/HostConfig/Sysctls/" + name}};
  return details;
}

TEST(ContainerSysctls, SayWhatIsNotKnown) {
  EXPECT_EQ(status_of_only_row(kCheck, test_facts()), "not_applicable");
  Facts facts = facts_of(ContainerDetails{});
  EXPECT_EQ(statuses_of(kCheck, facts), "web pass");
  facts.containers->front().details = not_known("it is gone");
  EXPECT_EQ(statuses_of(kCheck, facts), "web error");
}

TEST(ContainerSysctls, AreJudgedByWhatTheyChange) {
  struct Case {
    const char* name;
    const char* value;
    std::string_view status;
  };
  constexpr Case kCases[] = {
      {"net.core.somaxconn", "1024", "pass"},
      {"kernel.shmmax", "1", "pass"},
      {"kernel.msgmax", "1", "pass"},
      {"fs.mqueue.msg_max", "1", "pass"},
      {"kernel.domainname", "x", "pass"},
      // The engine sets these two itself for every container.
      {"net.ipv4.ip_unprivileged_port_start", "0", "pass"},
      {"net.ipv4.ping_group_range", "0 2147483647", "pass"},
      {"net.ipv4.conf.all.accept_redirects", "0", "pass"},
      {"net.ipv4.conf.all.rp_filter", "1", "pass"},
      {"net.ipv6.conf.all.accept_source_route", "-1", "pass"},
      {"net.ipv4.ip_forward", "0", "pass"},
      {"net.ipv4.ip_forward", "1", "manual"},
      {"net.ipv6.conf.all.forwarding", "1", "manual"},
      {"net.ipv4.conf.IFNAME.forwarding", "1", "manual"},
      {"net.ipv4.conf.all.accept_redirects", "1", "fail"},
      {"net.ipv6.conf.IFNAME.accept_redirects", "1", "fail"},
      {"net.ipv4.conf.eth0.accept_source_route", "1", "fail"},
      {"net.ipv4.conf.all.route_localnet", "1", "fail"},
      {"net.ipv4.conf.default.rp_filter", " 0", "fail"},
      {"net.ipv4.tcp_syncookies", "00", "fail"},
      {"net/ipv4/conf/eth0.100/rp_filter", "0", "fail"},
      {"kernel.core_pattern", "|/tmp/x", "fail"},
      {"kernel/core_pattern", "|/tmp/x", "fail"},
      {"kernel.shmmaxx", "1", "fail"},
      {"vm.overcommit_memory", "1", "fail"},
      {"fs.file-max", "1", "fail"},
      {"user.max_user_namespaces", "1", "fail"},
      {"", "", "fail"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(status_of_only_row(kCheck, facts_of(with(c.name, c.value))), c.status) << c.name << "=" << c.value;
  }
}

TEST(ContainerSysctls, OfNamespacesOfTheHostAreTheHosts) {
  ContainerDetails details = with("net.core.somaxconn", "1024");
  details.ipc_mode = "host";
  details.uts_mode = "host";
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "pass");
  details.network_mode = "host";
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "fail");
  EXPECT_THAT(
      told_by(kCheck, facts_of(details)),
      HasSubstr("/HostConfig/Sysctls/net.core.somaxconn: net.core.somaxconn=1024: the host's own, whose network"));
  details = with("kernel.shmmax", "1");
  details.ipc_mode = "host";
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "fail");
  details = with("kernel.domainname", "x");
  details.uts_mode = "host";
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "fail");
}

TEST(ContainerSysctls, OfTheNamespaceOfAnotherContainerAreItsOwn) {
  ContainerDetails details = with("net.core.somaxconn", "1024");
  details.network_mode = "container:proxy";
  ContainerDetails proxy;
  proxy.network_mode = "host";
  Facts facts = facts_of(details);
  EXPECT_EQ(status_of_only_row(kCheck, facts), "error");
  facts.containers->push_back(test_container("proxy", proxy));
  EXPECT_EQ(statuses_of(kCheck, facts), "proxy pass, web fail");
}

}  // namespace
}  // namespace bulkhead::audit

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPrivileged = "container.privileged-ports";
constexpr std::string_view kAddress = "container.port-address";
constexpr std::string_view kOpen = "container.open-ports";
constexpr std::string_view kBridge = "container.default-bridge";

TEST(ContainerNetwork, SaysWhatIsNotKnownAndNeverPassesIt) {
  for (const std::string_view check : {kPrivileged, kAddress, kOpen, kBridge}) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = facts_of(ContainerDetails{});
    EXPECT_EQ(statuses_of(check, facts), "web pass") << check;
    facts.containers->front().details = not_known("it is gone");
    EXPECT_EQ(statuses_of(check, facts), "web error") << check;
  }
}

struct Case {
  std::string_view address;
  uint16_t port;
  std::string_view privileged;
  std::string_view bound;
};

TEST(ContainerNetwork, JudgesPublishedPorts) {
  constexpr Case kCases[] = {
      {"127.0.0.1", 8080, "pass", "pass"},
      {"192.0.2.10", 1024, "pass", "pass"},
      {"::1", 8080, "pass", "pass"},
      {"0.0.0.0", 8080, "pass", "fail"},
      {"::", 8080, "pass", "fail"},
      {"[::]", 8080, "pass", "fail"},
      {"0:0:0:0:0:0:0:0", 8080, "pass", "fail"},
      {"[::ffff:0.0.0.0]", 8080, "pass", "fail"},
      {"::%eth0", 8080, "pass", "fail"},
      {"", 8080, "pass", "fail"},
      {"127.0.0.1", 1023, "fail", "pass"},
      {"", 80, "fail", "fail"},
      {"127.0.0.1", 0, "pass", "pass"},
  };
  for (const Case& c : kCases) {
    ContainerDetails details;
    details.ports = {{"80/tcp", std::string(c.address), c.port}};
    const Facts facts = facts_of(details, "created");
    EXPECT_EQ(status_of_only_row(kPrivileged, facts), c.privileged) << c.address << " " << c.port;
    EXPECT_EQ(status_of_only_row(kAddress, facts), c.bound) << c.address << " " << c.port;
    EXPECT_EQ(status_of_only_row(kOpen, facts), "manual") << c.address << " " << c.port;
  }
}

TEST(ContainerNetwork, ThePortsOfOneWithTheHostsNetworkAreNotKnown) {
  ContainerDetails details;
  details.network_mode = "host";
  for (const std::string_view check : {kPrivileged, kAddress, kOpen}) {
    EXPECT_EQ(status_of_only_row(check, facts_of(details)), "manual") << check;
  }
}

TEST(ContainerNetwork, TellsAddressesAsTheyAreWritten) {
  ContainerDetails details;
  details.ports = {{"80/tcp", "::", 8080}, {"81/tcp", "", 0}};
  const std::string told = told_by(kAddress, facts_of(details));
  EXPECT_THAT(told, HasSubstr("[::]:8080 to 80/tcp"));
  EXPECT_THAT(told, HasSubstr("every address:a port chosen at start to 81/tcp"));
}

TEST(ContainerNetwork, JudgesTheDefaultBridge) {
  struct Bridge {
    std::vector<std::string> networks;
    std::string_view mode;
    bool podman;
    std::string_view status;
  };
  const Bridge cases[] = {
      {{"bridge"}, "default", false, "fail"}, {{"app", "bridge"}, "app", false, "fail"},
      {{"app"}, "app", false, "pass"},        {{}, "none", false, "pass"},
      {{}, "default", false, "fail"},         {{}, "bridge", false, "fail"},
      {{}, "container:x", false, "pass"},     {{"podman"}, "bridge", true, "fail"},
      {{"app"}, "bridge", true, "pass"},
  };
  for (const Bridge& c : cases) {
    ContainerDetails details;
    details.networks = c.networks;
    details.network_mode = c.mode;
    Facts facts = facts_of(details);
    facts.engine->podman = c.podman;
    EXPECT_EQ(status_of_only_row(kBridge, facts), c.status) << c.mode << " " << c.podman;
  }
}

}  // namespace
}  // namespace bulkhead::audit

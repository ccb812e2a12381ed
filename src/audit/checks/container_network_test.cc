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
      {{"bridge"}, "default", false, "fail"},  {{"app", "bridge"}, "app", false, "fail"},
      {{"app"}, "app", false, "pass"},         {{}, "none", false, "pass"},
      {{}, "default", false, "fail"},          {{}, "bridge", false, "fail"},
      {{"podman"}, "bridge", true, "fail"},    {{"app"}, "bridge", true, "pass"},
      {{}, "ns:/run/netns/x", true, "manual"},
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

// "app" and "side" have the network of "proxy", "side" through "app".
Facts joined(ContainerDetails proxy) {
  ContainerDetails app;
  app.network_mode = "container:" + test_id("proxy");
  ContainerDetails side;
  side.network_mode = "container:app";
  Facts facts = test_facts();
  facts.containers->push_back(test_container("app", std::move(app)));
  facts.containers->push_back(test_container("side", std::move(side)));
  facts.containers->push_back(test_container("proxy", std::move(proxy)));
  return facts;
}

TEST(ContainerNetwork, ANetworkOfAnotherContainerIsJudgedByThat) {
  ContainerDetails proxy;
  proxy.networks = {"bridge"};
  proxy.ports = {{"80/tcp", "0.0.0.0", 80}};
  const Facts facts = joined(proxy);
  EXPECT_EQ(statuses_of(kOpen, facts), "app manual, proxy manual, side manual");
  for (const std::string_view check : {kPrivileged, kAddress, kBridge}) {
    EXPECT_EQ(statuses_of(check, facts), "app fail, proxy fail, side fail") << check;
    EXPECT_THAT(told_by(check, facts), HasSubstr(" of container proxy: ")) << check;
  }
  const Facts closed = joined({});
  for (const std::string_view check : {kOpen, kPrivileged, kAddress, kBridge}) {
    EXPECT_EQ(statuses_of(check, closed), "app pass, proxy pass, side pass") << check;
  }
}

TEST(ContainerNetwork, ANetworkOfAContainerWithTheHostsIsTheHosts) {
  ContainerDetails proxy;
  proxy.network_mode = "host";
  const Facts facts = joined(proxy);
  for (const std::string_view check : {kPrivileged, kAddress, kOpen}) {
    EXPECT_EQ(statuses_of(check, facts), "app manual, proxy manual, side manual") << check;
    EXPECT_THAT(told_by(check, facts), HasSubstr("/HostConfig/NetworkMode of container proxy: host")) << check;
  }
}

TEST(ContainerNetwork, ANetworkOfNobodyKnownIsAnError) {
  ContainerDetails proxy;
  proxy.network_mode = "container:gone";
  Facts unknown = joined({});
  unknown.containers->back().details = not_known("no answer");
  ContainerDetails back;
  back.network_mode = "container:side";
  for (const std::string_view check : {kOpen, kPrivileged, kAddress, kBridge}) {
    EXPECT_EQ(statuses_of(check, joined(proxy)), "app error, proxy error, side error") << check;
    EXPECT_THAT(told_by(check, joined(proxy)), HasSubstr("container:gone, and the engine knows no such container"));
    EXPECT_EQ(statuses_of(check, unknown), "app error, proxy error, side error") << check;
    EXPECT_THAT(told_by(check, unknown), HasSubstr("container proxy, of which nothing is known: no answer"));
    EXPECT_EQ(statuses_of(check, joined(back)), "app error, proxy error, side error") << check;
    EXPECT_THAT(told_by(check, joined(back)), HasSubstr("leads back to container")) << check;
  }
}

TEST(ContainerNetwork, EveryPortIsOpenInANetworkThatProtectsNone) {
  ContainerDetails details;
  details.networks = {"app"};
  Facts facts = facts_of(details);
  facts.networks->push_back({.id = "1", .name = "app", .driver = "bridge"});
  EXPECT_EQ(status_of_only_row(kOpen, facts), "pass");
  facts.networks->front().options = {{"com.docker.network.bridge.gateway_mode_ipv6", "nat-unprotected"}};
  EXPECT_EQ(status_of_only_row(kOpen, facts), "manual");
  EXPECT_THAT(told_by(kOpen, facts), HasSubstr("/NetworkSettings/Networks: app, nat-unprotected: every port"));
}

TEST(ContainerNetwork, TheOwnerOfANetworkNeedNotBeSelected) {
  ContainerDetails proxy;
  proxy.ports = {{"80/tcp", "", 80}};
  Selection selection;
  selection.checks = {std::string(kAddress)};
  selection.containers = {"app"};
  const auto rows = run_checks(joined(proxy), selection).rows;
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].status, RowStatus::kFail);
}

}  // namespace
}  // namespace bulkhead::audit

#include "audit/checks/listener_checks.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_host.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;
using Security = Listener::Security;

Facts listening(std::vector<Listener> listeners) {
  Facts facts = facts_with_daemon();
  facts.host.daemon->listeners = std::move(listeners);
  return facts;
}

Listener at(std::string address, Security security) {
  return {.address = std::move(address), .loopback = false, .security = security};
}

TEST(DaemonTls, WantsCertificatesOfClients) {
  EXPECT_EQ(status_of_only_row("daemon.tls", listening({at("[::]:2376", Security::kMutualTls)})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.tls", listening({at("0.0.0.0:2375", Security::kPlain)})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.tls", listening({at("0.0.0.0:2376", Security::kTlsWithoutClientCertificate)})),
            "fail");
  EXPECT_EQ(status_of_only_row("daemon.tls", listening({at("[::]:2376", Security::kMutualTls),
                                                        at("127.0.0.1:2375", Security::kPlain)})),
            "fail");
  EXPECT_EQ(find_check("daemon.tls")->severity, advisory::Severity::kCritical);
}

TEST(DaemonTls, IsNoQuestionWithoutTcp) {
  EXPECT_EQ(status_of_only_row("daemon.tls", listening({})), "not_applicable");
  EXPECT_EQ(status_of_only_row("daemon.tls", test_facts()), "not_applicable");
  Facts facts = facts_with_daemon();
  facts.host.daemon->listeners = not_known("/proc/812/fd: permission denied");
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "error");
}

TEST(DaemonTls, IsNoPassWhereAListenerSaidNothing) {
  EXPECT_EQ(status_of_only_row("daemon.tls",
                               listening({at("[::]:2376", Security::kMutualTls), at("[::]:4000", Security::kUnknown)})),
            "error");
}

Listener doubtful(std::string address, Listener::Purpose purpose, std::string reason) {
  return {.address = std::move(address), .reason = std::move(reason), .purpose = purpose};
}

TEST(DaemonTls, IsNoPassWhereADoorThatNobodyAskedForCutsEveryConnection) {
  const Facts facts = listening({at("[::]:2376", Security::kMutualTls),
                                 doubtful("127.0.0.1:4000", Listener::Purpose::kUnclear, "it ended 5 connections")});
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "error");
  EXPECT_EQ(told_by("daemon.tls", facts),
            "what 127.0.0.1:4000 (it ended 5 connections) demands of clients was not found out\n");
  const Facts alone = listening({doubtful("127.0.0.1:4000", Listener::Purpose::kUnclear, "it ended 5 connections")});
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", alone), "error");
  EXPECT_EQ(told_by("daemon.api-tcp", alone),
            "whether 127.0.0.1:4000 (it ended 5 connections) is a door of the API was not found out\n");
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", facts), "fail");
}

TEST(DaemonTls, LeavesASilentPortToAPersonUnlessItIsKeptForAContainer) {
  Facts facts = listening({doubtful("0.0.0.0:8080", Listener::Purpose::kSilent, "it said nothing")});
  for (const char* check : {"daemon.tls", "daemon.api-tcp"}) {
    EXPECT_EQ(status_of_only_row(check, facts), "manual") << check;
    EXPECT_THAT(told_by(check, facts), HasSubstr("listener 0.0.0.0:8080: it said nothing")) << check;
  }
  Facts swarm = facts;
  ContainerDetails details;
  details.ports = {{.container_port = "80/tcp", .host_address = "0.0.0.0", .host_port = 8080}};
  facts.containers = {test_container("web", details)};
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "not_applicable");
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", facts), "pass");
  facts.containers->front().details->ports.front().host_port = 80;
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", facts), "manual");
  swarm.swarm = Swarm{};
  swarm.swarm->services = {{.id = "s", .name = "web", .ports = details.ports}};
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", swarm), "pass");
  // An API is one whatever else is published at its port.
  facts.containers->front().details->ports.front().host_port = 2375;
  facts.host.daemon->listeners = {at("127.0.0.1:2375", Security::kPlain)};
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", facts), "fail");
}

// A socket that systemd opened is in no setting: it counts all the same.
TEST(DaemonTls, SeesListenersThatSystemdOpened) {
  Facts facts = listening({at("0.0.0.0:2375", Security::kPlain)});
  facts.host.daemon->settings->emplace("hosts", Setting{.values = {"fd://"}, .where = "argument -H of process 812"});
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "fail");
  EXPECT_THAT(told_by("daemon.tls", facts),
              HasSubstr("listener 0.0.0.0:2375 (argument -H of process 812): no TLS, any client"));
}

TEST(DaemonTls, HearsTheEnginesOwnWarningWhereItsHostCannotBeLookedAt) {
  Facts facts = test_facts();
  facts.engine->warnings = {
      "[DEPRECATION NOTICE]: API is accessible on http://0.0.0.0:2375 without encryption.\n  Access"};
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "fail");
  EXPECT_THAT(told_by("daemon.tls", facts), HasSubstr("/info#/Warnings: 0.0.0.0:2375: without encryption"));
  facts.engine->warnings = {"WARNING: API is accessible on https://0.0.0.0:2376 without TLS client verification."};
  EXPECT_THAT(told_by("daemon.tls", facts), HasSubstr("0.0.0.0:2376: TLS, any client"));
  facts.engine->warnings = {"WARNING: No swap limit support"};
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "not_applicable");
}

TEST(DaemonApiTcp, IsOffered) {
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", listening({})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", listening({at("[::]:2376", Security::kMutualTls)})), "fail");
  Facts warned = listening({at("127.0.0.1:2375", Security::kPlain)});
  warned.engine->warnings = {"WARNING: API is accessible on http://127.0.0.1:2375 without encryption."};
  EXPECT_EQ(rows_of("daemon.api-tcp", warned).at(0).evidence.size(), 1U);
  warned.host.daemon = not_applicable("the engine runs on another machine");
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", warned), "fail");
  Facts remote = test_facts();
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", remote), "not_applicable");
  remote.address = "tcp://db.example:2376";
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", remote), "fail");
}

TEST(DaemonApiTcp, IsNoPortOfASwarmAndNoneOfMetrics) {
  Facts facts = listening({at("[::]:2377", Security::kMutualTls), at("[::]:7946", Security::kUnknown),
                           at("127.0.0.1:9323", Security::kPlain)});
  facts.engine->swarm_state = "active";
  facts.host.daemon->settings->emplace("metrics-addr", in_daemon_json("metrics-addr", {"127.0.0.1:9323"}));
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", facts), "pass");
  EXPECT_EQ(status_of_only_row("daemon.tls", facts), "not_applicable");
  facts.engine->swarm_state = "inactive";
  EXPECT_EQ(status_of_only_row("daemon.api-tcp", facts), "fail");
}

TEST(SwarmListenAddress, IsOneOfThisHost) {
  Facts facts = listening({at("192.0.2.7:2377", Security::kMutualTls), at("[::]:7946", Security::kUnknown)});
  EXPECT_EQ(status_of_only_row("swarm.listen-address", facts), "not_applicable");
  facts.swarm = Swarm{};
  facts.engine->swarm_node_address = "192.0.2.7";
  EXPECT_EQ(status_of_only_row("swarm.listen-address", facts), "pass");
  EXPECT_THAT(told_by("swarm.listen-address", facts), HasSubstr("/info#/Swarm/NodeAddr: 192.0.2.7"));
  for (const std::string all : {"[::]:2377", "0.0.0.0:2377"}) {
    facts.host.daemon->listeners->front().address = all;
    EXPECT_EQ(status_of_only_row("swarm.listen-address", facts), "fail") << all;
  }
  facts.host.daemon->listeners->clear();
  EXPECT_EQ(status_of_only_row("swarm.listen-address", facts), "not_applicable");
  facts.host.daemon = not_applicable("the engine runs on another machine");
  EXPECT_EQ(told_by("swarm.listen-address", facts), "the engine runs on another machine\n");
}

}  // namespace
}  // namespace bulkhead::audit

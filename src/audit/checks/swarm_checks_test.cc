#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kHour = 3'600'000'000'000;

Facts swarm_of(size_t managers = 3, size_t workers = 2) {
  Facts facts = test_facts();
  facts.engine->swarm_state = "active";
  facts.engine->swarm_manager = true;
  facts.engine->swarm_node_address = "192.0.2.7";
  Swarm swarm;
  swarm.id = "s1";
  swarm.updated = "2026-03-01T00:00:00Z";
  swarm.nodes.emplace();
  for (size_t i = 0; i < managers + workers; ++i) {
    swarm.nodes->push_back({.id = "n", .hostname = "h", .manager = i < managers, .state = "ready", .reachability = {}});
  }
  swarm.services.emplace();
  facts.swarm = std::move(swarm);
  return facts;
}

TEST(SwarmChecks, SaySoWhereThereIsNoSwarm) {
  for (const Check& check : swarm_checks()) {
    EXPECT_EQ(status_of_only_row(check.id, test_facts()), "not_applicable") << check.id;
    EXPECT_EQ(told_by(check.id, test_facts()), "the engine is not in a Swarm\n") << check.id;
    Facts worker = test_facts();
    worker.swarm = not_known("GET /swarm: 503");
    EXPECT_EQ(status_of_only_row(check.id, worker), "error") << check.id;
  }
}

TEST(SwarmManagers, AreThreeFiveOrSeven) {
  for (const size_t count : {3U, 5U, 7U})
    EXPECT_EQ(status_of_only_row("swarm.managers", swarm_of(count)), "pass") << count;
  for (const size_t count : {1U, 2U, 4U, 6U, 8U, 9U}) {
    EXPECT_EQ(status_of_only_row("swarm.managers", swarm_of(count)), "fail") << count;
  }
  EXPECT_THAT(told_by("swarm.managers", swarm_of(1, 0)), HasSubstr("one node alone"));
  EXPECT_THAT(told_by("swarm.managers", swarm_of(1, 2)), HasSubstr("one manager alone"));
  Facts facts = swarm_of();
  facts.swarm->nodes = not_known("GET /nodes: 500");
  EXPECT_EQ(status_of_only_row("swarm.managers", facts), "error");
}

Network overlay(std::string name, bool encrypted, bool ingress = false) {
  Network network;
  network.id = name;
  network.name = std::move(name);
  network.driver = "overlay";
  network.scope = "swarm";
  network.ingress = ingress;
  if (encrypted) network.options.emplace("encrypted", "");
  return network;
}

TEST(SwarmOverlays, AreJudgedOneByOneAndTheIngressNetworkApart) {
  Facts facts = swarm_of();
  facts.networks = {overlay("app", true), overlay("db", false), overlay("ingress", false, true)};
  EXPECT_EQ(statuses_of("swarm.encrypted-overlay", facts), "app pass, db fail");
  EXPECT_EQ(statuses_of("swarm.encrypted-ingress", facts), "ingress fail");
  facts.networks = {overlay("ingress", true, true)};
  EXPECT_EQ(status_of_only_row("swarm.encrypted-overlay", facts), "not_applicable");
  EXPECT_EQ(statuses_of("swarm.encrypted-ingress", facts), "ingress pass");
  facts.networks->clear();
  EXPECT_EQ(status_of_only_row("swarm.encrypted-ingress", facts), "not_applicable");
}

TEST(SwarmOverlays, AreEncryptedByTheOptionsPresence) {
  Facts facts = swarm_of();
  facts.networks = {overlay("app", true)};
  facts.networks->front().options.at("encrypted") = "false";
  EXPECT_EQ(status_of_only_row("swarm.encrypted-overlay", facts), "pass");
}

TEST(SwarmSecrets, AreNotInTheEnvironmentOfServices) {
  Facts facts = swarm_of();
  EXPECT_EQ(status_of_only_row("swarm.secrets", facts), "not_applicable");
  facts.swarm->services->push_back({.id = "1", .name = "web", .env = {"PORT=80"}, .secret_count = 1, .ports = {}});
  facts.swarm->services->push_back(
      {.id = "2", .name = "db", .env = {"DB_PASSWORD=hunter2"}, .secret_count = 0, .ports = {}});
  EXPECT_EQ(statuses_of("swarm.secrets", facts), "db fail, web pass");
  EXPECT_THAT(told_by("swarm.secrets", facts), HasSubstr("Env: DB_PASSWORD ("));
  EXPECT_THAT(told_by("swarm.secrets", facts), Not(HasSubstr("hunter2")));
  EXPECT_THAT(told_by("swarm.secrets", facts), Not(HasSubstr("/secrets:")));
  facts.swarm->secret_count = 4;
  EXPECT_THAT(told_by("swarm.secrets", facts), HasSubstr("/secrets: 4 in the Swarm"));
}

TEST(SwarmAutolock, IsOnAndItsKeyIsForAPerson) {
  Facts facts = swarm_of();
  EXPECT_EQ(status_of_only_row("swarm.autolock", facts), "fail");
  EXPECT_EQ(status_of_only_row("swarm.autolock-key", facts), "not_applicable");
  facts.swarm->autolock = true;
  EXPECT_EQ(status_of_only_row("swarm.autolock", facts), "pass");
  EXPECT_EQ(status_of_only_row("swarm.autolock-key", facts), "manual");
  EXPECT_THAT(told_by("swarm.autolock-key", facts), HasSubstr("2026-03-01T00:00:00Z"));
}

TEST(SwarmNodeCertificates, AreRenewedWithinNinetyDays) {
  Facts facts = swarm_of();
  const auto status = [&](int64_t expiry) {
    facts.swarm->node_certificate_expiry = expiry;
    return status_of_only_row("swarm.node-certificates", facts);
  };
  EXPECT_EQ(status(kHour * 24 * 90), "pass");
  EXPECT_EQ(status(kHour * 48), "pass");
  EXPECT_EQ(status(kHour), "pass");
  EXPECT_EQ(status(kHour * 24 * 90 + 1), "fail");
  EXPECT_EQ(status(kHour * 24 * 365), "fail");
  EXPECT_THAT(told_by("swarm.node-certificates", facts), HasSubstr("365 days (90 days or less)"));
  EXPECT_EQ(status(0), "error");
}

TEST(SwarmCaCertificate, IsValidToday) {
  Facts facts = swarm_of();
  EXPECT_EQ(status_of_only_row("swarm.ca-certificate", facts), "error");
  facts.swarm->trust_root_not_before = "2026-01-01T00:00:00Z";
  facts.swarm->trust_root_not_after = "2046-01-01T00:00:00Z";
  EXPECT_EQ(status_of_only_row("swarm.ca-certificate", facts), "manual");
  facts.swarm->root_rotation_in_progress = true;
  EXPECT_THAT(told_by("swarm.ca-certificate", facts), HasSubstr("a rotation is in progress"));
  facts.swarm->trust_root_not_after = "2026-11-22T11:59:59Z";
  EXPECT_EQ(status_of_only_row("swarm.ca-certificate", facts), "fail");
  facts.swarm->trust_root_not_before = "2026-11-22T12:00:01Z";
  facts.swarm->trust_root_not_after = "2046-01-01T00:00:00Z";
  EXPECT_EQ(status_of_only_row("swarm.ca-certificate", facts), "fail");
}

TEST(SwarmDataPath, IsApartFromTheManagersAddress) {
  Facts facts = swarm_of();
  EXPECT_EQ(status_of_only_row("swarm.data-path", facts), "not_applicable");
  facts.swarm->data_path_address = "198.51.100.7";
  EXPECT_EQ(status_of_only_row("swarm.data-path", facts), "pass");
  facts.swarm->data_path_address = "192.0.2.7";
  EXPECT_EQ(status_of_only_row("swarm.data-path", facts), "fail");
  facts.swarm->data_path_address = "";
  EXPECT_EQ(status_of_only_row("swarm.data-path", facts), "fail");
}

TEST(SwarmJoinTokens, AreForAPersonWithABoundOfTheirAge) {
  EXPECT_EQ(status_of_only_row("swarm.join-tokens", swarm_of()), "manual");
  EXPECT_THAT(told_by("swarm.join-tokens", swarm_of()), HasSubstr("/swarm#/UpdatedAt: 2026-03-01T00:00:00Z"));
}

}  // namespace
}  // namespace bulkhead::audit

#include "notary/route.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bulkhead::notary {
namespace {

// "operation|gun|role|hash|version"
std::string text_of(std::string_view method, std::string_view path) {
  const Route route = route_of(method, path);
  return fmt::format("{}|{}|{}|{}|{}", operation_name(route.operation), route.gun, route.role, route.sha256,
                     route.version);
}

const std::string kHash(64, 'a');

TEST(Route, KnowsWhatClientsAskFor) {
  struct {
    std::string method, path, expected;
  } const cases[] = {
      {"GET", "/v2/", "ping||||"},
      {"GET", "/v2/localhost:5999/x/_trust/tuf/root.json", "get|localhost:5999/x|root||"},
      {"GET", "/v2/localhost%3A5999/x/_trust/tuf/root.json", "get|localhost:5999/x|root||"},
      {"GET", "/v2/a/_trust/tuf/targets/alice.json", "get|a|targets/alice||"},
      {"GET", "/v2/a/_trust/tuf/targets/Bad.Name.json", "get|a|targets/Bad.Name||"},
      {"GET", fmt::format("/v2/a/_trust/tuf/targets/alice.{}.json", kHash),
       fmt::format("get_by_hash|a|targets/alice|{}|", kHash)},
      {"GET", fmt::format("/v2/a/_trust/tuf/snapshot.{}{}.json", kHash, kHash),
       fmt::format("get_by_hash|a|snapshot|{}{}|", kHash, kHash)},
      {"GET", "/v2/a/_trust/tuf/12.targets/alice.json", "get_version|a|targets/alice||12"},
      {"GET", "/v2/a/_trust/tuf/timestamp.key", "get_key|a|timestamp||"},
      {"POST", "/v2/a/_trust/tuf/snapshot.key", "rotate_key|a|snapshot||"},
      {"POST", "/v2/a/b/c/_trust/tuf/", "update|a/b/c|||"},
      {"DELETE", "/v2/a/_trust/tuf/", "delete|a|||"},
      {"GET", "/v2/a/_trust/changefeed", "changes|a|||"},
      {"GET", "/v2/_trust/changefeed", "all_changes||||"},
      {"GET", "/_notary_server/health", "health||||"},
      {"GET", "/metrics", "metrics||||"},
  };
  for (const auto& c : cases) EXPECT_EQ(text_of(c.method, c.path), c.expected) << c.path;
}

TEST(Route, KnowsNothingElse) {
  for (const std::string path : {"",
                                 "/",
                                 "/v2",
                                 "/v2/x",
                                 "/v2//_trust/tuf/root.json",
                                 "/v2/*/_trust/tuf/root.json",
                                 "/v2/a/../b/_trust/tuf/root.json",
                                 "/v2/a/%2e%2e/b/_trust/tuf/root.json",
                                 "/v2//a/_trust/tuf/root.json",
                                 "/v2/a%00/_trust/tuf/root.json",
                                 "/v2/a%0a/_trust/tuf/root.json",
                                 "/v2/a%/_trust/tuf/root.json",
                                 "/v2/a%zz/_trust/tuf/root.json",
                                 "/v2/a%ff/_trust/tuf/root.json",
                                 "/v2/a/_trust/tuf/mirrors.json",
                                 "/v2/a/_trust/tuf/targets//x.json",
                                 "/v2/a/_trust/tuf/targets/.json",
                                 "/v2/a/_trust/tuf/root.key",
                                 "/v2/a/_trust/tuf/root",
                                 "/v2/a/_trust/tuf/1.json",
                                 "/v2/a/_trust/tuf/-1.root.json",
                                 "/v2/a/_trust/tuf/",
                                 "/v2/a/_trust/",
                                 "/v2/a/_trust/changefeed/",
                                 "/v2/_trust/tuf/root.json",
                                 "/metrics/"}) {
    EXPECT_EQ(route_of("GET", path).operation, Operation::kUnknown) << path;
  }
  EXPECT_EQ(route_of("GET", "/v2/" + std::string(256, 'a') + "/_trust/tuf/root.json").operation, Operation::kUnknown);
  for (const std::string_view method : {"HEAD", "PUT", "POST", "DELETE"}) {
    EXPECT_EQ(route_of(method, "/v2/").operation, Operation::kUnknown) << method;
    EXPECT_EQ(route_of(method, "/v2/a/_trust/tuf/root.json").operation, Operation::kUnknown) << method;
  }
  EXPECT_EQ(route_of("PATCH", "/v2/").operation, Operation::kBadMethod);
}

TEST(Route, DemandsOfEachRequestWhatItNeeds) {
  struct {
    std::string_view method, path, scope;
  } const cases[] = {
      {"GET", "/v2/", "registry:catalog:*"},
      {"GET", "/v2/a:1/b/_trust/tuf/root.json", "repository:a:1/b:pull"},
      {"GET", "/v2/a/_trust/changefeed", "repository:a:pull"},
      {"GET", "/v2/a/_trust/tuf/timestamp.key", "repository:a:push,pull"},
      {"POST", "/v2/a/_trust/tuf/", "repository:a:push,pull"},
      {"POST", "/v2/a/_trust/tuf/timestamp.key", "repository:a:*"},
      {"DELETE", "/v2/a/_trust/tuf/", "repository:a:*"},
      {"GET", "/v2/_trust/changefeed", "registry:catalog:*"},
  };
  for (const auto& c : cases) EXPECT_EQ(scope_of(route_of(c.method, c.path)).text(), c.scope) << c.path;
  EXPECT_TRUE(scope_of(route_of("GET", "/v2/")).any_token);
  EXPECT_TRUE(scope_of(route_of("GET", "/metrics")).type.empty());
}

TEST(Route, RolesAreTheFourAndPathsBelowTargets) {
  for (const std::string_view role : {"root", "snapshot", "timestamp", "targets", "targets/a", "targets/a-b_0/c"}) {
    EXPECT_TRUE(is_role(role)) << role;
  }
  for (const std::string_view role : {"", "mirrors", "targets/", "targets//a", "targets/A", "targets/a.b", "targets/a/",
                                      "Targets", "targetsa", "root/a"}) {
    EXPECT_FALSE(is_role(role)) << role;
  }
  EXPECT_TRUE(is_role("targets/" + std::string(247, 'a')));
  EXPECT_FALSE(is_role("targets/" + std::string(248, 'a')));
}

}  // namespace
}  // namespace bulkhead::notary

// What a stranger meets at the TCP addresses of an engine: this test is the engine.
#include "audit/collect/listeners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "audit/collect/made_up_proc.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::audit {
namespace {

using net::testing::reply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;
using ::testing::Contains;
using ::testing::Not;
using Security = Listener::Security;

std::vector<std::string> look(const ListenerOptions& options = {}) {
  const auto process = ProcessFolder::open("/proc", ::getpid());
  const auto listeners = look_at_listeners(*process, options);
  if (!listeners) return {listeners.error().reason};
  std::vector<std::string> found;
  for (const Listener& listener : *listeners) {
    found.push_back(fmt::format("{} {}{}", listener.address, static_cast<int>(listener.security),
                                listener.loopback ? " loopback" : ""));
  }
  return found;
}

std::string expected(const ScriptedServer& server, Security security) {
  return fmt::format("{} {} loopback", server.authority(), static_cast<int>(security));
}

TEST(Listeners, FindAnEngineThatAnswersAnybody) {
  const ScriptedServer engine([](const SeenRequest&) { return reply(200, "OK", "Api-Version: 1.41\r\n"); });
  EXPECT_THAT(look(), Contains(expected(engine, Security::kPlain)));
  ASSERT_EQ(engine.requests().size(), 1U);
  EXPECT_EQ(engine.requests()[0].method, "GET");
  EXPECT_EQ(engine.requests()[0].target, "/_ping");
}

TEST(Listeners, FindAnEngineThatAPluginKeepsFromAnswering) {
  const ScriptedServer engine([](const SeenRequest&) { return reply(403, "", "Server: Docker/20.10.24 (linux)\r\n"); });
  EXPECT_THAT(look(), Contains(expected(engine, Security::kPlain)));
}

TEST(Listeners, LeaveOutWhatIsNoDoorOfTheEngine) {
  const ScriptedServer metrics([](const SeenRequest&) { return reply(404, "no page"); });
  const ScriptedServer gossip(
      [](const SeenRequest&) { return net::testing::ScriptedReply{.bytes = "\1", .close = true}; });
  const std::vector<std::string> found = look({.timeout = std::chrono::milliseconds(100)});
  EXPECT_THAT(found, Not(Contains(testing::StartsWith(metrics.authority()))));
  EXPECT_THAT(found, Not(Contains(testing::StartsWith(gossip.authority()))));
}

TEST(Listeners, TellOfADoorThatTheEngineWasToldToOpenEvenWhenItIsSilent) {
  const ScriptedServer engine([](const SeenRequest&) { return net::testing::ScriptedReply{.hang = true}; });
  const ListenerOptions options{.hosts = {"tcp://" + engine.authority()}, .timeout = std::chrono::milliseconds(100)};
  EXPECT_THAT(look(options), Contains(expected(engine, Security::kUnknown)));
  EXPECT_THAT(look({.timeout = std::chrono::milliseconds(100)}),
              Not(Contains(testing::StartsWith(engine.authority()))));
}

TEST(Listeners, AreNotTriedInAnotherNetwork) {
  const MadeUpProc proc;
  proc.add(812, {.tcp = "   0: 00000000:0947 00000000:0000 0A 0:0 00:0 0 0 0 55 1\n"
                        "   1: 00000000:0948 00000000:0000 0A 0:0 00:0 0 0 0 56 1\n"});
  proc.hold(812, 3, 55);
  const auto process = ProcessFolder::open(proc.path(), 812);
  const auto listeners = look_at_listeners(*process, {.proc = proc.path()});
  ASSERT_TRUE(listeners);
  ASSERT_EQ(listeners->size(), 1U) << "56 is somebody else's";
  EXPECT_EQ(listeners->front().address, "0.0.0.0:2375");
  EXPECT_EQ(listeners->front().security, Security::kUnknown);
  EXPECT_FALSE(listeners->front().loopback);
}

}  // namespace
}  // namespace bulkhead::audit

#include "engine/client.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "net/testing/scripted_server.h"

namespace bulkhead::engine {
namespace {

using net::testing::reply;
using net::testing::ScriptedReply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;

Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string describe(const Result<std::vector<Address>>& addresses) {
  if (!addresses) return std::string(code_name(addresses.error().code()));
  std::string out;
  for (const Address& address : *addresses) {
    if (!out.empty()) out += ' ';
    out += address.to_string() + (address.url.starts_with("https") ? "+tls" : "");
  }
  return out;
}

TEST(Address, FollowsDockersEnvironment) {
  struct {
    std::map<std::string, std::string> variables;
    std::string_view expected;
  } const cases[] = {
      {{}, "unix:///var/run/docker.sock"},
      {{{"XDG_RUNTIME_DIR", "/run/user/1"}, {"HOME", "/nonexistent"}},
       "unix:///var/run/docker.sock unix:///run/user/1/docker.sock unix:///nonexistent/.docker/run/docker.sock"},
      {{{"DOCKER_HOST", "unix:///tmp/d.sock"}, {"XDG_RUNTIME_DIR", "/r"}}, "unix:///tmp/d.sock"},
      {{{"DOCKER_HOST", "tcp://10.0.0.1:2375"}}, "tcp://10.0.0.1:2375"},
      {{{"DOCKER_HOST", "tcp://10.0.0.1:2376"}, {"DOCKER_TLS_VERIFY", "1"}}, "tcp://10.0.0.1:2376+tls"},
      {{{"DOCKER_HOST", "tcp://[::1]:2375"}}, "tcp://[::1]:2375"},
      {{{"DOCKER_HOST", "ssh://user@host"}}, "unsupported"},
      {{{"DOCKER_HOST", "npipe:////./pipe/docker_engine"}}, "unsupported"},
      {{{"DOCKER_HOST", "unix://relative.sock"}}, "invalid_argument"},
      {{{"DOCKER_HOST", "unix:///" + std::string(200, 'x')}}, "invalid_argument"},
      {{{"DOCKER_CONTEXT", "none"}, {"HOME", "/nonexistent"}}, "invalid_argument"},
      {{{"DOCKER_CONTEXT", "default"}}, "unix:///var/run/docker.sock"},
  };
  for (const auto& c : cases) EXPECT_EQ(describe(docker_addresses(environment_of(c.variables))), c.expected);
}

TEST(Address, FollowsPodmansEnvironment) {
  EXPECT_EQ(describe(podman_addresses(environment_of({}))), "unix:///run/podman/podman.sock");
  EXPECT_EQ(describe(podman_addresses(environment_of({{"XDG_RUNTIME_DIR", "/run/user/1"}}))),
            "unix:///run/user/1/podman/podman.sock unix:///run/podman/podman.sock");
  EXPECT_EQ(describe(podman_addresses(environment_of({{"CONTAINER_HOST", "unix:///p.sock"}}))), "unix:///p.sock");
}

TEST(Address, OfAnyEngineIsTheChosenOneOrEveryUsualPlace) {
  EXPECT_EQ(describe(engine_addresses(environment_of({}))),
            "unix:///var/run/docker.sock unix:///run/podman/podman.sock");
  EXPECT_EQ(describe(engine_addresses(environment_of({{"DOCKER_HOST", "tcp://a:1"}, {"CONTAINER_HOST", "unix:///p"}}))),
            "tcp://a:1");
  EXPECT_EQ(describe(engine_addresses(environment_of({{"DOCKER_CONTEXT", "none"}}))), "invalid_argument");
}

TEST(Address, IsWhatAUserWritesForIt) {
  const std::map<std::string, std::string> tls = {
      {"DOCKER_TLS_VERIFY", "1"}, {"DOCKER_CERT_PATH", "/c"}, {"DOCKER_HOST", "tcp://other:1"}};
  const struct {
    std::string_view text;
    std::map<std::string, std::string> variables;
    std::string_view expected;
  } cases[] = {
      {"unix:///x.sock", tls, "unix:///x.sock"},
      {"tcp://h:2375", {}, "tcp://h:2375"},
      {"tcp://h:2376", tls, "tcp://h:2376+tls"},
      {"tcp://h:2376", {{"DOCKER_TLS", "1"}}, "tcp://h:2376+tls"},
      {"https://h:2376", {}, "tcp://h:2376+tls"},
      {"docker:", {}, "unix:///var/run/docker.sock"},
      {"docker:", tls, "tcp://other:1+tls"},
      {"context:default", {}, "unix:///var/run/docker.sock"},
      {"podman:", tls, "unix:///run/podman/podman.sock"},
      {"context:", {}, "invalid_argument"},
      {"context:none", {{"HOME", "/nonexistent"}}, "invalid_argument"},
      {"ssh://h", {}, "unsupported"},
      {"/var/run/docker.sock", {}, "unsupported"},
      {"h:2375", {}, "unsupported"},
  };
  for (const auto& one : cases) {
    const auto addresses = named_addresses(one.text, environment_of(one.variables), "--host");
    EXPECT_EQ(describe(addresses), one.expected) << one.text;
    if (!addresses) EXPECT_TRUE(addresses.error().to_string().starts_with("--host")) << addresses.error().to_string();
  }
}

TEST(Address, FollowsTheCurrentContextWithItsCertificates) {
  const std::string folder = ::testing::TempDir() + "/bulkhead_docker_config";
  const std::string id = Digest::sha256_of(as_bytes("remote")).hex();
  std::filesystem::create_directories(folder + "/contexts/meta/" + id);
  std::filesystem::create_directories(folder + "/contexts/tls/" + id + "/docker");
  std::ofstream(folder + "/config.json") << R"({"currentContext":"remote"})";
  std::ofstream(folder + "/contexts/meta/" + id + "/meta.json")
      << R"({"Name":"remote","Endpoints":{"docker":{"Host":"tcp://build.example:2376","SkipTLSVerify":false}}})";
  for (const std::string name : {"ca", "cert", "key"}) {
    std::ofstream(folder + "/contexts/tls/" + id + "/docker/" + name + ".pem") << "x";
  }
  const auto addresses = docker_addresses(environment_of({{"DOCKER_CONFIG", folder}}));
  ASSERT_TRUE(addresses) << addresses.error().to_string();
  ASSERT_EQ(addresses->size(), 1U);
  EXPECT_EQ(addresses->front().url, "https://build.example:2376");
  EXPECT_EQ(addresses->front().origin, "docker context 'remote'");
  EXPECT_TRUE(addresses->front().chosen);
  // By name it is the same one, whatever the variables say.
  const auto named =
      named_addresses("context:remote", environment_of({{"DOCKER_CONFIG", folder}, {"DOCKER_HOST", "unix:///x"}}), "o");
  EXPECT_EQ(describe(named), "tcp://build.example:2376+tls");
  EXPECT_TRUE(named && named->front().tls.only_these_authorities);
  EXPECT_TRUE(addresses->front().tls.only_these_authorities);
  EXPECT_TRUE(addresses->front().tls.client_key.ends_with("/docker/key.pem"));
  EXPECT_FALSE(addresses->front().tls.skip_verification);
  // DOCKER_HOST stands above every context.
  EXPECT_EQ(describe(docker_addresses(environment_of({{"DOCKER_CONFIG", folder}, {"DOCKER_HOST", "unix:///x"}}))),
            "unix:///x");
  std::ofstream(folder + "/contexts/meta/" + id + "/meta.json") << R"({"Endpoints":{}})";
  EXPECT_EQ(describe(docker_addresses(environment_of({{"DOCKER_CONFIG", folder}}))), "malformed");
  std::filesystem::remove_all(folder);
}

ScriptedReply docker_ping() {
  return reply(200, "OK", "Api-Version: 1.41\r\nOstype: linux\r\n");
}

Result<Client> connect_to(const ScriptedServer& server) {
  ClientOptions options;
  options.answer_timeout = std::chrono::seconds(5);
  return Client::connect({.unix_socket = {}, .url = server.url(""), .tls = {}, .origin = "test"}, options);
}

TEST(EngineClient, AsksForTheVersionThatBothKnow) {
  for (const auto& [theirs, ours] :
       {std::pair("1.41", "v1.41"), std::pair("1.24", "v1.24"), std::pair("1.99", "v1.51")}) {
    const ScriptedServer server([&](const SeenRequest& request) {
      return request.target == "/_ping" ? reply(200, "OK", fmt::format("Api-Version: {}\r\n", theirs))
                                        : reply(200, "[]");
    });
    const auto client = connect_to(server);
    ASSERT_TRUE(client) << client.error().to_string();
    ASSERT_TRUE(client->get("/images/json"));
    EXPECT_EQ(server.requests().at(1).target, fmt::format("/{}/images/json", ours));
  }
}

TEST(EngineClient, TellsPodmanFromDocker) {
  const ScriptedServer podman(
      [](const SeenRequest&) { return reply(200, "OK", "Api-Version: 1.40\r\nLibpod-Api-Version: 4.3.1\r\n"); });
  EXPECT_EQ(connect_to(podman)->flavour(), Flavour::kPodman);
  const ScriptedServer docker([](const SeenRequest&) { return docker_ping(); });
  EXPECT_EQ(connect_to(docker)->flavour(), Flavour::kDocker);
}

TEST(EngineClient, RefusesWhatIsNoEngine) {
  for (const std::string fields : {"", "Api-Version: 2.0\r\n", "Api-Version: 1.12\r\n", "Api-Version: x\r\n"}) {
    const ScriptedServer server([&](const SeenRequest&) { return reply(200, "OK", fields); });
    const auto client = connect_to(server);
    ASSERT_FALSE(client) << fields;
    EXPECT_EQ(client.error().code(), Code::kUnsupported);
  }
}

TEST(EngineClient, SaysThatThereIsNoSocket) {
  const auto client = Client::connect(
      {.unix_socket = "/nonexistent.sock", .url = "http://localhost", .tls = {}, .origin = "the default"}, {});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code(), Code::kNotFound);
  EXPECT_NE(client.error().to_string().find("unix:///nonexistent.sock (the default)"), std::string::npos);
}

TEST(EngineClient, PassesTheEnginesOwnMessageOn) {
  const ScriptedServer server([](const SeenRequest& request) {
    if (request.target == "/_ping") return docker_ping();
    if (request.target.contains("none")) return reply(404, R"({"message":"No such image: none:latest"})");
    return reply(500, "<html>");
  });
  const auto client = connect_to(server);
  ASSERT_TRUE(client);
  const auto missing = client->inspect_image("none");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_EQ(missing.error().message(), "No such image: none:latest");
  EXPECT_EQ(client->get("/broken").error().code(), Code::kUnavailable);
}

TEST(EngineClient, TellsAnEngineThatRefusesFromOneThatIsNotThere) {
  std::optional<Client> client;
  {
    const ScriptedServer server([](const SeenRequest& request) {
      if (request.target == "/_ping") return docker_ping();
      if (request.target.contains("long")) return reply(404, std::string(size_t{70} << 10, 'x'));
      return reply(404, R"({"message":"No such container: x"})");
    });
    client.emplace(*connect_to(server));
    const auto refused = client->ask("/containers/x/json");
    ASSERT_TRUE(refused) << refused.error().to_string();
    EXPECT_EQ(refused->status, 404);
    EXPECT_EQ(refused->document().error().code(), Code::kNotFound);
    EXPECT_EQ(refused->document().error().message(), "No such container: x");
    EXPECT_EQ(client->ask("/long")->status, 404);
  }
  EXPECT_FALSE(client->ask("/containers/x/json"));
}

TEST(EngineClient, AsksAgainOnlyWhenItMay) {
  const ScriptedServer server([](const SeenRequest& request) {
    return request.target == "/_ping" ? docker_ping() : reply(503, R"({"message":"not now"})");
  });
  ClientOptions options;
  options.retry = net::RetryPolicy::never();
  const auto client = Client::connect({.unix_socket = {}, .url = server.url(""), .tls = {}, .origin = "test"}, options);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->get("/swarm").error().message(), "not now");
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(EngineClient, PostsJsonAndReadsEmptyAnswers) {
  const ScriptedServer server([](const SeenRequest& request) {
    return request.target == "/_ping" ? docker_ping() : ScriptedReply{"HTTP/1.1 204 No Content\r\n\r\n"};
  });
  const auto client = connect_to(server);
  ASSERT_TRUE(client);
  const auto answer = client->post("/containers/x/stop", R"({"t":1})");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_TRUE(answer->root().is_null());
  EXPECT_EQ(server.requests().at(1).header("content-type"), "application/json");
  ASSERT_TRUE(client->remove("/containers/x"));
  EXPECT_EQ(server.requests().at(2).method, "DELETE");
}

TEST(EngineClient, RefusesNamesThatWouldLeaveThePath) {
  const ScriptedServer server([](const SeenRequest&) { return docker_ping(); });
  const auto client = connect_to(server);
  ASSERT_TRUE(client);
  for (const std::string name : {"", "/x", "a/../../info", "a?b", "a b", "a#b", "a%2e%2e", "a\nb"}) {
    EXPECT_EQ(client->inspect_image(name).error().code(), Code::kInvalidArgument) << name;
  }
  EXPECT_EQ(server.requests().size(), 1U);
}

constexpr std::string_view kHex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(ImageSummary, ReadsWhatDockerAndPodmanAnswer) {
  const auto document = json::Document::parse(fmt::format(
      R"({{"Id":"sha256:{0}","RepoTags":["a:1"],"RepoDigests":null,"Os":"linux","Architecture":"arm64","Variant":"v8",
          "RootFS":{{"Type":"layers","Layers":["sha256:{0}"]}},"Size":5}})",
      kHex));
  const auto summary = parse_image_summary(document->root());
  ASSERT_TRUE(summary) << summary.error().to_string();
  EXPECT_EQ(summary->identifier.hex(), kHex);
  EXPECT_EQ(summary->diff_ids.size(), 1U);
  EXPECT_EQ(summary->repo_tags, std::vector<std::string>{"a:1"});
  EXPECT_EQ(summary->variant, "v8");
}

TEST(ImageSummary, RefusesWhatItCannotRelyOn) {
  for (
      const std::string_view text :
      {"{}", "[]", R"({"Id":"x","RootFS":{}})", R"({"Id":5,"RootFS":{}})",
       R"({"Id":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"})",
       R"({"Id":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","RootFS":{"Layers":[1]}})"}) {
    EXPECT_FALSE(parse_image_summary(json::Document::parse(text)->root())) << text;
  }
}

}  // namespace
}  // namespace bulkhead::engine

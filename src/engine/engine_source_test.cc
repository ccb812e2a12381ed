// The engine source against a scripted engine that does not keep its word; the real ones are in tests/e2e.
#include "engine/engine_source.h"

#include <chrono>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/testing/scripted_server.h"
#include "oci/test_images.h"

namespace bulkhead::engine {
namespace {

using net::testing::reply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;
using oci::testing::digest_of;
using oci::testing::hex_of;

class DropAll final : public oci::LayerVisitor {
 public:
  Status visit(const std::string&, const Digest&, BlockSource& bytes) override {
    auto read = read_all(bytes, size_t{1} << 20, "layer");
    if (!read) return fail(std::move(read).error());
    return {};
  }
};

// An engine with one image, of this layer; what it says of the layer beforehand is `said_diff_id`.
struct ScriptedEngine {
  std::string layer = oci::testing::make_tar({{"etc/os-release", "ID=test\n", '0', ""}});
  std::string config = oci::testing::make_config({layer});
  std::string archive = oci::testing::make_tar(
      {{"layer.tar", layer, '0', ""},
       {hex_of(config) + ".json", config, '0', ""},
       {"manifest.json", R"([{"Config": ")" + hex_of(config) + R"(.json", "RepoTags": null, "Layers": ["layer.tar"]}])",
        '0', ""}});
  std::string said_diff_id = digest_of(layer);
  ScriptedServer server{[this](const SeenRequest& request) {
    if (request.target == "/_ping") return reply(200, "OK", "Api-Version: 1.41\r\n");
    if (request.target.ends_with("/json")) {
      return reply(200, fmt::format(R"({{"Id": "{}", "RepoTags": ["app:1"], "Os": "linux", "Architecture": "amd64",
                                        "RootFS": {{"Type": "layers", "Layers": ["{}"]}}}})",
                                    digest_of(config), said_diff_id));
    }
    return reply(200, archive);
  }};

  std::unique_ptr<oci::ImageSource> source() const {
    EngineOptions options;
    options.addresses = [url = server.url("")]() -> Result<std::vector<Address>> {
      return std::vector{Address{.unix_socket = {}, .url = url, .tls = {}, .origin = "test"}};
    };
    return make_docker_source(std::move(options));
  }
};

TEST(EngineSource, KnowsTheImageBeforeItIsReadAndReadsIt) {
  const ScriptedEngine engine;
  auto opened = engine.source()->open("app:1", {});
  ASSERT_TRUE(opened) << opened.error().to_string();
  auto& image = std::get<std::unique_ptr<oci::SequentialImage>>(*opened);
  ASSERT_TRUE(image->preview());
  EXPECT_EQ(image->preview()->identifier.to_string(), digest_of(engine.config));
  EXPECT_EQ(engine.server.requests().size(), 2U) << "nothing is exported before it is read";
  DropAll visitor;
  const auto read = image->read(visitor);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->config.diff_ids, image->preview()->diff_ids);
  EXPECT_EQ(read->repo_tags, std::vector<std::string>{"app:1"});
}

TEST(EngineSource, RefusesAnArchiveWithOtherLayersThanWereSaid) {
  ScriptedEngine engine;
  engine.said_diff_id = digest_of("another layer");
  auto opened = engine.source()->open("app:1", {});
  ASSERT_TRUE(opened);
  DropAll visitor;
  const auto read = std::get<std::unique_ptr<oci::SequentialImage>>(*opened)->read(visitor);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kVerificationFailed);
}

TEST(EngineSource, DoesNotTakeATruncatedArchiveForAnImage) {
  ScriptedEngine engine;
  engine.archive.resize(engine.archive.size() / 2);
  auto opened = engine.source()->open("app:1", {});
  ASSERT_TRUE(opened);
  DropAll visitor;
  EXPECT_FALSE(std::get<std::unique_ptr<oci::SequentialImage>>(*opened)->read(visitor));
}

TEST(EngineSource, AnEngineThatCannotBeAskedLeavesTheImageToOthers) {
  const auto code_with = [](std::function<Result<std::vector<Address>>()> addresses) {
    EngineOptions options;
    options.addresses = std::move(addresses);
    options.client.answer_timeout = std::chrono::milliseconds(200);
    return make_docker_source(std::move(options))->open("app", {}).error();
  };
  const Error ssh = code_with([]() -> Result<std::vector<Address>> {
    TRY_ASSIGN(Address address, parse_address("ssh://me@host", {}, false, "$DOCKER_HOST"));
    return std::vector{std::move(address)};
  });
  EXPECT_EQ(ssh.code(), Code::kUnavailable);
  EXPECT_NE(ssh.to_string().find("ssh"), std::string::npos);
  EXPECT_NE(ssh.remedy().find("forward the socket"), std::string::npos);
  EXPECT_EQ(code_with([]() -> Result<std::vector<Address>> {
              return fail(Code::kMalformed, "config.json: not JSON");
            }).code(),
            Code::kUnavailable);
  EXPECT_EQ(code_with([]() -> Result<std::vector<Address>> { return fail(Code::kCancelled, "stopped"); }).code(),
            Code::kCancelled);

  const auto answering = [](net::testing::ScriptedReply ping, std::string inspection) {
    return std::make_unique<ScriptedServer>([ping, inspection](const SeenRequest& request) {
      return request.target == "/_ping" ? ping : reply(200, inspection);
    });
  };
  const auto at = [](const ScriptedServer& server) {
    return [url = server.url("")]() -> Result<std::vector<Address>> {
      return std::vector{Address{.unix_socket = {}, .url = url, .tls = {}, .origin = "test"}};
    };
  };
  const auto no_engine = answering(reply(200, "hello"), "");
  EXPECT_EQ(code_with(at(*no_engine)).code(), Code::kUnavailable);
  const auto odd = answering(reply(200, "OK", "Api-Version: 1.41\r\n"), R"({"Id": "x"})");
  EXPECT_EQ(code_with(at(*odd)).code(), Code::kUnavailable);
}

TEST(EngineSource, ReportsWhatKeptItFromAskingRatherThanTheSocketsThatAreNotThere) {
  EngineOptions options;
  options.addresses = []() -> Result<std::vector<Address>> {
    return std::vector{
        Address{.unix_socket = "/nonexistent/a.sock", .url = "http://localhost", .tls = {}, .origin = "a"},
        Address{.unix_socket = {}, .url = "http://127.0.0.1:1", .tls = {}, .origin = "b"}};
  };
  EXPECT_EQ(make_docker_source(options)->open("app", {}).error().code(), Code::kUnavailable);
  options.addresses = []() -> Result<std::vector<Address>> {
    return std::vector{
        Address{.unix_socket = "/nonexistent/a.sock", .url = "http://localhost", .tls = {}, .origin = "a"}};
  };
  const auto none = make_podman_source(options)->open("app", {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::kNotFound);
  EXPECT_NE(none.error().to_string().find("unix:///nonexistent/a.sock"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::engine

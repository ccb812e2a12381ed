// The registry source against a scripted registry: what a real one does not do on demand. The real ones are in
// tests/e2e.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gtest/gtest.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "net/testing/scripted_server.h"
#include "oci/registry/registry_source.h"

namespace bulkhead::oci {
namespace {

using net::testing::reply;
using net::testing::ScriptedReply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;

std::string digest_of(std::string_view bytes) {
  return Digest::sha256_of(as_bytes(bytes)).to_string();
}

// A one-layer image as the registry stores it.
struct TestImage {
  std::string layer = std::string(200'000, 'L');
  std::string config = R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[")" +
                       digest_of(layer) + R"("]},"history":[{"created_by":"ADD rootfs"}]})";
  std::string layer_type = "application/vnd.oci.image.layer.v1.tar";
  std::string manifest = make_manifest("");

  std::string make_manifest(const std::string& urls) const {
    return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
           digest_of(config) + R"(","size":)" + std::to_string(config.size()) + R"(},"layers":[{"mediaType":")" +
           layer_type + R"(","digest":")" + digest_of(layer) + R"(","size":)" + std::to_string(layer.size()) + urls +
           "}]}";
  }
};

constexpr const char* kManifestType = "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n";

// What a faultless registry answers about this image, as team/app:1.
ScriptedReply serve(const TestImage& image, const SeenRequest& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path == "/v2/team/app/manifests/1" || path == "/v2/team/app/manifests/" + digest_of(image.manifest)) {
    return reply(200, image.manifest, kManifestType);
  }
  for (const std::string& blob : {image.config, image.layer}) {
    if (path != "/v2/team/app/blobs/" + digest_of(blob)) continue;
    const std::string range = request.header("range");
    if (range.empty()) return reply(200, blob);
    const auto from = parse_decimal(std::string_view(range).substr(6, range.size() - 7)).value();
    return reply(206, blob.substr(from),
                 fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, blob.size() - 1, blob.size()));
  }
  return reply(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})");
}

RegistryOptions quick_options() {
  RegistryOptions options;
  options.retry = {
      .max_attempts = 3, .first_delay = std::chrono::milliseconds(1), .max_delay = std::chrono::milliseconds(2)};
  return options;
}

Result<Image> open_image(RegistryOptions options, const std::string& reference) {
  const auto source = make_registry_source(std::move(options));
  OpenOptions open_options;
  open_options.platform = Platform::parse("linux/amd64").value();
  auto opened = source->open(reference, open_options);
  if (!opened) return fail(std::move(opened).error());
  return std::get<Image>(*std::move(opened));
}

Result<std::string> read_layer(const Image& image) {
  TRY_ASSIGN(auto source, image.layers.at(0).open());
  return read_all(*source, 10 << 20, "layer");
}

// A host that has no TLS: the scripted server sees a TLS hello, which is no request, so probing must be spared here.
RegistryOptions options_for(const ScriptedServer& server) {
  RegistryOptions options = quick_options();
  options.mirrors["test.invalid"] = {server.url("")};
  return options;
}

TEST(RegistrySource, OpensAnImageAndStreamsItsLayers) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) { return serve(image, request); });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(opened->manifest_digest.to_string(), digest_of(image.manifest));
  EXPECT_EQ(opened->repo_tags, std::vector<std::string>{"test.invalid/team/app:1"});
  EXPECT_EQ(read_layer(*opened).value(), image.layer);
  const auto requests = server.requests();
  EXPECT_NE(requests.at(0).header("accept").find("application/vnd.docker.distribution.manifest.list.v2+json"),
            std::string::npos);
  EXPECT_EQ(requests.at(0).target, "/v2/team/app/manifests/1?ns=test.invalid");
}

TEST(RegistrySource, ResumesALayerThatBreaksHalfway) {
  const TestImage image;
  std::atomic<int> breaks = 0;
  const ScriptedServer server([&](const SeenRequest& request) {
    ScriptedReply answer = serve(image, request);
    if (request.target.contains(digest_of(image.layer)) && breaks++ < 2) {
      answer.bytes.resize(answer.bytes.size() - 80'000);
      answer.close = true;
    }
    return answer;
  });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_TRUE(opened);
  EXPECT_EQ(read_layer(*opened).value(), image.layer);
  std::vector<std::string> ranges;
  for (const auto& request : server.requests()) {
    if (!request.header("range").empty()) ranges.push_back(request.header("range"));
  }
  EXPECT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges.front(), "bytes=120000-");
}

TEST(RegistrySource, HearsARetryAfterWhileALayerIsContinued) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    if (!request.header("range").empty()) return reply(429, "", "Retry-After: 9999\r\n");
    ScriptedReply answer = serve(image, request);
    if (request.target.contains(digest_of(image.layer))) {
      answer.bytes.resize(answer.bytes.size() - 80'000);
      answer.close = true;
    }
    return answer;
  });
  RegistryOptions options = quick_options();
  options.insecure_registries = {server.authority()};
  options.timeouts.connect = std::chrono::milliseconds(200);
  const auto opened = open_image(options, server.authority() + "/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  const auto layer = read_layer(*opened);
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().code(), Code::kUnavailable);
  const auto requests = server.requests();
  EXPECT_EQ(std::ranges::count_if(requests, [](const auto& request) { return !request.header("range").empty(); }), 1)
      << "asked again before the server wants to be";
}

TEST(RegistrySource, ReadsAManifestAgainThatBreaksHalfway) {
  const TestImage image;
  std::atomic<int> breaks = 0;
  const ScriptedServer server([&](const SeenRequest& request) {
    ScriptedReply answer = serve(image, request);
    if (request.target.contains("/manifests/") && breaks++ == 0) {
      answer.bytes.resize(answer.bytes.size() - 100);
      answer.close = true;
    }
    return answer;
  });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(opened->manifest_digest.to_string(), digest_of(image.manifest));
}

TEST(RegistrySource, KnowsAnInsecureRegistryHoweverItsNameIsWritten) {
  // Nobody is there; that plain HTTP is tried shows that the registry was known for an insecure one.
  for (const auto& [option, reference] :
       {std::pair("test.invalid", "test.invalid/team/app:1"), std::pair("TEST.invalid", "test.invalid/team/app:1"),
        std::pair("test.invalid", "test.invalid:443/team/app:1"),
        std::pair("Test.invalid:443", "test.invalid/team/app:1")}) {
    RegistryOptions options = quick_options();
    options.insecure_registries = {option};
    const auto opened = open_image(options, reference);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().to_string().find("http://test.invalid"), std::string::npos)
        << option << ": " << opened.error().to_string();
  }
  RegistryOptions options = quick_options();
  options.insecure_registries = {"reg.example/app"};
  const auto refused = open_image(options, "reg.example/app:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kInvalidArgument);
  EXPECT_NE(refused.error().to_string().find("--insecure-registry"), std::string::npos);
}

TEST(RegistrySource, RefusesContentWithAnotherDigest) {
  TestImage image;
  const std::string promised_layer = image.layer;
  const ScriptedServer server([&](const SeenRequest& request) {
    if (request.target.contains(digest_of(promised_layer))) return reply(200, std::string(promised_layer.size(), 'X'));
    return serve(image, request);
  });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_TRUE(opened);
  EXPECT_EQ(read_layer(*opened).error().code(), Code::kVerificationFailed);

  const auto by_digest = open_image(options_for(server), "test.invalid/team/app@" + digest_of("something else"));
  ASSERT_FALSE(by_digest);
}

TEST(RegistrySource, RefusesAManifestThatIsNotTheOneAskedFor) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.target.contains("/manifests/") ? reply(200, image.manifest, kManifestType) : serve(image, request);
  });
  const auto opened = open_image(options_for(server), "test.invalid/team/app@" + digest_of("other"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kVerificationFailed);
}

TEST(RegistrySource, RefusesAManifestThatItsOwnHeaderContradicts) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.target.contains("/manifests/")
               ? reply(200, image.manifest, kManifestType + ("Docker-Content-Digest: " + digest_of("x")) + "\r\n")
               : serve(image, request);
  });
  EXPECT_EQ(open_image(options_for(server), "test.invalid/team/app:1").error().code(), Code::kVerificationFailed);
}

TEST(RegistrySource, BoundsTheManifest) {
  const ScriptedServer server([&](const SeenRequest&) { return reply(200, std::string(5 << 20, ' '), kManifestType); });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kLimitExceeded);
}

// A server that says "Content-Length: N", or none, sends `begun` and then nothing.
ScriptedReply begin(const std::string& begun, std::optional<uint64_t> promised) {
  const std::string length = promised ? fmt::format("Content-Length: {}\r\n", *promised) : std::string();
  return {.bytes = fmt::format("HTTP/1.1 200 OK\r\n{}{}\r\n{}", kManifestType, length, begun), .hang = true};
}

TEST(RegistrySource, RefusesAManifestByItsPromisedLengthAtOnce) {
  const ScriptedServer server([&](const SeenRequest&) { return begin("{", 1'000'000'000'000); });
  const auto started = std::chrono::steady_clock::now();
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kLimitExceeded);
  EXPECT_TRUE((opened.error().to_string() + opened.error().remedy()).contains("--max-manifest-bytes"))
      << opened.error().to_string();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
  EXPECT_EQ(server.requests().size(), 1U) << "asked again for what is too large";
}

TEST(RegistrySource, WaitsForDocumentsOnlySoLongAndAsksOnce) {
  const TestImage image;
  for (const std::string& slow : {std::string("manifests/1"), digest_of(image.config)}) {
    const ScriptedServer server([&](const SeenRequest& request) {
      return request.target.contains(slow) ? begin("{", std::nullopt) : serve(image, request);
    });
    RegistryOptions options = options_for(server);
    options.document_time = std::chrono::milliseconds(200);
    const auto started = std::chrono::steady_clock::now();
    const auto opened = open_image(options, "test.invalid/team/app:1");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::kDeadlineExceeded) << opened.error().to_string();
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(20));
    const auto requests = server.requests();
    EXPECT_EQ(std::ranges::count_if(requests, [&](const auto& request) { return request.target.contains(slow); }), 1);
  }
}

TEST(RegistrySource, LetsALayerTakeLongerThanADocument) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.target.contains(digest_of(image.layer)) ? begin("L", image.layer.size()) : serve(image, request);
  });
  RegistryOptions options = options_for(server);
  options.document_time = std::chrono::milliseconds(300);
  options.timeouts.stall_period = std::chrono::milliseconds(900);
  options.retry = net::RetryPolicy::never();
  const auto opened = open_image(options, "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  const auto layer = read_layer(*opened);
  ASSERT_FALSE(layer);
  EXPECT_TRUE(layer.error().to_string().contains("stalled")) << layer.error().to_string();
}

TEST(RegistrySource, RefusesAConfigurationThatIsLargerThanPromisedAtOnce) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.target.contains(digest_of(image.config)) ? begin("{", 1'000'000) : serve(image, request);
  });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kVerificationFailed) << opened.error().to_string();
}

TEST(RegistrySource, GoesToTheNextMirrorAndSaysSo) {
  const TestImage image;
  const ScriptedServer down([](const SeenRequest&) { return reply(503, ""); });
  const ScriptedServer up([&](const SeenRequest& request) { return serve(image, request); });
  RegistryOptions options = quick_options();
  options.mirrors["test.invalid"] = {down.url(""), up.url("/")};
  std::vector<std::string> notices;
  std::mutex mutex;
  options.notice = [&](const std::string& text) {
    const std::scoped_lock lock(mutex);
    notices.push_back(text);
  };
  const auto opened = open_image(options, "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(read_layer(*opened).value(), image.layer);
  ASSERT_EQ(notices.size(), 1U) << "one that is unreachable is not asked again";
  EXPECT_NE(notices[0].find(down.url("")), std::string::npos);
  EXPECT_EQ(down.requests().size(), 2U) << "a mirror gets one more try, no more";
}

TEST(RegistrySource, SaysWhatTheRegistrySays) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) { return serve(image, request); });
  RegistryOptions options = quick_options();
  options.insecure_registries = {server.authority()};
  // The hello of TLS makes no request that the scripted server could answer; time is short so that HTTP follows soon.
  options.timeouts.connect = std::chrono::milliseconds(200);
  const auto opened = open_image(options, server.authority() + "/team/app:2");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kNotFound);
  EXPECT_NE(opened.error().to_string().find("MANIFEST_UNKNOWN: manifest unknown"), std::string::npos);
  EXPECT_NE(opened.error().remedy().find("docker login " + server.authority()), std::string::npos);
}

TEST(RegistrySource, SaysWhatToDoAboutARefusal) {
  const std::pair<int, std::string_view> cases[] = {{403, "docker login "},
                                                    {404, "correct the name, tag or digest"},
                                                    {407, "HTTP_PROXY=http://USER:PASSWORD@HOST:PORT"},
                                                    {429, "wait, log in"}};
  for (const auto& [status, remedy] : cases) {
    const ScriptedServer server([&](const SeenRequest&) { return reply(status, ""); });
    RegistryOptions options = quick_options();
    options.insecure_registries = {server.authority()};
    options.timeouts.connect = std::chrono::milliseconds(200);
    const auto opened = open_image(options, server.authority() + "/team/app:2");
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().remedy().find(remedy), std::string::npos) << status << ": " << opened.error().remedy();
  }
}

TEST(RegistrySource, SaysWhatToDoAboutABlobThatIsNotThere) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.target.contains("/blobs/") ? reply(404, "") : serve(image, request);
  });
  RegistryOptions options = quick_options();
  options.insecure_registries = {server.authority()};
  options.timeouts.connect = std::chrono::milliseconds(200);
  const auto opened = open_image(options, server.authority() + "/team/app:1");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().remedy(), "the registry lacks a part of the image: push it again");
}

// A token server and a registry that wants its tokens, in one.
struct TokenRegistry {
  const TestImage image;
  std::atomic<int> issued = 0;
  std::string accepted_basic;             // Authorization that the token server wants; empty: anybody gets a token
  std::string accepted_refresh;           // refresh token that it wants
  std::atomic<int> expires_after = 1000;  // requests per token
  std::atomic<int> used = 0;
  std::unique_ptr<ScriptedServer> server;

  TokenRegistry() {
    server = std::make_unique<ScriptedServer>([this](const SeenRequest& request) { return answer(request); });
  }
  ScriptedReply answer(const SeenRequest& request) {
    if (request.target.starts_with("/token")) {
      if (!accepted_basic.empty() && request.header("authorization") != accepted_basic) return reply(401, "{}");
      if (!accepted_refresh.empty() && !request.body.contains("refresh_token=" + accepted_refresh))
        return reply(401, "{}");
      used = 0;
      return reply(200, fmt::format(R"({{"token":"t{}","expires_in":300}})", ++issued));
    }
    if (request.header("authorization") != fmt::format("Bearer t{}", issued.load()) || used++ >= expires_after) {
      return reply(
          401, "",
          fmt::format("WWW-Authenticate: Bearer realm=\"{}\",service=\"svc\",scope=\"repository:team/app:pull\"\r\n",
                      server->url("/token?x=1")));
    }
    return serve(image, request);
  }
  // The test's own registry has no TLS, and its mirror entry says so.
  RegistryOptions options(const std::string& auth_json = {}) const {
    RegistryOptions options = options_for(*server);
    if (!auth_json.empty()) {
      const std::string path = ::testing::TempDir() + "/bulkhead_registry_auth.json";
      std::ofstream(path) << auth_json;
      options.auth_files = {path};
    }
    return options;
  }
};

TEST(RegistryAuth, GetsAnAnonymousTokenAndKeepsIt) {
  const TokenRegistry registry;
  const auto opened = open_image(registry.options(), "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(read_layer(*opened).value(), registry.image.layer);
  EXPECT_EQ(registry.issued, 1);
  const auto requests = registry.server->requests();
  EXPECT_EQ(requests.at(0).header("authorization"), "");
  EXPECT_EQ(requests.at(1).target, "/token?x=1&service=svc&scope=repository%3Ateam%2Fapp%3Apull");
}

TEST(RegistryAuth, GetsANewTokenWhenTheOldOneHasRunOut) {
  TokenRegistry registry;
  registry.expires_after = 1;
  const auto opened = open_image(registry.options(), "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(read_layer(*opened).value(), registry.image.layer);
  EXPECT_EQ(registry.issued, 3);
}

TEST(RegistryAuth, SendsTheUsersCredentialsToTheTokenServerOnly) {
  TokenRegistry registry;
  registry.accepted_basic = "Basic Ym9iOnB3";
  const auto opened = open_image(
      registry.options(fmt::format(R"({{"auths":{{"{}":{{"auth":"Ym9iOnB3"}}}}}})", registry.server->authority())),
      "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  for (const auto& request : registry.server->requests()) {
    EXPECT_EQ(request.header("authorization") == "Basic Ym9iOnB3", request.target.starts_with("/token"))
        << request.target;
  }
}

TEST(RegistryAuth, TradesAnIdentityTokenByPost) {
  TokenRegistry registry;
  registry.accepted_refresh = "it%2F1";
  const auto opened = open_image(
      registry.options(fmt::format(R"({{"auths":{{"{}":{{"identitytoken":"it/1"}}}}}})", registry.server->authority())),
      "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  const auto token_request = registry.server->requests().at(1);
  EXPECT_EQ(token_request.method, "POST");
  EXPECT_EQ(token_request.target, "/token?x=1");
  EXPECT_NE(token_request.body.find("grant_type=refresh_token"), std::string::npos);
  EXPECT_EQ(token_request.header("authorization"), "");
}

TEST(RegistryAuth, SendsBasicWhereTheRegistryWantsIt) {
  const TestImage image;
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.header("authorization") == "Basic Ym9iOnB3"
               ? serve(image, request)
               : reply(401, "", "WWW-Authenticate: Basic realm=\"r\"\r\n");
  });
  const std::string path = ::testing::TempDir() + "/bulkhead_basic_auth.json";
  RegistryOptions options = options_for(server);
  options.auth_files = {path};
  std::ofstream(path) << fmt::format(R"({{"auths":{{"{}":{{"auth":"Ym9iOnB3"}}}}}})", server.authority());
  const auto opened = open_image(options, "test.invalid/team/app:1");
  EXPECT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(server.requests().at(0).header("authorization"), "") << "nothing is sent unasked";
}

// What the mirror's refusal was, as the notice tells it: the registry itself does not exist here.
std::string refusal(RegistryOptions options) {
  std::string text;
  options.notice = [&](const std::string& notice) { text = notice; };
  const auto opened = open_image(std::move(options), "test.invalid/team/app:1");
  return opened ? "opened" : text;
}

TEST(RegistryAuth, ExplainsARefusalWithoutShowingSecrets) {
  const ScriptedServer server(
      [&](const SeenRequest&) { return reply(401, "", "WWW-Authenticate: Basic realm=\"r\"\r\n"); });
  RegistryOptions options = options_for(server);
  EXPECT_NE(refusal(options).find("access needs credentials"), std::string::npos) << refusal(options);
  const std::string path = ::testing::TempDir() + "/bulkhead_refused_auth.json";
  std::ofstream(path) << fmt::format(R"({{"auths":{{"{}":{{"auth":"Ym9iOnMzY3JldA=="}}}}}})", server.authority());
  options.auth_files = {path};
  const std::string text = refusal(options);
  EXPECT_NE(text.find("'bob'"), std::string::npos) << text;
  EXPECT_NE(text.find(path), std::string::npos) << text;
  EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
  EXPECT_EQ(text.find("Ym9iOnMzY3JldA"), std::string::npos) << text;
}

// Hostile answers of the token server: none is shown, none is sent on, and the limit is named.
TEST(RegistryAuth, RefusesWhatIsNoTokenWithoutShowingIt) {
  struct Case {
    ScriptedReply answer;
    std::string_view problem;
  };
  const std::string huge(3 << 20, 'x');
  const Case cases[] = {
      {reply(200, R"({"token":"s3cret)" + huge + R"("})"), "larger than 1048576 bytes"},
      {ScriptedReply{"HTTP/1.1 200 OK\r\n\r\n{\"token\":\"s3cret" + huge, true}, "larger than 1048576 bytes"},
      {reply(200, R"({"token":"s3cret)" + huge.substr(0, 100'000) + R"("})"), "a token of 100006 bytes"},
      {reply(200, "<html>s3cret</html>"), "not valid JSON"},
      {reply(200, R"({"token":"s3cret)"), "not valid JSON"},
      {reply(200, R"({"token":"s3cret\r\nX-Evil: 1"})"), "a token that cannot be sent"},
      {reply(200, R"({"token":{"s3cret":1}})"), "holds no token"},
      {reply(200, ""), "not valid JSON"},
      {reply(403, R"({"errors":[{"code":"s3cret"}]})"), "answered 403"},
  };
  for (const Case& c : cases) {
    std::unique_ptr<ScriptedServer> server;
    server = std::make_unique<ScriptedServer>([&](const SeenRequest& request) {
      if (request.target.starts_with("/token")) return c.answer;
      return reply(401, "", "WWW-Authenticate: Bearer realm=\"" + server->url("/token") + "\"\r\n");
    });
    const std::string text = refusal(options_for(*server));
    EXPECT_NE(text.find(c.problem), std::string::npos) << c.problem << ": " << text;
    EXPECT_NE(text.find("token server"), std::string::npos) << text;
    EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
    for (const auto& request : server->requests()) {
      EXPECT_EQ(request.header("authorization"), "");
      EXPECT_EQ(request.header("x-evil"), "");
    }
  }
}

TEST(RegistryAuth, ShowsNoSecretThatAServerRepeats) {
  const auto echo = [](const SeenRequest& request) {
    return fmt::format(R"({{"errors":[{{"code":"DENIED","message":"your {} with {} is wrong"}}]}})",
                       request.header("authorization"), request.body);
  };
  struct Case {
    std::string_view token_answer;  // empty: an echo
    std::string_view credentials;
    int status;
  };
  constexpr std::string_view kToken = R"({"token":"t0ken-s3cret"})";
  for (const Case& c :
       {Case{"", R"("auth":"Ym9iOnMzY3JldA==")", 500}, Case{"", R"("identitytoken":"it/s3cret")", 400},
        Case{kToken, R"("auth":"Ym9iOnMzY3JldA==")", 403}, Case{kToken, R"("registrytoken":"rt-s3cret")", 400},
        Case{kToken, R"("auth":"Ym9iOnMzY3JldA==")", 307}}) {
    std::unique_ptr<ScriptedServer> server;
    server = std::make_unique<ScriptedServer>([&](const SeenRequest& request) {
      if (request.target.starts_with("/token")) {
        return c.token_answer.empty() ? reply(c.status, echo(request)) : reply(200, std::string(c.token_answer));
      }
      if (request.target.starts_with("/elsewhere")) return reply(404, "");
      const std::string sent = request.header("authorization");
      if (sent.empty()) return reply(401, "", "WWW-Authenticate: Bearer realm=\"" + server->url("/token") + "\"\r\n");
      if (c.status == 307) return reply(307, "", "Location: /elsewhere/" + sent.substr(7) + "\r\n");
      return reply(c.status, echo(request));
    });
    RegistryOptions options = options_for(*server);
    const std::string path = ::testing::TempDir() + "/bulkhead_echo_auth.json";
    std::ofstream(path) << fmt::format(R"({{"auths":{{"{}":{{{}}}}}}})", server->authority(), c.credentials);
    options.auth_files = {path};
    const std::string text = refusal(options);
    EXPECT_NE(text.find("[secret]"), std::string::npos) << text;
    for (const std::string_view secret : {"s3cret", "Ym9iOnMzY3JldA"}) {
      EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
  }
}

TEST(RegistryAuth, RefusesSchemesItDoesNotKnowAndBrokenChallenges) {
  for (const std::string field :
       {"Negotiate", "Bearer realm=https://x", "Bearer realm=\"file:///x\"", "Bearer service=\"x\""}) {
    const ScriptedServer server(
        [&](const SeenRequest&) { return reply(401, "", "WWW-Authenticate: " + field + "\r\n"); });
    EXPECT_NE(refusal(options_for(server)), "opened") << field;
    EXPECT_EQ(server.requests().size(), 1U) << field;
  }
}

TEST(RegistryAuth, IgnoresTheChallengeOfARedirectsTarget) {
  const TestImage image;
  const ScriptedServer thief(
      [](const SeenRequest&) { return reply(401, "", "WWW-Authenticate: Basic realm=\"r\"\r\n"); });
  const ScriptedServer server(
      [&](const SeenRequest&) { return reply(307, "", "Location: " + thief.url("/") + "\r\n"); });
  RegistryOptions options = options_for(server);
  const std::string path = ::testing::TempDir() + "/bulkhead_thief_auth.json";
  std::ofstream(path) << fmt::format(R"({{"auths":{{"{}":{{"auth":"Ym9iOnB3"}}}}}})", server.authority());
  options.auth_files = {path};
  EXPECT_NE(refusal(options), "opened");
  for (const auto& request : thief.requests()) EXPECT_EQ(request.header("authorization"), "");
}

TEST(RegistryForeign, FetchesForeignLayersOnlyWhenAsked) {
  TestImage image;
  image.layer_type = "application/vnd.docker.image.rootfs.foreign.diff.tar";
  image.manifest = image.make_manifest(R"(,"urls":["http://127.0.0.1:1/plain"])");
  const ScriptedServer server([&](const SeenRequest& request) {
    return request.target.contains(digest_of(image.layer)) ? reply(404, "") : serve(image, request);
  });
  const auto opened = open_image(options_for(server), "test.invalid/team/app:1");
  ASSERT_TRUE(opened) << opened.error().to_string();
  EXPECT_EQ(opened->layers.at(0).kind, Layer::Kind::kForeign);

  RegistryOptions asked = options_for(server);
  asked.fetch_foreign_layers = true;
  const auto fetched = open_image(asked, "test.invalid/team/app:1");
  ASSERT_TRUE(fetched);
  const auto layer = read_layer(*fetched);
  ASSERT_FALSE(layer);
  EXPECT_NE(layer.error().to_string().find("not HTTPS"), std::string::npos) << layer.error().to_string();
}

}  // namespace
}  // namespace bulkhead::oci

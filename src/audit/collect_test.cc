#include "audit/collect.h"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/check.h"
#include "audit/host_files.h"
#include "base/fs.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::audit {
namespace {

using net::testing::reply;
using net::testing::ScriptedReply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::chrono::milliseconds kPatience{300};  // for an engine that hangs

std::string recorded(std::string_view name) {
  return *read_file(testdata_path(fmt::format("docker-20.10/{}.json", name)), 1 << 20);
}

// An engine that answers as Docker 20.10 has, but for what a test changes. Paths are without the version.
struct FakeEngine {
  std::map<std::string, ScriptedReply> answers;
  std::string ping_fields = "Api-Version: 1.41\r\n";

  FakeEngine() {
    for (const auto& [path, name] : {std::pair("/info", "info"),
                                     {"/version", "version"},
                                     {"/containers/json?all=1", "containers"},
                                     {"/images/json", "images"},
                                     {"/networks", "networks"},
                                     {"/volumes", "volumes"}}) {
      answers[path] = reply(200, recorded(name));
    }
    const auto containers = json::Document::parse(recorded("containers"));
    for (const json::Value container : containers->root().elements()) {
      std::string_view name;
      for (const json::Value entry : container.find("Names")->elements()) name = entry.string()->substr(1);
      answers[fmt::format("/containers/{}/json", *container.find("Id")->string())] =
          reply(200, recorded(fmt::format("container-{}", name)));
    }
    const auto images = json::Document::parse(recorded("images"));
    for (const json::Value image : images->root().elements()) {
      const std::string path = image_path(*image.find("Id")->string());
      answers[path + "/json"] = reply(200, image_answer(*image.find("Id")->string(), "app"));
      answers[path + "/history"] = reply(200, recorded("history-web"));
    }
  }

  static std::string image_path(std::string_view id) {
    return fmt::format("/images/sha256%3A{}", id.substr(id.find(':') + 1));
  }
  static std::string image_answer(std::string_view id, std::string_view user) {
    return fmt::format(R"({{"Id":"{}","RepoTags":[],"Os":"linux","Architecture":"amd64","Config":{{"User":"{}"}}}})",
                       id, user);
  }
  // The path of the container's details.
  static std::string container_path(std::string_view name) {
    const auto answer = json::Document::parse(recorded(fmt::format("container-{}", name)));
    return fmt::format("/containers/{}/json", *answer->root().find("Id")->string());
  }

  ScriptedReply operator()(const SeenRequest& request) const {
    if (request.target == "/_ping") return reply(200, "OK", ping_fields);
    const auto found = answers.find(path_of(request));
    return found == answers.end() ? reply(404, R"({"message":"page not found"})") : found->second;
  }

  static std::string path_of(const SeenRequest& request) {
    const size_t slash = request.target.find('/', 1);
    return request.target.starts_with("/v1.") && slash != std::string::npos ? request.target.substr(slash)
                                                                            : request.target;
  }
};

ScriptedReply hanging() {
  return {.bytes = {}, .close = false, .hang = true};
}

CollectOptions options_for_tests() {
  CollectOptions options;
  options.client.answer_timeout = std::chrono::seconds(20);
  options.now = "2026-11-22T22:00:00Z";
  return options;
}

engine::Address address_of(const ScriptedServer& server) {
  return {.unix_socket = {}, .url = server.url(""), .tls = {}, .origin = "test"};
}

Facts collect_from(const FakeEngine& engine, const CollectOptions& options = options_for_tests()) {
  const ScriptedServer server(engine);
  auto facts = collect(address_of(server), options);
  EXPECT_TRUE(facts) << facts.error().to_string();
  return *std::move(facts);
}

const Container& container(const Facts& facts, std::string_view name) {
  return *std::ranges::find(*facts.containers, name, &Container::name);
}

std::vector<std::string> names_of(const Fact<std::vector<Container>>& containers) {
  std::vector<std::string> names;
  for (const Container& one : *containers) names.push_back(one.name);
  return names;
}

std::vector<std::string> labels_of(const Fact<std::vector<Image>>& images) {
  std::vector<std::string> labels;
  for (const Image& image : *images) labels.push_back(image.label() + (image.in_use ? " in use" : ""));
  return labels;
}

template <typename T>
std::string reason_of(const Fact<T>& fact, Unknown::Kind kind = Unknown::Kind::kError) {
  if (fact) return "it is known";
  EXPECT_EQ(fact.error().kind, kind) << fact.error().reason;
  return fact.error().reason;
}

TEST(Collect, GathersAllThatAnEngineTells) {
  const FakeEngine engine;
  const ScriptedServer server(engine);
  const auto facts = collect(address_of(server), options_for_tests());
  ASSERT_TRUE(facts) << facts.error().to_string();
  EXPECT_EQ(facts->now, "2026-11-22T22:00:00Z");
  EXPECT_TRUE(facts->address.starts_with("tcp://127.0.0.1:"));
  ASSERT_TRUE(facts->engine) << facts->engine.error().reason;
  EXPECT_EQ(facts->engine->server_version, "20.10.24+dfsg1");
  ASSERT_TRUE(facts->containers) << facts->containers.error().reason;
  EXPECT_THAT(names_of(facts->containers), ElementsAre("created-privileged", "hardened", "hostile", "plain"));
  for (const Container& one : *facts->containers) EXPECT_TRUE(one.details) << one.details.error().reason;
  EXPECT_TRUE(container(*facts, "created-privileged").details->privileged);
  ASSERT_TRUE(facts->images);
  for (const Image& image : *facts->images) {
    EXPECT_FALSE(image.config_unknown);
    EXPECT_EQ(image.user, "app");
    EXPECT_TRUE(image.in_use);
    EXPECT_THAT(*image.history, SizeIs(7));
  }
  ASSERT_TRUE(facts->networks);
  const auto backend = std::ranges::find(*facts->networks, "backend", &Network::name);
  EXPECT_THAT(backend->containers, ElementsAre("hardened")) << "the list of networks leaves it out";
  EXPECT_EQ(reason_of(facts->swarm, Unknown::Kind::kNotApplicable), "the engine is not in a Swarm");
  const auto& mounts = container(*facts, "hostile").details->mounts;
  const auto hosted = std::ranges::find(mounts, "hosted", &Mount::volume);
  ASSERT_NE(hosted, mounts.end());
  EXPECT_EQ(hosted->device, "/etc") << "what the volume binds";

  std::set<std::string> asked;
  for (const SeenRequest& request : server.requests()) {
    EXPECT_EQ(request.method, "GET");
    EXPECT_TRUE(asked.insert(request.target).second) << request.target << " asked twice";
    EXPECT_FALSE(request.target.contains("/system/df"));
  }
  EXPECT_THAT(asked, testing::Not(testing::Contains(HasSubstr("swarm"))));
  EXPECT_LE(server.connection_count(), 5U) << "connections are kept";
}

TEST(Collect, TellsThatAnotherMachinesHostCannotBeLookedAt) {
  const Facts facts = collect_from(FakeEngine());
  EXPECT_FALSE(facts.local);
  const std::string expected =
      fmt::format("the engine runs on another machine ({}): its host can only be looked at there", facts.address);
  EXPECT_EQ(reason_of(facts.host.daemon, Unknown::Kind::kNotApplicable), expected);
  EXPECT_EQ(reason_of(facts.host.audit_watches, Unknown::Kind::kNotApplicable), expected);
  EXPECT_EQ(reason_of(facts.host.apparmor, Unknown::Kind::kNotApplicable), expected);
  EXPECT_EQ(facts.host.files.size(), host_files::kAll.size());
  for (const auto& [name, files] : facts.host.files) {
    EXPECT_EQ(reason_of(files, Unknown::Kind::kNotApplicable), expected) << name;
  }
  const ContainerDetails& running = *container(facts, "hostile").details;
  EXPECT_EQ(reason_of(running.processes, Unknown::Kind::kNotApplicable), expected);
  EXPECT_EQ(reason_of(running.mounts.front().resolved, Unknown::Kind::kNotApplicable), expected);
  EXPECT_EQ(reason_of(container(facts, "created-privileged").details->processes, Unknown::Kind::kNotApplicable),
            "the container does not run");
}

TEST(Collect, LosesOnlyWhatOneRequestWouldHaveTold) {
  FakeEngine engine;
  engine.answers[FakeEngine::container_path("hostile")] = reply(500, R"({"message":"layer does not exist"})");
  engine.answers["/networks"] = reply(403, R"({"message":"denied by plugin gate"})");
  const Facts facts = collect_from(engine);
  EXPECT_THAT(reason_of(container(facts, "hostile").details),
              AllOf(HasSubstr("/json"), HasSubstr("layer does not exist")));
  EXPECT_TRUE(container(facts, "hardened").details);
  EXPECT_EQ(reason_of(facts.networks), "GET /networks: denied by plugin gate");
  EXPECT_TRUE(facts.engine);
  EXPECT_TRUE(facts.images);
}

TEST(Collect, DoesNotTakeAnAnswerThatIsNotUnderstoodForNothing) {
  FakeEngine engine;
  engine.answers["/containers/json?all=1"] = reply(200, "");
  engine.answers["/images/json"] = reply(200, "<html>");
  engine.answers["/networks"] = reply(200, R"({"Networks":[]})");
  const Facts facts = collect_from(engine);
  EXPECT_EQ(reason_of(facts.containers), "GET /containers/json?all=1: the engine's answer is empty");
  EXPECT_THAT(reason_of(facts.images), HasSubstr("GET /images/json"));
  EXPECT_THAT(reason_of(facts.networks), HasSubstr("'/' is no list"));
}

TEST(Collect, LeavesOutWhatVanishesMeanwhile) {
  FakeEngine engine;
  engine.answers[FakeEngine::container_path("plain")] = reply(404, R"({"message":"No such container"})");
  const auto images = json::Document::parse(recorded("images"));
  std::string gone;
  for (const json::Value image : images->root().elements()) gone = *image.find("Id")->string();
  engine.answers[FakeEngine::image_path(gone) + "/json"] = reply(404, R"({"message":"No such image"})");
  const Facts facts = collect_from(engine);
  EXPECT_THAT(names_of(facts.containers), ElementsAre("created-privileged", "hardened", "hostile"));
  ASSERT_TRUE(facts.images);
  EXPECT_THAT(*facts.images, SizeIs(images->root().size() - 1));
}

TEST(Collect, DoesNotTakeAnEngineThatIsGoneForVanishedContainers) {
  // The socket goes with the engine: every container would be "not found".
  const TemporaryFolder folder;
  const std::string socket = folder.path() + "/engine.sock";
  const FakeEngine engine;
  std::atomic<bool> gone = false;
  const ScriptedServer server(socket, [&](const SeenRequest& request) {
    if (request.target.contains("/containers/json")) {
      gone = true;
      ::unlink(socket.c_str());
    }
    ScriptedReply answer = engine(request);
    answer.close = gone;
    return answer;
  });
  CollectOptions options = options_for_tests();
  options.proc = folder.path();
  options.connections = 1;
  const auto facts = collect({.unix_socket = socket, .url = "http://localhost", .tls = {}, .origin = "test"}, options);
  ASSERT_TRUE(facts);
  ASSERT_TRUE(facts->containers);
  EXPECT_THAT(*facts->containers, SizeIs(4));
  for (const Container& one : *facts->containers) EXPECT_FALSE(one.details);
  EXPECT_FALSE(facts->engine);
}

TEST(Collect, LooksAtTheHostOfALocalEngineThatDoesNotAnswer) {
  const TemporaryFolder folder;
  const std::string socket = folder.path() + "/engine.sock";
  const auto facts =
      collect({.unix_socket = socket, .url = "http://localhost", .tls = {}, .origin = "test"}, options_for_tests());
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->local);
  EXPECT_THAT(reason_of(facts->engine), HasSubstr("engine.sock"));
  EXPECT_THAT(reason_of(facts->containers), HasSubstr("engine.sock"));
  EXPECT_THAT(reason_of(facts->swarm), HasSubstr("engine.sock"));
  EXPECT_TRUE(facts->host.apparmor || facts->host.apparmor.error().reason != "not looked at");
}

TEST(Collect, WaitsOnceForAnEngineThatFallsSilent) {
  FakeEngine engine;
  for (auto& [path, answer] : engine.answers) {
    if (path.starts_with("/containers/") && path.ends_with("/json")) answer = hanging();
  }
  engine.answers["/info"] = hanging();
  CollectOptions options = options_for_tests();
  options.client.answer_timeout = kPatience;
  options.connections = 1;  // one after the other, had each been waited for
  const ScriptedServer server(engine);
  const auto facts = collect(address_of(server), options);
  ASSERT_TRUE(facts);
  size_t hung = 0;
  for (const SeenRequest& request : server.requests()) {
    const auto answer = engine.answers.find(FakeEngine::path_of(request));
    hung += answer != engine.answers.end() && answer->second.hang ? 1 : 0;
  }
  EXPECT_EQ(hung, 1U) << "further requests are not tried";
  EXPECT_EQ(reason_of(facts->engine), "the engine did not answer GET /info within 300 ms");
  for (const Container& one : *facts->containers) {
    EXPECT_EQ(reason_of(one.details), "the engine did not answer GET /info within 300 ms");
  }
  for (const Image& image : *facts->images) EXPECT_TRUE(image.config_unknown);
  EXPECT_EQ(reason_of(facts->swarm), "the engine did not answer GET /info within 300 ms");
  EXPECT_TRUE(facts->networks) << "what was told before stays";
}

TEST(Collect, GivesUpWhatIsUnderWayWhenTheEngineFallsSilent) {
  FakeEngine engine;
  engine.answers["/images/json"] = hanging();
  engine.answers["/networks"] = hanging();
  engine.answers["/volumes"] = hanging();
  CollectOptions options = options_for_tests();
  options.client.answer_timeout = kPatience;
  const Facts facts = collect_from(engine, options);
  for (const std::string& reason : {reason_of(facts.images), reason_of(facts.networks), reason_of(facts.engine)}) {
    EXPECT_THAT(reason, AnyOf("the engine did not answer GET /images/json within 300 ms",
                              "the engine did not answer GET /networks within 300 ms",
                              "the engine did not answer GET /volumes within 300 ms"));
  }
  ASSERT_TRUE(facts.containers);
  EXPECT_THAT(*facts.containers, SizeIs(4));
}

TEST(Collect, TellsThatNobodyAnswersAtAll) {
  const ScriptedServer server([](const SeenRequest&) { return hanging(); });
  CollectOptions options = options_for_tests();
  options.client.answer_timeout = kPatience;
  const auto facts = collect(address_of(server), options);
  ASSERT_TRUE(facts);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_THAT(reason_of(facts->engine), HasSubstr("no answer within"));
  EXPECT_THAT(reason_of(facts->containers), HasSubstr("no answer within"));
}

// An engine that takes its time with each answer, within the timeout of one: of 20,000 containers it would take days.
TEST(Collect, WaitsForAllAnswersTogetherOnlySoLong) {
  FakeEngine engine;
  engine.answers[FakeEngine::container_path("hostile")] = hanging();
  CollectOptions options = options_for_tests();
  options.client.answer_timeout = std::chrono::minutes(5);
  options.time_for_all = std::chrono::seconds(1);
  options.connections = 1;
  const auto begun = std::chrono::steady_clock::now();
  const Facts facts = collect_from(engine, options);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::minutes(1));
  const std::string expected = "the engine did not give all of its answers within 1000 ms";
  EXPECT_EQ(reason_of(container(facts, "hostile").details), expected);
  for (const Image& image : *facts.images) EXPECT_EQ(image.config_unknown->reason, expected) << "asked after it";
  EXPECT_TRUE(facts.networks) << "what was told before stays";
  EXPECT_TRUE(facts.engine);
}

TEST(Collect, CountsTheFirstAnswerAmongThem) {
  const ScriptedServer server([](const SeenRequest&) { return hanging(); });
  CollectOptions options = options_for_tests();
  options.time_for_all = kPatience;
  const auto facts = collect(address_of(server), options);
  ASSERT_TRUE(facts) << "nobody asked for a stop";
  EXPECT_EQ(reason_of(facts->engine), "the engine did not give all of its answers within 300 ms");
}

class SeenProgress final : public Progress {
 public:
  uint64_t begin(std::string_view what, uint64_t total) override {
    const std::scoped_lock lock(mutex);
    steps.push_back(fmt::format("{} {}", what, total));
    return steps.size();
  }
  void advance(uint64_t id, uint64_t amount) override {
    const std::scoped_lock lock(mutex);
    done[id] += amount;
  }
  void end(uint64_t id) override {
    const std::scoped_lock lock(mutex);
    ended.insert(id);
  }
  std::mutex mutex;
  std::vector<std::string> steps;
  std::map<uint64_t, uint64_t> done;
  std::set<uint64_t> ended;
};

TEST(Collect, TellsHowFarItIs) {
  SeenProgress progress;
  CollectOptions options = options_for_tests();
  options.progress = &progress;
  const Facts facts = collect_from(FakeEngine(), options);
  EXPECT_THAT(progress.steps, ElementsAre(fmt::format("asking {} 0", facts.address),
                                          fmt::format("asking {}: containers and images 6", facts.address)));
  EXPECT_EQ(progress.done[2], 6U);
  EXPECT_EQ(progress.ended, (std::set<uint64_t>{1, 2}));
}

TEST(Collect, StopsOnRequest) {
  FakeEngine engine;
  engine.answers["/info"] = hanging();
  std::stop_source stop;
  const ScriptedServer server([&](const SeenRequest& request) {
    if (request.target.ends_with("/info")) stop.request_stop();
    return engine(request);
  });
  CollectOptions options = options_for_tests();
  options.client.stop = stop.get_token();
  const auto facts = collect(address_of(server), options);
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), Code::kCancelled);
}

// ---- Swarm

FakeEngine swarm_manager() {
  FakeEngine engine;
  engine.answers["/info"] = reply(200, recorded("info-swarm"));
  for (const std::string name : {"swarm", "nodes", "services", "secrets"}) {
    engine.answers["/" + name] = reply(200, recorded(name));
  }
  return engine;
}

TEST(Collect, AsksAManagerForItsSwarm) {
  const Facts facts = collect_from(swarm_manager());
  ASSERT_TRUE(facts.swarm) << facts.swarm.error().reason;
  EXPECT_EQ(facts.swarm->trust_root_not_after, "2046-11-17T21:37:00Z");
  EXPECT_THAT(*facts.swarm->nodes, SizeIs(1));
  EXPECT_THAT(*facts.swarm->services, SizeIs(2));
  EXPECT_EQ(*facts.swarm->secret_count, 1U);
}

// An audit needs no secret: whether managers lock is a setting, and the key that unlocks them an answer of its own.
TEST(Collect, AsksForNoKeyOfASwarm) {
  const ScriptedServer server(swarm_manager());
  ASSERT_TRUE(collect(address_of(server), options_for_tests()));
  std::set<std::string> asked;
  for (const SeenRequest& request : server.requests()) asked.insert(request.target);
  EXPECT_THAT(asked, Contains(HasSubstr("/swarm")));
  EXPECT_THAT(asked, testing::Not(Contains(HasSubstr("unlockkey"))));
}

TEST(Collect, LosesOnlyOnePartOfTheSwarm) {
  FakeEngine engine = swarm_manager();
  engine.answers["/nodes"] = reply(500, R"({"message":"rpc error: the swarm does not have a leader"})");
  const Facts facts = collect_from(engine);
  ASSERT_TRUE(facts.swarm);
  EXPECT_THAT(reason_of(facts.swarm->nodes), HasSubstr("does not have a leader"));
  EXPECT_TRUE(facts.swarm->services);
}

TEST(Collect, DoesNotAskAWorkerForItsSwarm) {
  FakeEngine engine;
  std::string info = recorded("info-swarm");
  const std::string_view manager = R"("ControlAvailable":true)";
  info.replace(info.find(manager), manager.size(), R"("ControlAvailable":false)");
  engine.answers["/info"] = reply(200, info);
  EXPECT_THAT(reason_of(collect_from(engine).swarm, Unknown::Kind::kNotApplicable),
              HasSubstr("is a worker of its Swarm"));

  // One that was demoted between two answers.
  FakeEngine demoted = swarm_manager();
  demoted.answers["/swarm"] =
      reply(503, R"({"message":"This node is not a swarm manager. Worker nodes can't be used."})");
  EXPECT_THAT(reason_of(collect_from(demoted).swarm, Unknown::Kind::kNotApplicable),
              HasSubstr("is a worker of its Swarm"));
}

TEST(Collect, TellsThatASwarmIsLocked) {
  FakeEngine engine;
  std::string info = recorded("info-swarm");
  const std::string_view active = R"("LocalNodeState":"active")";
  info.replace(info.find(active), active.size(), R"("LocalNodeState":"locked")");
  engine.answers["/info"] = reply(200, info);
  EXPECT_EQ(reason_of(collect_from(engine).swarm),
            "the engine's part in its Swarm is locked: unlock it (docker swarm unlock)");
}

// ---- Images and volumes

TEST(Collect, FindsTheImagesOfContainersThatNoListHas) {
  FakeEngine engine;
  engine.answers["/images/json"] = reply(200, R"([{"Id":"sha256:unused","RepoTags":["spare:1"],"Created":0}])");
  engine.answers["/images/sha256%3Aunused/json"] = reply(200, FakeEngine::image_answer("sha256:unused", ""));
  engine.answers["/images/sha256%3Aunused/history"] = reply(200, "[]");
  const Facts facts = collect_from(engine);
  ASSERT_TRUE(facts.images) << facts.images.error().reason;
  ASSERT_THAT(*facts.images, SizeIs(3)) << "two that containers use, one that only the list has";
  EXPECT_TRUE(facts.images->at(0).in_use);
  EXPECT_TRUE(facts.images->at(1).in_use);
  EXPECT_FALSE(facts.images->at(2).in_use);
}

TEST(Collect, LooksOnlyAtTheImagesOfContainersWhenAsked) {
  FakeEngine engine;
  engine.answers["/images/json"] = reply(200, R"([{"Id":"sha256:unused","RepoTags":["spare:1"],"Created":0}])");
  CollectOptions options = options_for_tests();
  options.all_images = false;
  const ScriptedServer server(engine);
  const auto facts = collect(address_of(server), options);
  ASSERT_TRUE(facts);
  EXPECT_THAT(labels_of(facts->images), testing::Each(testing::EndsWith(" in use")));
  EXPECT_THAT(*facts->images, SizeIs(2));
  for (const SeenRequest& request : server.requests()) EXPECT_FALSE(request.target.contains("unused"));
}

TEST(Collect, KnowsTheImageOfAContainerThatCannotBeLookedAt) {
  FakeEngine engine;
  for (const std::string_view name : {"created-privileged", "hostile", "plain"}) {
    engine.answers[FakeEngine::container_path(name)] = reply(500, R"({"message":"layer does not exist"})");
  }
  const Facts facts = collect_from(engine);
  EXPECT_THAT(labels_of(facts.images), testing::Each(testing::EndsWith(" in use")));
}

TEST(Collect, DoesNotKnowWhichImagesAreInUseWithoutTheContainers) {
  FakeEngine engine;
  engine.answers["/containers/json?all=1"] = reply(500, R"({"message":"out of memory"})");
  CollectOptions options = options_for_tests();
  options.all_images = false;
  EXPECT_EQ(reason_of(collect_from(engine, options).images), "GET /containers/json?all=1: out of memory");
}

TEST(Collect, KnowsAnImageThatAnswersByAnotherIdentifierOnce) {
  FakeEngine engine;
  const auto containers = json::Document::parse(recorded("containers"));
  std::string used;
  for (const json::Value one : containers->root().elements()) used = *one.find("ImageID")->string();
  engine.answers["/images/json"] = reply(200, R"([{"Id":"sha256:index","RepoTags":["a:1"],"Created":0}])");
  engine.answers["/images/sha256%3Aindex/json"] = reply(200, FakeEngine::image_answer("sha256:index", ""));
  engine.answers["/images/sha256%3Aindex/history"] = reply(200, "[]");
  engine.answers[FakeEngine::image_path(used) + "/json"] = reply(200, FakeEngine::image_answer("sha256:index", ""));
  const Facts facts = collect_from(engine);
  ASSERT_TRUE(facts.images);
  EXPECT_THAT(*facts.images, SizeIs(2));
  EXPECT_EQ(std::ranges::count(*facts.images, "sha256:index", &Image::id), 1);
  EXPECT_TRUE(std::ranges::find(*facts.images, "sha256:index", &Image::id)->in_use);
}

TEST(Collect, TellsWhyAnImageIsNotKnownInsteadOfJudgingIt) {
  FakeEngine engine;
  engine.answers["/containers/json?all=1"] = reply(200, "[]");
  engine.answers["/images/json"] = reply(200, R"([{"Id":"sha256:a","RepoTags":["a:1"],"Created":0},
                                                  {"Id":"sha256:b","RepoTags":["b:1"],"Created":0}])");
  engine.answers["/images/sha256%3Aa/json"] = reply(500, R"({"message":"content digest not found"})");
  engine.answers["/images/sha256%3Aa/history"] = reply(500, R"({"message":"content digest not found"})");
  engine.answers["/images/sha256%3Ab/json"] = reply(200, R"({"Id":5})");
  engine.answers["/images/sha256%3Ab/history"] = reply(200, "[]");
  const Facts facts = collect_from(engine);
  ASSERT_TRUE(facts.images);
  EXPECT_THAT(labels_of(facts.images), ElementsAre("a:1", "b:1"));
  EXPECT_THAT(facts.images->at(0).config_unknown->reason, HasSubstr("content digest not found"));
  EXPECT_THAT(reason_of(facts.images->at(0).history), HasSubstr("content digest not found"));
  EXPECT_THAT(facts.images->at(1).config_unknown->reason, HasSubstr("'/Id' is no string"));

  const CheckInfo info{};
  std::vector<Row> rows;
  TextPool texts;
  Sink sink(info, rows, texts);
  each_image(facts, sink, [](const Image& image) { FAIL() << image.label() << " was judged"; });
  ASSERT_THAT(rows, SizeIs(2));
  for (const Row& row : rows) EXPECT_EQ(row.status, RowStatus::kError);
}

TEST(Collect, DoesNotKnowWhereAVolumeLeadsWithoutTheList) {
  FakeEngine engine;
  engine.answers["/volumes"] = reply(500, R"({"message":"driver timed out"})");
  const Facts facts = collect_from(engine);
  for (const Mount& mount : container(facts, "hostile").details->mounts) {
    if (mount.volume.empty()) continue;
    EXPECT_EQ(reason_of(mount.resolved), "what the volume is made of is not known: GET /volumes: driver timed out");
  }
}

TEST(Collect, ReadsPodmansOwnAnswerOfAnImage) {
  FakeEngine engine;
  engine.ping_fields += "Libpod-Api-Version: 4.3.1\r\n";
  engine.answers["/images/json"] = reply(200, R"([{"Id":"sha256:a","RepoTags":["a:1"],"Created":0}])");
  engine.answers["/containers/json?all=1"] = reply(200, "[]");
  engine.answers["/libpod/images/sha256%3Aa/json"] =
      reply(200, R"({"Id":"sha256:a","RepoTags":["a:1"],"Os":"linux","Config":{},"Healthcheck":{"Test":["CMD","x"]}})");
  engine.answers["/images/sha256%3Aa/history"] = reply(200, "[]");
  const Facts facts = collect_from(engine);
  ASSERT_TRUE(facts.images);
  ASSERT_THAT(*facts.images, SizeIs(1));
  EXPECT_EQ(facts.images->front().health.kind, Health::Kind::kSet);
}

// ---- Limits

std::vector<std::string> unexamined_of(const Facts& facts) {
  std::vector<std::string> names;
  for (const Container& one : facts.unexamined_containers) {
    EXPECT_EQ(reason_of(one.details),
              "more than 2 containers (if the input is to be trusted, raise the limit with --max-containers)");
    names.push_back(one.name);
  }
  return names;
}

TEST(Collect, LooksAtSoManyContainersAndNoMoreThoseThatRunFirst) {
  CollectOptions options = options_for_tests();
  options.max_containers = 2;
  const FakeEngine engine;
  const ScriptedServer server(engine);
  auto facts = collect(address_of(server), options);
  ASSERT_TRUE(facts);
  EXPECT_THAT(names_of(facts->containers), ElementsAre("hardened", "hostile"));
  EXPECT_THAT(unexamined_of(*facts), ElementsAre("plain", "created-privileged"));
  EXPECT_TRUE(facts->images);
  for (const Image& image : *facts->images) EXPECT_TRUE(image.in_use) << "whoever uses it";
  for (const SeenRequest& request : server.requests()) {
    EXPECT_NE(FakeEngine::path_of(request), FakeEngine::container_path("plain"));
  }
  // No check passes over the rest.
  const AuditResult result = run_checks(*facts, {});
  std::set<std::string_view> told;
  for (const Row& row : result.rows) {
    if (row.reason.starts_with("2 more containers were not examined: more than 2 containers")) {
      EXPECT_EQ(row.status, RowStatus::kError);
      told.insert(row.check->id);
    }
  }
  for (const Row& row : result.rows) {
    if (row.object.kind == Object::Kind::kContainer) EXPECT_TRUE(told.contains(row.check->id)) << row.check->id;
  }
  EXPECT_GT(told.size(), 30U);
}

TEST(Collect, LooksFirstAtTheContainersThatTheUserNamed) {
  CollectOptions options = options_for_tests();
  options.max_containers = 2;
  const Selection selection{.containers = {"created-*"}};
  options.wanted = [&](const Container& one) { return selection.names(one); };
  Facts facts = collect_from(FakeEngine(), options);
  EXPECT_THAT(names_of(facts.containers), ElementsAre("created-privileged", "hardened"));
  EXPECT_THAT(unexamined_of(facts), ElementsAre("hostile", "plain"));
  const AuditResult result = run_checks(facts, selection);
  EXPECT_TRUE(result.warnings.empty());
  for (const Row& row : result.rows)
    EXPECT_THAT(row.reason, Not(HasSubstr("not examined"))) << "nobody asked for those";
  // Of those that nobody looked at none is called unknown, nor are there no containers.
  const AuditResult other = run_checks(facts, {.checks = {"container.privileged"}, .containers = {"plain"}});
  EXPECT_TRUE(other.warnings.empty());
  ASSERT_THAT(other.rows, SizeIs(1));
  EXPECT_THAT(other.rows[0].reason, testing::StartsWith("1 more containers were not examined"));
}

TEST(Collect, RefusesAListThatIsTooLong) {
  FakeEngine engine;
  std::string list = "[";
  for (size_t i = 0; i <= kMaxListed; ++i) list += i == 0 ? "{}" : ",{}";
  engine.answers["/containers/json?all=1"] = reply(200, list + "]");
  engine.answers["/images/json"] = reply(200, list + "]");
  const Facts facts = collect_from(engine);
  EXPECT_THAT(reason_of(facts.containers), HasSubstr("more than 100000 containers"));
  EXPECT_THAT(reason_of(facts.images), HasSubstr("more than 100000 images"));
}

}  // namespace
}  // namespace bulkhead::audit

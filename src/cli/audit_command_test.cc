// `bulkhead audit` of engines that answer what a real one has answered, and of none. Real ones are tests/e2e/'s.
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "audit/catalogue.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::cli {
namespace {

using net::testing::reply;

// The engine of src/audit/testdata/docker-20.10, behind TCP: nothing of this machine's is looked at.
net::testing::ScriptedReply recorded_answer(const net::testing::SeenRequest& request) {
  if (request.target == "/_ping") return reply(200, "OK", "Api-Version: 1.41\r\n");
  const auto recorded = [](std::string_view name) {
    return *read_file(testdata_of("audit", fmt::format("docker-20.10/{}.json", name)), size_t{1} << 20);
  };
  const std::string path = request.target.substr(std::string_view("/v1.41").size());
  for (const auto& [known, name] : {std::pair("/info", "info"),
                                    {"/version", "version"},
                                    {"/containers/json?all=1", "containers"},
                                    {"/images/json", "images"},
                                    {"/networks", "networks"},
                                    {"/volumes", "volumes"}}) {
    if (path == known) return reply(200, recorded(name));
  }
  for (const char* name : {"plain", "hardened", "hostile", "created-privileged"}) {
    const std::string answer = recorded(fmt::format("container-{}", name));
    const auto document = json::Document::parse(answer);
    if (path == fmt::format("/containers/{}/json", document->root().string_or("Id", ""))) return reply(200, answer);
  }
  return reply(404, R"({"message":"page not found"})");
}

class AuditCommandTest : public testing::Test {
 protected:
  Result<int> run(std::vector<std::string> words) {
    words.insert(words.begin(), "audit");
    auto line = parse_command_line(words, commands());
    EXPECT_TRUE(line) << line.error().to_string();
    Interrupts interrupts;
    return line->command->run(interrupts);
  }
  json::Document report() const {
    const auto text = read_file(folder_ / "report.json", size_t{16} << 20);
    EXPECT_TRUE(text) << text.error().to_string();
    auto document = json::Document::parse(text.value_or("{}"));
    EXPECT_TRUE(document);
    return std::move(*document);
  }

  std::string address() const { return fmt::format("tcp://{}", server_.url("").substr(std::string("http://").size())); }
  // Of the containers of the recorded engine alone.
  Result<int> run_on_containers(std::vector<std::string> words) {
    words.insert(words.end(),
                 {"--host", address(), "--section", "containers", "-o", "json=" + (folder_ / "report.json")});
    return run(std::move(words));
  }
  std::vector<std::string> warnings() const {
    std::vector<std::string> all;
    const json::Document document = report();
    for (const json::Value host : document.root().find("hosts")->elements()) {
      for (const json::Value warning : host.find("warnings")->elements()) all.emplace_back(*warning.string());
    }
    return all;
  }

  TemporaryFolder folder_;
  const net::testing::ScriptedServer server_{recorded_answer};
};

TEST_F(AuditCommandTest, ExitsWithTwoWhenTheThresholdIsMetAndNoExceptionCoversIt) {
  EXPECT_EQ(run_on_containers({}).value_or(-1), kSuccess);
  EXPECT_EQ(run_on_containers({"--fail-on", "critical"}).value_or(-1), kThresholdMet);
  const std::string exceptions = folder_.write(
      "e.yaml",
      "- {check: 'container.*', object: '*', reason: r, owner: o}\n- {check: daemon.icc, reason: r, owner: o}");
  EXPECT_EQ(run_on_containers({"--fail-on", "low", "--exceptions", exceptions}).value_or(-1), kSuccess);
  const json::Document document = report();
  const json::Value host = *document.root().find("hosts")->elements().begin();
  EXPECT_EQ(host.find("summary")->find("fail")->integer(), 0);
  EXPECT_GT(*host.find("summary")->find("exempted")->integer(), 0);
  EXPECT_TRUE(warnings().back().ends_with("entry 2 (daemon.icc) met no failure in this run; its owner is o"));
  const std::string expired =
      folder_.write("old.yaml", "- {check: 'container.*', object: '*', reason: r, owner: o, expires: 2020-01-01}\n");
  EXPECT_EQ(run_on_containers({"--fail-on", "critical", "--exceptions", expired}).value_or(-1), kThresholdMet);
  EXPECT_EQ(run_on_containers({"--fail-on", "low", "--container", "hardened", "--check", "container.privileged"})
                .value_or(-1),
            kSuccess);
}

TEST_F(AuditCommandTest, ComparesWithItsOwnReport) {
  ASSERT_TRUE(run_on_containers({}));
  const std::string old = folder_ / "old.json";
  std::filesystem::rename(folder_ / "report.json", old);
  ASSERT_TRUE(run_on_containers({"--baseline", old}));
  const json::Document document = report();
  const json::Value host = *document.root().find("hosts")->elements().begin();
  EXPECT_TRUE(host.find("changes")->is_array());
  EXPECT_EQ(host.find("changes")->size(), 0U);
  EXPECT_GT(host.find("rows")->size(), 100U);
}

TEST_F(AuditCommandTest, AuditsTheOtherHostsWhenOneGivesNoAnswer) {
  const std::vector<std::string> silent = {"--host", "unix:///nonexistent/a.sock"};
  EXPECT_EQ(run_on_containers(silent).value_or(-1), kSuccess);
  {
    const json::Document document = report();
    ASSERT_EQ(document.root().find("hosts")->size(), 2U);
    EXPECT_TRUE(document.root().find("hosts")->elements().begin().operator*().find("engine")->is_null());
  }
  std::vector<std::string> gate = silent;
  gate.insert(gate.end(), {"--fail-on", "critical"});
  const auto exit_code = run_on_containers(gate);
  ASSERT_FALSE(exit_code);
  EXPECT_EQ(exit_code.error().message(), "not audited: unix:///nonexistent/a.sock");
}

std::string address_of(const net::testing::ScriptedServer& server) {
  return fmt::format("tcp://{}", server.url("").substr(std::string("http://").size()));
}

// Each engine answers only when all of them have been asked.
TEST_F(AuditCommandTest, AsksSeveralHostsAtTheSameTime) {
  constexpr size_t kHosts = 4;
  std::mutex mutex;
  std::condition_variable all_asked;
  std::set<size_t> asked;
  const auto engine = [&](size_t number) {
    return [&, number](const net::testing::SeenRequest& request) {
      std::unique_lock lock(mutex);
      asked.insert(number);
      all_asked.notify_all();
      if (!all_asked.wait_for(lock, std::chrono::seconds(60), [&] { return asked.size() == kHosts; })) {
        return reply(500, R"({"message":"the others were not asked"})");
      }
      return recorded_answer(request);
    };
  };
  std::vector<std::unique_ptr<net::testing::ScriptedServer>> servers;
  std::vector<std::string> words = {"--timeout", "120", "-o", "json=" + (folder_ / "report.json")};
  for (size_t i = 0; i < kHosts; ++i) {
    servers.push_back(std::make_unique<net::testing::ScriptedServer>(engine(i)));
    words.insert(words.end(), {"--host", address_of(*servers.back())});
  }
  EXPECT_EQ(run(words).value_or(-1), kSuccess);
  const json::Document document = report();
  size_t number = 0;
  for (const json::Value host : document.root().find("hosts")->elements()) {
    EXPECT_EQ(host.string_or("address", ""), address_of(*servers[number++])) << "in the order given";
    EXPECT_TRUE(host.find("engine")->is_string());
  }
  EXPECT_EQ(number, kHosts);
}

TEST_F(AuditCommandTest, LetsNoHostWaitForOneThatHangs) {
  const net::testing::ScriptedServer hanging([](const net::testing::SeenRequest& request) {
    if (request.target == "/_ping") return recorded_answer(request);
    return net::testing::ScriptedReply{.hang = true};
  });
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run({"--host", address_of(hanging), "--host", "unix:///nonexistent/a.sock", "--host", address(),
                 "--timeout", "600", "--deadline", "3", "-o", "json=" + (folder_ / "report.json")})
                .value_or(-1),
            kSuccess);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(120));
  const json::Document document = report();
  std::vector<std::string> engines;
  for (const json::Value host : document.root().find("hosts")->elements()) {
    engines.push_back(fmt::format("{} {}", host.string_or("address", ""), host.find("engine")->is_string()));
  }
  EXPECT_EQ(engines, (std::vector<std::string>{address_of(hanging) + " false", "unix:///nonexistent/a.sock false",
                                               address() + " true"}));
  const json::Value first = *document.root().find("hosts")->elements().begin();
  size_t told = 0;
  for (const json::Value row : first.find("rows")->elements()) {
    EXPECT_NE(row.string_or("status", ""), "pass");
    if (row.string_or("reason", "") == "the engine did not give all of its answers within 3000 ms") ++told;
  }
  EXPECT_GT(told, 10U);
}

TEST_F(AuditCommandTest, SaysHowManyContainersWereNotExamined) {
  EXPECT_EQ(run_on_containers({"--max-containers", "1", "--check", "container.privileged"}).value_or(-1), kSuccess);
  const json::Document document = report();
  std::vector<std::string> rows;
  for (const json::Value row : document.root().find("hosts")->elements().begin().operator*().find("rows")->elements()) {
    rows.push_back(fmt::format("{} {} {}", row.find("object")->string_or("kind", ""), row.string_or("status", ""),
                               row.string_or("reason", "")));
  }
  EXPECT_EQ(rows, (std::vector<std::string>{
                      "daemon error 3 more containers were not examined: more than 1 containers (if the input is to be "
                      "trusted, raise the limit with --max-containers)",
                      "container pass "}));
  EXPECT_FALSE(
      run_on_containers({"--max-containers", "1", "--check", "container.privileged", "--fail-on", "critical"}));
}

TEST_F(AuditCommandTest, PassesNoGateForContainersThatAreNotThere) {
  const auto exit_code = run_on_containers({"--container", "no-such-*", "--fail-on", "low"});
  ASSERT_FALSE(exit_code);
  EXPECT_EQ(exit_code.error().code(), Code::kNotFound);
  EXPECT_EQ(warnings().front(), "no container is called 'no-such-*'");
  EXPECT_EQ(run_on_containers({"--container", "no-such-*"}).value_or(-1), kSuccess);
}

TEST_F(AuditCommandTest, RefusesTwoNamesOfOneEngine) {
  const auto exit_code = run_on_containers({"--host", server_.url("")});
  ASSERT_FALSE(exit_code);
  EXPECT_TRUE(exit_code.error().message().contains("is another name of " + address()));
}

TEST_F(AuditCommandTest, ReportsAnEngineThatGivesNoAnswerAndFails) {
  const auto exit_code = run({"--host", "unix:///nonexistent/a.sock", "--host", "unix:///nonexistent/b.sock", "-o",
                              "json=" + (folder_ / "report.json")});
  ASSERT_FALSE(exit_code);
  EXPECT_EQ(exit_code.error().code(), Code::kUnavailable);
  EXPECT_EQ(exit_code.error().message(), "not audited: unix:///nonexistent/a.sock, unix:///nonexistent/b.sock");
  const json::Document document = report();
  ASSERT_EQ(document.root().find("hosts")->size(), 2U);
  for (const json::Value host : document.root().find("hosts")->elements()) {
    EXPECT_TRUE(host.find("engine")->is_null());
    EXPECT_EQ(host.find("summary")->find("pass")->integer(), 0);
    EXPECT_EQ(host.find("summary")->find("fail")->integer(), 0);
    EXPECT_GT(*host.find("summary")->find("error")->integer(), 0);
    bool told = false;
    for (const json::Value row : host.find("rows")->elements()) {
      told = told || row.string_or("reason", "").contains("/nonexistent/");
    }
    EXPECT_TRUE(told);
  }
}

// What cannot be judged is no failure, and lets nothing through a gate either.
TEST_F(AuditCommandTest, PassesNoGateForWhatCouldNotBeChecked) {
  const net::testing::ScriptedServer server([](const net::testing::SeenRequest& request) {
    if (request.target.ends_with("/containers/json?all=1")) return reply(500, R"({"message":"database is locked"})");
    return recorded_answer(request);
  });
  const std::string address = fmt::format("tcp://{}", server.url("").substr(std::string("http://").size()));
  const auto run_on_it = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--host", address, "-o", "json=" + (folder_ / "report.json")});
    return run(std::move(words));
  };
  EXPECT_EQ(run_on_it({"--check", "container.privileged"}).value_or(-1), kSuccess);
  EXPECT_EQ(run_on_it({"--check", "container.memory-limit", "--fail-on", "critical"}).value_or(-1), kSuccess);
  const auto gate = run_on_it({"--check", "container.privileged", "--fail-on", "critical"});
  ASSERT_FALSE(gate);
  EXPECT_TRUE(gate.error().message().contains("container.privileged could not be checked")) << gate.error().to_string();
  EXPECT_TRUE(gate.error().message().contains("database is locked")) << gate.error().to_string();
}

TEST_F(AuditCommandTest, SaysInTheReportWhatWasNotSelected) {
  const auto first_warning = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--host", "unix:///nonexistent/a.sock", "-o", "json=" + (folder_ / "report.json")});
    EXPECT_FALSE(run(words));
    const json::Document document = report();
    const json::Value host = *document.root().find("hosts")->elements().begin();
    for (const json::Value warning : host.find("warnings")->elements()) return std::string(*warning.string());
    return std::string();
  };
  EXPECT_EQ(first_warning({}), "");
  EXPECT_EQ(first_warning({"--check", "container.privileged"}),
            fmt::format("1 of {} checks were selected; the others were not made", audit::catalogue().size()));
  EXPECT_TRUE(first_warning({"--container", "web"}).starts_with("only what --container and --image name was judged"));
}

TEST_F(AuditCommandTest, FindsWhatIsWrongWithFilesAndNamesBeforeAnyEngineIsAsked) {
  const std::string here = "json=" + (folder_ / "report.json");
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--host", "unix:///nonexistent/a.sock", "-o", here});
    const auto exit_code = run(words);
    EXPECT_FALSE(exit_code);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "report.json"));
    return exit_code ? "" : exit_code.error().to_string();
  };
  EXPECT_TRUE(refused({"--exceptions", folder_.write("e.yaml", "- {check: container.privileged}")})
                  .ends_with("e.yaml: entry 1: \"reason\" is missing: whoever reads this in a year will want to know"));
  EXPECT_TRUE(refused({"--exceptions", folder_ / "none.yaml"}).contains("none.yaml"));
  EXPECT_TRUE(refused({"--baseline", folder_.write("old.json", "{}")}).contains("old.json: "));
  EXPECT_TRUE(refused({"--host", "ssh://h"}).starts_with("--host: engines behind ssh"));
  EXPECT_TRUE(refused({"-o", "html=" + (folder_ / "none/x.html")}).contains("there is no folder"));
}

TEST_F(AuditCommandTest, ComparesNothingWithWhatGaveNoAnswer) {
  const std::string old =
      folder_.write("old.json", R"({"schema_version":1,"hosts":[{"address":"unix:///nonexistent/a.sock",
    "engine":"e","created":"2026-01-01T00:00:00Z","rows":[]}]})");
  EXPECT_FALSE(
      run({"--host", "unix:///nonexistent/a.sock", "--baseline", old, "-o", "json=" + (folder_ / "report.json")}));
  const json::Document document = report();
  const json::Value host = *document.root().find("hosts")->elements().begin();
  EXPECT_TRUE(host.find("changes")->is_null());
  EXPECT_TRUE(host.find("warnings")->elements().begin().operator*().string()->contains("there is no answer now"));
}

}  // namespace
}  // namespace bulkhead::cli

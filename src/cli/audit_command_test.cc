// What `bulkhead audit` answers with when no engine is there; with one, it is tests/e2e/ that ask.
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "audit/catalogue.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/temporary_folder.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/interrupts.h"

namespace bulkhead::cli {
namespace {

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

  TemporaryFolder folder_;
};

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

TEST_F(AuditCommandTest, SaysUnderAThresholdWhatItCouldNotWeigh) {
  const auto exit_code =
      run({"--host", "unix:///nonexistent/a.sock", "--fail-on", "low", "-o", "json=" + (folder_ / "report.json")});
  ASSERT_FALSE(exit_code);  // and not 0: there is no failure, but no answer either
  const json::Document document = report();
  const json::Value host = *document.root().find("hosts")->elements().begin();
  bool told = false;
  for (const json::Value warning : host.find("warnings")->elements()) {
    told = told || warning.string()->ends_with("could not be checked, and --fail-on counts none of them");
  }
  EXPECT_TRUE(told);
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

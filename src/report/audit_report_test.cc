#include "report/audit_report.h"

#include <algorithm>
#include <functional>
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"

namespace bulkhead::report {
namespace {

using audit::AuditResult;
using audit::CheckInfo;
using audit::Object;
using audit::RowStatus;
using audit::Section;

constexpr CheckInfo kTrust{.id = "host.trusted-users",
                           .title = "Only trusted users control the engine",
                           .section = Section::kHost,
                           .automatic = false,
                           .rationale = "Who may use the socket is root.",
                           .remediation = "Take others out of the group:\n  gpasswd -d USER docker",
                           .cis = {"1.1.2", "1.1.2", "1.1.2"}};
constexpr CheckInfo kIcc{.id = "daemon.icc",
                         .title = "Containers of the default bridge cannot talk to each other",
                         .section = Section::kDaemon,
                         .severity = advisory::Severity::kMedium,
                         .rationale = "A neighbour may be hostile.",
                         .remediation = "\"icc\": false in daemon.json",
                         .cis = {"2.2", "2.2", "2.2"}};
constexpr CheckInfo kPrivileged{.id = "container.privileged",
                                .title = "Containers do not run privileged",
                                .section = Section::kContainers,
                                .severity = advisory::Severity::kCritical,
                                .rationale = "It is root on the host.",
                                .remediation = "Start it without `--privileged`",
                                .cis = {"5.4", "5.4", "5.5"}};
constexpr CheckInfo kOurs{.id = "container.stopped",
                          .title = "Stopped containers are safe too",
                          .section = Section::kContainers,
                          .level = 2,
                          .severity = advisory::Severity::kLow,
                          .rationale = "They can be started.",
                          .remediation = "docker rm NAME"};

Object container(const char* name) {
  return {.kind = Object::Kind::kContainer, .name = name, .id = std::string(64, 'a')};
}

AuditResult sample() {
  AuditResult result{.address = "unix:///var/run/docker.sock",
                     .engine = "Docker Engine 20.10.24 on node-1 (Debian GNU/Linux 12)",
                     .created = "2026-11-22T12:00:00Z",
                     .rows = {},
                     .warnings = {"no container is called 'x\n[PASS]'"}};
  const auto add = [&](const CheckInfo& check, Object object, RowStatus status, std::vector<audit::Evidence> evidence,
                       std::string reason = {}) {
    result.rows.push_back({.check = &check,
                           .object = std::move(object),
                           .status = status,
                           .evidence = std::move(evidence),
                           .reason = std::move(reason)});
  };
  const Object engine{.kind = Object::Kind::kDaemon, .name = result.address};
  add(kTrust, {.kind = Object::Kind::kHost, .name = "node-1"}, RowStatus::kManual, {{"group docker", "alice", ""}});
  add(kIcc, engine, RowStatus::kFail, {{"argument --icc of process 812", "not set", "false"}});
  add(kPrivileged, container("cache"), RowStatus::kFail, {{"/HostConfig/Privileged", "true", "false"}});
  add(kPrivileged, container("db"), RowStatus::kPass, {{"/HostConfig/Privileged", "false", "false"}});
  add(kPrivileged, container("e\x1b[31mvil<b>"), RowStatus::kFail, {{"/HostConfig/Privileged", "true", "false"}});
  add(kOurs, container("gone"), RowStatus::kError, {}, "the engine did not answer within 30 s");
  add(kOurs, container("new"), RowStatus::kNotApplicable, {}, "it runs");
  result.rows[2].exempted = std::make_shared<audit::Exempted>(
      audit::Exempted{.reason = "builds images", .owner = "ops", .expires = "2027-01-31"});
  return result;
}

std::string render(std::string_view format, std::span<const AuditResult> results,
                   const AuditOptions& options = {.tool_version = "1.0"}) {
  for (const AuditFormat& one : audit_formats()) {
    if (one.name != format) continue;
    const auto text = one.render(results, options);
    EXPECT_TRUE(text) << text.error().to_string();
    return text.value_or("");
  }
  ADD_FAILURE() << format;
  return {};
}
std::string render_one(std::string_view format, const AuditResult& result,
                       const AuditOptions& options = {.tool_version = "1.0"}) {
  return render(format, {&result, 1}, options);
}

TEST(AuditTable, HasSectionsThenWhatToDoWorstFirstThenNumbers) {
  EXPECT_EQ(render_one("table", sample()),
            R"(unix:///var/run/docker.sock  Docker Engine 20.10.24 on node-1 (Debian GNU/Linux 12)

Host
  host.trusted-users (1.1.2)  Only trusted users control the engine
    [NOTE] host  group docker: alice

Engine configuration
  daemon.icc (2.2)  Containers of the default bridge cannot talk to each other
    [WARN] engine  argument --icc of process 812: not set, wanted false

Containers
  container.privileged (5.5)  Containers do not run privileged
    [EXC ] cache            exempted: builds images (ops, until 2027-01-31); /HostConfig/Privileged: true, wanted false
    [PASS] db               /HostConfig/Privileged: false
    [WARN] e\x1b[31mvil<b>  /HostConfig/Privileged: true, wanted false
  container.stopped  Stopped containers are safe too
    [ERR ] gone  the engine did not answer within 30 s
    [INFO] new   it runs

What to do: 2 checks failed
  critical   container.privileged (5.5)  Containers do not run privileged
    of e\x1b[31mvil<b>
    Start it without `--privileged`
  medium     daemon.icc (2.2)  Containers of the default bridge cannot talk to each other
    of engine
    "icc": false in daemon.json

warning: no container is called 'x [PASS]'
7 results: 1 passed, 2 failed (1 critical, 1 medium), 1 exempted, 1 for a person, 1 not applicable, 1 could not be checked
2 of 4 checks failed, 1 could not be made
)");
}

// Sixteen rules of the kernel's audit are one file and one command, not sixteen.
TEST(AuditTable, GivesOneAdviceOnceWithTheCommandsOfAllChecks) {
  constexpr std::string_view kAdvice[] = {"Put this there:\n a\nThen restart", "Put this there:\n b\nThen restart",
                                          "Put this there:\n b\nThen wait"};
  CheckInfo first = kPrivileged;
  CheckInfo second = kIcc;
  CheckInfo third = kOurs;
  first.remediation = kAdvice[0];
  second.remediation = kAdvice[2];
  third.remediation = kAdvice[1];
  AuditResult result = sample();
  result.rows.clear();
  for (const CheckInfo* check : {&second, &first, &third}) {
    result.rows.push_back({.check = check, .object = container("web"), .status = RowStatus::kFail, .evidence = {}});
  }
  EXPECT_TRUE(render_one("table", result).contains(R"(
What to do: 3 checks failed
  critical   container.privileged (5.5)  Containers do not run privileged
    of web
  low        container.stopped  Stopped containers are safe too
    of web
    Put this there:
     a
     b
    Then restart
  medium     daemon.icc (2.2)  Containers of the default bridge cannot talk to each other
    of web
    Put this there:
     b
    Then wait
)")) << render_one("table", result);
  const std::string page = render_one("html", result);
  EXPECT_TRUE(page.contains("<p class=\"fix\">Put this there:\n a\n b\nThen restart</p>")) << page;
  size_t advices = 0;
  for (size_t at = page.find("class=\"fix\""); at != std::string::npos; at = page.find("class=\"fix\"", at + 1))
    ++advices;
  EXPECT_EQ(advices, 2U);
  for (const CheckInfo* check : {&first, &second, &third}) {
    EXPECT_TRUE(page.contains(fmt::format("{} <span class=\"meta\"><code>{}</code>", check->title, check->id)));
  }
  second.remediation = kAdvice[1];
  third.remediation = second.remediation;
  EXPECT_TRUE(render_one("table", result).contains("Put this there:\n     a\n     b\n    Then restart\n\n"))
      << "each command once";
}

TEST(AuditTable, ShowsOnlyWhatFailedWhenAskedAndCountsTheRest) {
  const std::string text = render_one("table", sample(), {.only_failed = true});
  for (const char* gone : {"[PASS]\x20", "[NOTE]", "[INFO]", "[EXC ]", "Host\n"}) {
    EXPECT_FALSE(text.contains(gone)) << gone << text;
  }
  for (const char* kept : {"[WARN] engine", "[ERR ] gone", "7 results: 1 passed, 2 failed"}) {
    EXPECT_TRUE(text.contains(kept)) << kept << text;
  }
}

TEST(AuditTable, ColoursAndWrapsForATerminalOnly) {
  const std::string plain = render_one("table", sample());
  EXPECT_FALSE(plain.contains('\x1b'));
  const std::string text = render_one("table", sample(), {.color = true, .width = 60});
  EXPECT_TRUE(text.contains("\x1b[32m[PASS]\x1b[0m"));
  EXPECT_TRUE(text.contains("\x1b[1;31m[WARN]\x1b[0m"));
  EXPECT_TRUE(text.contains("\x1b[34m[NOTE]\x1b[0m"));  // no severity has that one
  size_t lines = 0;
  for (std::string_view rest = text, line; next_line(rest, line); ++lines) {
    size_t columns = 0;
    bool escape = false;
    for (const char c : line) {
      escape = escape || c == '\x1b';
      if (!escape) ++columns;
      if (c == 'm') escape = false;
    }
    EXPECT_LE(columns, 60U) << line;
  }
  EXPECT_GT(lines, 30U);
}

TEST(AuditTable, TellsWhatChangedSinceTheBaseline) {
  AuditResult result = sample();
  result.changes.emplace();
  EXPECT_TRUE(render_one("table", result).contains("\nNothing changed since the baseline\n"));
  result.changes = {{.kind = audit::Change::Kind::kWorse,
                     .check = "daemon.icc",
                     .object = result.rows[1].object,
                     .before = RowStatus::kPass,
                     .after = RowStatus::kFail},
                    {.kind = audit::Change::Kind::kGone,
                     .check = "container.privileged",
                     .object = container("old\n"),
                     .before = RowStatus::kFail}};
  EXPECT_TRUE(render_one("table", result)
                  .contains("\nSince the baseline\n  worse  daemon.icc of engine: fail, was pass\n"
                            "  gone   container.privileged of old : was fail\n"))
      << render_one("table", result);
}

TEST(AuditTable, SaysNothingTwiceAndNotEverything) {
  AuditResult result = sample();
  result.rows.resize(1);
  result.rows[0] = {.check = &kIcc,
                    .object = {.kind = Object::Kind::kFile, .name = "/etc/x"},
                    .status = RowStatus::kFail,
                    .evidence = {{"/etc/x", "0666", "644"}, {"a", "1", "one set"}, {"b", "2", "one set"}},
                    .reason = {}};
  EXPECT_TRUE(render_one("table", result).contains("    [WARN] /etc/x  0666, wanted 644; a: 1; b: 2, wanted one set\n"))
      << render_one("table", result);
  for (int i = 0; i < 7; ++i) result.rows[0].evidence.push_back({"c", std::to_string(i), "one set"});
  EXPECT_TRUE(render_one("table", result).contains("0666, wanted 644; a: 1; b: 2; c: 0, wanted one set; and 6 more\n"))
      << render_one("table", result);
  EXPECT_TRUE(render_one("html", result).contains("c: 6, wanted one set"));
}

TEST(AuditTable, TellsOnceWhyAHostGaveNoAnswer) {
  AuditResult result = sample();
  result.engine.clear();
  for (audit::Row& row : result.rows) {
    if (row.check == &kOurs) continue;
    row = {.check = row.check, .object = row.object, .status = RowStatus::kError, .reason = "connection refused"};
  }
  const std::string text = render_one("table", result, {.only_failed = true});
  EXPECT_EQ(text,
            "unix:///var/run/docker.sock  no answer\n"
            "  [ERR ] 5 results  connection refused\n"
            "  [ERR ] 1 result  the engine did not answer within 30 s\n"
            "\n"
            "warning: no container is called 'x [PASS]'\n"
            "7 results: 0 passed, 0 failed, 0 exempted, 0 for a person, 1 not applicable, 6 could not be checked\n"
            "not audited: the engine gave no answer\n");
  result.engine = "e";  // of one that answered each row counts
  EXPECT_TRUE(render_one("table", result).contains("    [ERR ] engine  connection refused\n"));
}

TEST(AuditTable, NeverSaysThatAllIsWellWhereItDidNotLook) {
  const auto conclusion = [](const std::function<void(AuditResult&)>& change) {
    AuditResult result = sample();
    change(result);
    const std::string text = render_one("table", result);
    const size_t line = text.rfind('\n', text.size() - 2) + 1;
    return text.substr(line, text.size() - line - 1);
  };
  EXPECT_EQ(conclusion([](AuditResult& r) { r.rows.resize(1); }), "no check of 1 failed");
  EXPECT_EQ(conclusion([](AuditResult& r) { r.rows.erase(r.rows.begin(), r.rows.begin() + 5); }),
            "no check of 1 failed, but 1 could not be made");
  EXPECT_EQ(conclusion([](AuditResult& r) { r.rows.erase(r.rows.begin(), r.rows.begin() + 6); }),
            "nothing was checked");
  EXPECT_EQ(conclusion([](AuditResult& r) { r.rows.clear(); }), "nothing was checked");
  EXPECT_EQ(conclusion([](AuditResult& r) { r.engine.clear(); }), "not audited: the engine gave no answer");
  EXPECT_EQ(conclusion([](AuditResult& r) { r.rows.resize(3); }), "1 of 3 checks failed");
}

TEST(AuditJson, HasChecksOnceAndARowForEachObject) {
  const std::vector<AuditResult> two{sample(), sample()};
  const auto document = json::Document::parse(render("json", two));
  ASSERT_TRUE(document);
  const json::Value root = document->root();
  EXPECT_EQ(root.find("schema_version")->integer(), 1);
  EXPECT_EQ(root.find("tool")->string_or("version", ""), "1.0");
  ASSERT_EQ(root.find("checks")->size(), 4U);
  const json::Value check = *root.find("checks")->elements().begin();
  EXPECT_EQ(check.string_or("id", ""), "host.trusted-users");
  EXPECT_EQ(check.find("automatic")->boolean(), false);
  ASSERT_EQ(root.find("hosts")->size(), 2U);
  const json::Value host = *root.find("hosts")->elements().begin();
  ASSERT_EQ(host.find("rows")->size(), 7U);
  std::vector<json::Value> rows;
  for (const json::Value row : host.find("rows")->elements()) rows.push_back(row);
  EXPECT_EQ(rows[2].string_or("check", ""), "container.privileged");
  EXPECT_EQ(rows[2].string_or("severity", ""), "critical");
  EXPECT_EQ(rows[2].find("object")->string_or("id", ""), std::string(64, 'a'));
  EXPECT_EQ(rows[2].find("exempted")->string_or("owner", ""), "ops");
  const json::Value evidence = *rows[2].find("evidence")->elements().begin();
  EXPECT_EQ(evidence.string_or("where", ""), "/HostConfig/Privileged");
  EXPECT_EQ(evidence.string_or("wanted", ""), "false");
  EXPECT_EQ(rows[5].string_or("status", ""), "error");
  EXPECT_EQ(rows[5].string_or("reason", ""), "the engine did not answer within 30 s");
  EXPECT_TRUE(host.find("changes")->is_null());
  const json::Value summary = *host.find("summary");
  EXPECT_EQ(summary.find("fail")->integer(), 2);
  EXPECT_EQ(summary.find("exempted")->integer(), 1);
  EXPECT_EQ(summary.find("failures_by_severity")->find("critical")->integer(), 1);
}

// Of 20,000 containers the whole is some 300 MB.
TEST(AuditFormats, HandOnTheirPiecesAsTheyAreMade) {
  AuditResult result = sample();
  const audit::Row row = result.rows[3];
  for (size_t i = 0; i < 10'000; ++i) {
    result.rows.push_back(row);
    if (i % 100 == 0) result.rows.back().check = i % 200 == 0 ? &kIcc : &kOurs;
  }
  for (const AuditFormat& format : audit_formats()) {
    size_t pieces = 0;
    size_t largest = 0;
    std::string whole;
    const Status written = format.write({&result, 1}, {.tool_version = "1.0"}, [&](std::string_view piece) -> Status {
      ++pieces;
      largest = std::max(largest, piece.size());
      whole += piece;
      return {};
    });
    ASSERT_TRUE(written) << format.name;
    EXPECT_EQ(whole, render_one(format.name, result)) << format.name;
    if (!format.is_stream) continue;
    EXPECT_GT(pieces, 10U) << format.name;
    EXPECT_LT(largest, 100'000U) << format.name;
    pieces = 0;
    const Status broken = format.write({&result, 1}, {}, [&](std::string_view) -> Status {
      ++pieces;
      return fail(Code::kIo, "the disk is full");
    });
    EXPECT_FALSE(broken) << format.name;
    EXPECT_EQ(pieces, 1U) << format.name;
  }
}

TEST(AuditSarif, HasAResultForEachFailureAndNotificationsForTheRest) {
  const auto document = json::Document::parse(render_one("sarif", sample()));
  ASSERT_TRUE(document);
  const json::Value run = *document->root().find("runs")->elements().begin();
  EXPECT_EQ(run.find("automationDetails")->string_or("id", ""), "bulkhead-audit/unix:///var/run/docker.sock/");
  const json::Value rules = *run.find("tool")->find("driver")->find("rules");
  ASSERT_EQ(rules.size(), 4U);
  std::vector<std::string> scores;
  for (const json::Value rule : rules.elements()) {
    scores.emplace_back(rule.find("properties")->string_or("security-severity", ""));
    EXPECT_FALSE(rule.find("help")->string_or("text", "").empty());
  }
  EXPECT_EQ(scores, (std::vector<std::string>{"5.5", "5.5", "9.5", "2.0"}));
  std::vector<json::Value> results;
  for (const json::Value result : run.find("results")->elements()) results.push_back(result);
  ASSERT_EQ(results.size(), 2U);  // the exempted one is none
  EXPECT_EQ(results[1].string_or("ruleId", ""), "container.privileged");
  EXPECT_EQ(results[1].find("ruleIndex")->integer(), 2);
  EXPECT_EQ(results[1].string_or("level", ""), "error");
  const json::Value location = *results[1].find("locations")->elements().begin();
  EXPECT_EQ(location.find("physicalLocation")->find("artifactLocation")->string_or("uri", ""),
            "container/e%1B%5B31mvil%3Cb%3E");
  const json::Value invocation = *run.find("invocations")->elements().begin();
  EXPECT_EQ(invocation.find("executionSuccessful")->boolean(), true);
  std::vector<std::string> notifications;
  for (const json::Value one : invocation.find("toolExecutionNotifications")->elements()) {
    notifications.push_back(std::string(one.string_or("level", "")) + " " +
                            std::string(one.find("message")->string_or("text", "")));
  }
  EXPECT_EQ(notifications,
            (std::vector<std::string>{"warning no container is called 'x\n[PASS]'",
                                      "note container.privileged: cache: exempted: builds images (ops, until "
                                      "2027-01-31); /HostConfig/Privileged: true, wanted false",
                                      "error container.stopped: gone: the engine did not answer within 30 s"}));
}

TEST(AuditSarif, KeepsAFingerprintWhenAContainerIsMadeAnew) {
  const auto fingerprints = [](const AuditResult& result) {
    const std::string text = render_one("sarif", result);
    std::vector<std::string> found;
    constexpr std::string_view kName = "\"primaryLocationLineHash\": \"";
    for (size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at + 1)) {
      found.push_back(text.substr(at + kName.size(), 18));
    }
    return found;
  };
  AuditResult later = sample();
  for (audit::Row& row : later.rows) {
    if (!row.object.id.empty()) row.object.id = std::string(64, 'b');
  }
  later.created = "2026-11-23T12:00:00Z";
  EXPECT_EQ(fingerprints(sample()), fingerprints(later));
  ASSERT_EQ(fingerprints(later).size(), 2U);
  EXPECT_NE(fingerprints(later)[0], fingerprints(later)[1]);
}

TEST(AuditSarif, SaysThatAHostCouldNotBeAudited) {
  AuditResult result = sample();
  result.engine.clear();
  EXPECT_TRUE(render_one("sarif", result).contains("\"executionSuccessful\": false"));
}

TEST(AuditJunit, HasASuiteForEachSectionAndSkipsWhatNobodyJudged) {
  const std::string text = render_one("junit", sample());
  const auto has = [&](const char* part) { EXPECT_TRUE(text.contains(part)) << part << '\n' << text; };
  has("<testsuites name=\"bulkhead audit\" tests=\"8\" failures=\"2\" errors=\"1\" skipped=\"4\" time=\"0\">");
  has("<testsuite name=\"unix:///var/run/docker.sock: Containers\" tests=\"5\" failures=\"1\" errors=\"1\" "
      "skipped=\"2\"");
  has("<testcase classname=\"bulkhead.audit unix:///var/run/docker_sock containers\" name=\"container.privileged db\" "
      "time=\"0\"/>");
  has("<failure type=\"critical\" message=\"Containers do not run privileged: /HostConfig/Privileged: true, wanted "
      "false\">Start it without `--privileged`</failure>");
  has("<error message=\"the engine did not answer within 30 s\"/>");
  has("<skipped message=\"not applicable: it runs\"/>");
  has("<skipped message=\"for a person to decide: group docker: alice\"/>");
  has("<skipped message=\"exempted: builds images");
  EXPECT_FALSE(text.contains('\x1b'));
  AuditResult nothing = sample();
  nothing.rows.clear();
  nothing.warnings.clear();
  EXPECT_TRUE(render_one("junit", nothing).contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""));
}

TEST(AuditHtml, IsOnePageThatNeedsNothingAndEscapesWhatComesFromTheEngine) {
  const std::string page = render_one("html", sample());
  for (const char* never : {"http://", "https://", "<script", "vil<b>", "\x1b"}) {
    EXPECT_FALSE(page.contains(never)) << never;
  }
  for (const char* part :
       {"vil&lt;b&gt;", "@media print", "<h2>Containers</h2>", "<h2>What to do</h2>",
        "<p class=\"fix\">Start it without <code>--privileged</code></p>", "2 of 4 checks failed, 1 could not be made",
        "· CIS 5.5</span>", "<td class=\"t PASS\">PASS</td>", "Made by bulkhead 1.0."}) {
    EXPECT_TRUE(page.contains(part)) << part;
  }
  EXPECT_FALSE(page.contains("Since the baseline"));
  AuditResult result = sample();
  result.changes.emplace();
  EXPECT_TRUE(render_one("html", result).contains("<p>Nothing changed.</p>"));
  EXPECT_FALSE(render_one("html", result, {.only_failed = true}).contains("\">PASS</td>"));
  result.rows.clear();
  EXPECT_FALSE(render_one("html", result).contains("What to do"));
}

TEST(AuditFormats, TellsEachHostOneAfterAnotherAlwaysTheSameWay) {
  std::vector<AuditResult> two{sample(), sample()};
  two[1].address = "tcp://db.example:2376";
  two[1].engine.clear();
  for (const AuditFormat& format : audit_formats()) {
    const std::string text = render(format.name, two);
    const size_t first = text.find("unix:///var/run/docker.sock");
    const size_t second = text.find("tcp://db.example:2376");
    EXPECT_LT(first, second) << format.name;
    EXPECT_NE(second, std::string::npos) << format.name;
    EXPECT_TRUE(text.contains("no container is called")) << format.name;
    const std::vector<AuditResult> copies = two;
    EXPECT_EQ(text, render(format.name, copies)) << format.name;
  }
}

TEST(AuditChecks, AreExplainedWhole) {
  EXPECT_EQ(audit_check_text(kTrust, false, 0), R"(host.trusted-users  Only trusted users control the engine
  section host, level 1, for a person to decide, with the facts that help
  severity of a failure: medium
  CIS Docker Benchmark: 1.1.2 in 1.8.0, 1.1.2 in 1.7.0, 1.1.2 in 1.6.0

Why
  Who may use the socket is root.

What to do
  Take others out of the group:
    gpasswd -d USER docker
)");
  EXPECT_TRUE(audit_check_text(kOurs, false, 0).contains("CIS Docker Benchmark: no recommendation of it\n"));
}

TEST(AuditChecks, AreListedAsTheyAreSelected) {
  const std::string all = audit_check_list({}, false, 0);
  size_t checks = 0;
  for (const CheckInfo& check : audit::catalogue()) {
    EXPECT_TRUE(all.contains("  " + std::string(check.id))) << check.id;
    ++checks;
  }
  EXPECT_TRUE(all.contains("\n" + std::to_string(checks) + " check"));
  EXPECT_TRUE(audit_check_list({.skipped = {"*"}}, false, 0).starts_with("\n0 checks."));
}

}  // namespace
}  // namespace bulkhead::report

#include "audit/exceptions.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kToday = "2026-11-22";

// Any two checks of one section that there are: exceptions must name such.
const CheckInfo& first_check() {
  return *find_check("container.privileged");
}
const CheckInfo& second_check() {
  return *find_check("container.host-network");
}

AuditResult sample() {
  AuditResult result{.address = "unix:///run/docker.sock",
                     .engine = "e",
                     .created = "2026-11-22T00:00:00Z",
                     .rows = {},
                     .warnings = {}};
  const auto add = [&](const CheckInfo& check, const char* name, RowStatus status) {
    result.rows.push_back({.check = &check,
                           .object = {.kind = Object::Kind::kContainer, .name = name, .id = "abc" + std::string(name)},
                           .status = status,
                           .evidence = {},
                           .reason = {}});
  };
  add(first_check(), "console-1", RowStatus::kFail);
  add(first_check(), "console-2", RowStatus::kPass);
  add(first_check(), "web", RowStatus::kFail);
  add(second_check(), "web", RowStatus::kError);
  add(second_check(), "worker", RowStatus::kFail);
  return result;
}

struct Applied {
  AuditResult result = sample();
  UsedExceptions used;
  std::string exempted;  // names of rows' objects
  std::vector<std::string> unused;
};

Applied except(std::string_view text, std::string_view today = kToday) {
  Applied applied;
  const auto exceptions = parse_exceptions(text, "e.yaml");
  EXPECT_TRUE(exceptions) << exceptions.error().to_string();
  if (!exceptions) return applied;
  apply_exceptions(applied.result, *exceptions, today, applied.used);
  for (const Row& row : applied.result.rows) {
    if (row.exempted) applied.exempted += fmt::format("{} ", row.object.name);
  }
  applied.unused = unused_exceptions(*exceptions, today, applied.used);
  return applied;
}

std::string entry(std::string_view more) {
  return fmt::format("exceptions:\n  - {{check: container.privileged, reason: r, owner: o{}}}\n", more);
}

TEST(Exceptions, CoverFailuresOfTheirCheckObjectAndHost) {
  EXPECT_EQ(except(entry("")).exempted, "console-1 web ");  // what passed is no failure
  EXPECT_EQ(except(entry(", object: 'console-*'")).exempted, "console-1 ");
  EXPECT_EQ(except(entry(", object: abcweb")).exempted, "web ");  // by id
  EXPECT_EQ(except(entry(", host: 'unix://*'")).exempted, "console-1 web ");
  EXPECT_EQ(except(entry(", host: 'tcp://*'")).exempted, "");
  EXPECT_EQ(except("- {check: 'container.*', object: w*, reason: r, owner: o}").exempted, "web worker ");
}

TEST(Exceptions, TellTheirReasonAndLeaveTheRowAFailure) {
  const Applied applied = except(entry(", object: web, expires: 2026-11-22"));
  const Row& row = applied.result.rows[2];
  EXPECT_EQ(row.status, RowStatus::kFail);
  ASSERT_TRUE(row.exempted);
  EXPECT_EQ(row.exempted->reason, "r");
  EXPECT_EQ(row.exempted->owner, "o");
  EXPECT_EQ(row.exempted->expires, "2026-11-22");
  const Counts counts = count(applied.result);
  EXPECT_EQ(counts.exempted, 1U);
  EXPECT_EQ(counts.by_status[static_cast<size_t>(RowStatus::kFail)], 2U);
}

TEST(Exceptions, NeverMakeAnErrorGoAway) {
  EXPECT_EQ(except("- {check: container.host-network, object: web, reason: r, owner: o}").exempted, "");
}

TEST(Exceptions, CountAgainTheDayAfterTheyExpireAndSaySo) {
  const std::string text = entry(", object: web, expires: 2026-11-22");
  EXPECT_EQ(except(text).exempted, "web ");
  EXPECT_TRUE(except(text).result.warnings.empty());
  const Applied late = except(text, "2026-11-23");
  EXPECT_EQ(late.exempted, "");
  EXPECT_EQ(
      late.result.warnings,
      std::vector<std::string>{"e.yaml: entry 1 (container.privileged of web) expired on 2026-11-22: its failures "
                               "count again; its owner is o"});
  EXPECT_TRUE(late.unused.empty());
}

TEST(Exceptions, AnExpiredOneHidesNoOtherThatStillCounts) {
  const Applied applied = except(
      "- {check: container.privileged, object: web, reason: old, owner: o, expires: 2020-01-01}\n"
      "- {check: container.privileged, object: web, reason: new, owner: o}\n");
  ASSERT_EQ(applied.exempted, "web ");
  EXPECT_EQ(applied.result.rows[2].exempted->reason, "new");
  EXPECT_EQ(applied.result.warnings.size(), 1U);
}

TEST(Exceptions, ThatMetNothingOnAnyHostAreTold) {
  const auto exceptions = parse_exceptions(
      "- {check: container.privileged, object: web, host: 'tcp://*', reason: r, owner: o}\n"
      "- {check: container.privileged, object: nobody, reason: r, owner: team, expires: 2020-01-01}\n",
      "e.yaml");
  ASSERT_TRUE(exceptions);
  UsedExceptions used;
  AuditResult first = sample();
  apply_exceptions(first, *exceptions, kToday, used);
  EXPECT_EQ(unused_exceptions(*exceptions, kToday, used).size(), 2U);
  AuditResult second = sample();
  second.address = "tcp://db.example:2376";
  apply_exceptions(second, *exceptions, kToday, used);
  EXPECT_EQ(
      unused_exceptions(*exceptions, kToday, used),
      std::vector<std::string>{"e.yaml: entry 2 (container.privileged of nobody) expired on 2020-01-01 and met no "
                               "failure in this run; its owner is team"});
}

TEST(Exceptions, RefuseWhatCouldExceptTooMuch) {
  const struct {
    std::string text;
    const char* message;
  } cases[] = {
      {entry(", expire: 2026-01-01"), "unknown key \"expire\""},
      {entry(", owner: p"), "\"owner\" is given twice"},
      {entry(", expires: 2026-02-30"), "\"2026-02-30\" is no date"},
      {entry(", expires: [2026-02-20]"), "\"expires\" must be a text"},
      {entry(", object: ''"), "\"object\" must be a text"},
      {entry(", object:"), "\"object\" must be a text"},
      {"- {reason: r, owner: o}", "\"check\" is missing"},
      {"- {check: container.privileged, owner: o}", "\"reason\" is missing"},
      {"- {check: container.privileged, reason: r}", "\"owner\" is missing"},
      {"- {check: container.priviledged, reason: r, owner: o}", "there is no check \"container.priviledged\""},
      {"- {check: 'kontainer.*', reason: r, owner: o}", "there is no check \"kontainer.*\""},
      {"- {check: '*', reason: r, owner: o}", "it would except everything"},
      {"- {check: '?*', object: '**', host: x, reason: r, owner: o}", "it would except everything"},
      {"- container.privileged", "must be a mapping"},
      {"exception: []", "expected a list of entries, or one key \"exceptions\""},
      {"exceptions: []\nmore: 1", "expected a list of entries, or one key"},
      {"exceptions: {}", "expected a list of entries"},
      {"exceptions: [", "e.yaml"},
  };
  for (const auto& one : cases) {
    const auto exceptions = parse_exceptions(one.text, "e.yaml");
    ASSERT_FALSE(exceptions) << one.text;
    const std::string message = exceptions.error().to_string();
    EXPECT_TRUE(message.starts_with("e.yaml: ")) << message;
    EXPECT_TRUE(message.contains(one.message)) << message;
  }
  const auto second = parse_exceptions(entry("") + "  - {check: nothing, reason: r, owner: o}\n", "e.yaml");
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().to_string().contains("entry 2: ")) << second.error().to_string();
  EXPECT_TRUE(second.error().remedy().contains("check, object, host, reason, owner and expires"));
}

TEST(Exceptions, OfTheManualAreTaken) {
  const auto page = read_file(testdata_path("../../../docs/audit.md"), size_t{1} << 20);
  ASSERT_TRUE(page);
  constexpr std::string_view kBegin = "```yaml\n";
  const size_t begin = page->find(kBegin) + kBegin.size();
  const auto exceptions = parse_exceptions(page->substr(begin, page->find("```", begin) - begin), "docs/audit.md");
  ASSERT_TRUE(exceptions) << exceptions.error().to_string();
  ASSERT_EQ(exceptions->entries.size(), 1U);
  EXPECT_EQ(exceptions->entries[0].expires, "2027-03-31");
}

TEST(Exceptions, AreBounded) {
  std::string text;
  for (int i = 0; i < 10'001; ++i) text += "- {check: 'container.*', reason: r, owner: o}\n";
  const auto many = parse_exceptions(text, "e.yaml");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), Code::kLimitExceeded);
  const auto large = parse_exceptions("# " + std::string(size_t{1} << 20, 'x'), "e.yaml");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), Code::kLimitExceeded);
  EXPECT_TRUE(parse_exceptions("", "e.yaml"));
}

}  // namespace
}  // namespace bulkhead::audit

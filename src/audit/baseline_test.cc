#include "audit/baseline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

constexpr CheckInfo kWeak{
    .id = "container.weak", .section = Section::kContainers, .severity = advisory::Severity::kLow};
constexpr CheckInfo kGrave{
    .id = "container.grave", .section = Section::kContainers, .severity = advisory::Severity::kCritical};

Object container(std::string name, std::string id = "old") {
  return {.kind = Object::Kind::kContainer, .name = std::move(name), .id = std::move(id)};
}

Baseline baseline(std::vector<BaselineRow> rows) {
  return {.name = "old.json",
          .hosts = {{.address = "unix:///x", .created = {}, .answered = true, .rows = std::move(rows)}}};
}

AuditResult result(const std::vector<std::tuple<const CheckInfo*, Object, RowStatus>>& rows) {
  AuditResult made{.address = "unix:///x", .engine = "e", .created = {}, .rows = {}, .warnings = {}};
  for (const auto& [check, object, status] : rows) {
    made.rows.push_back({.check = check, .object = object, .status = status, .evidence = {}, .reason = {}});
  }
  return made;
}

// "worse container.weak web fail", one change a line.
std::string changes(const AuditResult& made) {
  if (!made.changes) return "none";
  std::string text;
  constexpr const char* kKinds[] = {"worse", "better", "new", "gone"};
  for (const Change& change : *made.changes) {
    text +=
        fmt::format("{} {} {} {}>{}\n", kKinds[static_cast<size_t>(change.kind)], change.check, change.object.name,
                    change.before ? status_name(*change.before) : "", change.after ? status_name(*change.after) : "");
  }
  return text;
}

std::string change(RowStatus before, RowStatus after) {
  AuditResult made = result({{&kWeak, container("web"), after}});
  compare_with(baseline({{"container.weak", container("web"), before}}), {}, made);
  return changes(made).substr(0, changes(made).find(' '));
}

TEST(Baseline, TellsBetterFromWorseAndNeverCallsBlindnessBetter) {
  using enum RowStatus;
  const struct {
    RowStatus before;
    RowStatus after;
    const char* kind;
  } cases[] = {{kPass, kFail, "worse"},
               {kFail, kPass, "better"},
               {kPass, kPass, ""},
               {kFail, kFail, ""},
               {kFail, kError, "worse"},
               {kPass, kError, "worse"},
               {kNotApplicable, kError, "worse"},
               {kError, kFail, "worse"},
               {kError, kPass, "better"},
               {kError, kError, ""},
               {kPass, kNotApplicable, ""},
               {kFail, kNotApplicable, "better"},
               {kPass, kManual, "worse"},
               {kManual, kPass, "better"}};
  for (const auto& one : cases) {
    EXPECT_EQ(change(one.before, one.after), one.kind) << status_name(one.before) << ' ' << status_name(one.after);
  }
}

TEST(Baseline, KnowsContainersByNameAndTellsTheWorstFirst) {
  AuditResult made = result({{&kGrave, container("db", "new"), RowStatus::kPass},
                             {&kGrave, container("fresh"), RowStatus::kFail},
                             {&kGrave, container("harmless"), RowStatus::kPass},
                             {&kGrave, container("web", "new"), RowStatus::kFail},
                             {&kWeak, container("a"), RowStatus::kFail},
                             {&kWeak, container("unseen"), RowStatus::kPass}});
  compare_with(baseline({{"container.grave", container("db"), RowStatus::kFail},
                         {"container.grave", container("left"), RowStatus::kFail},
                         {"container.grave", container("left-clean"), RowStatus::kPass},
                         {"container.grave", container("web"), RowStatus::kPass},
                         {"container.retired", container("web"), RowStatus::kFail},
                         {"container.weak", container("a"), RowStatus::kPass},
                         {"container.weak", container("unseen"), RowStatus::kPass}}),
               {}, made);
  EXPECT_EQ(changes(made),
            "worse container.grave web pass>fail\n"
            "worse container.weak a pass>fail\n"
            "new container.grave fresh >fail\n"
            "better container.grave db fail>pass\n"
            "gone container.grave left fail>\n");
  EXPECT_EQ((*made.changes)[0].object.id, "new");
}

TEST(Baseline, CallsNothingGoneThatNobodyLookedFor) {
  const Baseline old = baseline({{"container.grave", container("left"), RowStatus::kFail},
                                 {"container.weak", container("left"), RowStatus::kFail}});
  const Object engine{.kind = Object::Kind::kDaemon, .name = "unix:///x"};
  AuditResult made = result({{&kGrave, engine, RowStatus::kError}});  // the list of containers could not be had
  compare_with(old, {}, made);
  EXPECT_EQ(changes(made), "new container.grave unix:///x >error\n");  // and container.weak was not selected
  AuditResult narrowed = result({{&kGrave, container("web"), RowStatus::kPass}});
  compare_with(old, {.containers = {"web"}}, narrowed);
  EXPECT_EQ(changes(narrowed), "");
}

TEST(Baseline, OfSeveralRowsWithOneNameTheWorstCounts) {
  AuditResult made =
      result({{&kWeak, container("web", "1"), RowStatus::kPass}, {&kWeak, container("web", "2"), RowStatus::kFail}});
  compare_with(baseline({{"container.weak", container("web", "1"), RowStatus::kPass},
                         {"container.weak", container("web", "2"), RowStatus::kPass}}),
               {}, made);
  EXPECT_EQ(changes(made), "worse container.weak web pass>fail\n");
}

TEST(Baseline, ComparesNothingWithAHostThatItDoesNotKnowOrThatGaveNoAnswer) {
  AuditResult other = result({});
  other.address = "tcp://y";
  compare_with(baseline({}), {}, other);
  EXPECT_EQ(changes(other), "none");
  EXPECT_EQ(other.warnings, std::vector<std::string>{"old.json: has no host tcp://y: nothing is compared"});
  AuditResult silent = result({});
  silent.engine.clear();
  compare_with(baseline({}), {}, silent);
  EXPECT_EQ(changes(silent), "none");
  EXPECT_EQ(silent.warnings,
            std::vector<std::string>{"old.json: there is no answer now of unix:///x: nothing is compared"});
  Baseline silent_then = baseline({});
  silent_then.hosts[0].answered = false;
  AuditResult made = result({});
  compare_with(silent_then, {}, made);
  EXPECT_EQ(changes(made), "none");
  EXPECT_EQ(made.warnings.size(), 1U);
}

std::string report(std::string_view rows, std::string_view more = {}) {
  return fmt::format(
      R"({{"schema_version":1,"hosts":[{{"address":"unix:///x","engine":"e","created":"c","rows":[{}]}}{}]}})", rows,
      more);
}
constexpr std::string_view kRow =
    R"({"check":"a.b","status":"fail","object":{"kind":"container","name":"web","id":null}})";

TEST(Baseline, IsReadFromAReport) {
  const auto read = parse_baseline(report(kRow), "old.json");
  ASSERT_TRUE(read) << read.error().to_string();
  ASSERT_EQ(read->hosts.size(), 1U);
  EXPECT_TRUE(read->hosts[0].answered);
  ASSERT_EQ(read->hosts[0].rows.size(), 1U);
  EXPECT_EQ(read->hosts[0].rows[0].check, "a.b");
  EXPECT_EQ(read->hosts[0].rows[0].status, RowStatus::kFail);
  EXPECT_EQ(read->hosts[0].rows[0].object, container("web", ""));
}

TEST(Baseline, SaysWhatIsWrongWithAReport) {
  const struct {
    std::string text;
    Code code;
    const char* message;
  } cases[] = {
      {"", Code::kMalformed, "old.json: "},
      {"[]", Code::kMalformed, "schema_version"},
      {R"({"schema_version":2,"hosts":[]})", Code::kUnsupported, "its schema_version is 2, not 1"},
      {R"({"schema_version":"1","hosts":[]})", Code::kMalformed, "schema_version"},
      {R"({"schema_version":1})", Code::kMalformed, "hosts"},
      {R"({"schema_version":1,"hosts":[1]})", Code::kMalformed, "host 1: "},
      {R"({"schema_version":1,"image":{"reference":"x"}})", Code::kMalformed, "hosts"},
      {report(R"({"check":"a","status":"ok","object":{"kind":"host","name":"x"}})"), Code::kMalformed,
       "host 1: row 1: \"ok\" is no status"},
      {report(R"({"check":"a","status":"pass","object":{"kind":"pod","name":"x"}})"), Code::kMalformed,
       "\"pod\" is no kind of object"},
      {report(fmt::format("{},{}", kRow, R"({"check":"a","status":"pass"})")), Code::kMalformed, "host 1: row 2: "},
      {report(kRow, R"(,{"address":"unix:///x","created":"c","rows":[]})"), Code::kMalformed,
       "the host unix:///x is there twice"},
  };
  for (const auto& one : cases) {
    const auto read = parse_baseline(one.text, "old.json");
    ASSERT_FALSE(read) << one.text;
    EXPECT_EQ(read.error().code(), one.code) << read.error().to_string();
    EXPECT_TRUE(read.error().to_string().starts_with("old.json: ")) << read.error().to_string();
    EXPECT_TRUE(read.error().to_string().contains(one.message)) << read.error().to_string();
  }
  std::string deep = R"({"schema_version":1,"hosts":)";
  for (int i = 0; i < 100; ++i) deep += '[';
  EXPECT_FALSE(parse_baseline(deep, "old.json"));
}

}  // namespace
}  // namespace bulkhead::audit

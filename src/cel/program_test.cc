#include "cel/program.h"

#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "cel/json_value.h"

namespace bulkhead::cel {
namespace {

using ::testing::HasSubstr;

// An image as rules see it: a known document with a part that is not.
struct ImageEnvironment {
  ImageEnvironment() {
    TypePool& types = environment.types();
    Object& object = types.new_object("image");
    object.fields["user"] = simple_type(TypeKind::kString);
    object.fields["size"] = simple_type(TypeKind::kInt);
    object.fields["tags"] = types.list(simple_type(TypeKind::kString));
    object.fields["labels"] = types.map(simple_type(TypeKind::kString), simple_type(TypeKind::kString));
    object.fields["created"] = simple_type(TypeKind::kTimestamp);
    environment.declare("image", types.object(&object));
    environment.declare("extra", simple_type(TypeKind::kDyn));
  }
  Environment environment;
};

std::string compile_error(std::string_view text) {
  const ImageEnvironment image;
  const auto program = Program::compile(text, image.environment);
  return program ? "" : program.error().to_string();
}

// The value as text, with these facts.
std::string value_of(std::string_view text, std::string_view image_json = "{}", uint64_t max_cost = kDefaultCost) {
  const ImageEnvironment image;
  const auto program = Program::compile(text, image.environment);
  if (!program) return "does not compile: " + program.error().to_string();
  const auto document = json::Document::parse(image_json);
  Arena facts(size_t{1} << 20);
  const std::array<Value, 2> variables = {*from_json(document->root(), facts), Value::error("extra is not known")};
  Arena arena(size_t{1} << 20);
  const auto value = program->evaluate(variables, arena, max_cost);
  return value ? describe(*value) : "refused: " + value.error().to_string();
}

TEST(Program, ReadsFacts) {
  EXPECT_EQ(value_of("image.user == 'root' && image.size > 10", R"({"user": "root", "size": 11})"), "true");
  EXPECT_EQ(value_of("image.tags.exists(t, t.startsWith('v'))", R"({"tags": ["latest", "v1"]})"), "true");
  EXPECT_EQ(value_of("image.labels['a.b']", R"({"labels": {"a.b": "c"}})"), "\"c\"");
}

TEST(Program, AMissingFactIsAnErrorUnlessItDoesNotMatter) {
  EXPECT_EQ(value_of("image.user == 'root'"), "error: there is no \"user\"");
  EXPECT_EQ(value_of("image.user == 'root' || true"), "true");
  EXPECT_EQ(value_of("image.user == 'root' || false"), "error: there is no \"user\"");
  EXPECT_EQ(value_of("false && image.user == 'root'"), "false");
  EXPECT_EQ(value_of("extra.anything"), "error: extra is not known");
  EXPECT_EQ(value_of("has(image.user)"), "false");
  EXPECT_EQ(value_of("image.?user.orValue('nobody')"), "\"nobody\"");
}

TEST(Program, RefusesNamesThatTheSchemaDoesNotHave) {
  EXPECT_THAT(compile_error("image.usr == 'root'"), HasSubstr("image has no field \"usr\""));
  EXPECT_THAT(compile_error("imag.user"), HasSubstr("nothing is called \"imag.user\""));
  EXPECT_THAT(compile_error("image.user.name"), HasSubstr("string has no fields"));
  EXPECT_THAT(compile_error("image.user.starts('x')"), HasSubstr("no function starts()"));
  EXPECT_THAT(compile_error("frob(1)"), HasSubstr("no function frob()"));
  EXPECT_THAT(compile_error("has(image.usr)"), HasSubstr("no field \"usr\""));
}

TEST(Program, RefusesTypesThatDoNotFit) {
  EXPECT_THAT(compile_error("image.user > 3"), HasSubstr("> is not defined for (string, int)"));
  EXPECT_THAT(compile_error("image.size && true"), HasSubstr("has to be a bool, and is a int"));
  EXPECT_THAT(compile_error("image.tags.exists(t, t)"), HasSubstr("the condition of a loop has to be a bool"));
  EXPECT_THAT(compile_error("image.tags == image.user"), HasSubstr("== is not defined for"));
  EXPECT_THAT(compile_error("image.size.map(x, x)"), HasSubstr("no elements to go through"));
  EXPECT_THAT(compile_error("image.tags['x']"), HasSubstr("no element at a string"));
  EXPECT_THAT(compile_error("3 in image.tags"), HasSubstr("in is not defined for"));
  EXPECT_EQ(compile_error("image.created + duration('1h') < timestamp('2026-01-01T00:00:00Z')"), "");
}

TEST(Program, ErrorsNameTheirPlace) {
  EXPECT_THAT(compile_error("image.user == 'x' &&\n  image.usr"), HasSubstr("line 2, column 8"));
  EXPECT_THAT(compile_error("1 +"), HasSubstr("line 1, column 4"));
  EXPECT_THAT(compile_error("'abc"), HasSubstr("a string has no end"));
  EXPECT_THAT(compile_error("[1,,2]"), HasSubstr("a value is missing here"));
  EXPECT_THAT(compile_error("package.name"), HasSubstr("reserved word"));
}

TEST(Program, RefusesPatternsThatAreNone) {
  EXPECT_THAT(compile_error("image.user.matches('(')"), HasSubstr("not a regular expression of RE2"));
  EXPECT_EQ(value_of("image.user.matches('^r.*t$')", R"({"user": "root"})"), "true");
  EXPECT_EQ(value_of("'root'.matches('r' + '(')"), "error: the pattern is no regular expression of RE2");
}

TEST(Program, EveryEvaluationEnds) {
  // A million million steps.
  EXPECT_THAT(value_of("lists.range(10000).all(a, lists.range(10000).all(b, lists.range(10000).all(c, true)))"),
              HasSubstr("refused"));
  EXPECT_THAT(value_of("lists.range(100).map(a, lists.range(100)).size() == 100", "{}", 50), HasSubstr("refused"));
  // What a cost limit ends is no error that || absorbs.
  EXPECT_THAT(value_of("lists.range(100000).all(a, lists.range(100).all(b, true)) || true"), HasSubstr("refused"));
}

TEST(Program, MemoryIsBounded) {
  std::string text = "'0123456789abcdef'";
  for (int i = 0; i < 20; ++i)
    text =
        "cel.bind(a" + std::to_string(i) + ", " + text + ", a" + std::to_string(i) + " + a" + std::to_string(i) + ")";
  EXPECT_THAT(value_of(text + ".size()"), HasSubstr("refused"));
  EXPECT_THAT(
      value_of("'x'.replace('', lists.range(5000).map(i, 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy').join()).size()",
               "{}", 4000),
      HasSubstr("refused"));
}

TEST(Program, RefusesExpressionsOfTooManyParts) {
  EXPECT_THAT(compile_error(std::string(5000, '(') + "1" + std::string(5000, ')')), HasSubstr("nested parts"));
  EXPECT_THAT(compile_error(std::string(5000, '[') + std::string(5000, ']')), HasSubstr("nested parts"));
  EXPECT_THAT(compile_error(std::string(5000, '-') + "a"), HasSubstr("nested parts"));
  std::string sum = "1";
  for (int i = 0; i < 5000; ++i) sum += "+1";
  EXPECT_THAT(compile_error(sum), HasSubstr("nested parts"));
  EXPECT_THAT(compile_error(std::string(size_t{70} << 10, ' ')), HasSubstr("bytes of an expression"));
}

TEST(Program, ListsAndSetsHaveTheirExtensions) {
  EXPECT_EQ(value_of("[3, 1, 2].sort()"), "[1, 2, 3]");
  EXPECT_EQ(value_of("[1, 1, 2].distinct()"), "[1, 2]");
  EXPECT_EQ(value_of("[[1], [2, [3]]].flatten()"), "[1, 2, [3]]");
  EXPECT_EQ(value_of("[1, 2, 3].slice(1, 3)"), "[2, 3]");
  EXPECT_EQ(value_of("[1, 2].reverse()"), "[2, 1]");
  EXPECT_EQ(value_of("[].first().hasValue()"), "false");
  EXPECT_EQ(value_of("[7, 8].last().value()"), "8");
  EXPECT_EQ(value_of("sets.contains(['NET_ADMIN', 'CHOWN'], ['CHOWN'])"), "true");
  EXPECT_EQ(value_of("sets.intersects(['a'], ['b'])"), "false");
  EXPECT_EQ(value_of("sets.equivalent([1, 2, 2], [2, 1])"), "true");
  EXPECT_EQ(value_of("[2, dyn('a')].sort()"),
            "error: no such overload: the function is not defined for values of these types");
}

TEST(Program, TimeZonesAreNamesAndNeverPaths) {
  EXPECT_EQ(value_of("timestamp('2026-01-01T00:00:00Z').getHours('+05:30')"), "5");
  EXPECT_EQ(value_of("timestamp('2026-01-01T00:00:00Z').getHours('/etc/passwd')"), "error: no such time zone");
  EXPECT_EQ(value_of("timestamp('2026-01-01T00:00:00Z').getHours('../../../etc/localtime')"),
            "error: no such time zone");
}

TEST(Program, MessagesOfProtocolBuffersAreNotSupported) {
  const Environment environment;
  const auto program = Program::compile("google.protobuf.Int64Value{value: 1}", environment);
  ASSERT_FALSE(program.has_value());
  EXPECT_EQ(program.error().code(), Code::kUnsupported);
}

TEST(JsonFacts, RefuseOneKeyTwice) {
  const auto document = json::Document::parse(R"({"a": {"b": 1, "b": 2}})");
  Arena arena(size_t{1} << 16);
  const auto value = from_json(document->root(), arena);
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code(), Code::kMalformed);
}

TEST(JsonFacts, AreBounded) {
  std::string text = "[";
  for (int i = 0; i < 10'000; ++i) text += "1,";
  const auto document = json::Document::parse(text + "1]");
  Arena arena(size_t{1} << 16);
  const auto value = from_json(document->root(), arena);
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::cel

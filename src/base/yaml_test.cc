#include "base/yaml.h"

#include <string>

#include <gtest/gtest.h>

#include "base/json_tree.h"

namespace bulkhead::yaml {
namespace {

std::string text_of(std::string_view yaml, Scalars scalars = Scalars::kText, const Limits& limits = {}) {
  const auto document = parse(yaml, scalars, limits);
  return document ? json::tree_of(document->root()) : "error: " + document.error().to_string();
}

TEST(Yaml, KeepsVersionsAsWritten) {
  EXPECT_EQ(text_of("fixed: 1.10\nnext: [1.20, '2', 0x10, true]\n"),
            "{fixed:'1.10' next:['1.20' '2' '0x10' 'true' ] }");
}

TEST(Yaml, TypesPlainScalarsByTheCoreSchema) {
  EXPECT_EQ(
      text_of("[true, False, 12, -3, +4, 0o17, 0xff, 1.5, 1e3, .5, \"12\", !!str 12, yes, 1.2.3, 0x-1, .inf, ~, ]",
              Scalars::kTyped),
      "[true false 12 -3 4 15 255 1.500000 1000 0.500000 '12' '12' 'yes' "
      "'1.2.3' '0x-1' '.inf' null ]");
}

TEST(Yaml, ReadsBlockAndFoldedScalars) {
  EXPECT_EQ(text_of("a: |\n  one\n  two\nb: >-\n  three\n  four\n"), "{a:'one\ntwo\n' b:'three four' }");
}

TEST(Yaml, EmptyDocumentIsNull) {
  EXPECT_EQ(text_of(""), "null");
  EXPECT_EQ(text_of("# only a comment\n"), "null");
}

TEST(Yaml, CopiesAliases) {
  EXPECT_EQ(text_of("base: &b {x: 1}\nmore: [*b, *b]\n"), "{base:{x:'1' } more:[{x:'1' } {x:'1' } ] }");
}

TEST(Yaml, RefusesAliasOfItself) {
  EXPECT_EQ(text_of("a: &a [*a]\n"), "error: line 1, column 8: an alias inside of what it stands for");
}

TEST(Yaml, LimitsWhatAliasesBlowUp) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + ", *a" +
            std::to_string(i - 1) + "]\n";
  }
  const auto document = parse(bomb, Scalars::kText, {.max_nodes = 100'000, .options = {"--bytes", "--depth"}});
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(document.error().message(), "more than 100000 nodes in a YAML document");
  EXPECT_EQ(document.error().remedy(), "no option raises this limit");
}

TEST(Yaml, LimitsDepth) {
  const auto flow = parse(std::string(100'000, '['), Scalars::kText);
  ASSERT_FALSE(flow);
  EXPECT_EQ(flow.error().code(), Code::kLimitExceeded);

  std::string block;
  for (int i = 0; i < 200; ++i) block += "- ";
  const auto nested = parse(block + "x", Scalars::kText, {.options = {.depth = "--max-depth"}});
  ASSERT_FALSE(nested);
  EXPECT_EQ(nested.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(nested.error().to_string(), "line 1, column 129: more than 64 levels of nesting in a YAML document");
  EXPECT_TRUE(nested.error().remedy().ends_with("with --max-depth")) << nested.error().remedy();
}

TEST(Yaml, LimitsDepthThatAliasesReach) {
  std::string ladder = "a0: &a0 x\n";
  for (int i = 1; i < 100; ++i) {
    ladder += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  }
  EXPECT_EQ(text_of(ladder), "error: with its aliases: more than 64 levels of nesting in a YAML document");
}

TEST(Yaml, LimitsBytes) {
  const auto document = parse("aaaa", Scalars::kText, {.max_bytes = 3, .options = {.bytes = "--max-bytes"}});
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(document.error().to_string(), "more than 3 bytes in a YAML document");
  EXPECT_TRUE(document.error().remedy().ends_with("with --max-bytes"));
}

TEST(Yaml, NamesThePlaceOfAnError) {
  EXPECT_EQ(text_of("a: 1\nb: [1, 2\n"), "error: not valid YAML: line 3, column 1: end of sequence flow not found");
  EXPECT_EQ(text_of("? [a]\n: b\n"), "error: a mapping key that is no scalar");
  EXPECT_EQ(text_of("a\n---\nb\n"), "error: line 2, column 1: a second document follows the first");
}

TEST(Yaml, KeepsTextThatIsNoUtf8AsReplacement) {
  EXPECT_EQ(text_of("a: \"\xff\"\n").substr(0, 4), "{a:'");
}

}  // namespace
}  // namespace bulkhead::yaml

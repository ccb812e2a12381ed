#include "base/toml.h"

#include <string>

#include <gtest/gtest.h>

#include "base/json_tree.h"

namespace bulkhead::toml {
namespace {

std::string text_of(std::string_view toml, const Limits& limits = {}) {
  const auto document = parse(toml, limits);
  return document ? json::tree_of(document->root()) : "error: " + document.error().to_string();
}

struct Case {
  std::string_view toml;
  std::string_view tree;
};

class TomlCases : public testing::TestWithParam<Case> {};

TEST_P(TomlCases, ReadAsTheSpecificationSays) {
  EXPECT_EQ(text_of(GetParam().toml), GetParam().tree);
}

INSTANTIATE_TEST_SUITE_P(
    Values, TomlCases,
    testing::Values(
        Case{"", "{}"}, Case{"a = 1\n", "{a:1 }"}, Case{"a=+1_000\nb=-0x1\n", "error: line 2: \"-0x1\" is no value"},
        Case{"a = 0xDEAD_beef\nb=0o17\nc=0b101", "{a:3735928559 b:15 c:5 }"},
        Case{"a = 012", "error: line 1: \"012\" is no value"}, Case{"a = 1__0", "error: line 1: \"1__0\" is no value"},
        Case{"a = 9223372036854775808", "error: line 1: \"9223372036854775808\" is no value"},
        Case{"a = 1.5\nb = -2e3\nc = inf\nd = 3.", "error: line 4: \"3.\" is no value"},
        Case{"a = [inf, -nan]", "{a:[null null ] }"}, Case{"a = true # yes\n", "{a:true }"},
        Case{"a = 1979-05-27T07:32:00Z\nb = 1979-05-27 07:32:00\nc = 07:32:00",
             "{a:'1979-05-27T07:32:00Z' b:'1979-05-27 07:32:00' c:'07:32:00' }"},
        Case{R"(a = "x\tA\u00e9\U0001F600\"")", "{a:'x\tA\xc3\xa9\xf0\x9f\x98\x80\"' }"},
        Case{R"(a = "\uD800")", "error: line 1: an escape that is no Unicode scalar value"},
        Case{R"(a = "\q")", "error: line 1: an unknown escape in a string"}, Case{R"(a = 'C:\x')", R"({a:'C:\x' })"},
        Case{"a = \"\"\"\none\n  two \\\n   three\"\"\"\"", "{a:'one\n  two three\"' }"},
        Case{"a = '''\none\\\n'''", "{a:'one\\\n' }"}, Case{"a = \"x", "error: line 1: a string is not closed"},
        Case{"a = [1, # one\n 2,\n]", "{a:[1 2 ] }"},
        Case{"a = [1 2]", "error: line 1: \",\" or \"]\" is missing in an array"},
        Case{"a = {b.c = 1, d = {}}", "{a:{b:{c:1 } d:{} } }"},
        Case{"a = {b = 1,}", "error: line 1: a key is missing"}));

INSTANTIATE_TEST_SUITE_P(Tables, TomlCases,
                         testing::Values(Case{"a.b.c = 1\na.b.d = 2", "{a:{b:{c:1 d:2 } } }"},
                                         Case{"\"a.b\".'c d' = 1", "{a.b:{c d:1 } }"},
                                         Case{"[a.b]\nx=1\n[a]\ny=2", "{a:{b:{x:1 } y:2 } }"},
                                         Case{"[[p]]\nn=1\n[p.q]\nz=1\n[[p]]\nn=2", "{p:[{n:1 q:{z:1 } } {n:2 } ] }"},
                                         Case{"[a]\n[a]", "error: line 2: \"a\" is defined twice"},
                                         Case{"a=1\na=2", "error: line 2: \"a\" is defined twice"},
                                         Case{"a={b=1}\n[a.c]", "error: line 2: \"a\" is defined twice"},
                                         Case{"a={b=1}\na.c=2", "error: line 2: \"a\" is defined twice"},
                                         Case{"a=[1]\n[[a]]", "error: line 2: \"a\" is defined twice"},
                                         Case{"[a.b]\n[a]\nb.c=1", "error: line 3: \"b\" is defined twice"},
                                         Case{"[a", "error: line 1: a table's name is not closed"},
                                         Case{"[a] b=1", "error: line 1: something follows the value"},
                                         Case{"= 1", "error: line 1: a key is missing"},
                                         Case{"a", "error: line 1: \"=\" is missing after a key"}));

TEST(Toml, LimitsDepth) {
  for (const std::string& text : {"a = " + std::string(100'000, '['), "[" + [] {
                                    std::string path = "a";
                                    for (int i = 0; i < 100'000; ++i) path += ".a";
                                    return path;
                                  }() + "]"}) {
    const auto document = parse(text);
    ASSERT_FALSE(document);
    EXPECT_EQ(document.error().code(), Code::kLimitExceeded);
    EXPECT_EQ(document.error().to_string(), "line 1: more than 64 levels of nesting in a TOML document");
    EXPECT_EQ(document.error().remedy(), "no option raises this limit");
    EXPECT_TRUE(parse(text, {.options = {.depth = "--max-depth"}}).error().remedy().ends_with("with --max-depth"));
  }
}

TEST(Toml, LimitsNodesAndBytes) {
  EXPECT_EQ(text_of("a=[1,2,3]", {.max_nodes = 3}), "error: more than 3 values in a TOML document");
  EXPECT_EQ(text_of("a=[1,2,3]", {.max_bytes = 3}), "error: more than 3 bytes in a TOML document");
}

}  // namespace
}  // namespace bulkhead::toml

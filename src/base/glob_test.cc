#include "base/glob.h"

#include <string>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Glob, MatchesAsItsStarsAllow) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    bool matches;
  } kCases[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "a", true},
      {"a", "b", false},
      {"*", "", true},
      {"*", "anything", true},
      {"*.list", "bash.list", true},
      {"*.list", ".list", true},
      {"*.list", "list", false},
      {"a*c", "ac", true},
      {"a*c", "abc", true},
      {"a*c", "acb", false},
      {"a*b*c", "aXbXbYc", true},
      {"a*b*c", "aXc", false},
      {"*a*", "xyz", false},
      {"*aab", "aaaab", true},
      {"lib*.so*", "libc.so.6", true},
      {"a", "", false},
      {"a*", "", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"?*", "", false},
      {"*?", "ab", true},
  };
  for (const auto& [pattern, text, matches] : kCases) {
    EXPECT_EQ(matches_glob(pattern, text), matches) << pattern << " " << text;
  }
}

TEST(Glob, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(matches_glob(pattern + "b", std::string(4000, 'a')));
}

}  // namespace
}  // namespace bulkhead

#include "audit/checks/secret_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Made up; put together here so that no scanner of this repository takes them for real ones.
std::string letters(size_t count) {
  return std::string(count, 'a');
}

TEST(SecretShapes, KnowsShapesOfValues) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"SWMTKN-1-" + letters(50) + "-" + letters(25), "Swarm join token"},
      {"SWMTKN-2-1-" + letters(50) + "-" + letters(25), "Swarm join token"},
      {"SWMKEY-1-" + letters(43), "Swarm unlock key"},
      {"AKIA" + std::string(16, 'Z'), "AWS access key"},
      {"ghp_" + letters(36), "GitHub token"},
      {"github_pat_" + letters(82), "GitHub token"},
      {"glpat-" + letters(20), "GitLab token"},
      {"-----BEGIN RSA PRIVATE"
       " KEY-----\nMII",
       "private key"},
      {"-----BEGIN PRIVATE"
       " KEY-----",
       "private key"},
      {"postgres://app:s3cret@db/app", "password in a URL"},
      {"app:s3cret@tcp(db:3306)/app", "password in a URL"},
      {"eyJ" + letters(17) + ".eyJ" + letters(40) + "." + letters(43), "JSON web token"},
      {"Bearer a1" + letters(30), "HTTP credentials"},
      {"Authorization: Basic YTpi", "HTTP credentials"},
      {"authorization=bearer x", "HTTP credentials"},
      {"hvs." + letters(24), "Vault token"},
  };
  for (const auto& [value, name] : cases) {
    EXPECT_THAT(secret_shapes_in(value, Expansion::kShell), ElementsAre(name)) << value;
    EXPECT_THAT(secret_shapes_in("run --with \"" + value + "\" now", Expansion::kShell), ElementsAre(name)) << value;
  }
}

TEST(SecretShapes, AreReadInLinearTime) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "-AIza";  // read to its end from each, it would take minutes
  text += 'x';                                        // so that none of them has the length of a key
  EXPECT_THAT(secret_shapes_in(text, Expansion::kShell), IsEmpty());
  text.clear();
  for (int i = 0; i < 100'000; ++i) text += "-eyJaaaaaaaaaa";
  text += ".ey" + letters(100'000);
  EXPECT_THAT(secret_shapes_in(text, Expansion::kShell), IsEmpty());
  text.clear();
  for (int i = 0; i < 100'000; ++i) text += "bearer x@tcp(";
  EXPECT_THAT(secret_shapes_in(text, Expansion::kShell), IsEmpty());
  EXPECT_THAT(secret_shapes_in("glpat-" + letters(100'000), Expansion::kShell), ElementsAre("GitLab token"));
}

TEST(SecretShapes, ReferencesAreThoseOfWhoReadsThem) {
  for (const std::string_view value : {"$x", "${x}", "$(cat f)", "`cat f`", "${X}", "{{ .x }}"}) {
    EXPECT_TRUE(is_reference(value, Expansion::kShell)) << value;
  }
  for (const std::string_view value : {"${X}", "${DB_PASSWORD_2}", "{{ .x }}"}) {
    EXPECT_TRUE(is_reference(value, Expansion::kNone)) << value;
  }
  for (const std::string_view value : {"$x", "$X", "${x}", "${}", "${X}y", "$(cat f)", "`cat f`", "{{x", "x", ""}) {
    EXPECT_FALSE(is_reference(value, Expansion::kNone)) << value;
  }
}

TEST(SecretShapes, LengthsAndBoundariesAreExact) {
  for (const std::string& value : {"SWMTKN-1-" + letters(49) + "-" + letters(25),
                                   "SWMTKN-1-" + letters(51) + "-" + letters(25),
                                   "SWMTKN-1-" + letters(50) + "-" + letters(24),
                                   "SWMTKN-1-" + letters(50) + "-" + letters(26),
                                   "SWMTKN-1-" + std::string(50, 'A') + "-" + letters(25),
                                   "SWMTKN-3-" + letters(50) + "-" + letters(25),
                                   "SWMKEY-1-" + letters(42),
                                   "SWMKEY-1-" + letters(44),
                                   "xSWMKEY-1-" + letters(43),
                                   "AKIA" + std::string(15, 'Z'),
                                   "AKIA" + std::string(17, 'Z'),
                                   "AKIA" + letters(16),
                                   "ghp_" + letters(35),
                                   std::string("-----BEGIN CERTIFICATE-----"),
                                   std::string("-----BEGIN PUBLIC KEY-----"),
                                   std::string("https://example.com/a@b"),
                                   std::string("https://user@example.com"),
                                   std::string("https://user:$PASSWORD@example.com"),
                                   std::string("http://host:8080/"),
                                   "eyJ" + letters(17) + ".eyJ" + letters(40) + ".",
                                   "eyJ" + letters(17) + "." + letters(40) + "." + letters(43),
                                   std::string("Bearer tokens are accepted"),
                                   std::string("Authorization: Bearer $TOKEN"),
                                   std::string("bearer"),
                                   std::string("Basic authentication2"),
                                   "Bearer " + letters(30)}) {
    EXPECT_THAT(secret_shapes_in(value, Expansion::kShell), IsEmpty()) << value;
  }
}

}  // namespace
}  // namespace bulkhead::audit

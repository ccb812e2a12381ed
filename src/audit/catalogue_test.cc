#include "audit/catalogue.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "audit/catalogue_parser.h"
#include "audit/check.h"

namespace bulkhead::audit {
namespace {

TEST(Catalogue, HasACheckForEachEntryAndAnEntryForEachCheck) {
  std::set<std::string_view> told;
  for (const CheckInfo& info : catalogue()) EXPECT_TRUE(told.insert(info.id).second) << info.id << " twice";
  std::set<std::string_view> judged;
  for (const auto table : {host_checks(), daemon_checks(), file_checks(), image_checks(), container_checks(),
                           operations_checks(), swarm_checks()}) {
    for (const Check& check : table) EXPECT_TRUE(judged.insert(check.id).second) << check.id << " twice";
  }
  EXPECT_EQ(told, judged);
}

TEST(Catalogue, NamesTheLineOfWhatItDoesNotUnderstand) {
  Catalogue read;
  const auto error = [&](std::string_view text) {
    const Status done = parse_checks(text, Section::kHost, read);
    return done ? "none" : done.error().to_string();
  };
  EXPECT_EQ(error("id: a\ntitle: b\nwhy: c\nfix: d\n\n"), "none");
  EXPECT_EQ(error("id: a\nlevel: 3\ntitle: b\n"), "line 3: no level '3'");
  EXPECT_EQ(error("id: a\n\n"), "line 2: 'a' lacks id, title, why or fix");
  EXPECT_EQ(error("id: a\ntitel: b\n\n"), "line 3: no field 'titel'");
  EXPECT_EQ(error("nothing\n"), "line 1: no field");
  EXPECT_EQ(error(" more\n"), "line 1: a further line of no field");
}

TEST(Catalogue, JoinsFurtherLines) {
  Catalogue read;
  ASSERT_TRUE(
      parse_checks("id: a\ntitle: b\nwhy: one\n two\n .\n three\nfix: do:\n  this\n  that\n then\n "
                   "this\nkind: manual\nlevel: 2\nseverity: high\ncis-1.7.0: 5.5\n",
                   Section::kSwarm, read));
  ASSERT_EQ(read.checks.size(), 1U);
  const CheckInfo& check = read.checks[0];
  EXPECT_EQ(check.rationale, "one two\n\nthree");
  EXPECT_EQ(check.remediation, "do:\n this\n that\nthen this");
  EXPECT_FALSE(check.automatic);
  EXPECT_EQ(check.level, 2);
  EXPECT_EQ(check.severity, advisory::Severity::kHigh);
  EXPECT_EQ(check.cis[1], "5.5");
  EXPECT_EQ(check.section, Section::kSwarm);
}

}  // namespace
}  // namespace bulkhead::audit

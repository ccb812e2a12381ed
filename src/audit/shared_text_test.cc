#include "audit/shared_text.h"

#include <string>

#include <gtest/gtest.h>

#include "audit/check.h"
#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

TEST(SharedText, IsATextLikeAnother) {
  const SharedText empty;
  EXPECT_TRUE(empty.empty());
  EXPECT_EQ(empty, "");
  EXPECT_EQ(empty, SharedText(std::string()));
  const SharedText text = "/HostConfig/Privileged";
  EXPECT_EQ(text, std::string("/HostConfig/Privileged"));
  EXPECT_EQ(text.size(), 22U);
  EXPECT_TRUE(text.starts_with("/Host") && text.ends_with("ged") && text.contains("Config"));
  EXPECT_LT(SharedText("a"), SharedText("b"));
  EXPECT_LT(empty, text);
  const std::string copy = text;
  EXPECT_EQ(copy, text.view());
}

TEST(TextPool, MakesEqualTextsOne) {
  TextPool pool;
  const SharedText first = pool.shared("a text that is longer than a string holds in itself");
  const SharedText second = pool.shared("a text that is longer than a string holds in itself");
  EXPECT_EQ(first.view().data(), second.view().data());
  EXPECT_NE(first.view().data(), pool.shared("another").view().data());
  EXPECT_TRUE(pool.shared("").empty());
}

// Of 20,000 containers there are 800,000 rows.
TEST(RunChecks, ShareWhatTheirRowsHaveAlike) {
  Facts facts = test_facts();
  facts.containers = {test_container("db"), test_container("web")};
  const AuditResult result =
      run_checks(facts, {.checks = {"container.privileged", "container.memory-limit", "container.pids-limit"}});
  ASSERT_EQ(result.rows.size(), 6U);
  for (size_t i = 2; i < 6; ++i) {
    EXPECT_EQ(result.rows[i].object.id.view().data(), result.rows[i - 2].object.id.view().data());
    EXPECT_EQ(result.rows[i].object.name.view().data(), result.rows[i - 2].object.name.view().data());
  }
  for (size_t i = 0; i < 6; i += 2) {
    ASSERT_FALSE(result.rows[i].evidence.empty());
    EXPECT_EQ(result.rows[i].evidence[0].where.view().data(), result.rows[i + 1].evidence[0].where.view().data());
    EXPECT_EQ(result.rows[i].evidence[0].wanted.view().data(), result.rows[i + 1].evidence[0].wanted.view().data());
  }
  EXPECT_LE(sizeof(Row), 128U);
}

}  // namespace
}  // namespace bulkhead::audit

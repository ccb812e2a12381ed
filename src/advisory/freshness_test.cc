#include "advisory/freshness.h"

#include <gtest/gtest.h>

namespace bulkhead::advisory {
namespace {

TEST(Freshness, CountsDaysBetweenDatesAndTimestamps) {
  EXPECT_EQ(day_of("1970-01-01"), 0);
  EXPECT_EQ(age_in_days("2026-11-01", "2026-11-22"), 21);
  EXPECT_EQ(age_in_days("2026-11-01T23:59:59Z", "2026-11-22T00:00:00Z"), 21);
  EXPECT_EQ(age_in_days("2024-02-28", "2024-03-01"), 2);
  EXPECT_EQ(age_in_days("2026-11-23", "2026-11-22"), -1);
}

TEST(Freshness, KnowsWhatIsNoDate) {
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-02-30", "2026/01/01", "20260101", "2026-01-01x", "yyyy-mm-dd"}) {
    EXPECT_FALSE(day_of(text)) << text;
    EXPECT_FALSE(age_in_days(text, "2026-11-22")) << text;
  }
}

TEST(Freshness, TheLaterOfTwoDatesNeverIsTheUnreadableOne) {
  EXPECT_EQ(later_date("2026-01-01", "2026-01-02"), "2026-01-02");
  EXPECT_EQ(later_date("2026-01-03", "2026-01-02"), "2026-01-03");
  EXPECT_EQ(later_date("", "2026-01-02"), "2026-01-02");
  EXPECT_EQ(later_date("2026-01-02", "soon"), "2026-01-02");
  EXPECT_EQ(later_date("", ""), "");
}

}  // namespace
}  // namespace bulkhead::advisory

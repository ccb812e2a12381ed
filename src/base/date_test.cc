#include "base/date.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Date, IsADayThatThereIs) {
  for (const std::string_view day : {"2026-12-31", "2024-02-29", "2000-02-29", "0001-01-01"})
    EXPECT_TRUE(is_date(day)) << day;
  for (const std::string_view none :
       {"", "2026-12-32", "2026-13-01", "2026-00-01", "2026-01-00", "2025-02-29", "1900-02-29", "2026-1-1",
        "2026/12/31", "2026-12-31Z", "+026-12-31", "2026-12- 1"}) {
    EXPECT_FALSE(is_date(none)) << none;
  }
}

TEST(Date, TellsSecondsAsTime) {
  EXPECT_EQ(rfc3339_of(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339_of(1795383564), "2026-11-22T21:39:24Z");
  EXPECT_EQ(rfc3339_of(-62135596800), "0001-01-01T00:00:00Z");  // Go's zero time
  EXPECT_EQ(rfc3339_of(253402300799), "9999-12-31T23:59:59Z");
  for (const int64_t outside : {int64_t{253402300800}, int64_t{-62167219201}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(rfc3339_of(outside), "");
  }
}

TEST(Date, ReadsTimesAsSeconds) {
  for (const int64_t seconds : {int64_t{0}, int64_t{1795383564}, int64_t{-62135596800}, int64_t{253402300799}}) {
    EXPECT_EQ(parse_rfc3339(rfc3339_of(seconds)), seconds);
  }
  EXPECT_EQ(parse_rfc3339("2026-11-22T21:39:24.999999999Z"), 1795383564);
  EXPECT_EQ(parse_rfc3339("2026-11-22t23:09:24.5+01:30"), 1795383564);
  EXPECT_EQ(parse_rfc3339("2026-11-22T13:39:24-08:00"), 1795383564);
  for (const std::string_view none :
       {"", "2026-11-22", "2026-11-22T21:39:24", "2026-11-22 21:39:24Z", "2026-02-30T21:39:24Z", "2026-11-22T24:39:24Z",
        "2026-11-22T21:60:24Z", "2026-11-22T21:39:61Z", "2026-11-22T21:39:24.Z", "2026-11-22T21:39:24+1:00",
        "2026-11-22T21:39:24+25:00", "2026-11-22T21:39:24ZZ", "2026-11-22T21-39-24Z"}) {
    EXPECT_FALSE(parse_rfc3339(none)) << none;
  }
}

}  // namespace
}  // namespace bulkhead

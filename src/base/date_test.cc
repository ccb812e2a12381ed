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

}  // namespace
}  // namespace bulkhead

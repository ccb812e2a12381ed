// Timestamps, durations and time zones as the language writes them. Source: cel-spec, langdef.md, "Abstract Types" and
// "List of Standard Definitions"; RFC 3339; the textual form of Go's time.Duration.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace bulkhead::cel {

// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
bool valid_timestamp(Time time);
// What fits nanoseconds in an int64: about 292 years either way.
bool valid_duration(Time time);

// RFC 3339, offsets and nanoseconds included; nothing for another text or a time out of range.
std::optional<Time> parse_timestamp(std::string_view text);
// "1h30m", "-1.5s", "3ms": nothing for another text or a duration out of range.
std::optional<Time> parse_duration(std::string_view text);

std::string timestamp_text(Time time);  // "2009-02-13T23:31:30.5Z"
std::string duration_text(Time time);   // "5415.5s"

// Nothing when a result is out of range, of timestamps (`valid_timestamp`) or durations.
std::optional<Time> add_to_timestamp(Time timestamp, Time duration);
std::optional<Time> add_durations(Time a, Time b);
std::optional<Time> between(Time later, Time earlier);
Time negated(Time duration);

// The fields of a timestamp at a place.
struct CivilTime {
  int64_t year;
  int month;         // from 0
  int day_of_month;  // from 1
  int day_of_week;   // Sunday is 0
  int day_of_year;   // from 0
  int hours;
  int minutes;
  int seconds;
};
// `zone`: empty (UTC), an offset ("+05:30", "-09:30"), or a name of the time zone database of this machine
// ("Europe/Berlin"). Nothing when there is no such zone.
std::optional<CivilTime> civil_time(Time timestamp, std::string_view zone);

}  // namespace bulkhead::cel

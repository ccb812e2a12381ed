// The grammars of the header fields that we decide by. Pure and thread-safe; trust of the input: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/headers.h"

namespace bulkhead::net {

// Seconds since 1970 of an HTTP-date in its three forms (RFC 9110 section 5.6.7); nothing when it is none.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::chrono::sys_seconds time);

// Retry-After (RFC 9110 section 10.2.3): seconds, or a date, taken relative to `now`. A date in the past is zero.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, std::chrono::sys_seconds now);

// The same of an answer's head; a date is taken by the server's own clock, where it tells.
std::optional<std::chrono::milliseconds> retry_after_of(const Headers& headers);

// Content-Range of a 206 (RFC 9110 section 14.4): "bytes 42-1233/1234", the complete length perhaps unknown ("*").
struct ContentRange {
  uint64_t first = 0;
  uint64_t last = 0;
  std::optional<uint64_t> complete;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

// The target of the first Link field (RFC 8288 section 3) whose relation is `relation`: "next" finds "</v2/x?last=7>"
// of
// `</v2/x?last=7>; rel="next"`, without its brackets. Nothing when there is none; a field that breaks the grammar is
// passed over from there on.
std::optional<std::string> link_target(const Headers& headers, std::string_view relation);

// The media type of a Content-Type without its parameters, in lower case; "" when it is none (RFC 9110 section 8.3.1).
std::string media_type_of(std::string_view content_type);

}  // namespace bulkhead::net

// Small text helpers that the standard library lacks. ASCII only unless said otherwise; never depends on the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead {

std::string_view trim(std::string_view text);  // white space at both ends
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Pieces between separators; "a,,b" gives three, "" gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

// Cuts the first line (without its \n or \r\n) off `rest`; false when nothing is left.
//   while (next_line(rest, line)) …
bool next_line(std::string_view& rest, std::string_view& line);

// Decimal digits only, no sign, no white space, no overflow.
std::optional<uint64_t> parse_decimal(std::string_view text);

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
inline bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
inline bool is_alpha(char c) {
  return is_upper(c) || is_lower(c);
}
inline bool is_alnum(char c) {
  return is_alpha(c) || is_digit(c);
}
inline bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
inline char lower(char c) {
  return is_upper(c) ? static_cast<char>(c + 32) : c;
}

// Length (1 to 4) of the valid UTF-8 sequence that text starts with; 0 when it starts with none (RFC 3629).
size_t utf8_sequence_length(std::string_view text);

// `text` for a terminal or a log: control characters (C0, DEL, C1), bidirectional controls, separators of lines and
// paragraphs, and invalid UTF-8 become \xNN, so that names out of an image cannot move the cursor, forge lines or show
// text in another order than it has.
std::string printable(std::string_view text);

}  // namespace bulkhead

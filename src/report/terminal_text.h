// Text for terminals: colours, columns, lines that fit. Pure; what is given must be printable() already, colours apart.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "advisory/record.h"

namespace bulkhead::report {

inline constexpr std::string_view kBold = "\033[1m";
inline constexpr std::string_view kDim = "\033[2m";
inline constexpr std::string_view kGreen = "\033[32m";
inline constexpr std::string_view kRed = "\033[31m";
inline constexpr std::string_view kYellow = "\033[33m";
inline constexpr std::string_view kBlue = "\033[34m";
std::string_view color_of(advisory::Severity severity);

// `text` in that colour; as it is when `wanted` is false, or when there is no text or no colour.
std::string painted(bool wanted, std::string_view color, std::string_view text);

// Columns a terminal needs for text: code points, which is right for what reports are made of. Colours need none.
size_t columns(std::string_view text);

// `text` in lines of at most `width` columns (0: any), broken at spaces, all but the first indented. A word that is
// wider stays whole: half a version or a path is of no use to anybody.
std::string wrap(std::string_view text, size_t width, size_t indent);

// At most `width` columns of it, the last an ellipsis when something was cut off.
std::string shorten(std::string_view text, size_t width);
// With spaces up to `width` columns.
std::string pad(std::string_view text, size_t width);

// One line, made printable, blanks joined: instructions of history span lines and may hold anything.
std::string one_line(std::string_view text);

}  // namespace bulkhead::report

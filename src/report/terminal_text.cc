#include "report/terminal_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::report {

using advisory::Severity;

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "\033[1;31m";
    case Severity::kHigh:
      return kRed;
    case Severity::kMedium:
      return kYellow;
    case Severity::kLow:
      return "\033[36m";
    case Severity::kNegligible:
    case Severity::kUnknown:
      return kDim;
  }
  return {};
}

std::string painted(bool wanted, std::string_view color, std::string_view text) {
  constexpr std::string_view kReset = "\033[0m";
  if (!wanted || color.empty() || text.empty()) return std::string(text);
  return fmt::format("{}{}{}", color, text, kReset);
}

size_t columns(std::string_view text) {
  size_t count = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\033') escape = true;
    if (!escape && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
    if (c == 'm') escape = false;
  }
  return count;
}

std::string wrap(std::string_view text, size_t width, size_t indent) {
  if (width == 0 || columns(text) <= width) return std::string(text);
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return std::string(text);
  std::string out(text.substr(0, first));
  size_t used = first;
  bool begun = false;  // a word stands on this line
  size_t gap = 0;
  for (size_t i = first; i < text.size();) {
    const size_t end = std::min(text.find(' ', i), text.size());
    const std::string_view word = text.substr(i, end - i);
    if (begun && used + gap + columns(word) > width) {
      out += '\n' + std::string(indent, ' ');
      used = indent;
      gap = 0;
    }
    out.append(gap, ' ').append(word);
    used += gap + columns(word);
    begun = true;
    i = std::min(text.find_first_not_of(' ', end), text.size());
    gap = i - end;
  }
  return out;
}

std::string shorten(std::string_view text, size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string kept;
  for (size_t i = 0, used = 0; i < text.size() && used + 1 < width; ++used) {
    const size_t length = std::max<size_t>(utf8_sequence_length(text.substr(i)), 1);
    kept.append(text.substr(i, length));
    i += length;
  }
  return kept + "…";
}

std::string pad(std::string_view text, size_t width) {
  const size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool space = is_space(c);
    if (space && (line.empty() || line.back() == ' ')) continue;
    line.push_back(space ? ' ' : c);
  }
  return printable(trim(line));
}

}  // namespace bulkhead::report

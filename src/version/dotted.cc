#include "version/dotted.h"

#include "version/digits.h"

namespace bulkhead::version {
namespace {

bool is_separator(char c) {
  return c == '.' || c == '-';
}

// The length of the list of numbers that text starts with; 0 when it ends with a separator or has none.
template <typename Predicate>
size_t number_list_size(std::string_view text, Predicate separates) {
  std::string_view rest = text;
  while (true) {
    if (take_digits(rest).empty()) return 0;
    if (rest.empty() || !separates(rest.front())) return text.size() - rest.size();
    rest.remove_prefix(1);
  }
}

}  // namespace

std::strong_ordering order(const NumberList& a, const NumberList& b) {
  std::string_view left = a.text;
  std::string_view right = b.text;
  while (!left.empty() && !right.empty()) {
    if (const auto by_number = compare_digits(take_digits(left), take_digits(right)); by_number != 0) return by_number;
    if (left.empty() || right.empty()) break;
    left.remove_prefix(1);
    right.remove_prefix(1);
  }
  return !left.empty() <=> !right.empty();
}

std::optional<CranVersion> CranVersion::parse(std::string_view text) {
  const size_t size = number_list_size(text, is_separator);
  if (size == 0 || size != text.size()) return std::nullopt;
  return CranVersion{{text}};
}

std::optional<HackageVersion> HackageVersion::parse(std::string_view text) {
  const size_t size = number_list_size(text, [](char c) { return c == '.'; });
  if (size == 0) return std::nullopt;
  std::string_view tags = text.substr(size);
  while (take_char(tags, '-')) {
    if (take_while(tags, is_alnum).empty()) return std::nullopt;
  }
  if (!tags.empty()) return std::nullopt;
  return HackageVersion{{text.substr(0, size)}};
}

}  // namespace bulkhead::version

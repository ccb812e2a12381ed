// Recognition looks at the first bytes only, so a JSON document is walked without being parsed: strings and brackets
// are enough to see the outermost object's members.
#include "advisory/feed.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

class HeadScanner {
 public:
  explicit HeadScanner(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    skip_space();
    open_ = take('{');
  }

  struct Member {
    std::string_view key;
    std::string_view text;  // a string's contents, escapes as they stand; empty for other values
    bool is_string = false;
  };

  // False at the end of the object or of the head.
  bool next(Member& member) {
    if (!open_) return false;
    skip_space();
    if (take(',')) skip_space();
    std::string_view value;
    if (!take_string(member.key)) return open_ = false;
    skip_space();
    if (!take(':')) return open_ = false;
    skip_space();
    member.is_string = take_string(value);
    member.text = value;
    if (!member.is_string) open_ = skip_value();
    return true;  // a member whose value goes past the head is a member all the same
  }

 private:
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_string(std::string_view& contents) {
    if (!rest_.starts_with('"')) return false;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        contents = rest_.substr(1, i - 1);
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    rest_ = {};
    return false;
  }
  // False when the head ends inside of it.
  bool skip_value() {
    for (size_t depth = 0; !rest_.empty();) {
      const char c = rest_.front();
      std::string_view ignored;
      if (c == '"') {
        if (!take_string(ignored)) return false;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) return true;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      rest_.remove_prefix(1);
    }
    return false;
  }

  std::string_view rest_;
  bool open_ = false;
};

}  // namespace

std::optional<std::string> DocumentHead::json_string(std::string_view key) const {
  HeadScanner scanner(text);
  for (HeadScanner::Member member; scanner.next(member);) {
    if (member.key == key && member.is_string) return std::string(member.text);
  }
  return std::nullopt;
}

bool DocumentHead::has_json_member(std::string_view key) const {
  HeadScanner scanner(text);
  for (HeadScanner::Member member; scanner.next(member);) {
    if (member.key == key) return true;
  }
  return false;
}

}  // namespace bulkhead::advisory

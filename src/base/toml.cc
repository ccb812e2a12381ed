#include "base/toml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"

namespace bulkhead::toml {
namespace {

enum class Kind : uint8_t { kText, kInteger, kNumber, kBool, kArray, kTable };

// How a table came to be decides what may still be added to it (TOML 1.0.0, "Table", "Inline Table").
enum class Origin : uint8_t {
  kImplied,  // [a] by [a.b]: may still be opened once
  kHeader,   // [a]
  kDotted,   // a.b = 1: may be added to by dotted keys of the same section
  kInline,   // {…}, and static arrays: closed
};

struct Node {
  Kind kind = Kind::kTable;
  Origin origin = Origin::kImplied;
  std::string text;                                                         // of kText
  int64_t integer = 0;                                                      // of kInteger and kBool
  double number = 0;                                                        // of kNumber
  std::vector<std::unique_ptr<Node>> elements;                              // of kArray
  std::map<std::string, size_t, std::less<>> index;                         // of kTable: key to its place in `members`
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> members;  // keys view `index`

  Node* find(std::string_view key) const {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : members[found->second].second.get();
  }
};

void append_utf8(std::string& out, uint32_t code_point) {
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code_point >> 6)));
    out.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else if (code_point < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code_point >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code_point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code_point >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code_point >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code_point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

// Underscores stand between digits only.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out.push_back(text[i]);
    } else if (i == 0 || i + 1 == text.size() || !is_alnum(text[i - 1]) || !is_alnum(text[i + 1])) {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<int64_t> integer_of(std::string_view text) {
  const auto digits = without_underscores(text);
  if (!digits) return std::nullopt;
  std::string_view rest = *digits;
  int base = 10;
  if (rest.starts_with("0x") || rest.starts_with("0o") || rest.starts_with("0b")) {
    base = rest[1] == 'x' ? 16 : rest[1] == 'o' ? 8 : 2;
    rest.remove_prefix(2);
    if (rest.starts_with('-')) return std::nullopt;
  } else {
    if (rest.starts_with('+')) rest.remove_prefix(1);
    const std::string_view unsigned_part = rest.starts_with('-') ? rest.substr(1) : rest;
    if (digits->starts_with('+') && rest.starts_with('-')) return std::nullopt;
    if (unsigned_part.size() > 1 && unsigned_part.front() == '0') return std::nullopt;
  }
  int64_t value = 0;
  const auto [stopped, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (error != std::errc() || stopped != rest.data() + rest.size()) return std::nullopt;
  return value;
}

std::optional<double> number_of(std::string_view text) {
  const auto digits = without_underscores(text);
  if (!digits) return std::nullopt;
  std::string_view rest = *digits;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  const std::string_view magnitude = rest.starts_with('-') ? rest.substr(1) : rest;
  if (magnitude == "inf" || magnitude == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (magnitude.find_first_of(".eE") == std::string_view::npos) return std::nullopt;  // an integer out of range
  if (magnitude.empty() || !is_digit(magnitude.front()) || !is_digit(magnitude.back())) return std::nullopt;
  if (magnitude.size() > 1 && magnitude[0] == '0' && is_digit(magnitude[1])) return std::nullopt;
  if (const size_t point = magnitude.find('.'); point != std::string_view::npos && !is_digit(magnitude[point + 1])) {
    return std::nullopt;
  }
  double value = 0;
  const auto [stopped, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || stopped != rest.data() + rest.size()) return std::nullopt;
  return value;
}

// RFC 3339 in shape; the values of the fields are left to who reads them.
bool looks_like_time(std::string_view text) {
  const auto digits = [&](size_t at, size_t count) {
    for (size_t i = at; i < at + count; ++i) {
      if (i >= text.size() || !is_digit(text[i])) return false;
    }
    return true;
  };
  const bool date =
      digits(0, 4) && text.size() >= 10 && text[4] == '-' && digits(5, 2) && text[7] == '-' && digits(8, 2);
  const bool time =
      digits(0, 2) && text.size() >= 8 && text[2] == ':' && digits(3, 2) && text[5] == ':' && digits(6, 2);
  return (date || time) && text.find_first_not_of("0123456789-:+.TtZz ") == std::string_view::npos;
}

class Parser {
 public:
  Parser(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  Result<std::unique_ptr<Node>> parse() {
    auto root = std::make_unique<Node>();
    root->origin = Origin::kHeader;
    Node* section = root.get();
    for (;;) {
      TRY(skip_lines());
      if (at_end()) return root;
      if (peek() == '[') {
        TRY_ASSIGN(section, header(*root));
      } else {
        TRY(key_value(*section, 1));
      }
      skip_blanks();
      TRY(skip_comment());
      if (!at_end() && !at_newline()) return malformed("something follows the value");
    }
  }

 private:
  using Path = std::vector<std::string>;

  std::unexpected<Error> malformed(std::string_view what) const {
    return fail(Code::kMalformed, fmt::format("line {}: {}", line_, what));
  }

  bool at_end() const { return position_ >= text_.size(); }
  char peek(size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }
  bool at_newline() const { return peek() == '\n' || (peek() == '\r' && peek(1) == '\n'); }
  bool take(std::string_view token) {
    if (!text_.substr(position_).starts_with(token)) return false;
    position_ += token.size();
    return true;
  }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') ++position_;
  }
  void take_newline() {
    position_ += peek() == '\r' ? 2U : 1U;
    ++line_;
  }
  Status skip_comment() {
    if (peek() != '#') return {};
    while (!at_end() && !at_newline()) {
      const char c = text_[position_++];
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
        return malformed("a control character in a comment");
      }
    }
    return {};
  }
  Status skip_lines() {
    for (;;) {
      skip_blanks();
      TRY(skip_comment());
      if (at_end() || !at_newline()) return {};
      take_newline();
    }
  }

  Result<Node*> add(Node& table, std::string_view key, Kind kind, Origin origin) {
    TRY_ASSIGN(auto node, make(kind, origin));
    const auto [place, added] = table.index.emplace(key, table.members.size());
    if (!added) return malformed(fmt::format("\"{}\" is defined twice", printable(key)));
    Node* const raw = node.get();
    table.members.emplace_back(place->first, std::move(node));
    return raw;
  }
  Result<std::unique_ptr<Node>> make(Kind kind, Origin origin) {
    if (++nodes_ > limits_.max_nodes) return fail(limit_error("values in a TOML document", limits_.max_nodes, {}));
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->origin = origin;
    return node;
  }

  // "[a.b]" and "[[a.b]]": the table that the lines after it go into.
  Result<Node*> header(Node& root) {
    const bool array = text_.substr(position_).starts_with("[[");
    position_ += array ? 2 : 1;
    skip_blanks();
    TRY_ASSIGN(const Path path, dotted_key());
    skip_blanks();
    if (!take(array ? "]]" : "]")) return malformed("a table's name is not closed");
    Node* table = &root;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      Node* next = table->find(path[i]);
      if (next == nullptr) {
        TRY_ASSIGN(next, add(*table, path[i], Kind::kTable, Origin::kImplied));
      }
      if (next->kind == Kind::kArray && next->origin == Origin::kHeader) next = next->elements.back().get();
      if (next->kind != Kind::kTable || next->origin == Origin::kInline) return twice(path[i]);
      table = next;
    }
    Node* last = table->find(path.back());
    if (array) {
      if (last == nullptr) {
        TRY_ASSIGN(last, add(*table, path.back(), Kind::kArray, Origin::kHeader));
      }
      if (last->kind != Kind::kArray || last->origin != Origin::kHeader) return twice(path.back());
      TRY_ASSIGN(auto element, make(Kind::kTable, Origin::kHeader));
      last->elements.push_back(std::move(element));
      return last->elements.back().get();
    }
    if (last == nullptr) return add(*table, path.back(), Kind::kTable, Origin::kHeader);
    if (last->kind != Kind::kTable || last->origin != Origin::kImplied) return twice(path.back());
    last->origin = Origin::kHeader;
    return last;
  }
  std::unexpected<Error> twice(std::string_view key) const {
    return malformed(fmt::format("\"{}\" is defined twice", printable(key)));
  }

  Status key_value(Node& section, size_t depth) {
    TRY_ASSIGN(const Path path, dotted_key());
    skip_blanks();
    if (!take("=")) return malformed("\"=\" is missing after a key");
    skip_blanks();
    Node* table = &section;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      Node* next = table->find(path[i]);
      if (next == nullptr) {
        TRY_ASSIGN(next, add(*table, path[i], Kind::kTable, Origin::kDotted));
      }
      if (next->kind != Kind::kTable || next->origin != Origin::kDotted) return twice(path[i]);
      table = next;
    }
    if (table->find(path.back()) != nullptr) return twice(path.back());
    TRY_ASSIGN(auto value_node, value(depth + path.size() - 1));
    const auto [place, added] = table->index.emplace(path.back(), table->members.size());
    table->members.emplace_back(place->first, std::move(value_node));
    return {};
  }

  Result<Path> dotted_key() {
    Path path;
    for (;;) {
      if (path.size() >= limits_.max_depth) return depth_error();
      TRY_ASSIGN(std::string part, simple_key());
      path.push_back(std::move(part));
      skip_blanks();
      if (peek() != '.') return path;
      ++position_;
      skip_blanks();
    }
  }
  Result<std::string> simple_key() {
    if (peek() == '"') return basic_string();
    if (peek() == '\'') return literal_string();
    const size_t begin = position_;
    while (is_alnum(peek()) || peek() == '_' || peek() == '-') ++position_;
    if (position_ == begin) return malformed("a key is missing");
    return std::string(text_.substr(begin, position_ - begin));
  }
  std::unexpected<Error> depth_error() const {
    return fail(limit_error("levels of nesting in a TOML document", limits_.max_depth, limits_.options.depth)
                    .with_context(fmt::format("line {}", line_)));
  }

  Result<std::unique_ptr<Node>> value(size_t depth) {
    if (depth >= limits_.max_depth) return depth_error();
    if (peek() == '[') return array(depth);
    if (peek() == '{') return inline_table(depth);
    TRY_ASSIGN(auto node, make(Kind::kText, Origin::kInline));
    if (peek() == '"') {
      TRY_ASSIGN(node->text, take("\"\"\"") ? multi_line('"') : basic_string());
      return node;
    }
    if (peek() == '\'') {
      TRY_ASSIGN(node->text, take("'''") ? multi_line('\'') : literal_string());
      return node;
    }
    const size_t begin = position_;
    const auto part_of_scalar = [](char c) {
      return is_alnum(c) || c == '_' || c == '+' || c == '-' || c == '.' || c == ':';
    };
    while (part_of_scalar(peek())) ++position_;
    // A date and its time may be parted by one space.
    if (position_ - begin == 10 && peek() == ' ' && is_digit(peek(1)) && is_digit(peek(2)) && peek(3) == ':') {
      ++position_;
      while (part_of_scalar(peek())) ++position_;
    }
    const std::string_view scalar = text_.substr(begin, position_ - begin);
    if (looks_like_time(scalar)) {
      node->text = scalar;
      return node;
    }
    if (scalar == "true" || scalar == "false") {
      node->kind = Kind::kBool;
      node->integer = scalar == "true" ? 1 : 0;
    } else if (const auto integer = integer_of(scalar)) {
      node->kind = Kind::kInteger;
      node->integer = *integer;
    } else if (const auto number = number_of(scalar)) {
      node->kind = Kind::kNumber;
      node->number = *number;
    } else {
      return malformed(fmt::format("\"{}\" is no value", printable(scalar.substr(0, 80))));
    }
    return node;
  }

  Result<std::unique_ptr<Node>> array(size_t depth) {
    ++position_;
    TRY_ASSIGN(auto node, make(Kind::kArray, Origin::kInline));
    for (;;) {
      TRY(skip_lines());
      if (take("]")) return node;
      TRY_ASSIGN(auto element, value(depth + 1));
      node->elements.push_back(std::move(element));
      TRY(skip_lines());
      if (take("]")) return node;
      if (!take(",")) return malformed("\",\" or \"]\" is missing in an array");
    }
  }

  Result<std::unique_ptr<Node>> inline_table(size_t depth) {
    ++position_;
    TRY_ASSIGN(auto node, make(Kind::kTable, Origin::kInline));
    skip_blanks();
    if (take("}")) return node;
    for (;;) {
      skip_blanks();
      TRY(key_value(*node, depth + 1));
      skip_blanks();
      if (take("}")) return node;
      if (!take(",")) return malformed("\",\" or \"}\" is missing in an inline table");
    }
  }

  Result<std::string> literal_string() {
    const size_t begin = ++position_;
    const size_t end = text_.find_first_of("'\n", begin);
    if (end == std::string_view::npos || text_[end] == '\n') return malformed("a string is not closed");
    position_ = end + 1;
    return std::string(text_.substr(begin, end - begin));
  }

  Result<std::string> basic_string() {
    ++position_;
    std::string out;
    for (;;) {
      if (at_end() || peek() == '\n') return malformed("a string is not closed");
      const char c = text_[position_++];
      if (c == '"') return out;
      if (c == '\\') {
        TRY(escape(out));
      } else {
        out.push_back(c);
      }
    }
  }

  // After the opening quotes. A newline right after them does not count; up to two quotes may stand before the closing
  // three.
  Result<std::string> multi_line(char quote) {
    if (at_newline()) take_newline();
    std::string out;
    for (;;) {
      if (at_end()) return malformed("a string is not closed");
      if (peek() == quote && peek(1) == quote && peek(2) == quote) {
        position_ += 3;
        for (int i = 0; i < 2 && peek() == quote; ++i, ++position_) out.push_back(quote);
        return out;
      }
      const char c = text_[position_++];
      if (c == '\n') ++line_;
      if (c != '\\' || quote == '\'') {
        out.push_back(c);
        continue;
      }
      const size_t after = position_;
      skip_blanks();
      if (!at_newline()) {
        position_ = after;
        TRY(escape(out));
        continue;
      }
      while (at_newline() || peek() == ' ' || peek() == '\t') at_newline() ? take_newline() : skip_blanks();
    }
  }

  // After the backslash.
  Status escape(std::string& out) {
    const char c = peek();
    ++position_;
    switch (c) {
      case 'b':
        out.push_back('\b');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case 'n':
        out.push_back('\n');
        return {};
      case 'f':
        out.push_back('\f');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case '"':
        out.push_back('"');
        return {};
      case '\\':
        out.push_back('\\');
        return {};
      case 'u':
        return code_point(4, out);
      case 'U':
        return code_point(8, out);
      default:
        return malformed("an unknown escape in a string");
    }
  }
  Status code_point(size_t digits, std::string& out) {
    const std::string_view hex = text_.substr(std::min(position_, text_.size()), digits);
    uint32_t value = 0;
    const auto [stopped, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (hex.size() != digits || error != std::errc() || stopped != hex.data() + hex.size() || value > 0x10FFFF ||
        (value >= 0xD800 && value < 0xE000)) {
      return malformed("an escape that is no Unicode scalar value");
    }
    position_ += digits;
    append_utf8(out, value);
    return {};
  }

  const std::string_view text_;
  const Limits limits_;
  size_t position_ = 0;
  size_t line_ = 1;
  size_t nodes_ = 0;
};

// Depth is bounded by the parser.
void write(json::Writer& writer, const Node& node) {  // NOLINT(misc-no-recursion)
  switch (node.kind) {
    case Kind::kText:
      writer.string(node.text);
      break;
    case Kind::kInteger:
      writer.integer(node.integer);
      break;
    case Kind::kNumber:
      writer.number(node.number);
      break;
    case Kind::kBool:
      writer.boolean(node.integer != 0);
      break;
    case Kind::kArray:
      writer.begin_array();
      for (const auto& element : node.elements) write(writer, *element);
      writer.end_array();
      break;
    case Kind::kTable:
      writer.begin_object();
      for (const auto& [key, member] : node.members) {
        writer.key(key);
        write(writer, *member);
      }
      writer.end_object();
      break;
  }
}

}  // namespace

Result<json::Document> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return fail(limit_error("bytes in a TOML document", limits.max_bytes, limits.options.bytes));
  }
  TRY_ASSIGN(const auto root, Parser(text, limits).parse());
  json::Writer writer(json::Layout::kCompact);
  write(writer, *root);
  const std::string json = std::move(writer).take();
  // A section's path adds its depth to that of the values in it.
  return json::Document::parse(json, {.max_bytes = json.size(), .max_depth = 2 * limits.max_depth + 1});
}

}  // namespace bulkhead::toml

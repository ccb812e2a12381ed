#include "cel/lexer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cel/syntax.h"
#include "cel/utf8.h"

namespace bulkhead::cel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// What one character after a backslash stands for; 0 when it is something longer.
char simple_escape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`':
      return c;
    default:
      return 0;
  }
}

constexpr std::array<std::string_view, 17> kReserved = {"as",        "break",  "const",  "continue", "else", "for",
                                                        "function",  "if",     "import", "let",      "loop", "package",
                                                        "namespace", "return", "var",    "void",     "while"};
constexpr std::array<std::string_view, 6> kTwoSymbols = {"&&", "||", "==", "!=", "<=", ">="};

}  // namespace

bool is_reserved(std::string_view word) {
  return std::ranges::find(kReserved, word) != kReserved.end();
}

std::string position_text(std::string_view source, uint32_t offset) {
  const std::string_view before = source.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t start = before.rfind('\n');
  const size_t column = start == std::string_view::npos ? offset + 1 : offset - start;
  return fmt::format("line {}, column {}", line, column);
}

std::unexpected<Error> Lexer::error(size_t offset, std::string_view what) const {
  return fail(Code::kMalformed, fmt::format("{}: {}", position_text(source_, static_cast<uint32_t>(offset)), what));
}

Status Lexer::skip_space() {
  for (;;) {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else {
      return {};
    }
  }
}

Result<Token> Lexer::next() {
  TRY(skip_space());
  Token token{.kind = TokenKind::kEnd, .offset = static_cast<uint32_t>(at_), .text = {}, .value = {}};
  if (at_ >= source_.size()) return token;
  const char c = peek();
  const auto is_quote = [](char quote) { return quote == '"' || quote == '\''; };
  if (is_quote(c)) return text_literal(0, false, false);
  if (is_letter(c)) {
    // r"", b"", rb"", br"" in either case.
    bool raw = false;
    bool bytes = false;
    size_t prefix = 0;
    for (; prefix < 2; ++prefix) {
      const char p = peek(prefix);
      if ((p == 'r' || p == 'R') && !raw) {
        raw = true;
      } else if ((p == 'b' || p == 'B') && !bytes) {
        bytes = true;
      } else {
        break;
      }
    }
    if (prefix > 0 && is_quote(peek(prefix))) return text_literal(prefix, raw, bytes);
    size_t length = 1;
    while (is_letter(peek(length)) || is_digit(peek(length))) ++length;
    token.kind = TokenKind::kIdentifier;
    token.text = source_.substr(at_, length);
    at_ += length;
    return token;
  }
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
  if (c == '`') {
    const size_t end = source_.find('`', at_ + 1);
    if (end == std::string_view::npos) return error(at_, "a quoted name has no end");
    token.kind = TokenKind::kQuoted;
    token.text = source_.substr(at_ + 1, end - at_ - 1);
    const bool good = !token.text.empty() && std::ranges::all_of(token.text, [](char each) {
      return is_letter(each) || is_digit(each) || each == '.' || each == '-' || each == '/' || each == ' ';
    });
    if (!good) return error(at_, "a quoted name has letters, digits, '_', '.', '-', '/' and spaces only");
    at_ = end + 1;
    return token;
  }
  token.kind = TokenKind::kSymbol;
  const std::string_view two = source_.substr(at_, 2);
  if (std::ranges::find(kTwoSymbols, two) != kTwoSymbols.end()) {
    token.text = two;
  } else if (std::string_view("+-*/%<>!?:.,()[]{}").find(c) != std::string_view::npos) {
    token.text = source_.substr(at_, 1);
  } else {
    return error(at_, fmt::format("unexpected character (byte 0x{:02x})", static_cast<unsigned char>(c)));
  }
  at_ += token.text.size();
  return token;
}

Result<Token> Lexer::number() {
  Token token{.kind = TokenKind::kInt, .offset = static_cast<uint32_t>(at_), .text = {}, .value = {}};
  const size_t start = at_;
  if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X') && hex_digit(peek(2)) >= 0) {
    at_ += 2;
    while (hex_digit(peek()) >= 0) ++at_;
  } else {
    while (is_digit(peek())) ++at_;
    if (peek() == '.' && is_digit(peek(1))) {
      token.kind = TokenKind::kDouble;
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
      token.kind = TokenKind::kDouble;
      at_ += 1 + sign;
      while (is_digit(peek())) ++at_;
    }
  }
  token.text = source_.substr(start, at_ - start);
  if (token.kind == TokenKind::kInt && (peek() == 'u' || peek() == 'U')) {
    token.kind = TokenKind::kUint;
    ++at_;
  }
  if (is_letter(peek()) || is_digit(peek())) return error(start, "a letter directly after a number");
  return token;
}

Result<Token> Lexer::text_literal(size_t prefix, bool raw, bool bytes) {
  const size_t start = at_;
  at_ += prefix;
  const char quote = peek();
  const bool triple = peek(1) == quote && peek(2) == quote;
  const std::string end(triple ? 3 : 1, quote);
  at_ += end.size();
  Token token{.kind = bytes ? TokenKind::kBytes : TokenKind::kString,
              .offset = static_cast<uint32_t>(start),
              .text = {},
              .value = {}};
  for (;;) {
    if (at_ >= source_.size()) return error(start, "a string has no end");
    if (source_.substr(at_).starts_with(end)) break;
    const char c = source_[at_];
    if (!triple && (c == '\n' || c == '\r')) return error(start, "a string ends at the end of its line");
    if (c == '\\' && !raw) {
      TRY(escape(token.value, bytes));
    } else if (c == '\\' && at_ + 1 < source_.size()) {
      token.value += source_.substr(at_, 2);  // r"\"" is two characters
      at_ += 2;
    } else {
      token.value += c;
      ++at_;
    }
  }
  at_ += end.size();
  token.text = source_.substr(start, at_ - start);
  if (!bytes && !is_utf8(token.value)) return error(start, "a string is not UTF-8");
  return token;
}

Status Lexer::escape(std::string& out, bool bytes) {
  const size_t start = at_++;
  const char c = peek();
  if (const char simple = simple_escape(c)) {
    out += simple;
    ++at_;
    return {};
  }
  size_t digits = 0;
  uint32_t base = 16;
  size_t skip = 1;
  if (c == 'x' || c == 'X') {
    digits = 2;
  } else if (c == 'u' && !bytes) {
    digits = 4;
  } else if (c == 'U' && !bytes) {
    digits = 8;
  } else if (c >= '0' && c <= '3') {
    digits = 3;
    base = 8;
    skip = 0;
  } else {
    return error(start, "unknown escape in a string");
  }
  at_ += skip;
  uint32_t code = 0;
  for (size_t i = 0; i < digits; ++i, ++at_) {
    const int digit = hex_digit(peek());
    if (digit < 0 || static_cast<uint32_t>(digit) >= base) return error(start, "an escape in a string lacks digits");
    code = code * base + static_cast<uint32_t>(digit);
  }
  if (bytes) {
    out += static_cast<char>(code);
  } else if (!append_utf8(out, code)) {
    return error(start, "an escape in a string names no character");
  }
  return {};
}

}  // namespace bulkhead::cel

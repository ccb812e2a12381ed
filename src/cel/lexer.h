// The tokens of the language. Source: cel-spec, langdef.md, "Syntax": lexis.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bulkhead::cel {

enum class TokenKind : uint8_t {
  kEnd,
  kIdentifier,  // also reserved words: they may name fields
  kQuoted,      // `a-b`: a field's name
  kInt,         // text: digits, as written
  kUint,        // without the u
  kDouble,
  kString,
  kBytes,
  kSymbol,  // "&&", "?", "[" …
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t offset = 0;
  std::string_view text;  // in the source
  std::string value;      // kString, kBytes: what the literal means
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  // kMalformed.
  Result<Token> next();

 private:
  Status skip_space();
  Result<Token> number();
  Result<Token> text_literal(size_t prefix, bool raw, bool bytes);
  Status escape(std::string& out, bool bytes);
  std::unexpected<Error> error(size_t offset, std::string_view what) const;
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  std::string_view source_;
  size_t at_ = 0;
};

bool is_reserved(std::string_view word);

}  // namespace bulkhead::cel

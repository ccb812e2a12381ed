#include "net/challenge.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::net {
namespace {

bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}
bool is_token68_char(char c) {
  return is_alnum(c) || std::string_view("-._~+/").contains(c);
}

// quoted-string allows HTAB, SP, visible ASCII and obs-text (section 5.6.4).
bool is_quoted_char(char c) {
  return c == '\t' || (c >= ' ' && c != '\x7F') || static_cast<unsigned char>(c) >= 0x80;
}

class Parser {
 public:
  Parser(std::string_view text, const ChallengeLimits& limits) : text_(text), limits_(limits) {}

  // #challenge: empty list elements are allowed (section 5.6.1.2).
  Result<std::vector<Challenge>> run() {
    std::vector<Challenge> challenges;
    skip_empty_elements();
    while (!at_end()) {
      TRY_ASSIGN(Challenge challenge, one_challenge());
      challenges.push_back(std::move(challenge));
      skip_empty_elements();
    }
    if (challenges.empty()) return malformed("no challenge");
    return challenges;
  }

 private:
  // challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]. The comma before the next challenge stays unread.
  Result<Challenge> one_challenge() {
    Challenge challenge;
    challenge.scheme = to_lower(take_while(is_token_char));
    if (challenge.scheme.empty()) return malformed("an authentication scheme was expected");
    TRY(count_one());
    if (!peek_is(' ')) {
      TRY(end_of_element());
      return challenge;
    }
    while (peek_is(' ')) ++position_;
    if (std::string token68 = take_token68(); !token68.empty()) {
      challenge.token68 = std::move(token68);
      return challenge;
    }
    TRY(parameters(challenge));
    return challenge;
  }

  // token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=": only when it fills its list element, since
  // `a=` begins a parameter as well. Nothing is consumed otherwise.
  std::string take_token68() {
    const size_t start = position_;
    take_while(is_token68_char);
    if (position_ > start) take_while([](char c) { return c == '='; });
    const size_t end = position_;
    skip_spaces();
    if (end > start && (at_end() || peek_is(','))) return std::string(text_.substr(start, end - start));
    position_ = start;
    return {};
  }

  // #auth-param, up to the comma that is followed by something else than a parameter: there the next challenge begins.
  Status parameters(Challenge& challenge) {
    for (;;) {
      const size_t element = position_;
      skip_empty_elements();
      const size_t start = position_;
      std::string name = to_lower(take_while(is_token_char));
      if (!name.empty()) skip_spaces();
      if (name.empty() || !peek_is('=')) {
        // Right after the scheme's space there must be a parameter; later this is where the next challenge begins.
        if (challenge.parameters.empty() && element == start) return malformed("a parameter was expected");
        position_ = element;
        return {};
      }
      ++position_;
      skip_spaces();
      TRY(count_one());
      TRY_ASSIGN(std::string value, parameter_value());
      if (challenge.find(name)) return malformed(fmt::format("parameter '{}' is given twice", name));
      challenge.parameters.emplace_back(std::move(name), std::move(value));
      TRY(end_of_element());
      if (at_end()) return {};
    }
  }

  Result<std::string> parameter_value() {
    if (!peek_is('"')) {
      const std::string_view token = take_while(is_token_char);
      if (token.empty()) return malformed("a value was expected");
      return std::string(token);
    }
    ++position_;
    std::string value;
    while (!at_end() && !peek_is('"')) {
      if (peek_is('\\')) ++position_;
      if (at_end() || !is_quoted_char(text_[position_])) return malformed("a quoted string holds a control character");
      value.push_back(text_[position_++]);
    }
    if (at_end()) return malformed("a quoted string does not end");
    ++position_;
    return value;
  }

  Status end_of_element() {
    skip_spaces();
    if (!at_end() && !peek_is(',')) return malformed("a comma was expected");
    return {};
  }

  Status count_one() {
    if (++counted_ > limits_.max_parameters) {
      return fail(Code::kLimitExceeded,
                  fmt::format("WWW-Authenticate: more than {} parameters", limits_.max_parameters));
    }
    return {};
  }

  template <typename Predicate>
  std::string_view take_while(Predicate predicate) {
    const size_t start = position_;
    while (!at_end() && predicate(text_[position_])) ++position_;
    return text_.substr(start, position_ - start);
  }
  void skip_spaces() {
    while (peek_is(' ') || peek_is('\t')) ++position_;
  }
  void skip_empty_elements() {
    while (peek_is(' ') || peek_is('\t') || peek_is(',')) ++position_;
  }
  bool at_end() const { return position_ == text_.size(); }
  bool peek_is(char c) const { return !at_end() && text_[position_] == c; }
  std::unexpected<Error> malformed(std::string_view what) const {
    return fail(Code::kMalformed, fmt::format("WWW-Authenticate: {} at offset {}", what, position_));
  }

  std::string_view text_;
  const ChallengeLimits& limits_;
  size_t position_ = 0;
  size_t counted_ = 0;
};

}  // namespace

std::optional<std::string_view> Challenge::find(std::string_view name) const {
  const auto found = std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  if (found == parameters.end()) return std::nullopt;
  return found->second;
}

Result<std::vector<Challenge>> parse_challenges(std::string_view field_value, const ChallengeLimits& limits) {
  if (field_value.size() > limits.max_bytes) {
    return fail(Code::kLimitExceeded, fmt::format("WWW-Authenticate: longer than {} bytes", limits.max_bytes));
  }
  return Parser(trim(field_value), limits).run();
}

}  // namespace bulkhead::net

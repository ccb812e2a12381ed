#include "net/headers.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::net {
namespace {

bool is_token_char(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

// field-vchar, SP, HTAB and obs-text.
bool is_value(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7F'); });
}

std::string_view trim_blanks(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  add(std::string(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return equals_ignoring_case(field.name, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) values.emplace_back(field.value);
  }
  return values;
}

bool is_valid_field(std::string_view name, std::string_view value) {
  return is_token(name) && is_value(value);
}

Status HeadReader::line(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > limits_.max_bytes) {
    return fail(Code::kLimitExceeded, fmt::format("head of the answer: more than {} bytes", limits_.max_bytes));
  }
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (state_ == State::kComplete) return {};
  if (state_ == State::kStatusLine) return status_line(line);
  return field_line(line);
}

// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4); the last space is often missing.
Status HeadReader::status_line(std::string_view line) {
  const bool version_fits = line.size() >= 12 && line.starts_with("HTTP/") && is_digit(line[5]) && line[8] == ' ';
  const bool code_fits = version_fits && is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]) &&
                         (line.size() == 12 || line[12] == ' ');
  if (!code_fits || line[9] == '0') return fail(Code::kMalformed, "the answer does not begin with an HTTP status line");
  status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  headers_ = {};
  fields_ = 0;
  state_ = State::kFields;
  return {};
}

Status HeadReader::field_line(std::string_view line) {
  if (line.empty()) {
    if (!last_name_.empty()) headers_.add(std::move(last_name_), std::move(last_value_));
    last_name_.clear();
    last_value_.clear();
    state_ = status_ < 200 ? State::kStatusLine : State::kComplete;
    return {};
  }
  // Folded lines are obsolete but seen; each stands for a space (RFC 9112 section 5.2).
  if (line.front() == ' ' || line.front() == '\t') {
    if (last_name_.empty()) return fail(Code::kMalformed, "head of the answer: a folded line without a field");
    const std::string_view more = trim_blanks(line);
    if (!is_value(more)) return fail(Code::kMalformed, "head of the answer: a control character in a field");
    last_value_.append(" ").append(more);
    return {};
  }
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  const std::string_view value =
      colon == std::string_view::npos ? std::string_view() : trim_blanks(line.substr(colon + 1));
  if (colon == std::string_view::npos || !is_valid_field(name, value)) {
    return fail(Code::kMalformed,
                fmt::format("head of the answer: no header field: '{}'", printable(name.substr(0, 40))));
  }
  if (++fields_ > limits_.max_fields) {
    return fail(Code::kLimitExceeded, fmt::format("head of the answer: more than {} fields", limits_.max_fields));
  }
  if (!last_name_.empty()) headers_.add(std::move(last_name_), std::move(last_value_));
  last_name_ = name;
  last_value_ = value;
  return {};
}

}  // namespace bulkhead::net

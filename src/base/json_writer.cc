#include "base/json_writer.h"

#include <cmath>
#include <cstdlib>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::json {
namespace {

void require(bool condition) {
  if (!condition) std::abort();  // a caller's mistake, never the input's
}

void append_escaped(std::string& out, std::string_view text) {
  out.push_back('"');
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const size_t length = utf8_sequence_length(text.substr(i));
      if (length == 0) {
        out.append("\xEF\xBF\xBD");
        ++i;
      } else {
        out.append(text.substr(i, length));
        i += length;
      }
      continue;
    }
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      default:
        if (c < 0x20 || c == 0x7f) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
        } else {
          out.push_back(static_cast<char>(c));
        }
    }
    ++i;
  }
  out.push_back('"');
}

}  // namespace

void Writer::newline(bool one_line) {
  if (one_line) return;
  out_.push_back('\n');
  out_.append(levels_.size() * 2, ' ');
}

void Writer::before_value() {
  if (levels_.empty()) {
    require(!begun_);
    begun_ = true;
    return;
  }
  Level& level = levels_.back();
  if (level.object) {
    require(after_key_);
    after_key_ = false;
    return;
  }
  if (!level.empty) out_.push_back(',');
  level.empty = false;
  newline(is_one_line());
}

void Writer::open(char bracket, bool one_line) {
  before_value();
  out_.push_back(bracket);
  levels_.push_back({.object = bracket == '{', .one_line = one_line || is_one_line()});
}

void Writer::close(char bracket) {
  require(!levels_.empty() && levels_.back().object == (bracket == '}') && !after_key_);
  const Level closed = levels_.back();
  levels_.pop_back();
  if (!closed.empty) newline(closed.one_line);
  out_.push_back(bracket);
}

void Writer::begin_object() {
  open('{');
}
void Writer::begin_line() {
  open('{', true);
}
void Writer::end_object() {
  close('}');
}
void Writer::begin_array() {
  open('[');
}
void Writer::end_array() {
  close(']');
}

void Writer::key(std::string_view name) {
  require(!levels_.empty() && levels_.back().object && !after_key_);
  if (!levels_.back().empty) out_.push_back(',');
  levels_.back().empty = false;
  newline(is_one_line());
  append_escaped(out_, name);
  out_.append(is_one_line() ? ":" : ": ");
  after_key_ = true;
}

void Writer::string(std::string_view text) {
  before_value();
  append_escaped(out_, text);
}

void Writer::integer(int64_t value) {
  before_value();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void Writer::unsigned_integer(uint64_t value) {
  before_value();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void Writer::number(double value) {
  if (!std::isfinite(value)) {
    null();
    return;
  }
  before_value();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void Writer::boolean(bool value) {
  before_value();
  out_.append(value ? "true" : "false");
}

void Writer::null() {
  before_value();
  out_.append("null");
}

std::string Writer::take_written(size_t at_least) {
  return out_.size() < at_least ? std::string() : std::exchange(out_, {});
}

std::string Writer::take() && {
  require(levels_.empty());
  if (layout_ == Layout::kIndented) out_.push_back('\n');
  return std::move(out_);
}

}  // namespace bulkhead::json

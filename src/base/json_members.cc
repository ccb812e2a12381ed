#include "base/json_members.h"

#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace bulkhead::json {
namespace {

bool is_json_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

Error MemberReader::malformed(std::string_view what) const {
  return {Code::kMalformed, fmt::format("not valid JSON at byte {}: {}", offset_, what)};
}

Result<bool> MemberReader::fetch(char& c) {
  if (position_ == block_.size()) {
    TRY_ASSIGN(block_, source_.next());
    position_ = 0;
    if (block_.empty()) return false;
  }
  c = static_cast<char>(block_[position_++]);
  ++offset_;
  return true;
}

Result<char> MemberReader::next_token() {
  char c = 0;
  for (;;) {
    TRY_ASSIGN(const bool found, fetch(c));
    if (!found) return fail(malformed("the object ends early"));
    if (!is_json_space(c)) return c;
  }
}

Status MemberReader::keep(char c) {
  if (kept_.size() >= max_bytes_) return fail(too_large());
  kept_.push_back(c);
  return {};
}

Error MemberReader::too_large() const {
  return limit_error("bytes of one member of a JSON document", max_bytes_, "--max-document-bytes");
}

// Keeps everything up to and with the first character that is one of `stops`, and returns that; `at_end` is the error
// when there is none.
Result<char> MemberReader::keep_until(std::string_view stops, std::string_view at_end) {
  std::array<bool, 256> is_stop{};
  for (const char stop : stops) is_stop[static_cast<unsigned char>(stop)] = true;
  for (;;) {
    if (position_ == block_.size()) {
      TRY_ASSIGN(block_, source_.next());
      position_ = 0;
      if (block_.empty()) return fail(malformed(at_end));
    }
    size_t end = position_;
    while (end < block_.size() && !is_stop[static_cast<unsigned char>(block_[end])]) ++end;
    const bool found = end < block_.size();
    const ByteSpan run = block_.subspan(position_, end - position_ + (found ? 1 : 0));
    if (run.size() > max_bytes_ - kept_.size()) return fail(too_large());
    kept_.append(as_text(run));
    position_ += run.size();
    offset_ += run.size();
    if (found) return kept_.back();
  }
}

// After the opening quote, up to and with the closing one.
Status MemberReader::take_string() {
  for (;;) {
    TRY_ASSIGN(const char stop, keep_until("\"\\", "a string ends early"));
    if (stop == '"') return {};
    char escaped = 0;
    TRY_ASSIGN(const bool found, fetch(escaped));
    if (!found) return fail(malformed("a string ends early"));
    TRY(keep(escaped));
  }
}

Status MemberReader::take_value(char first) {
  TRY(keep(first));
  if (first == '"') return take_string();
  if (first != '{' && first != '[') {
    for (;;) {
      char c = 0;
      TRY_ASSIGN(const bool found, fetch(c));
      if (!found) return fail(malformed("the object ends early"));
      if (c == ',' || c == '}' || (in_list_ && c == ']')) {
        --position_;  // the block of this byte is still the present one
        --offset_;
        return {};
      }
      TRY(keep(c));
    }
  }
  for (size_t depth = 1; depth > 0;) {
    TRY_ASSIGN(const char c, keep_until("\"{}[]", "the object ends early"));
    if (c == '"') TRY(take_string());
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return {};
}

Result<const RawMember*> MemberReader::next_element() {
  TRY_ASSIGN(char c, next_token());
  if (list_begun_ && c == ',') {
    TRY_ASSIGN(c, next_token());
  } else if (c == ']') {
    in_list_ = false;
    return next();
  } else if (list_begun_) {
    return fail(malformed("\",\" or \"]\" expected"));
  }
  list_begun_ = true;
  kept_.clear();
  TRY(take_value(c));
  member_ = {.key = key_, .value = trim(kept_)};
  return &member_;
}

Result<const RawMember*> MemberReader::next() {
  if (ended_) return nullptr;
  if (in_list_) return next_element();
  TRY_ASSIGN(char c, next_token());
  bool closed = false;
  if (!begun_) {
    if (c == '\xEF') {  // a byte order mark
      char rest[2] = {};
      TRY_ASSIGN(const bool second, fetch(rest[0]));
      TRY_ASSIGN(const bool third, fetch(rest[1]));
      if (!second || !third || rest[0] != '\xBB' || rest[1] != '\xBF') return fail(malformed("an object expected"));
      TRY_ASSIGN(c, next_token());
    }
    if (c != '{') return fail(malformed("an object expected"));
    begun_ = true;
    TRY_ASSIGN(c, next_token());
    closed = c == '}';
  } else if (c == ',') {
    TRY_ASSIGN(c, next_token());
  } else if (c == '}') {
    closed = true;
  } else {
    return fail(malformed("\",\" or \"}\" expected"));
  }
  if (closed) {
    ended_ = true;
    for (;;) {
      TRY_ASSIGN(const bool found, fetch(c));
      if (!found) return nullptr;
      if (!is_json_space(c)) return fail(malformed("something follows the object"));
    }
  }
  if (c != '"') return fail(malformed("a member's name expected"));
  kept_ = "\"";
  TRY(take_string());
  if (kept_.find('\\') == std::string::npos) {
    key_ = kept_.substr(1, kept_.size() - 2);
  } else {
    TRY_ASSIGN(const Document key, Document::parse(kept_));
    key_ = key.root().string().value_or(std::string_view());
  }
  TRY_ASSIGN(c, next_token());
  if (c != ':') return fail(malformed("\":\" expected"));
  kept_.clear();
  TRY_ASSIGN(c, next_token());
  if (c == '[' && !unrolled_.empty() && key_ == unrolled_) {
    in_list_ = true;
    list_begun_ = false;
    return next_element();
  }
  TRY(take_value(c));
  member_ = {.key = key_, .value = trim(kept_)};
  return &member_;
}

}  // namespace bulkhead::json

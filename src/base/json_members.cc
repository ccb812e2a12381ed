#include "base/json_members.h"

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
  if (kept_.size() >= max_bytes_) {
    return fail(Code::kLimitExceeded, fmt::format("a member of a JSON object is larger than {} bytes", max_bytes_));
  }
  kept_.push_back(c);
  return {};
}

// After the opening quote, up to and with the closing one.
Status MemberReader::take_string() {
  for (bool escaped = false;;) {
    char c = 0;
    TRY_ASSIGN(const bool found, fetch(c));
    if (!found) return fail(malformed("a string ends early"));
    TRY(keep(c));
    if (c == '"' && !escaped) return {};
    escaped = c == '\\' && !escaped;
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
      if (c == ',' || c == '}') {
        --position_;  // the block of this byte is still the present one
        --offset_;
        return {};
      }
      TRY(keep(c));
    }
  }
  for (size_t depth = 1; depth > 0;) {
    char c = 0;
    TRY_ASSIGN(const bool found, fetch(c));
    if (!found) return fail(malformed("the object ends early"));
    TRY(keep(c));
    if (c == '"') TRY(take_string());
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
  }
  return {};
}

Result<const RawMember*> MemberReader::next() {
  if (ended_) return nullptr;
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
  TRY(take_value(c));
  member_ = {.key = key_, .value = trim(kept_)};
  return &member_;
}

}  // namespace bulkhead::json

#include "sigstore/protobuf_json.h"

#include <charconv>

#include <fmt/format.h>

#include "base/base64.h"

namespace bulkhead::sigstore {

Result<std::string> decode_base64(std::string_view text) {
  std::string standard;
  standard.reserve(text.size());
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    standard += c == '-' ? '+' : c == '_' ? '/' : c;
  }
  return base64_decode(standard);
}

std::optional<json::Value> set_member(const json::Value& object, std::string_view name) {
  const auto member = object.find(name);
  return member && !member->is_null() ? member : std::nullopt;
}

Result<std::string> require_bytes(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const std::string_view text, object.require_string(name));
  TRY_CONTEXT(std::string bytes, decode_base64(text), fmt::format("\"{}\"", name));
  if (bytes.empty()) return fail(Code::kMalformed, fmt::format("\"{}\" is empty", name));
  return bytes;
}

Result<int64_t> require_int64(const json::Value& object, std::string_view name) {
  const auto member = object.find(name);
  if (member && member->integer()) return *member->integer();
  const std::string_view text = member ? member->string().value_or("") : "";
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return fail(Code::kMalformed, fmt::format("\"{}\" must be a 64-bit integer", name));
  }
  return value;
}

Result<int64_t> int64_or_zero(const json::Value& object, std::string_view name) {
  return set_member(object, name) ? require_int64(object, name) : Result<int64_t>(0);
}

Result<std::string> string_or_empty(const json::Value& object, std::string_view name) {
  if (!set_member(object, name)) return std::string();
  TRY_ASSIGN(const std::string_view text, object.require_string(name));
  return std::string(text);
}

}  // namespace bulkhead::sigstore

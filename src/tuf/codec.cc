#include "tuf/codec.h"

#include <set>

#include "base/bytes.h"
#include "base/date.h"
#include "base/text.h"
#include "tuf/codec_parts.h"

namespace bulkhead::tuf {

Error malformed(std::string_view what) {
  return {Code::kMalformed, std::string(what)};
}

Result<RoleKeys> read_role_keys(const json::Value& value) {
  RoleKeys out;
  TRY_ASSIGN(const json::Value ids, value.require_array("keyids"));
  std::set<std::string_view> seen;
  for (const json::Value id : ids.elements()) {
    if (!id.is_string()) return fail(malformed("a key id is no string"));
    if (!seen.insert(*id.string()).second) return fail(malformed("a key id stands twice in \"keyids\""));
    out.key_ids.emplace_back(*id.string());
  }
  TRY_ASSIGN(const int64_t threshold, value.require_integer("threshold"));
  if (threshold < 1 || threshold > INT32_MAX) return fail(malformed("\"threshold\" must be 1 or more"));
  out.threshold = static_cast<uint32_t>(threshold);
  return out;
}

Result<uint64_t> read_length(const json::Value& value) {
  TRY_ASSIGN(const int64_t length, value.require_integer("length"));
  if (length < 0) return fail(malformed("\"length\" must not be negative"));
  return static_cast<uint64_t>(length);
}

Result<Common> read_common(const json::Value& signed_value) {
  Common out;
  TRY_ASSIGN(out.version, signed_value.require_integer("version"));
  if (out.version < 1) return fail(malformed("\"version\" must be 1 or more"));
  TRY_ASSIGN(const auto expires, signed_value.require_string("expires"));
  const auto time = parse_rfc3339(expires);
  if (!time) return fail(malformed(fmt::format("\"expires\": \"{}\" is no time", expires)));
  out.expires = *time;
  return out;
}

Status read_root_body(const json::Value& signed_value, Keys keys, Root& root) {
  if (const auto consistent = signed_value.find("consistent_snapshot")) {
    if (!consistent->boolean()) return fail(malformed("\"consistent_snapshot\" is no boolean"));
    root.consistent_snapshot = *consistent->boolean();
  }
  root.keys = std::move(keys);
  TRY_ASSIGN(const json::Value roles, signed_value.require_object("roles"));
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    TRY_ASSIGN(const json::Value value, roles.require_object(role));
    TRY_CONTEXT(RoleKeys role_keys, read_role_keys(value), fmt::format("role \"{}\"", role));
    root.roles.emplace(role, std::move(role_keys));
  }
  return {};
}

Result<std::vector<std::string>> read_strings(const json::Value& array, std::string_view what) {
  if (!array.is_array()) return fail(malformed(fmt::format("\"{}\" is no array", what)));
  std::vector<std::string> out;
  for (const json::Value element : array.elements()) {
    if (!element.is_string()) return fail(malformed(fmt::format("\"{}\" holds more than strings", what)));
    out.emplace_back(*element.string());
  }
  return out;
}

void add_role_keys(const RoleKeys& keys, json::CanonicalObject& out) {
  out.add("keyids", array_of(keys.key_ids, json::canonical_string));
  out.add("threshold", fmt::to_string(keys.threshold));
}

void add_root_body(const Root& root, json::CanonicalObject& out) {
  out.add("consistent_snapshot", boolean(root.consistent_snapshot));
  out.add("keys", write_keys(root.keys));
  json::CanonicalObject roles;
  for (const auto& [name, keys] : root.roles) {
    json::CanonicalObject role;
    add_role_keys(keys, role);
    roles.add(name, role.text());
  }
  out.add("roles", roles.text());
}

std::string write_keys(const Keys& keys) {
  json::CanonicalObject out;
  for (const auto& [id, key] : keys) out.add(id, key.json);
  return out.text();
}

std::string boolean(bool value) {
  return value ? "true" : "false";
}

std::string path_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = is_alnum(c) || std::string_view("-._~").contains(c);
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::optional<std::string> text_of_segment(std::string_view segment) {
  std::string out;
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      out += segment[i];
      continue;
    }
    const auto byte = from_hex(segment.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += *byte;
    i += 2;
  }
  if (path_segment(out) != segment) return std::nullopt;
  return out;
}

}  // namespace bulkhead::tuf

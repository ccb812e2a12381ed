// What the codecs of both dialects are made of. Internal to tuf.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/canonical_json.h"
#include "base/json.h"
#include "tuf/metadata.h"

namespace bulkhead::tuf {

Error malformed(std::string_view what);

Result<RoleKeys> read_role_keys(const json::Value& value);    // "keyids" and "threshold"
Result<uint64_t> read_length(const json::Value& value);       // "length"
Result<Common> read_common(const json::Value& signed_value);  // "version" and "expires"
// "consistent_snapshot" (absent is false: TUF 1.0.34 section 4.3) and "roles" of a root, whose keys are `keys`.
Status read_root_body(const json::Value& signed_value, Keys keys, Root& root);
Result<std::vector<std::string>> read_strings(const json::Value& array, std::string_view what);

void add_role_keys(const RoleKeys& keys, json::CanonicalObject& out);
void add_root_body(const Root& root, json::CanonicalObject& out);
std::string write_keys(const Keys& keys);  // as they are listed
std::string boolean(bool value);

// The canonical array of a range, each element written by `write_element`.
template <typename Range, typename Write>
std::string array_of(const Range& range, Write write_element) {
  std::string out = "[";
  for (const auto& element : range) {
    if (out.size() > 1) out += ',';
    out += write_element(element);
  }
  return out + "]";
}

// Errors name the role.
template <typename T>
Result<T> in_role(std::string_view role, Result<T> result) {
  if (result) return result;
  return std::unexpected(std::move(result).error().with_context(fmt::format("metadata of \"{}\"", role)));
}

}  // namespace bulkhead::tuf

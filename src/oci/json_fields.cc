#include "oci/json_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kLongS = "\xC5\xBF";       // U+017F folds to s
constexpr std::string_view kKelvin = "\xE2\x84\xAA";  // U+212A folds to k

// Takes one character off `text`, folded.
char take_folded(std::string_view& text) {
  if (text.starts_with(kLongS)) {
    text.remove_prefix(kLongS.size());
    return 's';
  }
  if (text.starts_with(kKelvin)) {
    text.remove_prefix(kKelvin.size());
    return 'k';
  }
  const char c = text.front();
  text.remove_prefix(1);
  return lower(c);
}

// Whether encoding/json takes the member `key` for the field `name`, which is ASCII.
bool names_field(std::string_view key, std::string_view name) {
  if (key == name) return true;
  for (const char wanted : name) {
    if (key.empty() || take_folded(key) != lower(wanted)) return false;
  }
  return key.empty();
}

}  // namespace

Result<Fields> Fields::of(json::Value value, std::string what) {
  if (!value.is_object()) {
    return fail(Code::kMalformed, fmt::format("{} must be an object, found {}", what, json::kind_name(value.kind())));
  }
  return Fields(value, std::move(what));
}

std::unexpected<Error> Fields::malformed(std::string_view name, std::string_view problem) const {
  return fail(Code::kMalformed, fmt::format("\"{}\" of {} {}", name, what_, problem));
}

Result<std::optional<json::Value>> Fields::find(std::string_view name) const {
  std::optional<json::Value> found;
  for (const auto& [key, value] : value_.members()) {
    if (!names_field(key, name)) continue;
    if (found) return malformed(name, "is given twice, so that its meaning depends on the reader");
    found = value;
  }
  if (found && found->is_null()) found.reset();
  return found;
}

bool Fields::has(std::string_view name) const {
  for (const auto& [key, value] : value_.members()) {
    if (names_field(key, name) && !value.is_null()) return true;
  }
  return false;
}

Result<std::string> Fields::string(std::string_view name) const {
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return std::string();
  const auto text = found->string();
  if (!text) return malformed(name, fmt::format("must be a string, found {}", json::kind_name(found->kind())));
  return std::string(*text);
}

Result<bool> Fields::boolean(std::string_view name) const {
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return false;
  const auto value = found->boolean();
  if (!value) return malformed(name, fmt::format("must be true or false, found {}", json::kind_name(found->kind())));
  return *value;
}

Result<std::optional<Fields>> Fields::object(std::string_view name) const {
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return std::nullopt;
  TRY_ASSIGN(auto fields, of(*found, fmt::format("\"{}\" of {}", name, what_)));
  return std::optional<Fields>(std::move(fields));
}

Result<std::vector<json::Value>> Fields::array(std::string_view name) const {
  std::vector<json::Value> values;
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return values;
  if (!found->is_array())
    return malformed(name, fmt::format("must be an array, found {}", json::kind_name(found->kind())));
  values.reserve(found->size());
  for (const json::Value value : found->elements()) values.push_back(value);
  return values;
}

Result<std::vector<std::string>> Fields::strings(std::string_view name) const {
  TRY_ASSIGN(const auto values, array(name));
  std::vector<std::string> result;
  result.reserve(values.size());
  for (const json::Value& value : values) {
    const auto text = value.string();
    if (!text) return malformed(name, fmt::format("must hold strings, found {}", json::kind_name(value.kind())));
    result.emplace_back(*text);
  }
  return result;
}

Result<std::vector<std::string>> Fields::string_or_strings(std::string_view name) const {
  TRY_ASSIGN(const auto found, find(name));
  if (found && found->is_string()) return std::vector<std::string>{std::string(*found->string())};
  return strings(name);
}

Result<std::vector<std::pair<std::string, std::string>>> Fields::string_map(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> result;
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return result;
  if (!found->is_object())
    return malformed(name, fmt::format("must be an object, found {}", json::kind_name(found->kind())));
  for (const auto& [key, value] : found->members()) {
    const auto text = value.string();
    if (!text && !value.is_null()) {
      return malformed(name, fmt::format("must hold strings, found {}", json::kind_name(value.kind())));
    }
    result.emplace_back(key, text.value_or(""));
  }
  std::ranges::sort(result);
  const auto same_key = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (const auto twice = std::ranges::adjacent_find(result, same_key); twice != result.end()) {
    return malformed(name, fmt::format("holds \"{}\" twice", printable(twice->first)));
  }
  return result;
}

Result<std::vector<std::string>> Fields::keys(std::string_view name) const {
  std::vector<std::string> result;
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return result;
  if (!found->is_object())
    return malformed(name, fmt::format("must be an object, found {}", json::kind_name(found->kind())));
  for (const auto& [key, value] : found->members()) result.emplace_back(key);
  std::ranges::sort(result);
  return result;
}

Result<std::string> Fields::required_string(std::string_view name) const {
  TRY_ASSIGN(auto text, string(name));
  if (text.empty()) return malformed(name, "is missing");
  return text;
}

Result<uint64_t> Fields::required_size(std::string_view name) const {
  TRY_ASSIGN(const auto found, find(name));
  if (!found) return malformed(name, "is missing");
  const auto value = found->integer();
  if (!value || *value < 0) return malformed(name, "must be a whole number of bytes");
  return static_cast<uint64_t>(*value);
}

}  // namespace bulkhead::oci

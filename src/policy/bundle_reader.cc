#include "policy/bundle_reader.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "base/yaml.h"

namespace bulkhead::policy {
namespace {

constexpr size_t kMaxFileBytes = size_t{4} << 20;

}  // namespace

Result<BundleDocument> BundleDocument::parse(const BundleFile& file) {
  TRY_CONTEXT(json::Document document,
              yaml::parse(file.text, yaml::Scalars::kTyped, {.max_bytes = kMaxFileBytes, .max_nodes = 1'000'000}),
              file.name);
  return BundleDocument(file, std::move(document), yaml::Positions(file.text));
}

std::unexpected<Error> BundleDocument::error(const Place& place, std::string_view what, std::string remedy) const {
  const yaml::Position position = positions_.find(place.pointer);
  return fail(Code::kInvalidArgument,
              fmt::format("{}: line {}, column {}: {}", file_->name, position.line, position.column, what),
              std::move(remedy));
}

std::unexpected<Error> BundleDocument::error(const Place& place, Error&& error) const {
  const yaml::Position position = positions_.find(place.pointer);
  return fail(std::move(error).with_context(
      fmt::format("{}: line {}, column {}", file_->name, position.line, position.column)));
}

Status BundleDocument::require_members(const Place& place, std::initializer_list<std::string_view> known) const {
  if (!place.value.is_object()) return error(place, "names with values are wanted here");
  std::set<std::string_view> seen;
  for (const json::Member each : place.value.members()) {
    const Place here{each.value, fmt::format("{}/{}", place.pointer, each.key)};
    if (std::ranges::find(known, each.key) == known.end()) {
      return error(here, fmt::format("\"{}\" means nothing here", printable(each.key)),
                   fmt::format("known are {}", fmt::join(known, ", ")));
    }
    if (!seen.insert(each.key).second) return error(here, fmt::format("\"{}\" stands here twice", each.key));
  }
  return {};
}

std::optional<BundleDocument::Place> BundleDocument::member(const Place& place, std::string_view name) const {
  const auto found = place.value.find(name);
  if (!found || found->is_null()) return std::nullopt;
  return Place{*found, fmt::format("{}/{}", place.pointer, name)};
}

Result<std::string> BundleDocument::text(const Place& place, std::string_view name) const {
  const auto found = member(place, name);
  if (!found) return std::string();
  if (!found->value.is_string()) {
    return error(*found, fmt::format("\"{}\" has to be a text", name), "put it into quotes");
  }
  return std::string(*found->value.string());
}

Result<std::string> BundleDocument::required_text(const Place& place, std::string_view name) const {
  TRY_ASSIGN(std::string found, text(place, name));
  if (found.empty()) return error(place, fmt::format("\"{}\" is missing", name));
  return found;
}

Result<std::vector<BundleDocument::Place>> BundleDocument::elements(const Place& place, std::string_view name) const {
  std::vector<Place> result;
  const auto found = member(place, name);
  if (!found) return result;
  if (!found->value.is_array()) return error(*found, fmt::format("\"{}\" has to be a list", name));
  for (const json::Value element : found->value.elements()) {
    result.push_back({element, fmt::format("{}/{}", found->pointer, result.size())});
  }
  return result;
}

Result<std::vector<std::string>> BundleDocument::texts(const Place& place, std::string_view name) const {
  TRY_ASSIGN(const auto places, elements(place, name));
  std::vector<std::string> result;
  for (const Place& each : places) {
    if (!each.value.is_string()) return error(each, fmt::format("\"{}\" has to be a list of texts", name));
    result.emplace_back(*each.value.string());
  }
  return result;
}

}  // namespace bulkhead::policy

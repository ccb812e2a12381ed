#include "base/strict_json.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace bulkhead::json {
namespace {

// The document's parser has bounded the depth.
Status refuse_doubles(const Value& value) {
  for (const Value element : value.elements()) TRY(refuse_doubles(element));
  std::vector<std::string_view> names;
  for (const auto& [name, member] : value.members()) {
    names.push_back(name);
    TRY(refuse_doubles(member));
  }
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return {};
  return fail(Code::kMalformed, fmt::format("\"{}\" stands twice in one JSON object", *twice));
}

}  // namespace

Result<Document> parse_strict(std::string_view text, const Limits& limits) {
  TRY_ASSIGN(Document document, Document::parse(text, limits));
  TRY(refuse_doubles(document.root()));
  return document;
}

}  // namespace bulkhead::json

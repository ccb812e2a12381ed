#include "notation/json_document.h"

#include <set>
#include <string>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::notation {
namespace {

constexpr size_t kMaxDepth = 16;

Status check_names(const json::Value& value, bool by_case) {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, member] : value.members()) {
    if (!names.insert(by_case ? std::string(name) : to_lower(name)).second) {
      return fail(Code::kMalformed, fmt::format("\"{}\" stands there twice", printable(name)));
    }
    TRY(check_names(member, name == "annotations"));
  }
  for (const json::Value element : value.elements()) TRY(check_names(element, false));
  return {};
}

}  // namespace

Result<json::Document> parse_unambiguous(std::string_view text, std::string_view what, size_t max_bytes) {
  TRY_CONTEXT(json::Document document, json::Document::parse(text, {.max_bytes = max_bytes, .max_depth = kMaxDepth}),
              std::string(what));
  if (!document.root().is_object()) return fail(Code::kMalformed, fmt::format("{}: no JSON object", what));
  if (auto checked = check_names(document.root(), false); !checked) {
    return fail(std::move(checked).error().with_context(std::string(what)));
  }
  return document;
}

}  // namespace bulkhead::notation

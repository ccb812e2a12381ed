#include "cel/json_value.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::cel {
namespace {

std::unexpected<Error> full() {
  return fail(Code::kLimitExceeded, "the facts are larger than they may be");
}

Result<Value> list_from(json::Value array, Arena& arena) {
  const size_t size = array.size();
  Value* elements = arena.allocate<Value>(size);
  if (elements == nullptr || size > kMaxSize) return full();
  size_t next = 0;
  for (const json::Value element : array.elements()) {
    TRY_ASSIGN(const Value value, from_json(element, arena));
    std::construct_at(elements + next++, value);
  }
  return Value::list({elements, next});
}

Result<Value> map_from(json::Value object, Arena& arena) {
  const size_t size = object.size();
  Entry* entries = arena.allocate<Entry>(size);
  if (entries == nullptr || size > kMaxSize) return full();
  size_t next = 0;
  for (const json::Member member : object.members()) {
    TRY_ASSIGN(const Value value, from_json(member.value, arena));
    std::construct_at(entries + next++, Entry{Value::string(member.key), value});
  }
  const std::span<Entry> all(entries, next);
  std::ranges::sort(all, {}, [](const Entry& entry) { return entry.key.as_text(); });
  const auto twice = std::ranges::adjacent_find(all, {}, [](const Entry& entry) { return entry.key.as_text(); });
  if (twice != all.end()) {
    return fail(Code::kMalformed,
                fmt::format("the key \"{}\" stands twice in one object", printable(twice->key.as_text())));
  }
  return Value::map(all, true);
}

}  // namespace

Result<Value> from_json(json::Value document, Arena& arena) {
  switch (document.kind()) {
    case json::Kind::kNull:
      return Value();
    case json::Kind::kBool:
      return Value::boolean(document.boolean().value_or(false));
    case json::Kind::kInteger:
      return Value::integer(document.integer().value_or(0));
    case json::Kind::kUnsigned:
      if (const auto small = document.integer()) return Value::integer(*small);
      return Value::number(document.number().value_or(0));
    case json::Kind::kDouble:
      return Value::number(document.number().value_or(0));
    case json::Kind::kString:
      return Value::string(document.string().value_or(""));
    case json::Kind::kArray:
      return list_from(document, arena);
    case json::Kind::kObject:
      return map_from(document, arena);
  }
  return Value();
}

}  // namespace bulkhead::cel

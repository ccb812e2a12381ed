#include "policy/fact_schema.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "cel/json_value.h"
#include "cel/time_text.h"
#include "policy/known_facts.h"

namespace bulkhead::policy {
namespace {

using cel::TypeKind;
using cel::TypeRef;
using cel::Value;

struct Schema {
  std::vector<FactInfo> facts;
  cel::TypePool types;
  std::map<std::string_view, cel::Object*, std::less<>> objects;  // by path: "image.layers[]"
  std::vector<std::pair<std::string, TypeRef>> variables;

  Schema() {
    for (std::string_view line : split(kKnownFacts, '\n')) {
      if (line.empty() || line.starts_with('#')) continue;
      add(line);
    }
  }

  void add(std::string_view line) {
    const size_t type_end = line.find(' ');
    const size_t path_end = std::min(line.find(' ', type_end + 1), line.size());
    if (type_end == std::string_view::npos) std::abort();
    FactInfo fact{.type = line.substr(0, type_end),
                  .path = line.substr(type_end + 1, path_end - type_end - 1),
                  .description = line.substr(std::min(path_end + 1, line.size()))};
    const std::string signature = "-> " + std::string(fact.type);
    put(fact.path, cel::parse_signatures(types, signature).front().result);
    facts.push_back(fact);
  }

  // Puts a field into the object around it, which is made when it is met first.
  void put(std::string_view path, TypeRef type) {
    const size_t dot = path.rfind('.');
    if (dot == std::string_view::npos) {
      const std::string name(path.substr(0, path.find('[')));
      variables.emplace_back(name, type);
      return;
    }
    const std::string_view around = path.substr(0, dot);
    auto& object = objects[around];
    if (object == nullptr) {
      object = &types.new_object(std::string(around));
      const TypeRef made = types.object(object);
      put(around, around.ends_with("[]") ? types.list(made) : made);
    }
    object->fields[std::string(path.substr(dot + 1, path.find('[', dot) - dot - 1))] = type;
  }
};

Schema& schema() {
  static auto* const made = new Schema;  // outlives whatever static still uses it
  return *made;
}

std::unexpected<Error> wrong(const std::string& pointer, TypeRef type) {
  return fail(Code::kMalformed, fmt::format("the fact {} is no {}", printable(pointer), cel::type_text(type)),
              "see docs/policy.md for what each fact is");
}

std::unexpected<Error> full() {
  return fail(Code::kLimitExceeded, "the facts are larger than they may be");
}

class FactReader {
 public:
  explicit FactReader(cel::Arena& arena) : arena_(arena) {}

  Result<Value> read(json::Value given, TypeRef type, const std::string& pointer) {
    switch (type->kind) {
      case TypeKind::kString:
        if (!given.is_string()) return wrong(pointer, type);
        return Value::string(*given.string());
      case TypeKind::kBool:
        if (!given.boolean()) return wrong(pointer, type);
        return Value::boolean(*given.boolean());
      case TypeKind::kInt:
        if (!given.integer()) return wrong(pointer, type);
        return Value::integer(*given.integer());
      case TypeKind::kDouble:
        if (!given.number()) return wrong(pointer, type);
        return Value::number(*given.number());
      case TypeKind::kTimestamp: {
        const auto time = cel::parse_timestamp(given.string().value_or(""));
        if (!time) return wrong(pointer, type);
        return Value::timestamp(*time);
      }
      case TypeKind::kList:
        return list(given, type, pointer);
      case TypeKind::kMap:
        return map(given, type, pointer);
      case TypeKind::kObject:
        return object(given, type, pointer);
      default:
        return cel::from_json(given, arena_);
    }
  }

 private:
  Result<Value> list(json::Value given, TypeRef type, const std::string& pointer) {
    if (!given.is_array()) return wrong(pointer, type);
    Value* elements = arena_.allocate<Value>(given.size());
    if (elements == nullptr) return full();
    size_t size = 0;
    for (const json::Value element : given.elements()) {
      TRY_ASSIGN(const Value value, read(element, type->first, fmt::format("{}/{}", pointer, size)));
      std::construct_at(elements + size++, value);
    }
    return Value::list({elements, size});
  }

  // Names and values of one type.
  Result<Value> map(json::Value given, TypeRef type, const std::string& pointer) {
    if (!given.is_object()) return wrong(pointer, type);
    return entries(given, pointer, [&](std::string_view /*name*/) { return type->second; });
  }

  Result<Value> object(json::Value given, TypeRef type, const std::string& pointer) {
    if (!given.is_object()) return wrong(pointer, type);
    return entries(given, pointer, [&](std::string_view name) {
      const auto field = type->object->fields.find(name);
      return field == type->object->fields.end() ? nullptr : field->second;
    });
  }

  template <typename TypeOf>
  Result<Value> entries(json::Value given, const std::string& pointer, TypeOf type_of) {
    auto* entries = arena_.allocate<cel::Entry>(given.size());
    if (entries == nullptr) return full();
    size_t size = 0;
    for (const json::Member member : given.members()) {
      const TypeRef type = type_of(member.key);
      if (type == nullptr || member.value.is_null()) continue;
      TRY_ASSIGN(const Value value, read(member.value, type, fmt::format("{}/{}", pointer, member.key)));
      std::construct_at(entries + size++, cel::Entry{Value::string(member.key), value});
    }
    const std::span<cel::Entry> all(entries, size);
    const auto key = [](const cel::Entry& entry) { return entry.key.as_text(); };
    std::ranges::sort(all, {}, key);
    if (std::ranges::adjacent_find(all, {}, key) != all.end()) {
      return fail(Code::kMalformed, fmt::format("{} has one key twice", printable(pointer.empty() ? "/" : pointer)));
    }
    return Value::map(all, true);
  }

  cel::Arena& arena_;
};

}  // namespace

std::span<const FactInfo> all_facts() {
  return schema().facts;
}

void declare_facts(cel::Environment& environment) {
  for (const auto& [name, type] : schema().variables) environment.declare(name, type);
}

size_t fact_variable_count() {
  return schema().variables.size();
}

size_t fact_variable(std::string_view name) {
  const auto& variables = schema().variables;
  const auto it = std::ranges::find(variables, name, [](const auto& each) { return std::string_view(each.first); });
  return static_cast<size_t>(it - variables.begin());
}

TypeRef element_type(std::string_view list) {
  const size_t variable = fact_variable(list);
  if (variable == fact_variable_count()) return nullptr;
  const TypeRef type = schema().variables[variable].second;
  return type->kind == TypeKind::kList ? type->first : nullptr;
}

Result<std::vector<Value>> fact_values(json::Value document, cel::Arena& arena) {
  if (!document.is_object()) {
    return fail(Code::kMalformed, "facts are a JSON object", "make them with: bulkhead facts IMAGE");
  }
  const auto version = document.find("version");
  if (!version || version->integer() != kFactsVersion) {
    return fail(Code::kMalformed, fmt::format("the facts are not of version {}", kFactsVersion),
                "make them with this program: bulkhead facts IMAGE");
  }
  FactReader reader(arena);
  std::vector<Value> values;
  for (const auto& [name, type] : schema().variables) {
    const auto given = document.find(name);
    if (!given || given->is_null()) {
      values.push_back(cel::copy_text(arena, cel::Kind::kError, fmt::format("the fact \"{}\" is not known", name)));
      continue;
    }
    TRY_ASSIGN(const Value value, reader.read(*given, type, "/" + name));
    values.push_back(value);
  }
  return values;
}

}  // namespace bulkhead::policy

// The vocabulary of facts: names, types and words for people, from data/known-facts.txt. Expressions are checked
// against it, documents are read by it, and the documentation is made of it. Immutable; thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cel/arena.h"
#include "cel/environment.h"
#include "cel/value.h"

namespace bulkhead::policy {

inline constexpr int kFactsVersion = 1;

struct FactInfo {
  std::string_view type;  // "string", "list(string)"
  std::string_view path;  // "image.config.user", "packages[].name"
  std::string_view description;
};
std::span<const FactInfo> all_facts();

// Declares the facts as the environment's first variables: fact_values() gives their values in that order. Types are
// this schema's, and live as long as the program.
void declare_facts(cel::Environment& environment);
size_t fact_variable_count();

// The type of the elements of a list of objects, "packages"; null when there is no such list.
cel::TypeRef element_type(std::string_view list);
// The place of a fact among the variables: "packages" of "packages[].name". The name has to be one.
size_t fact_variable(std::string_view name);

// The values of a document of facts, by variable; what it does not say is an error that names the fact. Members that
// the schema does not know are passed over: a newer program may have written them. kMalformed, naming the JSON pointer,
// for a value of another type, an object with one key twice and another version; kLimitExceeded when the arena is full.
// The document and the arena must outlive the values. Trust of the document: none.
Result<std::vector<cel::Value>> fact_values(json::Value document, cel::Arena& arena);

}  // namespace bulkhead::policy

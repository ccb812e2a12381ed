// For tests only: a parsed document as one line, kind and text of every value.
#pragma once

#include <string>

#include "base/json.h"

namespace bulkhead::json {

inline std::string tree_of(const Value& value) {
  std::string out;
  switch (value.kind()) {
    case Kind::kObject:
      for (const auto& [key, member] : value.members()) out += std::string(key) + ":" + tree_of(member) + " ";
      return "{" + out + "}";
    case Kind::kArray:
      for (const auto element : value.elements()) out += tree_of(element) + " ";
      return "[" + out + "]";
    case Kind::kString:
      return "'" + std::string(*value.string()) + "'";
    case Kind::kBool:
      return *value.boolean() ? "true" : "false";
    case Kind::kNull:
      return "null";
    case Kind::kInteger:
      return std::to_string(*value.integer());
    default:
      return std::to_string(*value.number());
  }
}

}  // namespace bulkhead::json

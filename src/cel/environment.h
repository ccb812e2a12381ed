// What an expression may name: variables with their types, and the container that short names belong to.
// Source: cel-spec, langdef.md, "Name Resolution".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/types.h"

namespace bulkhead::cel {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::string container) : container_(std::move(container)) {}
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // The types of what is declared; programs refer to them, so that the environment has to outlive its programs.
  TypePool& types() { return types_; }

  // A name may have dots. The answer is the variable's place among the values of an evaluation.
  uint32_t declare(std::string name, TypeRef type);
  size_t variable_count() const { return declared_.size(); }

  struct Variable {
    uint32_t index;
    TypeRef type;
  };
  std::optional<Variable> find(std::string_view name) const;

  // What a name may mean, in order: "a.b.x", "a.x", "x" in the container a.b; the name alone when it is absolute.
  std::vector<std::string> candidates(std::string_view name, bool absolute) const;

 private:
  TypePool types_;
  std::string container_;
  std::map<std::string, Variable, std::less<>> declared_;
};

}  // namespace bulkhead::cel

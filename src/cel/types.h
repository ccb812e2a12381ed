// Types of expressions, as they are known before anything is evaluated. Source: cel-spec, langdef.md, "Gradual Type
// Checking".
//
// A Type is immutable and named by its address; compound ones stand in a TypePool, which has to outlive what uses them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::cel {

enum class TypeKind : uint8_t {
  kDyn,  // known at run time only
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kType,
  kIp,
  kCidr,
  kList,
  kMap,
  kOptional,
  kObject,    // fields with names and types of their own; a map at run time
  kVariable,  // stands for a type, in signatures
};

struct Object;

struct Type {
  TypeKind kind = TypeKind::kDyn;
  const Type* first = nullptr;   // element, key, held
  const Type* second = nullptr;  // of a map: value
  const Object* object = nullptr;
  uint32_t variable = 0;
};
using TypeRef = const Type*;

// A document with known fields: a field that is not listed is a mistake of whoever writes the expression.
struct Object {
  std::string name;
  std::map<std::string, TypeRef, std::less<>> fields;
};

TypeRef simple_type(TypeKind kind);  // those without parts

class TypePool {
 public:
  TypeRef list(TypeRef element);
  TypeRef map(TypeRef key, TypeRef value);
  TypeRef optional(TypeRef held);
  TypeRef object(const Object* object);
  TypeRef variable(uint32_t number);
  Object& new_object(std::string name);

 private:
  TypeRef add(Type type);
  std::deque<Type> types_;
  std::deque<Object> objects_;
};

// "map(string, list(int))"
std::string type_text(TypeRef type);

// "list(A), int -> A": what a function takes and gives. Letters are variables.
struct Signature {
  std::vector<TypeRef> parameters;
  TypeRef result = nullptr;
};
// Several, separated by "; ". The text is ours: a mistake in it ends the process.
std::vector<Signature> parse_signatures(TypePool& pool, std::string_view text);

// What type variables stand for, while an expression is checked.
class Substitution {
 public:
  explicit Substitution(TypePool& pool) : pool_(&pool) {}

  // The type with fresh variables in place of a signature's; `renamed` keeps which became which.
  TypeRef instantiate(TypeRef type, std::map<uint32_t, TypeRef>& renamed);
  // Whether a value of type `given` may stand where `wanted` is asked for; variables are bound as needed. On failure
  // bindings may have been made: try on a copy.
  bool assignable(TypeRef given, TypeRef wanted);
  // With the variables replaced by what they stand for; those that stand for nothing are dyn.
  TypeRef resolved(TypeRef type);
  // The type that both have, or dyn.
  TypeRef joined(TypeRef a, TypeRef b);
  TypeRef fresh();

 private:
  TypeRef bound(TypeRef type) const;
  bool occurs(uint32_t variable, TypeRef type) const;

  TypePool* pool_;
  std::map<uint32_t, TypeRef> bindings_;
  uint32_t next_ = 1000;  // past those of signatures
};

}  // namespace bulkhead::cel

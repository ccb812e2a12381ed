#include "cel/types.h"

#include <array>
#include <cstdlib>

#include <fmt/format.h>

namespace bulkhead::cel {
namespace {

struct Named {
  std::string_view name;
  TypeKind kind;
};
constexpr std::array<Named, 13> kNames = {{{"dyn", TypeKind::kDyn},
                                           {"null", TypeKind::kNull},
                                           {"bool", TypeKind::kBool},
                                           {"int", TypeKind::kInt},
                                           {"uint", TypeKind::kUint},
                                           {"double", TypeKind::kDouble},
                                           {"string", TypeKind::kString},
                                           {"bytes", TypeKind::kBytes},
                                           {"timestamp", TypeKind::kTimestamp},
                                           {"duration", TypeKind::kDuration},
                                           {"type", TypeKind::kType},
                                           {"ip", TypeKind::kIp},
                                           {"cidr", TypeKind::kCidr}}};

class SignatureParser {
 public:
  SignatureParser(TypePool& pool, std::string_view text) : pool_(pool), text_(text) {}

  std::vector<Signature> run() {
    std::vector<Signature> result;
    do {
      Signature signature;
      if (!take("->")) {
        do signature.parameters.push_back(type());
        while (take(","));
        require("->");
      }
      signature.result = type();
      result.push_back(std::move(signature));
    } while (take(";"));
    if (!text_.empty()) std::abort();
    return result;
  }

 private:
  bool take(std::string_view token) {
    while (text_.starts_with(' ')) text_.remove_prefix(1);
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  void require(std::string_view token) {
    if (!take(token)) std::abort();
  }
  TypeRef type() {
    if (take("list(")) {
      const TypeRef element = type();
      require(")");
      return pool_.list(element);
    }
    if (take("optional(")) {
      const TypeRef held = type();
      require(")");
      return pool_.optional(held);
    }
    if (take("map(")) {
      const TypeRef key = type();
      require(",");
      const TypeRef value = type();
      require(")");
      return pool_.map(key, value);
    }
    for (const Named& named : kNames) {
      if (take(named.name)) return simple_type(named.kind);
    }
    for (const char letter : {'A', 'B'}) {
      if (take(std::string_view(&letter, 1))) return pool_.variable(static_cast<uint32_t>(letter));
    }
    std::abort();
  }

  TypePool& pool_;
  std::string_view text_;
};

}  // namespace

TypeRef simple_type(TypeKind kind) {
  static const auto types = [] {
    std::array<Type, 13> result;
    for (size_t i = 0; i < result.size(); ++i) result[i].kind = static_cast<TypeKind>(i);
    return result;
  }();
  return &types[static_cast<size_t>(kind)];
}

TypeRef TypePool::add(Type type) {
  return &types_.emplace_back(type);
}
TypeRef TypePool::list(TypeRef element) {
  return add({.kind = TypeKind::kList, .first = element});
}
TypeRef TypePool::map(TypeRef key, TypeRef value) {
  return add({.kind = TypeKind::kMap, .first = key, .second = value});
}
TypeRef TypePool::optional(TypeRef held) {
  return add({.kind = TypeKind::kOptional, .first = held});
}
TypeRef TypePool::object(const Object* object) {
  return add({.kind = TypeKind::kObject, .object = object});
}
TypeRef TypePool::variable(uint32_t number) {
  return add({.kind = TypeKind::kVariable, .variable = number});
}
Object& TypePool::new_object(std::string name) {
  return objects_.emplace_back(Object{.name = std::move(name), .fields = {}});
}

std::string type_text(TypeRef type) {
  switch (type->kind) {
    case TypeKind::kList:
      return fmt::format("list({})", type_text(type->first));
    case TypeKind::kOptional:
      return fmt::format("optional({})", type_text(type->first));
    case TypeKind::kMap:
      return fmt::format("map({}, {})", type_text(type->first), type_text(type->second));
    case TypeKind::kObject:
      return type->object->name;
    case TypeKind::kVariable:
      return "any";
    default:
      return std::string(kNames[static_cast<size_t>(type->kind)].name);
  }
}

std::vector<Signature> parse_signatures(TypePool& pool, std::string_view text) {
  return SignatureParser(pool, text).run();
}

TypeRef Substitution::fresh() {
  return pool_->variable(next_++);
}

TypeRef Substitution::bound(TypeRef type) const {
  while (type->kind == TypeKind::kVariable) {
    const auto it = bindings_.find(type->variable);
    if (it == bindings_.end()) return type;
    type = it->second;
  }
  return type;
}

bool Substitution::occurs(uint32_t variable, TypeRef type) const {
  type = bound(type);
  if (type->kind == TypeKind::kVariable) return type->variable == variable;
  return (type->first != nullptr && occurs(variable, type->first)) ||
         (type->second != nullptr && occurs(variable, type->second));
}

TypeRef Substitution::instantiate(TypeRef type, std::map<uint32_t, TypeRef>& renamed) {
  switch (type->kind) {
    case TypeKind::kVariable: {
      auto& fresh_type = renamed[type->variable];
      if (fresh_type == nullptr) fresh_type = fresh();
      return fresh_type;
    }
    case TypeKind::kList:
      return pool_->list(instantiate(type->first, renamed));
    case TypeKind::kOptional:
      return pool_->optional(instantiate(type->first, renamed));
    case TypeKind::kMap: {
      const TypeRef key = instantiate(type->first, renamed);
      return pool_->map(key, instantiate(type->second, renamed));
    }
    default:
      return type;
  }
}

bool Substitution::assignable(TypeRef given, TypeRef wanted) {
  given = bound(given);
  wanted = bound(wanted);
  if (given == wanted) return true;
  if (given->kind == TypeKind::kVariable || wanted->kind == TypeKind::kVariable) {
    const TypeRef variable = wanted->kind == TypeKind::kVariable ? wanted : given;
    const TypeRef other = variable == wanted ? given : wanted;
    if (other->kind == TypeKind::kVariable && other->variable == variable->variable) return true;
    if (occurs(variable->variable, other)) return false;
    bindings_[variable->variable] = other;
    return true;
  }
  if (given->kind == TypeKind::kDyn || wanted->kind == TypeKind::kDyn) return true;
  // Null stands for an absent message, and for values that are none of their own.
  if (given->kind == TypeKind::kNull || wanted->kind == TypeKind::kNull) {
    const TypeKind other = given->kind == TypeKind::kNull ? wanted->kind : given->kind;
    return other == TypeKind::kNull || other == TypeKind::kObject || other == TypeKind::kOptional ||
           other == TypeKind::kTimestamp || other == TypeKind::kDuration;
  }
  if (given->kind != wanted->kind) return false;
  switch (given->kind) {
    case TypeKind::kList:
    case TypeKind::kOptional:
      return assignable(given->first, wanted->first);
    case TypeKind::kMap:
      return assignable(given->first, wanted->first) && assignable(given->second, wanted->second);
    case TypeKind::kObject:
      return given->object == wanted->object;
    default:
      return true;
  }
}

TypeRef Substitution::resolved(TypeRef type) {
  type = bound(type);
  switch (type->kind) {
    case TypeKind::kVariable:
      return simple_type(TypeKind::kDyn);
    case TypeKind::kList:
      return pool_->list(resolved(type->first));
    case TypeKind::kOptional:
      return pool_->optional(resolved(type->first));
    case TypeKind::kMap: {
      const TypeRef key = resolved(type->first);
      return pool_->map(key, resolved(type->second));
    }
    default:
      return type;
  }
}

TypeRef Substitution::joined(TypeRef a, TypeRef b) {
  if (bound(a)->kind == TypeKind::kDyn || bound(b)->kind == TypeKind::kDyn) return simple_type(TypeKind::kDyn);
  Substitution attempt = *this;
  if (!attempt.assignable(b, a)) return simple_type(TypeKind::kDyn);
  *this = std::move(attempt);
  return bound(a)->kind == TypeKind::kNull ? b : a;
}

}  // namespace bulkhead::cel

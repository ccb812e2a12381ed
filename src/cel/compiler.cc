// Checks names and types, and writes the instructions, in one walk over the tree.
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <re2/re2.h>

#include "cel/functions_text.h"
#include "cel/program.h"

namespace bulkhead::cel {
namespace {

constexpr std::array<Kind, 15> kNamedKinds = {Kind::kNull,     Kind::kBool,      Kind::kInt,      Kind::kUint,
                                              Kind::kDouble,   Kind::kString,    Kind::kBytes,    Kind::kList,
                                              Kind::kMap,      Kind::kTimestamp, Kind::kDuration, Kind::kType,
                                              Kind::kOptional, Kind::kIp,        Kind::kCidr};

std::optional<Value> type_named(std::string_view name) {
  const auto it = std::ranges::find(kNamedKinds, name, kind_name);
  if (it == kNamedKinds.end()) return std::nullopt;
  return Value::type(kind_name(*it));
}

TypeRef type_of_literal(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull:
      return simple_type(TypeKind::kNull);
    case Kind::kBool:
      return simple_type(TypeKind::kBool);
    case Kind::kInt:
      return simple_type(TypeKind::kInt);
    case Kind::kUint:
      return simple_type(TypeKind::kUint);
    case Kind::kDouble:
      return simple_type(TypeKind::kDouble);
    case Kind::kString:
      return simple_type(TypeKind::kString);
    case Kind::kBytes:
      return simple_type(TypeKind::kBytes);
    case Kind::kType:
      return simple_type(TypeKind::kType);
    default:
      return simple_type(TypeKind::kDyn);
  }
}

// How an operator is written, for messages.
std::string_view shown_name(std::string_view function) {
  if (function == "@in") return "in";
  while (function.starts_with('_')) function.remove_prefix(1);
  while (function.ends_with('_')) function.remove_suffix(1);
  return function;
}

}  // namespace

class Compiler {
 public:
  Compiler(std::shared_ptr<const Syntax> syntax, const Environment& environment, bool check)
      : syntax_(std::move(syntax)), environment_(environment), check_(check) {
    program_.syntax_ = syntax_;
  }

  Result<Program> run() {
    TRY_ASSIGN(const TypeRef type, emit(syntax_->root));
    program_.type_ = check_ ? settled(types_.resolved(type)) : dyn();
    return std::move(program_);
  }

 private:
  using Typed = Result<TypeRef>;
  static TypeRef dyn() { return simple_type(TypeKind::kDyn); }
  static TypeRef boolean() { return simple_type(TypeKind::kBool); }

  // A type that outlives this compiler: only what callers ask about, which is the kind.
  static TypeRef settled(TypeRef type) { return type->kind < TypeKind::kList ? simple_type(type->kind) : dyn(); }

  const Node& node(NodeId id) const { return (*syntax_)[id]; }

  std::unexpected<Error> error(const Node& at, std::string_view what) const {
    return fail(Code::kInvalidArgument, fmt::format("{}: {}", position_text(syntax_->source, at.offset), what));
  }

  // A mistake that is found now, or by whoever evaluates.
  Typed mistake(const Node& at, const std::string& what) {
    if (check_) return error(at, what);
    push_constant(Value::error(program_.texts_.emplace_back(what)));
    return dyn();
  }

  // ---- Instructions
  uint32_t here() const { return static_cast<uint32_t>(program_.code_.size()); }
  uint32_t add(Op op, uint32_t a = 0, uint32_t b = 0) {
    program_.code_.push_back({op, a, b});
    return here() - 1;
  }
  void pushed(int32_t count = 1) {
    depth_ += count;
    program_.stack_size_ = std::max(program_.stack_size_, static_cast<uint32_t>(std::max(depth_, 0)));
  }
  void push_constant(Value value) {
    program_.constants_.push_back(value);
    add(Op::kConstant, static_cast<uint32_t>(program_.constants_.size() - 1));
    pushed();
  }
  uint32_t name_index(std::string_view name) {
    program_.names_.push_back(name);
    return static_cast<uint32_t>(program_.names_.size() - 1);
  }
  uint32_t optional_index(const std::vector<bool>& entries) {
    if (entries.empty()) return 0;
    program_.optional_entries_.push_back(entries);
    return static_cast<uint32_t>(program_.optional_entries_.size());
  }

  // ---- Names
  struct Local {
    std::string_view name;
    uint32_t slot;
    TypeRef type;
  };
  const Local* local(std::string_view name) const {
    const auto it = std::ranges::find(locals_.rbegin(), locals_.rend(), name, &Local::name);
    return it == locals_.rend() ? nullptr : &*it;
  }
  void enter(std::string_view name, uint32_t slot, TypeRef type) { locals_.push_back({name, slot, type}); }
  void leave() { locals_.pop_back(); }

  // The parts of a.b.c, and whether it is written .a.b.c; nothing for what is no chain of names, or begins with a local
  // variable.
  struct Chain {
    std::vector<std::string_view> parts;
    bool absolute = false;
  };
  std::optional<Chain> chain_of(NodeId id) const {
    Chain chain;
    for (;;) {
      const Node& each = node(id);
      chain.parts.push_back(each.name);
      if (each.kind == NodeKind::kIdentifier) {
        chain.absolute = each.absolute;
        if (!each.absolute && local(each.name) != nullptr) return std::nullopt;
        std::ranges::reverse(chain.parts);
        return chain;
      }
      if (each.kind != NodeKind::kSelect || each.optional) return std::nullopt;
      id = each.children[0];
    }
  }

  Typed emit_chain(const Node& at, const Chain& chain) {
    for (size_t length = chain.parts.size(); length > 0; --length) {
      const std::string name =
          fmt::format("{}", fmt::join(chain.parts.begin(), chain.parts.begin() + static_cast<ptrdiff_t>(length), "."));
      for (const std::string& candidate : environment_.candidates(name, chain.absolute)) {
        TypeRef type = nullptr;
        if (const auto variable = environment_.find(candidate)) {
          add(Op::kVariable, variable->index);
          pushed();
          type = variable->type;
        } else if (const auto named = type_named(candidate); named && length == chain.parts.size()) {
          push_constant(*named);
          return simple_type(TypeKind::kType);
        } else {
          continue;
        }
        for (size_t i = length; i < chain.parts.size(); ++i) {
          TRY_ASSIGN(type, emit_field(at, type, chain.parts[i], Op::kSelect));
        }
        return type;
      }
    }
    return mistake(at, fmt::format("nothing is called \"{}\" here", fmt::join(chain.parts, ".")));
  }

  // ---- Expressions: each pushes one value.
  Typed emit(NodeId id) {
    const Node& at = node(id);
    switch (at.kind) {
      case NodeKind::kLiteral:
        push_constant(at.literal);
        return type_of_literal(at.literal);
      case NodeKind::kIdentifier:
      case NodeKind::kSelect:
        return emit_name_or_field(id, at);
      case NodeKind::kPresence: {
        TRY_ASSIGN(const TypeRef operand, emit(at.children[0]));
        TRY(emit_field(at, operand, at.name, Op::kHas));
        return boolean();
      }
      case NodeKind::kIndex:
        return emit_index(at);
      case NodeKind::kCall:
        return emit_call(at);
      case NodeKind::kAnd:
        return emit_logic(at, Op::kSkipIfFalse, Op::kAnd);
      case NodeKind::kOr:
        return emit_logic(at, Op::kSkipIfTrue, Op::kOr);
      case NodeKind::kConditional:
        return emit_conditional(at);
      case NodeKind::kList:
        return emit_list(at);
      case NodeKind::kMap:
        return emit_map(at);
      case NodeKind::kBind:
        return emit_bind(at);
      case NodeKind::kComprehension:
        return emit_loop(at);
      case NodeKind::kMessage:
        break;
    }
    return fail(Code::kUnsupported, fmt::format("{}: messages of protocol buffers ({}{{…}}) mean nothing here",
                                                position_text(syntax_->source, at.offset), at.name));
  }

  Typed emit_name_or_field(NodeId id, const Node& at) {
    if (const auto chain = chain_of(id)) return emit_chain(at, *chain);
    if (at.kind == NodeKind::kIdentifier) {
      const Local* variable = local(at.name);
      add(Op::kLoad, variable->slot);
      pushed();
      return variable->type;
    }
    TRY_ASSIGN(const TypeRef operand, emit(at.children[0]));
    return emit_field(at, operand, at.name, at.optional ? Op::kOptionalSelect : Op::kSelect);
  }

  // The type of a field of the value on the stack.
  Typed emit_field(const Node& at, TypeRef operand, std::string_view name, Op op) {
    add(op, name_index(name));
    operand = types_.resolved(operand);
    bool optional = op == Op::kOptionalSelect;
    if (operand->kind == TypeKind::kOptional) {
      optional = true;
      operand = operand->first;
    }
    TypeRef field = dyn();
    switch (operand->kind) {
      case TypeKind::kDyn:
        break;
      case TypeKind::kMap:
        if (!types_.assignable(simple_type(TypeKind::kString), operand->first) && check_) {
          return error(at, fmt::format("{} has no keys that are strings", type_text(operand)));
        }
        field = operand->second;
        break;
      case TypeKind::kObject: {
        const auto it = operand->object->fields.find(name);
        if (it == operand->object->fields.end()) {
          if (check_) return error(at, fmt::format("{} has no field \"{}\"", operand->object->name, name));
        } else {
          field = it->second;
        }
        break;
      }
      default:
        if (check_) return error(at, fmt::format("{} has no fields, so no \"{}\"", type_text(operand), name));
    }
    return optional && op != Op::kHas ? pool_.optional(field) : field;
  }

  Typed emit_index(const Node& at) {
    TRY_ASSIGN(const TypeRef given, emit(at.children[0]));
    TRY_ASSIGN(const TypeRef index, emit(at.children[1]));
    add(at.optional ? Op::kOptionalIndex : Op::kIndex);
    pushed(-1);
    TypeRef operand = types_.resolved(given);
    bool optional = at.optional;
    if (operand->kind == TypeKind::kOptional) {
      optional = true;
      operand = operand->first;
    }
    TypeRef element = dyn();
    bool good = true;
    if (operand->kind == TypeKind::kList) {
      good = types_.assignable(index, simple_type(TypeKind::kInt));
      element = operand->first;
    } else if (operand->kind == TypeKind::kMap) {
      good = types_.assignable(index, operand->first);
      element = operand->second;
    } else {
      good = operand->kind == TypeKind::kDyn;
    }
    if (!good && check_) {
      return error(at, fmt::format("{} has no element at a {}", type_text(operand), type_text(types_.resolved(index))));
    }
    return optional ? pool_.optional(element) : element;
  }

  Status require_bool(const Node& at, TypeRef type, std::string_view where) {
    if (!check_ || types_.assignable(type, boolean())) return {};
    return error(at, fmt::format("{} has to be a bool, and is a {}", where, type_text(types_.resolved(type))));
  }

  Typed emit_logic(const Node& at, Op skip, Op combine) {
    TRY_ASSIGN(const TypeRef left, emit(at.children[0]));
    TRY(require_bool(node(at.children[0]), left, "an operand of && and ||"));
    const uint32_t jump = add(skip);
    TRY_ASSIGN(const TypeRef right, emit(at.children[1]));
    TRY(require_bool(node(at.children[1]), right, "an operand of && and ||"));
    add(combine);
    pushed(-1);
    program_.code_[jump].a = here();
    return boolean();
  }

  Typed emit_conditional(const Node& at) {
    TRY_ASSIGN(const TypeRef condition, emit(at.children[0]));
    TRY(require_bool(node(at.children[0]), condition, "what stands before \"?\""));
    const uint32_t branch = add(Op::kBranch);
    pushed(-1);
    TRY_ASSIGN(const TypeRef yes, emit(at.children[1]));
    const uint32_t jump = add(Op::kJump);
    pushed(-1);
    program_.code_[branch].a = here();
    TRY_ASSIGN(const TypeRef no, emit(at.children[2]));
    program_.code_[jump].a = here();
    program_.code_[branch].b = here();
    return types_.joined(yes, no);
  }

  Typed emit_list(const Node& at) {
    TypeRef element = nullptr;
    for (size_t i = 0; i < at.children.size(); ++i) {
      TRY_ASSIGN(TypeRef type, emit(at.children[i]));
      if (!at.optional_entries.empty() && at.optional_entries[i]) {
        TRY_ASSIGN(type, held_type(node(at.children[i]), type));
      }
      element = element == nullptr ? type : types_.joined(element, type);
    }
    add(Op::kList, optional_index(at.optional_entries), static_cast<uint32_t>(at.children.size()));
    pushed(1 - static_cast<int32_t>(at.children.size()));
    return pool_.list(element == nullptr ? types_.fresh() : element);
  }

  // What an optional entry holds.
  Typed held_type(const Node& at, TypeRef type) {
    const TypeRef held = types_.fresh();
    if (check_ && !types_.assignable(type, pool_.optional(held))) {
      return error(at,
                   fmt::format("an optional value is wanted after \"?\", not a {}", type_text(types_.resolved(type))));
    }
    return types_.resolved(held);
  }

  Typed emit_map(const Node& at) {
    TypeRef key = nullptr;
    TypeRef value = nullptr;
    for (size_t i = 0; i < at.children.size(); i += 2) {
      TRY_ASSIGN(const TypeRef key_type, emit(at.children[i]));
      TRY_ASSIGN(TypeRef value_type, emit(at.children[i + 1]));
      if (!at.optional_entries.empty() && at.optional_entries[i / 2]) {
        TRY_ASSIGN(value_type, held_type(node(at.children[i + 1]), value_type));
      }
      key = key == nullptr ? key_type : types_.joined(key, key_type);
      value = value == nullptr ? value_type : types_.joined(value, value_type);
    }
    add(Op::kMap, optional_index(at.optional_entries), static_cast<uint32_t>(at.children.size() / 2));
    pushed(1 - static_cast<int32_t>(at.children.size()));
    if (key == nullptr) key = types_.fresh();
    return pool_.map(key, value == nullptr ? types_.fresh() : value);
  }

  Typed emit_bind(const Node& at) {
    TRY_ASSIGN(const TypeRef value, emit(at.children[0]));
    const uint32_t slot = program_.slot_count_++;
    add(Op::kStore, slot);
    pushed(-1);
    enter(at.variables[0], slot, value);
    auto body = emit(at.children[1]);
    leave();
    return body;
  }

  // ---- Calls
  Typed emit_call(const Node& at) {
    if (at.member) {
      if (const auto chain = chain_of(at.children[0])) {
        const std::string name = fmt::format("{}.{}", fmt::join(chain->parts, "."), at.name);
        if (const Function* function = function_named(name, chain->absolute)) return emit_function(at, *function, 1);
      }
      const Function* function = find_function(at.name, true);
      if (function != nullptr) return emit_function(at, *function, 0);
      return mistake(at, fmt::format("there is no function {}() of values", at.name));
    }
    const Function* function = function_named(at.name, at.absolute);
    if (function != nullptr) return emit_function(at, *function, 0);
    return mistake(at, fmt::format("there is no function {}()", at.name));
  }

  const Function* function_named(std::string_view name, bool absolute) const {
    for (const std::string& candidate : environment_.candidates(name, absolute)) {
      if (const Function* function = find_function(candidate, false)) return function;
    }
    return nullptr;
  }

  Typed emit_function(const Node& at, const Function& function, size_t first_argument) {
    std::vector<TypeRef> arguments;
    const size_t count = at.children.size() - first_argument;
    const bool count_fits = function.variadic || std::ranges::any_of(function.signatures, [&](const Signature& each) {
                              return each.parameters.size() == count;
                            });
    if (!count_fits) return mistake(at, fmt::format("{} does not take {} arguments", shown_name(function.name), count));
    const bool constant_pattern = function.run == fn_matches && count == 2 &&
                                  node(at.children.back()).kind == NodeKind::kLiteral &&
                                  node(at.children.back()).literal.is(Kind::kString);
    for (size_t i = first_argument; i < at.children.size(); ++i) {
      if (constant_pattern && i + 1 == at.children.size()) {
        arguments.push_back(simple_type(TypeKind::kString));
        continue;
      }
      TRY_ASSIGN(const TypeRef type, emit(at.children[i]));
      arguments.push_back(type);
    }
    if (constant_pattern) {
      TRY(add_pattern(node(at.children.back())));
    } else {
      program_.functions_.push_back(&function);
      add(Op::kCall, static_cast<uint32_t>(program_.functions_.size() - 1), static_cast<uint32_t>(count));
      pushed(1 - static_cast<int32_t>(count));
    }
    return result_of(at, function, arguments);
  }

  Status add_pattern(const Node& literal) {
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(size_t{4} << 20);
    const std::string_view text = literal.literal.as_text();
    auto pattern = std::make_shared<const RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!pattern->ok()) return error(literal, fmt::format("not a regular expression of RE2: {}", pattern->error()));
    program_.patterns_.push_back(std::move(pattern));
    add(Op::kMatches, static_cast<uint32_t>(program_.patterns_.size() - 1));
    return {};
  }

  Typed result_of(const Node& at, const Function& function, const std::vector<TypeRef>& arguments) {
    const auto refuse = [&]() -> Typed {
      if (!check_) return dyn();
      std::vector<std::string> given;
      for (const TypeRef type : arguments) given.push_back(type_text(types_.resolved(type)));
      return error(at, fmt::format("{} is not defined for ({})", shown_name(function.name), fmt::join(given, ", ")));
    };
    if (function.variadic) {
      const auto result = numbers_type(arguments);
      return result ? Typed(*result) : refuse();
    }
    TypeRef result = nullptr;
    std::optional<Substitution> first;
    size_t fitting = 0;
    for (const Signature& signature : function.signatures) {
      if (signature.parameters.size() != arguments.size()) continue;
      Substitution attempt = types_;
      std::map<uint32_t, TypeRef> renamed;
      bool fits = true;
      for (size_t i = 0; i < arguments.size() && fits; ++i) {
        fits = attempt.assignable(arguments[i], attempt.instantiate(signature.parameters[i], renamed));
      }
      if (!fits) continue;
      const TypeRef type = attempt.instantiate(signature.result, renamed);
      if (++fitting == 1) {
        result = type;
        first = std::move(attempt);
      } else if (type_text(attempt.resolved(type)) != type_text(first->resolved(result))) {
        result = dyn();
      }
    }
    if (fitting == 0) return refuse();
    // With several, nothing is learned of the arguments: they are dyn.
    if (fitting == 1) types_ = std::move(*first);
    return result;
  }

  // Of math.greatest and math.least.
  std::optional<TypeRef> numbers_type(const std::vector<TypeRef>& arguments) {
    std::vector<TypeRef> numbers;
    for (const TypeRef argument : arguments) numbers.push_back(types_.resolved(argument));
    if (numbers.size() == 1 && numbers[0]->kind == TypeKind::kList) numbers = {types_.resolved(numbers[0]->first)};
    if (numbers.empty()) return std::nullopt;
    TypeRef common = numbers[0];
    for (const TypeRef type : numbers) {
      const bool number = type->kind == TypeKind::kInt || type->kind == TypeKind::kUint ||
                          type->kind == TypeKind::kDouble || type->kind == TypeKind::kDyn;
      if (!number) return std::nullopt;
      if (type->kind != common->kind) common = dyn();
    }
    return common;
  }

  // ---- Loops
  Typed emit_loop(const Node& at) {
    TRY_ASSIGN(const TypeRef range, emit(at.children[0]));
    const bool two = at.variables.size() == 2;
    const uint32_t slot = program_.slot_count_;
    program_.slot_count_ += 2;
    const auto number = static_cast<uint32_t>(program_.loops_.size());
    program_.loops_.push_back({.loop = at.loop, .first_slot = slot, .two_variables = two, .next = 0});
    const uint32_t start = add(Op::kLoopStart, number);
    pushed(-1);
    const uint32_t next = add(Op::kLoopNext, number);
    program_.loops_[number].next = next;

    TRY_ASSIGN(const auto types, variable_types(at, range));
    enter(at.variables[0], slot, two ? types.first : types.single);
    if (two) enter(at.variables[1], slot + 1, types.second);
    auto body = emit_body(at, number, types);
    leave();
    if (two) leave();
    TRY(body);

    add(Op::kJump, next);
    program_.code_[start].b = here();
    program_.code_[next].b = here();
    pushed();
    return *body;
  }

  struct VariableTypes {
    TypeRef single = nullptr;  // of one variable
    TypeRef first = nullptr;   // of two
    TypeRef second = nullptr;
  };
  Result<VariableTypes> variable_types(const Node& at, TypeRef given) {
    const TypeRef range = types_.resolved(given);
    switch (range->kind) {
      case TypeKind::kDyn:
        return VariableTypes{dyn(), dyn(), dyn()};
      case TypeKind::kList:
        return VariableTypes{range->first, simple_type(TypeKind::kInt), range->first};
      case TypeKind::kMap:
        return VariableTypes{range->first, range->first, range->second};
      default:
        break;
    }
    if (!check_) return VariableTypes{dyn(), dyn(), dyn()};
    return error(at, fmt::format("a {} has no elements to go through", type_text(range)));
  }

  Typed emit_body(const Node& at, uint32_t number, const VariableTypes& types) {
    const bool predicate_only =
        at.loop == Loop::kAll || at.loop == Loop::kExists || at.loop == Loop::kExistsOne || at.loop == Loop::kFilter;
    if (predicate_only || at.children.size() == 3) {
      TRY_ASSIGN(const TypeRef predicate, emit(at.children[1]));
      TRY(require_bool(node(at.children[1]), predicate, "the condition of a loop"));
      add(Op::kLoopTest, number);
      pushed(-1);
    }
    if (at.loop == Loop::kFilter) return pool_.list(types.single);
    if (predicate_only) return boolean();
    TRY_ASSIGN(const TypeRef element, emit(at.children.back()));
    add(Op::kLoopTake, number);
    pushed(-1);
    if (at.loop == Loop::kList) return pool_.list(element);
    if (at.loop == Loop::kMapValues) return pool_.map(types.first, element);
    const TypeRef entries = types_.resolved(element);
    if (check_ && entries->kind != TypeKind::kMap && entries->kind != TypeKind::kDyn) {
      return error(at, fmt::format("transformMapEntry() wants a map of one entry, not a {}", type_text(entries)));
    }
    return entries;
  }

  std::shared_ptr<const Syntax> syntax_;
  const Environment& environment_;
  bool check_;
  Program program_;
  TypePool pool_;
  Substitution types_{pool_};
  std::vector<Local> locals_;
  int32_t depth_ = 0;
};

Result<Program> Program::compile(std::string_view text, const Environment& environment, const CompileOptions& options) {
  TRY_ASSIGN(std::shared_ptr<const Syntax> syntax, parse(text, options.limits));
  return Compiler(std::move(syntax), environment, options.check).run();
}

}  // namespace bulkhead::cel

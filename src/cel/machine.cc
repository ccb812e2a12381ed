// The machine that evaluates programs.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <re2/re2.h>

#include "cel/program.h"

namespace bulkhead::cel {
namespace {

Value no_such_field(Arena& arena, std::string_view name) {
  return copy_text(arena, Kind::kError, fmt::format("there is no \"{}\"", name.substr(0, 200)));
}

Value kept_optional(Arena& arena, const Value& value) {
  auto* kept = arena.allocate<Value>(1);
  return kept == nullptr ? out_of_memory() : Value::optional(std::construct_at(kept, value));
}

// The place of a list that a value names; numbers of all types do, when they are whole.
std::optional<size_t> position(const Value& index, size_t size) {
  uint64_t place = 0;
  switch (index.kind()) {
    case Kind::kInt:
      if (index.as_int() < 0) return std::nullopt;
      place = static_cast<uint64_t>(index.as_int());
      break;
    case Kind::kUint:
      place = index.as_uint();
      break;
    case Kind::kDouble:
      if (!(index.as_double() >= 0 && index.as_double() < 0x1p53) ||
          std::trunc(index.as_double()) != index.as_double()) {
        return std::nullopt;
      }
      place = static_cast<uint64_t>(index.as_double());
      break;
    default:
      return std::nullopt;
  }
  if (place >= size) return std::nullopt;
  return place;
}

bool may_be_key(const Value& value) {
  return value.is(Kind::kBool) || value.is(Kind::kInt) || value.is(Kind::kUint) || value.is(Kind::kString);
}

}  // namespace

class Machine {
 public:
  Machine(const Program& program, std::span<const Value> variables, Context& context)
      : program_(program), variables_(variables), context_(context) {}

  Value run() {
    const size_t values = size_t{program_.stack_size_} + program_.slot_count_;
    Value* memory = context_.arena.allocate<Value>(values);
    loops_ = context_.arena.allocate<State>(program_.loops_.size());
    if (memory == nullptr || loops_ == nullptr) return out_of_memory();
    std::uninitialized_default_construct_n(memory, values);
    std::uninitialized_default_construct_n(loops_, program_.loops_.size());
    top_ = memory;
    slots_ = memory + program_.stack_size_;
    const auto size = static_cast<uint32_t>(program_.code_.size());
    while (at_ < size) {
      if (!context_.charge(1) || context_.arena.exhausted()) return out_of_memory();
      step(program_.code_[at_++]);
    }
    return context_.out_of_cost ? out_of_memory() : pop();
  }

 private:
  struct State {
    std::span<const Value> elements;
    std::span<const Entry> entries;
    size_t count = 0;  // of either
    size_t next = 0;
    Value* list = nullptr;  // what has been taken
    Entry* map = nullptr;
    size_t taken = 0;
    Value error;  // the first of all() and exists()
    Value key;    // of the element at hand
    bool decided = false;
  };

  void push(const Value& value) { *top_++ = value; }
  Value pop() { return *--top_; }

  void step(const Instruction& instruction) {
    const uint32_t a = instruction.a;
    switch (instruction.op) {
      case Op::kConstant:
        push(program_.constants_[a]);
        break;
      case Op::kVariable:
        push(a < variables_.size() ? variables_[a] : Value::error("the variable has no value"));
        break;
      case Op::kLoad:
        push(slots_[a]);
        break;
      case Op::kStore:
        slots_[a] = pop();
        break;
      case Op::kSelect:
        push(select(pop(), program_.names_[a], false));
        break;
      case Op::kOptionalSelect:
        push(select(pop(), program_.names_[a], true));
        break;
      case Op::kHas:
        push(has(pop(), program_.names_[a]));
        break;
      case Op::kIndex:
      case Op::kOptionalIndex: {
        const Value index = pop();
        push(element(pop(), index, instruction.op == Op::kOptionalIndex));
        break;
      }
      case Op::kCall:
        call(*program_.functions_[a], instruction.b);
        break;
      case Op::kMatches:
        push(matches(pop(), *program_.patterns_[a]));
        break;
      case Op::kList:
        make_list(a, instruction.b);
        break;
      case Op::kMap:
        make_map(a, instruction.b);
        break;
      case Op::kAnd:
        combine(false);
        break;
      case Op::kOr:
        combine(true);
        break;
      case Op::kJump:
        at_ = a;
        break;
      case Op::kSkipIfFalse:
        if (top_[-1].is_false()) at_ = a;
        break;
      case Op::kSkipIfTrue:
        if (top_[-1].is_true()) at_ = a;
        break;
      case Op::kBranch:
        branch(pop(), a, instruction.b);
        break;
      case Op::kLoopStart:
        start(pop(), a, instruction.b);
        break;
      case Op::kLoopNext:
        next(a, instruction.b);
        break;
      case Op::kLoopTest:
        test(pop(), a);
        break;
      case Op::kLoopTake:
        take(pop(), a);
        break;
    }
  }

  // ---- Fields and elements
  Value select(const Value& operand, std::string_view name, bool optional) {
    if (operand.is_error()) return operand;
    Value holder = operand;
    if (operand.is(Kind::kOptional)) {
      if (operand.as_optional() == nullptr) return operand;
      holder = *operand.as_optional();
      optional = true;
    }
    if (!holder.is(Kind::kMap)) return no_such_overload();
    const Value* field = find(holder, name);
    if (field == nullptr) return optional ? Value::none() : no_such_field(context_.arena, name);
    return optional ? kept_optional(context_.arena, *field) : *field;
  }

  static Value has(const Value& operand, std::string_view name) {
    if (operand.is_error()) return operand;
    Value holder = operand;
    if (operand.is(Kind::kOptional)) {
      if (operand.as_optional() == nullptr) return Value::boolean(false);
      holder = *operand.as_optional();
    }
    return holder.is(Kind::kMap) ? Value::boolean(find(holder, name) != nullptr) : no_such_overload();
  }

  Value element(const Value& operand, const Value& index, bool optional) {
    if (operand.is_error()) return operand;
    if (index.is_error()) return index;
    Value holder = operand;
    if (operand.is(Kind::kOptional)) {
      if (operand.as_optional() == nullptr) return operand;
      holder = *operand.as_optional();
      optional = true;
    }
    const Value* found = nullptr;
    if (holder.is(Kind::kList)) {
      if (!index.is_numeric()) return no_such_overload();
      if (const auto place = position(index, holder.as_list().size())) found = &holder.as_list()[*place];
      if (found == nullptr && !optional) return Value::error("index out of range");
    } else if (holder.is(Kind::kMap)) {
      if (!may_be_key(index) && !index.is(Kind::kDouble)) return no_such_overload();
      found = find(holder, index);
      if (found == nullptr && !optional) return no_such_field(context_.arena, describe(index, 200));
    } else {
      return no_such_overload();
    }
    if (found == nullptr) return Value::none();
    return optional ? kept_optional(context_.arena, *found) : *found;
  }

  // ---- Calls
  void call(const Function& function, uint32_t count) {
    const std::span<const Value> arguments(top_ - count, count);
    const auto checked = function.takes_errors ? arguments.first(1) : arguments;
    const auto error = std::ranges::find_if(checked, [](const Value& value) { return value.is_error(); });
    const Value result = error != checked.end() ? *error : function.run(context_, arguments);
    top_ -= count;
    push(result);
  }

  Value matches(const Value& subject, const RE2& pattern) {
    if (subject.is_error()) return subject;
    if (!subject.is(Kind::kString)) return no_such_overload();
    const std::string_view text = subject.as_text();
    if (!context_.charge(1 + text.size() / 8)) return out_of_memory();
    return Value::boolean(RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern));
  }

  // ---- Literals
  bool is_optional_entry(uint32_t which, size_t entry) const {
    return which != 0 && program_.optional_entries_[which - 1][entry];
  }

  void make_list(uint32_t optional_entries, uint32_t count) {
    const std::span<const Value> given(top_ - count, count);
    Value* elements = new_elements(context_, count);
    size_t size = 0;
    for (size_t i = 0; elements != nullptr && i < count; ++i) {
      Value value = given[i];
      if (!value.is_error() && is_optional_entry(optional_entries, i)) {
        if (!value.is(Kind::kOptional)) {
          value = no_such_overload();
        } else if (value.as_optional() == nullptr) {
          continue;
        } else {
          value = *value.as_optional();
        }
      }
      if (value.is_error()) {
        top_ -= count;
        return push(value);
      }
      elements[size++] = value;
    }
    top_ -= count;
    push(elements == nullptr ? out_of_memory() : Value::list({elements, size}));
  }

  void make_map(uint32_t optional_entries, uint32_t count) {
    const std::span<const Value> given(top_ - 2 * size_t{count}, 2 * size_t{count});
    const Value result = map_of(given, optional_entries, count);
    top_ -= 2 * size_t{count};
    push(result);
  }

  Value map_of(std::span<const Value> given, uint32_t optional_entries, uint32_t count) {
    auto* entries = context_.arena.allocate<Entry>(count);
    if (entries == nullptr || !context_.charge(count)) return out_of_memory();
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      const Value key = given[2 * i];
      Value value = given[2 * i + 1];
      if (key.is_error()) return key;
      if (value.is_error()) return value;
      if (is_optional_entry(optional_entries, i)) {
        if (!value.is(Kind::kOptional)) return no_such_overload();
        if (value.as_optional() == nullptr) continue;
        value = *value.as_optional();
      }
      if (const Value refused = add_entry(entries, size, key, value); refused.is_error()) return refused;
    }
    return Value::map({entries, size});
  }

  // An error, or anything else.
  Value add_entry(Entry* entries, size_t& size, const Value& key, const Value& value) {
    if (!may_be_key(key)) return Value::error("a key of a map is a bool, an int, a uint or a string");
    if (!context_.charge(1 + size / 8)) return out_of_memory();
    if (find(Value::map({entries, size}), key) != nullptr) return Value::error("a map has one key twice");
    std::construct_at(entries + size, Entry{key, value});
    ++size;
    return {};
  }

  // ---- Logic
  void combine(bool deciding) {
    const Value right = pop();
    const Value left = pop();
    if (right.is(Kind::kBool) && right.as_bool() == deciding) return push(right);
    if (left.is_error()) return push(left);
    if (!left.is(Kind::kBool)) return push(no_such_overload());
    if (right.is_error()) return push(right);
    push(right.is(Kind::kBool) ? right : no_such_overload());
  }

  void branch(const Value& condition, uint32_t otherwise, uint32_t end) {
    if (condition.is_true()) return;
    if (condition.is_false()) {
      at_ = otherwise;
      return;
    }
    push(condition.is_error() ? condition : no_such_overload());
    at_ = end;
  }

  // ---- Loops
  void finish(const Value& result, uint32_t end) {
    push(result);
    at_ = end;
  }

  void start(const Value& range, uint32_t loop, uint32_t end) {
    State& state = loops_[loop];
    state = State{};
    if (range.is_error()) return finish(range, end);
    if (range.is(Kind::kList)) {
      state.elements = range.as_list();
      state.count = state.elements.size();
    } else if (range.is(Kind::kMap)) {
      state.entries = range.as_map();
      state.count = state.entries.size();
    } else {
      return finish(no_such_overload(), end);
    }
    const Loop kind = program_.loops_[loop].loop;
    const bool list = kind == Loop::kList || kind == Loop::kFilter;
    const bool map = kind == Loop::kMapValues || kind == Loop::kMapEntries;
    if (list) state.list = new_elements(context_, state.count);
    if (map && context_.charge(state.count)) state.map = context_.arena.allocate<Entry>(state.count);
    if ((list && state.list == nullptr) || (map && state.map == nullptr)) finish(out_of_memory(), end);
  }

  void next(uint32_t loop, uint32_t end) {
    State& state = loops_[loop];
    const auto& info = program_.loops_[loop];
    if (state.decided || state.next == state.count) return finish(result(state, info.loop), end);
    const size_t place = state.next++;
    const bool map = state.elements.empty();
    state.key = map ? state.entries[place].key : Value::integer(static_cast<int64_t>(place));
    const Value value = map ? state.entries[place].value : state.elements[place];
    if (info.two_variables) {
      slots_[info.first_slot] = state.key;
      slots_[info.first_slot + 1] = value;
    } else {
      slots_[info.first_slot] = map ? state.key : value;
    }
  }

  static Value result(const State& state, Loop loop) {
    switch (loop) {
      case Loop::kAll:
        if (state.decided) return Value::boolean(false);
        return state.error.is_error() ? state.error : Value::boolean(true);
      case Loop::kExists:
        if (state.decided) return Value::boolean(true);
        return state.error.is_error() ? state.error : Value::boolean(false);
      default:
        break;
    }
    if (state.error.is_error()) return state.error;
    if (loop == Loop::kExistsOne) return Value::boolean(state.taken == 1);
    if (loop == Loop::kMapValues || loop == Loop::kMapEntries) return Value::map({state.map, state.taken});
    return Value::list({state.list, state.taken});
  }

  // The loop ends with this error.
  void give_up(State& state, const Value& error, uint32_t loop) {
    state.error = error;
    state.decided = true;
    at_ = program_.loops_[loop].next;
  }

  void test(Value says, uint32_t loop) {
    State& state = loops_[loop];
    const auto& info = program_.loops_[loop];
    if (!says.is(Kind::kBool) && !says.is_error()) says = no_such_overload();
    switch (info.loop) {
      case Loop::kAll:
      case Loop::kExists:
        // A decision makes errors before it good.
        if (says.is_error()) {
          if (!state.error.is_error()) state.error = says;
        } else if (says.as_bool() == (info.loop == Loop::kExists)) {
          state.decided = true;
        }
        return;
      default:
        break;
    }
    if (says.is_error()) return give_up(state, says, loop);
    if (says.is_false()) {
      at_ = info.next;
      return;
    }
    if (info.loop == Loop::kExistsOne) ++state.taken;
    if (info.loop == Loop::kFilter) {
      const size_t place = state.next - 1;
      state.list[state.taken++] = state.elements.empty() ? state.entries[place].key : state.elements[place];
    }
  }

  void take(const Value& value, uint32_t loop) {
    State& state = loops_[loop];
    if (value.is_error()) return give_up(state, value, loop);
    switch (program_.loops_[loop].loop) {
      case Loop::kList:
        state.list[state.taken++] = value;
        return;
      case Loop::kMapValues:
        std::construct_at(state.map + state.taken++, Entry{state.key, value});
        return;
      default:
        break;
    }
    if (!value.is(Kind::kMap) || value.as_map().size() != 1) {
      return give_up(state, Value::error("transformMapEntry() wants a map of one entry"), loop);
    }
    const Entry& entry = value.as_map()[0];
    const Value refused = add_entry(state.map, state.taken, entry.key, entry.value);
    if (refused.is_error()) give_up(state, refused, loop);
  }

  const Program& program_;
  std::span<const Value> variables_;
  Context& context_;
  Value* top_ = nullptr;
  Value* slots_ = nullptr;
  State* loops_ = nullptr;
  uint32_t at_ = 0;
};

Result<Value> Program::evaluate(std::span<const Value> variables, Arena& arena, uint64_t max_cost) const {
  Context context{.arena = arena, .cost_left = max_cost};
  const Value value = Machine(*this, variables, context).run();
  if (context.out_of_cost) return fail(limit_error("steps of an evaluation", max_cost, ""));
  if (arena.exhausted()) {
    return fail(Code::kLimitExceeded, "an evaluation needs more memory than it may have",
                "make the expression work on less: filter before it maps, compare before it concatenates");
  }
  return value;
}

}  // namespace bulkhead::cel

// A compiled expression: a flat list of instructions for a machine with a stack. Every evaluation ends: instructions
// are counted, and so is work that grows with its input, and memory is an arena with a bound. An evaluation that stays
// within the arena's own first bytes allocates nothing.
//
//   Environment environment;
//   environment.declare("image", …);
//   TRY_ASSIGN(const Program program, Program::compile("image.user != 'root'", environment));
//   Arena arena(size_t{1} << 20);
//   TRY_ASSIGN(const Value verdict, program.evaluate(variables, arena));
//
// A Program is immutable: several threads may evaluate it at once, each with its own arena.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cel/environment.h"
#include "cel/functions.h"
#include "cel/parser.h"

namespace re2 {
class RE2;
}

namespace bulkhead::cel {

struct CompileOptions {
  // Names, fields and types are checked against the environment. Without it mistakes are found by evaluations, as
  // errors.
  bool check = true;
  ParseLimits limits{};
};

inline constexpr uint64_t kDefaultCost = 1'000'000;  // instructions; some 10 ms

enum class Op : uint8_t {
  kConstant,        // push constants[a]
  kVariable,        // push variables[a]
  kLoad,            // push slots[a]
  kStore,           // slots[a] = pop
  kSelect,          // pop, push its field names[a]
  kOptionalSelect,  // as .?
  kHas,
  kIndex,          // pop two, push one
  kOptionalIndex,  // as [?
  kCall,           // functions[a] with b arguments
  kMatches,        // pop, push whether patterns[a] is found in it
  kList,           // of b elements; optional_entries[a - 1] unless a is 0
  kMap,            // of b entries; the same
  kAnd,            // pop two, push one
  kOr,
  kJump,         // to a
  kSkipIfFalse,  // to a, when the top is false; it stays
  kSkipIfTrue,
  kBranch,     // pop: true goes on, false goes to a, anything else is the result at b
  kLoopStart,  // pop the range for loops[a]; b: where the loop ends
  kLoopNext,   // sets the loop's variables; at the end pushes the result and goes to b
  kLoopTest,   // pop what the predicate says; c: to the next element when it says no
  kLoopTake,   // pop what becomes of the element
};

struct Instruction {
  Op op;
  uint32_t a = 0;
  uint32_t b = 0;
};

class Program {
 public:
  // kMalformed (syntax) and kInvalidArgument (names and types), with line and column; kUnsupported for messages of
  // protocol buffers; kLimitExceeded.
  static Result<Program> compile(std::string_view text, const Environment& environment,
                                 const CompileOptions& options = {});

  // What its value is, as far as it is known; dyn where nothing was checked.
  TypeRef type() const { return type_; }

  // `variables`: by their index in the environment; those that are not known are errors (Value::error). The value may
  // be an error, too: division by zero, a key that is absent. It points into the arena, the variables and the program.
  // kLimitExceeded when it would cost more than it may: that no `||` absorbs.
  Result<Value> evaluate(std::span<const Value> variables, Arena& arena, uint64_t max_cost = kDefaultCost) const;

 private:
  friend class Compiler;
  friend class Machine;

  struct LoopInfo {
    Loop loop;
    uint32_t first_slot;
    bool two_variables;
    uint32_t next;  // the kLoopNext
  };

  std::shared_ptr<const Syntax> syntax_;  // what names and constants point at
  std::vector<Instruction> code_;
  std::vector<Value> constants_;
  std::deque<std::string> texts_;
  std::vector<std::string_view> names_;
  std::vector<const Function*> functions_;
  std::vector<std::shared_ptr<const re2::RE2>> patterns_;
  std::vector<std::vector<bool>> optional_entries_;
  std::vector<LoopInfo> loops_;
  uint32_t stack_size_ = 0;
  uint32_t slot_count_ = 0;
  TypeRef type_ = nullptr;
};

}  // namespace bulkhead::cel

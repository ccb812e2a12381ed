// The functions of the language and of its extensions: names, signatures and what they do. To add one: its row in the
// table of functions.cc, and its work in the file of its kind. Source: cel-spec, langdef.md, "List of Standard
// Definitions"; cel-go's extensions strings, math, lists, sets, encoders, optionals; Kubernetes' network library; and
// of our own, x.glob(pattern): whether the whole text matches a pattern with * and ?.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cel/arena.h"
#include "cel/types.h"
#include "cel/value.h"

namespace bulkhead::cel {

// What an evaluation may use, and has used.
struct Context {
  Arena& arena;
  uint64_t cost_left;
  bool out_of_cost = false;

  // Of work that grows with its input: a unit for each 16 bytes or element. False when there is no more; the result is
  // then of no matter.
  bool charge(uint64_t units) {
    if (units > cost_left) {
      out_of_cost = true;
      cost_left = 0;
      return false;
    }
    cost_left -= units;
    return true;
  }
};

// Arguments are none of them errors, unless the function takes those. Answers are errors where the language says so.
using Implementation = Value (*)(Context& context, std::span<const Value> arguments);

struct Function {
  std::string_view name;
  bool member;                // called as receiver.name(…)
  bool variadic = false;      // any number of arguments, each of which has the type of the last parameter, or dyn
  bool takes_errors = false;  // of its arguments after the first
  std::vector<Signature> signatures;
  Implementation run;
};

// Null when there is none of that name and style.
const Function* find_function(std::string_view name, bool member);

// The error of a call with arguments of the wrong kinds.
Value no_such_overload();
Value out_of_memory();

// Charges what comparing two values costs: a unit for each element below, for each 64 bytes of text.
bool charge_comparison(Context& context, const Value& a, const Value& b);

// A list of `count` elements to be filled, or null: out_of_memory().
Value* new_elements(Context& context, size_t count);

}  // namespace bulkhead::cel

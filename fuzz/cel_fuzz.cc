// fuzz: cel
// Any text is an expression or an error; any expression ends, in bounded memory.
#include <cstdint>
#include <string_view>

#include "cel/program.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::cel;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto* environment = [] {
    auto* made = new Environment("a.b");
    made->declare("x", simple_type(TypeKind::kDyn));
    made->declare("a.b.y", made->types().list(simple_type(TypeKind::kInt)));
    return made;
  }();
  for (const bool check : {true, false}) {
    const auto program = Program::compile(text, *environment, {.check = check});
    if (!program) continue;
    const Value numbers[] = {Value::integer(1), Value::integer(-7)};
    const Value variables[] = {Value::string("text"), Value::list(numbers)};
    Arena arena(size_t{1} << 20);
    const auto value = program->evaluate(variables, arena, 20'000);
    if (value) static_cast<void>(describe(*value));
  }
  return 0;
}

// fuzz: policy
// Any text is a document of facts, about which a verdict is possible, or an error.
#include <cstdint>
#include <string_view>

#include "policy/starters.h"
#include "policy/verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  static const auto bundle =
      policy::compile_bundle({{.name = "baseline.yaml", .text = std::string(policy::starters()[1].text)}});
  const auto facts = json::Document::parse({reinterpret_cast<const char*>(data), size});
  if (!facts) return 0;
  const auto verdict = policy::evaluate(*bundle, {.facts = facts->root(), .user = {}, .now = 1'795'000'000});
  if (!verdict) return 0;
  for (const auto& outcome : verdict->outcomes) {
    const bool denies = !outcome.passed() && bundle->rules[outcome.rule].action == policy::Action::kDeny;
    if (denies && verdict->allowed) __builtin_trap();
  }
  return 0;
}

// fuzz: policy
// Any text is a bundle or an error with a place; any bundle decides about facts.
#include <cstdint>
#include <string>

#include "policy/verdict.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  const auto bundle =
      policy::compile_bundle({{.name = "policy.yaml", .text = std::string(reinterpret_cast<const char*>(data), size)}});
  if (!bundle) return 0;
  static const auto facts = json::Document::parse(
      R"({"version": 1, "image": {"reference": "a/b:1", "repository": "a/b", "tag": "1", "config": {"user": "root"}},
          "packages": [{"type": "deb", "name": "a", "version": "1", "licenses": ["MIT"]}],
          "vulnerabilities": [{"id": "CVE-2026-1", "severity": "high", "rank": 4, "fixable": false}]})");
  const auto verdict = policy::evaluate(*bundle, {.facts = facts->root(), .user = "alice", .now = 1'795'000'000});
  if (!verdict) __builtin_trap();
  if (verdict->mapping.empty() && verdict->allowed == bundle->deny_unmapped) __builtin_trap();
  return 0;
}

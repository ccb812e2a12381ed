// fuzz: audit
// What dockerd is told: daemon.json, and its arguments with zero bytes between them.
#include <cstdint>
#include <string_view>

#include "audit/collect/daemon_arguments.h"
#include "audit/collect/daemon_json.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const audit::Settings arguments = audit::parse_daemon_arguments(audit::split_at_zero(text), 1);
  for (const auto& [key, setting] : arguments) {
    if (setting.values.empty() || setting.where.empty()) __builtin_trap();
  }
  const auto file = audit::parse_daemon_json(text, "daemon.json");
  if (!file) {
    if (!file.error().to_string().starts_with("daemon.json: ")) __builtin_trap();
    return 0;
  }
  const audit::Settings merged = audit::merge_settings(arguments, *file);
  for (const auto& [key, setting] : *file) {
    if (setting.values.empty() || !merged.contains(key)) __builtin_trap();
  }
  return 0;
}

// The environment as a value: what reads variables takes this function, so that only the edges (cli, server, agent)
// touch the process's real environment and tests bring their own.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace bulkhead {

// The variable's value; nothing when it is not set. Set but empty is an empty string.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// The value, or nothing when it is unset or empty: most variables mean the same either way.
inline std::optional<std::string> non_empty(const Environment& environment, const std::string& name) {
  auto value = environment(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

}  // namespace bulkhead

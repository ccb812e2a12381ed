// HostConfig.SecurityOpt as the engines read it: "name=value", in old requests "name:value", or a name alone. Pure.
// Source: moby daemon/daemon_unix.go, parseSecurityOpt. Internal to audit.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace bulkhead::audit {

struct SecurityOption {
  std::string_view name;
  std::string_view value;  // empty for a name alone
};

inline SecurityOption read_security_option(std::string_view text) {
  const size_t separator = text.find_first_of("=:");
  if (separator == std::string_view::npos) return {trim(text), {}};
  return {trim(text.substr(0, separator)), trim(text.substr(separator + 1))};
}

// The last one of that name counts.
inline std::optional<std::string_view> security_option_value(const std::vector<std::string>& options,
                                                             std::string_view name) {
  std::optional<std::string_view> value;
  for (const std::string& text : options) {
    const SecurityOption option = read_security_option(text);
    if (option.name == name) value = option.value;
  }
  return value;
}

// As Go's strconv.ParseBool; nothing for what it refuses.
inline std::optional<bool> read_go_bool(std::string_view text) {
  constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::string_view kFalse[] = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::ranges::find(kTrue, text) != std::end(kTrue)) return true;
  if (std::ranges::find(kFalse, text) != std::end(kFalse)) return false;
  return std::nullopt;
}

}  // namespace bulkhead::audit

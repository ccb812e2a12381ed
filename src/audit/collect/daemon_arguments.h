// What dockerd's command line sets. Pure. Sources: moby, cmd/dockerd/config.go, config_unix.go and options.go (17.05 to
// 29) for the options and the names that daemon.json gives them; spf13/pflag for their syntax.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/facts.h"

namespace bulkhead::audit {

using Settings = std::map<std::string, Setting>;

// `arguments` begin with the program's name. dockerd takes options only: what follows an option that is not known here
// and is none itself is its value.
Settings parse_daemon_arguments(std::span<const std::string> arguments, int32_t pid);

// The text of one value, normalised: booleans as "true" and "false" however Go writes them, a limit as
// "nofile=soft:hard"; passwords of proxies and of log drivers are left out.
std::string setting_text(std::string_view key, std::string_view value);

// Pieces that end with a zero byte each, as in /proc/<pid>/cmdline and environ.
std::vector<std::string> split_at_zero(std::string_view text);

}  // namespace bulkhead::audit

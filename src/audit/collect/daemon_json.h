// daemon.json as dockerd reads it. Pure; trust of the input: none. Source: moby, daemon/config/config.go
// (configValuesSet, findConfigurationConflicts, MergeDaemonConfigurations).
#pragma once

#include <string>
#include <string_view>

#include "audit/collect/daemon_arguments.h"
#include "base/result.h"

namespace bulkhead::audit {

// An empty file sets nothing. kMalformed names the member or the byte at which it is wrong; kLimitExceeded.
Result<Settings> parse_daemon_json(std::string_view text, const std::string& path);

// Both together. What both set (dockerd does not start like that, so the file has changed since) is the arguments'; but
// runtimes are those of both.
Settings merge_settings(Settings arguments, const Settings& file);

}  // namespace bulkhead::audit

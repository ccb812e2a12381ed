// How checks of the host and of the daemon find what they judge among the facts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/check.h"

namespace bulkhead::audit {

// DaemonProcess::in_effect() of the host's daemon, if it is known.
Fact<std::optional<Setting>> setting_of(const Facts& facts, std::string_view name);

// The values as one text: "json-file", "nofile=64:64, nproc=512"; "not set".
std::string text_of(const std::optional<Setting>& setting);
// Where it is set; of one that is not, where it would be: "/etc/docker/daemon.json#/icc".
std::string where_of(const Facts& facts, const std::optional<Setting>& setting, std::string_view name);

// Judges each existing file of that name (host_files.h); of none, and of files that could not be looked at, tells so.
// `what` names the file for a person: "the socket of containerd".
void each_file(const Facts& facts, Sink& sink, std::string_view name, std::string_view what,
               const std::function<void(const File&)>& judge);

// "a, b, c and 4 more": of long lists of names what a person can read.
std::string some_of(const std::vector<std::string>& names, size_t limit = 20);

}  // namespace bulkhead::audit

// Where the engine's log drivers send what containers write. Pure. Sources: moby, daemon/logger/{syslog,fluentd,gelf,
// splunk,awslogs,gcplogs}; Podman's containers.conf(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead::audit {

struct LogDriver {
  enum class Kind : uint8_t {
    kFile,     // of the engine's, on this machine
    kService,  // of this machine, which may send them on
    kNetwork,
  };
  std::string_view name;
  Kind kind = Kind::kFile;
  std::string_view address_option{};  // of kNetwork; empty: its service is never on this machine
};
// Null: a plugin, of which nothing is known. "none" is no driver.
const LogDriver* log_driver(std::string_view name);

// Whether such an option leads to this machine, whose own name is `host`: a socket, a loopback or unspecified address
// however it is written, no host at all.
bool is_this_machine(std::string_view address, std::string_view host);

// The address without what stands before an "@".
std::string without_user(std::string_view address);

}  // namespace bulkhead::audit

// Linux capabilities by name, and which of them a container gets. Pure. Sources: capabilities(7),
// include/uapi/linux/capability.h; moby oci/caps/utils.go and oci/caps/defaults.go; Podman's containers.conf(5).
// Internal to audit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/facts.h"

namespace bulkhead::audit {

using Capabilities = uint64_t;  // a bit for each, as /proc writes them

// "CAP_SYS_ADMIN", "sys_admin": its bit; 0 for a name that is none ("ALL" too).
Capabilities capability_of(std::string_view name);

// "NET_ADMIN, SYS_ADMIN"; "none".
std::string capability_names(Capabilities set);

// What an engine gives a container with these settings: its default set, or everything, with what was added and
// without what was dropped, as the engine reckons.
Capabilities configured_capabilities(const ContainerDetails& details, bool podman);

// Those that nobody has who was not given them.
Capabilities default_capabilities(bool podman);

// Those with which a container can harm or take its host.
Capabilities dangerous_capabilities();

// What each capability of the set allows: "SYS_ADMIN mounts file systems and …; …".
std::string dangers_of(Capabilities set);

}  // namespace bulkhead::audit

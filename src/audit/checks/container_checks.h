// The tables that checks of containers are kept in, by subject; container_checks() joins them. Internal to audit.
#pragma once

#include <span>

#include "audit/check.h"

namespace bulkhead::audit {

std::span<const Check> container_isolation_checks();    // privileged, namespaces
std::span<const Check> container_confinement_checks();  // capabilities, seccomp, AppArmor, SELinux, masked paths
std::span<const Check> container_mount_checks();        // mounts, sockets
std::span<const Check> container_device_checks();       // devices
std::span<const Check> container_resource_checks();     // limits, control groups, restarts
std::span<const Check> container_network_checks();      // ports, networks
std::span<const Check> container_sysctl_checks();       // kernel settings
std::span<const Check> container_group_checks();        // groups
std::span<const Check> container_content_checks();      // user, secrets, image, health, what runs inside

}  // namespace bulkhead::audit

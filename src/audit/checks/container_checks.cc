#include "audit/checks/container_checks.h"

#include <vector>

namespace bulkhead::audit {

std::span<const Check> container_checks() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks;
    for (const auto table : {container_isolation_checks(), container_confinement_checks(), container_mount_checks(),
                             container_device_checks(), container_resource_checks(), container_network_checks(),
                             container_sysctl_checks(), container_group_checks(), container_content_checks()}) {
      checks.insert(checks.end(), table.begin(), table.end());
    }
    return checks;
  }();
  return all;
}

}  // namespace bulkhead::audit

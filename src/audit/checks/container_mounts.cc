#include "audit/checks/container_checks.h"

namespace bulkhead::audit {

std::span<const Check> container_mount_checks() {
  return {};
}

}  // namespace bulkhead::audit

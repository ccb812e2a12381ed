#include "audit/checks/container_checks.h"

namespace bulkhead::audit {

std::span<const Check> container_confinement_checks() {
  return {};
}

}  // namespace bulkhead::audit

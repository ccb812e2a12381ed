#include "policy/starters.h"

#include <array>

#include "policy/baseline.h"
#include "policy/observe.h"
#include "policy/strict.h"

namespace bulkhead::policy {

std::span<const Starter> starters() {
  static constexpr auto kStarters = std::to_array<Starter>({
      {"observe", "tells, and denies nothing", kObserveBundle},
      {"baseline", "denies what is dangerous and can be mended", kBaselineBundle},
      {"strict", "denies what is not signed, fresh, supported and mended", kStrictBundle},
  });
  return kStarters;
}

}  // namespace bulkhead::policy

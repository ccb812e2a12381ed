#include "audit/collect/unknown.h"

#include <fmt/format.h>

namespace bulkhead::audit {

std::unexpected<Unknown> unknown_because(const Error& error) {
  if (error.code() == Code::kPermissionDenied && error.remedy().empty()) {
    return not_known(fmt::format("{} (run as root)", error.to_string()));
  }
  return not_known(error.remedy().empty() ? error.to_string()
                                          : fmt::format("{} ({})", error.to_string(), error.remedy()));
}

}  // namespace bulkhead::audit

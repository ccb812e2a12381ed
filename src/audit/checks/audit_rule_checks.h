// The checks of the kernel's audit rules, one for each file of the engine: part of the section host.
#pragma once

#include <span>

#include "audit/check.h"

namespace bulkhead::audit {

std::span<const Check> audit_rule_checks();

}  // namespace bulkhead::audit

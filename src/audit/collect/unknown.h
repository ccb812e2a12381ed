// Errors as reasons why a fact is not known. Internal to audit/collect.
#pragma once

#include "audit/facts.h"
#include "base/result.h"

namespace bulkhead::audit {

// kError, in the error's words; with the remedy where only rights are missing.
std::unexpected<Unknown> unknown_because(const Error& error);

}  // namespace bulkhead::audit

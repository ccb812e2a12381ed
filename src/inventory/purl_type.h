// What the definitions of package URL types demand beyond the syntax. Internal to purl.cc.
#pragma once

#include <string_view>

#include "inventory/purl.h"

namespace bulkhead::inventory {

// Brings the components into the type's canonical form; answers which rule of the type is broken, "" when none is. All
// normalisation is done even then. The type must be lower case.
std::string_view apply_type_rules(PackageUrl& purl);

}  // namespace bulkhead::inventory

// Brings the file lists of a package database to the packages of the inventory.
#pragma once

#include <string_view>

#include "inventory/cataloger.h"

namespace bulkhead::inventory {

// Decodes the visible facts of `analyser`, whose values are encode_file_lists(), and moves each list into the package
// of that type with the same name, version and architecture; where the list leaves version or architecture empty, any
// match. Lists without a package are dropped. A value that cannot be read becomes a diagnostic.
Status attach_files(const layer::MergedImage& image, std::string_view analyser, PackageType type, Inventory& inventory);

}  // namespace bulkhead::inventory

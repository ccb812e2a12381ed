// Brings the file lists of a package database to the packages of the inventory.
#pragma once

#include <span>
#include <string_view>

#include "inventory/cataloger.h"
#include "inventory/package_codec.h"

namespace bulkhead::inventory {

// Completes a decoded list out of the path of its file: for databases that keep one list per file, named after the
// package.
using NameList = void (*)(std::string_view path, FileList& list);

// Decodes the visible facts of `analyser`, whose values are encode_file_lists(), and moves each list into the package
// of that type with the same name, version and architecture; where the list leaves version or architecture empty, any
// match. Lists without a package are dropped. A value that cannot be read becomes a diagnostic. The inventory's
// packages must be sorted as Inventory promises.
Status attach_files(const layer::MergedImage& image, std::string_view analyser, PackageType type, Inventory& inventory,
                    NameList name_list = nullptr);

// The same on plain facts.
void attach_files(std::span<const layer::FileFact* const> facts, PackageType type, Inventory& inventory,
                  NameList name_list = nullptr);

}  // namespace bulkhead::inventory

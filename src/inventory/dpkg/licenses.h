// Brings the licences of copyright files to the packages that dpkg knows.
#pragma once

#include <span>
#include <vector>

#include "inventory/package.h"
#include "layer/analyser.h"

namespace bulkhead::inventory {

// Adds to each package the licences that its copyright file names; `copyrights` are the facts about
// usr/share/doc/*/copyright, with one licence a line as value. A package whose documentation folder is a link has its
// copyright file in the folder of another package of the same source, as Debian policy 12.5 demands, and takes it from
// there.
void attach_dpkg_licenses(std::span<const layer::FileFact* const> copyrights, std::vector<Package>& packages);

}  // namespace bulkhead::inventory

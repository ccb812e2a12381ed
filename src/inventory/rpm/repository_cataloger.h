// The cataloger of the repositories that Red Hat's packages are from, for the table of catalogers (catalogers.cc).
#pragma once

#include "inventory/cataloger.h"

namespace bulkhead::inventory {

// Fills Inventory::layer_repositories. A layer without a manifest of its own is taken to use the repositories of the
// nearest below that has one (a user's layer on a Red Hat image), or else above (the base layers of a build, which
// writes its manifest last), as Red Hat's own scanner has it. A manifest that is incomplete or cannot be read leaves
// its layer, and those that would take after it, unknown; the latter is a diagnostic. Manifests that upper layers hide
// count: each speaks of its layer.
const Cataloger& repository_cataloger();

}  // namespace bulkhead::inventory

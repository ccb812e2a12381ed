// The cataloger of the operating system's release files, for the table of catalogers (catalogers.cc).
#pragma once

#include "inventory/cataloger.h"

namespace bulkhead::inventory {

const Cataloger& os_cataloger();

}  // namespace bulkhead::inventory

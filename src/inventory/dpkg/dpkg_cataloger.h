// The cataloger of dpkg's and opkg's databases, for the table of catalogers (catalogers.cc).
#pragma once

#include "inventory/cataloger.h"

namespace bulkhead::inventory {

const Cataloger& dpkg_cataloger();

}  // namespace bulkhead::inventory

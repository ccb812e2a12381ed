// The cataloger of rpm databases, for the table of catalogers (catalogers.cc).
#pragma once

#include "inventory/cataloger.h"

namespace bulkhead::inventory {

const Cataloger& rpm_cataloger();

}  // namespace bulkhead::inventory

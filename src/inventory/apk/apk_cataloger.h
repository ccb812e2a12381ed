// The cataloger of apk's database, for the table of catalogers (catalogers.cc).
#pragma once

#include "inventory/cataloger.h"

namespace bulkhead::inventory {

const Cataloger& apk_cataloger();

}  // namespace bulkhead::inventory

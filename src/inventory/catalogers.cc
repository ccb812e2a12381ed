// The one table of catalogers. To add one: write its file and its header, and put it into the table.
#include <array>

#include "inventory/apk/apk_cataloger.h"
#include "inventory/cataloger.h"
#include "inventory/dpkg/dpkg_cataloger.h"
#include "inventory/os/os_cataloger.h"
#include "inventory/rpm/repository_cataloger.h"
#include "inventory/rpm/rpm_cataloger.h"

namespace bulkhead::inventory {

std::span<const Cataloger* const> catalogers() {
  static const std::array table = {
      &os_cataloger(), &dpkg_cataloger(), &apk_cataloger(), &rpm_cataloger(), &repository_cataloger(),
  };
  return table;
}

}  // namespace bulkhead::inventory

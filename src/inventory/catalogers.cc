// The one table of catalogers. To add one: write its file, declare its accessor here, and put it into the table.
#include <array>

#include "inventory/cataloger.h"
#include "inventory/rpm/rpm_cataloger.h"

namespace bulkhead::inventory {

std::span<const Cataloger* const> catalogers() {
  static const std::array<const Cataloger*, 1> kCatalogers{&rpm_cataloger()};
  return kCatalogers;
}

}  // namespace bulkhead::inventory

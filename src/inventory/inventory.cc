#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "inventory/attribution.h"
#include "inventory/cataloger.h"
#include "inventory/file_attachment.h"

namespace bulkhead::inventory {

Status Cataloger::collect_files(const layer::MergedImage& /*image*/, Inventory& /*inventory*/) const {
  return {};
}

std::vector<const layer::Analyser*> inventory_analysers() {
  std::vector<const layer::Analyser*> all;
  for (const Cataloger* cataloger : catalogers()) {
    const auto analysers = cataloger->analysers();
    all.insert(all.end(), analysers.begin(), analysers.end());
  }
  return all;
}

Result<Inventory> take_inventory(const layer::MergedImage& image) {
  Inventory inventory;
  for (const Cataloger* cataloger : catalogers()) {
    if (auto collected = cataloger->collect(image, inventory); !collected) {
      return fail(std::move(collected).error().with_context(fmt::format("{} packages", cataloger->name())));
    }
  }
  const auto order = [](const Package& p) { return std::tie(p.type, p.name, p.version, p.architecture); };
  // Of packages that are alike, the one of the lowest layer stays.
  std::sort(inventory.packages.begin(), inventory.packages.end(), [&](const Package& a, const Package& b) {
    if (order(a) != order(b)) return order(a) < order(b);
    return std::tie(a.layer, a.locations) < std::tie(b.layer, b.locations);
  });
  const auto repeated = std::unique(inventory.packages.begin(), inventory.packages.end(),
                                    [&](const Package& a, const Package& b) { return order(a) == order(b); });
  inventory.packages.erase(repeated, inventory.packages.end());
  return inventory;
}

Status load_files(const layer::MergedImage& image, Inventory& inventory) {
  for (const Cataloger* cataloger : catalogers()) {
    if (auto loaded = cataloger->collect_files(image, inventory); !loaded) {
      return fail(std::move(loaded).error().with_context(fmt::format("{} files", cataloger->name())));
    }
  }
  return {};
}

Status load_files_of_owners(const layer::MergedImage& image, Inventory& inventory) {
  const bool useful = std::any_of(inventory.packages.begin(), inventory.packages.end(), [](const Package& package) {
    return package.type != PackageType::kDeb && package.type != PackageType::kApk &&
           package.type != PackageType::kRpm && package.type != PackageType::kAlpm;
  });
  return useful ? load_files(image, inventory) : Status();
}

Result<std::vector<Package>> collect_packages(const layer::MergedImage& image, std::string_view analyser) {
  const auto visible = image.visible(analyser);
  const auto history = image.history(analyser);
  return attribute_packages(visible, history);
}

Status attach_files(const layer::MergedImage& image, std::string_view analyser, PackageType type, Inventory& inventory,
                    NameList name_list) {
  attach_files(image.visible(analyser), type, inventory, name_list);
  return {};
}

}  // namespace bulkhead::inventory

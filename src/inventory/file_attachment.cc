#include "inventory/file_attachment.h"

#include <algorithm>
#include <iterator>

namespace bulkhead::inventory {
namespace {

bool agrees(std::string_view list_says, std::string_view package_has) {
  return list_says.empty() || list_says == package_has;
}

// Packages are sorted by type and name (Inventory's contract), so the candidates stand together.
void attach(FileList list, PackageType type, std::vector<Package>& packages) {
  const auto before = [&](const Package& package, const FileList& wanted) {
    return package.type != type ? package.type < type : package.name < wanted.name;
  };
  auto candidate = std::lower_bound(packages.begin(), packages.end(), list, before);
  for (; candidate != packages.end() && candidate->type == type && candidate->name == list.name; ++candidate) {
    if (!agrees(list.version, candidate->version) || !agrees(list.architecture, candidate->architecture)) continue;
    candidate->files.insert(candidate->files.end(), std::make_move_iterator(list.files.begin()),
                            std::make_move_iterator(list.files.end()));
    return;
  }
}

}  // namespace

void attach_files(std::span<const layer::FileFact* const> facts, PackageType type, Inventory& inventory,
                  NameList name_list) {
  for (const layer::FileFact* fact : facts) {
    if (!fact->error.empty()) {
      inventory.diagnostics.push_back({fact->path, fact->error});
      continue;
    }
    auto lists = decode_file_lists(as_bytes(fact->value));
    if (!lists) {
      inventory.diagnostics.push_back({fact->path, lists.error().message()});
      continue;
    }
    for (FileList& list : *lists) {
      if (name_list != nullptr) name_list(fact->path, list);
      attach(std::move(list), type, inventory.packages);
    }
  }
}

}  // namespace bulkhead::inventory

#include "inventory/dpkg/licenses.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace bulkhead::inventory {

void attach_dpkg_licenses(std::span<const layer::FileFact* const> copyrights, std::vector<Package>& packages) {
  std::map<std::string_view, std::string_view> by_folder;  // values: licences, one a line
  for (const layer::FileFact* fact : copyrights) {
    const std::string_view path = fact->path;
    const size_t end = path.rfind('/');
    const size_t start = end == std::string_view::npos ? end : path.rfind('/', end - 1);
    if (start != std::string_view::npos) by_folder.emplace(path.substr(start + 1, end - start - 1), fact->value);
  }
  std::map<std::string_view, std::string_view> by_source;
  for (const Package& package : packages) {
    const auto own = by_folder.find(package.name);
    if (own != by_folder.end()) by_source.emplace(package.source_name, own->second);
  }
  for (Package& package : packages) {
    auto found = by_folder.find(package.name);
    if (found == by_folder.end()) {
      found = by_source.find(package.source_name);
      if (found == by_source.end()) continue;
    }
    std::string_view rest = found->second;
    std::string_view license;
    while (next_line(rest, license)) package.licenses.emplace_back(license);
    std::sort(package.licenses.begin(), package.licenses.end());
    package.licenses.erase(std::unique(package.licenses.begin(), package.licenses.end()), package.licenses.end());
  }
}

}  // namespace bulkhead::inventory

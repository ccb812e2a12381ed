#include "inventory/file_owners.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace bulkhead::inventory {
namespace {

std::string_view relative(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

// The folders that merging /usr turns into links.
bool is_merged_folder(std::string_view path) {
  constexpr std::string_view kFolders[] = {"bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/"};
  return std::any_of(std::begin(kFolders), std::end(kFolders),
                     [&](std::string_view folder) { return path.starts_with(folder); });
}

}  // namespace

FileOwners::FileOwners(std::span<const Package> packages) {
  for (const Package& package : packages) {
    for (const std::string& file : package.files) owners_.try_emplace(relative(file), &package);
  }
}

const Package* FileOwners::owner_of(std::string_view path) const {
  constexpr std::string_view kUsr = "usr/";
  path = relative(path);
  if (const auto found = owners_.find(path); found != owners_.end()) return found->second;
  std::string other;
  if (path.starts_with(kUsr) && is_merged_folder(path.substr(kUsr.size()))) {
    other = path.substr(kUsr.size());
  } else if (is_merged_folder(path)) {
    other.append(kUsr).append(path);
  } else {
    return nullptr;
  }
  const auto found = owners_.find(other);
  return found == owners_.end() ? nullptr : found->second;
}

}  // namespace bulkhead::inventory

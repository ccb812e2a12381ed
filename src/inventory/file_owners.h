// Which package owns a file: an index over Package::files (see load_files).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>

#include "inventory/package.h"

namespace bulkhead::inventory {

// Views the packages, which must outlive it unchanged. Immutable; safe to read from several threads.
class FileOwners {
 public:
  explicit FileOwners(std::span<const Package> packages);

  // The first package that lists `path` (absolute, or relative to the root); null when none does. On systems with
  // merged /usr, databases name some files by one of their two paths: "/bin/sh" and "/usr/bin/sh" find the same owner.
  const Package* owner_of(std::string_view path) const;

  size_t size() const { return owners_.size(); }

 private:
  std::unordered_map<std::string_view, const Package*> owners_;  // keys without leading slash
};

}  // namespace bulkhead::inventory

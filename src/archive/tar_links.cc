#include "archive/tar_links.h"

#include <utility>

namespace bulkhead::archive {

Result<std::optional<std::string>> link_destination(TarType type, std::string_view path, std::string_view target) {
  if (type == TarType::kHardLink) return normalise_path(target);
  std::string joined;
  if (!target.starts_with('/')) joined.assign(path.substr(0, path.rfind('/') + 1));
  joined += target;
  auto normal = normalise_path(joined);
  if (!normal) return std::nullopt;
  return *std::move(normal);
}

}  // namespace bulkhead::archive

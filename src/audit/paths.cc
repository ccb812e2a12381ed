#include "audit/paths.h"

#include <filesystem>

namespace bulkhead::audit {

std::string normal_path(std::string_view path) {
  std::string normal = std::filesystem::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  if (normal.starts_with("//")) normal.erase(0, 1);
  constexpr std::string_view kOldRun = "/var/run";
  if (is_at_or_below(normal, kOldRun)) normal.replace(0, kOldRun.size(), "/run");
  return normal;
}

bool is_at_or_below(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace bulkhead::audit

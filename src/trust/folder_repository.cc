#include "trust/folder_repository.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"

namespace bulkhead::trust {

FolderRepository::FolderRepository(std::string folder) : folder_(std::move(folder)) {
  std::error_code ignored;  // then it is no folder, and the first fetch says so
  if (std::filesystem::is_directory(folder_ + "/metadata", ignored)) folder_ += "/metadata";
}

Result<std::string> FolderRepository::fetch(std::string_view name, uint64_t max_bytes) {
  std::error_code ignored;
  // A folder that is gone (a medium that was not mounted) is no folder without a newer root.
  if (!std::filesystem::is_directory(folder_, ignored)) {
    return fail(Code::kUnavailable, fmt::format("there is no folder {}", folder_));
  }
  return read_file(fmt::format("{}/{}", folder_, name), max_bytes);
}

}  // namespace bulkhead::trust

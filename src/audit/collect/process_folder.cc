#include "audit/collect/process_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The kernel says ESRCH of what it could show a moment ago.
Error error_of(int error_number, const std::string& shown) {
  return errno_error(error_number == ESRCH ? ENOENT : error_number, printable(shown));
}

Result<std::string> read_link(int folder, const std::string& name, const std::string& shown) {
  std::array<char, 4096> target{};
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (size < 0) return fail(error_of(errno, shown));
  return std::string(target.data(), static_cast<size_t>(size));
}

}  // namespace

Result<std::string> read_descriptor(int fd, size_t max_bytes, const std::string& name) {
  std::string text;
  std::array<char, 16384> block{};
  for (;;) {
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(error_of(errno, name));
    if (count == 0) return text;
    if (text.size() + static_cast<size_t>(count) > max_bytes) {
      return fail(Code::kLimitExceeded, fmt::format("{}: more than {} bytes", printable(name), max_bytes));
    }
    text.append(block.data(), static_cast<size_t>(count));
  }
}

Result<std::string> read_small_file(int folder, const std::string& name, size_t max_bytes, const std::string& shown) {
  const UniqueFd fd(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail(error_of(errno, shown));
  return read_descriptor(fd.get(), max_bytes, shown);
}

Result<ProcessFolder> ProcessFolder::open(const std::string& proc, int32_t pid) {
  std::string path = fmt::format("{}/{}", proc, pid);
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(error_of(errno, path));
  return ProcessFolder(pid, std::move(path), std::move(fd));
}

Result<std::string> ProcessFolder::read(const std::string& name, size_t max_bytes) const {
  return read_small_file(fd_.get(), name, max_bytes, fmt::format("{}/{}", path_, name));
}

Result<std::string> ProcessFolder::link(const std::string& name) const {
  return read_link(fd_.get(), name, fmt::format("{}/{}", path_, name));
}

Result<std::vector<uint64_t>> ProcessFolder::sockets() const {
  const std::string shown = fmt::format("{}/fd", path_);
  const UniqueFd folder(::openat(fd_.get(), "fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail(error_of(errno, shown));
  TRY_ASSIGN(const std::vector<std::string> names, list_names(folder.get(), shown, size_t{1} << 20));
  std::vector<uint64_t> inodes;
  for (const std::string& name : names) {
    const auto target = read_link(folder.get(), name, shown);
    if (!target && target.error().code() == Code::kPermissionDenied) return fail(target.error());
    if (!target || !target->starts_with("socket:[") || !target->ends_with("]")) continue;
    if (const auto inode = parse_decimal(std::string_view(*target).substr(8, target->size() - 9))) {
      inodes.push_back(*inode);
    }
  }
  std::ranges::sort(inodes);
  return inodes;
}

Result<std::string> ProcessFolder::executable() const {
  constexpr std::string_view kDeleted = " (deleted)";
  TRY_ASSIGN(std::string path, link("exe"));
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

Result<std::vector<std::string>> list_names(int folder, const std::string& shown, size_t max_names) {
  UniqueFd fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, DirectoryCloser> list(fd ? ::fdopendir(fd.get()) : nullptr);
  if (list == nullptr) return fail(error_of(errno, shown));
  (void)fd.release();  // the stream's own from here on
  std::vector<std::string> names;
  while (const dirent* item = ::readdir(list.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view name = item->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == max_names) {
      return fail(Code::kLimitExceeded, fmt::format("{}: more than {} entries", printable(shown), max_names));
    }
    names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Result<std::vector<int32_t>> list_processes(const std::string& proc) {
  const UniqueFd folder(::open(proc.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return fail(error_of(errno, proc));
  TRY_ASSIGN(const std::vector<std::string> names, list_names(folder.get(), proc, size_t{1} << 22));
  std::vector<int32_t> pids;
  for (const std::string& name : names) {
    const auto pid = parse_decimal(name);
    if (pid && *pid <= INT32_MAX) pids.push_back(static_cast<int32_t>(*pid));
  }
  std::ranges::sort(pids);
  return pids;
}

}  // namespace bulkhead::audit

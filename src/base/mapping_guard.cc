#include "base/mapping_guard.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead {
namespace {

constexpr int kFailure = 1;

// A signal handler may neither allocate nor lock: the message is ready before there is a mapping to read. `begin` is
// set last and cleared first, and a mapping that is being read is not forgotten meanwhile.
struct Mapping {
  std::atomic<const std::byte*> begin = nullptr;
  std::atomic<size_t> size = 0;
  std::atomic<size_t> message_bytes = 0;
  std::array<char, 1024> message{};
  // Not for the handler:
  std::string path;
  UniqueFd fd;
  off_t file_bytes = 0;
  timespec modified{};
};
std::array<Mapping, kMaxMappings> mappings;
std::mutex mappings_mutex;  // of those who remember and forget

void on_bus_error(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
  for (const Mapping& mapping : mappings) {
    const auto begin = reinterpret_cast<uintptr_t>(mapping.begin.load());
    if (begin == 0 || at < begin || at - begin >= mapping.size.load()) continue;
    (void)!::write(STDERR_FILENO, mapping.message.data(), mapping.message_bytes.load());
    ::_exit(kFailure);
  }
  std::signal(SIGBUS, SIG_DFL);
  std::raise(SIGBUS);  // comes when the handler returns
}

// With the mutex held.
Mapping* find_mapping(ByteSpan bytes) {
  return std::ranges::find_if(mappings,
                              [&](const Mapping& each) { return !bytes.empty() && each.begin.load() == bytes.data(); });
}

}  // namespace

void guard_mappings() {
  struct sigaction action{};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

Status check_mapping(ByteSpan bytes) {
  const std::scoped_lock lock(mappings_mutex);
  const auto known = find_mapping(bytes);
  if (known == mappings.end()) return {};
  struct stat status{};
  const bool same = ::fstat(known->fd.get(), &status) == 0 && status.st_size == known->file_bytes &&
                    status.st_mtim.tv_sec == known->modified.tv_sec &&
                    status.st_mtim.tv_nsec == known->modified.tv_nsec;
  if (same) return {};
  return fail(Code::kIo, fmt::format("{}: the file was changed in place while it was in use", known->path),
              "run the command again; replace such a file by rename (of the advisory database: `bulkhead db update` or "
              "`bulkhead db import`)");
}

void remember_mapping(ByteSpan bytes, std::string_view path, int fd) {
  const std::scoped_lock lock(mappings_mutex);
  const auto free = std::ranges::find_if(mappings, [](const Mapping& each) { return each.begin.load() == nullptr; });
  struct stat status{};
  if (free == mappings.end() || bytes.empty() || ::fstat(fd, &status) != 0) return;
  free->path = path;
  free->fd = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  free->file_bytes = status.st_size;
  free->modified = status.st_mtim;
  constexpr std::string_view kText =
      ": the file was cut short, or can no longer be read, while it was in use\n"
      "  run the command again; if it stays so, bring a whole copy (of the advisory database: `bulkhead db update` or "
      "`bulkhead db import`)\n";
  constexpr std::string_view kName = "bulkhead: ";
  const std::string shown = printable(path).substr(0, free->message.size() - kText.size() - kName.size());
  const auto end = fmt::format_to_n(free->message.data(), free->message.size(), "{}{}{}", kName, shown, kText);
  free->message_bytes = std::min(end.size, free->message.size());
  free->size = bytes.size();
  free->begin = bytes.data();
}

void forget_mapping(ByteSpan bytes) {
  const std::scoped_lock lock(mappings_mutex);
  const auto known = find_mapping(bytes);
  if (known == mappings.end()) return;
  known->begin = nullptr;
  known->fd = UniqueFd();
}

}  // namespace bulkhead

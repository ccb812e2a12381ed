#include "cli/output.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead::cli {
namespace {

constexpr int kMaxLinks = 40;  // as many as Linux follows
constexpr int kTickMs = 50;    // how long a stop may go unheard

Status stopped(std::string_view name) {
  return fail(Code::kCancelled, fmt::format("{}: stopped on request", name));
}

Status write_descriptor(int descriptor, std::string_view text, std::string_view name,
                        const std::stop_token& stop = {}) {
  while (!text.empty()) {
    if (stop.stop_requested()) return stopped(name);
    pollfd polled{.fd = descriptor, .events = POLLOUT, .revents = 0};
    if (::poll(&polled, 1, kTickMs) == 0) continue;
    // A pipe that is ready takes so many bytes without a wait, in which no stop would be heard.
    const ssize_t count = ::write(descriptor, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EPIPE) {
      return {};
    } else if (errno != EINTR && errno != EAGAIN) {
      return fail(errno_error(errno, name));
    }
  }
  return {};
}

// A FIFO has no place for bytes before somebody has opened it for reading.
Result<UniqueFd> open_for_reader(const OutputTarget& target, const std::stop_token& stop) {
  for (bool told = false;; told = true) {
    UniqueFd fd(::open(target.path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (fd) return fd;
    if (errno != ENXIO) return fail(errno_error(errno, target.file));
    struct stat status{};
    if (::stat(target.path.c_str(), &status) != 0 || !S_ISFIFO(status.st_mode)) {
      return fail(errno_error(ENXIO, target.file));
    }
    if (!told) {
      TRY(write_descriptor(
          STDERR_FILENO, fmt::format("bulkhead: {}: waiting for somebody to read this FIFO\n", printable(target.file)),
          "standard error"));
    }
    if (stop.stop_requested()) return std::unexpected(stopped(target.file).error());
    ::poll(nullptr, 0, kTickMs);
  }
}

// The descriptor that a name of it stands for. To open such a name would begin a regular file anew, at its start.
std::optional<int> descriptor_named(std::string_view file) {
  if (file.empty() || file == "/dev/stdout") return STDOUT_FILENO;
  if (file == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!file.starts_with(folder)) continue;
    const auto number = parse_decimal(file.substr(folder.size()));
    if (number && *number < 1U << 20) return static_cast<int>(*number);
  }
  return std::nullopt;
}

Result<std::string> follow_links(const std::string& file) {
  namespace fs = std::filesystem;
  fs::path path = file;
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    if (links == kMaxLinks) return fail(errno_error(ELOOP, file));
    const fs::path to = fs::read_symlink(path, error);
    if (error) return fail(errno_error(error.value(), file));
    path = path.parent_path() / to;
  }
  return path.string();
}

Result<OutputTarget> find_output(const std::string& file) {
  if (const auto descriptor = descriptor_named(file)) {
    if (::fcntl(*descriptor, F_GETFD) < 0) return fail(errno_error(errno, file.empty() ? "standard output" : file));
    return OutputTarget{.file = file, .descriptor = *descriptor, .path = {}};
  }
  OutputTarget target{.file = file, .path = {}};
  TRY_ASSIGN(target.path, follow_links(file));
  struct stat status{};
  if (::stat(target.path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) {
      return fail(Code::kInvalidArgument, fmt::format("{}: is a folder", file), "name a file in it");
    }
    target.replaced = S_ISREG(status.st_mode);
    return target;
  }
  if (errno != ENOENT && errno != ENOTDIR) return fail(errno_error(errno, file));
  const std::string folder = std::filesystem::path(target.path).parent_path().string();
  if (::stat(folder.empty() ? "." : folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return fail(Code::kNotFound, fmt::format("{}: there is no folder {}", file, folder),
                "make the folder first, or correct the name");
  }
  return target;
}

bool same_place(const OutputTarget& a, const OutputTarget& b) {
  if (a.descriptor >= 0 && a.descriptor == b.descriptor) return true;
  const auto state = [](const OutputTarget& target, struct stat& status) {
    return target.descriptor >= 0 ? ::fstat(target.descriptor, &status) == 0
                                  : ::stat(target.path.c_str(), &status) == 0;
  };
  struct stat first{};
  struct stat second{};
  if (state(a, first) && state(b, second)) return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
  const auto canonical = [](const OutputTarget& target) {
    std::error_code error;
    return std::filesystem::weakly_canonical(target.path, error);
  };
  return !a.path.empty() && !b.path.empty() && canonical(a) == canonical(b);
}

}  // namespace

Status write_standard_output(std::string_view text) {
  return write_descriptor(STDOUT_FILENO, text, "standard output");
}

Result<std::vector<OutputTarget>> find_outputs(std::span<const std::string> files) {
  std::vector<OutputTarget> targets;
  for (const std::string& file : files) {
    TRY_ASSIGN(OutputTarget target, find_output(file));
    for (const OutputTarget& other : targets) {
      if (!same_place(target, other)) continue;
      const auto name = [](const OutputTarget& one) { return one.file.empty() ? "standard output" : one.file; };
      return fail(Code::kInvalidArgument,
                  fmt::format("two outputs go to one place: {} and {}", name(other), name(target)),
                  "give each format a file of its own: --output json=a.json --output sarif=b.sarif");
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

Status write_output(const OutputTarget& target, std::string_view text, const std::stop_token& stop) {
  return write_output(target, [&](const WritePiece& out) { return out(text); }, stop);
}

Status write_output(const OutputTarget& target, const std::function<Status(const WritePiece&)>& produce,
                    const std::stop_token& stop) {
  const auto to = [&](int descriptor, std::string_view name) -> WritePiece {
    return
        [descriptor, name, &stop](std::string_view piece) { return write_descriptor(descriptor, piece, name, stop); };
  };
  if (target.descriptor >= 0) {
    return produce(to(target.descriptor, target.file.empty() ? "standard output" : std::string_view(target.file)));
  }
  if (target.replaced) {
    TRY_ASSIGN(AtomicFile file, AtomicFile::create(target.path));
    TRY(produce([&](std::string_view piece) { return file.write(as_bytes(piece)); }));
    return file.commit();
  }
  TRY_ASSIGN(const UniqueFd fd, open_for_reader(target, stop));
  return produce(to(fd.get(), target.file));
}

Status write_note(const OutputTarget& target, std::string_view line) {
  const bool taken = target.descriptor == STDOUT_FILENO;
  return write_descriptor(taken ? STDERR_FILENO : STDOUT_FILENO, line, taken ? "standard error" : "standard output");
}

}  // namespace bulkhead::cli

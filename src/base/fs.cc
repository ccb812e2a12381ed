#include "base/fs.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mapping_guard.h"

namespace bulkhead {
namespace {

constexpr size_t kFileBlockBytes = size_t{256} << 10;

// Until something can be read, or the other end is closed; kCancelled once a stop is requested.
Status wait_until_readable(int fd, const std::stop_token& stop, const std::string& name) {
  const auto cancelled = [&] { return fail(Code::kCancelled, fmt::format("{}: stopped on request", name)); };
  if (stop.stop_requested()) return cancelled();
  std::array<pollfd, 2> polled{pollfd{fd, POLLIN, 0}, pollfd{-1, POLLIN, 0}};
  if (::poll(polled.data(), 1, 0) > 0) return {};  // mostly: no need for the other descriptor then
  UniqueFd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped) return fail(errno_error(errno, "eventfd"));
  const std::stop_callback on_stop(stop, [&stopped] { (void)::eventfd_write(stopped.get(), 1); });
  polled[1].fd = stopped.get();
  while (::poll(polled.data(), polled.size(), -1) < 0) {
    if (errno != EINTR) return fail(errno_error(errno, name));
  }
  if (stop.stop_requested()) return cancelled();
  return {};
}

class FdSource final : public BlockSource {
 public:
  FdSource(UniqueFd fd, std::string name, std::stop_token stop)
      : fd_(std::move(fd)), name_(std::move(name)), stop_(std::move(stop)) {}

  Result<ByteSpan> next() override {
    for (;;) {
      // Also of what is always readable, a file or /dev/zero: reading it may take long.
      TRY(wait_until_readable(fd_.get(), stop_, name_));
      const ssize_t count = ::read(fd_.get(), buffer_.get(), kFileBlockBytes);
      if (count >= 0) return ByteSpan(buffer_.get(), static_cast<size_t>(count));
      // EAGAIN: whoever gave us the descriptor has made it non-blocking, or another reader was faster.
      if (errno != EINTR && errno != EAGAIN) return fail(errno_error(errno, name_));
    }
  }

 private:
  UniqueFd fd_;
  std::string name_;
  std::stop_token stop_;
  // Not cleared: most files are small, and pages that nothing was read into are never touched.
  std::unique_ptr<std::byte[]> buffer_ = std::make_unique_for_overwrite<std::byte[]>(kFileBlockBytes);
};

Result<UniqueFd> open_for_reading(const std::string& path) {
  // Without O_NONBLOCK opening a FIFO waits for its writer, deaf to any stop; with it, the first block is waited for.
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail(errno_error(errno, path));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, path));
  if (S_ISDIR(status.st_mode)) return fail(Code::kInvalidArgument, fmt::format("{}: is a directory", path));
  return fd;
}

Status write_all(int fd, std::string_view contents, const std::string& path) {
  while (!contents.empty()) {
    const ssize_t count = ::write(fd, contents.data(), contents.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail(errno_error(errno, path));
    }
    contents.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_folder(const std::string& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail(errno_error(errno, folder));
  return {};
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

int UniqueFd::release() {
  return std::exchange(fd_, -1);
}

Result<std::string> read_file(const std::string& path, size_t max_bytes, const std::stop_token& stop) {
  TRY_ASSIGN(UniqueFd fd, open_for_reading(path));
  FdSource source(std::move(fd), path, stop);
  return read_all(source, max_bytes, path);
}

Result<std::unique_ptr<BlockSource>> open_file_source(const std::string& path, const std::stop_token& stop) {
  if (path == "-") {
    UniqueFd fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!fd) return fail(errno_error(errno, "standard input"));
    return make_fd_source(std::move(fd), "standard input", stop);
  }
  TRY_ASSIGN(UniqueFd fd, open_for_reading(path));
  return make_fd_source(std::move(fd), path, stop);
}

std::unique_ptr<BlockSource> make_fd_source(UniqueFd fd, std::string name, std::stop_token stop) {
  return std::make_unique<FdSource>(std::move(fd), std::move(name), std::move(stop));
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  TRY_ASSIGN(UniqueFd fd, open_for_reading(path));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, path));
  if (!S_ISREG(status.st_mode)) return fail(Code::kInvalidArgument, fmt::format("{}: is no regular file", path));
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) return MappedFile(ByteSpan());
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) return fail(errno_error(errno, path));
  const ByteSpan bytes(static_cast<const std::byte*>(address), size);
  remember_mapping(bytes, path, fd.get());
  return MappedFile(bytes);
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, ByteSpan())) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (bytes_.empty()) return;
  forget_mapping(bytes_);
  ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Status make_directories(const std::string& path, unsigned mode) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string prefix = path.substr(0, slash);
    if (!prefix.empty() && ::mkdir(prefix.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
      return fail(errno_error(errno, prefix));
    }
    if (slash == std::string::npos) break;
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail(errno_error(errno, path));
  if (!S_ISDIR(status.st_mode)) return fail(Code::kInvalidArgument, fmt::format("{}: is not a directory", path));
  return {};
}

Result<AtomicFile> AtomicFile::create(const std::string& path, unsigned mode) {
  TRY(make_directories(parent_of(path)));
  std::string temporary = path + ".XXXXXX";
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  // Errors name what the caller asked for: the temporary name means nothing to anybody.
  if (!fd) return fail(errno_error(errno, path));
  return AtomicFile(path, std::move(temporary), std::move(fd), mode);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      mode_(other.mode_) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(fd_, other.fd_);
  std::swap(mode_, other.mode_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status AtomicFile::write(ByteSpan bytes) {
  return write_all(fd_.get(), as_text(bytes), path_);
}

Status AtomicFile::commit() {
  if (::fchmod(fd_.get(), static_cast<mode_t>(mode_)) != 0) return fail(errno_error(errno, path_));
  if (::fsync(fd_.get()) != 0) return fail(errno_error(errno, path_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return fail(errno_error(errno, path_));
  temporary_.clear();
  return sync_folder(parent_of(path_));
}

Status AtomicFile::commit_as(const std::string& path) {
  TRY(make_directories(parent_of(path)));
  path_ = path;
  return commit();
}

Result<UniqueFd> lock_file(const std::string& path) {
  TRY(make_directories(parent_of(path)));
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return fail(errno_error(errno, path));
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(Code::kUnavailable, fmt::format("{}: held by another process", path));
    if (errno != EINTR) return fail(errno_error(errno, path));
  }
  return fd;
}

Status write_file_atomically(const std::string& path, std::string_view contents, unsigned mode) {
  TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, mode));
  TRY(file.write(as_bytes(contents)));
  return file.commit();
}

}  // namespace bulkhead

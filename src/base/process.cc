#include "base/process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

namespace bulkhead {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(errno_error(errno, "pipe"));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Status make_nonblocking(const UniqueFd& fd) {
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return fail(errno_error(errno, "pipe"));
  return {};
}

// The spawned program: killed with its group and reaped when this object dies before wait() was called.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid), exited_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) {
      ::kill(-pid_, SIGKILL);
      (void)wait();
    }
  }

  int exited_fd() const {
    return exited_.get();
  }  // readable once the program has ended; -1 where the kernel cannot say

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_;
  UniqueFd exited_;
};

class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  Result<pid_t> spawn(const std::vector<std::string>& arguments, int in, int out, int err) {
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigset_t unblocked;
    sigemptyset(&unblocked);
    int error = ::posix_spawn_file_actions_adddup2(&actions_, in, 0);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions_, out, 1);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions_, err, 2);
    if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    if (error == 0) error = ::posix_spawnattr_setpgroup(&attributes_, 0);
    if (error == 0) error = ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    if (error == 0) error = ::posix_spawnattr_setsigmask(&attributes_, &unblocked);
    if (error == 0) {
      error = ::posix_spawnattr_setflags(&attributes_,
                                         POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    }
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (error == 0) error = ::posix_spawnp(&pid, argv[0], &actions_, &attributes_, argv.data(), environ);
    if (error != 0) return fail(errno_error(error, arguments[0]));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Reads what is there. False at the end of the stream.
Result<bool> read_available(UniqueFd& fd, std::string& text, size_t max_bytes, const std::string& program) {
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count < 0) return fail(errno_error(errno, program));
    if (count == 0) {
      fd = UniqueFd();
      return false;
    }
    if (text.size() + static_cast<size_t>(count) > max_bytes) {
      return fail(Code::kLimitExceeded, fmt::format("{}: wrote more than {} bytes", program, max_bytes));
    }
    text.append(buffer.data(), static_cast<size_t>(count));
    ::explicit_bzero(buffer.data(), static_cast<size_t>(count));  // it may have been a secret
  }
}

// A program that does not read its input is no error: it may not need it.
void write_available(UniqueFd& fd, std::string_view& input) {
  while (!input.empty()) {
    const ssize_t count = ::write(fd.get(), input.data(), input.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) break;
    input.remove_prefix(static_cast<size_t>(count));
  }
  fd = UniqueFd();
}

// write() to a pipe whose reader is gone raises SIGPIPE; blocked for this thread while we feed the program.
class BlockedSigpipe {
 public:
  BlockedSigpipe() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  BlockedSigpipe(const BlockedSigpipe&) = delete;
  BlockedSigpipe& operator=(const BlockedSigpipe&) = delete;
  ~BlockedSigpipe() {
    if (!was_pending_) {
      const timespec now{};
      while (::sigtimedwait(&set_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace

Result<ProcessResult> run_process(const ProcessOptions& options) {
  if (options.arguments.empty()) return fail(Code::kInvalidArgument, "no program to run");
  const std::string& program = options.arguments[0];
  const Clock::time_point deadline = Clock::now() + options.timeout;

  TRY_ASSIGN(Pipe in, make_pipe());
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  UniqueFd stopped(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stopped) return fail(errno_error(errno, "eventfd"));
  const std::stop_callback on_stop(options.stop, [&stopped] { (void)::eventfd_write(stopped.get(), 1); });

  SpawnSettings settings;
  TRY_ASSIGN(const pid_t pid,
             settings.spawn(options.arguments, in.read_end.get(), out.write_end.get(), err.write_end.get()));
  Child child(pid);
  in.read_end = UniqueFd();
  out.write_end = UniqueFd();
  err.write_end = UniqueFd();
  TRY(make_nonblocking(in.write_end));
  TRY(make_nonblocking(out.read_end));
  TRY(make_nonblocking(err.read_end));

  const BlockedSigpipe blocked;
  ProcessResult result;
  std::string_view input = options.input;
  write_available(in.write_end, input);
  // A descriptor of -1 is ignored by poll(). The loop ends when the program has ended, even when a grandchild keeps its
  // standard output open; where the kernel cannot tell, at the end of both outputs.
  bool running = true;
  while (running) {
    std::array<pollfd, 5> polled{pollfd{stopped.get(), POLLIN, 0}, pollfd{child.exited_fd(), POLLIN, 0},
                                 pollfd{in.write_end.get(), POLLOUT, 0}, pollfd{out.read_end.get(), POLLIN, 0},
                                 pollfd{err.read_end.get(), POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return fail(Code::kDeadlineExceeded,
                  fmt::format("{}: did not end within {} ms", program, options.timeout.count()));
    }
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::min<int64_t>(left.count(), 1 << 30)));
    if (ready < 0 && errno != EINTR) return fail(errno_error(errno, program));
    if (options.stop.stop_requested()) return fail(Code::kCancelled, fmt::format("{}: stopped on request", program));
    if (ready <= 0) continue;
    if (polled[2].revents != 0) write_available(in.write_end, input);
    if (out.read_end) TRY(read_available(out.read_end, result.output, options.max_output_bytes, program));
    if (err.read_end) TRY(read_available(err.read_end, result.error_output, options.max_output_bytes, program));
    const bool outputs_closed = !out.read_end && !err.read_end;
    running = polled[1].revents == 0 && !(child.exited_fd() < 0 && outputs_closed);
  }
  result.exit_code = child.wait();
  return result;
}

}  // namespace bulkhead

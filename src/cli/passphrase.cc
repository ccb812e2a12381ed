#include "cli/passphrase.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "base/fs.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxBytes = 4096;

std::unexpected<Error> too_long() {
  return fail(limit_error("bytes of a passphrase", kMaxBytes, ""));
}

std::optional<int> descriptor_of(std::string_view digits) {
  int number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  return number;
}

// A byte at a time: what follows the line is for somebody else.
Result<Secret> first_line(int descriptor, std::string_view name) {
  std::string line;
  line.reserve(kMaxBytes);  // grown, it would leave copies behind
  for (char byte = 0; line.size() < kMaxBytes;) {
    const ssize_t got = ::read(descriptor, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(errno, name));
    if (got == 0 || byte == '\n') {
      if (line.ends_with('\r')) line.pop_back();
      return Secret(std::move(line));
    }
    line += byte;
  }
  wipe(line);
  return too_long();
}

void show(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(terminal, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // whoever cannot be shown the prompt may answer it all the same
    text.remove_prefix(static_cast<size_t>(written));
  }
}

// No echo, and no signals by key: a process that dies here would leave the terminal without its echo.
class Quiet {
 public:
  explicit Quiet(int terminal) : terminal_(terminal) {
    if (::tcgetattr(terminal, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    is_quiet_ = ::tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() {
    if (is_quiet_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  explicit operator bool() const { return is_quiet_; }

 private:
  int terminal_;
  termios before_{};
  bool is_quiet_ = false;
};

}  // namespace

Result<PassphraseSource> parse_passphrase_source(std::string_view text) {
  using enum PassphraseSource::Kind;
  if (text == "prompt") return PassphraseSource{};
  for (const auto& [prefix, kind] : {std::pair{std::string_view("file:"), kFile},
                                     {std::string_view("fd:"), kDescriptor},
                                     {std::string_view("env:"), kVariable}}) {
    if (!text.starts_with(prefix) || text.size() == prefix.size()) continue;
    const std::string_view name = text.substr(prefix.size());
    if (kind == kDescriptor && !descriptor_of(name)) break;
    return PassphraseSource{.kind = kind, .name = std::string(name)};
  }
  // The text is not repeated: it may be the passphrase itself.
  return fail(Code::kInvalidArgument, "that is no source of a passphrase",
              "write prompt, file:PATH, fd:NUMBER or env:NAME");
}

Result<Secret> ask_terminal(int terminal, std::string_view prompt) {
  constexpr char kInterrupt = 3;
  constexpr char kEnd = 4;
  constexpr char kBackspace = 8;
  constexpr char kDelete = 127;
  const Quiet quiet(terminal);
  if (!quiet) return fail(Code::kInvalidArgument, "the passphrase cannot be asked for: there is no terminal");
  show(terminal, prompt);
  std::string line;
  line.reserve(kMaxBytes);
  for (char byte = 0; line.size() < kMaxBytes;) {
    const ssize_t got = ::read(terminal, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got == 1 && (byte == kBackspace || byte == kDelete)) {
      if (!line.empty()) line.pop_back();
      continue;
    }
    const bool ended = got == 1 && (byte == '\n' || byte == '\r');
    if (got == 1 && !ended && byte != kInterrupt && byte != kEnd) {
      line += byte;
      continue;
    }
    show(terminal, "\r\n");
    if (ended) return Secret(std::move(line));
    wipe(line);
    return fail(Code::kCancelled, "no passphrase was given");
  }
  wipe(line);
  return too_long();
}

Result<Secret> read_passphrase(const PassphraseSource& source, const Environment& environment,
                               std::string_view prompt) {
  switch (source.kind) {
    case PassphraseSource::Kind::kTerminal: {
      const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
      auto answer = ask_terminal(terminal.get(), prompt);
      if (answer || answer.error().code() != Code::kInvalidArgument) return answer;
      return fail(std::move(answer).error().with_remedy("name another source: file:PATH, fd:NUMBER or env:NAME"));
    }
    case PassphraseSource::Kind::kFile: {
      const UniqueFd file(::open(source.name.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file) return fail(errno_error(errno, source.name));
      return first_line(file.get(), source.name);
    }
    case PassphraseSource::Kind::kDescriptor: {
      const std::optional<int> descriptor = descriptor_of(source.name);
      if (!descriptor) return fail(Code::kInvalidArgument, fmt::format("\"{}\" is no descriptor", source.name));
      return first_line(*descriptor, fmt::format("descriptor {}", source.name));
    }
    case PassphraseSource::Kind::kVariable:
      break;
  }
  auto value = environment(source.name);
  if (!value) return fail(Code::kNotFound, fmt::format("the variable {} is not set", source.name));
  return Secret(*std::move(value));
}

}  // namespace bulkhead::cli

#include "cli/terminal.h"

#include <array>
#include <chrono>
#include <cstdlib>

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include "base/fs.h"

namespace bulkhead::cli {
namespace {

TEST(ErrorText, KeepsTheLinesOfAListAndMakesTheRestPrintable) {
  const Error error =
      Error(Code::kNotFound, "nosuch: tried in this order:\n  1. a file\n  2. Docker\x1b[31m", "check the name");
  EXPECT_EQ(error_text(error, false),
            "bulkhead: nosuch: tried in this order:\n  1. a file\n  2. Docker\\x1b[31m\n  check the name\n");
}

TEST(ErrorText, LetsNoNamePassForALineOfOurs) {
  EXPECT_EQ(error_text(Error(Code::kMalformed, "layer/\nbulkhead: all is well"), false),
            "bulkhead: layer/\n  bulkhead: all is well\n");
}

TEST(ErrorText, ColoursTheProgramsNameOnly) {
  EXPECT_EQ(error_text(Error(Code::kIo, "x"), true), "\033[1;31mbulkhead:\033[0m x\n");
}

// Standard error on a pseudo terminal, until it ends.
class Terminal {
 public:
  explicit Terminal(const char* kind) {
    int master = -1;
    int slave = -1;
    const winsize size{.ws_row = 24, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
    master_ = UniqueFd(master);
    const UniqueFd end(slave);
    saved_ = UniqueFd(::dup(STDERR_FILENO));
    EXPECT_EQ(::dup2(end.get(), STDERR_FILENO), STDERR_FILENO);
    ::setenv("TERM", kind, 1);  // NOLINT(concurrency-mt-unsafe)
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() { ::dup2(saved_.get(), STDERR_FILENO); }

  // What was written since the last call: all that comes before a mark of our own.
  std::string shown() const {
    constexpr char kMark = '\x1f';
    EXPECT_EQ(::write(STDERR_FILENO, &kMark, 1), 1);
    std::string text;
    while (!text.ends_with(kMark)) {
      std::array<char, 4096> buffer{};
      const ssize_t count = ::read(master_.get(), buffer.data(), buffer.size());
      if (count <= 0) break;
      text.append(buffer.data(), static_cast<size_t>(count));
    }
    if (!text.empty()) text.pop_back();
    return text;
  }

 private:
  UniqueFd master_;
  UniqueFd saved_;
};

TEST(TerminalProgress, MakesRoomForANotice) {
  using std::chrono::milliseconds;
  const Terminal terminal("xterm");
  std::chrono::steady_clock::time_point now{};
  auto progress = make_terminal_progress([&] { return now; });
  ASSERT_NE(progress, nullptr);
  const uint64_t step = progress->begin("a step whose name is wider than the terminal", 7);
  EXPECT_EQ(terminal.shown(), "");  // what is done at once shows nothing
  now += milliseconds(120);
  progress->advance(step, 1);
  EXPECT_EQ(terminal.shown(), "\r\033[Ka step whose name is wider than the ter");
  now += milliseconds(99);
  progress->advance(step, 1);
  EXPECT_EQ(terminal.shown(), "");  // ten times a second is enough
  print_notice("mirror\x1b is passed over");
  EXPECT_EQ(terminal.shown(), "\r\033[Kbulkhead: mirror\\x1b is passed over\r\n");
  print_notice("another");  // no line to make room for
  EXPECT_EQ(terminal.shown(), "bulkhead: another\r\n");
  now += milliseconds(1);
  progress->advance(step, 1);
  EXPECT_NE(terminal.shown(), "");
  progress.reset();
  EXPECT_EQ(terminal.shown(), "\r\033[K");
}

TEST(TerminalProgress, LeavesADumbTerminalAlone) {
  const Terminal terminal("dumb");
  EXPECT_EQ(make_terminal_progress(), nullptr);
  EXPECT_FALSE(wants_color(STDERR_FILENO));
  EXPECT_EQ(terminal_width(STDERR_FILENO), 40U);
}

}  // namespace
}  // namespace bulkhead::cli

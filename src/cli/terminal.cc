#include "cli/terminal.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

namespace bulkhead::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedrawInterval = std::chrono::milliseconds(100);

std::string amount_text(uint64_t done, uint64_t total) {
  constexpr uint64_t kMegabyte = 1'000'000;
  if (done >= kMegabyte || total >= kMegabyte) {
    if (total == 0) return fmt::format("{:.1f} MB", static_cast<double>(done) / 1e6);
    return fmt::format("{:.1f}/{:.1f} MB", static_cast<double>(done) / 1e6, static_cast<double>(total) / 1e6);
  }
  return total == 0 ? fmt::format("{}", done) : fmt::format("{}/{}", done, total);
}

class TerminalProgress final : public Progress {
 public:
  ~TerminalProgress() override { write("\r\033[K"); }

  uint64_t begin(std::string_view what, uint64_t total) override {
    const std::scoped_lock lock(mutex_);
    steps_[++last_id_] = {.what = printable(what), .total = total};
    redraw();
    return last_id_;
  }

  void advance(uint64_t id, uint64_t amount) override {
    const std::scoped_lock lock(mutex_);
    steps_[id].done += amount;
    redraw();
  }

  void end(uint64_t id) override {
    const std::scoped_lock lock(mutex_);
    steps_.erase(id);
    redraw();
  }

 private:
  struct Step {
    std::string what;
    uint64_t total = 0;
    uint64_t done = 0;
  };

  static void write(std::string_view text) {
    // A terminal that went away is no reason to stop.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }

  void redraw() {
    const auto now = Clock::now();
    if (now - drawn_ < kRedrawInterval) return;
    drawn_ = now;
    std::string line;
    for (const auto& [id, step] : steps_) {
      line += fmt::format("{}{} {}", line.empty() ? "" : " · ", step.what, amount_text(step.done, step.total));
    }
    const unsigned width = terminal_width(STDERR_FILENO);
    size_t columns = 0;
    size_t end = 0;
    while (end < line.size() && columns + 1 < width) {
      end += std::max<size_t>(utf8_sequence_length(std::string_view(line).substr(end)), 1);
      ++columns;
    }
    write(fmt::format("\r\033[K{}", line.substr(0, end)));
  }

  std::mutex mutex_;
  std::map<uint64_t, Step> steps_;
  uint64_t last_id_ = 0;
  Clock::time_point drawn_ = Clock::now();  // work that ends within the first interval shows nothing
};

}  // namespace

unsigned terminal_width(int descriptor) {
  if (::isatty(descriptor) == 0) return 0;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool wants_color(int descriptor) {
  if (::isatty(descriptor) == 0) return false;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    return std::string_view(value == nullptr ? "" : value);
  };
  return variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

std::unique_ptr<Progress> make_terminal_progress() {
  if (::isatty(STDERR_FILENO) == 0) return nullptr;
  return std::make_unique<TerminalProgress>();
}

}  // namespace bulkhead::cli

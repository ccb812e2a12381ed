#include "cli/terminal.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

namespace bulkhead::cli {
namespace {

constexpr auto kRedrawInterval = std::chrono::milliseconds(100);

std::string amount_text(uint64_t done, uint64_t total) {
  constexpr uint64_t kMegabyte = 1'000'000;
  if (done >= kMegabyte || total >= kMegabyte) {
    if (total == 0) return fmt::format(" {:.1f} MB", static_cast<double>(done) / 1e6);
    return fmt::format(" {:.1f}/{:.1f} MB", static_cast<double>(done) / 1e6, static_cast<double>(total) / 1e6);
  }
  if (total > 0) return fmt::format(" {}/{}", done, total);
  return done > 0 ? fmt::format(" {}", done) : "";  // a step may only say what is going on
}

// What is written to standard error by whoever reports, one at a time; and whether the progress line stands there.
std::mutex standard_error;
bool line_is_drawn = false;

void write_standard_error(std::string_view text) {
  // A terminal that went away is no reason to stop.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void clear_line() {
  if (line_is_drawn) write_standard_error("\r\033[K");
  line_is_drawn = false;
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
  return value == nullptr ? "" : value;
}

class TerminalProgress final : public Progress {
 public:
  explicit TerminalProgress(SteadyClock now) : now_(std::move(now)), drawn_(now_()) {}
  ~TerminalProgress() override {
    const std::scoped_lock lock(standard_error);
    clear_line();
  }

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

  void redraw() {
    const auto now = now_();
    if (now - drawn_ < kRedrawInterval) return;
    drawn_ = now;
    std::string line;
    for (const auto& [id, step] : steps_) {
      line += fmt::format("{}{}{}", line.empty() ? "" : " · ", step.what, amount_text(step.done, step.total));
    }
    const unsigned width = terminal_width(STDERR_FILENO);
    size_t columns = 0;
    size_t end = 0;
    while (end < line.size() && columns + 1 < width) {
      end += std::max<size_t>(utf8_sequence_length(std::string_view(line).substr(end)), 1);
      ++columns;
    }
    const std::scoped_lock lock(standard_error);
    write_standard_error(fmt::format("\r\033[K{}", line.substr(0, end)));
    line_is_drawn = true;
  }

  const SteadyClock now_;
  std::mutex mutex_;
  std::map<uint64_t, Step> steps_;
  uint64_t last_id_ = 0;
  std::chrono::steady_clock::time_point
      drawn_;  // at first when it began: work that ends within the first interval shows nothing
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
  return variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

std::string error_text(const Error& error, bool color) {
  std::string text = fmt::format("{}bulkhead:{} ", color ? "\033[1;31m" : "", color ? "\033[0m" : "");
  const auto add = [&](std::string_view part, bool indented) {
    for (const std::string_view line : split(part, '\n')) {
      if (indented && !line.starts_with("  ")) text += "  ";
      text += printable(line) + "\n";
      indented = true;
    }
  };
  add(error.to_string(), false);
  if (!error.remedy().empty()) add(error.remedy(), true);
  return text;
}

void print_notice(std::string_view text) {
  const std::scoped_lock lock(standard_error);
  clear_line();
  write_standard_error(fmt::format("bulkhead: {}\n", printable(text)));
}

std::unique_ptr<Progress> make_terminal_progress(SteadyClock now) {
  if (::isatty(STDERR_FILENO) == 0 || variable("TERM") == "dumb") return nullptr;
  return std::make_unique<TerminalProgress>(std::move(now));
}

}  // namespace bulkhead::cli

// What is on the other end of standard output and standard error, and the progress line shown there.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/progress.h"
#include "base/result.h"

namespace bulkhead::cli {

// Columns of the terminal on this descriptor; 0 when it is none.
unsigned terminal_width(int descriptor);
// Colours are wanted: a terminal, TERM is not "dumb" and NO_COLOR (no-color.org) is not set.
bool wants_color(int descriptor);

// An error for people: what was wrong, then what to do, ending with a newline. Of several lines all but the first are
// indented, so that a line that somebody slipped into a name cannot pass for one of ours.
std::string error_text(const Error& error, bool color);

// One line on standard error that the user should read; the progress line makes room for it. Thread-safe.
void print_notice(std::string_view text);

// Draws the present steps on one line of standard error, at most ten times a second; the line is gone at destruction.
// Nothing when standard error is no terminal, or one that cannot go back in its line (TERM=dumb). Thread-safe.
// `now` is the clock, which may be asked from any thread.
using SteadyClock = std::function<std::chrono::steady_clock::time_point()>;
std::unique_ptr<Progress> make_terminal_progress(SteadyClock now = std::chrono::steady_clock::now);

}  // namespace bulkhead::cli

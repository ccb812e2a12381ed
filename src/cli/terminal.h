// What is on the other end of standard output and standard error, and the progress line shown there.
#pragma once

#include <memory>

#include "base/progress.h"

namespace bulkhead::cli {

// Columns of the terminal on this descriptor; 0 when it is none.
unsigned terminal_width(int descriptor);
// Colours are wanted: a terminal, TERM is not "dumb" and NO_COLOR (no-color.org) is not set.
bool wants_color(int descriptor);

// Draws the present steps on one line of standard error, at most ten times a second; the line is gone at destruction.
// Nothing when standard error is no terminal. Thread-safe.
std::unique_ptr<Progress> make_terminal_progress();

}  // namespace bulkhead::cli

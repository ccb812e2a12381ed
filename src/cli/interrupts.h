// SIGINT and SIGTERM as the commands meet them.
#pragma once

#include <atomic>
#include <memory>
#include <stop_token>

namespace bulkhead::cli {

// The first signal ends the program at once, with 130, until the command has something to put in order: from then on it
// is a stop request, and the second one ends the program. Thread-safe.
class Interrupts {
 public:
  // Blocks both signals in this thread, and so in those it starts, and waits for them in a thread of its own. Once in
  // a program, before it starts threads.
  void watch();

  // The command looks at the token from now on, wherever it may take long.
  std::stop_token stop_in_order();

  bool requested() const { return state_->source.stop_requested(); }

 private:
  struct State {
    std::stop_source source;
    std::atomic<bool> in_order = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();  // the waiting thread ends with the program, not before
};

}  // namespace bulkhead::cli

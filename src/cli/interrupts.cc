#include "cli/interrupts.h"

#include <csignal>
#include <thread>

#include <pthread.h>
#include <unistd.h>

#include "cli/command.h"

namespace bulkhead::cli {

void Interrupts::watch() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([state = state_, set] {
    int signal = 0;
    if (sigwait(&set, &signal) == 0) {
      if (!state->in_order) _exit(kStopped);
      state->source.request_stop();
    }
    if (sigwait(&set, &signal) == 0) _exit(kStopped);
  }).detach();
}

std::stop_token Interrupts::stop_in_order() {
  state_->in_order = true;
  return state_->source.get_token();
}

}  // namespace bulkhead::cli

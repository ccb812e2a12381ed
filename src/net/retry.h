// When a request is made again, and after how long: exponential back-off with jitter, and the server's own wish
// (Retry-After). A pure policy: the caller says what happened, and brings the random number.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "base/result.h"

namespace bulkhead::net {

struct RetryPolicy {
  uint32_t max_attempts = 5;  // the first one included; 1 never retries
  std::chrono::milliseconds first_delay{500};
  std::chrono::milliseconds max_delay{30'000};
  // Of these, those that a server took and left without a first byte for all of the time allowed: one that is there and
  // does not answer seldom will, and the user should hear of it before max_attempts times that.
  uint32_t max_unanswered = 2;
  // A server that wants us to wait longer than this gets its answer passed on instead.
  std::chrono::milliseconds max_retry_after{120'000};

  static RetryPolicy never() { return {.max_attempts = 1}; }

  // 408, 429, 500, 502, 503, 504.
  static bool is_transient_status(int status);

  // How long to wait after attempt number `attempt` (from 1) failed in a way that may pass; nothing to give up.
  // The delay doubles with each attempt up to max_delay; `random` in [0, 1) spreads it over its upper half, so that
  // many clients that failed together do not return together. It is never below the server's wish.
  std::optional<std::chrono::milliseconds> delay_after(uint32_t attempt,
                                                       std::optional<std::chrono::milliseconds> retry_after,
                                                       double random) const;
};

// Sleeps; kCancelled as soon as a stop is requested.
Status sleep_for(std::chrono::milliseconds duration, const std::stop_token& stop);

// A random number in [0, 1) for delay_after(). Thread-safe.
double random_fraction();

}  // namespace bulkhead::net

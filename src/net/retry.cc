#include "net/retry.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>

namespace bulkhead::net {

using std::chrono::milliseconds;

bool RetryPolicy::is_transient_status(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::optional<milliseconds> RetryPolicy::delay_after(uint32_t attempt, std::optional<milliseconds> retry_after,
                                                     double random) const {
  if (attempt >= max_attempts) return std::nullopt;
  if (retry_after && *retry_after > max_retry_after) return std::nullopt;
  milliseconds delay = first_delay;
  for (uint32_t i = 1; i < attempt && delay < max_delay; ++i) delay *= 2;
  delay = std::min(delay, max_delay);
  delay = delay / 2 + milliseconds(static_cast<int64_t>(random * static_cast<double>((delay - delay / 2).count())));
  return retry_after ? std::max(delay, *retry_after) : delay;
}

Status sleep_for(milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  if (stop.stop_requested()) return fail(Code::kCancelled, "stopped on request");
  return {};
}

double random_fraction() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace bulkhead::net

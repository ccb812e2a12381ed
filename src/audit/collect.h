// Gathers the facts of one engine: by its API, and of a local one by the process that owns its socket, /proc, file
// attributes, mount tables and the kernel's audit rules. Reads only: nothing on the host, in the engine or in a
// container changes, no program is run, and no command line is ever searched for.
//
// Requests run in parallel over kept connections. What cannot be had is Unknown in the facts with its reason, and the
// rest is there: an engine that falls silent half way costs its timeout once, not once for each request, and one that
// takes its time with every answer costs the time for all of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

#include "audit/facts.h"
#include "base/progress.h"
#include "engine/client.h"

namespace bulkhead::audit {

// A list of more containers, or of more images, is not read: what one of its entries needs in memory is many times what
// it needs in the answer.
inline constexpr size_t kMaxListed = 100'000;

struct CollectOptions {
  engine::ClientOptions client{};
  std::chrono::milliseconds time_for_all = std::chrono::minutes(5);  // for all answers of the engine together
  size_t connections = 4;                                            // requests at a time
  std::string proc = "/proc";                                        // another folder in tests
  std::string now;                                                   // RFC 3339
  // Of more, those that run and then the first by name are looked at; the others are Facts::unexamined_containers.
  size_t max_containers = 20'000;
  std::function<bool(const Container&)> wanted{};  // is looked at before all others
  bool all_images = true;                          // false: those of containers only
  Progress* progress = nullptr;
};

// kCancelled alone is an error: everything else is in the facts. Thread-safe: several engines may be asked at a time.
Result<Facts> collect(const engine::Address& address, const CollectOptions& options);

}  // namespace bulkhead::audit

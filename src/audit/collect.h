// Gathers the facts of one engine: by its API, and of a local one by the process that owns its socket, /proc, file
// attributes, mount tables and the kernel's audit rules. Reads only: nothing on the host, in the engine or in a
// container changes, no program is run, and no command line is ever searched for.
//
// Requests run in parallel over kept connections. What cannot be had is Unknown in the facts with its reason, and the
// rest is there: an engine that falls silent half way costs its timeout once, not once for each request.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

#include "audit/facts.h"
#include "engine/client.h"

namespace bulkhead::audit {

struct CollectOptions {
  engine::ClientOptions client{};
  size_t connections = 4;      // requests at a time
  std::string proc = "/proc";  // another folder in tests
  std::string now;             // RFC 3339
  size_t max_containers = 100'000;
  bool all_images = true;  // false: those of containers only
};

// kCancelled alone is an error: everything else is in the facts.
Result<Facts> collect(const engine::Address& address, const CollectOptions& options);

}  // namespace bulkhead::audit

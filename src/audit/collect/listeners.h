// The TCP addresses at which an engine can be reached, and what a stranger needs there. Found by the sockets that its
// process holds, not by what it was told; tried out with one request each (GET /_ping).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "audit/collect/process_folder.h"
#include "audit/facts.h"

namespace bulkhead::audit {

struct ListenerOptions {
  std::string proc = "/proc";
  std::vector<std::string> hosts;  // as the engine was told: "tcp://0.0.0.0:2376"
  std::chrono::milliseconds timeout{2000};
};

// Listeners that speak HTTP, but not the engine's, are left out: metrics. All others are told: of those that are not in
// `hosts` and do not answer as an API does (a Swarm's gossip, ports that are kept for containers) the purpose says so.
// Those in another network namespace cannot be tried: Security::kUnknown.
Fact<std::vector<Listener>> look_at_listeners(const ProcessFolder& process, const ListenerOptions& options);

}  // namespace bulkhead::audit

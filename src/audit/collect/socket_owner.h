// The process that serves a Unix socket: found by the socket, never by what a process calls itself.
//
// 1. Whoever called listen() is what the kernel tells a client (SO_PEERCRED). 2. It must hold a listening socket of
// that path, else its number is another process's by now. 3. If it is systemd, it holds the socket for a service: the
// other process that holds the same one serves it. A name of another socket that looks like a line of /proc/net/unix
// changes nothing: only sockets that the process of 1 holds count.
#pragma once

#include <cstdint>
#include <string>

#include "audit/collect/process_table.h"
#include "audit/facts.h"
#include "base/result.h"

namespace bulkhead::audit {

// Connects, and asks for nothing. kUnavailable: nobody listens; kUnsupported: it lives where its number means nothing
// here (another pid namespace).
Result<int32_t> socket_peer(const std::string& socket_path);

Fact<int32_t> find_socket_owner(ProcessTable& processes, const std::string& socket_path, int32_t peer);

}  // namespace bulkhead::audit

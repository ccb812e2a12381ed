// The host of a local engine: facts that its API does not tell, from /proc, file attributes, mount tables, the process
// that owns the engine's socket and the kernel's audit rules. Reads only; no program is run.
//
// The owner is found by the socket, never by a name or a command line: the peer credentials of a connection, and the
// descriptors of processes that hold the listening socket's inode (with socket activation the credentials are those of
// systemd, which holds it too). Everything of the daemon (its configuration, its folders) is read below
// /proc/<pid>/root, as the daemon sees it, without following links out of there.
#pragma once

#include <string>

#include "audit/facts.h"

namespace bulkhead::audit {

struct LocalHostOptions {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

// Everything in Host; the address of a Swarm's data path; adds to `facts.containers` what /proc knows of their
// processes and where their mounts lead. `facts.engine` may be unknown.
void look_at_local_host(const std::string& socket_path, const LocalHostOptions& options, Facts& facts);

}  // namespace bulkhead::audit

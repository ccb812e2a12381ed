// What /proc knows of containers' processes. A process belongs to a container when its cgroup names the container:
// numbers that the engine tells are believed only then, and programs are told by the file that runs, not by their
// arguments.
#pragma once

#include <vector>

#include "audit/collect/process_table.h"
#include "audit/facts.h"

namespace bulkhead::audit {

// Fills ContainerDetails::processes of those that run. `apparmor`: the kernel has it.
void look_at_container_processes(ProcessTable& processes, bool apparmor, std::vector<Container>& containers);

}  // namespace bulkhead::audit

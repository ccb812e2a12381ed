// The checks of what the daemon listens on: parts of the sections daemon and swarm.
#pragma once

#include "audit/check.h"

namespace bulkhead::audit {

void tls(const Facts& facts, Sink& sink);      // who may speak to the API over TCP
void api_tcp(const Facts& facts, Sink& sink);  // whether it is there at all
// Where a manager of a Swarm takes orders from other nodes.
void swarm_listen_address(const Facts& facts, Sink& sink);

}  // namespace bulkhead::audit

// The object of rows about a Swarm as a whole.
#pragma once

#include "audit/check.h"

namespace bulkhead::audit {

inline Object the_swarm(const Facts& facts) {
  if (!facts.swarm) return the_daemon(facts);
  return {.kind = Object::Kind::kSwarm, .name = "swarm", .id = facts.swarm->id};
}

}  // namespace bulkhead::audit

// What an engine is asked, and in which order. Internal to audit.
#pragma once

#include "audit/collect.h"
#include "audit/collect/conversation.h"
#include "audit/facts.h"

namespace bulkhead::audit {

// Fills the engine, containers, images, networks, volumes and Swarm of `facts`, in no order. What vanished meanwhile
// is left out. kCancelled alone is an error.
Status ask_engine(Conversation& engine, const CollectOptions& options, Facts& facts);

}  // namespace bulkhead::audit

// What an engine is asked, and in which order. Internal to audit.
#pragma once

#include "audit/collect.h"
#include "audit/collect/conversation.h"
#include "audit/collect/engine_answers.h"
#include "audit/facts.h"

namespace bulkhead::audit {

// Fills the engine, containers, images, networks and Swarm of `facts`, in no order, and `volumes`. What vanished
// meanwhile is left out. kCancelled alone is an error.
Status ask_engine(Conversation& engine, const CollectOptions& options, Facts& facts, Fact<VolumeOptions>& volumes);

}  // namespace bulkhead::audit

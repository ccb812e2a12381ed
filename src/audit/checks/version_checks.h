// The checks that compare versions of the engine and its parts with data/: parts of the sections host and daemon.
#pragma once

#include "audit/check.h"

namespace bulkhead::audit {

void engine_version(const Facts& facts, Sink& sink);
void known_escapes_check(const Facts& facts, Sink& sink);
// Ways past authorization plugins, of an engine that has such plugins.
void authorization_bypass(const Facts& facts, Sink& sink);

}  // namespace bulkhead::audit

// Facts: a JSON document as a value. Source: cel-spec, langdef.md, "JSON Data Conversion", but that whole numbers are
// ints where they fit, as whoever writes a rule expects of a port or a count.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "cel/arena.h"
#include "cel/value.h"

namespace bulkhead::cel {

// Text points into the document, the rest stands in the arena: both have to outlive the value. kMalformed for an object
// with one key twice, which two readers would understand differently; kLimitExceeded when the arena is full.
Result<Value> from_json(json::Value document, Arena& arena);

}  // namespace bulkhead::cel

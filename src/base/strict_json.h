// JSON that every reader understands alike. Of two members of one name some parsers believe the first and some the last
// (RFC 8259 section 4 leaves it open), so that what one of them verified need not be what another one acts on: signed
// documents are read here, where such an object is refused wherever it stands. Pure and thread-safe.
#pragma once

#include <string_view>

#include "base/json.h"

namespace bulkhead::json {

// As Document::parse; kMalformed, naming the member, for an object that has one name twice.
Result<Document> parse_strict(std::string_view text, const Limits& limits = {});

}  // namespace bulkhead::json

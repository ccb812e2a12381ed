// The canonical form of a JSON value: what TUF, Notary and their kin sign and hash. Members sorted by the bytes of
// their names, no white space, in strings only `"` and `\` escaped (all other bytes as they are), integers in decimal.
// Source: OLPC canonical JSON as TUF 1.0.34 section 4.2 names it and docker/go's encoder has it: a number without a
// fraction is written as an integer, any other is kMalformed. Two members of one name are kMalformed: readers differ in
// which one they believe. Trust of the input: none; depth is bounded by the document's parser. Pure and thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace bulkhead::json {

Result<std::string> canonical(const Value& value);

// Canonical text as JSON that any parser takes: control characters, which stand in strings only, are escaped.
std::string parseable(std::string_view canonical_text);

// The canonical form of a string: UTF-8, or the result is no JSON.
std::string canonical_string(std::string_view text);

// Puts canonical text together from canonical values: an object whose members may be added in any order.
class CanonicalObject {
 public:
  void add(std::string_view name, std::string canonical_value);
  std::string text() const;

 private:
  std::map<std::string, std::string, std::less<>> members_;
};

}  // namespace bulkhead::json

// Where in a YAML text its values stand, for errors that name line and column. yaml.h reads the values; this is for the
// text of a person, read again only for the places.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace bulkhead::yaml {

struct Position {
  size_t line = 1;    // from 1
  size_t column = 1;  // from 1
};

class Positions {
 public:
  // Of a text that yaml::parse() has accepted, with the same limits; of any other text it knows less.
  explicit Positions(std::string_view text);

  // Of the value at a JSON pointer (RFC 6901), "/rules/3/name"; of the nearest one around it when that has none (what
  // an alias stands for is where its anchor is used).
  Position find(std::string_view pointer) const;

 private:
  std::map<std::string, Position, std::less<>> places_;
};

}  // namespace bulkhead::yaml

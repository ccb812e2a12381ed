// Stanzas of "Name: value" fields, as dpkg's databases, opkg's and machine-readable copyright files are written.
// Source: deb822(5); Debian policy 5.1.
//
// A field's value runs on over the lines that start with a space or a tab. Stanzas are separated by empty lines (or
// lines of white space only, as dpkg reads them). Field names match without regard to case.
//
// StanzaReader views the text, which must outlive it and every stanza. Time and memory are linear in the text. Not
// thread-safe. Trust of the input: none.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead::inventory {

struct Field {
  std::string_view name;
  // Trimmed; of a folded value, the lines after the first keep their indentation.
  std::string_view value;
  size_t line = 0;  // of the name, from 1
};

class Stanza {
 public:
  const std::vector<Field>& fields() const { return fields_; }
  // The first field of that name; null when there is none.
  const Field* find(std::string_view name) const;
  // Its value, or "".
  std::string_view value(std::string_view name) const;
  // An empty line came after it: nothing of it was cut off.
  bool is_closed() const { return is_closed_; }

 private:
  friend class StanzaReader;
  std::vector<Field> fields_;
  bool is_closed_ = false;
};

class StanzaReader {
 public:
  explicit StanzaReader(std::string_view text) : rest_(text) {}

  // The next stanza replaces `stanza`; false at the end. kMalformed, naming the line, for a line that is neither a
  // field nor goes on with one, and for NUL bytes.
  Result<bool> next(Stanza& stanza);

 private:
  std::string_view rest_;
  size_t line_ = 0;  // lines consumed
};

}  // namespace bulkhead::inventory

// Lists of entries that users write in YAML, as files of exceptions are: every value a text, every key known and given
// once, so that a misspelt `expires` cannot except for ever. Pure. Limits: 1 MiB, 10,000 entries.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bulkhead {

struct EntryForm {
  std::string_view list;  // the only key of a mapping that may stand around the list: "ignore"
  std::span<const std::string_view> keys;
  std::string_view page;  // of the manual: "docs/scan.md"
};

struct Entry {
  size_t number = 0;                // its place in the file, from 1
  std::vector<std::string> values;  // by EntryForm::keys; empty: not given
};

// An empty file has no entries. Errors name the file and, with kInvalidArgument, the entry.
Result<std::vector<Entry>> parse_entries(std::string_view text, const std::string& name, const EntryForm& form);

// What else is wrong with an entry, said in the same way.
Error entry_error(const EntryForm& form, const std::string& name, size_t number, std::string_view what);

}  // namespace bulkhead

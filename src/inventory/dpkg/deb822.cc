#include "inventory/dpkg/deb822.h"

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::inventory {
namespace {

// Names are printable ASCII without the colon and do not start as a comment or an option would (deb822(5)).
bool is_field_name(std::string_view name) {
  if (name.empty() || name.front() == '#' || name.front() == '-') return false;
  for (const char c : name) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

// Joins the views of two pieces of the same text: from the start of the first to the end of the second.
std::string_view extended(std::string_view value, std::string_view to) {
  return {value.data(), static_cast<size_t>(to.data() + to.size() - value.data())};
}

}  // namespace

const Field* Stanza::find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return &field;
  }
  return nullptr;
}

std::string_view Stanza::value(std::string_view name) const {
  const Field* field = find(name);
  return field == nullptr ? std::string_view() : field->value;
}

Result<bool> StanzaReader::next(Stanza& stanza) {
  stanza.fields_.clear();
  stanza.is_closed_ = false;
  std::string_view line;
  while (next_line(rest_, line)) {
    ++line_;
    if (trim(line).empty()) {
      if (stanza.fields_.empty()) continue;
      stanza.is_closed_ = true;
      break;
    }
    if (line.find('\0') != std::string_view::npos)
      return fail(Code::kMalformed, fmt::format("line {}: a NUL byte", line_));
    if (line.front() == ' ' || line.front() == '\t') {
      if (stanza.fields_.empty()) {
        return fail(Code::kMalformed, fmt::format("line {}: goes on with a field, but there is none before it", line_));
      }
      std::string_view& value = stanza.fields_.back().value;
      value = trim(extended(value, line));
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return fail(Code::kMalformed, fmt::format("line {}: neither a field nor the continuation of one", line_));
    }
    const std::string_view name = line.substr(0, colon);
    if (!is_field_name(name))
      return fail(Code::kMalformed, fmt::format("line {}: not a field name before the colon", line_));
    stanza.fields_.push_back({name, trim(line.substr(colon + 1)), line_});
  }
  return !stanza.fields_.empty();
}

}  // namespace bulkhead::inventory

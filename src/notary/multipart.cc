#include "notary/multipart.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::notary {
namespace {

constexpr size_t kMaxBoundary = 70;  // RFC 2046 section 5.1.1

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kMalformed, fmt::format("multipart body: {}", what));
}

bool is_token_char(char c) {  // RFC 9110 section 5.6.2
  return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_boundary_char(char c) {
  return is_alnum(c) || std::string_view("'()+_,-./:=? ").contains(c);
}

// "form-data; name=x; filename=\"y\"": a value and its parameters, none of them twice.
struct Field {
  std::string value;                                         // in lower case
  std::vector<std::pair<std::string, std::string>> members;  // names in lower case

  const std::string* find(std::string_view name) const {
    const auto found = std::ranges::find(members, name, &std::pair<std::string, std::string>::first);
    return found == members.end() ? nullptr : &found->second;
  }
};

// A token or a quoted string off the front of `rest`.
std::optional<std::string> take_value(std::string_view& rest) {
  std::string out;
  if (!rest.starts_with('"')) {
    while (!rest.empty() && is_token_char(rest.front())) {
      out += rest.front();
      rest.remove_prefix(1);
    }
    return out.empty() ? std::nullopt : std::optional(out);
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\') rest.remove_prefix(1);
    if (rest.empty()) return std::nullopt;
    out += rest.front();
    rest.remove_prefix(1);
  }
  if (rest.empty()) return std::nullopt;
  rest.remove_prefix(1);
  return out;
}

std::optional<Field> read_field(std::string_view text) {
  Field field;
  const size_t end = std::min(text.find(';'), text.size());
  field.value = to_lower(trim(text.substr(0, end)));
  std::string_view rest = trim(text.substr(end));
  while (!rest.empty()) {
    if (rest.front() != ';') return std::nullopt;
    rest = trim(rest.substr(1));
    if (rest.empty()) break;
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string name = to_lower(rest.substr(0, equals));
    if (name.empty() || !std::ranges::all_of(name, is_token_char) || field.find(name) != nullptr) return std::nullopt;
    rest.remove_prefix(equals + 1);
    auto value = take_value(rest);
    if (!value) return std::nullopt;
    field.members.emplace_back(std::move(name), *std::move(value));
    rest = trim(rest);
  }
  return field;
}

// What the lines of a part's head say; `head` ends with the last line's CR LF, or is empty.
Result<std::optional<std::string>> read_head(std::string_view head) {
  std::optional<std::string> filename;
  bool disposed = false;
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || !std::ranges::all_of(line.substr(0, colon), is_token_char)) {
      return malformed("a part's head has a line that is no field");
    }
    const std::string_view name = line.substr(0, colon);
    if (equals_ignoring_case(name, "Content-Transfer-Encoding") &&
        !equals_ignoring_case(trim(line.substr(colon + 1)), "binary")) {
      return malformed("a part has a transfer encoding");
    }
    if (!equals_ignoring_case(name, "Content-Disposition")) continue;
    if (disposed) return malformed("a part has two dispositions");
    disposed = true;
    const auto field = read_field(line.substr(colon + 1));
    if (!field) continue;  // a part without a name
    if (const std::string* found = field->find("filename")) filename = *found;
  }
  return filename;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  const auto field = read_field(content_type);
  if (!field || field->value != "multipart/form-data") return std::nullopt;
  const std::string* boundary = field->find("boundary");
  if (boundary == nullptr || boundary->empty() || boundary->size() > kMaxBoundary || boundary->ends_with(' ') ||
      !std::ranges::all_of(*boundary, is_boundary_char)) {
    return std::nullopt;
  }
  return *boundary;
}

Result<std::vector<Part>> read_multipart(std::string_view body, std::string_view boundary,
                                         const MultipartLimits& limits) {
  const std::string delimiter = fmt::format("\r\n--{}", boundary);
  const std::string_view opening = std::string_view(delimiter).substr(2);
  if (!body.starts_with(opening)) return malformed("it does not begin with its boundary");
  body.remove_prefix(opening.size());
  std::vector<Part> parts;
  while (!body.starts_with("--")) {
    if (parts.size() == limits.max_parts) return fail(limit_error("parts of an upload", limits.max_parts, ""));
    if (!body.starts_with("\r\n")) return malformed("something follows a boundary");
    body.remove_prefix(2);
    const std::string_view window = body.substr(0, limits.max_head_bytes);
    const size_t blank = window.starts_with("\r\n") ? 0 : window.find("\r\n\r\n");
    if (blank == std::string_view::npos) {
      if (window.size() < body.size()) return fail(limit_error("bytes of a part's head", limits.max_head_bytes, ""));
      return malformed("a part's head does not end");
    }
    const size_t head_end = blank == 0 ? 0 : blank + 2;
    Part part;
    TRY_ASSIGN(part.filename, read_head(body.substr(0, head_end)));
    body.remove_prefix(head_end + 2);
    if (body.starts_with(opening)) return malformed("a boundary follows a part's head at once");
    const size_t end = body.find(delimiter);
    if (end == std::string_view::npos) return malformed("a part does not end");
    part.contents = body.substr(0, end);
    body.remove_prefix(end + delimiter.size());
    parts.push_back(std::move(part));
  }
  body.remove_prefix(2);
  if (!body.empty() && body != "\r\n") return malformed("something follows its end");
  return parts;
}

}  // namespace bulkhead::notary

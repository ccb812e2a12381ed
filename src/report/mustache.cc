#include "report/mustache.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::report {
namespace {

struct Tag {
  char sigil = 0;  // '#', '^', '/', '!', '&', or 0 for an escaped variable
  std::string_view name;
  size_t begin = 0;  // of the text before the tag's end that is printed as is
  size_t end = 0;    // first byte after the tag
};

void append_escaped(std::string& out, std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_sequence_length(text.substr(i));
    const char c = text[i];
    const bool forbidden = length == 0 ||
                           (length == 1 && static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') ||
                           text.substr(i).starts_with("\xEF\xBF\xBE") || text.substr(i).starts_with("\xEF\xBF\xBF");
    if (forbidden) {
      out += "\xEF\xBF\xBD";
      i += std::max<size_t>(length, 1);
      continue;
    }
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.append(text.substr(i, length));
    }
    i += length;
  }
}

bool truthy(const std::optional<json::Value>& value) {
  if (!value) return false;
  switch (value->kind()) {
    case json::Kind::kNull:
      return false;
    case json::Kind::kBool:
      return *value->boolean();
    case json::Kind::kArray:
      return value->size() > 0;
    case json::Kind::kString:
      return !value->string()->empty();
    case json::Kind::kInteger:
    case json::Kind::kUnsigned:
    case json::Kind::kDouble:
      return value->number() != 0.0;
    default:
      return true;
  }
}

std::string text_of(const json::Value& value) {
  if (const auto text = value.string()) return std::string(*text);
  if (const auto number = value.integer()) return fmt::format("{}", *number);
  if (const auto number = value.number()) return fmt::format("{}", *number);
  if (const auto flag = value.boolean()) return *flag ? "true" : "false";
  return {};
}

class Renderer {
 public:
  Renderer(std::string_view text, const json::Value& document, const MustacheLimits& limits)
      : text_(text), limits_(limits) {
    stack_.push_back(document);
  }

  Result<std::string> run() {
    TRY(section(0, {}, true));
    return std::move(out_);
  }

 private:
  Error error_at(size_t offset, std::string_view what) const {
    const auto line = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n') + 1;
    return {Code::kInvalidArgument, fmt::format("template, line {}: {}", line, what)};
  }

  // The next tag at or after `from`; nothing at the end of the template.
  Result<std::optional<Tag>> next_tag(size_t from) const {
    const size_t open = text_.find("{{", from);
    if (open == std::string_view::npos) return std::optional<Tag>();
    const bool triple = text_.substr(open).starts_with("{{{");
    const std::string_view closer = triple ? "}}}" : "}}";
    const size_t inner = open + (triple ? 3 : 2);
    const size_t close = text_.find(closer, inner);
    if (close == std::string_view::npos) return fail(error_at(open, "a tag is not closed"));
    Tag tag{.begin = open, .end = close + closer.size()};
    std::string_view body = trim(text_.substr(inner, close - inner));
    if (triple) {
      tag.sigil = '&';
    } else if (!body.empty() && std::string_view("#^/!&").contains(body.front())) {
      tag.sigil = body.front();
      body = trim(body.substr(1));
    } else if (!body.empty() && std::string_view(">=").contains(body.front())) {
      return fail(error_at(open, "partials and delimiter changes are not supported"));
    }
    tag.name = body;
    return std::optional(tag);
  }

  std::optional<json::Value> look_up(std::string_view name) const {
    if (name == ".") return stack_.back();
    const size_t dot = name.find('.');
    std::optional<json::Value> value;
    for (auto it = stack_.rbegin(); it != stack_.rend() && !value; ++it) value = it->find(name.substr(0, dot));
    while (value && name.contains('.')) {
      name.remove_prefix(name.find('.') + 1);
      value = value->find(name.substr(0, name.find('.')));
    }
    return value;
  }

  void variable(const Tag& tag) {
    const auto value = look_up(tag.name);
    if (!value) return;
    if (tag.sigil == '&') {
      out_ += text_of(*value);
    } else {
      append_escaped(out_, text_of(*value));
    }
  }

  // A section, comment or end tag alone on its line takes the whole line with it.
  void trim_standalone(Tag& tag) const {
    // No farther than the blanks go: the rest of a long line would be looked at for each of its tags.
    const auto blank = [](char c) { return is_space(c) && c != '\n'; };
    size_t line = tag.begin;
    while (line > 0 && blank(text_[line - 1])) --line;
    if (line > 0 && text_[line - 1] != '\n') return;
    size_t after = tag.end;
    while (after < text_.size() && blank(text_[after])) ++after;
    if (after < text_.size() && text_[after] != '\n') return;
    tag.begin = line;
    tag.end = std::min(after + 1, text_.size());
  }

  // Renders (or, when not `active`, skips) from `position` to the end tag `name`; the position after that tag.
  Result<size_t> section(size_t position, std::string_view name, bool active) {
    if (++depth_ > limits_.max_depth) return fail(error_at(position, "sections are nested too deeply"));
    const size_t start = position;
    for (;;) {
      auto found = next_tag(position);
      if (!found) return fail(found.error());
      if (!*found) {
        if (!name.empty()) return fail(error_at(start, fmt::format("section \"{}\" is not closed", name)));
        if (active) out_.append(text_.substr(position));
        --depth_;
        return position;
      }
      Tag tag = **found;
      if (tag.sigil == '#' || tag.sigil == '^' || tag.sigil == '/' || tag.sigil == '!') trim_standalone(tag);
      if (active && tag.begin > position) out_.append(text_.substr(position, tag.begin - position));
      if (out_.size() > limits_.max_output_bytes) {
        return fail(Code::kLimitExceeded,
                    fmt::format("the template's output is larger than {} bytes", limits_.max_output_bytes));
      }
      if (++tags_ > limits_.max_tags) {
        return fail(Code::kLimitExceeded,
                    fmt::format("the template repeats its sections more than {} tags long", limits_.max_tags));
      }
      position = std::max(position, tag.end);
      if (tag.sigil == '/') {
        if (tag.name != name || name.empty()) {
          return fail(error_at(tag.begin, fmt::format("\"{}\" ends a section that was not opened", tag.name)));
        }
        --depth_;
        return position;
      }
      if (tag.sigil == '#' || tag.sigil == '^') {
        TRY_ASSIGN(position, block(tag, position, active));
      } else if (active && tag.sigil != '!') {
        variable(tag);
      }
    }
  }

  Result<size_t> block(const Tag& tag, size_t body, bool active) {
    const auto value = active ? look_up(tag.name) : std::nullopt;
    const bool holds = truthy(value);
    if (tag.sigil == '^') return section(body, tag.name, active && !holds);
    if (!active || !holds) return section(body, tag.name, false);
    if (!value->is_array()) {
      stack_.push_back(*value);
      auto end = section(body, tag.name, true);
      stack_.pop_back();
      return end;
    }
    Result<size_t> end = body;
    for (const json::Value item : value->elements()) {
      stack_.push_back(item);
      end = section(body, tag.name, true);
      stack_.pop_back();
      if (!end) break;
    }
    return end;
  }

  std::string_view text_;
  const MustacheLimits& limits_;
  std::vector<json::Value> stack_;
  size_t depth_ = 0;
  size_t tags_ = 0;
  std::string out_;
};

}  // namespace

std::string markup_escaped(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

Result<std::string> render_mustache(std::string_view text, const json::Value& document, const MustacheLimits& limits) {
  return Renderer(text, document, limits).run();
}

}  // namespace bulkhead::report

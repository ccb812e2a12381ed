#include "base/canonical_json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace bulkhead::json {
namespace {

// Beyond it doubles do not tell integers apart.
constexpr double kMaxExactInteger = 9007199254740992.0;

void write_string(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

Status write(const Value& value, std::string& out) {
  switch (value.kind()) {
    case Kind::kNull:
      out += "null";
      return {};
    case Kind::kBool:
      out += *value.boolean() ? "true" : "false";
      return {};
    case Kind::kInteger:
      fmt::format_to(std::back_inserter(out), "{}", *value.integer());
      return {};
    case Kind::kUnsigned:
    case Kind::kDouble: {
      const double number = *value.number();
      if (number != std::trunc(number) || std::abs(number) > kMaxExactInteger) {
        return fail(Code::kMalformed, fmt::format("the number {} has no canonical form", number));
      }
      fmt::format_to(std::back_inserter(out), "{}", static_cast<int64_t>(number));
      return {};
    }
    case Kind::kString:
      write_string(*value.string(), out);
      return {};
    case Kind::kArray: {
      out += '[';
      bool first = true;
      for (const Value element : value.elements()) {
        if (!first) out += ',';
        first = false;
        TRY(write(element, out));
      }
      out += ']';
      return {};
    }
    case Kind::kObject: {
      std::vector<Member> members;
      for (const Member member : value.members()) members.push_back(member);
      std::ranges::sort(members, {}, &Member::key);
      const auto twice = std::ranges::adjacent_find(members, {}, &Member::key);
      if (twice != members.end()) return fail(Code::kMalformed, fmt::format("\"{}\" stands twice", twice->key));
      out += '{';
      bool first = true;
      for (const Member& member : members) {
        if (!first) out += ',';
        first = false;
        write_string(member.key, out);
        out += ':';
        TRY(write(member.value, out));
      }
      out += '}';
      return {};
    }
  }
  return {};
}

}  // namespace

Result<std::string> canonical(const Value& value) {
  std::string out;
  TRY(write(value, out));
  return out;
}

std::string parseable(std::string_view canonical_text) {
  constexpr unsigned char kFirstPrintable = 0x20;
  std::string out;
  for (const char c : canonical_text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < kFirstPrintable) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string canonical_string(std::string_view text) {
  std::string out;
  write_string(text, out);
  return out;
}

void CanonicalObject::add(std::string_view name, std::string canonical_value) {
  members_.insert_or_assign(std::string(name), std::move(canonical_value));
}

std::string CanonicalObject::text() const {
  std::string out = "{";
  for (const auto& [name, value] : members_) {
    if (out.size() > 1) out += ',';
    write_string(name, out);
    out += ':';
    out += value;
  }
  return out + "}";
}

}  // namespace bulkhead::json

#include "notation/distinguished_name.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::notation {
namespace {

constexpr auto kRequired = std::to_array<std::string_view>({"C", "ST", "O"});

std::unexpected<Error> refused(std::string_view text, std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("the distinguished name \"{}\" {}", printable(text), why),
              "write it as in \"C=US, ST=WA, O=example.com, CN=signer\"");
}

std::string type_of(std::string_view text) {
  std::string type;
  for (const char c : trim(text)) type.push_back(is_lower(c) ? static_cast<char>(c - 32) : c);
  return type == "S" ? "ST" : type;
}

// A name or a value without its escapes, and without blanks around it that are not escaped.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  // Up to a separator, which is consumed: what was read, and the separator (0 at the end). Nothing for a broken escape.
  std::optional<std::string> until(std::string_view separators, char& stopped_at) {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    std::string out;
    size_t kept = 0;  // up to the last character that is no plain blank
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (separators.contains(c)) {
        stopped_at = c;
        out.resize(kept);
        return out;
      }
      if (c == '\\') {
        if (!unescape(out)) return std::nullopt;
        kept = out.size();
        continue;
      }
      out.push_back(c);
      if (c != ' ') kept = out.size();
    }
    stopped_at = '\0';
    out.resize(kept);
    return out;
  }

 private:
  bool unescape(std::string& out) {
    if (rest_.empty()) return false;
    if (std::string_view(" \"#+,;<=>\\").contains(rest_.front())) {
      out.push_back(rest_.front());
      rest_.remove_prefix(1);
      return true;
    }
    const auto byte = from_hex(rest_.substr(0, 2));
    if (!byte || byte->size() != 1) return false;
    out.append(*byte);
    rest_.remove_prefix(2);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

Result<DistinguishedName> DistinguishedName::parse(std::string_view text) {
  DistinguishedName name;
  Scanner scanner(text);
  bool more = true;
  while (more) {
    char stop = '\0';
    const auto written_type = scanner.until("=,;+", stop);
    const std::string type = type_of(written_type.value_or(""));
    if (stop != '=' || type.empty()) return refused(text, "has an attribute without a type");
    auto value = scanner.until(",;+", stop);
    if (!value) return refused(text, "has a broken escape");
    if (value->empty()) return refused(text, fmt::format("has no value for {}", printable(type)));
    if (value->front() == '#' && text.contains("=#")) return refused(text, "has a value in hexadecimal");
    if (stop == '+') return refused(text, "has an attribute of several values");
    if (!name.values_.emplace(type, *std::move(value)).second) {
      return refused(text, fmt::format("has {} twice", printable(type)));
    }
    more = stop != '\0';
  }
  for (const std::string_view type : kRequired) {
    if (!name.values_.contains(type)) return refused(text, fmt::format("has no {}", type));
  }
  return name;
}

bool DistinguishedName::is_part_of(const DistinguishedName& other) const {
  return std::ranges::all_of(values_, [&](const auto& attribute) {
    const auto found = other.values_.find(attribute.first);
    return found != other.values_.end() && found->second == attribute.second;
  });
}

bool DistinguishedName::matches(const std::vector<NameAttribute>& subject) const {
  return std::ranges::all_of(values_, [&](const auto& wanted) {
    size_t found = 0;
    bool same = false;
    for (const NameAttribute& attribute : subject) {
      if (type_of(attribute.type) != wanted.first) continue;
      ++found;
      same = attribute.value == wanted.second;
    }
    return found == 1 && same;
  });
}

}  // namespace bulkhead::notation

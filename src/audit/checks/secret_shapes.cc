#include "audit/checks/secret_shapes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

// After the prefix `length` characters of a class, then a second run where there is one.
enum class Class : uint8_t { kUpperAlnum, kAlnum, kWord, kBase36, kBase64 };

bool is_in(Class set, char c) {
  switch (set) {
    case Class::kUpperAlnum:
      return is_upper(c) || is_digit(c);
    case Class::kAlnum:
      return is_alnum(c);
    case Class::kWord:
      return is_alnum(c) || c == '_' || c == '-';
    case Class::kBase36:
      return is_lower(c) || is_digit(c);
    case Class::kBase64:
      return is_alnum(c) || c == '+' || c == '/';
  }
  return false;
}

struct Shape {
  std::string_view name;
  std::string_view prefix;
  Class set = Class::kAlnum;
  size_t least = 0;
  size_t most = 0;    // of characters; 0: any number
  size_t second = 0;  // of characters after a further "-"
};
constexpr auto kShapes = std::to_array<Shape>({
    {"Swarm join token", "SWMTKN-1-", Class::kBase36, 50, 50, 25},
    {"Swarm join token", "SWMTKN-2-0-", Class::kBase36, 50, 50, 25},
    {"Swarm join token", "SWMTKN-2-1-", Class::kBase36, 50, 50, 25},
    {"Swarm unlock key", "SWMKEY-1-", Class::kBase64, 43, 43},
    {"AWS access key", "AKIA", Class::kUpperAlnum, 16, 16},
    {"AWS access key", "ASIA", Class::kUpperAlnum, 16, 16},
    {"GitHub token", "ghp_", Class::kAlnum, 36, 36},
    {"GitHub token", "gho_", Class::kAlnum, 36, 36},
    {"GitHub token", "ghu_", Class::kAlnum, 36, 36},
    {"GitHub token", "ghs_", Class::kAlnum, 36, 36},
    {"GitHub token", "ghr_", Class::kAlnum, 36, 0},
    {"GitHub token", "github_pat_", Class::kWord, 82, 82},
    {"GitLab token", "glpat-", Class::kWord, 20, 0},
    {"Docker Hub token", "dckr_pat_", Class::kWord, 27, 27},
    {"npm token", "npm_", Class::kAlnum, 36, 36},
    {"PyPI token", "pypi-AgEIcHlwaS5vcmc", Class::kWord, 50, 0},
    {"Slack token", "xoxb-", Class::kWord, 24, 0},
    {"Slack token", "xoxp-", Class::kWord, 24, 0},
    {"Stripe key", "sk_live_", Class::kAlnum, 24, 0},
    {"Google API key", "AIza", Class::kWord, 35, 35},
});

// Part of a longer word, where a shape cannot begin or end.
bool continues(char c) {
  return is_alnum(c) || c == '_';
}

// No further than `most`: what begins like a shape again and again must not be read to its end each time.
size_t run(std::string_view text, Class set, size_t most) {
  size_t length = 0;
  while (length < most && length < text.size() && is_in(set, text[length])) ++length;
  return length;
}

bool begins_with_shape(std::string_view rest, const Shape& shape) {
  constexpr size_t kEnough = 512;  // of those without a length
  size_t length = run(rest, shape.set, shape.most == 0 ? kEnough : shape.most + 1);
  if (length < shape.least || (shape.most != 0 && length > shape.most)) return false;
  if (length == kEnough) return true;
  rest.remove_prefix(length);
  if (shape.second != 0) {
    if (!rest.starts_with('-')) return false;
    rest.remove_prefix(1);
    length = run(rest, shape.set, shape.second + 1);
    if (length != shape.second) return false;
    rest.remove_prefix(length);
  }
  return rest.empty() || !continues(rest.front());
}

bool holds_shape(std::string_view text, const Shape& shape) {
  for (size_t at = text.find(shape.prefix); at != std::string_view::npos; at = text.find(shape.prefix, at + 1)) {
    if (at > 0 && continues(text[at - 1])) continue;
    if (begins_with_shape(text.substr(at + shape.prefix.size()), shape)) return true;
  }
  return false;
}

bool holds_private_key(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr size_t kLongestKind = 40;  // "ENCRYPTED", "OPENSSH", "PGP … BLOCK"
  for (size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    const std::string_view header = text.substr(at + kBegin.size(), kLongestKind);
    const size_t end = header.find("-----");
    if (end != std::string_view::npos && header.substr(0, end).find("PRIVATE KEY") != std::string_view::npos)
      return true;
  }
  return false;
}

// A reference to a variable, or the output of a command: the value is elsewhere.
bool is_reference(std::string_view value) {
  return value.starts_with('$') || value.starts_with('`');
}

// "scheme://user:password@host".
bool holds_url_password(std::string_view text) {
  constexpr std::string_view kMark = "://";
  for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    std::string_view rest = text.substr(at + kMark.size());
    rest = rest.substr(0, rest.find_first_of("/?# \t\n\"'"));
    const size_t user_end = rest.find(':');
    const size_t end = rest.rfind('@');
    if (user_end == std::string_view::npos || end == std::string_view::npos || end <= user_end + 1) continue;
    if (!is_reference(rest.substr(user_end + 1, end - user_end - 1))) return true;
  }
  return false;
}

void add_once(std::vector<std::string_view>& all, std::string_view one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

}  // namespace

std::vector<std::string_view> secret_shapes_in(std::string_view text) {
  std::vector<std::string_view> found;
  for (const Shape& shape : kShapes) {
    if (holds_shape(text, shape)) add_once(found, shape.name);
  }
  if (holds_private_key(text)) found.emplace_back("private key");
  if (holds_url_password(text)) found.emplace_back("password in a URL");
  return found;
}

}  // namespace bulkhead::audit

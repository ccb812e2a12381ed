#include "audit/checks/secret_shapes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

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
    {"Stripe key", "rk_live_", Class::kAlnum, 24, 0},
    {"Vault token", "hvs.", Class::kWord, 24, 0},
    {"Hugging Face token", "hf_", Class::kAlnum, 34, 34},
    {"DigitalOcean token", "dop_v1_", Class::kBase36, 64, 64},
    {"age key", "AGE-SECRET-KEY-1", Class::kUpperAlnum, 58, 58},
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

// "scheme://user:password@host".
bool holds_url_password(std::string_view text, Expansion expansion) {
  constexpr std::string_view kMark = "://";
  for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    std::string_view rest = text.substr(at + kMark.size());
    rest = rest.substr(0, rest.find_first_of("/?# \t\n\"'"));
    const size_t user_end = rest.find(':');
    const size_t end = rest.rfind('@');
    if (user_end == std::string_view::npos || end == std::string_view::npos || end <= user_end + 1) continue;
    if (!is_reference(rest.substr(user_end + 1, end - user_end - 1), expansion)) return true;
  }
  return false;
}

// "user:password@tcp(host:3306)/database", as programs in Go have it.
bool holds_dsn_password(std::string_view text, Expansion expansion) {
  constexpr size_t kLongest = 256;
  for (const std::string_view mark : {"@tcp(", "@tcp6(", "@unix("}) {
    for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
      const size_t from = at > kLongest ? at - kLongest : 0;
      std::string_view user = text.substr(from, at - from);
      const size_t begin = user.find_last_of("= \t\n\"'");
      if (begin != std::string_view::npos) user.remove_prefix(begin + 1);
      const size_t colon = user.find(':');
      if (colon == std::string_view::npos || colon + 1 == user.size()) continue;
      if (!is_reference(user.substr(colon + 1), expansion)) return true;
    }
  }
  return false;
}

// Three parts of base64url; the first two are JSON objects, '{"…'.
bool holds_json_web_token(std::string_view text) {
  constexpr std::string_view kBegin = "eyJ";
  constexpr size_t kLeast = 10;
  constexpr size_t kLongestHeader = 512;
  constexpr size_t kLongestBody = 8192;
  for (size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    if (at > 0 && continues(text[at - 1])) continue;
    std::string_view rest = text.substr(at);
    const auto take_part = [&](size_t most) {
      const size_t length = run(rest, Class::kWord, most);
      rest.remove_prefix(length);
      return length >= kLeast;
    };
    const auto take_dot = [&] {
      const bool is_there = rest.starts_with('.');
      if (is_there) rest.remove_prefix(1);
      return is_there;
    };
    if (take_part(kLongestHeader) && take_dot() && rest.starts_with("ey") && take_part(kLongestBody) && take_dot() &&
        take_part(kLeast)) {
      return true;
    }
  }
  return false;
}

// "Authorization: Bearer x"; elsewhere what follows "Bearer" must look like a token.
bool holds_http_credentials(std::string_view text, Expansion expansion) {
  constexpr size_t kLooksLikeOne = 20;
  constexpr size_t kEnough = 512;
  const std::string low = to_lower(text);
  for (const std::string_view scheme : {"bearer ", "basic ", "token "}) {
    for (size_t at = low.find(scheme); at != std::string::npos; at = low.find(scheme, at + 1)) {
      if (at > 0 && continues(low[at - 1])) continue;
      std::string_view value = text.substr(at + scheme.size(), kEnough);
      value = value.substr(0, value.find_first_of(" \t\n\"'"));
      if (value.empty() || is_reference(value, expansion)) continue;
      std::string_view before = std::string_view(low).substr(0, at);
      while (!before.empty() && std::string_view(" :=\"'").find(before.back()) != std::string_view::npos) {
        before.remove_suffix(1);
      }
      if (before.size() < at && before.ends_with("authorization")) return true;
      if (scheme == "bearer " && value.size() >= kLooksLikeOne && std::ranges::any_of(value, is_digit)) return true;
    }
  }
  return false;
}

void add_once(std::vector<std::string_view>& all, std::string_view one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

}  // namespace

bool is_reference(std::string_view value, Expansion expansion) {
  if (expansion == Expansion::kShell && (value.starts_with('$') || value.starts_with('`'))) return true;
  if (value.starts_with("{{") && value.ends_with("}}")) return true;
  if (value.size() < 4 || !value.starts_with("${") || !value.ends_with('}')) return false;
  const std::string_view name = value.substr(2, value.size() - 3);
  return std::ranges::all_of(name, [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

std::vector<std::string_view> secret_shapes_in(std::string_view text, Expansion expansion) {
  std::vector<std::string_view> found;
  for (const Shape& shape : kShapes) {
    if (holds_shape(text, shape)) add_once(found, shape.name);
  }
  if (holds_private_key(text)) found.emplace_back("private key");
  if (holds_url_password(text, expansion) || holds_dsn_password(text, expansion)) {
    found.emplace_back("password in a URL");
  }
  if (holds_json_web_token(text)) found.emplace_back("JSON web token");
  if (holds_http_credentials(text, expansion)) found.emplace_back("HTTP credentials");
  return found;
}

}  // namespace bulkhead::audit

#include "audit/checks/secret_names.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "audit/checks/secret_shapes.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// One word of a name, as in DB_PASS. Words are joined as well: POSTGRESPASSWORD.
constexpr std::array kWords = std::to_array<std::string_view>({"password", "passwd", "passphrase", "passwort", "pass",
                                                               "pwd", "pw", "secret", "secrets", "token", "apikey",
                                                               "credential", "credentials", "secretkey", "authkey"});
constexpr std::array kEndings =
    std::to_array<std::string_view>({"password", "passwd", "passphrase", "secret", "apikey"});
// Words before "key" that make it a secret one; a key alone may be public.
constexpr std::array kSecretKeys = std::to_array<std::string_view>(
    {"api", "access", "private", "secret", "encryption", "auth", "signing", "master", "account", "storage"});
// Last words that say that the variable holds something about the secret.
constexpr std::array kAbout = std::to_array<std::string_view>(
    {"file",       "path",    "dir",     "id",       "name",   "url",    "uri",     "ttl",    "expiry",
     "expiration", "expires", "timeout", "length",   "size",   "type",   "enabled", "policy", "days",
     "count",      "limit",   "store",   "provider", "method", "prefix", "header"});
// Variables of the shell.
constexpr std::array kHarmless = std::to_array<std::string_view>({"pwd", "oldpwd"});
constexpr std::array kNoSecrets =
    std::to_array<std::string_view>({"", "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null"});

template <size_t kSize>
bool contains(const std::array<std::string_view, kSize>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

std::vector<std::string_view> words_of(std::string_view name) {
  std::vector<std::string_view> words;
  size_t begin = 0;
  for (size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && is_alnum(name[i])) continue;
    if (i > begin) words.push_back(name.substr(begin, i - begin));
    begin = i + 1;
  }
  return words;
}

// "$OTHER" and "`cat file`" say where the secret is, and are none.
bool can_be_secret(std::string_view value) {
  return !contains(kNoSecrets, to_lower(value)) && !value.starts_with('/') && !value.starts_with('$') &&
         !value.starts_with('`');
}

std::string_view unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

// Of a variable, or of an option without its dashes.
bool is_variable_name(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

}  // namespace

bool is_secret_name(std::string_view name) {
  const std::string low = to_lower(name);
  if (contains(kHarmless, low)) return false;
  const auto words = words_of(low);
  if (words.empty() || contains(kAbout, words.back())) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (contains(kWords, words[i])) return true;
    if (std::ranges::any_of(kEndings, [&](std::string_view ending) { return words[i].ends_with(ending); })) return true;
    if (words[i] == "key" && i > 0 && contains(kSecretKeys, words[i - 1])) return true;
  }
  return false;
}

std::string secret_in_assignment(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view name = assignment.substr(0, equals);
  const std::string_view value = unquoted(trim(assignment.substr(equals + 1)));
  const auto shapes = secret_shapes_in(value);
  if (!shapes.empty()) return fmt::format("{} ({})", name, fmt::join(shapes, ", "));
  if (is_secret_name(name) && can_be_secret(value)) return fmt::format("{} (by its name)", name);
  return {};
}

std::vector<std::string> secrets_in_command(std::string_view command) {
  constexpr size_t kMost = 100;  // the first is enough to fail
  std::vector<std::string> found;
  for (size_t at = 0; at < command.size() && found.size() < kMost;) {
    size_t end = at;
    while (end < command.size() && !is_space(command[end])) ++end;
    std::string_view word = command.substr(at, end - at);
    at = end + 1;
    while (!word.empty() && (word.front() == '-' || word.front() == '"' || word.front() == '\'')) word.remove_prefix(1);
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos || !is_variable_name(word.substr(0, equals))) continue;
    std::string secret = secret_in_assignment(word);
    if (!secret.empty() && std::ranges::find(found, secret) == found.end()) found.push_back(std::move(secret));
  }
  for (const std::string_view shape : secret_shapes_in(command)) {
    const auto told = [&](const std::string& secret) { return secret.find(shape) != std::string::npos; };
    if (std::ranges::none_of(found, told)) found.emplace_back(shape);
  }
  return found;
}

std::vector<std::string> plain_secrets(const std::vector<std::string>& env) {
  std::vector<std::string> names;
  for (const std::string_view variable : env) {
    if (!secret_in_assignment(variable).empty()) names.emplace_back(variable.substr(0, variable.find('=')));
  }
  return names;
}

}  // namespace bulkhead::audit

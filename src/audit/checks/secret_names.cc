#include "audit/checks/secret_names.h"

#include <algorithm>
#include <array>

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

// "scheme://user:password@host": something between the colon and the at sign of its authority.
bool has_password(std::string_view value) {
  const size_t slashes = value.find("://");
  if (slashes == std::string_view::npos) return false;
  std::string_view authority = value.substr(slashes + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return false;
  const size_t colon = authority.find(':');
  return colon < at && colon + 1 < at;
}

bool can_be_secret(std::string_view value) {
  return !contains(kNoSecrets, to_lower(value)) && !value.starts_with('/');
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

std::vector<std::string> plain_secrets(const std::vector<std::string>& env) {
  std::vector<std::string> names;
  for (const std::string_view variable : env) {
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = variable.substr(0, equals);
    const std::string_view value = variable.substr(equals + 1);
    if ((is_secret_name(name) && can_be_secret(value)) || has_password(value)) names.emplace_back(name);
  }
  return names;
}

}  // namespace bulkhead::audit

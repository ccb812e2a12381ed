#include "audit/checks/secret_names.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "audit/checks/secret_words.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

enum class Verdict : uint8_t { kNothing, kAbout, kSecret };

// By the last word that means a secret, and what is said about it.
Verdict verdict_of(const std::vector<std::string>& words) {
  size_t secret = words.size();
  for (size_t i = 0; i < words.size(); ++i) {
    const bool key = (words[i] == "key" || words[i] == "keys") && i > 0 && has_role(words[i - 1], WordRole::kKeyOf);
    if (key || has_role(words[i], WordRole::kDistinct) || has_role(words[i], WordRole::kShort)) secret = i;
  }
  if (secret == words.size()) return Verdict::kNothing;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i < secret && has_role(words[i], WordRole::kCounted)) return Verdict::kAbout;
    if (i > secret && has_role(words[i], WordRole::kAbout)) return Verdict::kAbout;
  }
  return Verdict::kSecret;
}

// "/run/secrets/token", "/key.pem"; not "/hunter2".
bool is_path(std::string_view value) {
  if (!value.starts_with('/') || value.find_first_of(" \t\n") != std::string_view::npos) return false;
  const size_t end = value.find('/', 1);
  if (end != std::string_view::npos) return has_role(value.substr(1, end - 1), WordRole::kFolder);
  return std::ranges::any_of(words_with(WordRole::kExtension),
                             [&](std::string_view extension) { return value.ends_with(extension); });
}

// Without a user, a password or a query: where something is, and no secret.
bool is_bare_url(std::string_view value) {
  if (!value.starts_with("http://") && !value.starts_with("https://")) return false;
  return value.find_first_of("?@ ") == std::string_view::npos;
}

bool can_be_secret(std::string_view value, Expansion expansion) {
  if (value.empty() || has_role(to_lower(value), WordRole::kNothing)) return false;
  if (is_reference(value, expansion) || is_path(value) || is_bare_url(value)) return false;
  if (std::ranges::all_of(value, [](char c) { return c == '*'; })) return false;
  return std::ranges::none_of(words_with(WordRole::kReference),
                              [&](std::string_view begin) { return value.starts_with(begin); });
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
  const Verdict verdict = verdict_of(words_of_name(name, true));
  if (verdict != Verdict::kNothing) return verdict == Verdict::kSecret;
  return verdict_of(words_of_name(name, false)) == Verdict::kSecret;  // "PassWord"
}

namespace {

constexpr std::string_view kNamePunctuation = "_-.";

// What a setting is called that the equals sign or colon at `at` belongs to, and what it is set to: "Password" and "x"
// of "Server=db;Password=x;", of "{\"Password\": \"x\"}".
struct InnerSetting {
  std::string_view name;
  std::string_view value;
};

InnerSetting setting_at(std::string_view text, size_t at) {
  constexpr size_t kLongestName = 128;
  constexpr size_t kLongestValue = 256;  // more of it is not needed to see that it is one
  const bool colon = text[at] == ':';
  size_t end = at;
  while (end > 0 && text[end - 1] == ' ' && at - end < 4) --end;
  if (end > 0 && text[end - 1] == '"') {
    --end;
  } else if (colon) {
    return {};  // a colon is for JSON alone: "user:password@host" is a URL's
  }
  size_t begin = end;
  while (begin > 0 && end - begin < kLongestName &&
         (is_alnum(text[begin - 1]) || kNamePunctuation.find(text[begin - 1]) != std::string_view::npos)) {
    --begin;
  }
  std::string_view value = text.substr(at + 1, kLongestValue);
  if (value.starts_with('=')) return {};  // a comparison, or the padding of base64
  while (value.starts_with(' ')) value.remove_prefix(1);
  const bool quoted = value.starts_with('"') || value.starts_with('\'');
  if (quoted) {
    const char quote = value.front();
    value.remove_prefix(1);
    value = value.substr(0, value.find(quote));
  } else {
    value = value.substr(0, value.find_first_of(colon ? ",}] \t\n" : ";&, \t\n\"'"));
  }
  return {text.substr(begin, end - begin), value};
}

// "jdbc:…?user=app&password=x", "Server=db;User Id=sa;Password=x", "-Dapp.password=x", "{\"password\": \"x\"}".
bool holds_inner_secret(std::string_view text, Expansion expansion) {
  for (size_t at = text.find_first_of("=:"); at != std::string_view::npos; at = text.find_first_of("=:", at + 1)) {
    const InnerSetting setting = setting_at(text, at);
    if (!setting.name.empty() && can_be_secret(setting.value, expansion) && is_secret_name(setting.name)) return true;
  }
  return false;
}

}  // namespace

std::string secret_in_assignment(std::string_view assignment, Expansion expansion) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view name = assignment.substr(0, equals);
  const std::string_view value = unquoted(trim(assignment.substr(equals + 1)));
  auto shapes = secret_shapes_in(assignment, expansion);
  if (holds_inner_secret(value, expansion)) shapes.emplace_back("password among the settings in it");
  if (!shapes.empty()) return fmt::format("{} ({})", name, fmt::join(shapes, ", "));
  if (name == "PWD" && value.starts_with('/')) return {};  // the working folder
  if (can_be_secret(value, expansion) && is_secret_name(name)) return fmt::format("{} (by its name)", name);
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
    if (equals == std::string_view::npos) continue;
    std::string secret;
    if (is_variable_name(word.substr(0, equals))) {
      secret = secret_in_assignment(word, Expansion::kShell);
    } else if (const size_t query = word.find('?'); query != std::string_view::npos) {
      if (holds_inner_secret(word.substr(query), Expansion::kShell)) secret = "password in a URL";
    }
    if (!secret.empty() && std::ranges::find(found, secret) == found.end()) found.push_back(std::move(secret));
  }
  for (const std::string_view shape : secret_shapes_in(command, Expansion::kShell)) {
    const auto told = [&](const std::string& secret) { return secret.find(shape) != std::string::npos; };
    if (std::ranges::none_of(found, told)) found.emplace_back(shape);
  }
  return found;
}

std::vector<std::string> plain_secrets(const std::vector<std::string>& env) {
  std::vector<std::string> names;
  for (const std::string_view variable : env) {
    if (!secret_in_assignment(variable, Expansion::kNone).empty()) {
      names.emplace_back(variable.substr(0, variable.find('=')));
    }
  }
  return names;
}

}  // namespace bulkhead::audit

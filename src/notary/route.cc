#include "notary/route.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "tuf/metadata.h"

namespace bulkhead::notary {
namespace {

constexpr size_t kMaxGun = 255;
constexpr size_t kMaxRole = 255;
constexpr size_t kSha256Digits = 64;
constexpr std::string_view kTrust = "_trust";

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const auto byte = text.size() < 3 ? fail(Code::kMalformed, "") : from_hex(text.substr(1, 2));
    if (!byte) return std::nullopt;
    out += *byte;
    text.remove_prefix(3);
  }
  return out;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_sequence_length(text);
    if (length == 0 || static_cast<unsigned char>(text.front()) < ' ' || text.front() == '\x7f') return false;
    text.remove_prefix(length);
  }
  return true;
}

bool cut_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// What the path of a file may call a role; whether there can be such a one is another matter.
bool routes_as_role(std::string_view text) {
  if (tuf::is_top_level(text)) return true;
  if (!text.starts_with("targets/") || std::ranges::any_of(text, is_space)) return false;
  return std::ranges::none_of(split(text, '/'), &std::string_view::empty);
}

// "<version>.<role>", "<role>.<hash>" or "<role>", as notary's routes are tried one after the other.
Operation route_file(std::string_view name, Route& out) {
  if (const size_t dot = name.rfind('.'); dot != std::string_view::npos) {
    const std::string_view hash = name.substr(dot + 1);
    const bool hexadecimal =
        std::ranges::all_of(hash, [](char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); });
    const bool of_known_length = hash.size() == kSha256Digits || hash.size() == 96 || hash.size() == 128;
    if (hexadecimal && of_known_length && routes_as_role(name.substr(0, dot))) {
      out.role = name.substr(0, dot);
      out.sha256 = hash;
      return Operation::kGetByHash;
    }
  }
  const size_t digits = static_cast<size_t>(std::ranges::find_if_not(name, is_digit) - name.begin());
  if (digits > 0 && name.substr(digits).starts_with('.') && routes_as_role(name.substr(digits + 1))) {
    out.role = name.substr(digits + 1);
    out.version = name.substr(0, digits);
    return Operation::kGetVersion;
  }
  if (!routes_as_role(name)) return Operation::kUnknown;
  out.role = name;
  return Operation::kGet;
}

// What stands behind "/v2/<gun>/_trust/".
Operation route_rest(std::string_view method, std::string_view rest, Route& out) {
  const bool get = method == "GET";
  const bool post = method == "POST";
  if (rest == "changefeed") return get ? Operation::kChanges : Operation::kUnknown;
  if (!rest.starts_with("tuf/")) return Operation::kUnknown;
  rest.remove_prefix(4);
  if (rest.empty()) {
    return post ? Operation::kUpdate : method == "DELETE" ? Operation::kDelete : Operation::kUnknown;
  }
  if (cut_suffix(rest, ".key")) {
    if ((rest != tuf::kTimestamp && rest != tuf::kSnapshot) || (!get && !post)) return Operation::kUnknown;
    out.role = rest;
    return get ? Operation::kGetKey : Operation::kRotateKey;
  }
  if (!get || !cut_suffix(rest, ".json")) return Operation::kUnknown;
  return route_file(rest, out);
}

struct OperationRow {
  std::string_view name;
  std::string_view actions;  // on the repository, or of the registry's catalogue; empty: none
  bool of_repository;
};
constexpr auto kOperations = std::to_array<OperationRow>({
    {"ping", "*", false},
    {"get", "pull", true},
    {"get_by_hash", "pull", true},
    {"get_version", "pull", true},
    {"update", "push,pull", true},
    {"delete", "*", true},
    {"get_key", "push,pull", true},
    {"rotate_key", "*", true},
    {"changes", "pull", true},
    {"all_changes", "*", false},
    {"health", "", false},
    {"metrics", "", false},
    {"unknown", "", false},
    {"bad_method", "", false},
});

const OperationRow& row_of(Operation operation) {
  return kOperations.at(static_cast<size_t>(operation));
}

}  // namespace

std::string_view operation_name(Operation operation) {
  return row_of(operation).name;
}

Route route_of(std::string_view method, std::string_view path) {
  Route out;
  constexpr auto kMethods = std::to_array<std::string_view>({"GET", "POST", "PUT", "HEAD", "DELETE"});
  if (std::ranges::find(kMethods, method) == kMethods.end()) {
    out.operation = Operation::kBadMethod;
    return out;
  }
  const bool get = method == "GET";
  if (path == "/v2/") out.operation = get ? Operation::kPing : Operation::kUnknown;
  if (path == "/v2/_trust/changefeed") out.operation = get ? Operation::kAllChanges : Operation::kUnknown;
  if (path == "/_notary_server/health") out.operation = get ? Operation::kHealth : Operation::kUnknown;
  if (path == "/metrics") out.operation = get ? Operation::kMetrics : Operation::kUnknown;
  if (out.operation != Operation::kUnknown || !path.starts_with("/v2/")) return out;

  const auto decoded = percent_decoded(path.substr(4));
  if (!decoded) return out;
  const size_t trust = decoded->find(fmt::format("/{}/", kTrust));
  if (trust == std::string::npos || !is_gun(std::string_view(*decoded).substr(0, trust))) return out;
  out.operation = route_rest(method, std::string_view(*decoded).substr(trust + kTrust.size() + 2), out);
  out.gun = decoded->substr(0, trust);
  return out;
}

bool is_gun(std::string_view text) {
  if (text.empty() || text.size() > kMaxGun || text.contains('*') || !is_plain_text(text)) return false;
  return std::ranges::none_of(split(text, '/'), [](std::string_view segment) {
    return segment.empty() || segment == "." || segment == ".." || segment == kTrust;
  });
}

bool is_role(std::string_view text) {
  if (tuf::is_top_level(text)) return true;
  if (text.size() > kMaxRole || !text.starts_with("targets/")) return false;
  const auto plain = [](char c) { return is_lower(c) || is_digit(c) || c == '-' || c == '_' || c == '/'; };
  return std::ranges::all_of(text, plain) && std::ranges::none_of(split(text, '/'), &std::string_view::empty);
}

bool is_targets_role(std::string_view role) {
  return role.starts_with(tuf::kTargets);
}

std::string Scope::text() const {
  return fmt::format("{}:{}:{}", type, name, actions);
}

Scope scope_of(const Route& route) {
  const OperationRow& row = row_of(route.operation);
  if (row.actions.empty()) return {};
  if (row.of_repository) return {.type = "repository", .name = route.gun, .actions = row.actions};
  return {
      .type = "registry", .name = "catalog", .actions = row.actions, .any_token = route.operation == Operation::kPing};
}

}  // namespace bulkhead::notary

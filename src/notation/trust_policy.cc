#include "notation/trust_policy.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "notation/json_document.h"

namespace bulkhead::notation {
namespace {

constexpr size_t kMaxPolicyBytes = size_t{1} << 20;
constexpr std::string_view kVersion = "1.0";
constexpr std::string_view kEverything = "*";
constexpr std::string_view kSubjectPrefix = "x509.subject";

using enum Action;
struct Level {
  std::string_view name;
  std::array<Action, kChecks> actions;  // in the order of Check
};
constexpr auto kLevels = std::to_array<Level>({
    {"strict", {kEnforce, kEnforce, kEnforce, kEnforce, kEnforce}},
    {"permissive", {kEnforce, kEnforce, kLog, kLog, kLog}},
    {"audit", {kEnforce, kLog, kLog, kLog, kLog}},
    {"skip", {kSkip, kSkip, kSkip, kSkip, kSkip}},
});

constexpr auto kCheckNames =
    std::to_array<std::string_view>({"integrity", "authenticity", "authenticTimestamp", "expiry", "revocation"});
constexpr auto kActionNames = std::to_array<std::string_view>({"enforce", "log", "skip"});
constexpr auto kStoreNames = std::to_array<std::string_view>({"ca", "signingAuthority", "tsa"});

template <typename T>
std::optional<T> named(std::span<const std::string_view> names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? std::nullopt : std::optional(static_cast<T>(found - names.begin()));
}

std::unexpected<Error> invalid(std::string message) {
  return fail(Code::kInvalidArgument, std::move(message));
}

// Strings of an array; none when it is absent or null.
Result<std::vector<std::string>> strings(const json::Value& owner, std::string_view name) {
  std::vector<std::string> out;
  const auto list = owner.find(name);
  if (!list || list->is_null()) return out;
  if (!list->is_array()) return fail(Code::kMalformed, fmt::format("\"{}\" is no array", name));
  for (const json::Value element : list->elements()) {
    if (!element.is_string()) return fail(Code::kMalformed, fmt::format("\"{}\" holds what is no string", name));
    out.emplace_back(*element.string());
  }
  return out;
}

// Labels of a host's name or parts of a repository's: letters and digits, other characters between them only.
bool is_part(std::string_view text, std::string_view between, bool upper) {
  const auto is_plain = [&](char c) { return is_digit(c) || is_lower(c) || (upper && is_upper(c)); };
  return !text.empty() && is_plain(text.front()) && is_plain(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return is_plain(c) || between.contains(c); });
}

// Separators within a part of a repository's name: one dot, one or two underscores, any number of dashes.
bool has_single_separators(std::string_view part) {
  for (size_t i = 0; i + 1 < part.size(); ++i) {
    const char a = part[i];
    const char b = part[i + 1];
    if (is_digit(a) || is_lower(a) || is_digit(b) || is_lower(b) || (a == '-' && b == '-')) continue;
    const bool two_underscores = a == '_' && b == '_' && (i + 2 == part.size() || part[i + 2] != '_');
    if (!two_underscores) return false;
  }
  return true;
}

// "registry.example:5000/team/image", as distribution's reference grammar has it, without tag and digest.
bool is_repository(std::string_view scope) {
  const size_t slash = scope.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view host = scope.substr(0, slash);
  if (const size_t colon = host.find(':'); colon != std::string_view::npos) {
    if (!parse_decimal(host.substr(colon + 1))) return false;
    host = host.substr(0, colon);
  }
  return std::ranges::all_of(split(host, '.'), [](std::string_view part) { return is_part(part, "-", true); }) &&
         std::ranges::all_of(split(scope.substr(slash + 1), '/'), [](std::string_view part) {
           return is_part(part, "._-", false) && has_single_separators(part);
         });
}

bool is_store_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

Status read_override(const json::Value& verification, TrustStatement& statement) {
  const auto override = verification.find("override");
  if (!override || override->is_null()) return {};
  if (!override->is_object()) return fail(Code::kMalformed, "\"override\" is no object");
  if (override->size() > 0 && statement.skips()) return invalid("the level \"skip\" cannot be overridden");
  for (const auto& [name, value] : override->members()) {
    const auto check = named<Check>(kCheckNames, name);
    const auto action = named<Action>(kActionNames, value.string().value_or(""));
    if (!check) return invalid(fmt::format("there is no check \"{}\" to override", printable(name)));
    if (!action) return invalid(fmt::format("\"{}\" is overridden by what is no action", name));
    if (*check == Check::kIntegrity) return invalid("\"integrity\" cannot be overridden");
    if (*action == kSkip && *check != Check::kRevocation) return invalid(fmt::format("\"{}\" cannot be skipped", name));
    statement.actions.at(static_cast<size_t>(*check)) = *action;
  }
  return {};
}

Status read_verification(const json::Value& entry, TrustStatement& statement) {
  TRY_ASSIGN(const json::Value verification, entry.require_object("signatureVerification"));
  TRY_ASSIGN(statement.level, verification.require_string("level"));
  const auto level = std::ranges::find(kLevels, statement.level, &Level::name);
  if (level == kLevels.end()) {
    return fail(Code::kInvalidArgument, fmt::format("there is no level \"{}\"", printable(statement.level)),
                "levels are strict, permissive, audit and skip");
  }
  statement.actions = level->actions;
  TRY(read_override(verification, statement));
  const auto when = verification.find("verifyTimestamp");
  if (!when || when->is_null()) return {};
  const auto text = when->string();
  if (text != "always" && text != "afterCertExpiry") {
    return invalid("\"verifyTimestamp\" is neither \"always\" nor \"afterCertExpiry\"");
  }
  statement.timestamp_after_expiry_only = *text == "afterCertExpiry";
  return {};
}

Status read_stores(const json::Value& entry, TrustStatement& statement) {
  TRY_ASSIGN(const std::vector<std::string> stores, strings(entry, "trustStores"));
  for (const std::string& text : stores) {
    const size_t colon = text.find(':');
    const auto type = named<StoreType>(kStoreNames, std::string_view(text).substr(0, colon));
    if (colon == std::string::npos || !type) {
      return fail(Code::kInvalidArgument, fmt::format("the trust store \"{}\" is of no kind", printable(text)),
                  "write it as ca:NAME, signingAuthority:NAME or tsa:NAME");
    }
    NamedStore store{.type = *type, .name = text.substr(colon + 1)};
    if (!is_store_name(store.name)) {
      return fail(Code::kInvalidArgument,
                  fmt::format("the trust store \"{}\" has no name of a folder", printable(text)),
                  "use letters, digits, \"_\", \".\" and \"-\"");
    }
    if (std::ranges::find(statement.stores, store) == statement.stores.end()) {
      statement.stores.push_back(std::move(store));
    }
  }
  return {};
}

Status read_identities(const json::Value& entry, TrustStatement& statement) {
  TRY_ASSIGN(const std::vector<std::string> identities, strings(entry, "trustedIdentities"));
  for (const std::string& text : identities) {
    if (text == kEverything) {
      if (identities.size() > 1) return invalid("\"*\" cannot stand beside other identities");
      statement.any_identity = true;
      return {};
    }
    const size_t colon = text.find(':');
    if (colon == std::string::npos) {
      return fail(Code::kInvalidArgument, fmt::format("the identity \"{}\" has no kind", printable(text)),
                  "write it as \"x509.subject: C=…, ST=…, O=…\"");
    }
    if (std::string_view(text).substr(0, colon) != kSubjectPrefix) continue;  // a plugin's: nobody has it here
    TRY_ASSIGN(DistinguishedName name, DistinguishedName::parse(std::string_view(text).substr(colon + 1)));
    for (const DistinguishedName& other : statement.identities) {
      if (name.is_part_of(other) || other.is_part_of(name)) {
        return invalid(fmt::format("the identity \"{}\" overlaps with another", printable(text)));
      }
    }
    statement.identities.push_back(std::move(name));
  }
  if (statement.identities.empty()) return invalid("there is no identity that is trusted");
  return {};
}

Status read_trust(const json::Value& entry, TrustStatement& statement) {
  if (!statement.skips()) {
    TRY(read_stores(entry, statement));
    if (statement.stores.empty()) return invalid("there is no trust store");
    return read_identities(entry, statement);
  }
  for (const std::string_view name : {"trustStores", "trustedIdentities"}) {
    TRY_ASSIGN(const std::vector<std::string> present, strings(entry, name));
    if (!present.empty()) return invalid(fmt::format("\"{}\" has no meaning at the level \"skip\"", name));
  }
  return {};
}

Status read_scopes(const json::Value& entry, TrustStatement& statement) {
  TRY_ASSIGN(statement.scopes, strings(entry, "registryScopes"));
  if (statement.scopes.empty()) return invalid("there are no registry scopes");
  statement.global = statement.scopes.front() == kEverything;
  if (statement.global && statement.scopes.size() == 1) return {};
  for (const std::string& scope : statement.scopes) {
    if (!is_repository(scope)) {
      return fail(Code::kInvalidArgument, fmt::format("the scope \"{}\" is no repository", printable(scope)),
                  "write registry/repository in full, without tag and digest, or \"*\" alone");
    }
  }
  return {};
}

Status read_global(const json::Value& entry, TrustStatement& statement) {
  const auto global = entry.find("globalPolicy");
  if (!global || global->is_null()) return {};
  if (!global->boolean()) return fail(Code::kMalformed, "\"globalPolicy\" is neither true nor false");
  statement.global = *global->boolean();
  return {};
}

Result<TrustStatement> read_statement(const json::Value& entry, TrustPolicy::Kind kind) {
  TrustStatement statement;
  TRY_ASSIGN(statement.name, entry.require_string("name"));
  if (statement.name.empty()) return invalid("\"name\" is empty");
  const auto rest = [&]() -> Status {
    TRY(read_verification(entry, statement));
    TRY(kind == TrustPolicy::Kind::kOci ? read_scopes(entry, statement) : read_global(entry, statement));
    if (statement.global && statement.skips()) return invalid("the level \"skip\" cannot be that of everything");
    return read_trust(entry, statement);
  };
  if (auto read = rest(); !read) {
    return fail(std::move(read).error().with_context(fmt::format("statement \"{}\"", printable(statement.name))));
  }
  return statement;
}

Result<std::vector<TrustStatement>> read_statements(const json::Value& root, TrustPolicy::Kind kind) {
  TRY_ASSIGN(const std::string_view version, root.require_string("version"));
  if (version != kVersion) {
    return fail(Code::kUnsupported, fmt::format("version \"{}\"", printable(version)), "version \"1.0\" is read here");
  }
  TRY_ASSIGN(const json::Value list, root.require_array("trustPolicies"));
  std::vector<TrustStatement> statements;
  std::set<std::string> names;
  std::set<std::string> scopes;
  size_t globals = 0;
  for (const json::Value entry : list.elements()) {
    TRY_ASSIGN(TrustStatement statement, read_statement(entry, kind));
    if (!names.insert(statement.name).second) {
      return invalid(fmt::format("two statements are called \"{}\"", printable(statement.name)));
    }
    for (const std::string& scope : statement.scopes) {
      if (!scopes.insert(scope).second) {
        return invalid(fmt::format("two statements are for \"{}\"", printable(scope)));
      }
    }
    if (statement.global && ++globals > 1) return invalid("two statements are for everything");
    statements.push_back(std::move(statement));
  }
  if (statements.empty()) return invalid("there are no statements");
  return statements;
}

const TrustStatement* first(const std::vector<TrustStatement>& statements, const auto& matches) {
  const auto found = std::ranges::find_if(statements, matches);
  return found == statements.end() ? nullptr : &*found;
}

}  // namespace

std::string_view name_of(Check check) {
  return kCheckNames.at(static_cast<size_t>(check));
}
std::string_view name_of(Action action) {
  return kActionNames.at(static_cast<size_t>(action));
}
std::string_view name_of(StoreType type) {
  return kStoreNames.at(static_cast<size_t>(type));
}

bool TrustStatement::has_store(StoreType type) const {
  return std::ranges::find(stores, type, &NamedStore::type) != stores.end();
}

Result<TrustPolicy> TrustPolicy::parse(std::string_view text, Kind kind) {
  TRY_ASSIGN(const json::Document document, parse_unambiguous(text, "the trust policy", kMaxPolicyBytes));
  TRY_CONTEXT(std::vector<TrustStatement> statements, read_statements(document.root(), kind), "the trust policy");
  return TrustPolicy(std::move(statements));
}

Result<const TrustStatement*> TrustPolicy::for_repository(std::string_view repository) const {
  if (!is_repository(repository)) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is no repository in full", printable(repository)));
  }
  const TrustStatement* found = first(statements_, [&](const TrustStatement& statement) {
    return std::ranges::find(statement.scopes, repository) != statement.scopes.end();
  });
  if (found == nullptr) found = first(statements_, [](const TrustStatement& statement) { return statement.global; });
  if (found != nullptr) return found;
  return fail(Code::kNotFound, fmt::format("no statement of the trust policy is for \"{}\"", repository),
              "add the repository to the scopes of one, or a statement for \"*\"");
}

Result<const TrustStatement*> TrustPolicy::for_blob(std::string_view name) const {
  const TrustStatement* found = first(statements_, [&](const TrustStatement& statement) {
    return name.empty() ? statement.global : statement.name == name;
  });
  if (found != nullptr) return found;
  return fail(Code::kNotFound, name.empty() ? "no statement of the trust policy is a global one"
                                            : fmt::format("the trust policy has no statement \"{}\"", printable(name)));
}

}  // namespace bulkhead::notation

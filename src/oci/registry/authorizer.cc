#include "oci/registry/authorizer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "net/url.h"
#include "oci/registry/registry_error.h"

namespace bulkhead::oci {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{1} << 20;
constexpr std::string_view kClientId = "bulkhead";

Secret basic_header(std::string_view user, const Secret& password) {
  Secret pair(fmt::format("{}:{}", user, password.reveal()));
  Secret encoded(base64_encode(as_bytes(pair.reveal())));
  return Secret(fmt::format("Basic {}", encoded.reveal()));
}

Secret bearer_header(const Secret& token) {
  return Secret(fmt::format("Bearer {}", token.reveal()));
}

// "dG9rZW4" of "Bearer dG9rZW4"; a view into it.
std::string_view without_scheme(const Secret& header) {
  return header.reveal().substr(header.reveal().find(' ') + 1);
}

// Of all challenges in all fields the strongest that we can answer: Bearer, then Basic.
Result<net::Challenge> choose_challenge(const net::Response& response) {
  std::vector<net::Challenge> challenges;
  for (const std::string_view field : response.headers.find_all("WWW-Authenticate")) {
    TRY_CONTEXT(auto parsed, net::parse_challenges(field), response.display_url);
    std::ranges::move(parsed, std::back_inserter(challenges));
  }
  for (const std::string_view scheme : {"bearer", "basic"}) {
    const auto found = std::ranges::find(challenges, scheme, &net::Challenge::scheme);
    if (found != challenges.end()) return *found;
  }
  if (challenges.empty()) {
    return fail(Code::kUnauthenticated,
                fmt::format("{}: the server answered 401 without saying how to log in", response.display_url));
  }
  return fail(Code::kUnsupported,
              fmt::format("{}: the server wants the authentication scheme '{}'; Bearer and Basic are supported",
                          response.display_url, printable(challenges.front().scheme)));
}

void append_parameter(std::string& query, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!query.empty()) query += '&';
  query += name;
  query += '=';
  query += net::percent_encode(value);
}

}  // namespace

std::string Scope::to_string() const {
  return fmt::format("repository:{}:{}", repository, push ? "pull,push" : "pull");
}

Result<Token> parse_token(std::string_view text) {
  TRY_ASSIGN(const json::Document document,
             json::Document::parse(text, {.max_bytes = kMaxAnswerBytes, .max_depth = 16}));
  const json::Value root = document.root();
  std::string_view value = root.string_or("token", "");
  if (value.empty()) value = root.string_or("access_token", "");
  if (value.empty()) return fail(Code::kMalformed, "the token server's answer holds no token");
  if (value.size() > kMaxTokenBytes) {
    return fail(Code::kLimitExceeded,
                fmt::format("the token server's answer holds a token of {} bytes; at most {} are sent", value.size(),
                            kMaxTokenBytes));
  }
  if (!net::is_valid_field("Authorization", value)) {
    return fail(Code::kMalformed, "the token server's answer holds a token that cannot be sent");
  }
  Token token{.value = Secret::copy_of(value)};
  if (const auto expires = root.find("expires_in"); expires && expires->integer()) {
    token.lifetime = std::chrono::seconds(std::clamp<int64_t>(*expires->integer(), 60, 86'400));
  }
  return token;
}

Secret Authorizer::current_locked(const Scope& scope) const {
  const auto found = access_.find(scope);
  if (found == access_.end() || (found->second.expires && Clock::now() >= *found->second.expires)) return {};
  return found->second.header;
}

Secret Authorizer::current(const Scope& scope) {
  const std::scoped_lock lock(mutex_);
  return current_locked(scope);
}

Result<Secret> Authorizer::answer(const net::Response& response, const Scope& scope, const Secret& refused,
                                  bool plain_http) {
  TRY_ASSIGN(const net::Challenge challenge, choose_challenge(response));
  const std::scoped_lock lock(mutex_);
  // Another thread may have been here while we waited.
  if (Secret known = current_locked(scope); !known.empty() && known.reveal() != refused.reveal()) return known;
  const CredentialStore::Found found = store_.find(domain_, scope.repository);
  if (found.credentials) note_sent(*found.credentials);
  Access access;
  if (challenge.scheme == "basic") {
    if (!found.credentials || found.credentials->username.empty())
      return fail(denied(found, "it wants a user and a password"));
    access.header = basic_header(found.credentials->username, found.credentials->password);
  } else {
    TRY_ASSIGN(access, from_bearer(challenge, scope, found, plain_http));
  }
  Access& kept = access_[scope];
  access.previous = std::move(kept.header);
  kept = std::move(access);
  return kept.header;
}

void Authorizer::note_sent(const Credentials& credentials) {
  for (const Secret* const secret : {&credentials.password, &credentials.identity_token, &credentials.registry_token}) {
    if (secret->empty()) continue;
    Secret encoded(net::percent_encode(secret->reveal()));
    sent_credentials_.add(secret->reveal());
    sent_credentials_.add(encoded.reveal());
  }
  if (credentials.password.empty()) return;
  sent_credentials_.add(without_scheme(basic_header(credentials.username, credentials.password)));
}

SecretFilter Authorizer::sent() {
  const std::scoped_lock lock(mutex_);
  SecretFilter sent = sent_credentials_;
  for (const auto& [scope, access] : access_) {
    for (const Secret* const header : {&access.header, &access.previous}) sent.add(without_scheme(*header));
  }
  return sent;
}

Result<Authorizer::Access> Authorizer::from_bearer(const net::Challenge& challenge, const Scope& scope,
                                                   const CredentialStore::Found& found, bool plain_http) {
  if (found.credentials && !found.credentials->registry_token.empty()) {
    return Access{.header = bearer_header(found.credentials->registry_token), .expires = std::nullopt};
  }
  TRY_ASSIGN(const Token token, fetch_token(challenge, scope, found, plain_http));
  // A tenth of its life is left for the request that is about to carry it.
  return Access{.header = bearer_header(token.value), .expires = Clock::now() + token.lifetime * 9 / 10};
}

Result<Token> Authorizer::fetch_token(const net::Challenge& challenge, const Scope& scope,
                                      const CredentialStore::Found& found, bool plain_http) {
  const auto realm = net::Url::parse(challenge.find("realm").value_or(""));
  if (!realm) {
    return fail(Code::kMalformed,
                fmt::format("{}: the registry names no usable token server: {}", domain_, realm.error().message()));
  }
  if (!realm->is_tls() && !plain_http) {
    return fail(Code::kUnsupported,
                fmt::format("{}: the registry names a token server without TLS ({}), which is refused", domain_,
                            realm->for_display()));
  }
  const std::string default_scope = scope.to_string();
  std::string query;
  append_parameter(query, "service", challenge.find("service").value_or(""));
  append_parameter(query, "scope", challenge.find("scope").value_or(default_scope));

  net::Request request;
  request.url = realm->text();
  request.timeouts = options_.timeouts;
  request.retry = options_.retry;
  request.timeouts.body = options_.document_time;
  request.max_body_bytes = kMaxAnswerBytes;
  request.stop = options_.stop;
  const bool refreshes = found.credentials && !found.credentials->identity_token.empty();
  if (refreshes) {
    // RFC 6749 section 6, as distribution's oauth document profiles it.
    append_parameter(query, "grant_type", "refresh_token");
    append_parameter(query, "client_id", kClientId);
    append_parameter(query, "refresh_token", found.credentials->identity_token.reveal());
    request.method = "POST";
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    request.body = query;
  } else {
    request.url += (realm->text().contains('?') ? "&" : "?") + query;
    if (found.credentials)
      request.authorization = basic_header(found.credentials->username, found.credentials->password);
  }
  auto response = client_.send(request);
  wipe(request.body);
  wipe(query);
  if (!response) return fail(std::move(response).error().with_context(fmt::format("{}: token server", domain_)));
  if (response->status == 401 || response->status == 403) {
    return fail(
        denied(found, fmt::format("its token server ({}) answered {}", realm->for_display(), response->status)));
  }
  if (!response->is_success()) {
    return fail(
        registry_error(*response, domain_, sent_credentials_).with_context(fmt::format("{}: token server", domain_)));
  }
  auto text = read_all(*response->body, kMaxAnswerBytes, realm->for_display());
  if (!text) return fail(std::move(text).error().with_context(fmt::format("{}: token server", domain_)));
  const Secret body(*std::move(text));
  auto token = parse_token(body.reveal());
  if (!token) return fail(std::move(token).error().with_context(fmt::format("{}: token server", realm->for_display())));
  return token;
}

Error Authorizer::denial(const Scope& scope) {
  return denied(store_.find(domain_, scope.repository),
                fmt::format("the registry refuses access to {}", scope.repository));
}

Error Authorizer::denied(const CredentialStore::Found& found, std::string_view why) const {
  std::string problems;
  for (const std::string& problem : found.problems) problems += fmt::format("; {}", problem);
  if (!found.credentials) {
    return {Code::kUnauthenticated,
            fmt::format("{}: access needs credentials and none are known: {}{}", domain_, why, problems),
            fmt::format("check the image's name, or log in: docker login {0} (or podman login {0})", domain_)};
  }
  return {Code::kUnauthenticated,
          fmt::format("{}: the credentials of '{}' from {} do not give access: {}{}", domain_,
                      found.credentials->username.empty() ? "<token>" : printable(found.credentials->username),
                      found.credentials->origin, why, problems),
          fmt::format("log in again: docker login {0} (or podman login {0})", domain_)};
}

}  // namespace bulkhead::oci

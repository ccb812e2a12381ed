// Getting access to one registry: answers its challenges with the user's credentials, and keeps what it got.
//
// Source: OCI distribution-spec v1.1 leaves this to the "Docker Registry v2 authentication" documents (distribution/
// distribution, docs/spec/auth: token, jwt, scope, oauth): on a 401 with a Bearer challenge a token is fetched from the
// realm that it names, for a service and a scope; with Basic the credentials are sent themselves.
//
// Where credentials go: to the registry that they are stored for, and to the realm that this very registry names; over
// plain HTTP only when the registry itself is reached so. They never appear in an error, also not when a server repeats
// them.
#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "net/challenge.h"
#include "net/http_client.h"
#include "oci/registry/credential_store.h"
#include "oci/registry/options.h"

namespace bulkhead::oci {

// What a token server answered. Pure.
struct Token {
  Secret value;
  std::chrono::seconds lifetime{60};
};
// Members token or access_token, and expires_in; the lifetime is kept within a minute and a day. kMalformed, also for a
// token that no header can carry; kLimitExceeded past kMaxTokenBytes. Errors quote nothing of the answer.
inline constexpr size_t kMaxTokenBytes = size_t{64} << 10;
Result<Token> parse_token(std::string_view json);

// What access is wanted to: a repository, to read it or also to write to it. Each has its own token, so that one that
// only reads is never tried for a push: some registries answer that with 403, which no fresh token mends.
struct Scope {
  std::string repository;
  bool push = false;

  std::string to_string() const;  // "repository:team/app:pull,push"
  friend auto operator<=>(const Scope&, const Scope&) = default;
};

// Thread-safe. What it is given must outlive it.
class Authorizer {
 public:
  // `domain`: under which the user's credentials are stored ("docker.io", "localhost:5000").
  Authorizer(std::string domain, const net::Client& client, const RegistryOptions& options, CredentialStore& store)
      : domain_(std::move(domain)), client_(client), options_(options), store_(store) {}

  // The Authorization to send for this scope; empty when none is known (yet).
  Secret current(const Scope& scope);

  // After a 401 to a request that carried `refused`: what to send instead. `plain_http`: the registry is reached
  // without TLS. kUnauthenticated, with what to do, when there is nothing better to send; the errors of the token
  // server.
  Result<Secret> answer(const net::Response& response, const Scope& scope, const Secret& refused, bool plain_http);

  // The error of a 401 to what answer() has just given.
  Error denial(const Scope& scope);

  // The secrets that were sent to the registry or its token server: what comes from there may repeat them.
  SecretFilter sent();

 private:
  using Clock = std::chrono::steady_clock;
  struct Access {
    Secret header;
    std::optional<Clock::time_point> expires{};  // nothing: holds until it is refused
    Secret previous{};
  };

  void note_sent(const Credentials& credentials);
  Secret current_locked(const Scope& scope) const;
  Result<Access> from_bearer(const net::Challenge& challenge, const Scope& scope, const CredentialStore::Found& found,
                             bool plain_http);
  Result<Token> fetch_token(const net::Challenge& challenge, const Scope& scope, const CredentialStore::Found& found,
                            bool plain_http);
  Error denied(const CredentialStore::Found& found, std::string_view why) const;

  const std::string domain_;
  const net::Client& client_;
  const RegistryOptions& options_;
  CredentialStore& store_;
  std::mutex mutex_;                // held while a token is fetched: others wait for it
  std::map<Scope, Access> access_;  // guarded by mutex_
  SecretFilter sent_credentials_;   // guarded by mutex_
};

}  // namespace bulkhead::oci

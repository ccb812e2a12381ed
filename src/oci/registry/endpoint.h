// One place that serves a registry's API: the registry itself, or a mirror of it.
// Source: OCI distribution-spec v1.1, "Endpoints"; for mirrors the `ns` parameter as containerd sends it.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "net/url.h"
#include "oci/registry/authorizer.h"
#include "oci/registry/options.h"

namespace bulkhead::oci {

// A request to /v2/<repository>/<path>.
struct RegistryCall {
  std::string method = "GET";
  std::string repository;
  std::string path;  // "manifests/latest", "blobs/sha256:…"
  // The whole URL instead, where the registry named the place itself (an upload, the next page of a list). Of another
  // origin than the registry's it gets no credentials; without TLS it is refused (kUnsupported) unless the registry
  // itself has none.
  std::string url{};
  net::Headers headers;
  std::string body{};
  bool push = false;  // needs the right to write
  net::RetryPolicy retry;
  std::optional<std::chrono::milliseconds> body_time{};
};

// Thread-safe. What it is given must outlive it.
class Endpoint {
 public:
  // The registry of a reference's domain. HTTPS; only where plain HTTP is allowed (loopback hosts, and
  // insecure_registries) the first use finds out which of the two it speaks, trying HTTPS first.
  Endpoint(std::string domain, const net::Client& client, const RegistryOptions& options, CredentialStore& store);
  // A mirror of `domain` at `base_url`, whose scheme decides.
  Endpoint(std::string domain, std::string base_url, const net::Client& client, const RegistryOptions& options,
           CredentialStore& store);

  bool is_mirror() const { return !mirror_url_.empty(); }
  const std::string& name() const { return is_mirror() ? mirror_url_ : domain_; }  // for messages

  // The answer, whatever its status but 401, which is kUnauthenticated after credentials were tried.
  Result<net::Response> send(const RegistryCall& call);
  // The error of such an answer (registry_error.h).
  Error error_of(net::Response& response);

 private:
  struct Base {
    std::string url;  // without a slash at its end
    std::string origin;
    bool is_tls = true;
  };
  Result<net::Url> target_of(const RegistryCall& call, const Base& base) const;
  Result<net::Response> send_with_credentials(const RegistryCall& call);
  Result<Base> base();
  Result<Base> find_base() const;

  const std::string domain_;
  const std::string mirror_url_;
  const net::Client& client_;
  const RegistryOptions& options_;
  std::unique_ptr<Authorizer> authorizer_;
  std::mutex mutex_;
  Base base_;  // guarded by mutex_; empty until found
};

// The host that serves a domain's API: "docker.io" is registry-1.docker.io, all others are themselves.
std::string api_host(std::string_view domain);

}  // namespace bulkhead::oci

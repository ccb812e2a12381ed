// Where an engine listens: its address, and how to find it as the engines' own command lines do.
//
// Sources: docker/cli, docs of "docker" (Environment variables) and cli/context/store (contexts on disk);
// podman-system- service(1) and containers.conf(5) for Podman's sockets. Values; thread-safe to read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "net/http_client.h"

namespace bulkhead::engine {

struct Address {
  std::string unix_socket;  // path; empty for TCP
  std::string url;          // "http://localhost" for a socket; "https://host:2376", without a slash at its end
  net::TlsOptions tls;
  std::string origin;   // who says so, for messages: "$DOCKER_HOST", "docker context 'remote'", "the default"
  bool chosen = false;  // by the user; else one of the usual places, where there may be nothing

  std::string to_string() const;  // "unix:///var/run/docker.sock", "tcp://host:2376"
};

// "unix:///path", "tcp://host:port" (with TLS when `use_tls`), "http://…", "https://…". kInvalidArgument; kUnsupported
// for ssh, npipe and fd, with what to do instead.
Result<Address> parse_address(std::string_view text, const net::TlsOptions& tls, bool use_tls, std::string origin);

// The addresses to try, in order. One that the user set (DOCKER_HOST, DOCKER_CONTEXT or the current context;
// CONTAINER_HOST) is the only one; else the usual sockets: /var/run/docker.sock, then those of a rootless engine and of
// Docker Desktop; Podman's of the user and of the system. Reads docker's config.json and the context's files. Errors
// name the variable or file that cannot be followed.
Result<std::vector<Address>> docker_addresses(const Environment& environment);
Result<std::vector<Address>> podman_addresses(const Environment& environment);

// Where any engine of this machine may be: Docker's addresses, and when the user chose none of them, Podman's too.
Result<std::vector<Address>> engine_addresses(const Environment& environment);

// What a user writes for an engine: an address as of parse_address(), with the TLS settings that docker takes with
// $DOCKER_HOST (DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH); "context:NAME", a docker context; "docker:" and
// "podman:", the addresses above. Several are to be tried in order. Errors name `origin` ("--host"), variable or file.
Result<std::vector<Address>> named_addresses(std::string_view text, const Environment& environment,
                                             const std::string& origin);

}  // namespace bulkhead::engine

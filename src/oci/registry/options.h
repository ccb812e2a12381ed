// How registries are reached: filled at the edge (command line, server), never from the environment here.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "net/http_client.h"

namespace bulkhead::oci {

struct RegistryOptions {
  net::ClientOptions http{};  // user agent, proxies, extra authorities, client certificates
  net::Timeouts timeouts{};
  // Of a manifest, an index, a configuration or a token, from the head of the answer to its end. Layers may take as
  // long as something comes.
  std::chrono::milliseconds document_time{60'000};
  net::RetryPolicy retry{};

  // Files in the format of docker's config.json and podman's auth.json; the first that knows the registry decides.
  // Files that do not exist are passed over.
  std::vector<std::string> auth_files{};
  // A docker-credential-* program is ended after this long.
  std::chrono::milliseconds helper_timeout{30'000};
  // Folders with a folder for each registry ("registry.example.com:5000/"), in which *.crt are authorities that are
  // trusted for it in addition, and *.cert with *.key is our certificate. Those that do not exist are passed over.
  std::vector<std::string> certificate_dirs{};

  // Base URLs ("https://mirror.example.com", perhaps with a path) that are asked, in order, before the registry itself.
  // The key is a reference's domain: "docker.io".
  std::map<std::string, std::vector<std::string>> mirrors{};
  // "host[:port]" (kInvalidArgument of open() when it is not): plain HTTP is allowed, and no certificate is verified.
  std::vector<std::string> insecure_registries{};

  // A blob that is larger is sent in pieces of this size (OCI distribution-spec v1.1, "Pushing a blob in chunks").
  uint64_t upload_chunk_bytes = uint64_t{16} << 20;

  // Layers that must not be redistributed (of Windows base images, mostly) are fetched from the URLs that the manifest
  // names, where the registry does not have them. Off: such a layer stays unread.
  bool fetch_foreign_layers = false;

  std::stop_token stop{};
  // Told what is no error but worth knowing: a mirror that is passed over, unusable credentials. From any thread.
  std::function<void(const std::string&)> notice{};

  // Everything that has a conventional place: proxies, auth_files ($REGISTRY_AUTH_FILE, else podman's auth.json and
  // $DOCKER_CONFIG/config.json or ~/.docker/config.json), certificate_dirs (/etc/docker/certs.d, containers' certs.d).
  static RegistryOptions from_environment(const Environment& environment);
};

}  // namespace bulkhead::oci

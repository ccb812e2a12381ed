#include "oci/registry/options.h"

namespace bulkhead::oci {

// Order of containers-auth.json(5), then docker's own.
RegistryOptions RegistryOptions::from_environment(const Environment& environment) {
  RegistryOptions options;
  options.http.proxies = net::ProxyOptions::from_environment(environment);
  const auto home = non_empty(environment, "HOME");
  const auto config_home = non_empty(environment, "XDG_CONFIG_HOME");
  const auto containers_config = config_home ? *config_home + "/containers" : home ? *home + "/.config/containers" : "";

  if (const auto named = non_empty(environment, "REGISTRY_AUTH_FILE")) {
    options.auth_files.push_back(*named);
  } else {
    if (const auto runtime = non_empty(environment, "XDG_RUNTIME_DIR")) {
      options.auth_files.push_back(*runtime + "/containers/auth.json");
    }
    if (!containers_config.empty()) options.auth_files.push_back(containers_config + "/auth.json");
    if (const auto docker = non_empty(environment, "DOCKER_CONFIG")) {
      options.auth_files.push_back(*docker + "/config.json");
    } else if (home) {
      options.auth_files.push_back(*home + "/.docker/config.json");
    }
  }

  if (!containers_config.empty()) options.certificate_dirs.push_back(containers_config + "/certs.d");
  options.certificate_dirs.emplace_back("/etc/containers/certs.d");
  options.certificate_dirs.emplace_back("/etc/docker/certs.d");
  return options;
}

}  // namespace bulkhead::oci

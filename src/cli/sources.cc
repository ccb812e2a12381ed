#include "cli/sources.h"

#include <utility>

#include <fmt/format.h>

#include "cli/environment.h"
#include "cli/terminal.h"
#include "engine/engine_source.h"
#include "oci/registry/options.h"
#include "oci/registry/registry_source.h"

namespace bulkhead::cli {
namespace {

constexpr const char* kUserAgent = "bulkhead/" BULKHEAD_VERSION;

Result<std::unique_ptr<oci::ImageSource>> make_registry(const ImageFlags& flags, const Environment& environment,
                                                        const std::stop_token& stop) {
  oci::RegistryOptions options = oci::RegistryOptions::from_environment(environment);
  options.http.user_agent = kUserAgent;
  options.http.tls.ca_files = flags.ca_files;
  options.insecure_registries = flags.insecure_registries;
  options.fetch_foreign_layers = flags.fetch_foreign_layers;
  for (const auto& [registry, url] : flags.mirrors) options.mirrors[registry].push_back(url);
  options.stop = stop;
  options.notice = [](const std::string& text) { print_notice(text); };
  return oci::make_registry_source(std::move(options));
}

}  // namespace

Result<std::vector<std::unique_ptr<oci::ImageSource>>> make_sources(const ImageFlags& flags,
                                                                    const std::stop_token& stop) {
  std::vector<std::unique_ptr<oci::ImageSource>> sources;
  const Environment environment = process_environment();
  engine::EngineOptions docker = engine::EngineOptions::docker(environment);
  engine::EngineOptions podman = engine::EngineOptions::podman(environment);
  docker.client.stop = podman.client.stop = stop;
  docker.client.user_agent = podman.client.user_agent = kUserAgent;
  sources.push_back(engine::make_docker_source(std::move(docker)));
  sources.push_back(engine::make_podman_source(std::move(podman)));
  if (!flags.offline) {
    TRY_ASSIGN(auto registry, make_registry(flags, environment, stop));
    sources.push_back(std::move(registry));
  }
  return sources;
}

}  // namespace bulkhead::cli

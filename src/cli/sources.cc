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

// --mirror docker.io=https://mirror.example
Status add_mirror(const std::string& text, oci::RegistryOptions& options) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
    return fail(Code::kInvalidArgument, fmt::format("--mirror: \"{}\" is not REGISTRY=URL", text),
                "write it as docker.io=https://mirror.example");
  }
  options.mirrors[text.substr(0, equals)].push_back(text.substr(equals + 1));
  return {};
}

Result<std::unique_ptr<oci::ImageSource>> make_registry(const ImageArguments& arguments, const Environment& environment,
                                                        const std::stop_token& stop) {
  oci::RegistryOptions options = oci::RegistryOptions::from_environment(environment);
  options.http.user_agent = kUserAgent;
  options.http.tls.ca_files = arguments.ca_files;
  options.insecure_registries = arguments.insecure_registries;
  options.fetch_foreign_layers = arguments.fetch_foreign_layers;
  for (const std::string& mirror : arguments.mirrors) TRY(add_mirror(mirror, options));
  options.stop = stop;
  options.notice = [](const std::string& text) { print_notice(text); };
  return oci::make_registry_source(std::move(options));
}

}  // namespace

Result<std::vector<std::unique_ptr<oci::ImageSource>>> make_sources(const ImageArguments& arguments,
                                                                    const std::stop_token& stop) {
  std::vector<std::unique_ptr<oci::ImageSource>> sources;
  const Environment environment = process_environment();
  engine::EngineOptions docker = engine::EngineOptions::docker(environment);
  engine::EngineOptions podman = engine::EngineOptions::podman(environment);
  docker.client.stop = podman.client.stop = stop;
  docker.client.user_agent = podman.client.user_agent = kUserAgent;
  sources.push_back(engine::make_docker_source(std::move(docker)));
  sources.push_back(engine::make_podman_source(std::move(podman)));
  if (!arguments.offline) {
    TRY_ASSIGN(auto registry, make_registry(arguments, environment, stop));
    sources.push_back(std::move(registry));
  }
  return sources;
}

}  // namespace bulkhead::cli

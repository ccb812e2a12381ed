#include "cli/sources.h"

#include <utility>

#include <fmt/format.h>

#include "cli/environment.h"
#include "engine/engine_source.h"
#include "oci/registry/options.h"
#include "oci/registry/registry_source.h"

namespace bulkhead::cli {
namespace {

// Stands where the registry would, under --offline: a search without a prefix says that it was not asked.
class RegistryNotAsked final : public oci::ImageSource {
 public:
  std::string_view scheme() const override { return "registry"; }
  std::string description() const override { return "its registry"; }
  Result<oci::OpenedImage> open(std::string_view /*reference*/, const oci::OpenOptions& /*options*/) override {
    return fail(Code::kUnavailable, "not asked under --offline");
  }
};

// Only engines behind a socket of this machine: TCP is a network, wherever it leads.
void forbid_network(engine::EngineOptions& options) {
  options.addresses = [find = std::move(options.addresses)]() -> Result<std::vector<engine::Address>> {
    TRY_ASSIGN(std::vector<engine::Address> addresses, find());
    for (const engine::Address& address : addresses) {
      if (!address.unix_socket.empty()) continue;
      return fail(Code::kUnavailable,
                  fmt::format("{}: {} is not asked under --offline", address.origin, address.to_string()),
                  "leave --offline out, or name a socket (unix:///path)");
    }
    return addresses;
  };
}

}  // namespace

Result<std::vector<std::unique_ptr<oci::ImageSource>>> make_sources(const ImageFlags& flags,
                                                                    const std::stop_token& stop) {
  std::vector<std::unique_ptr<oci::ImageSource>> sources;
  const Environment environment = process_environment();
  engine::EngineOptions docker = engine::EngineOptions::docker(environment);
  engine::EngineOptions podman = engine::EngineOptions::podman(environment);
  docker.client.stop = podman.client.stop = stop;
  docker.client.user_agent = podman.client.user_agent = user_agent();
  if (flags.offline) {
    forbid_network(docker);
    forbid_network(podman);
  }
  sources.push_back(engine::make_docker_source(std::move(docker)));
  sources.push_back(engine::make_podman_source(std::move(podman)));
  if (flags.offline) {
    sources.push_back(std::make_unique<RegistryNotAsked>());
  } else {
    oci::RegistryOptions options = flags.registry.options(environment, stop);
    options.fetch_foreign_layers = flags.fetch_foreign_layers;
    sources.push_back(oci::make_registry_source(std::move(options)));
  }
  return sources;
}

}  // namespace bulkhead::cli

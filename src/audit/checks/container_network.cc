// Ports that a container opens on its host, and the default bridge.
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "audit/checks/container_checks.h"
#include "audit/checks/shared_namespace.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kPorts = "/NetworkSettings/Ports";
constexpr std::string_view kNetworkMode = kNetworkNamespace.where;

// However it is written: "0.0.0.0", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"; what is no address may be all of them.
bool is_every_interface(std::string_view address) {
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  const std::string text(address.substr(0, address.find('%')));
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return v4.s_addr == 0;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return true;
  const std::span<const uint8_t> bytes(v6.s6_addr);
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6) != 0;
  return std::ranges::all_of(mapped ? bytes.subspan(12) : bytes, [](uint8_t byte) { return byte == 0; });
}

// "0.0.0.0:8080 to 80/tcp".
std::string describe(const PublishedPort& port) {
  const std::string_view address = port.host_address;
  const bool bare_v6 = address.find(':') != std::string_view::npos && !address.starts_with('[');
  return fmt::format("{}:{} to {}",
                     address.empty() ? std::string("every address")
                     : bare_v6       ? fmt::format("[{}]", address)
                                     : std::string(address),
                     port.host_port == 0 ? "a port chosen at start" : std::to_string(port.host_port),
                     port.container_port);
}

// Whose network a container has: its own, or the one that it joined.
struct NetworkOwner {
  const ContainerDetails& details;
  std::string of;  // " of container proxy", for evidence; empty: its own
};

// For checks of every container's network. One that is another's is judged by that: what it opens there is open.
template <typename Judge>
void each_network(const Facts& facts, Sink& sink, Judge judge) {
  const ContainerIndex index(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails&) {
    const auto chain = index.to_owner(container, kNetworkNamespace);
    if (!chain) return sink.error(object_of(container), chain.error());
    const Container& owner = *chain->back();
    NetworkOwner network{*owner.details, {}};
    if (&owner != &container) network.of = fmt::format(" of container {}", owner.name);
    const std::string& mode = network.details.network_mode;
    if (mode.starts_with(kNamespaceOfPath)) {
      return sink.manual(object_of(container), {{std::string(kNetworkMode) + network.of, mode, "a network of its own"}},
                         "it joins a network by its file: whose that is, the engine does not tell");
    }
    judge(container, network);
  });
}

// The same for what is published there. With the host's network it may open any port, and the engine knows nothing of
// it.
template <typename Judge>
void each_published(const Facts& facts, Sink& sink, Judge judge) {
  each_network(facts, sink, [&](const Container& container, const NetworkOwner& network) {
    if (network.details.network_mode == "host") {
      return sink.manual(object_of(container), {{std::string(kNetworkMode) + network.of, "host", "anything but host"}},
                         "it shares the host's network: which ports it opens, the engine does not know");
    }
    judge(container, network, std::string(kPorts) + network.of);
  });
}

// For checks of ports: fails with those that `faulty` says.
template <typename Faulty>
void judge_ports(const Facts& facts, Sink& sink, std::string_view wanted, Faulty faulty) {
  each_published(facts, sink, [&](const Container& container, const NetworkOwner& network, const std::string& where) {
    const std::vector<PublishedPort>& ports = network.details.ports;
    std::vector<Evidence> faults;
    for (const PublishedPort& port : ports) {
      if (faulty(port)) faults.push_back({where, describe(port), std::string(wanted)});
    }
    if (!faults.empty()) return sink.fail(object_of(container), std::move(faults));
    sink.pass(object_of(container),
              {{where, ports.empty() ? "none published" : fmt::format("{} published, none so", ports.size()),
                std::string(wanted)}});
  });
}

void check_privileged_ports(const Facts& facts, Sink& sink) {
  constexpr uint16_t kFirstUnprivileged = 1024;
  judge_ports(facts, sink, "1024 or above",
              [](const PublishedPort& port) { return port.host_port != 0 && port.host_port < kFirstUnprivileged; });
}

void check_port_address(const Facts& facts, Sink& sink) {
  judge_ports(facts, sink, "an address of one interface",
              [](const PublishedPort& port) { return is_every_interface(port.host_address); });
}

// Those of the engine's networks in which every port of a container can be reached, published or not.
bool is_unprotected(const Facts& facts, std::string_view name) {
  if (!facts.networks) return false;  // daemon.network-gateways says why
  return std::ranges::any_of(*facts.networks, [&](const Network& network) {
    return network.name == name && std::ranges::any_of(network.options, [](const auto& option) {
             return option.first.starts_with("com.docker.network.bridge.gateway_mode_") &&
                    option.second == "nat-unprotected";
           });
  });
}

void check_open_ports(const Facts& facts, Sink& sink) {
  constexpr std::string_view kWanted = "only those that are needed";
  each_published(facts, sink, [&](const Container& container, const NetworkOwner& network, const std::string& where) {
    std::vector<Evidence> evidence;
    for (const PublishedPort& port : network.details.ports) {
      evidence.push_back({where, describe(port), std::string(kWanted)});
    }
    for (const std::string& name : network.details.networks) {
      if (!is_unprotected(facts, name)) continue;
      evidence.push_back({"/NetworkSettings/Networks" + network.of,
                          fmt::format("{}, nat-unprotected: every port", name), std::string(kWanted)});
    }
    if (evidence.empty()) {
      return sink.pass(object_of(container), {{where, "none published", std::string(kWanted)}});
    }
    sink.manual(object_of(container), std::move(evidence), "which ports are needed is for a person to say");
  });
}

void check_default_bridge(const Facts& facts, Sink& sink) {
  each_network(facts, sink, [&](const Container& container, const NetworkOwner& network) {
    const ContainerDetails& details = network.details;
    const std::string_view bridge = facts.engine && facts.engine->podman ? "podman" : "bridge";
    // One that has never run may not be on its network yet: then its mode says which it will be.
    const bool will_be = details.networks.empty() && (details.network_mode == "default" ||
                                                      (details.network_mode == "bridge" && bridge == "bridge"));
    const bool is = std::ranges::find(details.networks, bridge) != details.networks.end();
    const std::string networks =
        details.networks.empty() ? "none" : fmt::format("{}", fmt::join(details.networks, ", "));
    const std::string mode = details.network_mode.empty() ? "not set" : details.network_mode;
    sink.judge(!is && !will_be, object_of(container),
               {{"/NetworkSettings/Networks" + network.of, networks, "a network of its own"},
                {std::string(kNetworkMode) + network.of, mode, "a network of its own"}});
  });
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.privileged-ports", check_privileged_ports},
    {"container.open-ports", check_open_ports},
    {"container.port-address", check_port_address},
    {"container.default-bridge", check_default_bridge},
});

}  // namespace

std::span<const Check> container_network_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

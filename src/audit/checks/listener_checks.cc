#include "audit/checks/listener_checks.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/lookup.h"
#include "audit/checks/swarm_object.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kManagerPort = ":2377";
constexpr std::string_view kGossipPort = ":7946";

// Of /info's warnings, with which an engine tells it to clients that cannot look at its host. The first is about an API
// without TLS, the second about one that takes any client.
struct ApiWarning {
  std::string_view text;
  std::string_view found;
};
constexpr std::array kApiWarnings = std::to_array<ApiWarning>({
    {.text = "API is accessible on http://", .found = "without encryption"},
    {.text = "API is accessible on https://", .found = "TLS, any client"},
});

// A port that the daemon keeps for a container or a service.
bool is_published(const Facts& facts, const Listener& listener) {
  const auto is_its = [&](const PublishedPort& port) {
    return port.host_port != 0 && listener.address.ends_with(fmt::format(":{}", port.host_port));
  };
  const auto publishes = [&](const std::vector<PublishedPort>& ports) { return std::ranges::any_of(ports, is_its); };
  const auto container_publishes = [&](const Container& container) {
    return container.details && publishes(container.details->ports);
  };
  if (std::ranges::any_of(facts.other_containers, container_publishes)) return true;
  if (facts.containers && std::ranges::any_of(*facts.containers, container_publishes)) return true;
  return facts.swarm && facts.swarm->services &&
         std::ranges::any_of(*facts.swarm->services,
                             [&](const SwarmService& service) { return publishes(service.ports); });
}

// An address that the daemon listens on for something else than its API.
bool is_other_service(const Facts& facts, const Listener& listener) {
  if (listener.purpose != Listener::Purpose::kApi && is_published(facts, listener)) return true;
  const bool swarm = facts.engine && !facts.engine->swarm_state.empty() && facts.engine->swarm_state != "inactive";
  if (swarm && (listener.address.ends_with(kManagerPort) || listener.address.ends_with(kGossipPort))) return true;
  const auto metrics = setting_of(facts, "metrics-addr");
  if (!metrics || !*metrics) return false;
  return std::ranges::any_of((*metrics)->values, [&](const std::string& value) { return value == listener.address; });
}

std::string_view security_text(Listener::Security security) {
  switch (security) {
    case Listener::Security::kPlain:
      return "no TLS, any client";
    case Listener::Security::kTlsWithoutClientCertificate:
      return "TLS, any client";
    case Listener::Security::kMutualTls:
      return "TLS with client certificates";
    case Listener::Security::kUnknown:
      return "not found out";
  }
  std::unreachable();
}

// What the engine itself warns of.
std::vector<Evidence> warned_of(const Facts& facts) {
  std::vector<Evidence> evidence;
  if (!facts.engine) return evidence;
  for (const std::string& warning : facts.engine->warnings) {
    for (const ApiWarning& known : kApiWarnings) {
      const size_t begin = warning.find(known.text);
      if (begin == std::string::npos) continue;
      const size_t address = warning.find("://", begin) + 3;
      const size_t end = warning.find(' ', address);
      evidence.push_back(
          {.where = fmt::format("/info#/Warnings: {}", std::string_view(warning).substr(address, end - address)),
           .found = std::string(known.found),
           .wanted = "TLS with client certificates"});
    }
  }
  return evidence;
}

Fact<std::vector<Listener>> api_listeners(const Facts& facts) {
  if (!facts.host.daemon) return std::unexpected(facts.host.daemon.error());
  const auto& all = facts.host.daemon->listeners;
  if (!all) return all;
  std::vector<Listener> api;
  for (const Listener& listener : *all) {
    if (!is_other_service(facts, listener)) api.push_back(listener);
  }
  return api;
}

Evidence evidence_of(const Facts& facts, const Listener& listener, std::string_view wanted) {
  std::string where = fmt::format("listener {}", listener.address);
  if (const auto hosts = setting_of(facts, "hosts"); hosts && *hosts) where += fmt::format(" ({})", (*hosts)->where);
  return {
      .where = std::move(where), .found = std::string(security_text(listener.security)), .wanted = std::string(wanted)};
}

// Listeners of which nobody knows what they demand, or whether they are the API's.
struct Doubts {
  std::vector<std::string> unclear;  // "127.0.0.1:2376 (it ended 5 connections without a word)"
  std::vector<Evidence> silent;

  void add(const Listener& listener) {
    if (listener.purpose == Listener::Purpose::kSilent) {
      silent.push_back({.where = fmt::format("listener {}", listener.address), .found = listener.reason, .wanted = {}});
    } else {
      unclear.push_back(listener.reason.empty() ? listener.address
                                                : fmt::format("{} ({})", listener.address, listener.reason));
    }
  }
};
constexpr std::string_view kSilentPorts =
    "what the daemon listens there for was not found out; its API would have answered";

}  // namespace

void tls(const Facts& facts, Sink& sink) {
  auto warned = warned_of(facts);
  const auto listeners = api_listeners(facts);
  if (!listeners) {
    if (!warned.empty()) return sink.fail(the_daemon(facts), std::move(warned));
    return sink.unknown(the_daemon(facts), listeners.error());
  }
  if (listeners->empty() && warned.empty()) {
    return sink.not_applicable(the_daemon(facts), "the API listens on no TCP port");
  }
  std::vector<Evidence> bad;
  std::vector<Evidence> good;
  Doubts doubts;
  for (const Listener& listener : *listeners) {
    if (listener.security == Listener::Security::kUnknown) {
      doubts.add(listener);
    } else {
      const bool mutual = listener.security == Listener::Security::kMutualTls;
      (mutual ? good : bad).push_back(evidence_of(facts, listener, "TLS with client certificates"));
    }
  }
  if (bad.empty()) bad = std::move(warned);
  if (!bad.empty())
    return sink.fail(the_daemon(facts), std::move(bad), "whoever reaches the port is root of this host");
  if (!doubts.unclear.empty()) {
    return sink.error(the_daemon(facts),
                      fmt::format("what {} demands of clients was not found out", some_of(doubts.unclear)));
  }
  if (!doubts.silent.empty()) {
    std::ranges::move(doubts.silent, std::back_inserter(good));
    return sink.manual(the_daemon(facts), std::move(good), std::string(kSilentPorts));
  }
  sink.pass(the_daemon(facts), std::move(good));
}

void api_tcp(const Facts& facts, Sink& sink) {
  std::vector<Evidence> found = warned_of(facts);
  for (Evidence& evidence : found) evidence.wanted = "no TCP port";
  const auto listeners = api_listeners(facts);
  Doubts doubts;
  if (facts.address.starts_with("tcp://")) {
    found.push_back({.where = "the address of this audit", .found = facts.address, .wanted = "no TCP port"});
  } else if (!listeners && found.empty()) {
    return sink.unknown(the_daemon(facts), listeners.error());
  }
  std::vector<Evidence> doors;
  for (const Listener& listener : listeners.value_or(std::vector<Listener>())) {
    if (listener.purpose == Listener::Purpose::kApi) {
      doors.push_back(evidence_of(facts, listener, "no TCP port"));
    } else {
      doubts.add(listener);
    }
  }
  if (!doors.empty()) found = std::move(doors);  // they say the same, and more
  if (!found.empty()) return sink.fail(the_daemon(facts), std::move(found));
  if (!doubts.unclear.empty()) {
    return sink.error(the_daemon(facts),
                      fmt::format("whether {} is a door of the API was not found out", some_of(doubts.unclear)));
  }
  if (!doubts.silent.empty()) {
    return sink.manual(the_daemon(facts), std::move(doubts.silent), std::string(kSilentPorts));
  }
  sink.pass(the_daemon(facts),
            {{.where = "listening sockets of the daemon", .found = "none of TCP", .wanted = "none of TCP"}});
}

void swarm_listen_address(const Facts& facts, Sink& sink) {
  if (!facts.swarm) return sink.unknown(the_swarm(facts), facts.swarm.error());
  if (!facts.host.daemon) return sink.unknown(the_swarm(facts), facts.host.daemon.error());
  const auto& listeners = facts.host.daemon->listeners;
  if (!listeners) return sink.unknown(the_swarm(facts), listeners.error());
  std::vector<Evidence> evidence;
  bool good = true;
  for (const Listener& listener : *listeners) {
    if (!listener.address.ends_with(kManagerPort)) continue;
    std::string_view host = listener.address;
    host.remove_suffix(kManagerPort.size());
    if (host == "0.0.0.0" || host == "[::]" || host == "*" || host.empty()) good = false;
    evidence.push_back({.where = fmt::format("listener {}", listener.address),
                        .found = std::string(host),
                        .wanted = "one address of this host"});
  }
  if (evidence.empty()) {
    return sink.not_applicable(the_swarm(facts), "the daemon does not listen on the manager's port 2377");
  }
  if (facts.engine) {
    evidence.push_back({.where = "/info#/Swarm/NodeAddr", .found = facts.engine->swarm_node_address, .wanted = {}});
  }
  sink.judge(good, the_swarm(facts), std::move(evidence));
}

}  // namespace bulkhead::audit

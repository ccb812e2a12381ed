#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit/check.h"
#include "audit/checks/listener_checks.h"
#include "audit/checks/log_destination.h"
#include "audit/checks/lookup.h"
#include "audit/checks/release_version.h"
#include "audit/checks/version_checks.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kGatewayModeIpv4 = "com.docker.network.bridge.gateway_mode_ipv4";
constexpr std::string_view kGatewayModeIpv6 = "com.docker.network.bridge.gateway_mode_ipv6";
constexpr std::string_view kTrustedInterfaces = "com.docker.network.bridge.trusted_host_interfaces";

constexpr std::string_view kPodmanHasNoDaemon = "Podman has no daemon that containers depend on";

// ---- What the API tells --------------------------------------------------------------------------------------------

void with_engine(const Facts& facts, Sink& sink, void (*judge)(const Engine&, const Facts&, Sink&)) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  judge(*facts.engine, facts, sink);
}

void rootless(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    Evidence option{.where = "/info#/SecurityOptions",
                    .found = engine.rootless() ? "rootless" : "not rootless",
                    .wanted = "rootless"};
    if (engine.rootless()) return rows.pass(the_daemon(all), {std::move(option)});
    std::vector<Evidence> evidence = {std::move(option)};
    if (all.host.daemon) {
      evidence.push_back({.where = fmt::format("owner of process {}", all.host.daemon->pid),
                          .found = fmt::format("uid {}", all.host.daemon->uid),
                          .wanted = "not 0"});
    }
    rows.manual(
        the_daemon(all), std::move(evidence),
        "whether the containers of this host can live with the limits of rootless mode is for a person to decide");
  });
}

void icc(const Facts& facts, Sink& sink) {
  if (!facts.networks) return sink.unknown(the_daemon(facts), facts.networks.error());
  if (facts.engine && facts.engine->podman) {
    return sink.not_applicable(the_daemon(facts), "Podman's bridges have no such option");
  }
  const auto bridge = std::ranges::find_if(
      *facts.networks, [](const Network& network) { return network.name == "bridge" && network.driver == "bridge"; });
  if (bridge == facts.networks->end()) return sink.not_applicable(the_daemon(facts), "there is no default bridge");
  constexpr std::string_view kOption = "com.docker.network.bridge.enable_icc";
  const auto option = bridge->options.find(std::string(kOption));
  const bool said = option != bridge->options.end();
  sink.judge(said && option->second == "false", object_of(*bridge),
             {{.where = fmt::format("/Options/{}", kOption),
               .found = said ? option->second : "not set, which allows it",
               .wanted = "false"}});
}

void insecure_registries(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    const bool none = engine.insecure_registries.empty();
    rows.judge(none, the_daemon(all),
               {{.where = "/info#/RegistryConfig",
                 .found = none ? "none" : some_of(engine.insecure_registries),
                 .wanted = "no insecure registry but this machine"}});
  });
}

void judge_driver(const Facts& facts, Sink& sink, std::string_view driver) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  sink.judge(
      facts.engine->storage_driver != driver, the_daemon(facts),
      {{.where = "/info#/Driver", .found = facts.engine->storage_driver, .wanted = fmt::format("not {}", driver)}});
}

void aufs(const Facts& facts, Sink& sink) {
  judge_driver(facts, sink, "aufs");
}

void devicemapper(const Facts& facts, Sink& sink) {
  judge_driver(facts, sink, "devicemapper");
}

// Running containers that live in the host's user namespace without having asked for it.
std::vector<std::string> unmapped_containers(const Facts& facts) {
  std::vector<std::string> names;
  if (!facts.containers) return names;
  for (const Container& container : *facts.containers) {
    if (!container.details || !container.details->processes || container.details->userns_mode == "host") continue;
    if (container.details->processes->host_user_namespace) names.push_back(container.name);
  }
  return names;
}

void userns_remap(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    const bool mapped = engine.security_option("userns").has_value();
    if (!mapped && !engine.rootless() && engine.podman) {
      return rows.not_applicable(the_daemon(all), "Podman maps users for each container (--userns=auto)");
    }
    std::vector<Evidence> evidence = {{.where = "/info#/SecurityOptions",
                                       .found = mapped              ? "userns"
                                                : engine.rootless() ? "rootless"
                                                                    : "neither",
                                       .wanted = "userns or rootless"}};
    const auto unmapped = unmapped_containers(all);
    if ((mapped || engine.rootless()) && !unmapped.empty()) {
      evidence.push_back({.where = "user namespaces of running containers",
                          .found = "the host's: " + some_of(unmapped),
                          .wanted = "their own"});
      return rows.fail(the_daemon(all), std::move(evidence), "the mapping is not in effect for all containers");
    }
    rows.judge(mapped || engine.rootless(), the_daemon(all), std::move(evidence));
  });
}

void authorization(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    if (engine.podman) return rows.not_applicable(the_daemon(all), "Podman has no authorization plugins");
    const bool any = !engine.authorization_plugins.empty();
    rows.judge(any, the_daemon(all),
               {{.where = "/info#/Plugins/Authorization",
                 .found = any ? some_of(engine.authorization_plugins) : "none",
                 .wanted = "a plugin"}},
               any ? "that there is a plugin says nothing about its rules" : "");
  });
}

// The value of an option of the log driver's; the last one counts.
std::string log_option(const std::optional<Setting>& options, std::string_view name) {
  std::string value;
  if (!options) return value;
  for (const std::string_view option : options->values) {
    if (option.starts_with(name) && option.substr(name.size()).starts_with('=')) value = option.substr(name.size() + 1);
  }
  return value;
}

void logging(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    static constexpr const char* kService =
        "logs go to a service of this host: whether that sends them away is its configuration";
    static constexpr std::string_view kOptions = "log-opts";
    if (engine.logging_driver.empty()) {
      return rows.not_applicable(the_daemon(all), "the engine does not tell its logging driver");
    }
    std::vector<Evidence> evidence = {{.where = "/info#/LoggingDriver",
                                       .found = engine.logging_driver,
                                       .wanted = "a driver that sends logs to another machine"}};
    if (engine.logging_driver == "none") {
      return rows.fail(the_daemon(all), std::move(evidence), "logs are thrown away");
    }
    const LogDriver* driver = log_driver(engine.logging_driver);
    if (driver == nullptr) {
      return rows.manual(the_daemon(all), std::move(evidence), "a plugin: where it sends logs is not known here");
    }
    if (driver->kind == LogDriver::Kind::kFile) {
      return rows.fail(the_daemon(all), std::move(evidence),
                       "logs stay on this host unless something that the engine does not know sends them away");
    }
    if (driver->kind == LogDriver::Kind::kService) return rows.manual(the_daemon(all), std::move(evidence), kService);
    if (driver->address_option.empty()) return rows.pass(the_daemon(all), std::move(evidence));
    const auto options = setting_of(all, kOptions);
    if (!options) {
      return rows.manual(the_daemon(all), std::move(evidence),
                         fmt::format("where it sends logs is not known: {}", options.error().reason));
    }
    const std::string address = log_option(*options, driver->address_option);
    evidence.push_back({.where = fmt::format("{} {}", where_of(all, *options, kOptions), driver->address_option),
                        .found = address.empty() ? "not set" : without_user(address),
                        .wanted = "the address of another machine"});
    if (is_this_machine(address, engine.name)) return rows.manual(the_daemon(all), std::move(evidence), kService);
    rows.pass(the_daemon(all), std::move(evidence));
  });
}

void live_restore(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    if (engine.podman) return rows.not_applicable(the_daemon(all), std::string(kPodmanHasNoDaemon));
    if (engine.swarm_state == "active") {
      return rows.not_applicable(the_daemon(all), "an engine in a Swarm cannot have live restore");
    }
    if (!engine.live_restore) return rows.not_applicable(the_daemon(all), "the engine does not tell it");
    rows.judge(
        *engine.live_restore, the_daemon(all),
        {{.where = "/info#/LiveRestoreEnabled", .found = *engine.live_restore ? "true" : "false", .wanted = "true"}});
  });
}

void seccomp(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    const auto option = engine.security_option("seccomp");
    std::string profile;
    if (option && option->contains("profile")) profile = option->at("profile");
    std::vector<Evidence> evidence = {{.where = "/info#/SecurityOptions",
                                       .found = option ? fmt::format("seccomp, profile {}", profile) : "no seccomp",
                                       .wanted = "a seccomp profile"}};
    if (!option || profile == "unconfined") return rows.fail(the_daemon(all), std::move(evidence));
    // What engines call their own: "default" up to 20.10, "builtin" since; Podman names the file of its package.
    if (profile == "default" || profile == "builtin") {
      return rows.pass(the_daemon(all), std::move(evidence), "the engine's own profile");
    }
    rows.manual(the_daemon(all), std::move(evidence), "a profile of your own: what it allows is for a person to judge");
  });
}

void experimental(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    rows.judge(
        !engine.experimental, the_daemon(all),
        {{.where = "/info#/ExperimentalBuild", .found = engine.experimental ? "true" : "false", .wanted = "false"}});
  });
}

// From here on a start request has no HostConfig any more.
constexpr std::string_view kFirstSafeApi = "1.24";

void minimum_api_version(const Facts& facts, Sink& sink) {
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    if (engine.min_api_version.empty()) {
      return rows.not_applicable(the_daemon(all), "the engine does not tell the oldest API that it serves");
    }
    rows.judge(!version_before(engine.min_api_version, kFirstSafeApi), the_daemon(all),
               {{.where = "/version#/MinAPIVersion",
                 .found = engine.min_api_version,
                 .wanted = fmt::format("{} or newer", kFirstSafeApi)}});
  });
}

// ---- What only its configuration tells -----------------------------------------------------------------------------

using JudgeSetting = void (*)(const Facts&, Sink&, const std::optional<Setting>&, Evidence);

void with_setting(const Facts& facts, Sink& sink, std::string_view name, JudgeSetting judge) {
  const auto setting = setting_of(facts, name);
  if (!setting) return sink.unknown(the_daemon(facts), setting.error());
  judge(facts, sink, *setting, {.where = where_of(facts, *setting, name), .found = text_of(*setting), .wanted = {}});
}

bool is(const std::optional<Setting>& setting, std::string_view value) {
  return setting && setting->values.size() == 1 && equals_ignoring_case(setting->values.front(), value);
}

// Engines before 24.0 do not tell it (moby pull request 45320): of those, what the daemon was told decides.
void no_new_privileges(const Facts& facts, Sink& sink) {
  static constexpr const char* kFirstThatTells = "24.0.0";
  static constexpr std::string_view kName = "no-new-privileges";
  with_engine(facts, sink, [](const Engine& engine, const Facts& all, Sink& rows) {
    if (engine.podman) return rows.not_applicable(the_daemon(all), "Podman does not tell its default");
    const bool set = engine.security_option(kName).has_value();
    Evidence option{.where = "/info#/SecurityOptions",
                    .found = set ? "no-new-privileges" : "no no-new-privileges",
                    .wanted = "no-new-privileges"};
    const auto release = release_version(engine.server_version);
    if (set || (release && !version_before(release->number, kFirstThatTells))) {
      return rows.judge(set, the_daemon(all), {std::move(option)});
    }
    const auto setting = setting_of(all, kName);
    if (!setting) return rows.unknown(the_daemon(all), setting.error());
    rows.judge(is(*setting, "true"), the_daemon(all),
               {{.where = where_of(all, *setting, kName), .found = text_of(*setting), .wanted = "true"}});
  });
}

void log_level(const Facts& facts, Sink& sink) {
  // What the engine says of itself is in effect, whatever its file says by now.
  if (const auto told = facts.engine ? facts.engine->debug : std::nullopt; told.value_or(false)) {
    return sink.fail(the_daemon(facts),
                     {{.where = "/info#/Debug", .found = "true", .wanted = "false, and log-level info"}});
  } else if (const auto debug = setting_of(facts, "debug"); !told && !debug) {
    return sink.unknown(the_daemon(facts), debug.error());
  } else if (!told && is(*debug, "true")) {
    return sink.fail(
        the_daemon(facts),
        {{.where = where_of(facts, *debug, "debug"), .found = "true", .wanted = "false, and log-level info"}});
  }
  with_setting(facts, sink, "log-level",
               [](const Facts& all, Sink& rows, const std::optional<Setting>& setting, Evidence evidence) {
                 evidence.wanted = "info, which is the default";
                 rows.judge(!setting || is(setting, "info"), the_daemon(all), {std::move(evidence)});
               });
}

void iptables(const Facts& facts, Sink& sink) {
  with_setting(facts, sink, "iptables",
               [](const Facts& all, Sink& rows, const std::optional<Setting>& setting, Evidence evidence) {
                 evidence.wanted = "true, which is the default";
                 rows.judge(!is(setting, "false"), the_daemon(all), {std::move(evidence)});
               });
}

void default_ulimits(const Facts& facts, Sink& sink) {
  with_setting(facts, sink, "default-ulimits",
               [](const Facts& all, Sink& rows, const std::optional<Setting>& setting, Evidence evidence) {
                 evidence.wanted = "limits that fit your containers";
                 if (setting) return rows.pass(the_daemon(all), {std::move(evidence)});
                 rows.manual(the_daemon(all), {std::move(evidence)},
                             "containers without limits of their own inherit those of the engine's services");
               });
}

void cgroup_parent(const Facts& facts, Sink& sink) {
  with_setting(facts, sink, "cgroup-parent",
               [](const Facts& all, Sink& rows, const std::optional<Setting>& setting, Evidence evidence) {
                 evidence.wanted = "not set, or a cgroup that you know";
                 if (!setting || is(setting, "")) return rows.pass(the_daemon(all), {std::move(evidence)});
                 rows.manual(the_daemon(all), {std::move(evidence)},
                             "the limits and accounting of that cgroup are for a person to confirm");
               });
}

void base_device_size(const Facts& facts, Sink& sink) {
  if (facts.engine && facts.engine->storage_driver != "devicemapper") {
    return sink.not_applicable(the_daemon(facts),
                               fmt::format("the storage driver {} has no base device", facts.engine->storage_driver));
  }
  with_setting(facts, sink, "storage-opts",
               [](const Facts& all, Sink& rows, const std::optional<Setting>& setting, Evidence evidence) {
                 evidence.wanted = "no dm.basesize";
                 const bool changed = setting && std::ranges::any_of(setting->values, [](const std::string& value) {
                                        return value.starts_with("dm.basesize");
                                      });
                 rows.judge(!changed, the_daemon(all), {std::move(evidence)});
               });
}

void userland_proxy(const Facts& facts, Sink& sink) {
  with_setting(facts, sink, "userland-proxy",
               [](const Facts& all, Sink& rows, const std::optional<Setting>& setting, Evidence evidence) {
                 evidence.wanted = "false";
                 if (!setting) evidence.found = "not set, which means true";
                 rows.judge(is(setting, "false"), the_daemon(all), {std::move(evidence)});
               });
}

// Options of the daemon that newer engines have, off unless they are set: fails when one is on.
void judge_option(const Facts& facts, Sink& sink, const char* name, const char* first) {
  if (!facts.engine) return sink.unknown(the_daemon(facts), facts.engine.error());
  if (facts.engine->podman) return sink.not_applicable(the_daemon(facts), "Podman has no such option");
  const auto release = release_version(facts.engine->server_version);
  if (release && version_before(release->number, first)) {
    return sink.not_applicable(the_daemon(facts), fmt::format("the engine has no such option before {}", first));
  }
  const auto setting = setting_of(facts, name);
  if (!setting) return sink.unknown(the_daemon(facts), setting.error());
  sink.judge(!is(*setting, "true"), the_daemon(facts),
             {{.where = where_of(facts, *setting, name), .found = text_of(*setting), .wanted = "false, the default"}});
}

void direct_routing(const Facts& facts, Sink& sink) {
  judge_option(facts, sink, "allow-direct-routing", "28.2.0");
}

void forward_policy(const Facts& facts, Sink& sink) {
  judge_option(facts, sink, "ip-forward-no-drop", "28.0.0");
}

// Sources: moby, daemon/libnetwork/drivers/bridge/labels.go and bridge_linux.go (newGwMode): gateway modes since 27.0,
// nat-unprotected since 28.0, trusted interfaces since 28.2.
void network_gateways(const Facts& facts, Sink& sink) {
  if (!facts.networks) return sink.unknown(the_daemon(facts), facts.networks.error());
  if (facts.engine && facts.engine->podman) {
    return sink.not_applicable(the_daemon(facts), "Podman's bridges have no such options");
  }
  bool any = false;
  for (const Network& network : *facts.networks) {
    if (network.driver != "bridge") continue;
    any = true;
    std::vector<Evidence> faults;
    std::vector<Evidence> doubts;
    for (const std::string_view option : {kGatewayModeIpv4, kGatewayModeIpv6, kTrustedInterfaces}) {
      const auto found = network.options.find(std::string(option));
      if (found == network.options.end() || found->second.empty()) continue;
      const std::string& value = found->second;
      const bool trusted = option == kTrustedInterfaces;
      Evidence evidence{.where = fmt::format("/Options/{}", option),
                        .found = value,
                        .wanted = trusted ? "not set" : "nat, the default, or isolated"};
      if (trusted || value == "routed") {
        doubts.push_back(std::move(evidence));
      } else if (value != "nat" && value != "isolated") {
        faults.push_back(std::move(evidence));
      }
    }
    if (!faults.empty()) {
      sink.fail(object_of(network), std::move(faults),
                "every port of its containers can be reached at their addresses");
    } else if (!doubts.empty()) {
      sink.manual(object_of(network), std::move(doubts),
                  "published ports can be reached at the containers' own addresses: who has a route there, only a "
                  "person can say");
    } else {
      sink.pass(object_of(network), {{.where = "/Options",
                                      .found = "no gateway mode that lets more through",
                                      .wanted = "nat, the default, or isolated"}});
    }
  }
  if (!any) sink.not_applicable(the_daemon(facts), "there is no bridge network");
}

void configuration_in_effect(const Facts& facts, Sink& sink) {
  if (!facts.host.daemon) return sink.unknown(the_daemon(facts), facts.host.daemon.error());
  const DaemonProcess& daemon = *facts.host.daemon;
  if (daemon.config_path.empty())
    return sink.not_applicable(the_daemon(facts), "the daemon reads no configuration file");
  if (!daemon.config_file) return sink.unknown(the_daemon(facts), daemon.config_file.error());
  Evidence evidence{.where = daemon.config_path, .found = {}, .wanted = "no change since the daemon started"};
  switch (*daemon.config_file) {
    using enum DaemonProcess::ConfigFile;
    case kAsRead:
      evidence.found = "older than the daemon";
      return sink.pass(the_daemon(facts), {std::move(evidence)});
    case kAbsent:
      evidence.found = "there is none, and there was none when the daemon started";
      return sink.pass(the_daemon(facts), {std::move(evidence)});
    case kChanged:
      evidence.found = "changed since the daemon started: its contents, its place or its attributes";
      return sink.fail(the_daemon(facts), {std::move(evidence)}, "settings of the file may not be in effect");
    case kDeleted:
      evidence.found = "deleted since the daemon started";
      return sink.fail(the_daemon(facts), {std::move(evidence)}, "what it said is in effect until the next start");
  }
}

constexpr std::array kChecks = std::to_array<Check>({
    {.id = "daemon.rootless", .run = rootless},
    {.id = "daemon.icc", .run = icc},
    {.id = "daemon.log-level", .run = log_level},
    {.id = "daemon.iptables", .run = iptables},
    {.id = "daemon.insecure-registries", .run = insecure_registries},
    {.id = "daemon.aufs", .run = aufs},
    {.id = "daemon.devicemapper", .run = devicemapper},
    {.id = "daemon.tls", .run = tls},
    {.id = "daemon.default-ulimits", .run = default_ulimits},
    {.id = "daemon.userns-remap", .run = userns_remap},
    {.id = "daemon.cgroup-parent", .run = cgroup_parent},
    {.id = "daemon.base-device-size", .run = base_device_size},
    {.id = "daemon.authorization", .run = authorization},
    {.id = "daemon.logging", .run = logging},
    {.id = "daemon.no-new-privileges", .run = no_new_privileges},
    {.id = "daemon.live-restore", .run = live_restore},
    {.id = "daemon.userland-proxy", .run = userland_proxy},
    {.id = "daemon.seccomp", .run = seccomp},
    {.id = "daemon.experimental", .run = experimental},
    {.id = "daemon.api-tcp", .run = api_tcp},
    {.id = "daemon.authorization-bypass", .run = authorization_bypass},
    {.id = "daemon.minimum-api-version", .run = minimum_api_version},
    {.id = "daemon.direct-routing", .run = direct_routing},
    {.id = "daemon.forward-policy", .run = forward_policy},
    {.id = "daemon.network-gateways", .run = network_gateways},
    {.id = "daemon.configuration-in-effect", .run = configuration_in_effect},
});

}  // namespace

std::span<const Check> daemon_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

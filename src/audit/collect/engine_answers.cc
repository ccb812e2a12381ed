#include "audit/collect/engine_answers.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit/collect.h"
#include "audit/collect/answer_part.h"
#include "base/date.h"
#include "base/text.h"
#include "crypto/certificate.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kSha256 = "sha256:";
constexpr size_t kShortId = 12;

// Podman and old engines leave the algorithm out here and there; identifiers are compared, so all of ours have it.
std::string image_identifier(std::string id) {
  const bool bare = id.size() == 64 && std::ranges::all_of(id, is_alnum);
  return bare ? std::string(kSha256) + id : id;
}

// Minor number of "1.41"; 0 when it is none.
uint64_t api_minor(std::string_view version) {
  return version.starts_with("1.") ? parse_decimal(version.substr(2)).value_or(0) : 0;
}

// ["NONE"] switches a check of the image off; an empty list, or none, inherits nothing here: the engine has merged the
// image's configuration into the container's.
Health health_of(const Part& config) {
  const Part check = config.part("Healthcheck");
  const std::vector<std::string> test = check.strings("Test");
  if (test.empty()) return {};
  return {.kind = test.front() == "NONE" ? Health::Kind::kDisabled : Health::Kind::kSet};
}

// Podman passes on what its runtime prints: "runc version 1.1.5+ds1\ncommit: …", "conmon version 2.1.6, commit:
// unknown".
std::string component_version(std::string text) {
  constexpr std::string_view kBefore = " version ";
  const size_t begin = text.find(kBefore);
  if (begin == std::string::npos) return text;
  text.erase(0, begin + kBefore.size());
  return text.substr(0, text.find_first_of(", \n"));
}

// ---- /info and /version

std::vector<std::string> insecure_registries(const Part& info) {
  const Part registries = info.part("RegistryConfig");
  std::vector<std::string> insecure = registries.strings("InsecureRegistryCIDRs");
  std::erase_if(insecure, [](std::string_view cidr) { return cidr == "127.0.0.0/8" || cidr == "::1/128"; });
  registries.part("IndexConfigs").each_member([&](std::string_view name, const Part& index) {
    if (!index.boolean("Secure").value_or(true)) insecure.emplace_back(name);
  });
  return insecure;
}

bool has_containerd_store(const Part& info) {
  bool found = false;
  info.part("DriverStatus").each_element([&](const Part& pair) {
    const std::vector<std::string> words = pair.string_elements();
    found = found || (words.size() == 2 && words[0] == "driver-type" && words[1] == "io.containerd.snapshotter.v1");
  });
  return found;
}

// ---- /containers

// Of the names that links give a container ("/web/db") none is its own.
std::string own_name(const Part& container, const std::string& id) {
  for (std::string& name : container.strings("Names")) {
    if (name.starts_with('/')) name.erase(0, 1);
    if (!name.empty() && !name.contains('/')) return std::move(name);
  }
  return id.substr(0, kShortId);
}

Mount mount_of(const Part& point) {
  Mount mount;
  mount.type = point.string("Type");
  mount.volume = point.string("Name");
  mount.source = point.string("Source");
  mount.destination = point.string("Destination");
  mount.read_only = !point.boolean("RW").value_or(true);
  mount.propagation = point.string("Propagation");
  if (mount.type.empty()) mount.type = mount.volume.empty() ? "bind" : "volume";  // before API 1.25
  if (mount.type != "volume" && mount.type != "cluster") mount.volume.clear();    // Podman names others, too
  return mount;
}

std::vector<Mount> mounts_of(const Part& container, const Part& host_config) {
  std::vector<Mount> mounts;
  container.part("Mounts").each_element([&](const Part& point) { mounts.push_back(mount_of(point)); });
  // How far a mount of --mount goes is told of what was asked for alone.
  host_config.part("Mounts").each_element([&](const Part& asked) {
    if (!asked.part("BindOptions").boolean("NonRecursive").value_or(false)) return;
    const auto mount = std::ranges::find(mounts, asked.string("Target"), &Mount::destination);
    if (mount != mounts.end()) mount->recursive = false;
  });
  // Those of --tmpfs are told here alone.
  for (const auto& [destination, options] : host_config.string_map("Tmpfs")) {
    if (std::ranges::find(mounts, destination, &Mount::destination) != mounts.end()) continue;
    Mount mount;
    mount.type = "tmpfs";
    mount.destination = destination;
    const auto words = split(options, ',');
    mount.read_only = std::ranges::find(words, "ro") != words.end();
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// "8080", "" (the engine chooses), or "8000-8010" (it chooses one of them: the lowest stands for all).
uint16_t host_port_of(const Part& binding) {
  const std::string text = binding.string("HostPort");
  if (text.empty()) return 0;
  const auto port = parse_decimal(std::string_view(text).substr(0, text.find('-')));
  if (port && *port <= std::numeric_limits<uint16_t>::max()) return static_cast<uint16_t>(*port);
  binding.malformed("HostPort", "no port");
  return 0;
}

void add_bindings(const std::string& container_port, const Part& bindings, std::vector<PublishedPort>& ports) {
  bindings.each_element([&](const Part& binding) {
    ports.push_back({.container_port = container_port,
                     .host_address = binding.string("HostIp"),
                     .host_port = host_port_of(binding)});
  });
}

// What is published, and of the rest what will be when the container starts. A container without a network of its own
// publishes nothing, whatever was asked for.
std::vector<PublishedPort> ports_of(const Part& container, const Part& config, const Part& host_config,
                                    std::string_view network_mode) {
  std::vector<PublishedPort> ports;
  const auto is_there = [&](std::string_view port) {
    return std::ranges::find(ports, port, &PublishedPort::container_port) != ports.end();
  };
  container.part("NetworkSettings").part("Ports").each_member([&](std::string_view port, const Part& bindings) {
    add_bindings(std::string(port), bindings, ports);
  });
  const bool own_network = network_mode != "host" && network_mode != "none" && !network_mode.starts_with("container:");
  std::vector<PublishedPort> wanted;
  host_config.part("PortBindings").each_member([&](std::string_view port, const Part& bindings) {
    if (!is_there(port)) add_bindings(std::string(port), bindings, wanted);
  });
  if (own_network) ports.insert(ports.end(), wanted.begin(), wanted.end());
  if (own_network && host_config.boolean("PublishAllPorts").value_or(false)) {
    config.part("ExposedPorts").each_member([&](std::string_view port, const Part&) {
      if (!is_there(port)) ports.push_back({.container_port = std::string(port)});
    });
  }
  std::ranges::sort(ports, {}, [](const PublishedPort& port) {
    return std::tie(port.container_port, port.host_address, port.host_port);
  });
  return ports;
}

// Podman writes "RLIMIT_NOFILE" for "nofile".
std::string ulimit_name(const std::string& name) {
  constexpr std::string_view kPrefix = "rlimit_";
  std::string lower = to_lower(name);
  return lower.starts_with(kPrefix) ? lower.substr(kPrefix.size()) : name;
}

// "driver nvidia, all devices, capabilities gpu"; "cdi vendor.com/gpu=0".
std::string describe_device_request(const Part& request) {
  std::vector<std::string> words;
  const std::string driver = request.string("Driver");
  const int64_t count = request.integer("Count");
  const std::string devices = fmt::format("{}", fmt::join(request.strings("DeviceIDs"), " "));
  const bool cdi = driver == "cdi" && !devices.empty();
  if (cdi) {
    words.push_back(fmt::format("cdi {}", devices));
  } else if (!driver.empty()) {
    words.push_back(fmt::format("driver {}", driver));
  }
  if (!devices.empty() && !cdi) words.push_back(fmt::format("devices {}", devices));
  if (devices.empty() && count != 0) words.push_back(count < 0 ? "all devices" : fmt::format("{} devices", count));
  request.part("Capabilities").each_element([&](const Part& alternative) {
    words.push_back(fmt::format("capabilities {}", fmt::join(alternative.string_elements(), " ")));
  });
  return fmt::format("{}", fmt::join(words, ", "));
}

void read_host_config(const Part& host, ContainerDetails& details) {
  details.privileged = host.boolean("Privileged").value_or(false);
  details.cap_add = host.strings("CapAdd");
  details.cap_drop = host.strings("CapDrop");
  details.security_options = host.strings("SecurityOpt");
  details.masked_paths = host.told_strings("MaskedPaths");
  details.readonly_paths = host.told_strings("ReadonlyPaths");
  details.network_mode = host.string("NetworkMode");
  details.pid_mode = host.string("PidMode");
  details.ipc_mode = host.string("IpcMode");
  details.uts_mode = host.string("UTSMode");
  details.userns_mode = host.string("UsernsMode");
  details.cgroupns_mode = host.string("CgroupnsMode");
  details.cgroup_parent = host.string("CgroupParent");
  const Part restart = host.part("RestartPolicy");
  details.restart_policy = restart.string("Name");
  if (details.restart_policy.empty()) details.restart_policy = "no";
  details.restart_maximum = restart.integer("MaximumRetryCount");
  details.memory = host.integer("Memory");
  details.cpu_shares = host.integer("CpuShares");
  details.nano_cpus = host.integer("NanoCpus");
  details.cpu_quota = host.integer("CpuQuota");
  details.cpuset_cpus = host.string("CpusetCpus");
  details.pids_limit = host.integer("PidsLimit");
  details.read_only_root = host.boolean("ReadonlyRootfs").value_or(false);
  host.part("Ulimits").each_element([&](const Part& ulimit) {
    details.ulimits.push_back(
        {.name = ulimit_name(ulimit.string("Name")), .soft = ulimit.integer("Soft"), .hard = ulimit.integer("Hard")});
  });
  host.part("Devices").each_element([&](const Part& device) {
    details.devices.push_back({.host_path = device.string("PathOnHost"),
                               .container_path = device.string("PathInContainer"),
                               .permissions = device.string("CgroupPermissions")});
  });
  details.device_cgroup_rules = host.strings("DeviceCgroupRules");
  host.part("DeviceRequests").each_element([&](const Part& request) {
    details.device_requests.push_back(describe_device_request(request));
  });
  for (auto& [name, value] : host.string_map("Sysctls")) {
    details.sysctls.push_back({.name = name, .value = value, .where = fmt::format("/HostConfig/Sysctls/{}", name)});
  }
  details.runtime = host.string("Runtime");
  details.log_driver = host.part("LogConfig").string("Type");
  details.oom_score_adj = host.integer("OomScoreAdj");
  details.oom_kill_disable = host.boolean("OomKillDisable").value_or(false);
  details.group_add = host.strings("GroupAdd");
  details.auto_remove = host.boolean("AutoRemove").value_or(false);
}

// Since API 1.46 those of one interface are told with its network (moby, libnetwork/netlabel, EndpointSysctls):
// "net.ipv4.conf.IFNAME.rp_filter=0,…".
void read_interface_settings(std::string_view network, const Part& endpoint, ContainerDetails& details) {
  constexpr std::string_view kOption = "com.docker.network.endpoint.sysctls";
  const std::string settings = endpoint.part("DriverOpts").string(kOption);
  for (const std::string_view setting : split(settings, ',')) {
    const size_t equals = setting.find('=');
    if (equals == std::string_view::npos) continue;
    details.sysctls.push_back({.name = std::string(trim(setting.substr(0, equals))),
                               .value = std::string(trim(setting.substr(equals + 1))),
                               .where = fmt::format("/NetworkSettings/Networks/{}/DriverOpts/{}", network, kOption)});
  }
}

// ---- /images

bool is_a_name(std::string_view text) {
  return !text.empty() && !text.starts_with("<none>");
}

void read_names(const Part& answer, Image& image) {
  image.tags = answer.strings("RepoTags");
  image.digests = answer.strings("RepoDigests");
  std::erase_if(image.tags, [](std::string_view tag) { return !is_a_name(tag); });
  std::erase_if(image.digests, [](std::string_view digest) { return !is_a_name(digest); });
}

// ---- Swarm

std::vector<PublishedPort> service_ports(const Part& service) {
  std::vector<PublishedPort> ports;
  const auto read = [&](const Part& from) {
    from.part("Ports").each_element([&](const Part& port) {
      const int64_t published = port.integer("PublishedPort", 0, std::numeric_limits<uint16_t>::max());
      const std::string protocol = port.string("Protocol");
      ports.push_back({.container_port = fmt::format("{}/{}", port.integer("TargetPort"),
                                                     protocol.empty() ? std::string_view("tcp") : protocol),
                       .host_address = {},
                       .host_port = static_cast<uint16_t>(published)});
    });
  };
  read(service.part("Endpoint"));
  if (ports.empty()) read(service.part("Spec").part("EndpointSpec"));
  return ports;
}

}  // namespace

Result<Engine> parse_engine(const json::Value& info_answer, const json::Value& version_answer) {
  Problem problem;
  const Part info = Part::whole(info_answer, "/info", problem).must_be_object();
  const Part version = Part::whole(version_answer, "/version", problem).must_be_object();
  Engine engine;
  version.part("Components").each_element([&](const Part& component) {
    engine.components.push_back(
        {.name = component.string("Name"), .version = component_version(component.string("Version"))});
  });
  engine.podman =
      std::ranges::find(engine.components, "Podman Engine", &Engine::Component::name) != engine.components.end();
  engine.name = info.string("Name");
  engine.server_version = version.must_have_string("Version");
  engine.api_version = version.must_have_string("ApiVersion");
  engine.min_api_version = version.string("MinAPIVersion");
  engine.platform = version.part("Platform").string("Name");
  engine.kernel_version = info.string("KernelVersion");
  engine.operating_system = info.string("OperatingSystem");
  engine.root_dir = info.string("DockerRootDir");
  engine.storage_driver = info.string("Driver");
  engine.containerd_store = has_containerd_store(info);
  engine.cgroup_driver = info.string("CgroupDriver");
  engine.cgroup_version = info.string("CgroupVersion");
  engine.security_options = info.strings("SecurityOptions");
  engine.logging_driver = info.string("LoggingDriver");
  engine.ipv4_forwarding = info.boolean("IPv4Forwarding");
  engine.insecure_registries = insecure_registries(info);
  engine.authorization_plugins = info.part("Plugins").strings("Authorization");
  engine.default_runtime = info.string("DefaultRuntime");
  engine.warnings = info.strings("Warnings");
  // From 1.48 on always false, whatever the kernel does; then left out.
  if (const auto told = info.boolean("BridgeNfIptables"); api_minor(engine.api_version) < 48) {
    engine.bridge_nf_iptables = told;
  }
  // Podman says of every engine that it is experimental and restores nothing: it has no daemon that either is about.
  const auto live_restore = info.boolean("LiveRestoreEnabled");
  const bool experimental = info.boolean("ExperimentalBuild").value_or(false);
  const auto debug = info.boolean("Debug");
  if (!engine.podman) {
    engine.debug = debug;
    engine.live_restore = live_restore;
    engine.experimental = experimental;
  }
  // Podman before 5 says it here only.
  if (info.boolean("Rootless").value_or(false) && !engine.rootless()) {
    engine.security_options.emplace_back("name=rootless");
  }
  const Part swarm = info.part("Swarm");
  engine.swarm_state = swarm.string("LocalNodeState");
  engine.swarm_manager = swarm.boolean("ControlAvailable").value_or(false);
  engine.swarm_node_address = swarm.string("NodeAddr");
  return problem.result(std::move(engine));
}

Result<std::vector<Container>> parse_container_list(const json::Value& answer) {
  if (answer.size() > kMaxListed) return fail(limit_error("containers", kMaxListed, {}));
  Problem problem;
  std::vector<Container> containers;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    Container container;
    container.id = entry.must_have_string("Id");
    container.name = own_name(entry, container.id);
    container.state = to_lower(entry.string("State"));
    container.labels = entry.string_map("Labels");
    container.image_id = image_identifier(entry.string("ImageID"));
    containers.push_back(std::move(container));
  });
  return problem.result(std::move(containers));
}

Result<ContainerDetails> parse_container(const json::Value& answer) {
  Problem problem;
  const Part container = Part::whole(answer, "", problem);
  const Part config = container.part("Config").must_be_object();
  const Part host_config = container.part("HostConfig").must_be_object();
  const Part state = container.part("State").must_be_object();
  ContainerDetails details;
  details.image_id = image_identifier(container.string("Image"));
  details.image_reference = config.string("Image");
  details.created = container.string("Created");
  details.user = config.string("User");
  details.env = config.strings("Env");
  details.health = health_of(config);
  // Podman tells the state of a check that there is not, with an empty status; Docker may call it "none".
  const std::string health_status = state.part("Health").string("Status");
  details.has_health_state = !health_status.empty() && health_status != "none";
  details.pid = static_cast<int32_t>(state.integer("Pid", 0, std::numeric_limits<int32_t>::max()));
  details.apparmor_profile = container.string("AppArmorProfile");
  details.process_label = container.string("ProcessLabel");
  read_host_config(host_config, details);
  details.mounts = mounts_of(container, host_config);
  details.ports = ports_of(container, config, host_config, details.network_mode);
  container.part("NetworkSettings").part("Networks").each_member([&](std::string_view name, const Part& endpoint) {
    details.networks.emplace_back(name);
    read_interface_settings(name, endpoint, details);
  });
  return problem.result(std::move(details));
}

Result<std::vector<Image>> parse_image_list(const json::Value& answer) {
  if (answer.size() > kMaxListed) return fail(limit_error("images", kMaxListed, {}));
  Problem problem;
  std::vector<Image> images;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    Image image;
    image.id = image_identifier(entry.must_have_string("Id"));
    image.created = rfc3339_of(entry.integer("Created"));
    image.config_unknown = Unknown{Unknown::Kind::kError, "not asked for"};
    read_names(entry, image);
    images.push_back(std::move(image));
  });
  return problem.result(std::move(images));
}

Status parse_image(const json::Value& answer, Image& image) {
  Problem problem;
  const Part part = Part::whole(answer, "", problem);
  Image read = image;
  read.id = image_identifier(part.must_have_string("Id"));
  read_names(part, read);
  if (std::string created = part.string("Created"); !created.empty()) read.created = std::move(created);
  // An image without a configuration has its defaults. Where the store is containerd's, though, an engine that holds no
  // configuration for its platform answers with an empty one, and without saying what the image is for.
  const Part config = part.part("Config");
  read.user = config.string("User");
  read.env = config.strings("Env");
  // Podman's own answer has the check beside the configuration, its compatible one nowhere.
  read.health = part.has("Healthcheck") ? health_of(part) : health_of(config);
  read.config_unknown.reset();
  if (part.string("Os").empty() && part.string("Architecture").empty()) {
    read.config_unknown =
        Unknown{Unknown::Kind::kNotApplicable, "the engine holds no configuration of the image for its platform"};
  }
  TRY(problem.result(std::monostate{}));
  image = std::move(read);
  return {};
}

Result<std::vector<HistoryEntry>> parse_history(const json::Value& answer) {
  Problem problem;
  std::vector<HistoryEntry> history;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    // The API does not tell empty layers from layers with empty files; neither holds anything.
    history.push_back({.created_by = entry.string("CreatedBy"), .empty_layer = entry.integer("Size") == 0});
  });
  std::ranges::reverse(history);
  return problem.result(std::move(history));
}

Result<std::vector<Network>> parse_networks(const json::Value& answer) {
  Problem problem;
  std::vector<Network> networks;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    Network network;
    network.id = entry.must_have_string("Id");
    network.name = entry.must_have_string("Name");
    network.driver = entry.string("Driver");
    network.scope = entry.string("Scope");
    network.ingress = entry.boolean("Ingress").value_or(false);
    network.options = entry.string_map("Options");
    entry.part("Containers").each_member([&](std::string_view, const Part& endpoint) {
      network.containers.push_back(endpoint.string("Name"));
    });
    networks.push_back(std::move(network));
  });
  return problem.result(std::move(networks));
}

std::string bound_folder(const std::map<std::string, std::string>& options) {
  constexpr std::array<std::string_view, 2> kBinding = {"bind", "rbind"};
  const auto flags = options.find("o");
  const auto device = options.find("device");
  if (flags == options.end() || device == options.end()) return {};
  const std::vector<std::string_view> words = split(flags->second, ',');
  const bool binds = std::ranges::any_of(
      words, [&](std::string_view word) { return std::ranges::find(kBinding, trim(word)) != kBinding.end(); });
  return binds ? device->second : std::string();
}

Result<std::map<std::string, Mount>> parse_volumes(const json::Value& answer) {
  Problem problem;
  std::map<std::string, Mount> volumes;
  Part::whole(answer, "", problem).must_be_object().part("Volumes").each_element([&](const Part& entry) {
    Mount volume;
    volume.type = "volume";
    volume.volume = entry.must_have_string("Name");
    volume.source = entry.string("Mountpoint");
    auto options = entry.string_map("Options");
    volume.device = bound_folder(options);
    if (volume.device.empty()) {
      volume.file_system = std::move(options["type"]);
      volume.file_system_options = std::move(options["o"]);
      volume.file_system_device = std::move(options["device"]);
    }
    if (entry.string("Driver") == "local") volumes.insert_or_assign(volume.volume, std::move(volume));
  });
  return problem.result(std::move(volumes));
}

Result<Swarm> parse_swarm(const json::Value& answer) {
  Problem problem;
  const Part cluster = Part::whole(answer, "", problem);
  const Part spec = cluster.part("Spec").must_be_object();
  Swarm swarm;
  swarm.id = cluster.must_have_string("ID");
  swarm.created = cluster.string("CreatedAt");
  swarm.updated = cluster.string("UpdatedAt");
  swarm.autolock = spec.part("EncryptionConfig").boolean("AutoLockManagers").value_or(false);
  swarm.node_certificate_expiry = spec.part("CAConfig").integer("NodeCertExpiry");
  swarm.root_rotation_in_progress = cluster.boolean("RootRotationInProgress").value_or(false);
  swarm.trust_root = cluster.part("TLSInfo").string("TrustRoot");
  if (const auto root = Certificate::from_pem(swarm.trust_root)) {
    swarm.trust_root_not_before = rfc3339_of(root->not_before());
    swarm.trust_root_not_after = rfc3339_of(root->not_after());
  }
  return problem.result(std::move(swarm));
}

Result<std::vector<SwarmNode>> parse_nodes(const json::Value& answer) {
  Problem problem;
  std::vector<SwarmNode> nodes;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    nodes.push_back({.id = entry.must_have_string("ID"),
                     .hostname = entry.part("Description").string("Hostname"),
                     .manager = entry.part("Spec").string("Role") == "manager",
                     .state = entry.part("Status").string("State"),
                     .reachability = entry.part("ManagerStatus").string("Reachability")});
  });
  return problem.result(std::move(nodes));
}

Result<std::vector<SwarmService>> parse_services(const json::Value& answer) {
  Problem problem;
  std::vector<SwarmService> services;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    const Part spec = entry.part("Spec").must_be_object();
    const Part container = spec.part("TaskTemplate").part("ContainerSpec");
    services.push_back({.id = entry.must_have_string("ID"),
                        .name = spec.string("Name"),
                        .env = container.strings("Env"),
                        .secret_count = container.part("Secrets").element_count(),
                        .ports = service_ports(entry)});
  });
  return problem.result(std::move(services));
}

Result<size_t> parse_secret_count(const json::Value& answer) {
  Problem problem;
  size_t count = 0;
  Part::whole(answer, "", problem).each_element([&](const Part& entry) {
    entry.must_have_string("ID");
    ++count;
  });
  return problem.result(count);
}

}  // namespace bulkhead::audit

#include "audit/collect/engine_answers.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"

namespace bulkhead::audit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

json::Document parsed(std::string_view text) {
  auto document = json::Document::parse(text);
  EXPECT_TRUE(document) << text;
  return *std::move(document);
}

// A recorded answer: "docker-20.10/info".
json::Document recorded(std::string_view name) {
  return parsed(*read_file(testdata_path(fmt::format("{}.json", name)), 1 << 20));
}

template <typename T>
T ok(Result<T> result) {
  EXPECT_TRUE(result) << result.error().to_string();
  return result ? *std::move(result) : T{};
}

template <typename T>
std::string message(const Result<T>& result) {
  if (result) return "no error";
  EXPECT_EQ(result.error().code(), Code::kMalformed);
  return result.error().to_string();
}

Engine engine_of(std::string_view info, std::string_view version) {
  return ok(parse_engine(recorded(info).root(), recorded(version).root()));
}

ContainerDetails container_of(std::string_view name) {
  return ok(parse_container(recorded(name).root()));
}

// The least that a container's answer must have, with more members of HostConfig.
ContainerDetails container_with(std::string_view host_config) {
  return ok(parse_container(
      parsed(fmt::format(R"({{"Id":"x","State":{{}},"Config":{{}},"HostConfig":{}}})", host_config)).root()));
}

std::vector<std::string> ports_of(const ContainerDetails& details) {
  std::vector<std::string> texts;
  for (const PublishedPort& port : details.ports) {
    texts.push_back(fmt::format("{}={}:{}", port.container_port, port.host_address, port.host_port));
  }
  return texts;
}

std::vector<std::string> mounts_of(const ContainerDetails& details) {
  std::vector<std::string> texts;
  for (const Mount& mount : details.mounts) {
    texts.push_back(fmt::format("{} {}{}:{}{}{}", mount.type, mount.volume.empty() ? "" : mount.volume + "=",
                                mount.source, mount.destination, mount.read_only ? ":ro" : "",
                                mount.propagation.empty() ? "" : ":" + mount.propagation));
  }
  std::ranges::sort(texts);
  return texts;
}

// ---- Recorded: Docker Engine 20.10

TEST(EngineAnswers, TellWhatDocker20Is) {
  const Engine engine = engine_of("docker-20.10/info", "docker-20.10/version");
  EXPECT_EQ(engine.name, "node-1");
  EXPECT_EQ(engine.server_version, "20.10.24+dfsg1");
  EXPECT_EQ(engine.api_version, "1.41");
  EXPECT_EQ(engine.min_api_version, "1.12");
  EXPECT_EQ(engine.platform, "");
  EXPECT_EQ(engine.operating_system, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_FALSE(engine.podman);
  EXPECT_EQ(engine.root_dir, "/var/lib/docker");
  EXPECT_EQ(engine.storage_driver, "vfs");
  EXPECT_FALSE(engine.containerd_store);
  EXPECT_EQ(engine.cgroup_driver, "cgroupfs");
  EXPECT_EQ(engine.cgroup_version, "1");
  EXPECT_THAT(engine.security_options, ElementsAre("name=seccomp,profile=default"));
  EXPECT_EQ(engine.logging_driver, "json-file");
  EXPECT_EQ(engine.live_restore, false);
  EXPECT_EQ(engine.debug, false);
  EXPECT_EQ(engine.ipv4_forwarding, true);
  EXPECT_EQ(engine.bridge_nf_iptables, true);
  EXPECT_THAT(engine.insecure_registries, IsEmpty()) << "127.0.0.0/8 is every engine's";
  EXPECT_THAT(engine.authorization_plugins, IsEmpty());
  EXPECT_EQ(engine.default_runtime, "runc");
  EXPECT_THAT(
      engine.components,
      ElementsAre(
          Field(&Engine::Component::name, "Engine"),
          AllOf(Field(&Engine::Component::name, "containerd"), Field(&Engine::Component::version, "1.6.20~ds1")),
          AllOf(Field(&Engine::Component::name, "runc"), Field(&Engine::Component::version, "1.1.5+ds1")),
          Field(&Engine::Component::name, "docker-init")));
  EXPECT_EQ(engine.swarm_state, "inactive");
  EXPECT_FALSE(engine.swarm_manager);
}

TEST(EngineAnswers, ListContainersByTheirOwnNames) {
  const auto containers = ok(parse_container_list(recorded("docker-20.10/containers").root()));
  std::vector<std::string> names;
  for (const Container& container : containers) {
    EXPECT_EQ(container.id.size(), 64U);
    EXPECT_FALSE(container.details);
    names.push_back(fmt::format("{} {}", container.name, container.state));
  }
  EXPECT_THAT(names, UnorderedElementsAre("hardened running", "hostile running", "created-privileged created",
                                          "plain running"));
  const auto hardened = std::ranges::find(containers, "hardened", &Container::name);
  EXPECT_THAT(hardened->labels, testing::Contains(Pair("org.example.team", "shop")));
}

TEST(EngineAnswers, TellAHardenedContainer) {
  const ContainerDetails details = container_of("docker-20.10/container-hardened");
  EXPECT_TRUE(details.image_id.starts_with("sha256:f698fd87"));
  EXPECT_EQ(details.image_reference, "shop/web:1.4");
  EXPECT_EQ(details.user, "1000:1000");
  EXPECT_THAT(details.env, ElementsAre("PATH=/bin", "MODE=production"));
  EXPECT_EQ(details.health.kind, Health::Kind::kSet);
  EXPECT_TRUE(details.has_health_state);
  EXPECT_GT(details.pid, 0);
  EXPECT_FALSE(details.privileged);
  EXPECT_THAT(details.cap_drop, ElementsAre("ALL"));
  EXPECT_THAT(details.security_options, ElementsAre("no-new-privileges"));
  EXPECT_THAT(details.masked_paths, testing::Optional(SizeIs(10)));
  EXPECT_THAT(details.readonly_paths, testing::Optional(SizeIs(5)));
  EXPECT_EQ(details.network_mode, "backend");
  EXPECT_THAT(details.networks, ElementsAre("backend"));
  EXPECT_EQ(details.restart_policy, "on-failure");
  EXPECT_EQ(details.restart_maximum, 5);
  EXPECT_EQ(details.memory, 64 << 20);
  EXPECT_EQ(details.cpu_shares, 512);
  EXPECT_EQ(details.pids_limit, 100);
  EXPECT_TRUE(details.read_only_root);
  EXPECT_EQ(details.log_driver, "json-file");
  EXPECT_EQ(details.runtime, "runc");
  EXPECT_THAT(ports_of(details), ElementsAre("8080/tcp=127.0.0.1:8080"));
  EXPECT_THAT(mounts_of(details),
              ElementsAre("tmpfs :/tmp", "volume data=/var/lib/docker/volumes/data/_data:/data:ro"));
}

TEST(EngineAnswers, TellAHostileContainer) {
  const ContainerDetails details = container_of("docker-20.10/container-hostile");
  EXPECT_EQ(details.user, "0:0");
  EXPECT_THAT(details.cap_add, ElementsAre("CAP_SYS_ADMIN"));
  EXPECT_THAT(details.security_options,
              UnorderedElementsAre("seccomp=unconfined", "apparmor=unconfined", "label=disable"));
  EXPECT_EQ(details.network_mode, "host");
  EXPECT_EQ(details.pid_mode, "host");
  EXPECT_EQ(details.ipc_mode, "host");
  EXPECT_EQ(details.uts_mode, "host");
  EXPECT_EQ(details.cgroupns_mode, "host");
  EXPECT_EQ(details.restart_policy, "always");
  EXPECT_EQ(details.health.kind, Health::Kind::kNone);
  EXPECT_FALSE(details.has_health_state);
  EXPECT_THAT(details.ulimits,
              ElementsAre(AllOf(Field(&Ulimit::name, "nofile"), Field(&Ulimit::soft, 64), Field(&Ulimit::hard, 128))));
  EXPECT_THAT(details.devices,
              ElementsAre(AllOf(Field(&Device::host_path, "/dev/null"), Field(&Device::container_path, "/dev/other"),
                                Field(&Device::permissions, "rw"))));
  EXPECT_THAT(details.group_add, ElementsAre("0"));
  EXPECT_EQ(details.oom_score_adj, 500);
  EXPECT_EQ(details.log_driver, "none");
  EXPECT_EQ(details.pids_limit, 0);
  EXPECT_THAT(mounts_of(details),
              ElementsAre("bind /:/host:rslave", "bind /var/run/docker.sock:/var/run/docker.sock:rprivate",
                          "volume hosted=/var/lib/docker/volumes/hosted/_data:/config"));
}

TEST(EngineAnswers, TellOfAContainerThatDoesNotRunWhatItWillPublish) {
  const ContainerDetails details = container_of("docker-20.10/container-created-privileged");
  EXPECT_TRUE(details.privileged);
  EXPECT_EQ(details.pid, 0);
  EXPECT_EQ(details.health.kind, Health::Kind::kDisabled);
  EXPECT_THAT(details.masked_paths, testing::Optional(IsEmpty())) << "systempaths=unconfined";
  EXPECT_THAT(details.device_cgroup_rules, ElementsAre("c 1:3 rwm"));
  EXPECT_THAT(details.device_requests, ElementsAre("all devices, capabilities gpu"));
  // Published by name, at a port of the engine's choice, and by --publish-all.
  EXPECT_THAT(ports_of(details), ElementsAre("443/tcp=:8443", "53/udp=:0", "9000/tcp=:0"));
  EXPECT_THAT(mounts_of(details), ElementsAre("bind /etc:/etc-host:ro:rprivate", "tmpfs :/scratch"));
  const ContainerDetails running = container_of("docker-20.10/container-plain");
  EXPECT_THAT(ports_of(running),
              ElementsAre("443/tcp=0.0.0.0:32768", "443/tcp=:::32768", "80/tcp=0.0.0.0:80", "80/tcp=:::80"));
}

TEST(EngineAnswers, TellImagesAndHowTheyWereMade) {
  auto images = ok(parse_image_list(recorded("docker-20.10/images").root()));
  const auto web = std::ranges::find(images, "shop/web:1.4", &Image::label);
  ASSERT_NE(web, images.end());
  EXPECT_EQ(web->created, "2026-11-22T21:39:24Z");
  EXPECT_THAT(web->digests, IsEmpty()) << "<none>@<none> is no digest";
  EXPECT_TRUE(web->config_unknown) << "the list does not tell it";
  ASSERT_TRUE(parse_image(recorded("docker-20.10/image-web").root(), *web));
  EXPECT_FALSE(web->config_unknown);
  EXPECT_EQ(web->user, "1000:1000");
  EXPECT_THAT(web->env, ElementsAre("PATH=/bin", "MODE=production"));
  EXPECT_EQ(web->health.kind, Health::Kind::kSet);
  EXPECT_EQ(web->created, "2026-11-22T21:39:24.110225374Z");
  const auto history = ok(parse_history(recorded("docker-20.10/history-web").root()));
  ASSERT_THAT(history, SizeIs(7));
  EXPECT_THAT(history.front().created_by, HasSubstr("COPY file:"));
  EXPECT_FALSE(history.front().empty_layer);
  EXPECT_THAT(history.back().created_by, HasSubstr("CMD"));
  EXPECT_TRUE(history.back().empty_layer);
}

TEST(EngineAnswers, TellNetworksAndVolumes) {
  const auto networks = ok(parse_networks(recorded("docker-20.10/networks").root()));
  const auto named = [&](std::string_view name) { return *std::ranges::find(networks, name, &Network::name); };
  EXPECT_EQ(named("bridge").options.at("com.docker.network.bridge.enable_icc"), "true");
  EXPECT_EQ(named("backend").options.at("com.docker.network.bridge.enable_icc"), "false");
  EXPECT_TRUE(named("ingress").ingress);
  EXPECT_EQ(named("mesh").driver, "overlay");
  EXPECT_EQ(named("mesh").scope, "swarm");
  EXPECT_TRUE(named("mesh").options.contains("encrypted"));
  EXPECT_FALSE(named("plain-mesh").options.contains("encrypted"));
  const auto volumes = ok(parse_volumes(recorded("docker-20.10/volumes").root()));
  EXPECT_THAT(volumes,
              ElementsAre(Pair("data", Field(&Mount::device, "")), Pair("hosted", Field(&Mount::device, "/etc"))));
  EXPECT_EQ(volumes.at("hosted").source, "/var/lib/docker/volumes/hosted/_data");
}

TEST(EngineAnswers, TellASwarm) {
  const Engine engine = engine_of("docker-20.10/info-swarm", "docker-20.10/version");
  EXPECT_EQ(engine.swarm_state, "active");
  EXPECT_TRUE(engine.swarm_manager);
  EXPECT_EQ(engine.swarm_node_address, "127.0.0.1");
  const Swarm swarm = ok(parse_swarm(recorded("docker-20.10/swarm").root()));
  EXPECT_EQ(swarm.id, "ayfii3cg696vqrk13pv2wblmf");
  EXPECT_EQ(swarm.created, "2026-11-22T21:42:21.553258091Z");
  EXPECT_EQ(swarm.updated, "2026-11-22T21:42:22.098023953Z");
  EXPECT_FALSE(swarm.autolock);
  EXPECT_EQ(swarm.node_certificate_expiry, int64_t{90} * 24 * 3600 * 1'000'000'000);
  EXPECT_EQ(swarm.trust_root_not_before, "2026-11-22T21:37:00Z");
  EXPECT_EQ(swarm.trust_root_not_after, "2046-11-17T21:37:00Z");
  EXPECT_FALSE(swarm.data_path_address) << "no answer tells it";
  EXPECT_THAT(ok(parse_nodes(recorded("docker-20.10/nodes").root())),
              ElementsAre(AllOf(Field(&SwarmNode::hostname, "node-1"), Field(&SwarmNode::manager, true),
                                Field(&SwarmNode::state, "ready"), Field(&SwarmNode::reachability, "reachable"))));
  const auto services = ok(parse_services(recorded("docker-20.10/services").root()));
  ASSERT_THAT(services, SizeIs(2));
  const SwarmService& shop = *std::ranges::find(services, "shop", &SwarmService::name);
  EXPECT_THAT(shop.env, ElementsAre("API_KEY=example"));
  EXPECT_EQ(shop.secret_count, 1U);
  EXPECT_THAT(
      shop.ports,
      ElementsAre(AllOf(Field(&PublishedPort::container_port, "8080/tcp"), Field(&PublishedPort::host_port, 8088)),
                  AllOf(Field(&PublishedPort::container_port, "53/udp"), Field(&PublishedPort::host_port, 5353))));
  EXPECT_EQ(ok(parse_secret_count(recorded("docker-20.10/secrets").root())), 1U);
}

// ---- Recorded: Docker Engine 28.5

TEST(EngineAnswers, TellWhatDocker28Is) {
  const Engine engine = engine_of("docker-28.5/info", "docker-28.5/version");
  EXPECT_EQ(engine.server_version, "28.5.2");
  EXPECT_EQ(engine.api_version, "1.51");
  EXPECT_EQ(engine.min_api_version, "1.24");
  EXPECT_THAT(engine.security_options, ElementsAre("name=seccomp,profile=builtin"));
  EXPECT_EQ(engine.bridge_nf_iptables, std::nullopt) << "left out from 1.50 on";
  EXPECT_EQ(engine.ipv4_forwarding, true);
  EXPECT_EQ(engine.live_restore, false);
  EXPECT_THAT(engine.insecure_registries, IsEmpty()) << "127.0.0.0/8 and ::1/128 are every engine's";
  EXPECT_FALSE(engine.containerd_store);
  EXPECT_EQ(engine.swarm_state, "inactive");
}

// They were made with the same options as those of 20.10; of 29 they were never started.
class EveryEngine : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(EngineAnswers, EveryEngine, testing::Values("docker-28.5", "docker-29"));

TEST_P(EveryEngine, TellsTheSameContainersAlike) {
  for (const std::string_view name : {"hardened", "hostile", "created-privileged", "plain"}) {
    const ContainerDetails old = container_of(fmt::format("docker-20.10/container-{}", name));
    const ContainerDetails details = container_of(fmt::format("{}/container-{}", GetParam(), name));
    EXPECT_EQ(details.user, old.user) << name;
    EXPECT_EQ(details.env, old.env) << name;
    EXPECT_EQ(details.health.kind, old.health.kind) << name;
    EXPECT_EQ(details.privileged, old.privileged) << name;
    EXPECT_EQ(details.cap_add, old.cap_add) << name;
    EXPECT_EQ(details.cap_drop, old.cap_drop) << name;
    EXPECT_EQ(details.security_options, old.security_options) << name;
    EXPECT_EQ(details.masked_paths->empty(), old.masked_paths->empty()) << name;
    EXPECT_EQ(details.pid_mode, old.pid_mode) << name;
    EXPECT_EQ(details.ipc_mode, old.ipc_mode) << name;
    EXPECT_EQ(details.uts_mode, old.uts_mode) << name;
    EXPECT_EQ(details.cgroupns_mode, old.cgroupns_mode) << name;
    EXPECT_EQ(details.restart_policy, old.restart_policy) << name;
    EXPECT_EQ(details.memory, old.memory) << name;
    EXPECT_EQ(details.cpu_shares, old.cpu_shares) << name;
    EXPECT_EQ(details.pids_limit, old.pids_limit) << name;
    EXPECT_EQ(details.read_only_root, old.read_only_root) << name;
    EXPECT_EQ(details.ulimits.size(), old.ulimits.size()) << name;
    EXPECT_EQ(details.devices.size(), old.devices.size()) << name;
    EXPECT_EQ(details.device_requests, old.device_requests) << name;
    EXPECT_EQ(details.networks, old.networks) << name;
    EXPECT_EQ(details.log_driver, old.log_driver) << name;
    EXPECT_EQ(details.group_add, old.group_add) << name;
    if (name != "plain") EXPECT_EQ(ports_of(details), ports_of(old)) << name;  // one of its ports the engine chose
    if (name != "hostile") EXPECT_EQ(mounts_of(details), mounts_of(old)) << name;
  }
}

TEST_P(EveryEngine, TellsItsSwarm) {
  const auto of = [](std::string_view name) { return recorded(fmt::format("{}/{}", GetParam(), name)); };
  EXPECT_TRUE(ok(parse_engine(of("info-swarm").root(), of("version").root())).swarm_manager);
  const Swarm swarm = ok(parse_swarm(of("swarm").root()));
  EXPECT_TRUE(swarm.autolock);
  EXPECT_THAT(swarm.trust_root_not_after, testing::StartsWith("2046-"));
  EXPECT_THAT(ok(parse_nodes(of("nodes").root())), ElementsAre(Field(&SwarmNode::manager, true)));
  EXPECT_THAT(ok(parse_services(of("services").root())),
              ElementsAre(AllOf(Field(&SwarmService::name, "shop"), Field(&SwarmService::secret_count, 1U),
                                Field(&SwarmService::ports, SizeIs(2)))));
  EXPECT_EQ(ok(parse_secret_count(of("secrets").root())), 1U);
  EXPECT_THAT(ok(parse_networks(of("networks").root())),
              testing::Contains(AllOf(Field(&Network::name, "ingress"), Field(&Network::ingress, true))));
  EXPECT_THAT(ok(parse_volumes(of("volumes").root())),
              testing::Contains(Pair("hosted", Field(&Mount::device, "/etc"))));
}

TEST(EngineAnswers, TellWhatDocker29Is) {
  const Engine engine = engine_of("docker-29/info", "docker-29/version");
  EXPECT_EQ(engine.server_version, "29.8.0-dev");
  EXPECT_EQ(engine.api_version, "1.56");
  EXPECT_EQ(engine.bridge_nf_iptables, std::nullopt);
  EXPECT_THAT(engine.insecure_registries, IsEmpty());
  EXPECT_EQ(engine.default_runtime, "runc");
  EXPECT_THAT(engine.security_options, ElementsAre("name=seccomp,profile=builtin"));
  Image image;
  ASSERT_TRUE(parse_image(recorded("docker-29/image-web").root(), image));
  EXPECT_EQ(image.user, "1000:1000");
  EXPECT_EQ(image.health.kind, Health::Kind::kSet);
  EXPECT_THAT(ok(parse_container_list(recorded("docker-29/containers").root())), SizeIs(4));
  EXPECT_THAT(ok(parse_image_list(recorded("docker-29/images").root())), SizeIs(2));
  EXPECT_THAT(ok(parse_history(recorded("docker-29/history-web").root())), SizeIs(7));
}

TEST(EngineAnswers, TellImagesInTheStoreOfContainerd) {
  const Engine engine = engine_of("docker-28.5-containerd/info", "docker-28.5-containerd/version");
  EXPECT_TRUE(engine.containerd_store);
  EXPECT_EQ(engine.storage_driver, "native");
  auto images = ok(parse_image_list(recorded("docker-28.5-containerd/images").root()));
  const auto web = std::ranges::find(images, "shop/web:1.4", &Image::label);
  ASSERT_NE(web, images.end());
  EXPECT_THAT(web->digests, ElementsAre("shop/web@" + web->id));
  ASSERT_TRUE(parse_image(recorded("docker-28.5-containerd/image-web").root(), *web));
  EXPECT_FALSE(web->config_unknown);
  EXPECT_EQ(web->user, "1000:1000");
  EXPECT_EQ(web->health.kind, Health::Kind::kSet);
  EXPECT_EQ(container_of("docker-28.5-containerd/container-web").image_id, web->id);
  const auto containers = ok(parse_container_list(recorded("docker-28.5-containerd/containers").root()));
  EXPECT_EQ(std::ranges::find(containers, "web", &Container::name)->image_id, web->id);
  EXPECT_THAT(ok(parse_history(recorded("docker-28.5-containerd/history-web").root())), SizeIs(7));
}

// ---- Recorded: Podman 4.3

TEST(EngineAnswers, TellWhatPodmanIs) {
  const Engine engine = engine_of("podman-4.3/info", "podman-4.3/version");
  EXPECT_TRUE(engine.podman);
  EXPECT_EQ(engine.server_version, "4.3.1");
  EXPECT_FALSE(engine.debug);
  EXPECT_FALSE(engine.live_restore) << "there is no daemon that it could be set for";
  EXPECT_FALSE(engine.experimental) << "Podman says so of every engine";
  EXPECT_FALSE(engine.rootless());
  EXPECT_THAT(engine.components, testing::Contains(AllOf(Field(&Engine::Component::name, "OCI Runtime (runc)"),
                                                         Field(&Engine::Component::version, "1.1.5+ds1"))));
  EXPECT_THAT(engine.components, testing::Contains(AllOf(Field(&Engine::Component::name, "Conmon"),
                                                         Field(&Engine::Component::version, "2.1.6"))));
}

TEST(EngineAnswers, TellPodmansContainers) {
  EXPECT_THAT(ok(parse_container_list(recorded("podman-4.3/containers").root())), SizeIs(4));
  const ContainerDetails hardened = container_of("podman-4.3/container-hardened");
  EXPECT_EQ(hardened.health.kind, Health::Kind::kSet);
  EXPECT_FALSE(hardened.has_health_state) << "an empty status is none";
  EXPECT_FALSE(hardened.masked_paths) << "Podman does not say";
  EXPECT_EQ(hardened.restart_policy, "on-failure");
  EXPECT_THAT(ports_of(hardened), ElementsAre("8080/tcp=127.0.0.1:8080"));
  EXPECT_THAT(hardened.ulimits, testing::Contains(Field(&Ulimit::name, "nofile"))) << "RLIMIT_NOFILE";
  const ContainerDetails hostile = container_of("podman-4.3/container-hostile");
  EXPECT_EQ(hostile.restart_policy, "no");
  EXPECT_EQ(hostile.network_mode, "host");
  EXPECT_EQ(hostile.pid_mode, "host");
  EXPECT_THAT(hostile.cap_add, ElementsAre("SYS_ADMIN"));
  EXPECT_THAT(mounts_of(hostile),
              ElementsAre("bind /:/host:rprivate",
                          "volume hosted=/var/lib/containers/storage/volumes/hosted/_data:/config:rprivate"));
  EXPECT_TRUE(container_of("podman-4.3/container-created-privileged").privileged);
  EXPECT_EQ(container_of("podman-4.3/container-created-privileged").health.kind, Health::Kind::kDisabled);
}

TEST(EngineAnswers, TellPodmansImagesWithTheirHealthChecks) {
  auto images = ok(parse_image_list(recorded("podman-4.3/images").root()));
  const auto web = std::ranges::find(images, "localhost/shop/web:1.4", &Image::label);
  ASSERT_NE(web, images.end());
  const std::string listed_id = web->id;
  EXPECT_EQ(container_of("podman-4.3/container-hardened").image_id, listed_id);
  ASSERT_TRUE(parse_image(recorded("podman-4.3/image-web").root(), *web));
  EXPECT_EQ(web->id, listed_id);
  EXPECT_EQ(web->health.kind, Health::Kind::kNone) << "the compatible answer leaves it out";
  ASSERT_TRUE(parse_image(recorded("podman-4.3/libpod-image-web").root(), *web));
  EXPECT_EQ(web->id, listed_id);
  EXPECT_EQ(web->health.kind, Health::Kind::kSet);
  EXPECT_EQ(web->user, "1000:1000");
  EXPECT_THAT(ok(parse_history(recorded("podman-4.3/history-web").root())), SizeIs(7));
  EXPECT_THAT(
      ok(parse_networks(recorded("podman-4.3/networks").root())),
      testing::Contains(AllOf(Field(&Network::name, "backend"), Field(&Network::containers, ElementsAre("hardened")))));
  EXPECT_THAT(ok(parse_volumes(recorded("podman-4.3/volumes").root())), SizeIs(2));
}

// ---- What engines differ in, in small

Engine engine_with(std::string_view info, std::string_view version) {
  return ok(parse_engine(parsed(info).root(), parsed(version).root()));
}
constexpr std::string_view kSomeVersion = R"({"Version":"1","ApiVersion":"1.41"})";

TEST(EngineAnswers, TellInsecureRegistriesByRangeAndByName) {
  const Engine engine = engine_with(R"({"RegistryConfig":{
      "InsecureRegistryCIDRs":["::1/128","127.0.0.0/8","10.0.0.0/8"],
      "IndexConfigs":{"docker.io":{"Secure":true},"old.example:5000":{"Secure":false}}}})",
                                    kSomeVersion);
  EXPECT_THAT(engine.insecure_registries, ElementsAre("10.0.0.0/8", "old.example:5000"));
}

TEST(EngineAnswers, TellTheImageStoreOfContainerd) {
  EXPECT_TRUE(engine_with(R"({"DriverStatus":[["driver-type","io.containerd.snapshotter.v1"]]})", kSomeVersion)
                  .containerd_store);
  EXPECT_FALSE(engine_with(R"({"DriverStatus":[["Backing Filesystem","extfs"]]})", kSomeVersion).containerd_store);
}

TEST(EngineAnswers, DoNotTellBridgeFilteringFrom1_48On) {
  constexpr std::string_view kInfo = R"({"BridgeNfIptables":false})";
  EXPECT_EQ(engine_with(kInfo, R"({"Version":"27","ApiVersion":"1.47"})").bridge_nf_iptables, false);
  EXPECT_EQ(engine_with(kInfo, R"({"Version":"28","ApiVersion":"1.48"})").bridge_nf_iptables, std::nullopt);
}

TEST(EngineAnswers, TellRootlessPodmanThatSaysSoElsewhere) {
  EXPECT_TRUE(
      engine_with(R"({"Rootless":true,"SecurityOptions":["name=seccomp,profile=default"]})", kSomeVersion).rootless());
  EXPECT_THAT(engine_with(R"({"Rootless":true,"SecurityOptions":["name=rootless"]})", kSomeVersion).security_options,
              SizeIs(1));
}

TEST(EngineAnswers, NameContainersWithLinksAndWithoutNames) {
  const auto containers = ok(parse_container_list(parsed(R"([
      {"Id":"0123456789abcdef","Names":["/web/db","/db"],"State":"running","Labels":null},
      {"Id":"fedcba9876543210","Names":null,"State":"removing"}])")
                                                      .root()));
  ASSERT_THAT(containers, SizeIs(2));
  EXPECT_EQ(containers[0].name, "db");
  EXPECT_EQ(containers[1].name, "fedcba987654");
}

TEST(EngineAnswers, ReadNullsAsEmpty) {
  const ContainerDetails details = container_with(R"({"CapAdd":null,"PidsLimit":null,"OomKillDisable":null,
      "MaskedPaths":null,"RestartPolicy":null,"Ulimits":null,"Sysctls":null,"PortBindings":{"80/tcp":null}})");
  EXPECT_THAT(details.cap_add, IsEmpty());
  EXPECT_EQ(details.pids_limit, 0);
  EXPECT_FALSE(details.masked_paths);
  EXPECT_EQ(details.restart_policy, "no");
  EXPECT_THAT(details.ports, IsEmpty());
  EXPECT_THAT(ok(parse_container_list(parsed("null").root())), IsEmpty());
  EXPECT_THAT(ok(parse_volumes(parsed(R"({"Volumes":null})").root())), IsEmpty());
}

TEST(EngineAnswers, PublishNothingWithoutANetworkOfTheirOwn) {
  for (const std::string_view mode : {"host", "none", "container:abc"}) {
    EXPECT_THAT(
        container_with(fmt::format(R"({{"NetworkMode":"{}","PortBindings":{{"80/tcp":[{{"HostPort":"80"}}]}}}})", mode))
            .ports,
        IsEmpty());
  }
  EXPECT_THAT(ports_of(container_with(
                  R"({"NetworkMode":"bridge","PortBindings":{"80/tcp":[{"HostIp":"::","HostPort":"8000-8010"}]}})")),
              ElementsAre("80/tcp=:::8000"));
}

TEST(EngineAnswers, TellDevicesOfGpusAndOfCdi) {
  const ContainerDetails details = container_with(R"({"DeviceRequests":[
      {"Driver":"nvidia","Count":2,"DeviceIDs":null,"Capabilities":[["gpu","compute"]]},
      {"Driver":"nvidia","Count":0,"DeviceIDs":["0","1"],"Capabilities":[["gpu"]]},
      {"Driver":"cdi","Count":0,"DeviceIDs":["vendor.com/gpu=0"],"Capabilities":null}]})");
  EXPECT_THAT(details.device_requests,
              ElementsAre("driver nvidia, 2 devices, capabilities gpu compute",
                          "driver nvidia, devices 0 1, capabilities gpu", "cdi vendor.com/gpu=0"));
}

TEST(EngineAnswers, TellMountsOfEnginesThatDoNotNameTheirType) {
  const auto details =
      ok(parse_container(parsed(R"({"State":{},"Config":{},"HostConfig":{"Tmpfs":{"/t":"ro,size=1m"}},"Mounts":[
      {"Name":"data","Source":"/v/data/_data","Destination":"/data","Driver":"local","Mode":"","RW":true,"Propagation":""},
      {"Source":"/etc","Destination":"/host","Mode":"ro","RW":false,"Propagation":"rprivate"}]})")
                             .root()));
  EXPECT_THAT(mounts_of(details),
              ElementsAre("bind /etc:/host:ro:rprivate", "tmpfs :/t:ro", "volume data=/v/data/_data:/data"));
}

TEST(EngineAnswers, DoNotTakeAMissingConfigurationForOneOfRoot) {
  Image image;
  ASSERT_TRUE(parse_image(parsed(R"({"Id":"sha256:1","Os":"","Architecture":"","Config":{}})").root(), image));
  ASSERT_TRUE(image.config_unknown);
  EXPECT_EQ(image.config_unknown->kind, Unknown::Kind::kNotApplicable);
  // An image made of layers alone has no configuration, and its processes are root's.
  ASSERT_TRUE(
      parse_image(parsed(R"({"Id":"sha256:1","Os":"linux","Architecture":"amd64","Config":null})").root(), image));
  EXPECT_FALSE(image.config_unknown);
}

// ---- Hostile

TEST(EngineAnswers, NameTheMemberThatIsOfTheWrongKind) {
  const auto container = [](std::string_view more) {
    return message(parse_container(parsed(fmt::format(R"({{"State":{{}},"Config":{{}},{}}})", more)).root()));
  };
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"("HostConfig":{"Privileged":"true"})", "'/HostConfig/Privileged' is neither true nor false"},
      {R"("HostConfig":{"Memory":1.5})", "'/HostConfig/Memory' is no whole number"},
      {R"("HostConfig":{"Memory":18446744073709551615})", "'/HostConfig/Memory' is no whole number"},
      {R"("HostConfig":{"CapAdd":"ALL"})", "'/HostConfig/CapAdd' is no list"},
      {R"("HostConfig":{"CapAdd":["A",null]})", "'/HostConfig/CapAdd/1' is no string"},
      {R"("HostConfig":{"Sysctls":{"a":1}})", "'/HostConfig/Sysctls/a' is no string"},
      {R"("HostConfig":{"RestartPolicy":"no"})", "'/HostConfig/RestartPolicy' is no object"},
      {R"("HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"x"}]}})",
       "'/HostConfig/PortBindings/80/tcp/0/HostPort' is no port"},
      {R"("HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"65536"}]}})", "HostPort' is no port"},
      {R"("HostConfig":{},"Mounts":[[]])", "'/Mounts/0' is no object"},
      {R"("HostConfig":null)", "'/HostConfig' is no object"},
      {R"("Mounts":[])", "'/HostConfig' is no object"},
  };
  for (const auto& [text, expected] : cases) EXPECT_THAT(container(text), HasSubstr(expected)) << text;
  EXPECT_THAT(message(parse_container(parsed(R"({"State":{"Pid":4294967296},"Config":{},"HostConfig":{}})").root())),
              HasSubstr("'/State/Pid' is out of range"));
  EXPECT_THAT(message(parse_container(parsed("[]").root())), HasSubstr("is no object"));
  EXPECT_THAT(message(parse_container_list(parsed("{}").root())), HasSubstr("'/' is no list"));
  EXPECT_THAT(message(parse_container_list(parsed(R"([{"Names":["/a"]}])").root())),
              HasSubstr("'/0/Id' is missing or empty"));
  EXPECT_THAT(message(parse_engine(parsed("[]").root(), parsed(kSomeVersion).root())),
              HasSubstr("'/info' is no object"));
  EXPECT_THAT(message(parse_engine(parsed("{}").root(), parsed("{}").root())),
              HasSubstr("'/version/Version' is missing"));
  EXPECT_THAT(message(parse_image_list(parsed(R"([{"Id":"a","Created":"x"}])").root())), HasSubstr("'/0/Created'"));
  EXPECT_THAT(message(parse_history(parsed(R"([{"CreatedBy":5}])").root())), HasSubstr("'/0/CreatedBy'"));
  EXPECT_THAT(message(parse_networks(parsed(R"([{"Id":"a"}])").root())), HasSubstr("'/0/Name'"));
  EXPECT_THAT(message(parse_volumes(parsed("[]").root())), HasSubstr("'/' is no object"));
  EXPECT_THAT(message(parse_swarm(parsed(R"({"ID":"a"})").root())), HasSubstr("'/Spec' is no object"));
  EXPECT_THAT(message(parse_nodes(parsed("[null]").root())), HasSubstr("'/0/ID'"));
  EXPECT_THAT(message(parse_services(
                  parsed(R"([{"ID":"a","Spec":{"TaskTemplate":{"ContainerSpec":{"Secrets":{}}}}}])").root())),
              HasSubstr("Secrets' is no list"));
  EXPECT_THAT(message(parse_secret_count(parsed("[1]").root())), HasSubstr("'/0' is no object"));
}

TEST(EngineAnswers, LeaveAnImageAsItWasWhenTheyAreMalformed) {
  Image image{.id = "sha256:1", .tags = {"a:1"}, .user = "1000"};
  EXPECT_THAT(message(parse_image(parsed(R"({"Id":"sha256:2","RepoTags":["b:1"],"Config":{"User":5}})").root(), image)),
              HasSubstr("'/Config/User' is no string"));
  EXPECT_EQ(image.id, "sha256:1");
  EXPECT_THAT(image.tags, ElementsAre("a:1"));
  EXPECT_EQ(image.user, "1000");
}

TEST(EngineAnswers, KeepMessagesShortAndPrintable) {
  const std::string key = "\\u001b[2J" + std::string(10'000, 'k');
  const std::string text = message(parse_container(
      parsed(fmt::format(R"({{"State":{{}},"Config":{{}},"HostConfig":{{"Sysctls":{{"{}":1}}}}}})", key)).root()));
  EXPECT_LT(text.size(), 300U);
  EXPECT_FALSE(text.contains('\x1b'));
}

TEST(EngineAnswers, TellKernelSettingsOfContainersAndOfTheirInterfaces) {
  const ContainerDetails details =
      ok(parse_container(parsed(R"({"State":{},"Config":{},"HostConfig":{"Sysctls":{"net.ipv4.ip_forward":"1"}},
        "NetworkSettings":{"Networks":{"app":{"DriverOpts":{"com.docker.network.endpoint.sysctls":
        "net.ipv4.conf.IFNAME.rp_filter=0,net.ipv6.conf.IFNAME.accept_ra=2"}},"db":{"DriverOpts":null}}}})")
                             .root()));
  std::vector<std::string> told;
  for (const Sysctl& each : details.sysctls)
    told.push_back(fmt::format("{}: {}={}", each.where, each.name, each.value));
  constexpr std::string_view kApp = "/NetworkSettings/Networks/app/DriverOpts/com.docker.network.endpoint.sysctls";
  EXPECT_THAT(told, ElementsAre("/HostConfig/Sysctls/net.ipv4.ip_forward: net.ipv4.ip_forward=1",
                                fmt::format("{}: net.ipv4.conf.IFNAME.rp_filter=0", kApp),
                                fmt::format("{}: net.ipv6.conf.IFNAME.accept_ra=2", kApp)));
}

TEST(EngineAnswers, TellASwarmWhoseRootCannotBeRead) {
  const Swarm swarm = ok(parse_swarm(parsed(R"({"ID":"a","Spec":{},"TLSInfo":{"TrustRoot":"x"}})").root()));
  EXPECT_EQ(swarm.trust_root, "x");
  EXPECT_EQ(swarm.trust_root_not_after, "");
}

TEST(BoundFolder, IsWhatALocalVolumeBinds) {
  EXPECT_EQ(bound_folder({{"type", "none"}, {"o", "bind"}, {"device", "/etc"}}), "/etc");
  EXPECT_EQ(bound_folder({{"o", "ro, rbind"}, {"device", "/etc"}}), "/etc");
  EXPECT_EQ(bound_folder({{"type", "nfs"}, {"o", "addr=10.0.0.1,nobind"}, {"device", ":/x"}}), "");
  EXPECT_EQ(bound_folder({{"o", "bind"}}), "");
  EXPECT_EQ(bound_folder({{"device", "/etc"}}), "");
  EXPECT_EQ(bound_folder({}), "");
}

TEST(EngineAnswers, TellHowFarAMountGoes) {
  const auto details = ok(parse_container(parsed(R"({"Id":"c","State":{},"Config":{},"Mounts":[
      {"Type":"bind","Source":"/srv","Destination":"/a","RW":true},
      {"Type":"bind","Source":"/srv","Destination":"/b","RW":true}],
      "HostConfig":{"Mounts":[{"Type":"bind","Source":"/srv","Target":"/a","BindOptions":{"NonRecursive":true}},
                              {"Type":"bind","Source":"/srv","Target":"/b","BindOptions":{}},
                              {"Type":"volume","Target":"/c"}]}})")
                                              .root()));
  EXPECT_THAT(details.mounts, ElementsAre(Field(&Mount::recursive, false), Field(&Mount::recursive, true)));
}

TEST(EngineAnswers, TellVolumesThatAreFileSystemsOfTheirOwn) {
  const auto volumes = ok(parse_volumes(parsed(R"({"Volumes":[
      {"Name":"o","Driver":"local","Mountpoint":"/v/o/_data",
       "Options":{"type":"overlay","device":"overlay","o":"lowerdir=/etc"}},
      {"Name":"p","Driver":"plugin","Options":{"type":"proc"}}]})")
                                            .root()));
  ASSERT_THAT(volumes, SizeIs(1));
  const Mount& volume = volumes.at("o");
  EXPECT_EQ(volume.type, "volume");
  EXPECT_EQ(volume.file_system, "overlay");
  EXPECT_EQ(volume.file_system_options, "lowerdir=/etc");
  EXPECT_EQ(volume.file_system_device, "overlay");
  EXPECT_EQ(volume.device, "");
}

}  // namespace
}  // namespace bulkhead::audit

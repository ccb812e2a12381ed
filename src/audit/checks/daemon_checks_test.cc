#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_host.h"

namespace bulkhead::audit {
namespace {

using testing::HasSubstr;

Facts with_options(std::vector<std::string> options) {
  Facts facts = test_facts();
  facts.engine->security_options = std::move(options);
  return facts;
}

Facts podman() {
  Facts facts = with_options({"name=seccomp,profile=default", "name=rootless"});
  facts.engine->podman = true;
  return facts;
}

Facts silent() {
  Facts facts = test_facts();
  facts.engine = not_known("the engine did not answer");
  return facts;
}

Facts with(std::string name, std::vector<std::string> values) {
  return facts_with_daemon({{std::move(name), std::move(values)}});
}

TEST(DaemonRootless, IsWhatTheEngineSaysOfItself) {
  EXPECT_EQ(status_of_only_row("daemon.rootless", with_options({"name=seccomp,profile=builtin", "name=rootless"})),
            "pass");
  EXPECT_EQ(status_of_only_row("daemon.rootless", podman()), "pass");
  EXPECT_EQ(status_of_only_row("daemon.rootless", facts_with_daemon()), "manual");
  EXPECT_THAT(told_by("daemon.rootless", facts_with_daemon()), HasSubstr("owner of process 812: uid 0"));
  EXPECT_EQ(status_of_only_row("daemon.rootless", silent()), "error");
}

Facts with_bridge(std::map<std::string, std::string> options, std::string name = "bridge") {
  Facts facts = test_facts();
  facts.networks->push_back({.id = "n1",
                             .name = std::move(name),
                             .driver = "bridge",
                             .scope = "local",
                             .ingress = false,
                             .options = std::move(options),
                             .containers = {}});
  return facts;
}

TEST(DaemonIcc, IsTheOptionOfTheDefaultBridge) {
  constexpr const char* kOption = "com.docker.network.bridge.enable_icc";
  EXPECT_EQ(status_of_only_row("daemon.icc", with_bridge({{kOption, "false"}})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.icc", with_bridge({{kOption, "true"}})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.icc", with_bridge({})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.icc", with_bridge({{kOption, "false"}}, "mine")), "not_applicable");
  Facts facts = test_facts();
  facts.networks = not_known("GET /networks: 500");
  EXPECT_EQ(status_of_only_row("daemon.icc", facts), "error");
}

// A process of another user whose arguments look like a daemon's says nothing: what counts is the network, the API, and
// the settings of the process that owns the socket.
TEST(DaemonSettings, AreNeverThoseOfAForgedProcess) {
  Facts facts = with_bridge({{"com.docker.network.bridge.enable_icc", "true"}});
  facts.host.daemon = facts_with_daemon().host.daemon;
  facts.host.daemon->arguments = {"dockerd",
                                  "--icc=false",
                                  "--userns-remap=x",
                                  "--no-new-privileges",
                                  "--authorization-plugin=x",
                                  "--userland-proxy=false",
                                  "--log-level=info"};
  for (const std::string_view check : {"daemon.icc", "daemon.userns-remap", "daemon.no-new-privileges",
                                       "daemon.authorization", "daemon.userland-proxy"}) {
    EXPECT_EQ(status_of_only_row(check, facts), "fail") << check;
  }
}

TEST(DaemonLogLevel, IsInfoOrNotSet) {
  EXPECT_EQ(status_of_only_row("daemon.log-level", facts_with_daemon()), "pass");
  EXPECT_EQ(status_of_only_row("daemon.log-level", with("log-level", {"info"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.log-level", with("log-level", {"debug"})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.log-level", with("log-level", {"error"})), "fail");
  EXPECT_EQ(told_by("daemon.log-level", with("debug", {"true"})),
            "/etc/docker/daemon.json#/debug: true (false, and log-level info); \n");
  EXPECT_EQ(status_of_only_row("daemon.log-level", test_facts()), "not_applicable");
}

TEST(DaemonLogLevel, BelievesTheEngineAboutDebugNotItsFile) {
  Facts facts = with("debug", {"true"});
  facts.engine->debug = false;
  EXPECT_EQ(status_of_only_row("daemon.log-level", facts), "pass") << "it was switched off by a reload";
  facts = facts_with_daemon();
  facts.engine->debug = true;
  EXPECT_EQ(told_by("daemon.log-level", facts), "/info#/Debug: true (false, and log-level info); \n");
  facts = test_facts();
  facts.engine->debug = true;
  EXPECT_EQ(status_of_only_row("daemon.log-level", facts), "fail") << "also of one on another machine";
  facts.engine->debug = false;
  EXPECT_EQ(status_of_only_row("daemon.log-level", facts), "not_applicable") << "its level is not told";
  // The level from an argument, debug perhaps from a file that nobody knows any more.
  facts = with("log-level", {"info"});
  facts.host.daemon->settings->at("log-level").where = "argument --log-level of process 812";
  facts.host.daemon->config_file = DaemonProcess::ConfigFile::kDeleted;
  EXPECT_EQ(status_of_only_row("daemon.log-level", facts), "error");
  facts.engine->debug = false;
  EXPECT_EQ(status_of_only_row("daemon.log-level", facts), "pass");
}

TEST(DaemonSettings, OfAFileThatChangedAfterTheStartAreNotKnown) {
  Facts facts = with("iptables", {"true"});
  const Fact<DaemonProcess::ConfigFile> kNotAsRead[] = {DaemonProcess::ConfigFile::kChanged,
                                                        DaemonProcess::ConfigFile::kDeleted, not_known("no start")};
  for (const auto& state : kNotAsRead) {
    facts.host.daemon->config_file = state;
    for (const std::string_view check : {"daemon.iptables", "daemon.userland-proxy", "daemon.log-level",
                                         "daemon.default-ulimits", "daemon.cgroup-parent"}) {
      EXPECT_EQ(status_of_only_row(check, facts), "error") << check;
    }
  }
  facts.host.daemon->settings->at("iptables").where = "argument --iptables of process 812";
  EXPECT_EQ(status_of_only_row("daemon.iptables", facts), "pass");
}

TEST(DaemonIptables, MayBeWritten) {
  EXPECT_EQ(status_of_only_row("daemon.iptables", facts_with_daemon()), "pass");
  EXPECT_EQ(status_of_only_row("daemon.iptables", with("iptables", {"true"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.iptables", with("iptables", {"false"})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.iptables", test_facts()), "not_applicable");
}

TEST(DaemonSettings, OfAFileThatCannotBeReadAreAnError) {
  Facts facts = facts_with_daemon();
  facts.host.daemon->settings = not_known("/etc/docker/daemon.json: permission denied");
  for (const std::string_view check : {"daemon.log-level", "daemon.iptables", "daemon.default-ulimits",
                                       "daemon.cgroup-parent", "daemon.userland-proxy"}) {
    EXPECT_EQ(status_of_only_row(check, facts), "error") << check;
    EXPECT_EQ(told_by(check, facts), "/etc/docker/daemon.json: permission denied\n") << check;
  }
}

TEST(DaemonInsecureRegistries, AreNamed) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("daemon.insecure-registries", facts), "pass");
  facts.engine->insecure_registries = {"10.0.0.0/8", "registry.example:5000"};
  EXPECT_EQ(status_of_only_row("daemon.insecure-registries", facts), "fail");
  EXPECT_THAT(told_by("daemon.insecure-registries", facts), HasSubstr("10.0.0.0/8, registry.example:5000"));
  EXPECT_EQ(status_of_only_row("daemon.insecure-registries", silent()), "error");
}

TEST(DaemonStorageDriver, IsNoneThatIsGone) {
  Facts facts = test_facts();
  for (const std::string driver : {"aufs", "devicemapper"}) {
    const std::string check = "daemon." + driver;
    facts.engine->storage_driver = "overlay2";
    EXPECT_EQ(status_of_only_row(check, facts), "pass");
    facts.engine->storage_driver = driver;
    EXPECT_EQ(status_of_only_row(check, facts), "fail");
    EXPECT_EQ(status_of_only_row(check, silent()), "error");
  }
}

TEST(DaemonDefaultUlimits, AreForAPersonWhenThereAreNone) {
  EXPECT_EQ(status_of_only_row("daemon.default-ulimits", with("default-ulimits", {"nofile=64:64"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.default-ulimits", facts_with_daemon()), "manual");
  EXPECT_THAT(told_by("daemon.default-ulimits", facts_with_daemon()), HasSubstr("#/default-ulimits: not set"));
  EXPECT_EQ(status_of_only_row("daemon.default-ulimits", test_facts()), "not_applicable");
}

TEST(DaemonUsernsRemap, IsInEffectForAllContainers) {
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", test_facts()), "fail");
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", with_options({"name=rootless"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", silent()), "error");
  Facts rootful = podman();
  rootful.engine->security_options = {"name=seccomp,profile=default"};
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", rootful), "not_applicable");

  Facts facts = with_options({"name=userns"});
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", facts), "pass");
  ContainerDetails details;
  details.processes = ContainerProcesses{};
  details.processes->host_user_namespace = true;
  facts.containers->push_back(test_container("web", details));
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", facts), "fail");
  EXPECT_THAT(told_by("daemon.userns-remap", facts), HasSubstr("the host's: web"));
  // One that asked for it is the business of the checks of containers.
  facts.containers->front().details->userns_mode = "host";
  EXPECT_EQ(status_of_only_row("daemon.userns-remap", facts), "pass");
}

TEST(DaemonCgroupParent, IsTheDefaultOrConfirmedByAPerson) {
  EXPECT_EQ(status_of_only_row("daemon.cgroup-parent", facts_with_daemon()), "pass");
  EXPECT_EQ(status_of_only_row("daemon.cgroup-parent", with("cgroup-parent", {""})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.cgroup-parent", with("cgroup-parent", {"/mine"})), "manual");
  EXPECT_EQ(status_of_only_row("daemon.cgroup-parent", test_facts()), "not_applicable");
}

TEST(DaemonBaseDeviceSize, IsAboutDevicemapperOnly) {
  EXPECT_EQ(status_of_only_row("daemon.base-device-size", with("storage-opts", {"dm.basesize=20G"})), "not_applicable");
  Facts facts = with("storage-opts", {"dm.fs=xfs", "dm.basesize=20G"});
  facts.engine->storage_driver = "devicemapper";
  EXPECT_EQ(status_of_only_row("daemon.base-device-size", facts), "fail");
  facts.host.daemon->settings->clear();
  EXPECT_EQ(status_of_only_row("daemon.base-device-size", facts), "pass");
}

TEST(DaemonAuthorization, IsAPluginAndNoPromiseAboutItsRules) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("daemon.authorization", facts), "fail");
  facts.engine->authorization_plugins = {"bulkhead"};
  EXPECT_EQ(status_of_only_row("daemon.authorization", facts), "pass");
  EXPECT_THAT(told_by("daemon.authorization", facts), HasSubstr("says nothing about its rules"));
  EXPECT_EQ(status_of_only_row("daemon.authorization", podman()), "not_applicable");
}

TEST(DaemonLogging, DoesNotTakeLocalDriversForRemoteOnes) {
  const std::map<std::string, std::string> kWanted = {
      {"json-file", "fail"}, {"local", "fail"},     {"none", "fail"},       {"journald", "manual"},
      {"syslog", "manual"},  {"fluentd", "manual"}, {"gelf", "manual"},     {"awslogs", "pass"},
      {"splunk", "manual"},  {"k8s-file", "fail"},  {"", "not_applicable"}, {"vendor/plugin:1", "manual"}};
  for (Facts facts : {test_facts(), facts_with_daemon()}) {
    for (const auto& [driver, wanted] : kWanted) {
      facts.engine->logging_driver = driver;
      EXPECT_EQ(status_of_only_row("daemon.logging", facts), wanted) << driver;
    }
  }
}

TEST(DaemonLogging, AsksWhetherTheAddressIsAnotherMachines) {
  const auto status = [](std::string driver, std::vector<std::string> options) {
    Facts facts = with("log-opts", std::move(options));
    facts.engine->logging_driver = std::move(driver);
    return status_of_only_row("daemon.logging", facts);
  };
  EXPECT_EQ(status("syslog", {"syslog-address=tcp+tls://logs.example:6514"}), "pass");
  EXPECT_EQ(status("syslog", {"syslog-address=unixgram:///dev/log"}), "manual");
  EXPECT_EQ(status("syslog", {"syslog-address=tcp://127.0.0.1:514"}), "manual");
  EXPECT_EQ(status("syslog", {"syslog-address=tcp://logs.example", "syslog-address=udp://localhost"}), "manual");
  EXPECT_EQ(status("syslog", {"syslog-address=udp://node-1:514"}), "manual") << "the machine's own name";
  EXPECT_EQ(status("syslog", {"syslog-addresses=udp://logs.example", "fluentd-address=logs.example"}), "manual");
  EXPECT_EQ(status("fluentd", {"fluentd-address=logs.example:24224"}), "pass");
  EXPECT_EQ(status("fluentd", {"tag=x"}), "manual") << "its default is this machine";
  EXPECT_EQ(status("gelf", {"gelf-address=udp://[::1]:12201"}), "manual");
  EXPECT_EQ(status("gelf", {"gelf-address=udp://10.0.0.7:12201"}), "pass");
  Facts facts = with("log-opts", {"splunk-url=https://ann:s3cret@splunk.example:8088"});
  facts.engine->logging_driver = "splunk";
  EXPECT_EQ(status_of_only_row("daemon.logging", facts), "pass");
  EXPECT_THAT(told_by("daemon.logging", facts),
              HasSubstr("/etc/docker/daemon.json#/log-opts splunk-url: https://splunk.example:8088 ("));
  // A file that is not what the daemon has read says nothing.
  facts.host.daemon->config_file = DaemonProcess::ConfigFile::kChanged;
  EXPECT_EQ(status_of_only_row("daemon.logging", facts), "manual");
  EXPECT_THAT(told_by("daemon.logging", facts), HasSubstr("where it sends logs is not known: "));
}

TEST(DaemonNoNewPrivileges, IsWhatTheEngineSaysOfItself) {
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", with_options({"name=no-new-privileges"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", test_facts()), "fail");
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", podman()), "not_applicable");
}

// "name=no-new-privileges" is told from 24.0 on.
TEST(DaemonNoNewPrivileges, OfAnOlderEngineIsWhatTheDaemonWasTold) {
  const auto old = [](Facts facts) {
    facts.engine->server_version = "20.10.24+dfsg1";
    return facts;
  };
  EXPECT_EQ(told_by("daemon.no-new-privileges", old(with("no-new-privileges", {"true"}))),
            "/etc/docker/daemon.json#/no-new-privileges: true (true); \n");
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", old(with("no-new-privileges", {"true"}))), "pass");
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", old(with("no-new-privileges", {"false"}))), "fail");
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", old(facts_with_daemon())), "fail");
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", old(test_facts())), "not_applicable");
  Facts first = with("no-new-privileges", {"true"});
  first.engine->server_version = "23.0.18";
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", first), "pass");
  first.engine->server_version = "24.0.0";
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", first), "fail");
  // A newer one says so itself: what was written after it started does not count.
  EXPECT_EQ(status_of_only_row("daemon.no-new-privileges", with("no-new-privileges", {"true"})), "fail");
}

TEST(DaemonLiveRestore, IsWhatTheEngineSaysOfItself) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("daemon.live-restore", facts), "not_applicable");
  facts.engine->live_restore = false;
  EXPECT_EQ(status_of_only_row("daemon.live-restore", facts), "fail");
  facts.engine->live_restore = true;
  EXPECT_EQ(status_of_only_row("daemon.live-restore", facts), "pass");
  facts.engine->live_restore = false;
  facts.engine->swarm_state = "active";
  EXPECT_EQ(status_of_only_row("daemon.live-restore", facts), "not_applicable");
  EXPECT_EQ(status_of_only_row("daemon.live-restore", podman()), "not_applicable");
}

TEST(DaemonUserlandProxy, IsOnUntilItIsSwitchedOff) {
  EXPECT_EQ(status_of_only_row("daemon.userland-proxy", with("userland-proxy", {"false"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.userland-proxy", with("userland-proxy", {"true"})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.userland-proxy", facts_with_daemon()), "fail");
  EXPECT_EQ(status_of_only_row("daemon.userland-proxy", test_facts()), "not_applicable");
}

TEST(DaemonSeccomp, TakesTheEnginesProfileAndShowsOthers) {
  EXPECT_EQ(status_of_only_row("daemon.seccomp", with_options({"name=seccomp,profile=default"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.seccomp", with_options({"name=seccomp,profile=builtin"})), "pass");
  EXPECT_EQ(status_of_only_row("daemon.seccomp", with_options({"name=seccomp,profile=/etc/docker/mine.json"})),
            "manual");
  EXPECT_EQ(status_of_only_row("daemon.seccomp", with_options({"name=seccomp,profile=unconfined"})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.seccomp", with_options({})), "fail");
  EXPECT_EQ(status_of_only_row("daemon.seccomp", silent()), "error");
}

TEST(DaemonExperimental, IsOff) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("daemon.experimental", facts), "pass");
  facts.engine->experimental = true;
  EXPECT_EQ(status_of_only_row("daemon.experimental", facts), "fail");
  EXPECT_EQ(status_of_only_row("daemon.experimental", silent()), "error");
}

TEST(DaemonMinimumApiVersion, IsComparedAsNumbers) {
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row("daemon.minimum-api-version", facts), "not_applicable");
  facts.engine->min_api_version = "1.12";
  EXPECT_EQ(status_of_only_row("daemon.minimum-api-version", facts), "fail");
  facts.engine->min_api_version = "1.9";
  EXPECT_EQ(status_of_only_row("daemon.minimum-api-version", facts), "fail");
  facts.engine->min_api_version = "1.24";
  EXPECT_EQ(status_of_only_row("daemon.minimum-api-version", facts), "pass");
  facts.engine->min_api_version = "1.44";
  EXPECT_EQ(status_of_only_row("daemon.minimum-api-version", facts), "pass");
}

TEST(DaemonConfigurationInEffect, IsNoYoungerThanTheDaemon) {
  Facts facts = facts_with_daemon();
  EXPECT_EQ(status_of_only_row("daemon.configuration-in-effect", facts), "pass");
  EXPECT_THAT(told_by("daemon.configuration-in-effect", facts), HasSubstr("older than the daemon"));
  facts.host.daemon->config_file = DaemonProcess::ConfigFile::kAbsent;
  EXPECT_EQ(status_of_only_row("daemon.configuration-in-effect", facts), "pass");
  EXPECT_THAT(told_by("daemon.configuration-in-effect", facts), HasSubstr("there is none"));
  facts.host.daemon->config_file = DaemonProcess::ConfigFile::kChanged;
  EXPECT_EQ(status_of_only_row("daemon.configuration-in-effect", facts), "fail");
  facts.host.daemon->config_file = DaemonProcess::ConfigFile::kDeleted;
  EXPECT_EQ(status_of_only_row("daemon.configuration-in-effect", facts), "fail");
  facts.host.daemon->config_file = not_known("its folder changed");
  EXPECT_EQ(told_by("daemon.configuration-in-effect", facts), "its folder changed\n");
  EXPECT_EQ(status_of_only_row("daemon.configuration-in-effect", facts), "error");
  facts.host.daemon->config_path.clear();
  EXPECT_EQ(status_of_only_row("daemon.configuration-in-effect", facts), "not_applicable");
}

// Facts of which nothing is known: no check may pass or fail, and each says why.
TEST(EveryCheck, SaysSoWhereNothingIsKnown) {
  const AuditResult result = run_checks(Facts{}, {});
  for (const Row& row : result.rows) {
    EXPECT_TRUE(row.status == RowStatus::kError || row.status == RowStatus::kNotApplicable) << row.check->id;
    EXPECT_FALSE(row.reason.empty()) << row.check->id;
  }
  EXPECT_GE(result.rows.size(), catalogue().size());
}

TEST(DaemonForwarding, IsClosedUnlessItIsOpened) {
  const std::pair<std::string_view, std::string_view> options[] = {{"daemon.direct-routing", "allow-direct-routing"},
                                                                   {"daemon.forward-policy", "ip-forward-no-drop"}};
  for (const auto& [check, option] : options) {
    EXPECT_EQ(status_of_only_row(check, facts_with_daemon()), "pass") << check;
    EXPECT_EQ(status_of_only_row(check, with(std::string(option), {"false"})), "pass") << check;
    Facts open = with(std::string(option), {"true"});
    EXPECT_EQ(status_of_only_row(check, open), "fail") << check;
    EXPECT_THAT(told_by(check, open), HasSubstr(option)) << check;
    open.engine->server_version = "27.5.1";
    EXPECT_EQ(status_of_only_row(check, open), "not_applicable") << check;
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts podman = facts_with_daemon();
    podman.engine->podman = true;
    EXPECT_EQ(status_of_only_row(check, podman), "not_applicable") << check;
  }
}

TEST(DaemonNetworkGateways, LetOnlyPublishedPortsThrough) {
  constexpr std::string_view kCheck = "daemon.network-gateways";
  constexpr const char* kIpv4 = "com.docker.network.bridge.gateway_mode_ipv4";
  constexpr const char* kIpv6 = "com.docker.network.bridge.gateway_mode_ipv6";
  struct Case {
    std::map<std::string, std::string> options;
    std::string_view status;
  };
  const Case kCases[] = {
      {{}, "pass"},
      {{{kIpv4, "nat"}}, "pass"},
      {{{kIpv4, ""}}, "pass"},
      {{{kIpv4, "isolated"}, {kIpv6, "isolated"}}, "pass"},
      {{{kIpv4, "routed"}}, "manual"},
      {{{kIpv6, "routed"}}, "manual"},
      {{{"com.docker.network.bridge.trusted_host_interfaces", "eth1"}}, "manual"},
      {{{kIpv4, "nat-unprotected"}}, "fail"},
      {{{kIpv4, "nat"}, {kIpv6, "nat-unprotected"}}, "fail"},
      {{{kIpv4, "a mode of later engines"}}, "fail"},
  };
  for (const Case& c : kCases) {
    Facts facts = test_facts();
    facts.networks->push_back({.id = "1", .name = "app", .driver = "bridge", .options = c.options});
    EXPECT_EQ(status_of_only_row(kCheck, facts), c.status) << (c.options.empty() ? "" : c.options.begin()->second);
  }
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "not_applicable");
  facts.networks->push_back({.id = "1", .name = "mesh", .driver = "overlay"});
  EXPECT_EQ(status_of_only_row(kCheck, facts), "not_applicable");
  facts.networks->push_back({.id = "2", .name = "bridge", .driver = "bridge"});
  facts.engine->podman = true;
  EXPECT_EQ(status_of_only_row(kCheck, facts), "not_applicable");
}

}  // namespace
}  // namespace bulkhead::audit

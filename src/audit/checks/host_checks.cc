#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/check.h"
#include "audit/checks/audit_rule_checks.h"
#include "audit/checks/engine_data.h"
#include "audit/checks/lookup.h"
#include "audit/checks/release_version.h"
#include "audit/checks/version_checks.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

// File systems that lie in memory, or upon another one: a mount of theirs keeps nothing apart.
constexpr std::array kNotOfTheirOwn =
    std::to_array<std::string_view>({"tmpfs", "ramfs", "overlay", "aufs", "fuse-overlayfs", "squashfs", "devtmpfs"});

void separate_partition(const Facts& facts, Sink& sink) {
  if (!facts.host.root_mount) return sink.unknown(the_host(facts), facts.host.root_mount.error());
  const Host::RootMount& mount = *facts.host.root_mount;
  const bool own_disk = std::ranges::find(kNotOfTheirOwn, mount.file_system) == kNotOfTheirOwn.end();
  sink.judge(mount.separate && own_disk, the_host(facts),
             {{.where = fmt::format("mount of {}", facts.engine ? facts.engine->root_dir : "the engine's folder"),
               .found = fmt::format("{} ({} on {})", mount.mount_point, mount.file_system, mount.source),
               .wanted = "a file system of its own, on a disk"}},
             mount.separate && !own_disk ? fmt::format("{} is no disk of its own", mount.file_system) : "");
}

constexpr std::string_view kTrusted = "only those who may be root";
constexpr uint32_t kOthersWrite = 02;

const File* engine_socket(const Facts& facts) {
  const auto found = facts.host.files.find(std::string(host_files::kEngineSocket));
  return found == facts.host.files.end() || !found->second || found->second->empty() ? nullptr
                                                                                     : &found->second->front();
}

// "alice (1000)": without root, and without the user of a rootless engine.
std::vector<std::string> those_without(const std::vector<User>& users, uint32_t engine) {
  std::vector<std::string> told;
  for (const User& user : users) {
    if (user.uid == 0U || user.uid == engine) continue;
    told.push_back(user.uid ? fmt::format("{} ({})", user.name, *user.uid)
                            : fmt::format("{} (no such user)", user.name));
  }
  return told;
}

void docker_group(const Facts& facts, Sink& sink) {
  // A rootless engine gives away no more than its own user has.
  const bool rootless = facts.engine && facts.engine->rootless();
  const std::string_view power = rootless ? "do what the engine's user can" : "become root of this host";
  if (const File* socket = engine_socket(facts); socket != nullptr && (socket->mode & kOthersWrite) != 0) {
    return sink.fail(the_host(facts),
                     {{.where = socket->path,
                       .found = fmt::format("everybody (mode {:04o})", socket->mode),
                       .wanted = std::string(kTrusted)}},
                     fmt::format("who reaches the socket can {} by the engine", power));
  }
  const auto& grants = facts.host.socket_grants;
  if (!grants) return sink.unknown(the_host(facts), grants.error());
  std::vector<Evidence> evidence;
  bool any = false;
  for (const Grant& grant : *grants) {
    const std::vector<std::string> told =
        those_without(grant.users, rootless && facts.host.daemon ? facts.host.daemon->uid : 0);
    any = any || !told.empty();
    evidence.push_back(
        {.where = grant.to, .found = told.empty() ? "nobody" : some_of(told), .wanted = std::string(kTrusted)});
  }
  if (evidence.empty()) {
    evidence.push_back({.where = "the engine's socket", .found = "nobody but root", .wanted = std::string(kTrusted)});
  }
  std::string reason = any ? fmt::format("each of them can {} by the engine", power) : "";
  if (const std::string& incomplete = facts.host.accounts_incomplete; !incomplete.empty()) {
    reason +=
        fmt::format("{}there may be more: {} (getent group shows the members of one)", any ? "; " : "", incomplete);
  } else if (!any) {
    return sink.pass(the_host(facts), std::move(evidence));
  }
  sink.manual(the_host(facts), std::move(evidence), std::move(reason));
}

std::string yes_or_why(const Fact<bool>& fact) {
  if (!fact) return fact.error().reason;
  return *fact ? "yes" : "no";
}

void hardening(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_host(facts), facts.engine.error());
  const Engine& engine = *facts.engine;
  const auto fact = [](std::string_view where, std::string found) {
    return Evidence{.where = std::string(where), .found = found.empty() ? "not told" : std::move(found), .wanted = {}};
  };
  sink.manual(
      the_host(facts),
      {fact("/info#/OperatingSystem", engine.operating_system), fact("/info#/KernelVersion", engine.kernel_version),
       fact("AppArmor enforced by the kernel", yes_or_why(facts.host.apparmor)),
       fact("SELinux enforced by the kernel", yes_or_why(facts.host.selinux)),
       fact("engine", fmt::format("{}{}", engine.podman ? "Podman" : "Docker", engine.rootless() ? ", rootless" : "")),
       fact("image store", engine.containerd_store ? "containerd" : "the engine's own"),
       fact("/info#/Driver", engine.storage_driver), fact("/info#/DefaultRuntime", engine.default_runtime)},
      "the hardening of a host as a whole is for a person, or for a tool for its distribution, to judge");
}

void kernel_version(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_host(facts), facts.engine.error());
  sink.manual(the_host(facts),
              {{.where = "/info#/KernelVersion",
                .found = facts.engine->kernel_version,
                .wanted = fmt::format("the newest kernel of {}", facts.engine->operating_system)}},
              "distributions put fixes into old versions: compare it with what yours offers");
}

void mandatory_access_control(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_host(facts), facts.engine.error());
  const Engine& engine = *facts.engine;
  const auto option = [&](std::string_view name) { return engine.security_option(name).has_value(); };
  const bool good = option("apparmor") || option("selinux");
  std::string reason;
  if (!good && facts.host.selinux.value_or(false))
    reason = "the kernel enforces SELinux, and the engine does not use it";
  sink.judge(good, the_host(facts),
             {{.where = "/info#/SecurityOptions",
               .found = option("apparmor")  ? "apparmor"
                        : option("selinux") ? "selinux"
                                            : "neither",
               .wanted = "apparmor or selinux"}},
             std::move(reason));
}

void cgroup_version(const Facts& facts, Sink& sink) {
  if (!facts.engine) return sink.unknown(the_host(facts), facts.engine.error());
  const std::string& version = facts.engine->cgroup_version;
  if (version.empty()) return sink.not_applicable(the_host(facts), "the engine does not tell its version of cgroups");
  sink.judge(version == "2", the_host(facts), {{.where = "/info#/CgroupVersion", .found = version, .wanted = "2"}});
}

constexpr std::array kOwnChecks = std::to_array<Check>({
    {.id = "host.separate-partition", .run = separate_partition},
    {.id = "host.docker-group", .run = docker_group},
    {.id = "host.hardening", .run = hardening},
    {.id = "host.engine-version", .run = engine_version},
    {.id = "host.known-escapes", .run = known_escapes_check},
    {.id = "host.kernel-version", .run = kernel_version},
    {.id = "host.mandatory-access-control", .run = mandatory_access_control},
    {.id = "host.cgroup-v2", .run = cgroup_version},
});

}  // namespace

std::span<const Check> host_checks() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks(kOwnChecks.begin(), kOwnChecks.end());
    const auto rules = audit_rule_checks();
    checks.insert(checks.end(), rules.begin(), rules.end());
    return checks;
  }();
  return all;
}

}  // namespace bulkhead::audit

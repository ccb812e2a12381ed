#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/check.h"
#include "audit/checks/lookup.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

namespace names = host_files;

struct FileRule {
  std::string_view check;
  std::string_view file;  // in Host::files
  std::string_view what;
  uint32_t allowed = 0;       // the bits that its mode may have; 0: the rule is about owner and group
  bool engine_group = false;  // the group may be that of the engine's users instead of root
};

constexpr std::array kRules = std::to_array<FileRule>({
    {.check = "file.docker-service-owner", .file = names::kDockerService, .what = "unit docker.service"},
    {.check = "file.docker-service-mode",
     .file = names::kDockerService,
     .what = "unit docker.service",
     .allowed = 0644},
    {.check = "file.docker-socket-unit-owner", .file = names::kDockerSocketUnit, .what = "unit docker.socket"},
    {.check = "file.docker-socket-unit-mode",
     .file = names::kDockerSocketUnit,
     .what = "unit docker.socket",
     .allowed = 0644},
    {.check = "file.config-directory-owner", .file = names::kConfigDirectory, .what = "folder of the configuration"},
    {.check = "file.config-directory-mode",
     .file = names::kConfigDirectory,
     .what = "folder of the configuration",
     .allowed = 0755},
    {.check = "file.registry-certificates-owner",
     .file = names::kRegistryCertificates,
     .what = "certificate of a registry below certs.d"},
    {.check = "file.registry-certificates-mode",
     .file = names::kRegistryCertificates,
     .what = "certificate of a registry below certs.d",
     .allowed = 0444},
    {.check = "file.tls-ca-owner", .file = names::kTlsCa, .what = "CA certificate (tlscacert)"},
    {.check = "file.tls-ca-mode", .file = names::kTlsCa, .what = "CA certificate (tlscacert)", .allowed = 0444},
    {.check = "file.tls-certificate-owner", .file = names::kTlsCertificate, .what = "server certificate (tlscert)"},
    {.check = "file.tls-certificate-mode",
     .file = names::kTlsCertificate,
     .what = "server certificate (tlscert)",
     .allowed = 0444},
    {.check = "file.tls-key-owner", .file = names::kTlsKey, .what = "server key (tlskey)"},
    {.check = "file.tls-key-mode", .file = names::kTlsKey, .what = "server key (tlskey)", .allowed = 0400},
    {.check = "file.docker-socket-owner", .file = names::kEngineSocket, .what = "engine socket", .engine_group = true},
    {.check = "file.docker-socket-mode", .file = names::kEngineSocket, .what = "engine socket", .allowed = 0660},
    {.check = "file.daemon-json-owner", .file = names::kDaemonJson, .what = "daemon.json"},
    {.check = "file.daemon-json-mode", .file = names::kDaemonJson, .what = "daemon.json", .allowed = 0644},
    {.check = "file.default-docker-owner", .file = names::kDefaultDocker, .what = "/etc/default/docker"},
    {.check = "file.default-docker-mode",
     .file = names::kDefaultDocker,
     .what = "/etc/default/docker",
     .allowed = 0644},
    {.check = "file.sysconfig-docker-mode",
     .file = names::kSysconfigDocker,
     .what = "/etc/sysconfig/docker",
     .allowed = 0644},
    {.check = "file.sysconfig-docker-owner", .file = names::kSysconfigDocker, .what = "/etc/sysconfig/docker"},
    {.check = "file.containerd-socket-owner", .file = names::kContainerdSocket, .what = "containerd socket"},
    {.check = "file.containerd-socket-mode",
     .file = names::kContainerdSocket,
     .what = "containerd socket",
     .allowed = 0660},
});

// The sticky bit takes rights away: it never makes a mode wider.
constexpr uint32_t kWideningBits = 06777;

// A daemon without root's rights owns its own files.
uint32_t daemon_uid(const Facts& facts) {
  return facts.host.daemon ? facts.host.daemon->uid : 0;
}

// Groups that accounts are in for other reasons than the engine, by whatever number they have. Debian's and Red Hat's
// own and those that their installers give to people; systemd's for devices and logs.
constexpr std::array kSharedGroups = std::to_array<std::string_view>(
    {"adm",    "audio",      "bluetooth", "cdrom",  "crontab", "daemon",          "dialout", "dip",
     "disk",   "floppy",     "games",     "input",  "kvm",     "libvirt",         "lp",      "lpadmin",
     "lxd",    "mail",       "man",       "netdev", "nobody",  "nogroup",         "plugdev", "proxy",
     "render", "sambashare", "scanner",   "staff",  "sudo",    "systemd-journal", "tape",    "tty",
     "users",  "utmp",       "video",     "wheel",  "www-data"});
// What distributions number themselves: 0 to 99 by Debian's policy (9.2.2), and 100, users, of all.
constexpr uint32_t kLastOfDistributions = 100;
constexpr uint32_t kNobody = 65534;

// Why membership in the socket's group says nothing about the engine; empty: it was given for the engine.
std::string why_shared(const File& socket, const std::vector<Grant>& grants) {
  if (socket.gid <= kLastOfDistributions || socket.gid == kNobody ||
      std::ranges::find(kSharedGroups, socket.group) != kSharedGroups.end()) {
    return fmt::format("{} is a group of the distribution's, which accounts are in for other reasons", socket.group);
  }
  const auto grant = std::ranges::find(grants, fmt::format("group {}", socket.group), &Grant::to);
  if (grant == grants.end()) return {};
  const auto primary = std::ranges::find_if(grant->users, &User::primary);
  if (primary == grant->users.end()) return {};
  return fmt::format("{} is the primary group of {}: whatever that account runs has it", socket.group, primary->name);
}

// The group that the daemon is told to give its socket to, in place of docker.
void judge_other_group(const Facts& facts, Sink& sink, const File& file) {
  std::vector<Evidence> evidence = {
      {.where = file.path, .found = fmt::format("{}:{}", file.owner, file.group), .wanted = "root:docker"}};
  const auto setting = setting_of(facts, "group");
  if (!setting) return sink.unknown(object_of(file), setting.error());
  const std::string told = *setting && !(*setting)->values.empty() ? (*setting)->values.back() : "";
  if (told.empty() || (told != file.group && told != std::to_string(file.gid))) {
    return sink.fail(object_of(file), std::move(evidence));
  }
  evidence.push_back({.where = (*setting)->where,
                      .found = told,
                      .wanted = "not set, or a group that is there for users of the engine alone"});
  const auto& grants = facts.host.socket_grants;
  if (!grants) return sink.unknown(object_of(file), grants.error());
  if (std::string shared = why_shared(file, *grants); !shared.empty()) {
    return sink.fail(object_of(file), std::move(evidence), std::move(shared));
  }
  if (!facts.host.accounts_incomplete.empty()) {
    return sink.manual(
        object_of(file), std::move(evidence),
        fmt::format("who is in group {} is not all known: {}", file.group, facts.host.accounts_incomplete));
  }
  sink.pass(object_of(file), std::move(evidence), "its members are told by host.docker-group");
}

void judge_owner(const Facts& facts, Sink& sink, const FileRule& rule, const File& file) {
  const bool own = file.uid != 0 && file.uid == daemon_uid(facts);
  const bool good = file.gid == 0 || (rule.engine_group && file.group == "docker");
  if (rule.engine_group && !own && file.uid == 0 && !good) return judge_other_group(facts, sink, file);
  sink.judge(own || (file.uid == 0 && good), object_of(file),
             {{.where = file.path,
               .found = fmt::format("{}:{}", file.owner, file.group),
               .wanted = rule.engine_group ? "root:docker" : "root:root"}},
             own ? "the daemon runs as this user, without root's rights" : "");
}

// Entries of the access list that give more than the rule does. Who is named counts among the others, but for root, the
// file's owner (whose entry the kernel never looks at) and its group.
std::vector<std::string> too_much(const FileRule& rule, const File& file) {
  std::vector<std::string> entries;
  for (const AccessEntry& entry : *file.access) {
    using Kind = AccessEntry::Kind;
    if (entry.kind == Kind::kOwningGroup) continue;  // the mode's bits are no less
    if (entry.kind == Kind::kUser && (entry.id == 0 || entry.id == file.uid)) continue;
    const bool group = entry.kind == Kind::kGroup && (entry.id == 0 || entry.id == file.gid);
    if ((entry.rights & ~(group ? rule.allowed >> 3U : rule.allowed) & 7U) != 0) entries.push_back(entry.text());
  }
  return entries;
}

void judge_mode(Sink& sink, const FileRule& rule, const File& file) {
  std::vector<Evidence> evidence = {{.where = file.path,
                                     .found = fmt::format("{:04o}", file.mode),
                                     .wanted = fmt::format("no bits but those of {:04o}", rule.allowed)}};
  const bool good = (file.mode & kWideningBits & ~rule.allowed) == 0;
  // Of one that is too wide already, what else it allows changes nothing.
  if (!file.access && good) return sink.unknown(object_of(file), file.access.error());
  const std::vector<std::string> entries = file.access ? too_much(rule, file) : std::vector<std::string>();
  if (!entries.empty()) {
    evidence.push_back(
        {.where = fmt::format("access list of {}", file.path),
         .found = some_of(entries),
         .wanted = fmt::format("no named user or group with more than others have by {:04o}", rule.allowed)});
  }
  sink.judge(good && entries.empty(), object_of(file), std::move(evidence));
}

template <size_t kIndex>
void run(const Facts& facts, Sink& sink) {
  constexpr const FileRule& kRule = kRules[kIndex];
  each_file(facts, sink, kRule.file, kRule.what, [&](const File& file) {
    if (kRule.allowed == 0) {
      judge_owner(facts, sink, kRule, file);
    } else {
      judge_mode(sink, kRule, file);
    }
  });
}

template <size_t... kIndices>
constexpr std::array<Check, sizeof...(kIndices)> checks_of(std::index_sequence<kIndices...> /*all*/) {
  return {{{.id = kRules[kIndices].check, .run = run<kIndices>}...}};
}
constexpr std::array kChecks = checks_of(std::make_index_sequence<kRules.size()>());

}  // namespace

std::span<const Check> file_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

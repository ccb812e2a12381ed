#include <array>
#include <utility>

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

void judge_owner(const Facts& facts, Sink& sink, const FileRule& rule, const File& file) {
  std::string group = "root";
  if (rule.engine_group) {
    const auto setting = setting_of(facts, "group");
    group = setting && *setting && !(*setting)->values.empty() ? (*setting)->values.front() : "docker";
  }
  const bool own = file.uid != 0 && file.uid == daemon_uid(facts);
  const bool group_good = file.gid == 0 || (rule.engine_group && (file.group == group));
  sink.judge(own || (file.uid == 0 && group_good), object_of(file),
             {{.where = file.path,
               .found = fmt::format("{}:{}", file.owner, file.group),
               .wanted = fmt::format("root:{}", group)}},
             own ? "the daemon runs as this user, without root's rights" : "");
}

void judge_mode(Sink& sink, const FileRule& rule, const File& file) {
  sink.judge((file.mode & kWideningBits & ~rule.allowed) == 0, object_of(file),
             {{.where = file.path,
               .found = fmt::format("{:04o}", file.mode),
               .wanted = fmt::format("no bits but those of {:04o}", rule.allowed)}});
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

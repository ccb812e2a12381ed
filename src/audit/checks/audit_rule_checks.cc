#include "audit/checks/audit_rule_checks.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/lookup.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

namespace names = host_files;

struct AuditRule {
  std::string_view check;
  std::string_view file;  // in Host::files
  std::string_view what;
};

constexpr std::array kRules = std::to_array<AuditRule>({
    {.check = "host.audit-dockerd", .file = names::kDockerd, .what = "program dockerd"},
    {.check = "host.audit-containerd-state", .file = names::kContainerdState, .what = "folder of containerd's state"},
    {.check = "host.audit-data-root", .file = names::kDataRoot, .what = "folder of the engine's data"},
    {.check = "host.audit-config-directory", .file = names::kConfigDirectory, .what = "folder of the configuration"},
    {.check = "host.audit-docker-service", .file = names::kDockerService, .what = "unit docker.service"},
    {.check = "host.audit-containerd-socket", .file = names::kContainerdSocket, .what = "containerd socket"},
    {.check = "host.audit-docker-socket-unit", .file = names::kDockerSocketUnit, .what = "unit docker.socket"},
    {.check = "host.audit-default-docker", .file = names::kDefaultDocker, .what = "/etc/default/docker"},
    {.check = "host.audit-daemon-json", .file = names::kDaemonJson, .what = "daemon.json"},
    {.check = "host.audit-containerd-config", .file = names::kContainerdConfig, .what = "configuration of containerd"},
    {.check = "host.audit-sysconfig-docker", .file = names::kSysconfigDocker, .what = "/etc/sysconfig/docker"},
    {.check = "host.audit-containerd", .file = names::kContainerd, .what = "program containerd"},
    {.check = "host.audit-containerd-shim", .file = names::kShim, .what = "program containerd-shim"},
    {.check = "host.audit-containerd-shim-runc-v1",
     .file = names::kShimRuncV1,
     .what = "program containerd-shim-runc-v1"},
    {.check = "host.audit-containerd-shim-runc-v2",
     .file = names::kShimRuncV2,
     .what = "program containerd-shim-runc-v2"},
    {.check = "host.audit-runc", .file = names::kRunc, .what = "program runc"},
});

// Writes and changes of attributes are what tampering does. Reads, and starts of programs that run with every
// container, are not asked for: they drown what matters.
constexpr std::string_view kWanted = "wa";

// A folder needs a tree watch: one of the folder alone sees nothing of what lies in it.
bool covers(const AuditWatch& watch, const File& file) {
  if (watch.path == file.path) return watch.tree || !file.is_directory;
  if (!watch.tree || !file.path.starts_with(watch.path)) return false;
  return watch.path.ends_with('/') || file.path[watch.path.size()] == '/';
}

std::string describe(const AuditWatch& watch) {
  return fmt::format("{}{} ({}{})", watch.path, watch.tree ? " and below" : "", watch.permissions,
                     watch.condition.empty() ? "" : ", only " + watch.condition);
}

void judge(const Facts& facts, Sink& sink, const File& file) {
  if (!facts.host.audit_watches) return sink.unknown(object_of(file), facts.host.audit_watches.error());
  std::string seen;
  std::vector<std::string> found;
  for (const AuditWatch& watch : *facts.host.audit_watches) {
    if (!covers(watch, file)) continue;
    if (watch.condition.empty()) seen += watch.permissions;
    found.push_back(describe(watch));
  }
  const bool good = std::ranges::all_of(kWanted, [&](char access) { return seen.contains(access); });
  sink.judge(good && facts.host.audit_off.empty(), object_of(file),
             {{.where = "audit rules of the kernel",
               .found = !facts.host.audit_off.empty() ? "none that is in effect"
                        : found.empty()               ? "no watch"
                                                      : some_of(found),
               .wanted = fmt::format("a watch of {} for w and a, without conditions", file.path)}},
             facts.host.audit_off);
}

template <size_t kIndex>
void run(const Facts& facts, Sink& sink) {
  constexpr const AuditRule& kRule = kRules[kIndex];
  each_file(facts, sink, kRule.file, kRule.what, [&](const File& file) { judge(facts, sink, file); });
}

template <size_t... kIndices>
constexpr std::array<Check, sizeof...(kIndices)> checks_of(std::index_sequence<kIndices...> /*all*/) {
  return {{{.id = kRules[kIndices].check, .run = run<kIndices>}...}};
}
constexpr std::array kChecks = checks_of(std::make_index_sequence<kRules.size()>());

}  // namespace

std::span<const Check> audit_rule_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

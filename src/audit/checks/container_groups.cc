// The groups that a container's processes are in beside those of its image.
//
// Sources: credentials(7); moby daemon/oci_linux.go (WithUser: names are looked up in the container's own /etc/group);
// Debian's base-passwd, Alpine's alpine-baselayout and Red Hat's setup for the number of "disk".
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"
#include "audit/host_files.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kKeepGroups = "keep-groups";  // Podman: all those of who starts it

struct KnownGroup {
  std::string_view name;
  std::optional<uint32_t> number;  // where every distribution has the same
  std::string_view gives;
};
constexpr auto kKnown = std::to_array<KnownGroup>({
    {"root", 0, "what root's group may read and write"},
    {"disk", 6, "the disks of the host"},
    {"docker", std::nullopt, "the engine's socket"},
    {"podman", std::nullopt, "the engine's socket"},
    {"incus-admin", std::nullopt, "the socket of another engine"},
    {"libvirt", std::nullopt, "the socket of another engine"},
    {"lxd", std::nullopt, "the socket of another engine"},
    {"kmem", std::nullopt, "the memory of the machine"},
    {"shadow", std::nullopt, "the passwords of the host's users"},
});

// The group that may use the engine's socket; nothing when it is not known, or root's.
const File* engine_socket(const Facts& facts) {
  const auto found = facts.host.files.find(std::string(host_files::kEngineSocket));
  if (found == facts.host.files.end() || !found->second || found->second->empty()) return nullptr;
  const File& socket = found->second->front();
  return socket.exists && socket.gid != 0 ? &socket : nullptr;
}

// What a group of the host gives; empty: not known to give anything.
std::string danger_of_group(const Facts& facts, std::string_view group) {
  if (group.starts_with('+')) group.remove_prefix(1);  // as Go reads numbers
  const auto number = parse_decimal(group);
  if (const File* socket = engine_socket(facts);
      socket != nullptr && (number ? *number == socket->gid : group == socket->group)) {
    return fmt::format("the engine's socket {}", socket->path);
  }
  for (const KnownGroup& known : kKnown) {
    if (number ? known.number && *number == *known.number : group == known.name) return std::string(known.gives);
  }
  return {};
}

// Numbers are those of a user namespace that is not the host's: no file of the host has them.
bool has_own_numbers(const Facts& facts, const ContainerDetails& details) {
  if (details.processes) return !details.processes->host_user_namespace;
  if (!facts.engine || details.userns_mode == "host") return false;
  const bool own = facts.engine->podman && !details.userns_mode.empty();
  return own || facts.engine->rootless() || facts.engine->security_option("userns").has_value();
}

void check_groups(const Facts& facts, Sink& sink) {
  constexpr std::string_view kWanted = "no group that has rights on the host";
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    std::vector<Evidence> evidence;
    bool dangerous = false;
    bool kept = false;
    const auto add = [&](std::string where, std::string_view group, const std::string& danger) {
      std::string found(group);
      if (!danger.empty()) found += fmt::format(": {}", danger);
      dangerous = dangerous || !danger.empty();
      evidence.push_back({std::move(where), std::move(found), std::string(kWanted)});
    };
    // "app:docker". Root's group is what a user without one gets.
    const size_t colon = details.user.find(':');
    const std::string_view primary =
        colon == std::string::npos ? std::string_view() : trim(std::string_view(details.user).substr(colon + 1));
    const std::string danger = danger_of_group(facts, primary);
    if (!danger.empty() && primary != "root" && parse_decimal(primary) != 0) add("/Config/User", primary, danger);
    for (size_t i = 0; i < details.group_add.size(); ++i) {
      const std::string_view group = trim(details.group_add[i]);
      kept = kept || group == kKeepGroups;
      add(fmt::format("/HostConfig/GroupAdd/{}", i), group, danger_of_group(facts, group));
    }
    if (evidence.empty()) {
      return sink.pass(object_of(container), {{"/HostConfig/GroupAdd", "none", std::string(kWanted)}});
    }
    if (kept) {
      return sink.manual(object_of(container), std::move(evidence),
                         "it keeps the groups of who started it: which those are, the engine does not tell");
    }
    if (has_own_numbers(facts, details)) {
      return sink.pass(object_of(container), std::move(evidence),
                       "they are groups of a user namespace of its own, which have no rights on the host");
    }
    if (dangerous) return sink.fail(object_of(container), std::move(evidence));
    sink.manual(object_of(container), std::move(evidence),
                "which files and devices of the host a group may use is for a person to say");
  });
}

constexpr auto kChecks = std::to_array<Check>({{"container.groups", check_groups}});

}  // namespace

std::span<const Check> container_group_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

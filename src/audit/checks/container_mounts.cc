// What of the host is inside a container: folders, the engines' sockets, and mounts that travel.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "audit/checks/container_checks.h"
#include "audit/checks/host_view.h"
#include "audit/checks/sensitive_places.h"
#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

// ---- Folders and sockets

std::string where_of(size_t index) {
  return fmt::format("/Mounts/{}", index);
}

std::string describe(const Mount& mount) {
  std::string text = mount.source;
  if (is_own_file_system(mount)) {
    return fmt::format("volume {} of type {} at {}", mount.volume,
                       mount.file_system.empty() ? "none" : mount.file_system, mount.destination);
  }
  if (!mount.device.empty()) text = fmt::format("volume {} of {}", mount.volume, mount.device);
  if (mount.resolved && *mount.resolved != mount.source && *mount.resolved != mount.device) {
    text += fmt::format(" (leads to {})", *mount.resolved);
  }
  return fmt::format("{} at {}, {}", text, mount.destination, mount.read_only ? "read-only" : "writable");
}

// For checks of mounts: `fault` tells what is wrong with a place of the host that a container sees, or nothing. A mount
// of which is not known what it shows cannot pass.
template <typename Fault>
void judge_mounts(const Facts& facts, Sink& sink, std::string_view wanted, Fault fault) {
  HostView host(facts);
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    std::vector<Evidence> faults;
    std::string not_known;
    for (size_t i = 0; i < details.mounts.size(); ++i) {
      const Mount& mount = details.mounts[i];
      std::string unknown = host.look(mount, [&](const SeenPlace& place) {
        const std::string what = place.fault.empty() ? fault(place, host.root_dir()) : place.fault;
        if (what.empty()) return false;
        faults.push_back({where_of(i), fmt::format("{}: {}{}", describe(mount), place.how, what), std::string(wanted)});
        return true;
      });
      if (!unknown.empty()) not_known = std::move(unknown);
    }
    if (!faults.empty()) return sink.fail(object_of(container), std::move(faults));
    if (!not_known.empty()) return sink.error(object_of(container), std::move(not_known));
    sink.pass(object_of(container),
              {{"/Mounts", details.mounts.empty() ? "none" : fmt::format("{}, none of these", details.mounts.size()),
                std::string(wanted)}});
  });
}

void check_host_root(const Facts& facts, Sink& sink) {
  judge_mounts(facts, sink, "not the host's root", [](const SeenPlace& place, const std::string&) {
    return std::string(place.path == "/" ? "the host's whole file system" : "");
  });
}

void check_sensitive_mounts(const Facts& facts, Sink& sink) {
  judge_mounts(facts, sink, "no folder of the host's system", [](const SeenPlace& place, const std::string& root_dir) {
    return given_away_by(place.path, place.read_only, root_dir).value_or("");
  });
}

void check_engine_socket(const Facts& facts, Sink& sink) {
  constexpr std::string_view kUnix = "unix://";
  const std::string own = facts.address.starts_with(kUnix)
                              ? normal_path(std::string_view(facts.address).substr(kUnix.size()))
                              : std::string();
  judge_mounts(facts, sink, "no engine's socket", [&](const SeenPlace& place, const std::string&) {
    // Sockets are known by what they are: other names for a folder add nothing.
    if (place.itself == nullptr) return std::string();
    // A read-only mount of a socket takes requests as well.
    std::string socket = place.itself->sockets.empty() ? std::string() : place.itself->sockets.front();
    if (socket.empty() && !own.empty() && is_at_or_below(own, place.path)) socket = own;
    if (socket.empty()) {
      socket = engine_socket_at(place.path);
      // Where the host was looked at, a folder that could hold sockets has none.
      if (place.certain && socket != place.path) socket.clear();
    }
    return socket.empty() ? std::string() : fmt::format("reaches {}", socket);
  });
}

void check_propagation(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "private or slave";
    std::vector<Evidence> faults;
    for (size_t i = 0; i < details.mounts.size(); ++i) {
      const Mount& mount = details.mounts[i];
      if (mount.propagation != "shared" && mount.propagation != "rshared") continue;
      faults.push_back({where_of(i) + "/Propagation",
                        fmt::format("{}: {} at {}", mount.propagation, mount.source, mount.destination),
                        std::string(kWanted)});
    }
    if (!faults.empty()) return sink.fail(object_of(container), std::move(faults));
    sink.pass(object_of(container),
              {{"/Mounts", details.mounts.empty() ? "none" : fmt::format("{}, none shared", details.mounts.size()),
                std::string(kWanted)}});
  });
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.host-root", check_host_root},
    {"container.sensitive-mounts", check_sensitive_mounts},
    {"container.engine-socket", check_engine_socket},
    {"container.mount-propagation", check_propagation},
});

}  // namespace

std::span<const Check> container_mount_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

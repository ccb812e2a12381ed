// What of the host is inside a container: folders, the engines' sockets, devices, and mounts that travel.
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

// ---- Devices

// The host's memory and disks, by what follows "/dev/": a way to all files of the host.
bool is_memory(std::string_view name) {
  return name == "mem" || name == "kmem" || name == "port";
}

bool is_disk(std::string_view name) {
  constexpr auto kPrefixes = std::to_array<std::string_view>(
      {"bcache", "disk/", "dm-", "drbd", "loop", "mapper/", "md", "mmcblk", "nbd", "nvme", "rbd", "zd"});
  if (std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); })) return true;
  // A letter or two for the disk, digits for the partition: "sda", "vdb1", "sdaa".
  constexpr auto kLettered = std::to_array<std::string_view>({"xvd", "sd", "hd", "vd"});
  for (const std::string_view prefix : kLettered) {
    if (!name.starts_with(prefix)) continue;
    std::string_view rest = name.substr(prefix.size());
    size_t letters = 0;
    while (letters < rest.size() && is_lower(rest[letters])) ++letters;
    rest.remove_prefix(letters);
    return letters > 0 && letters < 3 && std::ranges::all_of(rest, is_digit);
  }
  return false;
}

// What a device of the host is that nobody should have; empty for others.
std::string_view danger_of_device(std::string_view path) {
  constexpr std::string_view kFolder = "/dev/";
  const std::string normal = normal_path(path);
  if (normal == "/dev" || normal == "/") return "every device of the host";
  if (!normal.starts_with(kFolder)) return {};
  const std::string_view name = std::string_view(normal).substr(kFolder.size());
  if (is_memory(name)) return "the memory of the machine";
  if (name == "mapper" || name == "disk") return "disks of the host";
  return is_disk(name) ? "a disk of the host" : std::string_view();
}

// "a *:* rwm", "b 8:* r", "c 1:1 rw": type, major and minor, access.
std::string_view danger_of_rule(std::string_view rule) {
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(trim(rule), ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.empty()) return {};
  if (fields[0] == "a") return "every device of the host";
  if (fields.size() == 3 && fields[2] == "m") return {};  // only to make the file: the engine allows that by default
  if (fields[0] == "b") return "disks of the host";
  if (fields.size() < 2) return {};
  const auto number = split(fields[1], ':');
  constexpr auto kMemoryMinors = std::to_array<std::string_view>({"*", "1", "2", "4"});  // mem, kmem, port
  if (number[0] == "*") return "every character device of the host, its memory too";
  const bool memory =
      number[0] == "1" && (number.size() < 2 || std::ranges::find(kMemoryMinors, number[1]) != kMemoryMinors.end());
  return memory ? "the memory of the machine" : std::string_view();
}

void check_devices(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "none";
    if (details.privileged) {
      return sink.fail(object_of(container), {{"/HostConfig/Privileged", "true: every device of the host", "false"}});
    }
    std::vector<Evidence> evidence;
    bool dangerous = false;
    const auto add = [&](std::string where, std::string what, std::string_view danger) {
      if (!danger.empty()) what += fmt::format(": {}", danger);
      dangerous = dangerous || !danger.empty();
      evidence.push_back({std::move(where), std::move(what), std::string(kWanted)});
    };
    for (size_t i = 0; i < details.devices.size(); ++i) {
      const Device& device = details.devices[i];
      add(fmt::format("/HostConfig/Devices/{}", i), fmt::format("{} ({})", device.host_path, device.permissions),
          danger_of_device(device.host_path));
    }
    for (size_t i = 0; i < details.device_cgroup_rules.size(); ++i) {
      const std::string& rule = details.device_cgroup_rules[i];
      add(fmt::format("/HostConfig/DeviceCgroupRules/{}", i), rule, danger_of_rule(rule));
    }
    for (size_t i = 0; i < details.device_requests.size(); ++i) {
      add(fmt::format("/HostConfig/DeviceRequests/{}", i), details.device_requests[i], {});
    }
    if (dangerous) return sink.fail(object_of(container), std::move(evidence));
    if (!evidence.empty()) {
      return sink.manual(object_of(container), std::move(evidence), "whether it needs them is for a person to say");
    }
    sink.pass(object_of(container), {{"/HostConfig/Devices", "none", std::string(kWanted)}});
  });
}

constexpr auto kChecks = std::to_array<Check>({
    {"container.host-root", check_host_root},
    {"container.sensitive-mounts", check_sensitive_mounts},
    {"container.engine-socket", check_engine_socket},
    {"container.mount-propagation", check_propagation},
    {"container.devices", check_devices},
});

}  // namespace

std::span<const Check> container_mount_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

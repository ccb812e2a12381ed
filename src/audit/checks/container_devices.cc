// Devices of the host that a container may use: those that it was given, and rules for whatever it makes itself.
//
// Sources: the kernel's Documentation/admin-guide/devices.txt for numbers; names of drivers as /proc/devices has them;
// Documentation/admin-guide/cgroup-v1/devices.rst for rules.
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
#include "audit/paths.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kDisk = "a disk of the host";
constexpr std::string_view kDisks = "disks of the host";
constexpr std::string_view kMemory = "the memory of the machine";
constexpr std::string_view kKernelLog = "the kernel's log";
constexpr std::string_view kRegisters = "the registers of the processors";

// Character devices by which the host can be read or taken.
struct Danger {
  uint32_t major;
  std::optional<uint32_t> minor;  // nothing: all of them
  std::string_view what;
};
constexpr auto kDangers = std::to_array<Danger>({
    {1, 1, kMemory},                  // mem
    {1, 2, kMemory},                  // kmem
    {1, 4, kMemory},                  // port
    {1, 11, kKernelLog},              // kmsg
    {10, 236, kDisks},                // mapper/control
    {21, std::nullopt, kDisk},        // sg: SCSI commands to a disk
    {162, std::nullopt, kDisk},       // raw
    {202, std::nullopt, kRegisters},  // cpu/N/msr
});
// Those whose numbers differ from boot to boot.
struct DangerousDriver {
  std::string_view name;
  std::string_view what;
};
constexpr auto kDangerousDrivers = std::to_array<DangerousDriver>({
    {"bsg", kDisk},
    {"megaraid_sas_ioctl", kDisk},
    {"mtd", kDisk},
    {"nvme", kDisk},
    {"nvme-generic", kDisk},
    {"sg", kDisk},
});

// Block devices that hold nothing of the host: floppies, memory, compact discs.
bool is_harmless_block(uint32_t major) {
  constexpr auto kHarmless = std::to_array<uint32_t>({1, 2, 11});
  return std::ranges::find(kHarmless, major) != kHarmless.end();
}

std::string_view danger_of_node(const DeviceNode& node) {
  if (node.block) return is_harmless_block(node.major) ? std::string_view() : kDisk;
  for (const Danger& danger : kDangers) {
    if (node.major == danger.major && (!danger.minor || node.minor == *danger.minor)) return danger.what;
  }
  for (const auto& [name, what] : kDangerousDrivers) {
    if (node.driver == name) return what;
  }
  return {};
}

// ---- By name, where the file cannot be looked at

bool is_disk(std::string_view name) {
  constexpr auto kPrefixes =
      std::to_array<std::string_view>({"bcache", "bsg/", "disk/", "dm-", "drbd", "loop", "mapper/", "md", "mmcblk",
                                       "mtd", "nbd", "ng", "nvme", "raw/", "rbd", "zd"});
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
  return name.size() > 2 && name.starts_with("sg") && std::ranges::all_of(name.substr(2), is_digit);
}

// What a device of the host is that nobody should have; empty for others.
std::string_view danger_of_path(std::string_view path) {
  constexpr std::string_view kFolder = "/dev/";
  const std::string normal = normal_path(path);
  if (normal == "/dev" || normal == "/") return "every device of the host";
  if (!normal.starts_with(kFolder)) return {};
  const std::string_view name = std::string_view(normal).substr(kFolder.size());
  if (name == "mem" || name == "kmem" || name == "port") return kMemory;
  if (name == "kmsg") return kKernelLog;
  if (name == "mapper" || name == "disk") return kDisks;
  if (name.starts_with("cpu/") && name.ends_with("/msr")) return kRegisters;
  return is_disk(name) ? kDisk : std::string_view();
}

// ---- Rules

// "a *:* rwm", "b 8:* r", "c 1:1 rw": type, major and minor, access.
std::string_view danger_of_rule(std::string_view rule) {
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(trim(rule), ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.empty()) return {};
  if (fields[0] == "a") return "every device of the host";
  if (fields.size() == 3 && fields[2] == "m") return {};  // only to make the file: the engine allows that by default
  if (fields[0] == "b") return kDisks;
  if (fields.size() < 2) return {};
  const auto number = split(fields[1], ':');
  if (number[0] == "*") return "every character device of the host, its memory too";
  const bool every_minor = number.size() < 2 || number[1] == "*";
  const auto minor = every_minor ? std::nullopt : parse_decimal(number[1]);
  for (const Danger& danger : kDangers) {
    if (parse_decimal(number[0]) != danger.major) continue;
    if (!danger.minor || every_minor || minor == *danger.minor) return danger.what;
  }
  return {};
}

// ---- The check

std::string describe(const Device& device) {
  std::string text = device.host_path;
  if (device.nodes && device.nodes->size() == 1) {
    const DeviceNode& node = device.nodes->front();
    if (node.path != device.host_path) text += fmt::format(", which leads to {}", node.path);
    text += fmt::format(", {} {}:{}", node.block ? "block" : "character", node.major, node.minor);
  }
  return fmt::format("{} ({})", text, device.permissions);
}

// By what the file is and by what it is called: of the two the one that says more.
std::string danger_of(const Device& device) {
  if (device.nodes) {
    for (const DeviceNode& node : *device.nodes) {
      const std::string_view danger = danger_of_node(node);
      if (danger.empty()) continue;
      if (device.nodes->size() == 1) return std::string(danger);
      return fmt::format("{} ({}) among {} devices", danger, node.path, device.nodes->size());
    }
  }
  return std::string(danger_of_path(device.host_path));
}

void check_devices(const Facts& facts, Sink& sink) {
  each_container(facts, sink, [&](const Container& container, const ContainerDetails& details) {
    constexpr std::string_view kWanted = "none";
    if (details.privileged) {
      return sink.fail(object_of(container), {{"/HostConfig/Privileged", "true: every device of the host", "false"}});
    }
    std::vector<Evidence> evidence;
    bool dangerous = false;
    std::string unknown;
    const auto add = [&](std::string where, std::string what, std::string_view danger) {
      if (!danger.empty()) what += fmt::format(": {}", danger);
      dangerous = dangerous || !danger.empty();
      evidence.push_back({std::move(where), std::move(what), std::string(kWanted)});
    };
    for (size_t i = 0; i < details.devices.size(); ++i) {
      const Device& device = details.devices[i];
      add(fmt::format("/HostConfig/Devices/{}", i), describe(device), danger_of(device));
      if (!device.nodes) {
        unknown =
            fmt::format("; what {} is on the host is not known: {}", device.host_path, device.nodes.error().reason);
      }
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
      return sink.manual(object_of(container), std::move(evidence),
                         "whether it needs them is for a person to say" + unknown);
    }
    sink.pass(object_of(container), {{"/HostConfig/Devices", "none", std::string(kWanted)}});
  });
}

constexpr auto kChecks = std::to_array<Check>({{"container.devices", check_devices}});

}  // namespace

std::span<const Check> container_device_checks() {
  return kChecks;
}

}  // namespace bulkhead::audit

#include "audit/collect/device_nodes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "audit/collect/process_folder.h"
#include "audit/collect/unknown.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kMaxNodes = 4096;  // of one folder; /dev of a large machine has some thousand
constexpr int kMaxDepth = 8;

class Collector {
 public:
  Collector(const RootedFolder& root, const Drivers& drivers) : root_(root), drivers_(drivers) {}

  Fact<std::vector<DeviceNode>> nodes_of(const std::string& path) {
    nodes_.clear();
    const auto found = root_.find(path);
    if (!found) {
      if (found.error().code() == Code::kNotFound) return not_known(fmt::format("{} does not exist", printable(path)));
      return unknown_because(found.error());
    }
    if (const Status status = add(*found, 0); !status) return unknown_because(status.error());
    return std::move(nodes_);
  }

 private:
  Status add(const RootedFolder::Found& found, int depth) {
    const mode_t mode = found.status.st_mode;
    if (S_ISBLK(mode) || S_ISCHR(mode)) {
      if (nodes_.size() == kMaxNodes) return fail(limit_error("devices", kMaxNodes, ""));
      DeviceNode node{.path = found.path,
                      .block = S_ISBLK(mode),
                      .major = major(found.status.st_rdev),
                      .minor = minor(found.status.st_rdev),
                      .driver = {}};
      if (const auto driver = drivers_.find({node.block, node.major}); driver != drivers_.end()) {
        node.driver = driver->second;
      }
      nodes_.push_back(std::move(node));
      return {};
    }
    if (!S_ISDIR(mode) || depth == kMaxDepth) return {};
    // As engines leave them out (containerd, pkg/oci/utils_unix.go, getDevices).
    constexpr auto kNoDevices =
        std::to_array<std::string_view>({"pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"});
    TRY_ASSIGN(const auto names, list_names(found.fd.get(), found.path));
    for (const std::string& name : names) {
      if (std::ranges::find(kNoDevices, name) != kNoDevices.end()) continue;
      // A device that goes meanwhile, or a link that leads nowhere, is none.
      const auto below = root_.find(found.path == "/" ? "/" + name : fmt::format("{}/{}", found.path, name));
      if (!below) {
        if (below.error().code() == Code::kNotFound) continue;
        return fail(below.error());
      }
      if (below->is_directory() && below->named != below->path) continue;  // a link to a folder
      TRY(add(*below, depth + 1));
    }
    return {};
  }

  const RootedFolder& root_;
  const Drivers& drivers_;
  std::vector<DeviceNode> nodes_;
};

template <typename Use>
void each_device(std::vector<Container>& containers, Use use) {
  for (Container& container : containers) {
    if (!container.details) continue;
    for (Device& device : container.details->devices) use(device);
  }
}

}  // namespace

Drivers parse_drivers(std::string_view text) {
  Drivers drivers;
  bool block = false;
  std::string_view line;
  while (next_line(text, line)) {
    line = trim(line);
    if (line.ends_with("devices:")) {
      block = line.starts_with("Block");
      continue;
    }
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const auto number = parse_decimal(line.substr(0, space));
    if (!number || *number > std::numeric_limits<uint32_t>::max()) continue;
    drivers.emplace(std::pair(block, static_cast<uint32_t>(*number)), trim(line.substr(space)));
  }
  return drivers;
}

void look_at_devices(const RootedFolder& root, const std::string& proc, std::vector<Container>& containers) {
  const std::string path = proc + "/devices";
  // Without it the numbers that the kernel's list of devices fixes tell most of it.
  const Drivers drivers = parse_drivers(read_small_file(AT_FDCWD, path, size_t{1} << 20, path).value_or(""));
  Collector collector(root, drivers);
  std::map<std::string, Fact<std::vector<DeviceNode>>> known;  // containers share devices
  each_device(containers, [&](Device& device) {
    const auto seen = known.find(device.host_path);
    device.nodes = seen != known.end()
                       ? seen->second
                       : known.emplace(device.host_path, collector.nodes_of(device.host_path)).first->second;
  });
}

void set_devices_unknown(const Unknown& reason, std::vector<Container>& containers) {
  each_device(containers, [&](Device& device) { device.nodes = std::unexpected(reason); });
}

}  // namespace bulkhead::audit

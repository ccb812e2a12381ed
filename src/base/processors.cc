#include "base/processors.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <sched.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead {
namespace {

constexpr size_t kMaxFileBytes = size_t{64} << 10;
constexpr std::string_view kMountPoint = "/sys/fs/cgroup";

std::optional<double> ratio(std::string_view quota, std::string_view period) {
  const auto allowed = parse_decimal(trim(quota));
  const auto of = parse_decimal(trim(period));
  if (!allowed || !of || *of == 0) return std::nullopt;  // "max", "-1"
  return static_cast<double>(*allowed) / static_cast<double>(*of);
}

// "200000 100000", "max 100000"
std::optional<double> quota_v2(const std::string& folder) {
  const auto text = read_file(folder + "/cpu.max", kMaxFileBytes);
  if (!text) return std::nullopt;
  const auto parts = split(trim(*text), ' ');
  return parts.size() == 2 ? ratio(parts[0], parts[1]) : std::nullopt;
}

std::optional<double> quota_v1(const std::string& folder) {
  const auto quota = read_file(folder + "/cpu.cfs_quota_us", kMaxFileBytes);
  const auto period = read_file(folder + "/cpu.cfs_period_us", kMaxFileBytes);
  return quota && period ? ratio(*quota, *period) : std::nullopt;
}

// The smallest of a group and all that it lies in. A container may be told the group's name outside of it, which does
// not exist inside: then the mount point itself is its group.
template <typename Read>
void take_smallest(std::optional<double>& smallest, const std::string& mount, std::string group, Read&& read) {
  for (;;) {
    const auto quota = read(mount + (group == "/" ? "" : group));
    if (quota && (!smallest || *quota < *smallest)) smallest = quota;
    const size_t slash = group.rfind('/');
    if (group == "/" || slash == std::string::npos) return;
    group.resize(std::max<size_t>(slash, 1));
  }
}

}  // namespace

std::optional<double> processor_quota(const std::string& root) {
  const auto groups = read_file(root + "/proc/self/cgroup", kMaxFileBytes);
  if (!groups) return std::nullopt;
  std::optional<double> smallest;
  std::string_view rest = *groups;
  std::string_view line;
  while (next_line(rest, line)) {  // "0::/user.slice", "4:cpu,cpuacct:/docker/0123"
    const size_t first = line.find(':');
    const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string group(line.substr(second + 1));
    const std::string mount = fmt::format("{}{}", root, kMountPoint);
    if (controllers.empty()) {
      take_smallest(smallest, mount, group, quota_v2);
    } else if (const auto names = split(controllers, ','); std::ranges::find(names, "cpu") != names.end()) {
      take_smallest(smallest, fmt::format("{}/{}", mount, controllers), group, quota_v1);
      if (controllers != "cpu") take_smallest(smallest, mount + "/cpu", group, quota_v1);
    }
  }
  return smallest;
}

size_t available_processors() {
  size_t count = std::max(1U, std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) count = static_cast<size_t>(std::max(1, CPU_COUNT(&set)));
  const auto quota = processor_quota();
  if (!quota || *quota >= static_cast<double>(count)) return count;
  return std::max<size_t>(1, static_cast<size_t>(std::ceil(*quota)));
}

}  // namespace bulkhead

// For unit tests only: a /proc of processes that never were.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "base/temporary_folder.h"

namespace bulkhead::audit {

class MadeUpProc {
 public:
  // In 2096: what tests write is older than its processes, attributes too, which no call can set back.
  static constexpr int64_t kBoot = 4'000'000'000;
  MadeUpProc() { boot(kBoot); }
  void boot(int64_t seconds) const { folder_.write("stat", fmt::format("btime {}\n", seconds)); }
  // As a kernel that does not tell.
  void forget_boot() const { folder_.write("stat", "cpu 1 2 3\n"); }
  const std::string& path() const { return folder_.path(); }
  // The root that processes see, unless told otherwise.
  std::string root() const { return folder_ / "machine"; }
  std::string file(std::string_view name, std::string_view content) const {
    return folder_.write("machine/" + std::string(name), content);
  }

  struct Process {
    std::string executable = "/bin/true";
    std::string arguments{};  // with zero bytes
    std::string environment{};
    std::string cgroup = "0::/\n";
    std::string user_namespace = "user:[1]";
    std::string status = "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\n";
    std::string mounts = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
    std::string unix_sockets{};
    std::string tcp{};
  };
  void add(int pid, const Process& process) const {
    const std::string below = fmt::format("{}/", pid);
    std::filesystem::create_directories(folder_ / (below + "fd"));
    std::filesystem::create_directories(folder_ / (below + "ns"));
    std::filesystem::create_directories(root());
    link(process.executable, pid, "exe");
    link(root(), pid, "root");
    link(process.user_namespace, pid, "ns/user");
    link("net:[1]", pid, "ns/net");
    folder_.write(below + "cmdline", process.arguments);
    folder_.write(below + "environ", process.environment);
    folder_.write(below + "cgroup", process.cgroup);
    folder_.write(below + "status", process.status);
    folder_.write(below + "mountinfo", process.mounts);
    // Started 1,000 seconds after the machine.
    folder_.write(below + "stat", fmt::format("{} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {} 0 0", pid,
                                              1000 * ::sysconf(_SC_CLK_TCK)));
    folder_.write(below + "net/unix", process.unix_sockets);
    folder_.write(below + "net/tcp", process.tcp);
  }
  void link(const std::string& target, int pid, std::string_view name) const {
    const std::string path = folder_ / fmt::format("{}/{}", pid, name);
    std::filesystem::remove(path);
    std::filesystem::create_symlink(target, path);
  }
  void hold(int pid, int descriptor, int inode) const {
    link(fmt::format("socket:[{}]", inode), pid, fmt::format("fd/{}", descriptor));
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace bulkhead::audit

// Folders of a host that hold its secrets or decide what it runs: judged by name, and looked up where they really are.
// Internal to audit.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bulkhead::audit {

// A place itself and the folders that hold it always count, and what lies below it as the place says. Of kOnlyWritten
// nothing counts that cannot be written.
enum class Below : uint8_t { kAlways, kWritable, kNever, kOnlyWritten };

struct KnownPlace {
  std::string_view path;
  Below below;
  std::string_view gives;
};
inline constexpr auto kKnownPlaces = std::to_array<KnownPlace>({
    {"/boot", Below::kAlways, "the kernel and what starts it"},
    {"/dev", Below::kAlways, "the host's devices"},
    {"/etc", Below::kAlways, "the host's configuration, accounts and keys"},
    {"/proc", Below::kAlways, "the host's processes and kernel settings"},
    {"/sys", Below::kAlways, "the host's kernel and devices"},
    {"/root", Below::kNever, "the files of root"},
    {"/home", Below::kNever, "the files and keys of every user"},
    {"/bin", Below::kWritable, "programs that the host runs"},
    {"/sbin", Below::kWritable, "programs that the host runs"},
    {"/lib", Below::kWritable, "libraries that the host's programs load"},
    {"/lib32", Below::kWritable, "libraries that the host's programs load"},
    {"/lib64", Below::kWritable, "libraries that the host's programs load"},
    {"/usr", Below::kWritable, "programs that the host runs"},
    {"/run", Below::kNever, "the sockets and state of the host's services"},
    {"/run/containerd", Below::kAlways, "the state of containerd"},
    {"/run/dbus", Below::kAlways, "the system bus, over which the host's services are ruled"},
    {"/run/docker", Below::kAlways, "the state of the engine"},
    {"/run/systemd/private", Below::kAlways, "the socket that systemd is ruled over"},
    {"/run/user", Below::kNever, "the sockets and keys of users' sessions"},
    {"/var/lib/containerd", Below::kAlways, "images and containers of the host"},
    {"/var/lib/containers", Below::kAlways, "images and containers of the host"},
    {"/var/lib/docker", Below::kAlways, "images, containers and volumes of the host"},
    {"/var/lib/kubelet", Below::kAlways, "pods of the host with their secrets"},
    {"/var/spool/at", Below::kAlways, "jobs that the host runs"},
    {"/var/spool/cron", Below::kAlways, "jobs that the host runs"},
    {"/var/backups", Below::kAlways, "copies of the host's accounts and passwords"},
    {"/nix", Below::kWritable, "programs that the host runs"},
    {"/opt/cni", Below::kOnlyWritten, "programs that the host runs"},
    {"/opt/containerd", Below::kOnlyWritten, "programs that the host runs"},
    {"/snap", Below::kWritable, "programs that the host runs"},
    {"/var/lib/apk", Below::kOnlyWritten, "the host's packages"},
    {"/var/lib/cloud", Below::kOnlyWritten, "scripts that the host runs when it starts"},
    {"/var/lib/dpkg", Below::kOnlyWritten, "the host's packages, and scripts of theirs that it runs"},
    {"/var/lib/rpm", Below::kOnlyWritten, "the host's packages, and scripts of theirs that it runs"},
    {"/var/lib/snapd", Below::kOnlyWritten, "programs that the host runs"},
    {"/var/log", Below::kOnlyWritten, "the host's logs, which could be forged"},
});

}  // namespace bulkhead::audit

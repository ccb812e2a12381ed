#include "audit/checks/sensitive_places.h"

#include <gtest/gtest.h>

namespace bulkhead::audit {
namespace {

struct Case {
  std::string_view path;
  bool read_only;
  bool gives;
};

TEST(SensitivePlaces, KnowsPlacesTheirParentsAndWhatIsBelow) {
  constexpr Case kCases[] = {
      {"/", true, true},
      {"/etc", true, true},
      {"/etc/shadow", true, true},
      {"/etc/ssl/private", true, true},
      {"/etcetera", false, false},
      {"/boot", true, true},
      {"/boot/grub", true, true},
      {"/dev", true, true},
      {"/dev/sda", true, true},
      {"/proc", true, true},
      {"/proc/sys", true, true},
      {"/sys/fs/cgroup", true, true},
      {"/root", true, true},
      {"/root/project", true, false},
      {"/root/project", false, true},
      {"/root/.bashrc", true, false},
      {"/root/.bashrc", false, true},
      {"/home/alice/.bashrc", true, false},
      {"/home/alice/.bashrc", false, true},
      {"/home/alice/.config/systemd/user", false, true},
      {"/home/alice/project/.config", false, false},
      {"/home/alice/.netrc", true, true},
      {"/var/log", true, false},
      {"/var/log", false, true},
      {"/var/log/nginx", true, false},
      {"/var/log/nginx", false, true},
      {"/var/logs", false, false},
      {"/var/lib/dpkg", true, false},
      {"/var/lib/dpkg/info", false, true},
      {"/var/lib/rpm", false, true},
      {"/var/lib/apk", false, true},
      {"/usr/lib/sysimage/rpm", false, true},
      {"/lib/apk/db", false, true},
      {"/var/backups/shadow.bak", true, true},
      {"/var/spool/at", true, true},
      {"/opt", true, false},
      {"/opt", false, true},
      {"/opt/cni/bin", false, true},
      {"/opt/cni/bin", true, false},
      {"/root/.ssh", true, true},
      {"/home", true, true},
      {"/home/alice", true, true},
      {"/home/alice/project", false, false},
      {"/home/alice/.docker/config.json", true, true},
      {"/run", true, true},
      {"/run/my-service", false, false},
      {"/run/dbus/system_bus_socket", true, true},
      {"/run/systemd", true, true},
      {"/run/systemd/resolve/resolv.conf", true, false},
      {"/usr", true, true},
      {"/usr/share/doc", true, false},
      {"/usr/local/bin", false, true},
      {"/lib/modules", true, false},
      {"/lib/modules", false, true},
      {"/var", true, true},
      {"/var/lib", true, true},
      {"/var/lib/docker", true, true},
      {"/var/lib/docker/containers", true, true},
      {"/var/lib/docker/volumes", true, true},
      {"/var/lib/docker/volumes/data/_data", false, false},
      {"/var/lib/postgres", false, false},
      {"/srv/data", false, false},
      {"/opt/app", false, false},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(given_away_by(c.path, c.read_only, "/var/lib/docker").has_value(), c.gives)
        << c.path << (c.read_only ? " read-only" : "");
  }
}

TEST(SensitivePlaces, HarmlessFilesOfSystemFoldersPass) {
  for (const auto* const path :
       {"/etc/localtime", "/etc/timezone", "/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/etc/ssl/certs",
        "/etc/ssl/certs/ca-certificates.crt", "/usr/share/zoneinfo/Europe/Berlin", "/dev/null"}) {
    EXPECT_EQ(given_away_by(path, true, "/var/lib/docker"), std::nullopt) << path;
    // To write there is to say whom the host trusts and knows.
    EXPECT_EQ(given_away_by(path, false, "/var/lib/docker").has_value(),
              std::string_view(path).starts_with("/etc") || std::string_view(path).starts_with("/usr"))
        << path;
  }
  EXPECT_NE(given_away_by("/etc/ssl", true, "/var/lib/docker"), std::nullopt);
  EXPECT_NE(given_away_by("/etc/hosts.allow", true, "/var/lib/docker"), std::nullopt);
}

TEST(SensitivePlaces, TheEnginesOwnFolderIsWhereItSays) {
  EXPECT_NE(given_away_by("/data/docker", true, "/data/docker"), std::nullopt);
  EXPECT_NE(given_away_by("/data", true, "/data/docker"), std::nullopt);
  EXPECT_NE(given_away_by("/data/docker/overlay2/x", true, "/data/docker"), std::nullopt);
  EXPECT_EQ(given_away_by("/data/docker/volumes/x/_data", false, "/data/docker"), std::nullopt);
  EXPECT_EQ(given_away_by("/data/docker", true, ""), std::nullopt);
}

TEST(SensitivePlaces, KnowsTheSocketsOfEngines) {
  EXPECT_EQ(engine_socket_at("/run/docker.sock"), "/run/docker.sock");
  EXPECT_EQ(engine_socket_at("/run"), "/run/buildkit/buildkitd.sock");
  EXPECT_EQ(engine_socket_at("/run/containerd"), "/run/containerd/containerd.sock");
  EXPECT_EQ(engine_socket_at("/run/user/1000/podman/podman.sock"), "/run/user/1000/podman/podman.sock");
  EXPECT_EQ(engine_socket_at("/srv/my.sock"), "");
}

}  // namespace
}  // namespace bulkhead::audit

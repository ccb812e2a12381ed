#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRoot = "container.host-root";
constexpr std::string_view kSensitive = "container.sensitive-mounts";
constexpr std::string_view kSocket = "container.engine-socket";
constexpr std::string_view kPropagation = "container.mount-propagation";

TEST(ContainerMounts, SaysWhatIsNotKnownAndNeverPassesIt) {
  for (const std::string_view check : {kRoot, kSensitive, kSocket, kPropagation}) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = facts_of(ContainerDetails{});
    EXPECT_EQ(statuses_of(check, facts), "web pass") << check;
    facts.containers->front().details = not_known("it is gone");
    EXPECT_EQ(statuses_of(check, facts), "web error") << check;
  }
}

// As a remote engine tells it: links are not followed.
Mount bind(std::string source, bool read_only = false) {
  Mount mount;
  mount.type = "bind";
  mount.source = std::move(source);
  mount.destination = "/inside";
  mount.read_only = read_only;
  return mount;
}

Mount leading_to(Mount mount, std::string resolved, std::vector<std::string> sockets = {}) {
  mount.resolved = std::move(resolved);
  mount.sockets = std::move(sockets);
  return mount;
}

Facts with_mounts(std::vector<Mount> mounts, std::string state = "running") {
  ContainerDetails details;
  details.mounts = std::move(mounts);
  return facts_of(std::move(details), std::move(state));
}

Mount volume_of(std::string device) {
  Mount mount = bind("/var/lib/docker/volumes/data/_data");
  mount.type = "volume";
  mount.volume = "data";
  mount.device = std::move(device);
  return mount;
}

struct Case {
  std::string_view name;
  Mount mount;
  std::string_view root;
  std::string_view sensitive;
  std::string_view socket;
};

TEST(ContainerMounts, JudgesWhereMountsLead) {
  Mount unfollowed = bind("/srv/link");
  unfollowed.resolved = not_known("permission denied");
  Mount temporary = bind("/etc");
  temporary.type = "tmpfs";
  const Case cases[] = {
      {"the root", bind("/"), "fail", "fail", "fail"},
      {"the root, read-only", bind("/", true), "fail", "fail", "fail"},
      {"the root by another way", bind("/srv/../"), "fail", "fail", "fail"},
      {"a link to the root", leading_to(bind("/srv/all"), "/"), "fail", "fail", "fail"},
      {"a volume of the root", volume_of("/"), "fail", "fail", "fail"},
      {"/etc", bind("/etc"), "pass", "fail", "pass"},
      {"/etc, read-only", bind("/etc", true), "pass", "fail", "pass"},
      {"a volume of /etc", volume_of("/etc"), "pass", "fail", "pass"},
      {"a volume of /etc, followed", leading_to(volume_of("/srv/x"), "/etc"), "pass", "fail", "pass"},
      {"a link to /etc", leading_to(bind("/srv/conf"), "/etc"), "pass", "fail", "pass"},
      {"/root", bind("/root"), "pass", "fail", "pass"},
      {"/var/run", bind("/var/run"), "pass", "fail", "fail"},
      {"/run", bind("/run"), "pass", "fail", "fail"},
      {"/var", bind("/var"), "pass", "fail", "pass"},
      {"the engine's folder", bind("/var/lib/docker"), "pass", "fail", "pass"},
      {"docker.sock", bind("/var/run/docker.sock"), "pass", "pass", "fail"},
      {"docker.sock, read-only", bind("/var/run/docker.sock", true), "pass", "pass", "fail"},
      {"containerd.sock", bind("/run/containerd/containerd.sock"), "pass", "fail", "fail"},
      {"podman.sock", bind("/run/podman/podman.sock"), "pass", "pass", "fail"},
      {"a link to docker.sock", leading_to(bind("/srv/api"), "/run/docker.sock", {"/run/docker.sock"}), "pass", "pass",
       "fail"},
      {"a renamed socket", leading_to(bind("/srv/api.sock"), "/srv/api.sock", {"/srv/api.sock"}), "pass", "pass",
       "fail"},
      {"a volume of docker.sock", volume_of("/var/run/docker.sock"), "pass", "pass", "fail"},
      {"a folder with an engine's socket", leading_to(bind("/srv/d"), "/srv/d", {"/srv/d/engine.sock"}), "pass", "pass",
       "fail"},
      {"a proxy's folder, looked at", leading_to(bind("/srv/proxy"), "/srv/proxy"), "pass", "pass", "pass"},
      {"a proxy's docker.sock, looked at", leading_to(bind("/srv/proxy/docker.sock"), "/srv/proxy/docker.sock"), "pass",
       "pass", "fail"},
      {"data", bind("/srv/data"), "pass", "pass", "pass"},
      {"a volume of a folder seen from the daemon's", volume_of("etc"), "pass", "fail", "pass"},
      {"a named volume", volume_of(""), "pass", "pass", "pass"},
      {"a named volume, followed", leading_to(volume_of(""), "/var/lib/docker/volumes/data/_data"), "pass", "pass",
       "pass"},
      {"the time zone", leading_to(bind("/etc/localtime", true), "/usr/share/zoneinfo/Europe/Berlin"), "pass", "pass",
       "pass"},
      {"the time zone, writable", leading_to(bind("/etc/localtime"), "/usr/share/zoneinfo/Europe/Berlin"), "pass",
       "fail", "pass"},
      {"what looks harmless and leads elsewhere", leading_to(bind("/etc/localtime"), "/etc/shadow"), "pass", "fail",
       "pass"},
      {"a temporary file system", temporary, "pass", "pass", "pass"},
      {"could not be followed", unfollowed, "error", "error", "error"},
  };
  for (const Case& c : cases) {
    const Facts facts = with_mounts({bind("/srv/other", true), c.mount}, "created");
    EXPECT_EQ(status_of_only_row(kRoot, facts), c.root) << c.name;
    EXPECT_EQ(status_of_only_row(kSensitive, facts), c.sensitive) << c.name;
    EXPECT_EQ(status_of_only_row(kSocket, facts), c.socket) << c.name;
  }
}

// ---- Volumes that are file systems of their own

TEST(ContainerMounts, JudgesVolumesThatAreFileSystemsOfTheirOwn) {
  struct Case {
    const char* type;
    const char* options;
    const char* device;
    std::string_view status;
  };
  const Case kCases[] = {
      {"overlay", "lowerdir=/etc,upperdir=/srv/u,workdir=/srv/w", "overlay", "fail"},
      {"overlay", "lowerdir=/srv/a:/,upperdir=/srv/u,workdir=/srv/w", "overlay", "fail"},
      {"overlay", "lowerdir=/srv/a,upperdir=/root/.ssh,workdir=/srv/w", "overlay", "fail"},
      {"overlay", "lowerdir=srv,upperdir=/srv/u", "overlay", "error"},
      {"overlay", "lowerdir=/srv/a:/srv/b,upperdir=/srv/u,workdir=/srv/w", "overlay", "pass"},
      {"proc", "", "proc", "fail"},
      {"sysfs", "", "none", "fail"},
      {"devtmpfs", "", "devtmpfs", "fail"},
      {"ext4", "", "/dev/sda1", "fail"},
      {"", "", "/dev/../dev/sda1", "fail"},
      {"", "", "somewhere", "error"},
      {"fuse.sshfs", "", "host:/", "error"},
      {"tmpfs", "size=1m", "tmpfs", "pass"},
      {"nfs", "addr=192.0.2.1", ":/export", "pass"},
  };
  for (const Case& c : kCases) {
    Mount mount = volume_of("");
    mount.file_system = c.type;
    mount.file_system_options = c.options;
    mount.file_system_device = c.device;
    EXPECT_EQ(status_of_only_row(kSensitive, with_mounts({mount})), c.status) << c.type << " " << c.options << c.device;
  }
}

TEST(ContainerMounts, NamesTheMountAndWhetherItIsWritable) {
  const Facts facts = with_mounts({bind("/srv/data"), bind("/", true)});
  const std::string told = told_by(kSensitive, facts);
  EXPECT_THAT(told, HasSubstr("/Mounts/1: / at /inside, read-only: the host's whole file system"));
  EXPECT_EQ(told.find("/Mounts/0"), std::string::npos);
  EXPECT_THAT(told_by(kSensitive, with_mounts({leading_to(bind("/srv/c"), "/etc")})),
              HasSubstr("/srv/c (leads to /etc) at /inside, writable"));
  EXPECT_THAT(told_by(kSocket, with_mounts({volume_of("/run/docker.sock")})),
              HasSubstr("volume data of /run/docker.sock at /inside, writable: reaches /run/docker.sock"));
}

TEST(ContainerMounts, TheSocketThatIsAuditedCountsWhereverItIs) {
  Facts facts = with_mounts({bind("/srv/engine")});
  EXPECT_EQ(status_of_only_row(kSocket, facts), "pass");
  facts.address = "unix:///srv/engine/api.sock";
  EXPECT_EQ(status_of_only_row(kSocket, facts), "fail");
}

TEST(ContainerMounts, JudgesPropagation) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "pass"},       {"private", "pass"}, {"rprivate", "pass"}, {"slave", "pass"},
      {"rslave", "pass"}, {"shared", "fail"},  {"rshared", "fail"},
  };
  for (const auto& [propagation, status] : cases) {
    Mount mount = bind("/srv/data");
    mount.propagation = propagation;
    EXPECT_EQ(status_of_only_row(kPropagation, with_mounts({mount})), status) << propagation;
  }
}

}  // namespace
}  // namespace bulkhead::audit

// Folders of the host under other names, by the checks that look for them.
#include "audit/checks/host_view.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"
#include "audit/collect/mount_table.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kRoot = "container.host-root";
constexpr std::string_view kSensitive = "container.sensitive-mounts";
constexpr std::string_view kSocket = "container.engine-socket";

constexpr std::string_view kMounts =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:2 / /proc rw - proc proc rw\n"
    "3 1 0:3 / /dev rw - devtmpfs devtmpfs rw\n"
    "4 1 0:4 / /run rw - tmpfs tmpfs rw\n"
    "5 1 8:2 / /data rw - ext4 /dev/sdb1 rw\n"
    "6 1 8:2 /docker /var/lib/docker rw - ext4 /dev/sdb1 rw\n"
    // Other names.
    "20 1 8:1 /etc /srv/x rw - ext4 /dev/sda1 rw\n"
    "21 1 8:1 / /srv/all rw - ext4 /dev/sda1 rw\n"
    "22 1 8:1 /root/.ssh /srv/deep/keys rw - ext4 /dev/sda1 rw\n"
    "23 1 8:1 / /srv/whole/machine ro - ext4 /dev/sda1 rw\n"
    "24 1 8:1 /usr/share/doc /srv/manual/ro ro - ext4 /dev/sda1 rw\n"
    "25 1 8:1 /usr/local/bin /srv/tools/rw rw - ext4 /dev/sda1 rw\n"
    "26 1 8:1 /etc/ssl/certs /srv/trust/ro ro - ext4 /dev/sda1 rw\n"
    "27 1 0:27 / /srv/jail/proc rw - proc proc rw\n"
    "28 1 0:3 / /srv/nodes rw - devtmpfs devtmpfs rw\n"
    "29 1 0:29 / /srv/merged rw - overlay overlay rw,lowerdir=/srv/a:/etc,upperdir=/srv/b\n"
    "30 1 0:30 / /srv/joined rw - overlay overlay rw,lowerdir=/srv/a:l/ABC,upperdir=/srv/b\n"
    "31 1 8:1 /home/ann/project /srv/project rw - ext4 /dev/sda1 rw\n"
    "32 1 8:1 /srv/data /srv/again rw - ext4 /dev/sda1 rw\n"
    // What the host has in its own places lies in an ordinary folder.
    "40 1 8:2 /letsencrypt /etc/letsencrypt rw - ext4 /dev/sdb1 rw\n"
    // Somebody's own work below the engine's folder.
    "41 6 8:1 /etc /var/lib/docker/volumes/bent/_data rw - ext4 /dev/sda1 rw\n";

Facts machine() {
  Facts facts = test_facts();
  facts.host.mounts = *parse_mountinfo(kMounts);
  facts.volumes.emplace();
  return facts;
}

Mount bind(std::string source, bool read_only = false) {
  Mount mount{.type = "bind", .source = source, .destination = "/inside", .read_only = read_only};
  mount.resolved = std::move(source);
  return mount;
}

Mount volume(std::string name) {
  Mount mount = bind("/var/lib/docker/volumes/" + name + "/_data");
  mount.type = "volume";
  mount.volume = std::move(name);
  return mount;
}

Facts with(Mount mount, Facts facts = machine()) {
  ContainerDetails details;
  details.mounts.push_back(std::move(mount));
  facts.containers->push_back(test_container("web", std::move(details)));
  return facts;
}

std::string judged(const Facts& facts) {
  return status_of_only_row(kRoot, facts) + " " + status_of_only_row(kSensitive, facts);
}

TEST(HostView, SeesFoldersOfTheHostUnderOtherNames) {
  const std::tuple<const char*, bool, std::string_view> cases[] = {
      {"/srv/x", true, "pass fail"},
      {"/srv/x/ssh", true, "pass fail"},
      {"/srv/x/hostname", true, "pass pass"},   // /etc/hostname: harmless to read
      {"/srv/x/hostname", false, "pass fail"},  // and not to write
      {"/srv/all", true, "fail fail"},
      {"/srv/all/home/ann", true, "pass fail"},
      {"/srv/all/srv/data", false, "pass pass"},
      {"/srv/nodes", true, "pass fail"},
      {"/srv/nodes/null", false, "pass pass"},
      {"/srv/nodes/sda", true, "pass fail"},
      {"/srv/jail/proc", true, "pass fail"},
      {"/srv/merged", true, "pass fail"},
      {"/srv/merged/hostname", true, "pass pass"},
      {"/data/letsencrypt", true, "pass fail"},
      {"/data/docker", true, "pass fail"},
      // Ordinary folders stay what they are, whatever else they are called.
      {"/srv/project", false, "pass pass"},
      {"/srv/again", false, "pass pass"},
      {"/srv/joined", false, "pass pass"},
      {"/srv/data", false, "pass pass"},
      {"/data/shop", false, "pass pass"},
      {"/data/docker/volumes/shop/_data", false, "pass pass"},
  };
  for (const auto& [path, read_only, statuses] : cases) {
    EXPECT_EQ(judged(with(bind(path, read_only))), statuses) << path << (read_only ? " read-only" : "");
  }
}

TEST(HostView, SeesWhatIsMountedBelowTheFolder) {
  const std::tuple<const char*, bool, std::string_view> cases[] = {
      {"/srv/deep", true, "pass fail"},    {"/srv/whole", true, "fail fail"},
      {"/srv/jail", true, "pass fail"},    {"/srv", true, "fail fail"},
      {"/data", true, "pass fail"},        {"/srv/tools", true, "pass fail"},  // the mount below it is writable
      {"/srv/manual", false, "pass pass"}, {"/srv/trust", false, "pass pass"},
  };
  for (const auto& [path, read_only, statuses] : cases) {
    EXPECT_EQ(judged(with(bind(path, read_only))), statuses) << path << (read_only ? " read-only" : "");
  }
}

TEST(HostView, TellsByWhichName) {
  EXPECT_THAT(told_by(kSensitive, with(bind("/srv/x"))),
              HasSubstr("/Mounts/0: /srv/x at /inside, writable: /srv/x is /etc: the host's configuration"));
  EXPECT_THAT(told_by(kRoot, with(bind("/srv/whole", true))),
              HasSubstr("/srv/whole at /inside, read-only: /srv/whole/machine is /: the host's whole file system"));
  EXPECT_THAT(told_by(kSensitive, with(bind("/srv/jail"))), HasSubstr("/srv/jail/proc is /proc: the host's processes"));
}

TEST(HostView, LeavesVolumesOfContainersAlone) {
  EXPECT_EQ(judged(with(volume("shop"))), "pass pass");
  EXPECT_EQ(judged(with(bind("/var/lib/docker/volumes/shop/_data"))), "pass pass");
  // Unless somebody has mounted a folder of the host there.
  EXPECT_EQ(judged(with(volume("bent"))), "pass fail");
  EXPECT_EQ(judged(with(bind("/var/lib/docker/volumes/bent/_data"))), "pass fail");
  EXPECT_EQ(judged(with(bind("/data/docker/volumes/bent/_data"))), "pass pass") << "below that mount";
  // The engine's folder where a link leads to.
  Facts facts = machine();
  facts.engine->root_dir = "/data/docker";
  facts.host.moved_places = {{"/var/lib/docker", "/data/docker"}};
  Mount moved = volume("shop");
  moved.source = "/data/docker/volumes/shop/_data";
  moved.resolved = moved.source;
  EXPECT_EQ(judged(with(moved, facts)), "pass pass");
  EXPECT_EQ(judged(with(bind("/data/docker/containers"), facts)), "pass fail");
}

// ---- Volumes by their folder

Facts with_volume(std::string device, std::string type, Mount mount, std::string options = {}) {
  Facts facts = machine();
  Mount made = volume("made");
  made.resolved = not_applicable("not looked at");
  if (type.empty()) {
    made.device = std::move(device);
    made.resolved = made.device;
  } else {
    made.file_system = std::move(type);
    made.file_system_device = std::move(device);
    made.file_system_options = std::move(options);
  }
  facts.volumes->emplace("made", std::move(made));
  return with(std::move(mount), std::move(facts));
}

TEST(HostView, AFolderOfAVolumeIsWhatTheVolumeIsMadeOf) {
  const std::string folder = "/var/lib/docker/volumes/made/_data";
  for (const std::string& path : {folder, folder + "/", std::string("/var/lib/docker/volumes/made"), folder + "/ssh"}) {
    EXPECT_EQ(judged(with_volume("/etc", "", bind(path))), "pass fail") << path;
    EXPECT_EQ(judged(with_volume("/srv/data", "", bind(path))), "pass pass") << path;
    EXPECT_EQ(status_of_only_row(kSensitive, with_volume("devtmpfs", "devtmpfs", bind(path))), "fail") << path;
    EXPECT_EQ(status_of_only_row(kSensitive, with_volume("overlay", "overlay", bind(path), "lowerdir=/etc")), "fail");
    EXPECT_EQ(judged(with_volume("tmpfs", "tmpfs", bind(path))), "pass pass") << path;
    EXPECT_EQ(judged(with_volume("host:/", "fuse.sshfs", bind(path))), "error error") << path;
  }
  EXPECT_EQ(judged(with_volume("/", "", bind(folder))), "fail fail");
  EXPECT_EQ(judged(with_volume("/", "", bind(folder + "/srv/data"))), "pass pass");
  EXPECT_EQ(judged(with_volume("/srv/x", "", bind(folder))), "pass fail") << "which is /etc";
  EXPECT_EQ(judged(with_volume("/etc", "", bind("/var/lib/docker/volumes/made2/_data"))), "pass pass");
  EXPECT_THAT(told_by(kSensitive, with_volume("/etc", "", bind(folder))),
              HasSubstr("at /inside, writable: is volume made, which binds /etc: the host's configuration"));
  EXPECT_EQ(status_of_only_row(kSocket, with_volume("/run/docker.sock", "", bind(folder))), "fail");
  EXPECT_EQ(status_of_only_row(kSocket, with_volume("/srv/data", "", bind(folder))), "pass");
}

TEST(HostView, AVolumeOfAVolumeIsFollowedAndEnds) {
  Facts facts = with_volume("/var/lib/docker/volumes/second/_data", "", bind("/var/lib/docker/volumes/made/_data"));
  Mount second = volume("second");
  second.device = "/etc";
  second.resolved = "/etc";
  facts.volumes->emplace("second", second);
  EXPECT_EQ(judged(facts), "pass fail");
  facts.volumes->at("second").device = "/var/lib/docker/volumes/made/_data";
  facts.volumes->at("second").resolved = "/var/lib/docker/volumes/made/_data";
  EXPECT_EQ(judged(facts), "pass pass") << "one shows the other, and neither the host";
  facts.volumes->at("second").device = "/var/lib/docker/volumes/second/_data/x";
  facts.volumes->at("second").resolved = "/var/lib/docker/volumes/second/_data/x";
  EXPECT_EQ(judged(facts), "error error");
}

TEST(HostView, ManyVolumesThatHoldOneAnotherTakeNoLongerThanTheyAre) {
  Facts facts = machine();
  for (int i = 0; i < 200; ++i) {
    Mount each = volume(fmt::format("v{}", i));
    each.device = "/var/lib/docker/volumes";
    each.resolved = each.device;
    facts.volumes->emplace(each.volume, each);
  }
  EXPECT_EQ(judged(with(bind("/var/lib/docker/volumes"), facts)), "error fail");
}

TEST(HostView, AMountThatIsNotRecursiveLeavesOutWhatIsMountedBelow) {
  Mount mount = bind("/srv/deep");
  mount.recursive = false;
  EXPECT_EQ(judged(with(mount)), "pass pass");
  mount = bind("/srv/x");
  mount.recursive = false;
  EXPECT_EQ(judged(with(mount)), "pass fail");
}

TEST(HostView, TheRootOfAMachineThatIsAContainerIsAnOverlayOfAnothers) {
  Facts facts = machine();
  facts.host.mounts = *parse_mountinfo(
      "1 0 0:9 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A,upperdir=/var/lib/docker/overlay2/B\n"
      "2 1 0:9 /srv/data /srv/again rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A\n"
      "3 1 0:9 /etc /srv/x rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A\n");
  EXPECT_EQ(judged(with(bind("/srv/data"), facts)), "pass pass");
  EXPECT_EQ(judged(with(bind("/srv/again"), facts)), "pass pass");
  EXPECT_EQ(judged(with(bind("/srv/x"), facts)), "pass fail");
}

TEST(HostView, AVolumeThatNobodyKnowsIsNoPass) {
  Facts facts = machine();
  facts.volumes = not_known("driver timed out");
  EXPECT_EQ(judged(with(bind("/var/lib/docker/volumes/x/_data"), facts)), "error error");
  EXPECT_EQ(judged(with(bind("/srv/data"), facts)), "pass pass");
  facts.engine = not_known("driver timed out");
  EXPECT_EQ(judged(with(bind("/var/lib/docker/volumes/x/_data"), facts)), "error error");
}

// ---- Links

TEST(HostView, JudgesAPathAsItIsWrittenAndWhereItLeads) {
  Facts facts = machine();
  facts.host.moved_places = {{"/home", "/var/home"}, {"/root", "/var/roothome"}};
  const auto leading = [](std::string source, std::string to) {
    Mount mount = bind(std::move(source));
    mount.resolved = std::move(to);
    return mount;
  };
  EXPECT_EQ(judged(with(leading("/home", "/var/home"), facts)), "pass fail");
  EXPECT_EQ(judged(with(leading("/home/ann", "/var/home/ann"), facts)), "pass fail");
  EXPECT_EQ(judged(with(leading("/root", "/var/roothome"), facts)), "pass fail");
  EXPECT_EQ(judged(with(bind("/var/home"), facts)), "pass fail");
  EXPECT_EQ(judged(with(bind("/var/home/ann"), facts)), "pass fail");
  EXPECT_EQ(judged(with(bind("/var/roothome"), facts)), "pass fail");
  EXPECT_EQ(judged(with(bind("/var/home/ann/project"), facts)), "pass pass");
  EXPECT_EQ(judged(with(bind("/var/homework"), facts)), "pass pass");
  EXPECT_EQ(judged(with(leading("/home/ann/project", "/var/home/ann/project"), facts)), "pass pass");
  EXPECT_EQ(judged(with(leading("/etc/app", "/srv/app"), facts)), "pass fail") << "the host has it as /etc/app";
  EXPECT_THAT(told_by(kSensitive, with(bind("/var/home"), facts)),
              HasSubstr("writable: /home is /var/home: the files"));
}

// ---- What is not known

TEST(HostView, WithoutTheTableOfMountsNothingPasses) {
  Facts facts = machine();
  facts.host.mounts = not_known("permission denied");
  EXPECT_EQ(judged(with(bind("/srv/data"), facts)), "error error");
  EXPECT_EQ(status_of_only_row(kSocket, with(bind("/srv/data"), facts)), "error");
  EXPECT_EQ(judged(with(bind("/etc"), facts)), "error fail");
  EXPECT_THAT(told_by(kRoot, with(bind("/srv/data"), facts)),
              HasSubstr("what is mounted at /srv/data is not known: permission denied"));
  facts.host.mounts = *parse_mountinfo("1 2 8:1 / /srv rw - ext4 x rw\n");
  EXPECT_EQ(judged(with(bind("/srv/data"), facts)), "error error") << "a table without the root";
  // Another machine's is not looked at: its paths are judged as they are written.
  facts.host.mounts = not_applicable("the engine runs on another machine");
  EXPECT_EQ(judged(with(bind("/srv/data"), facts)), "pass pass");
}

}  // namespace
}  // namespace bulkhead::audit

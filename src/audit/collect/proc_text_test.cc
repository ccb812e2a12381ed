// The pure readers of /proc, by what the kernel writes and by what strangers make it write.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/collect/accounts.h"
#include "audit/collect/mount_table.h"
#include "audit/collect/process_text.h"
#include "audit/collect/socket_table.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kId(64, 'a');
const std::string kOther = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

constexpr std::string_view kMounts =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "30 27 8:17 / /var rw,relatime shared:5 master:2 - xfs /dev/sdb1 rw\n"
    "31 30 8:33 / /var/lib/docker rw - ext4 /dev/sdc1 rw\n"
    "32 31 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
    "33 27 0:60 / /mnt/with\\040blank\\134 rw - tmpfs tmp\\040fs rw\n"
    "34 27 254:0 /srv/data /data rw - ext4 /dev/vda rw\n"
    "35 30 254:0 /srv /var/bound rw - ext4 /dev/vda rw\n"
    "36 27 8:49 / /hidden rw - ext4 /dev/sdd1 rw\n"
    "37 36 0:70 / /hidden rw - tmpfs none rw\n";

Host::RootMount mount_of_path(std::string_view path) {
  const auto mounts = parse_mountinfo(kMounts);
  return mount_of(mounts.value(), path).value();
}

TEST(MountTable, FindsTheMountThatAPathLiesOn) {
  EXPECT_EQ(mount_of_path("/var/lib/docker").mount_point, "/var/lib/docker");
  EXPECT_EQ(mount_of_path("/var/lib/docker").source, "/dev/sdc1");
  EXPECT_EQ(mount_of_path("/var/lib/docker").file_system, "ext4");
  EXPECT_EQ(mount_of_path("/var/lib/dockers").mount_point, "/var");
  EXPECT_EQ(mount_of_path("/home/ann").mount_point, "/");
  EXPECT_EQ(mount_of_path("/mnt/with blank\\/x").mount_point, "/mnt/with blank\\");
  EXPECT_EQ(mount_of_path("/mnt/with blank\\/x").source, "tmp fs");
}

TEST(MountTable, CallsAMountSeparateOnADeviceOfItsOwnOnly) {
  EXPECT_TRUE(mount_of_path("/var/lib/docker").separate);
  EXPECT_TRUE(mount_of_path("/var/lib/elsewhere").separate);  // /var is
  EXPECT_FALSE(mount_of_path("/home").separate);
  EXPECT_FALSE(mount_of_path("/var/lib/docker/overlay2/x/merged").separate);
  EXPECT_FALSE(mount_of_path("/mnt/with blank\\").separate);
  EXPECT_FALSE(mount_of_path("/data/docker").separate) << "a bind mount of the root's own file system";
  EXPECT_FALSE(mount_of_path("/var/bound/docker").separate) << "the root's file system again, below another one";
}

TEST(MountTable, SeesTheUppermostOfMountsAtOnePlace) {
  EXPECT_EQ(mount_of_path("/hidden/docker").file_system, "tmpfs");
  EXPECT_FALSE(mount_of_path("/hidden/docker").separate);
}

TEST(MountTable, TellsWhatOfAFileSystemIsMountedAndHow) {
  const auto mounts = parse_mountinfo(
      "27 1 254:0 / / rw - ext4 /dev/vda rw\n"
      "28 27 254:0 /with\\040blank /srv/x ro,relatime shared:1 - ext4 /dev/vda rw\n"
      "29 27 0:5 / /srv/y rw - overlay overlay ro,lowerdir=/a:/b,upperdir=/c\n");
  ASSERT_TRUE(mounts) << mounts.error().to_string();
  EXPECT_EQ((*mounts)[0].root, "/");
  EXPECT_FALSE((*mounts)[0].read_only);
  EXPECT_EQ((*mounts)[0].options, "");
  EXPECT_EQ((*mounts)[1].root, "/with blank");
  EXPECT_TRUE((*mounts)[1].read_only);
  EXPECT_TRUE((*mounts)[2].read_only) << "the file system is";
  EXPECT_EQ((*mounts)[2].options, "ro,lowerdir=/a:/b,upperdir=/c");
}

TEST(MountTable, NamesTheLineThatIsNoMount) {
  for (const std::string_view line : {"", "1 2 3", "a 1 8:1 / / rw - ext4 x rw", "1 2 8:1 / / rw ext4 /dev/x rw",
                                      "1 2 8:1 / relative rw - ext4 /dev/x rw", "1 2 8:1 / / rw - ext4"}) {
    const auto mounts = parse_mountinfo(fmt::format("27 1 254:0 / / rw - ext4 /dev/vda rw\n{}\n", line));
    ASSERT_FALSE(mounts) << line;
    EXPECT_EQ(mounts.error().code(), Code::kMalformed);
    EXPECT_EQ(mounts.error().message(), "line 2 is no mount");
  }
  EXPECT_FALSE(mount_of({}, "/").has_value());
}

TEST(ProcessText, ReadsWhatHoldsAProcessBack) {
  const auto status = parse_process_status(
      "Name:\tSeccomp:\nUid:\t1000\t1001\t1000\t1000\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t1\nSeccomp:\t2\n"
      "Seccomp_filters:\t1\n");
  ASSERT_TRUE(status) << status.error().to_string();
  EXPECT_EQ(status->effective_capabilities, 0xa80425fbU);
  EXPECT_TRUE(status->no_new_privileges);
  EXPECT_EQ(status->seccomp_mode, 2U);
  EXPECT_EQ(status->uid, 1001U);
}

TEST(ProcessText, TakesNoStatusForASafeOneThatItCannotRead) {
  const std::string uid = "Uid:\t0\t0\t0\t0\n";
  for (const std::string& text : {std::string(), uid, uid + "CapEff:\tx\n", uid + "CapEff:\t00000000000000000001\t\n2",
                                  uid + "CapEff:\t0\nNoNewPrivs:\tyes\n", uid + "CapEff:\t0\nSeccomp:\t3\n",
                                  uid + "CapEff:\t10000000000000000\n", std::string("CapEff:\t0\nUid:\t0\n")}) {
    EXPECT_EQ(parse_process_status(text).has_value(), text.contains("00000000000000000001")) << text;
  }
  const auto old_kernel = parse_process_status(uid + "CapEff:\t0\n");
  ASSERT_TRUE(old_kernel);
  EXPECT_FALSE(old_kernel->no_new_privileges);
  EXPECT_EQ(old_kernel->seccomp_mode, 0U);
}

TEST(ProcessText, TellsUsersAsTheirNamespaceCountsThem) {
  const std::string whole = "         0          0 4294967295\n";
  EXPECT_EQ(user_inside(whole, 0), 0U);
  EXPECT_EQ(user_inside(whole, 1000), 1000U);
  const std::string remapped = "         0     100000      65536\n     70000       1000          1\n";
  EXPECT_EQ(user_inside(remapped, 100000), 0U);
  EXPECT_EQ(user_inside(remapped, 165535), 65535U);
  EXPECT_EQ(user_inside(remapped, 165536), std::nullopt);
  EXPECT_EQ(user_inside(remapped, 1000), 70000U);
  EXPECT_EQ(user_inside(remapped, 0), std::nullopt);
  for (const auto* const text : {"", "\n", "0 0", "0 0 1 1", "0 x 1", "0 0 99999999999", "-1 0 1"}) {
    EXPECT_EQ(user_inside(text, 0), std::nullopt) << text;
  }
  EXPECT_EQ(user_inside("4294967295 0 10", 1), std::nullopt);
}

TEST(ProcessText, TellsWhenAProcessStarted) {
  const std::string system = "cpu  1 2 3\nintr 5\nbtime 1700000000\nprocesses 3\n";
  // A name may look like anything.
  const std::string stat = "812 (a) S 1 (b) c) S 1 812 812 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 12345 1 2";
  EXPECT_EQ(process_start(stat, system, 100).value(), 1700000123);
  EXPECT_FALSE(process_start("812 (a) S 1 2", system, 100));
  EXPECT_FALSE(process_start(stat, "btime x\n", 100));
  EXPECT_FALSE(process_start(stat, "btime 18446744073709551615\n", 100));
  EXPECT_FALSE(process_start(stat, "", 100));
  EXPECT_FALSE(process_start(stat, system, 0));
  EXPECT_FALSE(process_start("", system, 100));
}

TEST(ProcessText, FindsContainersInCgroupsOfBothVersions) {
  EXPECT_THAT(container_ids("12:pids:/docker/" + kId + "\n0::/system.slice/docker-" + kId + ".scope\n"),
              ElementsAre(kId));
  EXPECT_THAT(container_ids("0::/machine.slice/libpod-" + kId + ".scope/container\n"), ElementsAre(kId));
  EXPECT_THAT(container_ids("0::/docker/" + kId + "/docker/" + kOther + "\n"), ElementsAre(kId, kOther));
  EXPECT_THAT(container_ids("0::/" + kId + "a\n0::/" + kId.substr(1) + "\n"), IsEmpty());
  EXPECT_THAT(container_ids(""), IsEmpty());
}

TEST(ProcessText, NamesTheUnitOfSystemd) {
  EXPECT_EQ(service_unit("1:name=systemd:/system.slice/docker.service\n0::/x\n"), "docker.service");
  EXPECT_EQ(service_unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service\n"),
            "docker.service");
  EXPECT_EQ(service_unit("0::/user.slice/user-0.slice/session-3.scope\n"), "");
  EXPECT_EQ(service_unit("5:memory:/evil.service\n"), "");
  EXPECT_EQ(service_unit(""), "");
}

TEST(SocketTable, ListsListeningUnixSocketsWithPaths) {
  const auto sockets = parse_listening_unix_sockets(
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/docker.sock\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 12346 /run/docker.sock\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 12347 /run/with blank \n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 12348\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 12349 @abstract\n"
      "0000000000000000: 00000002 00000000 0001zzzz 0001 01 12350 /x\n"
      "\n ::: \n");
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0].inode, 12345U);
  EXPECT_EQ(sockets[0].path, "/run/docker.sock");
  EXPECT_EQ(sockets[1].path, "/run/with blank ");
}

TEST(SocketTable, ListsListeningTcpSockets) {
  const auto sockets = parse_listening_tcp_sockets(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 00000000:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1076 1 0 100 0 0 10 "
      "0\n"
      "   1: 0100007F:0948 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1077 1 0 100 0 0 10 "
      "0\n"
      "   2: 0100007F:0949 0100007F:8000 01 00000000:00000000 00:00000000 00000000     0        0 1078 1 0 100 0 0 10 "
      "0\n"
      "   3: 0100007F:10949 00000000:0000 0A 0:0 00:0 0 0 0 1079 1\n"
      "   4: 0100:0949 00000000:0000 0A 0:0 00:0 0 0 0 1079 1\n"
      "   5: xx\n");
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(sockets[0].host, "0.0.0.0");
  EXPECT_EQ(sockets[0].port, 2375);
  EXPECT_EQ(sockets[0].inode, 1076U);
  EXPECT_TRUE(sockets[0].any);
  EXPECT_EQ(sockets[1].host, "127.0.0.1");
  EXPECT_TRUE(sockets[1].loopback);
  const auto six = parse_listening_tcp_sockets(
      "   0: 00000000000000000000000000000000:0947 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 5 1\n"
      "   1: 00000000000000000000000001000000:0948 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 6 1\n"
      "   2: B80D0120000000000000000001000000:0949 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 7 1\n");
  ASSERT_EQ(six.size(), 3U);
  EXPECT_TRUE(six[0].any);
  EXPECT_TRUE(six[0].ipv6);
  EXPECT_EQ(six[1].host, "::1");
  EXPECT_TRUE(six[1].loopback);
  EXPECT_EQ(six[2].host, "2001:db8::1");
  EXPECT_FALSE(six[2].loopback);
}

TEST(SocketTable, RefusesAKernelsAnswerThatIsCutOff) {
  std::vector<TcpSocket> sockets;
  const std::string cut("\x14\0\0\0\x14\0\2\0\0\0\0\0\0\0\0\0\2\x0a\0\0", 20);
  EXPECT_FALSE(parse_socket_datagram(as_bytes(cut), sockets));
  const std::string too_long("\xff\0\0\0\x14\0\2\0\0\0\0\0\0\0\0\0", 16);
  EXPECT_FALSE(parse_socket_datagram(as_bytes(too_long), sockets));
  const std::string too_short("\x04\0\0\0\x14\0\2\0\0\0\0\0\0\0\0\0", 16);
  EXPECT_FALSE(parse_socket_datagram(as_bytes(too_short), sockets));
  const std::string done("\x14\0\0\0\3\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  EXPECT_EQ(parse_socket_datagram(as_bytes(done), sockets).value(), true);
  const std::string refused("\x14\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 20);  // EPERM
  ASSERT_FALSE(parse_socket_datagram(as_bytes(refused), sockets));
  EXPECT_EQ(parse_socket_datagram(as_bytes(refused), sockets).error().code(), Code::kPermissionDenied);
  EXPECT_THAT(sockets, IsEmpty());
}

TEST(Accounts, NamesOwnersAndMembers) {
  const Accounts accounts = parse_accounts(
      "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n# comment\nbad\neve:x:1001:998::/:\n"
      "big:x:99999999999:1::/:\nbob:x:1002:1000::/:\n",
      "root:x:0:\ndocker:x:998:ann,ghost,ann\nbad:x\nempty::7\n");
  EXPECT_EQ(accounts.user_name(1000), "ann");
  EXPECT_EQ(accounts.user_name(4242), "4242");
  EXPECT_EQ(accounts.group_name(998), "docker");
  EXPECT_EQ(accounts.group_name(5), "5");
  const std::vector<User> members = accounts.members(998);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].name, "ann");
  EXPECT_EQ(members[0].uid, 1000U);
  EXPECT_FALSE(members[0].primary);
  EXPECT_EQ(members[1].name, "eve");
  EXPECT_EQ(members[1].uid, 1001U);
  EXPECT_TRUE(members[1].primary);
  EXPECT_EQ(members[2].name, "ghost");
  EXPECT_EQ(members[2].uid, std::nullopt);
  EXPECT_THAT(accounts.members(7), IsEmpty());
}

}  // namespace
}  // namespace bulkhead::audit

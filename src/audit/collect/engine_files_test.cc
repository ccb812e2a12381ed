// The engine's process, its settings and its files, on machines that never were.
#include "audit/collect/engine_files.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "audit/collect/access_list.h"
#include "audit/collect/made_up_proc.h"
#include "audit/collect/test_access_list.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HostFiles : public ::testing::Test {
 protected:
  HostFiles() {
    proc_.file("etc/passwd", "root:x:0:0::/:\nann:x:" + std::to_string(::geteuid()) + ":7::/:\n");
    proc_.file("etc/group", "wheel:x:" + std::to_string(::getegid()) + ":\n");
  }
  DaemonView look(const MadeUpProc::Process& process, bool podman = false) {
    proc_.add(812, process);
    const auto folder = ProcessFolder::open(proc_.path(), 812);
    root_.emplace(RootedFolder::open(folder->path() + "/root").value());
    auto view = look_at_daemon(proc_.path(), *folder, *root_, podman);
    EXPECT_TRUE(view) << view.error().reason;
    return view ? *std::move(view) : DaemonView{};
  }
  static std::string zeroes(std::initializer_list<std::string_view> words) {
    std::string text;
    for (const std::string_view word : words) text.append(word).push_back('\0');
    return text;
  }
  FileFacts files(const DaemonView& daemon) { return look_at_files(daemon, *root_, "", read_accounts(*root_)); }
  static std::vector<std::string> paths(const Fact<std::vector<File>>& files) {
    std::vector<std::string> paths;
    if (!files) return {files.error().reason};
    for (const File& file : *files) paths.push_back((file.exists ? "" : "no ") + file.path);
    return paths;
  }
  void link(const std::string& target, const std::string& name) const {
    const std::filesystem::path path = proc_.root() + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::create_symlink(target, path);
  }

  MadeUpProc proc_;
  std::optional<RootedFolder> root_;
};

TEST_F(HostFiles, SettingsComeFromArgumentsAndFileAsTheEngineSeesIt) {
  proc_.file("etc/docker/daemon.json", R"({"live-restore": true, "containerd": "unix:///run/other.sock"})");
  const DaemonView daemon = look({.executable = "/usr/bin/dockerd", .arguments = zeroes({"dockerd", "--icc=false"})});
  EXPECT_EQ(daemon.process.pid, 812);
  EXPECT_EQ(daemon.process.config_path, "/etc/docker/daemon.json");
  EXPECT_EQ(daemon.setting("icc"), "false");
  EXPECT_EQ(daemon.setting("live-restore"), "true");
  EXPECT_EQ(daemon.process.settings->at("live-restore").where, "/etc/docker/daemon.json#/live-restore");
  EXPECT_EQ(containerd_socket(daemon, *root_), "/run/other.sock");
}

using ConfigFile = DaemonProcess::ConfigFile;
constexpr int64_t kStart = MadeUpProc::kBoot + 1000;  // of its processes

void set_time(const std::string& path, int64_t seconds) {
  const std::array<timespec, 2> times{timespec{seconds, 0}, timespec{seconds, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), 0) << path;
}

TEST_F(HostFiles, AConfigurationOlderThanTheProcessIsWhatItHasRead) {
  const std::string path = proc_.file("etc/docker/daemon.json", R"({"icc": false})");
  const DaemonView daemon = look({});
  EXPECT_EQ(daemon.process.config_file, ConfigFile::kAsRead);
  EXPECT_EQ(daemon.process.in_effect("icc").value()->values.front(), "false");
  EXPECT_EQ(daemon.process.in_effect("debug"), std::nullopt);
}

TEST_F(HostFiles, AConfigurationThatChangedSinceTheStartIsNotWhatTheProcessHasRead) {
  const std::string path = proc_.file("etc/docker/daemon.json", R"({"icc": false})");
  set_time(path, kStart + 100);
  const DaemonView daemon = look({.arguments = zeroes({"dockerd", "--iptables=false"})});
  EXPECT_EQ(daemon.process.config_file, ConfigFile::kChanged);
  EXPECT_FALSE(daemon.process.in_effect("icc"));
  EXPECT_FALSE(daemon.process.in_effect("debug")) << "the file may have said something when it was read";
  EXPECT_EQ(daemon.process.in_effect("iptables").value()->values.front(), "false") << "arguments stay";
}

// cp -p, rsync -t and touch -d keep the time of the contents, and no call keeps that of the attributes.
TEST_F(HostFiles, AConfigurationWhoseTimeWasSetBackHasChanged) {
  const std::string path = proc_.file("etc/docker/daemon.json", "{}");
  proc_.boot(1'700'000'000);
  set_time(path, 1'600'000'000);
  EXPECT_EQ(look({}).process.config_file, ConfigFile::kChanged);
}

TEST_F(HostFiles, AConfigurationBehindALinkThatIsYoungerHasChanged) {
  proc_.file("srv/other.json", "{}");
  link("/srv/other.json", "etc/docker/daemon.json");
  EXPECT_EQ(look({}).process.config_file, ConfigFile::kAsRead);
  set_time(proc_.root() + "/etc/docker/daemon.json", kStart + 100);
  EXPECT_EQ(look({}).process.config_file, ConfigFile::kChanged);
  std::filesystem::remove(proc_.root() + "/srv/other.json");
  EXPECT_THAT(look({}).process.config_file.error().reason, HasSubstr("leads nowhere"));
}

TEST_F(HostFiles, AConfigurationThatIsNotThereMayHaveBeenDeleted) {
  EXPECT_EQ(look({}).process.config_file, ConfigFile::kAbsent) << "nor is its folder";
  const std::string folder = proc_.root() + "/etc/docker";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(look({}).process.config_file, ConfigFile::kAbsent);
  set_time(folder, kStart + 100);
  const DaemonView daemon = look({});
  ASSERT_FALSE(daemon.process.config_file);
  EXPECT_THAT(daemon.process.config_file.error().reason,
              HasSubstr("there is no /etc/docker/daemon.json, and its folder changed since the daemon started"));
  EXPECT_FALSE(daemon.process.in_effect("iptables"));
  // What an engine's first start leaves there is no deletion.
  set_time(proc_.file("etc/docker/key.json", ""), kStart + 100);
  set_time(folder, kStart + 100);
  EXPECT_EQ(look({}).process.config_file, ConfigFile::kAbsent);
  set_time(folder, kStart + 200);
  EXPECT_FALSE(look({}).process.config_file);
}

TEST_F(HostFiles, AConfigurationThatTheEngineWasToldToReadWasThereWhenItStarted) {
  const DaemonView daemon = look({.arguments = zeroes({"dockerd", "--config-file=/srv/daemon.json"})});
  EXPECT_EQ(daemon.process.config_file, ConfigFile::kDeleted);
  EXPECT_THAT(daemon.process.in_effect("iptables").error().reason, HasSubstr("/srv/daemon.json was deleted"));
  const DaemonView none = look({.arguments = zeroes({"dockerd", "--config-file="})});
  EXPECT_EQ(none.process.config_path, "");
  EXPECT_EQ(none.process.in_effect("iptables"), std::nullopt);
  EXPECT_EQ(files(none).at("daemon.json").error().kind, Unknown::Kind::kNotApplicable);
}

TEST_F(HostFiles, WithoutTheTimeOfTheStartNoConfigurationIsKnownToBeInEffect) {
  proc_.forget_boot();
  proc_.file("etc/docker/daemon.json", R"({"icc": false})");
  const DaemonView daemon = look({});
  ASSERT_FALSE(daemon.process.config_file);
  EXPECT_THAT(daemon.process.config_file.error().reason, HasSubstr("when the daemon started is not known"));
  EXPECT_FALSE(daemon.process.in_effect("icc"));
}

TEST_F(HostFiles, FilesThatOnlyAChangedConfigurationNamesAreNotTakenForThoseInUse) {
  const std::string path = proc_.file("etc/docker/daemon.json", R"({"tlskey": "/new.pem", "containerd": "/new.sock"})");
  proc_.file("new.pem", "");
  EXPECT_THAT(paths(files(look({})).at("tls-key")), ElementsAre("/new.pem"));
  set_time(path, kStart + 100);
  const FileFacts facts = files(look({}));
  EXPECT_THAT(paths(facts.at("tls-key")), ElementsAre(HasSubstr("was changed since the daemon started")));
  EXPECT_THAT(paths(facts.at("containerd-socket")), ElementsAre(HasSubstr("was changed since the daemon started")));
  const FileFacts told = files(look({.arguments = zeroes({"dockerd", "--tlskey=/new.pem", "--containerd=/x"})}));
  EXPECT_THAT(paths(told.at("tls-key")), ElementsAre("/new.pem"));
  EXPECT_THAT(paths(told.at("tls-ca")), ElementsAre(HasSubstr("was changed since the daemon started")));
  EXPECT_THAT(paths(told.at("containerd-socket")), ElementsAre("no /x"));
  proc_.file("run/mine/containerd/containerd.sock", "");
  EXPECT_THAT(paths(files(look({.arguments = zeroes({"dockerd", "--exec-root=/run/mine"})})).at("containerd-socket")),
              ElementsAre("/run/mine/containerd/containerd.sock"));
}

TEST_F(HostFiles, AnotherConfigurationFileIsTheOneThatIsRead) {
  proc_.file("etc/docker/daemon.json", R"({"icc": false})");
  proc_.file("srv/daemon.json", R"({"icc": true})");
  const DaemonView daemon = look({.arguments = zeroes({"dockerd", "--config-file=/srv/daemon.json"})});
  EXPECT_EQ(daemon.process.config_path, "/srv/daemon.json");
  EXPECT_EQ(daemon.setting("icc"), "true");
}

TEST_F(HostFiles, RelativePathsBeginWhereTheEngineWasStarted) {
  proc_.file("srv/engine/daemon.json", R"({"icc": false, "tlskey": "key.pem"})");
  proc_.file("srv/engine/key.pem", "");
  proc_.add(812, {});
  proc_.link("/srv/engine", 812, "cwd");
  const DaemonView daemon =
      look({.arguments = zeroes({"dockerd", "--config-file", "daemon.json", "--data-root=data"})});
  EXPECT_EQ(daemon.process.config_path, "/srv/engine/daemon.json");
  EXPECT_EQ(daemon.setting("icc"), "false");
  EXPECT_EQ(daemon.data_root, "/srv/engine/data");
  EXPECT_THAT(paths(files(daemon).at("tls-key")), ElementsAre("/srv/engine/key.pem"));
}

TEST_F(HostFiles, ALinkInTheEnginesRootLeadsNowhereElse) {
  const TemporaryFolder outside;
  outside.write("daemon.json", R"({"icc": false})");
  link(outside / "daemon.json", "etc/docker/daemon.json");
  EXPECT_EQ(look({}).setting("icc"), std::nullopt);
}

TEST_F(HostFiles, ABrokenConfigurationIsNoEmptyOne) {
  proc_.file("etc/docker/daemon.json", R"({"icc": false)");
  const DaemonView daemon = look({});
  ASSERT_FALSE(daemon.process.settings);
  EXPECT_THAT(daemon.process.settings.error().reason, HasSubstr("/etc/docker/daemon.json: "));
  EXPECT_THAT(paths(files(daemon).at("tls-key")), ElementsAre(HasSubstr("/etc/docker/daemon.json: ")));
  proc_.file("etc/docker/daemon.json", std::string(5 << 20, ' '));
  EXPECT_FALSE(look({}).process.settings);
}

TEST_F(HostFiles, ARootlessEngineKeepsItsThingsAtHome) {
  proc_.file("home/ann/.config/docker/daemon.json", R"({"icc": false})");
  const DaemonView daemon =
      look({.environment = zeroes({"HOME=/home/ann", "ROOTLESSKIT_STATE_DIR=/x", "XDG_RUNTIME_DIR=/run/user/7"}),
            .cgroup = "0::/user.slice/user-7.slice/user@7.service/app.slice/docker.service\n"});
  proc_.file("home/ann/.config/systemd/user/docker.service", "[Service]");
  EXPECT_EQ(daemon.setting("icc"), "false");
  const FileFacts facts = files(daemon);
  EXPECT_THAT(paths(facts.at("docker-folder")), ElementsAre("/home/ann/.config/docker"));
  EXPECT_THAT(paths(facts.at("docker.service")), ElementsAre("/home/ann/.config/systemd/user/docker.service"));
  EXPECT_THAT(paths(facts.at("docker-root")), ElementsAre("no /home/ann/.local/share/docker"));
  proc_.file("run/user/7/docker/containerd/containerd.sock", "");
  EXPECT_EQ(containerd_socket(daemon, *root_), "/run/user/7/docker/containerd/containerd.sock");
}

TEST_F(HostFiles, TellsOwnersAndModesByTheNamesOfThatMachine) {
  const std::string path = proc_.file("etc/docker/daemon.json", "{}");
  ASSERT_EQ(::chmod(path.c_str(), 04640), 0);
  const auto facts = files(look({}));
  const auto& found = facts.at("daemon.json");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->front().exists);
  EXPECT_EQ(found->front().mode, 04640U);
  EXPECT_EQ(found->front().owner, ::geteuid() == 0 ? "root" : "ann");
  EXPECT_EQ(found->front().group, "wheel");
}

TEST_F(HostFiles, TellsWhomAccessListsNameWithWhatTheMaskLeaves) {
  const std::string path = proc_.file("etc/docker/daemon.json", "{}");
  const auto access = [&] { return files(look({})).at("daemon.json")->front().access; };
  EXPECT_THAT(access().value(), IsEmpty());
  const std::string list =
      access_list({{1, 6}, {2, 6, ::geteuid()}, {2, 7, 4242}, {4, 4}, {8, 7, 1}, {16, 6}, {32, 4}});
  ASSERT_EQ(::setxattr(path.c_str(), kAccessListAttribute, list.data(), list.size(), 0), 0);
  std::vector<std::string> told;
  for (const AccessEntry& entry : access().value()) told.push_back(entry.text());
  EXPECT_THAT(told, ElementsAre(::geteuid() == 0 ? "user:root:rw-" : "user:ann:rw-", "user:4242:rw-", "group:1:rw-",
                                "group::r--"));
}

TEST_F(HostFiles, KnowsWhenAccountsAreNotAllInFiles) {
  look({});
  EXPECT_EQ(read_accounts(*root_).incomplete, "");
  for (const auto& [text, reason] : std::map<std::string, std::string>{
           {"passwd: files\ngroup: files systemd\nhosts: dns\n", ""},
           {"group:\tcompat [SUCCESS=merge] systemd # sss\n#group: sss\n", ""},
           {"passwd: files sss\n group : files [ NOTFOUND=return ] sss[!UNAVAIL=return]ldap\n", "sss, ldap"},
           {"initgroups: files ldap\n", "ldap"},
           {"group:sss", "sss"}}) {
    proc_.file("etc/nsswitch.conf", text);
    EXPECT_EQ(read_accounts(*root_).incomplete,
              reason.empty() ? "" : fmt::format("/etc/nsswitch.conf asks {} about users and groups, too", reason))
        << text;
  }
  proc_.file("etc/nsswitch.conf", "group: compat\n");
  proc_.file("etc/group", "wheel:x:0:\n+:::\n");
  EXPECT_THAT(read_accounts(*root_).incomplete, HasSubstr("/etc/group has lines that bring in NIS"));
  std::filesystem::remove(proc_.root() + "/etc/group");
  EXPECT_THAT(read_accounts(*root_).incomplete, HasSubstr("/etc/group: "));
}

TEST_F(HostFiles, FindsUnitsInTheOrderOfSystemdWithWhatAddsToThem) {
  link("usr/lib", "lib");
  proc_.file("usr/lib/systemd/system/docker.service", "");
  proc_.file("usr/lib/systemd/system/docker.service.d/10-a.conf", "");
  proc_.file("etc/systemd/system/docker.service.d/override.conf", "");
  proc_.file("etc/systemd/system/docker.service.d/ignored.txt", "");
  const DaemonView daemon = look({.cgroup = "0::/system.slice/docker.service\n"});
  EXPECT_THAT(
      paths(files(daemon).at("docker.service")),
      ElementsAre("/usr/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/override.conf",
                  "/usr/lib/systemd/system/docker.service.d/10-a.conf"));
  EXPECT_THAT(paths(files(daemon).at("docker.socket")), ElementsAre("no /usr/lib/systemd/system/docker.socket"));
  proc_.file("etc/systemd/system/docker.service", "");
  EXPECT_EQ(paths(files(daemon).at("docker.service")).front(), "/etc/systemd/system/docker.service");
}

TEST_F(HostFiles, AMaskedUnitIsNone) {
  link("/dev/null", "etc/systemd/system/docker.socket");
  std::filesystem::create_directories(proc_.root() + "/dev");
  ASSERT_EQ(::mkfifo((proc_.root() + "/dev/null").c_str(), 0600), 0);  // no file either; devices need rights
  proc_.file("usr/lib/systemd/system/docker.socket", "");
  EXPECT_THAT(paths(files(look({})).at("docker.socket")), ElementsAre("no /usr/lib/systemd/system/docker.socket"));
}

TEST_F(HostFiles, TheUnitOfWhoStartedAnEngineByHandIsNotTheEngines) {
  proc_.file("etc/systemd/system/ssh.service", "");
  const DaemonView daemon = look({.cgroup = "0::/system.slice/ssh.service\n"});
  EXPECT_THAT(paths(files(daemon).at("docker.service")), ElementsAre("no /usr/lib/systemd/system/docker.service"));
}

TEST_F(HostFiles, FindsCertificatesOfRegistriesAndOfTheEngine) {
  EXPECT_THAT(paths(files(look({})).at("registry-certificates")), ElementsAre("no /etc/docker/certs.d/*/*.crt"));
  proc_.file("etc/docker/certs.d/registry.example.com:5000/ca.crt", "");
  proc_.file("etc/docker/certs.d/registry.example.com:5000/client.cert", "");
  proc_.file("etc/docker/certs.d/b/client.key", "");
  proc_.file("etc/docker/certs.d/b/ca.crt", "");
  proc_.file("etc/ssl/key.pem", "");
  const DaemonView daemon =
      look({.arguments = zeroes({"dockerd", "--tlsverify", "--tlskey=/etc/ssl/key.pem", "--tlscert", "/absent.pem"}),
            .environment = zeroes({"HOME=/root"})});
  const FileFacts facts = files(daemon);
  EXPECT_THAT(paths(facts.at("registry-certificates")),
              ElementsAre("/etc/docker/certs.d/b/ca.crt", "/etc/docker/certs.d/registry.example.com:5000/ca.crt",
                          "/etc/docker/certs.d/registry.example.com:5000/client.cert"));
  EXPECT_THAT(paths(facts.at("tls-key")), ElementsAre("/etc/ssl/key.pem"));
  EXPECT_THAT(paths(facts.at("tls-certificate")), ElementsAre("no /absent.pem"));
  EXPECT_THAT(paths(facts.at("tls-ca")), ElementsAre("no /root/.docker/ca.pem"));
  EXPECT_EQ(files(look({})).at("tls-key").error().kind, Unknown::Kind::kNotApplicable);
  const FileFacts open = files(look({.arguments = zeroes({"dockerd", "--tlsverify=false"})}));
  EXPECT_THAT(paths(open.at("tls-key")), ElementsAre("no /root/.docker/key.pem"));
  EXPECT_EQ(open.at("tls-ca").error().kind, Unknown::Kind::kNotApplicable) << "no client's certificate is looked at";
}

TEST_F(HostFiles, FindsProgramsBesideTheEngineFirst) {
  proc_.file("opt/docker/dockerd", "");
  proc_.file("opt/docker/runc", "");
  proc_.file("usr/bin/runc", "");
  proc_.file("usr/bin/containerd", "");
  const FileFacts facts = files(look({.executable = "/opt/docker/dockerd"}));
  EXPECT_THAT(paths(facts.at("dockerd")), ElementsAre("/opt/docker/dockerd"));
  EXPECT_THAT(paths(facts.at("runc")), ElementsAre("/opt/docker/runc"));
  EXPECT_THAT(paths(facts.at("containerd")), ElementsAre("/usr/bin/containerd"));
  EXPECT_THAT(paths(facts.at("containerd-shim")), ElementsAre("no /usr/bin/containerd-shim"));
}

TEST_F(HostFiles, PodmanHasNoSettingsOfDockers) {
  proc_.file("etc/docker/daemon.json", R"({"icc": false})");
  proc_.file("usr/lib/systemd/system/podman.service", "");
  const DaemonView daemon = look({.executable = "/usr/bin/podman"});
  ASSERT_FALSE(daemon.process.settings);
  EXPECT_EQ(daemon.process.settings.error().kind, Unknown::Kind::kNotApplicable);
  EXPECT_EQ(files(daemon).at("daemon.json").error().kind, Unknown::Kind::kNotApplicable);
  EXPECT_THAT(paths(files(daemon).at("docker.service")), ElementsAre("/usr/lib/systemd/system/podman.service"));
}

TEST_F(HostFiles, AllNamesAreThereWhenNothingIsKnown) {
  const FileFacts known = files(look({}));
  const FileFacts unknown = unknown_files({.kind = Unknown::Kind::kError, .reason = "no rights"});
  ASSERT_EQ(known.size(), unknown.size());
  EXPECT_EQ(known.size(), host_files::kAll.size() - 1) << "the socket is looked at apart";
  for (const auto& [name, facts] : known) {
    ASSERT_TRUE(unknown.contains(name)) << name;
    EXPECT_NE(std::ranges::find(host_files::kAll, name), host_files::kAll.end()) << name;
    EXPECT_EQ(unknown.at(name).error().reason, "no rights");
  }
}

}  // namespace
}  // namespace bulkhead::audit

// The engine's process, its settings and its files, on machines that never were.
#include "audit/collect/engine_files.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "audit/collect/made_up_proc.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
  EXPECT_TRUE(daemon.process.config_changed_since_start) << "the file is of today, the process of 2023";
  EXPECT_EQ(daemon.setting("icc"), "false");
  EXPECT_EQ(daemon.setting("live-restore"), "true");
  EXPECT_EQ(daemon.process.settings->at("live-restore").where, "/etc/docker/daemon.json#/live-restore");
  EXPECT_EQ(containerd_socket(daemon, *root_), "/run/other.sock");
}

TEST_F(HostFiles, AFileOlderThanTheProcessHasNotChanged) {
  const std::string path = proc_.file("etc/docker/daemon.json", "{}");
  const std::array<timespec, 2> times{timespec{1700000900, 0}, timespec{1700000900, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  EXPECT_FALSE(look({}).process.config_changed_since_start);
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

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/root_user.h"
#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ContainerContents, SaysWhatIsNotKnownAndNeverPassesIt) {
  for (const auto* const check : {"container.user", "container.environment-secrets", "container.image-tag",
                                  "container.image-current", "container.health-check", "container.read-only-root",
                                  "container.ssh-daemon", "container.runtime", "container.logging"}) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = facts_of(ContainerDetails{});
    facts.containers->front().details = not_known("it is gone");
    EXPECT_EQ(statuses_of(check, facts), "web error") << check;
  }
}

TEST(ContainerContents, RootIsRootHoweverItIsWritten) {
  for (const auto* const user : {"", "0", "00", "0:0", "0:1000", "root", "root:root", "root:1000", "+0", "-0", ":1000",
                                 "toor", "ContainerAdministrator"}) {
    ContainerDetails details;
    details.user = user;
    EXPECT_TRUE(is_root_user(user)) << user;
    EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "fail") << user;
  }
  for (const auto* const user : {"1000", "1000:0", "10", "100"}) {
    ContainerDetails details;
    details.user = user;
    EXPECT_FALSE(is_root_user(user)) << user;
    EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "pass") << user;
  }
  // Whose number only a file in the image tells, or a process: that may be 0.
  for (const auto* const user : {"app", "rooted", "nobody:root", "ContainerUser", "0x0", "-1"}) {
    ContainerDetails details;
    details.user = user;
    EXPECT_FALSE(is_root_user(user)) << user;
    EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "manual") << user;
  }
}

TEST(ContainerContents, ANameThatIsUserZeroIsRoot) {
  ContainerDetails details;
  details.user = "admin";
  details.processes = ContainerProcesses{.pid = 812, .user = 0};
  EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "fail");
  EXPECT_THAT(told_by("container.user", facts_of(details)), HasSubstr("root of a user namespace of its own"));
  details.processes->host_user_namespace = true;
  EXPECT_THAT(told_by("container.user", facts_of(details)), Not(HasSubstr("of its own")));
  details.processes->user = 1000;
  EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "pass");
  details.processes->user = std::nullopt;
  EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "manual");
  details.user = "";
  details.processes->user = 999;  // begun as root, and left it
  EXPECT_EQ(status_of_only_row("container.user", facts_of(details)), "fail");
}

TEST(ContainerContents, NamesSecretsOfTheEnvironmentAndKeepsTheirValues) {
  constexpr std::string_view kCheck = "container.environment-secrets";
  ContainerDetails details;
  details.env = {"PATH=/bin", "DB_PASSWORD_FILE=/run/secrets/db"};
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "pass");
  details.env.emplace_back("DB_PASSWORD=hunter2");
  details.env.emplace_back("JOIN=SWMTKN-1-" + std::string(50, 'q') + "-" + std::string(25, 'q'));
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "fail");
  EXPECT_THAT(told_by(kCheck, facts_of(details)),
              AllOf(HasSubstr("/Config/Env/2: DB_PASSWORD"), HasSubstr("/Config/Env/3: JOIN (Swarm join token)"),
                    Not(HasSubstr("hunter2")), Not(HasSubstr("qqq"))));
}

TEST(ContainerContents, JudgesTagsOfImages) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"nginx:1.27", "pass"},
      {"nginx", "fail"},
      {"nginx:latest", "fail"},
      {"registry:5000/nginx", "fail"},
      {"registry:5000/nginx:1.27", "pass"},
      {"registry:5000/nginx:latest", "fail"},
      {"nginx@sha256:abc", "pass"},
      {"nginx:latest@sha256:abc", "pass"},
      {"sha256:abcdef", "pass"},
      {"6e6769abcdef", "pass"},
      {"deadbeefcafe", "fail"},
      {"", "not_applicable"},
  };
  for (const auto& [reference, status] : cases) {
    ContainerDetails details;
    details.image_reference = reference;
    details.image_id = "sha256:6e6769abcdef0123";
    EXPECT_EQ(status_of_only_row("container.image-tag", facts_of(details)), status) << reference;
  }
}

TEST(ContainerContents, TellsWhenATagHasMovedOn) {
  constexpr std::string_view kCheck = "container.image-current";
  ContainerDetails details;
  details.image_reference = "nginx";
  details.image_id = "sha256:old";
  Facts facts = facts_of(details);
  Image image = test_image("nginx:latest");
  facts.images->push_back(image);
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
  EXPECT_THAT(told_by(kCheck, facts), HasSubstr("nginx:latest is another image by now: " + image.id));
  facts.containers->front().details->image_id = image.id;
  EXPECT_THAT(told_by(kCheck, facts),
              AllOf(Not(HasSubstr("by now")), HasSubstr("/images/json#/Created: 2026-11-01T12:00:00Z")));
}

TEST(ContainerContents, JudgesHealthChecks) {
  using enum Health::Kind;
  struct Case {
    Health::Kind kind;
    bool state;
    std::string_view running;
    std::string_view stopped;
  };
  constexpr Case kCases[] = {
      {kSet, true, "pass", "pass"},  {kSet, false, "fail", "pass"},      {kNone, false, "fail", "fail"},
      {kNone, true, "pass", "fail"}, {kDisabled, false, "fail", "fail"}, {kDisabled, true, "fail", "fail"},
  };
  for (const Case& c : kCases) {
    ContainerDetails details;
    details.health.kind = c.kind;
    details.has_health_state = c.state;
    const int kind = static_cast<int>(c.kind);
    EXPECT_EQ(status_of_only_row("container.health-check", facts_of(details)), c.running) << kind << c.state;
    EXPECT_EQ(status_of_only_row("container.health-check", facts_of(details, "exited")), c.stopped) << kind << c.state;
  }
}

TEST(ContainerContents, JudgesTheRootFileSystem) {
  ContainerDetails details;
  EXPECT_EQ(status_of_only_row("container.read-only-root", facts_of(details)), "fail");
  details.read_only_root = true;
  EXPECT_EQ(status_of_only_row("container.read-only-root", facts_of(details)), "pass");
}

TEST(ContainerContents, FindsSshDaemonsByTheContainersProcesses) {
  constexpr std::string_view kCheck = "container.ssh-daemon";
  ContainerDetails details;
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details, "exited")), "not_applicable");
  details.processes = not_known("permission denied");
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "error");
  details.processes = ContainerProcesses{};
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "pass");
  details.processes->ssh_daemons = {"pid 812 /usr/sbin/sshd"};
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "fail");
  EXPECT_THAT(told_by(kCheck, facts_of(details)), HasSubstr("pid 812 /usr/sbin/sshd"));
}

TEST(ContainerContents, AsksAboutOtherRuntimes) {
  constexpr std::string_view kCheck = "container.runtime";
  ContainerDetails details;
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "not_applicable");
  details.runtime = "runc";
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "pass");
  details.runtime = "nvidia";
  EXPECT_EQ(status_of_only_row(kCheck, facts_of(details)), "manual");
  Facts facts = facts_of(details);
  facts.engine = not_known("no answer");
  EXPECT_EQ(status_of_only_row(kCheck, facts), "error");
}

TEST(ContainerContents, JudgesLogDrivers) {
  ContainerDetails details;
  EXPECT_EQ(status_of_only_row("container.logging", facts_of(details)), "not_applicable");
  details.log_driver = "json-file";
  EXPECT_EQ(status_of_only_row("container.logging", facts_of(details)), "pass");
  details.log_driver = "none";
  EXPECT_EQ(status_of_only_row("container.logging", facts_of(details)), "fail");
}

TEST(ContainerContents, LeavesExecToAPerson) {
  for (const auto* const check : {"container.exec-privileged", "container.exec-user"}) {
    EXPECT_EQ(status_of_only_row(check, test_facts()), "not_applicable") << check;
    Facts facts = facts_of(ContainerDetails{});
    EXPECT_EQ(status_of_only_row(check, facts), "manual") << check;
    facts.engine->authorization_plugins = {"gate"};
    EXPECT_THAT(told_by(check, facts), HasSubstr("/info#/Plugins/Authorization: gate")) << check;
    facts.containers = not_known("no answer");
    EXPECT_EQ(status_of_only_row(check, facts), "error") << check;
  }
}

TEST(ContainerContents, ASwarmThatNobodyUsesIsNotNeeded) {
  constexpr std::string_view kCheck = "daemon.swarm-mode";
  Facts facts = test_facts();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "pass");
  facts.engine->swarm_state = "active";
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
  Swarm swarm;
  facts.swarm = swarm;
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
  facts.swarm->services.emplace();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail");
  facts.swarm->services->emplace_back();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
  facts.engine->swarm_state = "";
  EXPECT_EQ(status_of_only_row(kCheck, facts), "not_applicable");
  facts.engine = not_known("no answer");
  EXPECT_EQ(status_of_only_row(kCheck, facts), "error");
}

}  // namespace
}  // namespace bulkhead::audit

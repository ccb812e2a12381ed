#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"
#include "audit/host_files.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kCheck = "container.groups";

// Of a host whose engine's socket is for the group docker, 995.
Facts with_groups(std::vector<std::string> groups, std::string user = "app") {
  ContainerDetails details;
  details.user = std::move(user);
  details.group_add = std::move(groups);
  Facts facts = facts_of(std::move(details));
  File socket;
  socket.path = "/run/docker.sock";
  socket.exists = true;
  socket.gid = 995;
  socket.group = "docker";
  facts.host.files[std::string(host_files::kEngineSocket)] = std::vector<File>{socket};
  return facts;
}

TEST(ContainerGroups, SayWhatIsNotKnown) {
  EXPECT_EQ(status_of_only_row(kCheck, test_facts()), "not_applicable");
  Facts facts = facts_of(ContainerDetails{});
  EXPECT_EQ(statuses_of(kCheck, facts), "web pass");
  facts.containers->front().details = not_known("it is gone");
  EXPECT_EQ(statuses_of(kCheck, facts), "web error");
}

TEST(ContainerGroups, AreJudgedByTheirRightsOnTheHost) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"0", "fail"},      {"00", "fail"},      {"+0", "fail"},   {"root", "fail"},
      {"docker", "fail"}, {"995", "fail"},     {"disk", "fail"}, {"6", "fail"},
      {"shadow", "fail"}, {" 995", "fail"},    {"kmem", "fail"}, {"lxd", "fail"},
      {"996", "manual"},  {"audio", "manual"}, {"44", "manual"}, {"keep-groups", "manual"},
  };
  for (const auto& [group, status] : cases) {
    EXPECT_EQ(status_of_only_row(kCheck, with_groups({"1000", std::string(group)})), status) << group;
  }
  EXPECT_EQ(status_of_only_row(kCheck, with_groups({})), "pass");
  EXPECT_THAT(told_by(kCheck, with_groups({"44", "995"})),
              HasSubstr("/HostConfig/GroupAdd/1: 995: the engine's socket /run/docker.sock"));
}

TEST(ContainerGroups, CountTheOneOfTheUser) {
  EXPECT_EQ(status_of_only_row(kCheck, with_groups({}, "1000:995")), "fail");
  EXPECT_EQ(status_of_only_row(kCheck, with_groups({}, "app:disk")), "fail");
  for (const std::string_view user : {"1000", "1000:1000", "1000:0", "app:root", "0:0"}) {
    EXPECT_EQ(status_of_only_row(kCheck, with_groups({}, std::string(user))), "pass") << user;
  }
}

TEST(ContainerGroups, OfWhichTheHostSaysNothingAreForAPerson) {
  Facts facts = with_groups({"995"});
  facts.host.files.clear();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
  facts = with_groups({"0"});
  facts.host.files.clear();
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail");
}

TEST(ContainerGroups, OfAUserNamespaceOfItsOwnHaveNoRights) {
  Facts facts = with_groups({"0", "995"});
  facts.engine->security_options = {"name=userns"};
  EXPECT_EQ(status_of_only_row(kCheck, facts), "pass");
  facts.containers->front().details->userns_mode = "host";
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail");
  ContainerProcesses processes;
  processes.host_user_namespace = true;
  facts.containers->front().details->userns_mode.clear();
  facts.containers->front().details->processes = processes;
  EXPECT_EQ(status_of_only_row(kCheck, facts), "fail") << "the kernel knows better";
  processes.host_user_namespace = false;
  facts.containers->front().details->processes = processes;
  EXPECT_EQ(status_of_only_row(kCheck, facts), "pass");
  facts.containers->front().details->group_add = {"keep-groups"};
  EXPECT_EQ(status_of_only_row(kCheck, facts), "manual");
}

}  // namespace
}  // namespace bulkhead::audit

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kDevices = "container.devices";

// As a remote engine tells it.
Facts with_device(std::string path) {
  ContainerDetails details;
  details.devices.push_back({.host_path = std::move(path), .container_path = "/dev/x", .permissions = "r"});
  return facts_of(std::move(details));
}

Facts with_nodes(std::vector<DeviceNode> nodes, std::string path = "/srv/x") {
  Facts facts = with_device(std::move(path));
  facts.containers->front().details->devices[0].nodes = std::move(nodes);
  return facts;
}

TEST(ContainerDevices, SayWhatIsNotKnown) {
  EXPECT_EQ(status_of_only_row(kDevices, test_facts()), "not_applicable");
  Facts facts = facts_of(ContainerDetails{});
  EXPECT_EQ(statuses_of(kDevices, facts), "web pass");
  facts.containers->front().details = not_known("it is gone");
  EXPECT_EQ(statuses_of(kDevices, facts), "web error");
}

TEST(ContainerDevices, AreJudgedByTheirNames) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/dev/sda", "fail"},       {"/dev/sda1", "fail"},   {"/dev/nvme0n1p1", "fail"},   {"/dev/sg0", "fail"},
      {"/dev/vda", "fail"},       {"/dev/dm-0", "fail"},   {"/dev/mapper/root", "fail"}, {"/dev/kmsg", "fail"},
      {"/dev/mem", "fail"},       {"/dev/kmem", "fail"},   {"/dev/port", "fail"},        {"/dev/cpu/0/msr", "fail"},
      {"/dev", "fail"},           {"/dev/disk", "fail"},   {"/dev/../dev/sda", "fail"},  {"/dev/ng0n1", "fail"},
      {"/dev/ttyUSB0", "manual"}, {"/dev/fuse", "manual"}, {"/dev/net/tun", "manual"},   {"/dev/sgx", "manual"},
      {"/dev/video0", "manual"},  {"/dev/kvm", "manual"},  {"/srv/x", "manual"},         {"/dev/sgx_enclave", "manual"},
  };
  for (const auto& [path, status] : cases) {
    EXPECT_EQ(status_of_only_row(kDevices, with_device(std::string(path))), status) << path;
  }
}

TEST(ContainerDevices, AreJudgedByTheirNumbersWhateverTheyAreCalled) {
  struct Case {
    DeviceNode node;
    std::string_view status;
  };
  const Case kCases[] = {
      {{.path = "/dev/sda", .block = true, .major = 8, .minor = 0, .driver = "sd"}, "fail"},
      {{.path = "/srv/x", .block = true, .major = 254, .minor = 3, .driver = {}}, "fail"},
      {{.path = "/srv/x", .block = true, .major = 7, .minor = 0, .driver = "loop"}, "fail"},
      {{.path = "/dev/sr0", .block = true, .major = 11, .minor = 0, .driver = "sr"}, "manual"},
      {{.path = "/srv/x", .major = 1, .minor = 1, .driver = "mem"}, "fail"},
      {{.path = "/srv/x", .major = 1, .minor = 2, .driver = "mem"}, "fail"},
      {{.path = "/srv/x", .major = 1, .minor = 4, .driver = "mem"}, "fail"},
      {{.path = "/srv/x", .major = 1, .minor = 11, .driver = "mem"}, "fail"},
      {{.path = "/dev/null", .major = 1, .minor = 3, .driver = "mem"}, "manual"},
      {{.path = "/srv/x", .major = 21, .minor = 0, .driver = "sg"}, "fail"},
      {{.path = "/srv/x", .major = 202, .minor = 5, .driver = "cpu/msr"}, "fail"},
      {{.path = "/srv/x", .major = 10, .minor = 236, .driver = "misc"}, "fail"},
      {{.path = "/srv/x", .major = 240, .minor = 0, .driver = "nvme"}, "fail"},
      {{.path = "/srv/x", .major = 240, .minor = 0, .driver = "bsg"}, "fail"},
      {{.path = "/dev/kvm", .major = 10, .minor = 232, .driver = "misc"}, "manual"},
      {{.path = "/dev/fuse", .major = 10, .minor = 229, .driver = "misc"}, "manual"},
      {{.path = "/dev/ttyUSB0", .major = 188, .minor = 0, .driver = "ttyUSB"}, "manual"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(status_of_only_row(kDevices, with_nodes({c.node})), c.status)
        << c.node.path << " " << c.node.major << ":" << c.node.minor;
  }
  EXPECT_THAT(told_by(kDevices, with_nodes({kCases[0].node})),
              HasSubstr("/HostConfig/Devices/0: /srv/x, which leads to /dev/sda, block 8:0 (r): a disk of the host"));
}

TEST(ContainerDevices, OfAFolderAreJudgedOneByOne) {
  const DeviceNode usb{.path = "/dev/bus/usb/001/001", .major = 189, .minor = 0, .driver = "usb_device"};
  const DeviceNode disk{.path = "/srv/d/x", .block = true, .major = 8, .minor = 1, .driver = "sd"};
  EXPECT_EQ(status_of_only_row(kDevices, with_nodes({usb, usb})), "manual");
  EXPECT_EQ(status_of_only_row(kDevices, with_nodes({usb, disk})), "fail");
  EXPECT_THAT(told_by(kDevices, with_nodes({usb, disk})), HasSubstr("a disk of the host (/srv/d/x) among 2 devices"));
  EXPECT_EQ(status_of_only_row(kDevices, with_nodes({}, "/dev/sda")), "fail");
}

TEST(ContainerDevices, ThatCannotBeLookedAtAreForAPersonWhoIsToldWhy) {
  Facts facts = with_device("/srv/x");
  facts.containers->front().details->devices[0].nodes = not_applicable("the engine runs on another machine");
  EXPECT_EQ(status_of_only_row(kDevices, facts), "manual");
  EXPECT_THAT(told_by(kDevices, facts),
              HasSubstr("what /srv/x is on the host is not known: the engine runs on another"));
}

TEST(ContainerDevices, RulesAndRequestsAreJudged) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"a *:* rwm", "fail"},  {"a", "fail"},          {"b 8:* r", "fail"},       {"b *:* m", "manual"},
      {"c *:* rw", "fail"},   {"c 1:1 r", "fail"},    {"c 1:* rwm", "fail"},     {"c 1:3 rwm", "manual"},
      {"c *:* m", "manual"},  {"c 13:* r", "manual"}, {"c 188:0 rw", "manual"},  {"c 21:3 rw", "fail"},
      {"c 21:* rw", "fail"},  {"c 1:11 r", "fail"},   {"c 10:229 rw", "manual"}, {"c 10:* rw", "fail"},
      {"c 202:0 rw", "fail"}, {"c x:y rw", "manual"},
  };
  for (const auto& [rule, status] : cases) {
    ContainerDetails details;
    details.device_cgroup_rules = {std::string(rule)};
    EXPECT_EQ(status_of_only_row(kDevices, facts_of(details)), status) << rule;
  }
  ContainerDetails details;
  details.device_requests = {"driver nvidia, capabilities gpu"};
  EXPECT_EQ(status_of_only_row(kDevices, facts_of(details)), "manual");
  EXPECT_THAT(told_by(kDevices, facts_of(details)), HasSubstr("/HostConfig/DeviceRequests/0: driver nvidia"));
  details = {};
  details.privileged = true;
  EXPECT_EQ(status_of_only_row(kDevices, facts_of(details)), "fail");
}

}  // namespace
}  // namespace bulkhead::audit

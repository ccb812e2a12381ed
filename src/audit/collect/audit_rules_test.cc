#include "audit/collect/audit_rules.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <sys/syscall.h>

#include "base/text.h"

namespace bulkhead::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// struct audit_rule_data without its texts, which C++ does not let stand in another struct.
struct Head {
  uint32_t flags, action, field_count;
  uint32_t mask[AUDIT_BITMASK_SIZE], fields[AUDIT_MAX_FIELDS], values[AUDIT_MAX_FIELDS], fieldflags[AUDIT_MAX_FIELDS];
  uint32_t buflen;
};
static_assert(sizeof(Head) == offsetof(audit_rule_data, buf));

// A rule as the kernel writes one.
class RuleBytes {
 public:
  explicit RuleBytes(uint32_t list = AUDIT_FILTER_EXIT, uint32_t action = AUDIT_ALWAYS) {
    rule_.flags = list;
    rule_.action = action;
    std::memset(rule_.mask, 0xff, sizeof rule_.mask);
  }
  RuleBytes& field(uint32_t type, uint32_t value, uint32_t operation = AUDIT_EQUAL) {
    rule_.fields[rule_.field_count] = type;
    rule_.values[rule_.field_count] = value;
    rule_.fieldflags[rule_.field_count++] = operation;
    return *this;
  }
  RuleBytes& text(uint32_t type, std::string_view value) {
    texts_ += value;
    rule_.buflen = static_cast<uint32_t>(texts_.size());
    return field(type, static_cast<uint32_t>(value.size()));
  }
  RuleBytes& calls(std::initializer_list<unsigned> calls) {
    std::memset(rule_.mask, 0, sizeof rule_.mask);
    for (const unsigned call : calls) rule_.mask[call / 32] |= 1U << (call % 32);
    return *this;
  }
  std::string bytes() const { return std::string(reinterpret_cast<const char*>(&rule_), sizeof rule_) + texts_; }

 private:
  std::string texts_;
  Head rule_{};
};

std::string message(uint16_t type, std::string_view body) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + body.size());
  header.nlmsg_type = type;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += body;
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

AuditRules rules_of(const RuleBytes& rule) {
  AuditRules rules;
  const auto added = add_audit_rule(as_bytes(rule.bytes()), rules);
  EXPECT_TRUE(added) << added.error().to_string();
  return rules;
}

TEST(AuditRules, ReadsAWatchOfAFileAndOfAFolder) {
  const AuditRules file = rules_of(RuleBytes()
                                       .text(AUDIT_WATCH, "/etc/docker/daemon.json")
                                       .field(AUDIT_PERM, AUDIT_PERM_WRITE | AUDIT_PERM_ATTR)
                                       .text(AUDIT_FILTERKEY, "docker"));
  ASSERT_EQ(file.watches.size(), 1U);
  EXPECT_EQ(file.watches[0].path, "/etc/docker/daemon.json");
  EXPECT_EQ(file.watches[0].permissions, "wa");
  EXPECT_EQ(file.watches[0].condition, "");
  EXPECT_FALSE(file.watches[0].tree);
  const AuditRules folder =
      rules_of(RuleBytes(AUDIT_FILTER_EXIT | AUDIT_FILTER_PREPEND).text(AUDIT_DIR, "/etc/docker"));
  ASSERT_EQ(folder.watches.size(), 1U);
  EXPECT_EQ(folder.watches[0].permissions, "rwxa");
  EXPECT_TRUE(folder.watches[0].tree);
}

TEST(AuditRules, TellsWhatNarrowsAWatch) {
  const AuditRules rules = rules_of(RuleBytes()
                                        .text(AUDIT_WATCH, "/usr/bin/runc")
                                        .field(AUDIT_PERM, AUDIT_PERM_EXEC)
                                        .field(AUDIT_LOGINUID, 1000, AUDIT_GREATER_THAN_OR_EQUAL)
                                        .field(AUDIT_LOGINUID, UINT32_MAX, AUDIT_NOT_EQUAL)
                                        .text(AUDIT_EXE, "/bin/\x1bsh"));
  ASSERT_EQ(rules.watches.size(), 1U);
  EXPECT_EQ(rules.watches[0].permissions, "x");
  EXPECT_EQ(rules.watches[0].condition, "auid>=1000, auid!=unset, exe=/bin/\\x1bsh");
}

TEST(AuditRules, CountsSystemCallsForWhatTheyAmountTo) {
  EXPECT_EQ(rules_of(RuleBytes().text(AUDIT_WATCH, "/x").calls({SYS_execve})).watches.at(0).permissions, "x");
  EXPECT_EQ(rules_of(RuleBytes().text(AUDIT_WATCH, "/x").calls({SYS_openat})).watches.at(0).permissions, "r");
  EXPECT_THAT(rules_of(RuleBytes().text(AUDIT_WATCH, "/x").calls({SYS_unlinkat})).watches, IsEmpty());
  EXPECT_THAT(
      rules_of(RuleBytes().text(AUDIT_WATCH, "/x").field(AUDIT_PERM, AUDIT_PERM_WRITE).calls({SYS_execve})).watches,
      IsEmpty());
}

TEST(AuditRules, PassesOverWhatRecordsNoAccessHere) {
  EXPECT_THAT(rules_of(RuleBytes(AUDIT_FILTER_EXIT, AUDIT_NEVER).text(AUDIT_WATCH, "/x")).watches, IsEmpty());
  EXPECT_THAT(rules_of(RuleBytes(AUDIT_FILTER_EXCLUDE).text(AUDIT_WATCH, "/x")).watches, IsEmpty());
  EXPECT_THAT(rules_of(RuleBytes().field(AUDIT_UID, 0)).watches, IsEmpty());
  EXPECT_THAT(rules_of(RuleBytes().field(AUDIT_ARCH, AUDIT_ARCH_I386).text(AUDIT_WATCH, "/x")).watches, IsEmpty());
}

TEST(AuditRules, KnowsARuleThatSwitchesAllOthersOff) {
  EXPECT_TRUE(rules_of(RuleBytes(AUDIT_FILTER_TASK, AUDIT_NEVER)).never_records);
  EXPECT_FALSE(rules_of(RuleBytes(AUDIT_FILTER_TASK, AUDIT_NEVER).field(AUDIT_UID, 7)).never_records);
  EXPECT_FALSE(rules_of(RuleBytes(AUDIT_FILTER_EXIT, AUDIT_NEVER)).never_records);
}

TEST(AuditRules, RefusesRulesThatReachBeyondTheirBytes) {
  AuditRules rules;
  const std::string good = RuleBytes().text(AUDIT_WATCH, "/etc/docker").bytes();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(add_audit_rule(as_bytes(std::string_view(good).substr(0, size)), rules)) << size;
  }
  EXPECT_FALSE(add_audit_rule(as_bytes(RuleBytes().field(AUDIT_WATCH, 5).bytes()), rules))
      << "text longer than there is";
  RuleBytes many;
  for (int i = 0; i < AUDIT_MAX_FIELDS; ++i) many.field(AUDIT_UID, 0);
  std::string bytes = many.bytes();
  bytes[8] = AUDIT_MAX_FIELDS + 1;
  const auto refused = add_audit_rule(as_bytes(bytes), rules);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kMalformed);
  EXPECT_THAT(rules.watches, IsEmpty());
}

TEST(AuditRules, TakesTheKernelsAnswerApart) {
  AuditAnswer answer;
  const std::string rule = RuleBytes().text(AUDIT_WATCH, "/x").bytes();
  EXPECT_EQ(parse_audit_datagram(as_bytes(message(AUDIT_LIST_RULES, rule) + message(AUDIT_LIST_RULES, rule)), answer),
            false);
  EXPECT_EQ(answer.rules.watches.size(), 2U);
  EXPECT_EQ(parse_audit_datagram(as_bytes(message(NLMSG_DONE, std::string(4, '\0'))), answer), true);
  audit_status status{};
  status.enabled = 2;
  EXPECT_EQ(parse_audit_datagram(as_bytes(message(AUDIT_GET, {reinterpret_cast<const char*>(&status), sizeof status})),
                                 answer),
            true);
  EXPECT_EQ(answer.enabled, 2U);
}

}  // namespace
}  // namespace bulkhead::audit

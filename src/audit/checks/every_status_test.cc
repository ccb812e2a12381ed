// Whether the tests of the checks reach each status of each check: a pass, a failure, and nothing to judge. What they
// reached is known when all of them have run, so that it is looked at behind the last one; of a run of some tests only
// it says nothing.
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/checks/test_facts.h"

namespace bulkhead::audit {
namespace {

// What a check never says, and why. An entry that is wrong is told too.
struct NeverSaid {
  std::string_view check;
  RowStatus status;
  std::string_view reason;
};
constexpr auto kNeverSaid = std::to_array<NeverSaid>({
    {"container.runtime", RowStatus::kFail, "another runtime may confine better than the usual one"},
    {"daemon.cgroup-parent", RowStatus::kFail, "that a cgroup is confirmed, only a person can say"},
});

bool is_never_said(std::string_view check, RowStatus status) {
  for (const NeverSaid& each : kNeverSaid) {
    if (each.check == check && each.status == status) return true;
  }
  return false;
}

// Where the kind is manual a person decides; some facts decide all the same, and need no test each.
bool is_wanted(const CheckInfo& check, RowStatus status) {
  switch (status) {
    case RowStatus::kPass:
    case RowStatus::kFail:
      return check.automatic;
    case RowStatus::kManual:
      return !check.automatic;
    case RowStatus::kNotApplicable:
    case RowStatus::kError:
      return true;
  }
  std::unreachable();
}

class EveryStatus : public testing::Environment {
 public:
  void TearDown() override {
    const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
    const bool all = tests.test_to_run_count() == tests.total_test_count() - tests.disabled_test_count();
    if (!all || tests.Failed()) return;
    for (const CheckInfo& check : catalogue()) {
      const std::set<RowStatus>& asserted = asserted_statuses()[std::string(check.id)];
      for (const RowStatus status :
           {RowStatus::kPass, RowStatus::kFail, RowStatus::kManual, RowStatus::kNotApplicable, RowStatus::kError}) {
        const bool never = is_never_said(check.id, status);
        if (never) EXPECT_FALSE(asserted.contains(status)) << check.id << " does say " << status_name(status);
        if (!never && is_wanted(check, status)) {
          EXPECT_TRUE(asserted.contains(status)) << check.id << ": no test wants " << status_name(status);
        }
      }
    }
  }
};

[[maybe_unused]] testing::Environment* const kEveryStatus = testing::AddGlobalTestEnvironment(new EveryStatus);

TEST(EveryCheck, IsAnErrorWhereItsFactsAreNotKnown) {
  const auto silent = not_known("no answer");
  Facts facts = test_facts();
  facts.local = true;
  facts.engine = silent;
  facts.containers = silent;
  facts.images = silent;
  facts.networks = silent;
  facts.swarm = silent;
  facts.host.daemon = silent;
  facts.host.audit_watches = silent;
  facts.host.socket_grants = silent;
  facts.host.root_mount = silent;
  facts.host.apparmor = silent;
  facts.host.selinux = silent;
  for (const CheckInfo& check : catalogue()) {
    EXPECT_EQ(status_of_only_row(check.id, facts), "error") << check.id;
    EXPECT_THAT(told_by(check.id, facts), testing::HasSubstr("no answer")) << check.id;
  }
}

// These judge what every engine tells: they have nothing to judge only where there is no engine to ask.
TEST(EveryCheck, OfWhatEveryEngineTellsIsNotApplicableWithoutOne) {
  Facts facts = test_facts();
  facts.engine = not_applicable("there is no engine");
  for (const std::string_view check :
       {"daemon.aufs", "daemon.devicemapper", "daemon.experimental", "daemon.insecure-registries", "daemon.rootless",
        "daemon.seccomp", "host.engine-version", "host.hardening", "host.kernel-version",
        "host.mandatory-access-control"}) {
    EXPECT_EQ(status_of_only_row(check, facts), "not_applicable") << check;
    EXPECT_EQ(told_by(check, facts), "there is no engine\n") << check;
  }
}

}  // namespace
}  // namespace bulkhead::audit

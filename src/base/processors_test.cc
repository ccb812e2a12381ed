#include "base/processors.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/thread_pool.h"

namespace bulkhead {
namespace {

class ProcessorQuota : public testing::Test {
 protected:
  ~ProcessorQuota() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, std::string_view text) const {
    ASSERT_TRUE(write_file_atomically(root_ + path, text));
  }
  std::string root_ = testing::TempDir() + "/processors." + std::to_string(::getpid());
};

TEST_F(ProcessorQuota, IsTheSmallestOfTheGroupsAroundTheProcess) {
  write("/proc/self/cgroup", "0::/pod/container\n");
  EXPECT_EQ(processor_quota(root_), std::nullopt);
  write("/sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  EXPECT_EQ(processor_quota(root_), std::nullopt);
  write("/sys/fs/cgroup/pod/cpu.max", "150000 100000\n");
  EXPECT_EQ(processor_quota(root_), 1.5);
  write("/sys/fs/cgroup/pod/container/cpu.max", "400000 100000\n");
  EXPECT_EQ(processor_quota(root_), 1.5);
  write("/sys/fs/cgroup/pod/container/cpu.max", "50000 100000\n");
  EXPECT_EQ(processor_quota(root_), 0.5);
}

TEST_F(ProcessorQuota, IsFoundWhereAContainerIsToldAnOutsideName) {
  write("/proc/self/cgroup", "0::/system.slice/docker-0123.scope\n");
  write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(processor_quota(root_), 2.0);
}

TEST_F(ProcessorQuota, KnowsTheFirstVersionOfControlGroups) {
  write("/proc/self/cgroup", "12:memory:/docker/01\n4:cpu,cpuacct:/docker/01\n1:name=systemd:/docker/01\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(processor_quota(root_), std::nullopt);
  write("/sys/fs/cgroup/cpu,cpuacct/docker/01/cpu.cfs_quota_us", "250000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/docker/01/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(processor_quota(root_), 2.5);
}

TEST_F(ProcessorQuota, TakesWhatIsNoQuotaForNone) {
  EXPECT_EQ(processor_quota(root_), std::nullopt);
  for (const std::string_view text : {"", "max", "1 0", "x y", "-5 100000", "1 2 3"}) {
    write("/proc/self/cgroup", "0::/\nnonsense\n0:\n");
    write("/sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(processor_quota(root_), std::nullopt) << text;
  }
}

TEST(AvailableProcessors, AreThoseOfTheAffinityMask) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(available_processors(), 1U);
  EXPECT_EQ(ThreadPool().thread_count(), 1U);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_LE(available_processors(), static_cast<size_t>(CPU_COUNT(&before)));
}

}  // namespace
}  // namespace bulkhead

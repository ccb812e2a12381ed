#include "base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

using namespace std::chrono_literals;

TEST(ThreadPool, RunsEveryTaskOnce) {
  ThreadPool pool(3);
  EXPECT_EQ(pool.thread_count(), 3U);
  std::vector<std::atomic<int>> runs(1000);
  const auto done = pool.for_each(runs.size(), {}, [&](size_t i, const std::stop_token&) -> Status {
    ++runs[i];
    return {};
  });
  EXPECT_TRUE(done);
  for (const auto& count : runs) EXPECT_EQ(count, 1);
  EXPECT_TRUE(pool.for_each(0, {}, [](size_t, const std::stop_token&) -> Status { return {}; }));
}

TEST(ThreadPool, RunsTasksAtOnce) {
  ThreadPool pool(2);
  std::latch both(2);
  const auto done = pool.for_each(2, {}, [&](size_t, const std::stop_token&) -> Status {
    both.arrive_and_wait();  // would never return if one had to wait for the other
    return {};
  });
  EXPECT_TRUE(done);
}

TEST(ThreadPool, StopsTheRestAfterTheFirstFailure) {
  ThreadPool pool(2);
  std::latch failing_began(1);
  std::atomic<size_t> begun = 0;
  const auto done = pool.for_each(100, {}, [&](size_t i, const std::stop_token& stop) -> Status {
    ++begun;
    if (i == 0) {
      failing_began.wait();
      return fail(Code::kMalformed, "first");
    }
    failing_began.count_down();
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return fail(Code::kCancelled, "second");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "first");
  EXPECT_EQ(begun, 2U);
}

TEST(ThreadPool, ReportsAStopFromOutside) {
  ThreadPool pool(2);
  std::stop_source source;
  std::atomic<size_t> begun = 0;
  const auto done = pool.for_each(100, source.get_token(), [&](size_t, const std::stop_token& stop) -> Status {
    ++begun;
    source.request_stop();
    // The other thread may have been first, and still be on its way to telling this one.
    while (!stop.stop_requested()) std::this_thread::yield();
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kCancelled);
  EXPECT_LE(begun, 2U);

  const auto never = pool.for_each(1, source.get_token(), [&](size_t, const std::stop_token&) -> Status {
    ADD_FAILURE() << "began after the stop";
    return {};
  });
  EXPECT_EQ(never.error().code(), Code::kCancelled);
}

TEST(ThreadPool, MakesAnErrorOfMemoryThatRunsOut) {
  ThreadPool pool(1);
  const auto done = pool.for_each(1, {}, [](size_t, const std::stop_token&) -> Status { throw std::bad_alloc(); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kLimitExceeded);
}

TEST(ThreadPool, ServesSeveralCallersAtOnce) {
  ThreadPool pool(2);
  std::atomic<size_t> sum = 0;
  {
    std::vector<std::jthread> callers;
    for (int c = 0; c < 4; ++c) {
      callers.emplace_back([&] {
        const auto done = pool.for_each(500, {}, [&](size_t i, const std::stop_token&) -> Status {
          sum += i;
          return {};
        });
        EXPECT_TRUE(done);
      });
    }
  }
  EXPECT_EQ(sum, 4U * (499 * 500 / 2));
}

TEST(ThreadPool, GivesHelpersToIdleThreadsOnly) {
  ThreadPool pool(1);
  std::latch helped(1);
  std::atomic<bool> busy = true;
  ThreadPool::Helper helper;
  const auto done = pool.for_each(3, {}, [&](size_t i, const std::stop_token&) -> Status {
    if (i == 0) {
      helper = pool.offer_helper([&] {
        EXPECT_FALSE(busy);
        helped.count_down();
      });
    }
    std::this_thread::sleep_for(5ms);
    if (i == 2) busy = false;
    return {};
  });
  EXPECT_TRUE(done);
  helped.wait();
}

TEST(ThreadPool, WithdrawsAHelperThatHasNotBegunAndWaitsForOneThatHas) {
  ThreadPool pool(1);
  std::latch begun(1);
  std::atomic<bool> release = false;
  std::atomic<bool> finished = false;
  {
    const ThreadPool::Helper running = pool.offer_helper([&] {
      begun.count_down();
      while (!release) std::this_thread::sleep_for(1ms);
      finished = true;
    });
    begun.wait();
    {
      const ThreadPool::Helper waiting = pool.offer_helper([] { ADD_FAILURE() << "was withdrawn"; });
    }
    EXPECT_FALSE(finished);
    release = true;
  }
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace bulkhead

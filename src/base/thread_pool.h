// A bounded pool of threads, for independent pieces of work (layers, feeds, images).
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/result.h"

namespace bulkhead {

// Thread-safe. Destruction runs no further task: it requests a stop, drops what has not begun and joins.
class ThreadPool {
 public:
  // At least one thread; 0 means one per processor that this process may run on.
  explicit ThreadPool(size_t threads = 0);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  size_t thread_count() const { return threads_.size(); }

  // Runs task(0) … task(count - 1) on the pool and waits for all of them; begun in that order. The first failure (by
  // time) stops the rest: it is requested through the token that every task gets, tasks that have not begun are
  // dropped, and that failure is returned. A stop of `stop` does the same with kCancelled. Must not be called from a
  // task of the same pool. A task that throws ends the program, save for std::bad_alloc, which becomes kLimitExceeded.
  Status for_each(size_t count, const std::stop_token& stop,
                  const std::function<Status(size_t, std::stop_token)>& task);

  // Work that only an idle thread does: begun when a thread has nothing else to do, after everything of for_each, or
  // never. The returned handle's destruction withdraws it, or waits for its end when it has begun.
  class Helper {
   public:
    Helper() = default;
    Helper(Helper&&) noexcept = default;
    Helper& operator=(Helper&& other) noexcept;
    ~Helper();

   private:
    friend class ThreadPool;
    struct State;
    ThreadPool* pool_ = nullptr;
    std::shared_ptr<State> state_;
  };
  Helper offer_helper(std::function<void()> work);

 private:
  struct Batch;
  void run(const std::stop_token& stop);
  Batch* batch_to_work_on();
  void run_next_of(Batch& batch, std::unique_lock<std::mutex>& lock);
  void run_helper(std::unique_lock<std::mutex>& lock);
  void withdraw(Helper::State& helper);

  std::mutex mutex_;  // guards everything below but threads_
  std::condition_variable_any work_arrived_;
  std::condition_variable work_done_;
  std::deque<Batch*> batches_;
  std::deque<std::shared_ptr<Helper::State>> helpers_;
  std::vector<std::jthread> threads_;  // last: joined before the rest goes
};

}  // namespace bulkhead

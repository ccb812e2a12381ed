#include "base/thread_pool.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "base/processors.h"

namespace bulkhead {
namespace {

Status out_of_memory() {
  return fail(Code::kLimitExceeded, "out of memory", "run with fewer --jobs, or give the process more memory");
}

}  // namespace

// One call of for_each. All of it but `task` and `stop` is guarded by the pool's mutex.
struct ThreadPool::Batch {
  const std::function<Status(size_t, std::stop_token)>& task;
  size_t count;
  size_t next = 0;
  size_t running = 0;
  std::stop_source stop;
  std::optional<Error> failure;

  bool has_work() const { return next < count && !stop.stop_requested(); }
};

struct ThreadPool::Helper::State {
  enum class Phase : uint8_t { kWaiting, kRunning, kDone };
  std::function<void()> work;
  Phase phase = Phase::kWaiting;  // guarded by the pool's mutex
};

ThreadPool::ThreadPool(size_t threads) {
  const size_t count = threads == 0 ? available_processors() : threads;
  threads_.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

ThreadPool::~ThreadPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void ThreadPool::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_arrived_.wait(lock, stop, [&] { return batch_to_work_on() != nullptr || !helpers_.empty(); });
    if (stop.stop_requested()) return;
    if (Batch* batch = batch_to_work_on(); batch != nullptr) {
      run_next_of(*batch, lock);
    } else {
      run_helper(lock);
    }
  }
}

ThreadPool::Batch* ThreadPool::batch_to_work_on() {
  const auto found = std::ranges::find_if(batches_, &Batch::has_work);
  return found == batches_.end() ? nullptr : *found;
}

void ThreadPool::run_next_of(Batch& batch, std::unique_lock<std::mutex>& lock) {
  const size_t index = batch.next++;
  ++batch.running;
  lock.unlock();
  Status result;
  try {
    result = batch.task(index, batch.stop.get_token());
  } catch (const std::bad_alloc&) {
    result = out_of_memory();
  }
  lock.lock();
  if (!result && !batch.failure) {
    batch.failure = std::move(result).error();
    lock.unlock();  // a stop runs other people's call-backs
    batch.stop.request_stop();
    lock.lock();
  }
  --batch.running;
  work_done_.notify_all();
}

void ThreadPool::run_helper(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Helper::State> helper = std::move(helpers_.front());
  helpers_.pop_front();
  helper->phase = Helper::State::Phase::kRunning;
  lock.unlock();
  helper->work();
  lock.lock();
  helper->phase = Helper::State::Phase::kDone;
  work_done_.notify_all();
}

Status ThreadPool::for_each(size_t count, const std::stop_token& stop,
                            const std::function<Status(size_t, std::stop_token)>& task) {
  Batch batch{.task = task, .count = count, .stop = {}, .failure = {}};
  const std::stop_callback forward(stop, [&] {
    batch.stop.request_stop();
    const std::scoped_lock lock(mutex_);  // so that the wait below cannot miss it
    work_done_.notify_all();
  });
  std::unique_lock lock(mutex_);
  batches_.push_back(&batch);
  work_arrived_.notify_all();
  work_done_.wait(lock, [&] { return batch.running == 0 && !batch.has_work(); });
  std::erase(batches_, &batch);
  if (batch.failure) return fail(*std::move(batch.failure));
  if (batch.next < count || stop.stop_requested()) return fail(Code::kCancelled, "stopped on request");
  return {};
}

ThreadPool::Helper ThreadPool::offer_helper(std::function<void()> work) {
  Helper helper;
  helper.pool_ = this;
  helper.state_ = std::make_shared<Helper::State>();
  helper.state_->work = std::move(work);
  {
    const std::scoped_lock lock(mutex_);
    helpers_.push_back(helper.state_);
  }
  work_arrived_.notify_one();
  return helper;
}

void ThreadPool::withdraw(Helper::State& helper) {
  std::unique_lock lock(mutex_);
  if (helper.phase == Helper::State::Phase::kWaiting) {
    std::erase_if(helpers_, [&](const auto& offered) { return offered.get() == &helper; });
    return;
  }
  work_done_.wait(lock, [&] { return helper.phase == Helper::State::Phase::kDone; });
}

ThreadPool::Helper& ThreadPool::Helper::operator=(Helper&& other) noexcept {
  if (this != &other) {
    if (state_ != nullptr) pool_->withdraw(*state_);
    pool_ = other.pool_;
    state_ = std::move(other.state_);
  }
  return *this;
}

ThreadPool::Helper::~Helper() {
  if (state_ != nullptr) pool_->withdraw(*state_);
}

}  // namespace bulkhead

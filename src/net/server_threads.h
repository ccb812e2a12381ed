// Threads for work that may wait: made when work comes and none is idle, up to a bound, and kept. Internal to net.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bulkhead::net {

// Thread-safe. Work must not throw. Destruction waits for all of it.
class ServerThreads {
 public:
  explicit ServerThreads(size_t most) : most_(most == 0 ? 1 : most) {}
  ServerThreads(const ServerThreads&) = delete;
  ServerThreads& operator=(const ServerThreads&) = delete;
  ~ServerThreads() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    arrived_.notify_all();
    threads_.clear();  // joins
  }

  void run(std::function<void()> work) {
    {
      const std::scoped_lock lock(mutex_);
      work_.push_back(std::move(work));
      if (work_.size() > idle_ && threads_.size() < most_) threads_.emplace_back([this] { serve(); });
    }
    arrived_.notify_one();
  }

  // Until nothing runs and nothing waits to.
  void wait_until_idle() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return work_.empty() && running_ == 0; });
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      arrived_.wait(lock, [this] { return ending_ || !work_.empty(); });
      --idle_;
      if (work_.empty()) return;
      std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      ++running_;
      lock.unlock();
      work();
      work = nullptr;  // what it holds may be the last of something that takes time to go
      lock.lock();
      --running_;
      if (running_ == 0 && work_.empty()) done_.notify_all();
    }
  }

  const size_t most_;
  std::mutex mutex_;
  std::condition_variable arrived_, done_;
  std::deque<std::function<void()>> work_;
  size_t idle_ = 0;
  size_t running_ = 0;
  bool ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace bulkhead::net

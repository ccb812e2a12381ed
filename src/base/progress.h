// How long work tells that it is going on; the command line shows it, everything else passes it through.
#pragma once

#include <cstdint>
#include <string_view>

namespace bulkhead {

// Implementations are thread-safe: steps run at once on several threads. Calls are cheap but not free: once per block
// or per file, not per byte. Never fails, never blocks for long.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  virtual ~Progress() = default;

  // A step begins: `what` for people ("layer 3 of 7"); `total` in units of advance(), 0 when it is not known. The id
  // names it in later calls and is never 0.
  virtual uint64_t begin(std::string_view what, uint64_t total) = 0;
  virtual void advance(uint64_t id, uint64_t amount) = 0;
  virtual void end(uint64_t id) = 0;
};

// One step that ends with its scope; does nothing when there is no Progress.
class ProgressStep {
 public:
  ProgressStep(Progress* progress, std::string_view what, uint64_t total)
      : progress_(progress), id_(progress == nullptr ? 0 : progress->begin(what, total)) {}
  ProgressStep(const ProgressStep&) = delete;
  ProgressStep& operator=(const ProgressStep&) = delete;
  ~ProgressStep() {
    if (progress_ != nullptr) progress_->end(id_);
  }
  void advance(uint64_t amount) {
    if (progress_ != nullptr) progress_->advance(id_, amount);
  }

 private:
  Progress* progress_;
  uint64_t id_;
};

}  // namespace bulkhead

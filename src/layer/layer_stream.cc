#include "layer/layer_stream.h"

#include <new>
#include <utility>

namespace bulkhead::layer {

Result<ByteSpan> SharedInflater::inflate_into(Block& block) {
  if (block.empty()) block.resize(archive::kInflateBlockBytes);
  return inflater_.read(block);
}

Result<ByteSpan> SharedInflater::next() {
  std::unique_lock lock(mutex_);
  if (handed_out_) {
    handed_out_ = false;
    first_ = (first_ + 1) % kBlocks;
    --count_;
    changed_.notify_all();
  }
  if (!helped_) {
    caller_inflates_ = true;
    lock.unlock();
    auto block = inflate_into(blocks_[0]);
    lock.lock();
    caller_inflates_ = false;
    // After the end or an error the inflater must not be used any more, so nobody may join any more either.
    if (!block || block->empty()) closed_ = true;
    changed_.notify_all();
    // A helper begins to fill with the second block, so that this one stays as it is until the next call.
    if (block && !block->empty()) {
      first_ = 0;
      count_ = 1;
      handed_out_ = true;
    }
    return block;
  }
  changed_.wait(lock, [&] { return count_ != 0 || ended_ || error_; });
  if (count_ != 0) {
    handed_out_ = true;
    return filled_[first_];
  }
  if (error_) return fail(*std::move(error_));
  return ByteSpan();
}

void SharedInflater::help() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !caller_inflates_ || closed_; });
  if (closed_) return;
  helped_ = true;
  help_until_end(lock);
}

void SharedInflater::help_until_end(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    changed_.wait(lock, [&] { return count_ < kBlocks || closed_; });
    if (closed_) return;
    const size_t at = (first_ + count_) % kBlocks;
    lock.unlock();
    Result<ByteSpan> block;
    try {
      block = inflate_into(blocks_[at]);
    } catch (const std::bad_alloc&) {
      block = fail(Code::kLimitExceeded, "out of memory");
    }
    lock.lock();
    if (!block) {
      error_ = std::move(block).error();
    } else if (block->empty()) {
      ended_ = true;
    } else {
      filled_[at] = *block;
      ++count_;
    }
    changed_.notify_all();
    if (error_ || ended_) return;
  }
}

void SharedInflater::close() {
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

// Sees the stored bytes on their way to the inflater, in whichever thread that runs.
class LayerStream::StoredTap final : public BlockSource {
 public:
  StoredTap(std::unique_ptr<BlockSource> inner, const Options& options)
      : inner_(std::move(inner)), stop_(options.stop), progress_(options.progress) {
    if (options.digest_stored) hasher_.emplace(options.stored_algorithm);
  }

  Result<ByteSpan> next() override {
    if (stop_.stop_requested()) return fail(Code::kCancelled, "stopped on request");
    TRY_ASSIGN(const ByteSpan block, inner_->next());
    bytes_ += block.size();
    if (hasher_) hasher_->update(block);
    if (progress_ != nullptr) progress_->advance(block.size());
    return block;
  }

  uint64_t bytes() const { return bytes_; }
  Digest finish() { return hasher_ ? hasher_->finish() : Digest(); }

 private:
  std::unique_ptr<BlockSource> inner_;
  std::stop_token stop_;
  ProgressStep* progress_;
  std::optional<Hasher> hasher_;
  uint64_t bytes_ = 0;
};

LayerStream::LayerStream(std::unique_ptr<BlockSource> stored, Options options)
    : options_(std::move(options)),
      stored_(std::make_unique<StoredTap>(std::move(stored), options_)),
      inflater_(*stored_, options_.limits),
      shared_(inflater_) {}

LayerStream::~LayerStream() {
  shared_.close();
}

uint64_t LayerStream::stored_bytes() const {
  return stored_->bytes();
}

Status LayerStream::offer_work_to(ThreadPool& pool) {
  TRY_ASSIGN(const archive::Compression compression, inflater_.compression());
  // Passing uncompressed blocks on to another thread would cost a copy and save hardly anything.
  if (compression == archive::Compression::kNone || pool.thread_count() < 2) return {};
  helper_ = pool.offer_helper([this] { shared_.help(); });
  return {};
}

Result<ByteSpan> LayerStream::next() {
  if (ended_) return ByteSpan();
  if (!decided_) {
    decided_ = true;
    TRY_ASSIGN(const archive::Compression compression, inflater_.compression());
    const bool same_digest = compression == archive::Compression::kNone &&
                             (options_.plain_is_verified ||
                              (options_.digest_stored && options_.stored_algorithm == options_.diff_algorithm));
    if (!same_digest) diff_hasher_.emplace(options_.diff_algorithm);
  }
  if (options_.stop.stop_requested()) return fail(Code::kCancelled, "stopped on request");
  TRY_ASSIGN(const ByteSpan block, shared_.next());
  inflated_bytes_ += block.size();
  if (options_.account != nullptr) TRY(options_.account->take(Cost::kInflatedBytes, block.size()));
  if (!block.empty()) {
    if (diff_hasher_) diff_hasher_->update(block);
    return block;
  }
  ended_ = true;
  stored_digest_ = stored_->finish();
  diff_id_ = diff_hasher_ ? diff_hasher_->finish() : stored_digest_;
  return ByteSpan();
}

Status LayerStream::drain_stored() {
  shared_.close();
  helper_ = {};
  for (;;) {
    TRY_ASSIGN(const ByteSpan block, stored_->next());
    if (block.empty()) return {};
  }
}

}  // namespace bulkhead::layer

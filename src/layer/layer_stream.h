// A stored layer as the bytes of its tar, with the digests of both. Internal to this folder.
//
// One thread does everything, unless another one is idle and joins: then that one reads, digests and inflates the
// stored bytes, a few blocks ahead, while the first one digests the tar and walks it. Joining is possible at any block,
// so the last large layer of an image gets both processors once the small ones are done.
#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/inflate.h"
#include "base/block_source.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "crypto/digest.h"
#include "layer/image_budget.h"

namespace bulkhead::layer {

// Inflates in the caller's thread, or in that of a helper which calls help(). next() and close() are for one thread.
class SharedInflater {
 public:
  explicit SharedInflater(archive::Inflater& inflater) : inflater_(inflater) {}

  // As BlockSource::next().
  Result<ByteSpan> next();
  // Takes over the inflating until the stream's end or close(); to be called at most once.
  void help();
  // Makes help() return soon; next() must not be called any more.
  void close();

 private:
  using Block = std::vector<std::byte>;
  static constexpr size_t kBlocks = 4;

  void help_until_end(std::unique_lock<std::mutex>& lock);
  Result<ByteSpan> inflate_into(Block& block);

  archive::Inflater& inflater_;  // used by whoever inflates, as told by the flags below
  std::mutex mutex_;             // guards the rest but the blocks' bytes
  std::condition_variable changed_;
  std::array<Block, kBlocks> blocks_;
  std::array<ByteSpan, kBlocks> filled_;
  size_t first_ = 0;  // of the filled blocks
  size_t count_ = 0;  // of them, the one in the caller's hands included
  bool handed_out_ = false;
  bool caller_inflates_ = false;  // at this moment
  bool helped_ = false;
  bool ended_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
};

class LayerStream final : public BlockSource {
 public:
  struct Options {
    archive::Limits limits;
    Digest::Algorithm stored_algorithm = Digest::Algorithm::kSha256;
    Digest::Algorithm diff_algorithm = Digest::Algorithm::kSha256;
    bool digest_stored = true;
    // When the tar turns out to be stored as it is: its digest is known without making it.
    bool plain_is_verified = false;
    LayerAccount* account = nullptr;  // what comes out of next() is taken from it
    std::stop_token stop;
    ProgressStep* progress = nullptr;  // advanced by stored bytes; may be nullptr
  };
  LayerStream(std::unique_ptr<BlockSource> stored, Options options);
  ~LayerStream() override;

  // The tar's bytes. kCancelled once a stop was requested.
  Result<ByteSpan> next() override;
  // Lets an idle thread of the pool join.
  Status offer_work_to(ThreadPool& pool);
  // Reads what is left of the stored bytes without inflating them; for their digest's sake.
  Status drain_stored();

  // Once next() has given the end. Empty when it was not made.
  Digest stored_digest() const { return stored_digest_; }
  Digest diff_id() const { return diff_id_; }
  uint64_t stored_bytes() const;
  uint64_t inflated_bytes() const { return inflated_bytes_; }

 private:
  class StoredTap;

  Options options_;
  std::unique_ptr<StoredTap> stored_;
  archive::Inflater inflater_;
  SharedInflater shared_;
  std::optional<Hasher> diff_hasher_;
  bool decided_ = false;
  bool ended_ = false;
  Digest stored_digest_;
  Digest diff_id_;
  uint64_t inflated_bytes_ = 0;
  ThreadPool::Helper helper_;  // last: its end waits for a helper that uses the rest
};

}  // namespace bulkhead::layer

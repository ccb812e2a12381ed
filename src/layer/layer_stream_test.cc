#include "layer/layer_stream.h"

#include <gtest/gtest.h>

#include "oci/test_images.h"

namespace bulkhead::layer {
namespace {

// A stored layer that breaks after its first bytes, and counts who asks for more.
class BreakingSource final : public BlockSource {
 public:
  explicit BreakingSource(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<ByteSpan> next() override {
    if (++calls == 1) return as_bytes(bytes_);
    return fail(Code::kUnavailable, "the connection broke");
  }
  int calls = 0;

 private:
  std::string bytes_;
};

TEST(SharedInflater, NobodyJoinsOneThatHasFailed) {
  BreakingSource stored(oci::testing::make_gzip(std::string(1000, 'x')).substr(0, 100));
  archive::Inflater inflater(stored, {});
  SharedInflater shared(inflater);
  Result<ByteSpan> block = shared.next();
  while (block && !block->empty()) block = shared.next();
  ASSERT_FALSE(block);
  const int calls = stored.calls;
  shared.help();  // as a thread does that was idle until now
  EXPECT_EQ(stored.calls, calls);
}

}  // namespace
}  // namespace bulkhead::layer

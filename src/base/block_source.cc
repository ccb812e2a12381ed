#include "base/block_source.h"

#include <fmt/format.h>

namespace bulkhead {

Result<std::string> read_all(BlockSource& source, size_t max_bytes, std::string_view what) {
  std::string all;
  for (;;) {
    TRY_ASSIGN(const ByteSpan block, source.next());
    if (block.empty()) return all;
    if (block.size() > max_bytes - all.size()) {
      return fail(Code::kLimitExceeded, fmt::format("{} is larger than {} bytes", what, max_bytes));
    }
    all.append(as_text(block));
  }
}

}  // namespace bulkhead

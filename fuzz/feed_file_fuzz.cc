// fuzz: advisory
// A published file of unknown kind: inflation, archives, recognition among all feeds, and every parser through them.
// Input: the path in the first line, then the file. Documents that cannot be read are told, never half kept in silence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "advisory/feed.h"
#include "base/text.h"

namespace {

using namespace bulkhead;            // NOLINT(google-build-using-namespace)
using namespace bulkhead::advisory;  // NOLINT(google-build-using-namespace)

void require(bool law) {
  if (!law) std::abort();
}

// Every document that is begun ends exactly once, before the next begins.
class StrictReader final : public FeedReader, public Sink {
 public:
  Result<Sink*> begin_document(const Feed& /*feed*/, std::string_view /*path*/) override {
    require(!open_);
    open_ = true;
    return ++documents_ % 8 == 0 ? nullptr : this;
  }
  Status end_document(const Feed& /*feed*/, std::string_view /*path*/, const DocumentInfo& /*info*/) override {
    require(std::exchange(open_, false));
    return {};
  }
  Status failed_document(const Feed* /*feed*/, std::string_view /*path*/, Error /*error*/) override {
    require(std::exchange(open_, false));
    return {};
  }
  Status unknown_document(std::string_view /*path*/) override {
    require(!open_);
    return {};
  }
  Status add(AdvisoryRecord /*record*/) override {
    require(open_);
    return {};
  }
  Status add(Vulnerability /*vulnerability*/) override {
    require(open_);
    return {};
  }

 private:
  size_t documents_ = 0;
  bool open_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::string_view path;
  if (!next_line(rest, path)) return 0;
  const FeedLimits limits{.max_document_bytes = size_t{1} << 20,
                          .max_yaml_bytes = size_t{1} << 16,
                          .max_documents = 100,
                          .max_archive_bytes = uint64_t{4} << 20};
  StrictReader reader;
  (void)read_feed_file(path, as_bytes(rest), nullptr, reader, limits);
  return 0;
}

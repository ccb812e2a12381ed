// From a published file to its documents: inflation, archives, recognition.
#include <algorithm>

#include <fmt/format.h>

#include "advisory/feed.h"
#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "archive/zip_reader.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

// A source whose first bytes have been looked at already.
class PeekedSource final : public BlockSource {
 public:
  explicit PeekedSource(BlockSource& source) : source_(source) {}

  // At least `bytes` bytes, or all there are. The view stays valid until the first next().
  Result<ByteSpan> peek(size_t bytes) {
    while (head_.size() < bytes) {
      TRY_ASSIGN(const ByteSpan block, source_.next());
      if (block.empty()) break;
      // One long first block, the common case of a document in memory, is passed on as it is.
      if (head_.empty() && block.size() >= bytes) {
        whole_ = block;
        return block;
      }
      head_.append(as_text(block));
    }
    return as_bytes(head_);
  }

  Result<ByteSpan> next() override {
    if (!whole_.empty()) return std::exchange(whole_, {});
    if (position_ < head_.size()) {
      const ByteSpan rest = as_bytes(head_).subspan(position_);
      const ByteSpan block = rest.first(std::min(rest.size(), kMaxBlockBytes));
      position_ += block.size();
      return block;
    }
    return source_.next();
  }

 private:
  BlockSource& source_;
  std::string head_;
  size_t position_ = 0;
  ByteSpan whole_;
};

// Where a ustar header has its magic.
constexpr size_t kTarMagicOffset = 257;
constexpr size_t kTarBlockBytes = 512;

bool looks_like_tar(ByteSpan head) {
  return head.size() >= kTarBlockBytes && as_text(head.subspan(kTarMagicOffset, 5)) == "ustar";
}

// "main.json.xz" -> "main.json": recognition goes by the name of what is inside.
std::string_view without_compression_suffix(std::string_view path) {
  for (const std::string_view suffix : {".gz", ".zst", ".xz", ".bz2"}) {
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  }
  return path;
}

class FileReader {
 public:
  FileReader(const Feed* only, FeedReader& reader, const FeedLimits& limits)
      : only_(only), reader_(reader), limits_(limits) {
    archive_limits_.max_layer_bytes = limits.max_archive_bytes;
    archive_limits_.max_entries = limits.max_documents;
  }

  Status read(std::string_view path, ByteSpan bytes) {
    if (archive::looks_like_zip(bytes.first(std::min<size_t>(bytes.size(), 4)))) return read_zip(bytes);
    const bool compressed = archive::detect_compression(bytes.first(std::min(bytes.size(), archive::kMagicBytes))) !=
                            archive::Compression::kNone;
    const auto inflated = archive::make_inflating_source(std::make_unique<SpanSource>(bytes), archive_limits_);
    PeekedSource source(*inflated);
    TRY_ASSIGN(const ByteSpan head, source.peek(kTarBlockBytes));
    if (looks_like_tar(head)) return read_tar(source);
    return read_document(compressed ? without_compression_suffix(path) : path, source);
  }

 private:
  Status read_document(std::string_view path, BlockSource& source) {
    PeekedSource peeked(source);
    const Feed* feed = only_;
    if (feed == nullptr) {
      TRY_ASSIGN(const ByteSpan head, peeked.peek(DocumentHead::kHeadBytes));
      const std::string_view text = as_text(head);
      feed = recognise({.path = path, .text = text.substr(0, DocumentHead::kHeadBytes)});
    }
    if (feed == nullptr) return reader_.unknown_document(path);
    TRY_ASSIGN(Sink* const sink, reader_.begin_document(*feed, path));
    if (sink == nullptr) return {};
    auto info = feed->parse({.path = path, .source = peeked}, *sink, limits_);
    if (!info) return reader_.failed_document(*feed, path, std::move(info).error());
    return reader_.end_document(*feed, path, *info);
  }

  Status read_tar(BlockSource& source) {
    archive::TarReader tar(source, archive_limits_);
    for (;;) {
      TRY_ASSIGN(const archive::TarEntry* entry, tar.next());
      if (entry == nullptr) return {};
      if (entry->type != archive::TarType::kFile) continue;
      const std::string path = entry->path;  // the entry goes away with its contents
      TRY(read_document(path, tar.content()));
    }
  }

  Status read_zip(ByteSpan bytes) {
    TRY_ASSIGN(const archive::ZipReader zip, archive::ZipReader::open(bytes, archive_limits_));
    for (const archive::ZipEntry& entry : zip.entries()) {
      if (entry.is_directory()) continue;
      TRY_ASSIGN(const auto source, zip.open_entry(entry));
      TRY(read_document(entry.path, *source));
    }
    return {};
  }

  const Feed* const only_;
  FeedReader& reader_;
  const FeedLimits limits_;
  archive::Limits archive_limits_;
};

}  // namespace

Status read_feed_file(std::string_view path, ByteSpan bytes, const Feed* only, FeedReader& reader,
                      const FeedLimits& limits) {
  auto status = FileReader(only, reader, limits).read(path, bytes);
  if (!status) return fail(std::move(status).error().with_context(printable(path)));
  return {};
}

}  // namespace bulkhead::advisory

// From a published file to its documents: inflation, archives, recognition.
#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "advisory/database_builder.h"
#include "advisory/feed.h"
#include "archive/inflate.h"
#include "archive/tar_reader.h"
#include "archive/zip_reader.h"
#include "base/text.h"

namespace bulkhead::advisory {
namespace {

constexpr std::array kLimitOptions = {
    FeedLimitOption{"--max-document-bytes", "bytes in one document of a feed", &FeedLimits::max_document_bytes},
    FeedLimitOption{"--max-yaml-bytes", "bytes in one YAML or TOML document", &FeedLimits::max_yaml_bytes},
    FeedLimitOption{"--max-document-depth", "levels of nesting in one document", &FeedLimits::max_depth},
    FeedLimitOption{"--max-aliases", "other names of one vulnerability", &FeedLimits::max_aliases},
    FeedLimitOption{"--max-document-facts", "records, ranges and names in one document",
                    &FeedLimits::max_document_facts},
    FeedLimitOption{"--max-documents", "files in a feed folder, or entries in one archive", &FeedLimits::max_documents},
    FeedLimitOption{"--max-archive-bytes", "bytes in one feed file, inflated", &FeedLimits::max_archive_bytes},
};

// Counts in `bytes` what a file inflates to, its members too, so that the limit that is passed is the feeds' own.
class CappedSource final : public BlockSource {
 public:
  CappedSource(std::unique_ptr<BlockSource> inner, const FeedLimits& limits, uint64_t& bytes)
      : inner_(std::move(inner)), limits_(limits), bytes_(bytes) {}
  Result<ByteSpan> next() override {
    TRY_ASSIGN(const ByteSpan block, inner_->next());
    bytes_ += block.size();
    if (bytes_ > limits_.max_archive_bytes) return fail(limit_passed(limits_, &FeedLimits::max_archive_bytes));
    return block;
  }

 private:
  std::unique_ptr<BlockSource> inner_;
  const FeedLimits& limits_;
  uint64_t& bytes_;
};

// A member of an archive, for a source that wants to own what it reads. Tells the archive's errors from those of what
// the member holds.
class MemberSource final : public BlockSource {
 public:
  MemberSource(BlockSource& member, bool& failed) : member_(member), failed_(failed) {}
  Result<ByteSpan> next() override {
    auto block = member_.next();
    failed_ = !block;
    return block;
  }

 private:
  BlockSource& member_;
  bool& failed_;
};

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

// Counts what one document says: a megabyte that names 4000 packages and 4000 vulnerabilities says 16 million things.
class CountingSink final : public Sink {
 public:
  CountingSink(Sink& sink, const FeedLimits& limits) : sink_(sink), limits_(limits) {}

  Status add(AdvisoryRecord record) override {
    TRY(count(1 + record.ranges.size() + record.aliases.size()));
    // Here, because a record that nobody wants is not looked at again, and each record of a document may bear the note.
    if (record.note.size() > DatabaseBuilder::kMaxNameBytes) {
      return fail(Code::kMalformed,
                  fmt::format("{}: a note of {} bytes", printable(record.id.substr(0, 80)), record.note.size()));
    }
    return sink_.add(std::move(record));
  }
  Status add(Vulnerability vulnerability) override {
    TRY(count(1 + vulnerability.aliases.size()));
    return sink_.add(std::move(vulnerability));
  }

 private:
  Status count(size_t facts) {
    facts_ += facts;
    if (facts_ <= limits_.max_document_facts) return {};
    return fail(limit_passed(limits_, &FeedLimits::max_document_facts));
  }

  Sink& sink_;
  const FeedLimits& limits_;
  uint64_t facts_ = 0;
};

class FileReader {
 public:
  FileReader(const Feed* only, FeedReader& reader, const FeedLimits& limits)
      : only_(only), reader_(reader), limits_(limits) {
    // What a feed may cost is limited here; only a zip's list of members has to be limited where it is read.
    archive_limits_.max_layer_bytes = std::numeric_limits<uint64_t>::max();
    archive_limits_.max_ratio = std::numeric_limits<uint64_t>::max();
    archive_limits_.max_entries = limits.max_documents;
  }

  Status read(std::string_view path, ByteSpan bytes) {
    if (archive::looks_like_zip(bytes.first(std::min<size_t>(bytes.size(), 4)))) return read_zip(bytes);
    const bool compressed = is_compressed(bytes);
    CappedSource inflated(archive::make_inflating_source(std::make_unique<SpanSource>(bytes), archive_limits_), limits_,
                          inflated_bytes_);
    PeekedSource source(inflated);
    TRY_ASSIGN(const ByteSpan head, source.peek(kTarBlockBytes));
    if (looks_like_tar(head)) return read_tar(source);
    return read_document(compressed ? without_compression_suffix(path) : path, source);
  }

 private:
  static bool is_compressed(ByteSpan head) {
    return archive::detect_compression(head.first(std::min(head.size(), archive::kMagicBytes))) !=
           archive::Compression::kNone;
  }

  // A member may be compressed once more (".csv.gz" in a tar); an archive in it stays shut.
  Status read_member(std::string_view path, BlockSource& member) {
    PeekedSource stored(member);
    TRY_ASSIGN(const ByteSpan magic, stored.peek(kTarBlockBytes));
    // Else the text of its first document might be taken for the whole.
    if (looks_like_tar(magic)) return reader_.unknown_document(path);
    if (!is_compressed(magic)) return read_document(path, stored);
    bool archive_failed = false;
    CappedSource inflated(
        archive::make_inflating_source(std::make_unique<MemberSource>(stored, archive_failed), archive_limits_),
        limits_, inflated_bytes_);
    PeekedSource contents(inflated);
    auto head = contents.peek(DocumentHead::kHeadBytes);
    if (!head) {
      if (archive_failed || head.error().code() == Code::kLimitExceeded)
        return std::unexpected(std::move(head).error());
      // It is damaged; the other members are none the worse for it.
      if (only_ != nullptr) {
        TRY_ASSIGN(const Sink* const sink, reader_.begin_document(*only_, path));
        if (sink == nullptr) return {};
      }
      return reader_.failed_document(only_, path, std::move(head).error());
    }
    if (looks_like_tar(*head)) return reader_.unknown_document(path);
    return read_document(without_compression_suffix(path), contents);
  }

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
    CountingSink counting(*sink, limits_);
    auto info = feed->parse({.path = path, .source = peeked}, counting, limits_);
    if (!info) return reader_.failed_document(feed, path, std::move(info).error());
    return reader_.end_document(*feed, path, *info);
  }

  Status read_tar(BlockSource& source) {
    archive::Limits tar_limits = archive_limits_;
    tar_limits.max_entries = std::numeric_limits<uint64_t>::max();
    archive::TarReader tar(source, tar_limits);
    for (uint64_t entries = 1;; ++entries) {
      TRY_ASSIGN(const archive::TarEntry* entry, tar.next());
      if (entry == nullptr) return {};
      if (entries > limits_.max_documents) return fail(limit_passed(limits_, &FeedLimits::max_documents));
      if (entry->type != archive::TarType::kFile) continue;
      const std::string path = entry->path;  // the entry goes away with its contents
      TRY(read_member(path, tar.content()));
    }
  }

  Status read_zip(ByteSpan bytes) {
    const auto zip = archive::ZipReader::open(bytes, archive_limits_);
    if (!zip) {
      const Error too_many = archive::limit_passed(archive_limits_, &archive::Limits::max_entries);
      const bool entries = zip.error().message() == too_many.message();
      return fail(entries ? limit_passed(limits_, &FeedLimits::max_documents) : zip.error());
    }
    for (const archive::ZipEntry& entry : zip->entries()) {
      if (entry.is_directory()) continue;
      inflated_bytes_ += entry.size;
      if (inflated_bytes_ > limits_.max_archive_bytes)
        return fail(limit_passed(limits_, &FeedLimits::max_archive_bytes));
      TRY_ASSIGN(const auto source, zip->open_entry(entry));
      TRY(read_member(entry.path, *source));
    }
    return {};
  }

  const Feed* const only_;
  FeedReader& reader_;
  const FeedLimits limits_;
  archive::Limits archive_limits_;
  uint64_t inflated_bytes_ = 0;
};

}  // namespace

std::span<const FeedLimitOption> feed_limit_options() {
  return kLimitOptions;
}

Status read_feed_file(std::string_view path, ByteSpan bytes, const Feed* only, FeedReader& reader,
                      const FeedLimits& limits) {
  auto status = FileReader(only, reader, limits).read(path, bytes);
  if (!status) return fail(std::move(status).error().with_context(printable(path)));
  return {};
}

}  // namespace bulkhead::advisory

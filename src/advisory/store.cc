#include "advisory/store.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <zstd.h>

#include "archive/inflate.h"
#include "base/fs.h"
#include "base/remedy.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace bulkhead::advisory {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPackedSuffix = ".db.zst";
constexpr std::string_view kSnapshotPrefix = "advisories-";
// Of the shipped snapshot, 57 MB: 8.9 MB in 2 s; level 9 9.1 MB in 1 s, level 16 8.4 MB in 11 s, level 19 7.9 MB in 21
// s.
constexpr int kLevel = 12;
constexpr int kWindowLog = 26;
constexpr std::string_view kNameAFile =
    "correct the path; `bulkhead db export` and `bulkhead db build` write such files";
constexpr std::string_view kCopyAgain =
    "the file is damaged or was cut off: copy it again, or write it anew with `bulkhead db export`";
constexpr std::string_view kGetOne =
    "fetch feeds with `bulkhead db update --distribution debian:12`, build one from feed files with `bulkhead db build "
    "--from DIR`, or bring one with `bulkhead db import FILE`";

// What to do about a file that somebody named.
Error about_named_file(Error error) {
  if (error.code() == Code::kNotFound) return or_remedy(std::move(error), kNameAFile);
  if (error.code() == Code::kMalformed) return or_remedy(std::move(error), kCopyAgain);
  return error;
}

// Counts what comes out of a packed file.
class CappedSource final : public BlockSource {
 public:
  CappedSource(std::unique_ptr<BlockSource> inner, const StoreLimits& limits)
      : inner_(std::move(inner)), rest_(limits.max_database_bytes), limits_(limits) {}
  Result<ByteSpan> next() override {
    TRY_ASSIGN(const ByteSpan block, inner_->next());
    if (block.size() > rest_) {
      return fail(
          limit_error("bytes in an unpacked advisory database", limits_.max_database_bytes, "--max-database-bytes"));
    }
    rest_ -= block.size();
    return block;
  }

 private:
  std::unique_ptr<BlockSource> inner_;
  uint64_t rest_;
  const StoreLimits limits_;
};

// The unpacked contents of a packed or plain database file.
Result<std::unique_ptr<BlockSource>> open_unpacking(const std::string& path, const StoreLimits& limits,
                                                    const std::stop_token& stop = {}) {
  TRY_ASSIGN(auto file, open_file_source(path, stop));
  archive::Limits inflation;  // the limit is ours
  inflation.max_layer_bytes = std::numeric_limits<uint64_t>::max();
  inflation.max_ratio = std::numeric_limits<uint64_t>::max();
  return std::make_unique<CappedSource>(archive::make_inflating_source(std::move(file), inflation), limits);
}

// Unpacks `from` beside `to`, checks it, and renames it there.
Status unpack(const std::string& from, const std::string& to, const StoreLimits& limits,
              const std::stop_token& stop = {}) {
  TRY_ASSIGN(auto source, open_unpacking(from, limits, stop));
  TRY_ASSIGN(AtomicFile file, AtomicFile::create(to));
  for (;;) {
    TRY_CONTEXT(const ByteSpan block, source->next(), from);
    if (block.empty()) break;
    TRY(file.write(block));
  }
  {
    TRY_ASSIGN(const Database check, Database::open(file.temporary_path(), from));
    if (auto status = check.verify(); !status) return fail(std::move(status).error().with_context(from));
  }
  return file.commit();
}

// The newest snapshot, by name, in the first folder that has any.
std::optional<fs::path> find_snapshot(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    std::error_code error;
    std::optional<fs::path> newest;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (!name.starts_with(kSnapshotPrefix) || !name.ends_with(kPackedSuffix)) continue;
      if (!newest || name > newest->filename().string()) newest = entries->path();
    }
    if (newest) return newest;
  }
  return std::nullopt;
}

// Where a packed file is unpacked to: another file gets another name, so that it is never mistaken for it. Told by its
// size, its beginning and its end.
Result<std::string> unpacked_path(const fs::path& packed, const std::string& cache_dir) {
  constexpr size_t kTold = size_t{64} << 10;
  TRY_ASSIGN(const MappedFile mapped, MappedFile::open(packed.string()));
  const ByteSpan bytes = mapped.bytes();
  const size_t told = std::min(bytes.size(), kTold);
  std::string ends(as_text(bytes.first(told)));
  ends += as_text(bytes.last(told));
  ends += fmt::format("{}", bytes.size());
  std::string name = packed.filename().string();
  name.resize(name.size() - kPackedSuffix.size());
  return fmt::format("{}/snapshot/{}-{}.db", cache_dir, name, Digest::sha256_of(as_bytes(ends)).hex().substr(0, 16));
}

Result<std::shared_ptr<const Database>> open_shared(const std::string& path) {
  TRY_ASSIGN(Database database, Database::open(path));
  return std::make_shared<const Database>(std::move(database));
}

Result<std::shared_ptr<const Database>> open_in_memory(const std::string& path, const StoreLimits& limits) {
  TRY_ASSIGN(auto source, open_unpacking(path, limits));
  TRY_ASSIGN(std::string bytes, read_all(*source, limits.max_database_bytes, path));
  TRY_ASSIGN(Database database, Database::from_bytes(std::move(bytes), path));
  if (auto status = database.verify(); !status) return fail(std::move(status).error().with_context(path));
  return std::make_shared<const Database>(std::move(database));
}

// A packed file, mapped from its unpacked copy in the cache; held in memory where there is no cache to write to.
Result<std::shared_ptr<const Database>> open_packed(const fs::path& packed, const std::string& cache_dir,
                                                    const StoreLimits& limits) {
  if (cache_dir.empty()) return open_in_memory(packed.string(), limits);
  TRY_ASSIGN(const std::string path, unpacked_path(packed, cache_dir));
  std::error_code error;
  if (fs::exists(path, error)) {
    auto copy = open_shared(path);
    const bool damaged =
        !copy && (copy.error().code() == Code::kMalformed || copy.error().code() == Code::kVerificationFailed ||
                  copy.error().code() == Code::kUnsupported);
    if (!damaged) return copy;  // else it is only a copy: unpacked again, over it
  }
  if (auto status = unpack(packed.string(), path, limits); !status) {
    const Code code = status.error().code();
    const bool of_contents = code == Code::kMalformed || code == Code::kVerificationFailed ||
                             code == Code::kUnsupported || code == Code::kLimitExceeded;
    if (of_contents) return std::unexpected(std::move(status).error());
    return open_in_memory(packed.string(), limits);  // a cache that cannot be written to
  }
  return open_shared(path);
}

}  // namespace

std::string cached_database_path(const std::string& cache_dir) {
  return fmt::format("{}/{}", cache_dir, kDatabaseName);
}

Result<OpenedDatabase> open_database(const StorePaths& paths, const StoreLimits& limits) {
  OpenedDatabase opened;
  if (!paths.named.empty()) {
    opened.origin = Origin::kNamed;
    opened.path = paths.named;
    auto named = paths.named.ends_with(kPackedSuffix) ? open_packed(paths.named, paths.cache_dir, limits)
                                                      : open_shared(paths.named);
    if (!named) return fail(about_named_file(std::move(named).error()));
    opened.database = *std::move(named);
    return opened;
  }
  std::error_code error;
  if (!paths.cache_dir.empty() && fs::exists(cached_database_path(paths.cache_dir), error)) {
    opened.path = cached_database_path(paths.cache_dir);
    TRY_ASSIGN(opened.database, open_shared(opened.path));
    return opened;
  }
  if (const auto snapshot = find_snapshot(paths.snapshot_dirs)) {
    opened.origin = Origin::kSnapshot;
    opened.path = snapshot->string();
    TRY_ASSIGN(opened.database, open_packed(*snapshot, paths.cache_dir, limits));
    return opened;
  }
  return fail(Code::kNotFound, "there is no advisory database", std::string(kGetOne));
}

Result<std::string> pack_database(ByteSpan database) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!context) return fail(Code::kInternal, "zstd: no memory for a compressor");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, kWindowLog);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(database.size()), '\0');
  const size_t size = ZSTD_compress2(context.get(), packed.data(), packed.size(), database.data(), database.size());
  if (ZSTD_isError(size) != 0) return fail(Code::kInternal, fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  packed.resize(size);
  return packed;
}

Result<std::shared_ptr<const Database>> import_database(const std::string& from, const std::string& cache_dir,
                                                        const StoreLimits& limits, const std::stop_token& stop) {
  const std::string path = cached_database_path(cache_dir);
  if (auto status = unpack(from, path, limits, stop); !status) {
    return fail(about_named_file(std::move(status).error()));
  }
  return open_shared(path);
}

Status install_database(std::string_view bytes, const std::string& path) {
  TRY_ASSIGN(const Database check, Database::from_bytes(std::string(bytes), path));
  TRY(check.verify());
  return write_file_atomically(path, bytes);
}

}  // namespace bulkhead::advisory

#include "layer/cache.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fs.h"

namespace bulkhead::layer {
namespace {

// docs/formats/layer-cache.md. Raise the version with any change of the encoding or of what a walk finds.
constexpr std::string_view kLayerMagic = "BHLAYER\x02";
constexpr std::string_view kLayerSuffix = ".layer";
constexpr std::string_view kImageMagic = "BHIMAGE\x01";
constexpr std::string_view kImageSuffix = ".image";
constexpr std::string_view kLinkMagic = "BHLINKS\x01";
constexpr std::string_view kLinkSuffix = ".link";
constexpr std::string_view kTemporaryMark = ".tmp-";
constexpr size_t kDigestBytes = 32;
constexpr size_t kMaxEntryBytes = size_t{1} << 30;  // of one entry, inflated
constexpr int kCompressionLevel = 1;
constexpr time_t kUseGranularitySeconds = 3600;
constexpr time_t kLeftOverSeconds = time_t{24} * 3600;

std::string entry_name(const Digest& diff_id, const AnalyserSet& analysers) {
  const std::string identity = Digest::sha256_of(as_bytes(analysers.identity())).hex();
  return fmt::format("{}-{}{}", diff_id.hex(), identity.substr(0, 32), kLayerSuffix);
}

std::string compress(std::string_view plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const size_t size = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), kCompressionLevel);
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // the only way to fail that is left
  packed.resize(size);
  return packed;
}

std::optional<std::string> decompress(std::string_view packed) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kMaxEntryBytes) return std::nullopt;
  std::string plain(size, '\0');
  if (ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size()) != size) return std::nullopt;
  return plain;
}

// The file, when it is a plain one of this user (or root's) and of a sane size.
std::optional<std::string> read_own_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (status.st_uid != ::geteuid() && status.st_uid != 0) return std::nullopt;
  if (static_cast<uint64_t>(status.st_size) > kMaxEntryBytes) return std::nullopt;
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    done += static_cast<size_t>(count);
  }
  const timespec now[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = 0, .tv_nsec = UTIME_NOW}};
  if (::time(nullptr) - status.st_mtime > kUseGranularitySeconds) ::futimens(fd.get(), now);  // best effort
  return bytes;
}

// Not synced: after a crash the checksum tells that an entry is torn, and it is written anew.
Status replace_file(const std::string& path, std::string_view first, std::string_view second) {
  std::string temporary = fmt::format("{}{}XXXXXX", path, kTemporaryMark);
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return fail(errno_error(errno, temporary));
  for (std::string_view rest : {first, second}) {
    while (!rest.empty()) {
      const ssize_t count = ::write(fd.get(), rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        const int error_number = errno;
        ::unlink(temporary.c_str());
        return fail(errno_error(error_number, temporary));
      }
      rest.remove_prefix(static_cast<size_t>(count));
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    ::unlink(temporary.c_str());
    return fail(errno_error(error_number, path));
  }
  return {};
}

// What write_entry() wrote, with its envelope; nothing when the file is anything else.
std::optional<std::string> read_sealed(const std::string& path, std::string_view magic) {
  auto bytes = read_own_file(path);
  if (!bytes || bytes->size() < magic.size() + kDigestBytes || !bytes->starts_with(magic)) return std::nullopt;
  const std::string_view checksum = std::string_view(*bytes).substr(magic.size(), kDigestBytes);
  const std::string_view packed = std::string_view(*bytes).substr(magic.size() + kDigestBytes);
  if (as_text(Digest::sha256_of(as_bytes(packed)).raw()) != checksum) return std::nullopt;
  return bytes;
}

// The same, inflated.
std::optional<std::string> read_entry(const std::string& path, std::string_view magic) {
  const auto sealed = read_sealed(path, magic);
  if (!sealed) return std::nullopt;
  return decompress(std::string_view(*sealed).substr(magic.size() + kDigestBytes));
}

Status write_entry(const std::string& path, std::string_view magic, std::string_view packed) {
  const Digest checksum = Digest::sha256_of(as_bytes(packed));
  return replace_file(path, fmt::format("{}{}", magic, as_text(checksum.raw())), packed);
}

std::string encode_link(const Digest& stored, const Digest& diff_id) {
  ByteWriter writer;
  writer.string(stored.to_string());
  writer.string(diff_id.to_string());
  return std::move(writer).take();
}

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<Cache> Cache::open(std::string directory, uint64_t max_bytes) {
  constexpr unsigned kPrivate = 0700;
  TRY(make_directories(directory, kPrivate));
  return Cache(std::move(directory), max_bytes);
}

std::optional<LayerFacts> Cache::load(const Digest& diff_id, const AnalyserSet& analysers) const {
  const auto plain = read_entry(directory_ + '/' + entry_name(diff_id, analysers), kLayerMagic);
  if (!plain) return std::nullopt;
  ByteReader reader(as_bytes(*plain));
  const auto identity = read_string(reader);
  if (!identity || *identity != analysers.identity()) return std::nullopt;
  auto facts = decode_facts(as_bytes(*plain).subspan(reader.position()));
  if (!facts || facts->diff_id != diff_id) return std::nullopt;
  const size_t analyser_count = analysers.analysers().size();
  if (!facts->facts.empty() && facts->facts.back().analyser >= analyser_count) return std::nullopt;
  const auto is_known = [&](const ExtraWant& want) { return want.analyser < analyser_count; };
  if (!std::ranges::all_of(facts->extras, is_known) ||
      !std::ranges::all_of(facts->unexamined, is_known, &Unexamined::want)) {
    return std::nullopt;
  }
  return *std::move(facts);
}

bool Cache::holds(const Digest& diff_id, const AnalyserSet& analysers) const {
  return read_sealed(directory_ + '/' + entry_name(diff_id, analysers), kLayerMagic).has_value();
}

Status Cache::store(const LayerFacts& facts, const AnalyserSet& analysers) const {
  std::string packed;
  {
    ByteWriter writer;
    writer.string(analysers.identity());
    writer.raw(encode_facts(facts));
    packed = compress(writer.bytes());
  }
  if (packed.size() > max_bytes_) return {};
  return write_entry(directory_ + '/' + entry_name(facts.diff_id, analysers), kLayerMagic, packed);
}

bool Cache::links(const Digest& stored, const Digest& diff_id) const {
  const auto plain = read_entry(fmt::format("{}/{}{}", directory_, stored.hex(), kLinkSuffix), kLinkMagic);
  return plain && *plain == encode_link(stored, diff_id);
}

Status Cache::remember_link(const Digest& stored, const Digest& diff_id) const {
  const std::string packed = compress(encode_link(stored, diff_id));
  if (packed.size() > max_bytes_) return {};
  return write_entry(fmt::format("{}/{}{}", directory_, stored.hex(), kLinkSuffix), kLinkMagic, packed);
}

std::optional<std::string> Cache::load_image(const Digest& identifier) const {
  const auto plain = read_entry(directory_ + '/' + identifier.hex() + std::string(kImageSuffix), kImageMagic);
  if (!plain) return std::nullopt;
  ByteReader reader(as_bytes(*plain));
  const auto written_for = read_string(reader);
  if (!written_for || *written_for != identifier.to_string()) return std::nullopt;
  return plain->substr(reader.position());
}

Status Cache::store_image(const Digest& identifier, std::string_view encoded) const {
  ByteWriter writer;
  writer.string(identifier.to_string());
  writer.raw(encoded);
  const std::string packed = compress(writer.bytes());
  if (packed.size() > max_bytes_) return {};
  return write_entry(directory_ + '/' + identifier.hex() + std::string(kImageSuffix), kImageMagic, packed);
}

Status Cache::trim() const {
  struct Entry {
    time_t last_used;
    uint64_t bytes;
    std::string name;
  };
  const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(directory_.c_str()));
  if (directory == nullptr) return fail(errno_error(errno, directory_));
  const int fd = ::dirfd(directory.get());
  const time_t now = ::time(nullptr);
  std::vector<Entry> entries;
  uint64_t total = 0;
  while (const dirent* item = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view name = item->d_name;
    struct stat status{};
    if (::fstatat(fd, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
    if (name.contains(kTemporaryMark)) {
      if (now - status.st_mtime > kLeftOverSeconds) ::unlinkat(fd, item->d_name, 0);
    } else if (name.ends_with(kLayerSuffix) || name.ends_with(kImageSuffix) || name.ends_with(kLinkSuffix)) {
      entries.push_back(
          {.last_used = status.st_mtime, .bytes = static_cast<uint64_t>(status.st_size), .name = std::string(name)});
      total += entries.back().bytes;
    }
  }
  std::ranges::sort(entries, {}, [](const Entry& e) { return std::tie(e.last_used, e.name); });
  for (const Entry& entry : entries) {
    if (total <= max_bytes_) break;
    if (::unlinkat(fd, entry.name.c_str(), 0) == 0 || errno == ENOENT) total -= entry.bytes;
  }
  return {};
}

}  // namespace bulkhead::layer

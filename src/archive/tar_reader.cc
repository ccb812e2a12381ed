#include "archive/tar_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/tar_header.h"
#include "base/text.h"

namespace bulkhead::archive {
namespace {

constexpr std::array<std::byte, size_t{64} * 1024> kZeros{};
constexpr uint64_t kMaxSize = uint64_t{1} << 62;  // sums of a few such sizes do not overflow

uint64_t padding_of(uint64_t size) {
  return (kTarBlockBytes - size % kTarBlockBytes) % kTarBlockBytes;
}

// The source as bytes in a row: what is left of the present block, and the next one.
class Input {
 public:
  explicit Input(BlockSource& source) : source_(&source) {}

  uint64_t position() const { return position_; }

  // At most `wanted` bytes, at least one; empty at the end of the stream.
  Result<ByteSpan> take_some(uint64_t wanted) {
    if (block_.empty()) TRY(fetch());
    const ByteSpan taken = block_.first(static_cast<size_t>(std::min<uint64_t>(wanted, block_.size())));
    block_ = block_.subspan(taken.size());
    position_ += taken.size();
    return taken;
  }

  // One block, in place where it lies in one piece; fewer bytes only at the end of the stream.
  Result<ByteSpan> take_block() {
    if (block_.empty()) TRY(fetch());
    if (block_.size() >= kTarBlockBytes) return take_some(kTarBlockBytes);
    size_t size = 0;
    while (size < kTarBlockBytes) {
      TRY_ASSIGN(const ByteSpan piece, take_some(kTarBlockBytes - size));
      if (piece.empty()) break;
      std::ranges::copy(piece, joined_.begin() + static_cast<std::ptrdiff_t>(size));
      size += piece.size();
    }
    return ByteSpan(joined_).first(size);
  }

  // How many bytes there were to skip; fewer than `count` only at the end of the stream.
  Result<uint64_t> skip(uint64_t count) {
    uint64_t skipped = std::min<uint64_t>(count, block_.size());
    block_ = block_.subspan(static_cast<size_t>(skipped));
    position_ += skipped;
    if (skipped < count) {
      TRY_ASSIGN(const uint64_t passed_over, source_->skip(count - skipped));
      skipped += passed_over;
      position_ += passed_over;
    }
    while (skipped < count) {
      TRY_ASSIGN(const ByteSpan piece, take_some(count - skipped));
      if (piece.empty()) break;
      skipped += piece.size();
    }
    return skipped;
  }

  Status drain() {
    for (;;) {
      TRY_ASSIGN(const ByteSpan piece, take_some(BlockSource::kMaxBlockBytes));
      if (piece.empty()) return {};
    }
  }

 private:
  Status fetch() {
    TRY_ASSIGN(block_, source_->next());
    return {};
  }

  BlockSource* source_;
  ByteSpan block_;
  uint64_t position_ = 0;
  std::array<std::byte, kTarBlockBytes> joined_{};
};

TarType type_of(char flag, std::string_view name) {
  switch (flag) {
    case '\0':
      return name.ends_with('/') ? TarType::kDirectory : TarType::kFile;
    case '0':
    case '7':  // contiguous file: POSIX says a file
    case 'S':
      return TarType::kFile;
    case '1':
      return TarType::kHardLink;
    case '2':
      return TarType::kSymlink;
    case '3':
      return TarType::kCharDevice;
    case '4':
      return TarType::kBlockDevice;
    case '5':
      return TarType::kDirectory;
    case '6':
      return TarType::kFifo;
    default:
      return TarType::kOther;
  }
}

bool has_content(TarType type) {
  return type == TarType::kFile || type == TarType::kOther;
}

}  // namespace

struct TarReader::State {
  State(BlockSource& source, const Limits& given) : input(source), limits(given), content(*this) {}

  std::unique_ptr<BlockSource> owned;
  Input input;
  Limits limits;

  TarHeader header;
  PaxRecords pax;
  std::string long_name;
  std::string long_link;
  std::string extension;  // bytes of the extension header that was read last
  TarEntry entry;
  uint64_t entries = 0;
  uint64_t header_offset = 0;
  bool at_end = false;

  uint64_t stored_left = 0;  // of the present content
  uint64_t padding = 0;
  SparseMap map;        // of a sparse entry
  size_t fragment = 0;  // index into map
  uint64_t expanded = 0;

  class Content final : public BlockSource {
   public:
    explicit Content(State& state) : state_(state) {}
    Result<ByteSpan> next() override { return state_.read(); }

   private:
    State& state_;
  };
  Content content;

  std::unexpected<Error> malformed(std::string_view problem) const {
    return fail(Code::kMalformed, fmt::format("tar header at byte {}: {}", header_offset, problem));
  }
  std::unexpected<Error> located(Error error) const {
    return fail(std::move(error).with_context(fmt::format("tar header at byte {}", header_offset)));
  }

  Status skip_content();
  Result<bool> read_header(ByteSpan& block);
  Status read_extension();
  Status read_long_text(std::string& text);
  Status read_pax();
  Status make_entry(TarBlock block);
  Status make_sparse(TarBlock block);
  Status read_old_sparse(TarBlock block);
  Status read_pax_sparse();
  Result<SparseMap> read_sparse_map_1_0();
  Result<const TarEntry*> next();
  Result<ByteSpan> read();
  Result<ByteSpan> read_sparse();
  Result<ByteSpan> read_stored(uint64_t wanted);
};

Status TarReader::State::skip_content() {
  TRY_ASSIGN(const uint64_t skipped, input.skip(stored_left));
  if (skipped != stored_left) {
    return fail(Code::kMalformed, fmt::format("tar archive ends inside \"{}\", {} bytes early", printable(entry.path),
                                              stored_left - skipped));
  }
  // Padding that is missing at the very end of the archive harms nobody.
  TRY(input.skip(padding));
  stored_left = 0;
  padding = 0;
  return {};
}

// False at the end of the archive.
Result<bool> TarReader::State::read_header(ByteSpan& block) {
  header_offset = input.position();
  TRY_ASSIGN(block, input.take_block());
  if (block.empty()) return false;
  if (block.size() == kTarBlockBytes && is_zero_block(block.first<kTarBlockBytes>())) {
    TRY_ASSIGN(block, input.take_block());
    if (block.empty()) return false;
    if (block.size() == kTarBlockBytes && is_zero_block(block.first<kTarBlockBytes>())) return false;
    return malformed("a single zero block among other ones");
  }
  if (block.size() < kTarBlockBytes) return malformed("the archive ends inside it");
  if (auto parsed = parse_tar_header(block.first<kTarBlockBytes>(), header); !parsed) {
    return located(std::move(parsed).error());
  }
  return true;
}

// The content of an extension header (pax records, a long name), into `extension`.
Status TarReader::State::read_extension() {
  if (header.size > limits.max_header_bytes) return located(limit_passed(limits, &Limits::max_header_bytes));
  extension.clear();
  stored_left = header.size;
  padding = padding_of(header.size);
  while (stored_left != 0) {
    TRY_ASSIGN(const ByteSpan piece, read_stored(stored_left));
    extension.append(as_text(piece));
  }
  return skip_content();
}

Status TarReader::State::read_long_text(std::string& text) {
  TRY(read_extension());
  text.assign(extension, 0, std::min(extension.find('\0'), extension.size()));
  return {};
}

Status TarReader::State::read_pax() {
  TRY(read_extension());
  if (auto parsed = parse_pax(extension, pax); !parsed) return located(std::move(parsed).error());
  return {};
}

Result<const TarEntry*> TarReader::State::next() {
  if (at_end) return nullptr;
  TRY(skip_content());
  entry.path.clear();  // errors name it: what is read from here on is none of its
  pax.clear();
  long_name.clear();
  long_link.clear();
  for (;;) {
    ByteSpan block;
    TRY_ASSIGN(const bool found, read_header(block));
    if (!found) {
      at_end = true;
      TRY(input.drain());
      return nullptr;
    }
    switch (header.type) {
      case 'x':
        TRY(read_pax());
        break;
      case 'L':
        TRY(read_long_text(long_name));
        break;
      case 'K':
        TRY(read_long_text(long_link));
        break;
      case 'g':
        // Ends what was announced for the next entry, too.
        TRY(read_pax());
        pax.clear();
        long_name.clear();
        long_link.clear();
        break;
      default:
        if (++entries > limits.max_entries) return fail(limit_passed(limits, &Limits::max_entries));
        if (auto made = make_entry(block.first<kTarBlockBytes>()); !made) return fail(std::move(made).error());
        return &entry;
    }
  }
}

Status TarReader::State::make_entry(TarBlock block) {
  const auto pick = [&](const std::string& gnu, PaxKey key, const std::string& plain) -> const std::string& {
    if (!gnu.empty()) return gnu;
    return pax[key].empty() ? plain : pax[key];
  };
  entry.path.assign(pick(long_name, PaxKey::kPath, header.name));
  entry.link.assign(pick(long_link, PaxKey::kLinkPath, header.link));
  entry.type = type_of(header.type, entry.path);
  entry.mode = header.mode;
  entry.device_major = header.device_major;
  entry.device_minor = header.device_minor;
  entry.sparse = false;
  map.clear();
  fragment = 0;
  expanded = 0;

  uint64_t size = header.size;
  if (!pax[PaxKey::kSize].empty()) {
    const auto stated = parse_decimal(pax[PaxKey::kSize]);
    if (!stated) return malformed("pax size that is no number");
    size = *stated;
  }
  if (!has_content(entry.type)) size = 0;
  if (size > kMaxSize) return malformed("impossible size");
  entry.offset = input.position();
  entry.size = size;
  entry.stored_size = size;
  stored_left = size;
  padding = padding_of(size);
  TRY(make_sparse(block));
  for (const std::string* path : {&entry.path, &entry.link}) {
    if (path->size() > limits.max_path_bytes) return located(limit_passed(limits, &Limits::max_path_bytes));
  }
  return {};
}

// Finds out whether the entry is sparse, by whichever of the four ways to say so.
Status TarReader::State::make_sparse(TarBlock block) {
  const bool old = header.type == 'S';
  const std::string& major = pax[PaxKey::kSparseMajor];
  const std::string& minor = pax[PaxKey::kSparseMinor];
  const bool by_version = (major == "0" && (minor == "0" || minor == "1")) || (major == "1" && minor == "0");
  const bool by_map = major.empty() && minor.empty() && !pax[PaxKey::kSparseMap].empty();
  if (!old && !by_version && !by_map) return {};  // unknown versions are plain files, too
  if (!has_content(entry.type)) return malformed("a sparse map for what is no file");

  entry.sparse = true;
  auto parsed = old ? read_old_sparse(block) : read_pax_sparse();
  if (parsed) {
    entry.offset = input.position();
    entry.stored_size = stored_left;
    parsed = check_sparse_map(map, entry.size, stored_left);
  }
  if (!parsed) return located(std::move(parsed).error());
  return {};
}

Status TarReader::State::read_old_sparse(TarBlock block) {
  if (!header.gnu) return fail(Code::kMalformed, "an old GNU sparse map without the GNU magic");
  TRY_ASSIGN(entry.size, old_sparse_real_size(block));
  TRY_ASSIGN(bool more, parse_old_sparse_map(block, true, map));
  for (uint64_t bytes = 0; more; bytes += kTarBlockBytes) {
    if (bytes >= limits.max_header_bytes) return fail(limit_passed(limits, &Limits::max_header_bytes));
    TRY_ASSIGN(const ByteSpan extra, input.take_block());
    if (extra.size() < kTarBlockBytes) return fail(Code::kMalformed, "the archive ends inside a sparse map");
    TRY_ASSIGN(more, parse_old_sparse_map(extra.first<kTarBlockBytes>(), false, map));
  }
  return {};
}

Status TarReader::State::read_pax_sparse() {
  if (const std::string& name = pax[PaxKey::kSparseName]; !name.empty()) entry.path = name;
  const std::string& size = pax[PaxKey::kSparseSize].empty() ? pax[PaxKey::kSparseRealSize] : pax[PaxKey::kSparseSize];
  if (!size.empty()) {
    const auto stated = parse_decimal(size);
    if (!stated || *stated > kMaxSize) return fail(Code::kMalformed, "sparse file size that is no number");
    entry.size = *stated;
  }
  if (pax[PaxKey::kSparseMajor] == "1") {
    TRY_ASSIGN(map, read_sparse_map_1_0());
  } else {
    TRY_ASSIGN(map, parse_pax_sparse_map(pax));
  }
  return {};
}

// GNU tar manual, "PAX Format, Version 1.0": the content begins with decimal numbers, each ended by a newline, filled
// up to a whole block: the number of fragments, then offset and size of each.
Result<SparseMap> TarReader::State::read_sparse_map_1_0() {
  std::string text;
  size_t parsed = 0;
  const auto number = [&]() -> Result<uint64_t> {
    size_t end = text.find('\n', parsed);
    while (end == std::string::npos) {
      if (text.size() >= limits.max_header_bytes) return fail(limit_passed(limits, &Limits::max_header_bytes));
      if (stored_left < kTarBlockBytes) return fail(Code::kMalformed, "sparse map without end");
      TRY_ASSIGN(const ByteSpan block, input.take_block());
      if (block.size() < kTarBlockBytes) return fail(Code::kMalformed, "the archive ends inside a sparse map");
      stored_left -= kTarBlockBytes;
      const size_t searched = text.size();
      text.append(as_text(block));
      end = text.find('\n', searched);
    }
    const auto value = parse_decimal(std::string_view(text).substr(parsed, end - parsed));
    if (!value) return fail(Code::kMalformed, "sparse map with something that is no number");
    parsed = end + 1;
    return *value;
  };
  TRY_ASSIGN(const uint64_t count, number());
  SparseMap read;
  for (uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const uint64_t offset, number());
    TRY_ASSIGN(const uint64_t size, number());
    read.push_back({offset, size});
  }
  return read;
}

Result<ByteSpan> TarReader::State::read_stored(uint64_t wanted) {
  if (stored_left == 0) return ByteSpan();
  TRY_ASSIGN(const ByteSpan piece, input.take_some(std::min(wanted, stored_left)));
  if (piece.empty()) {
    const std::string inside = entry.path.empty() ? fmt::format("the content of the header at byte {}", header_offset)
                                                  : fmt::format("\"{}\"", printable(entry.path));
    return fail(Code::kMalformed, fmt::format("tar archive ends inside {}, {} bytes early", inside, stored_left));
  }
  stored_left -= piece.size();
  return piece;
}

Result<ByteSpan> TarReader::State::read_sparse() {
  while (fragment < map.size() && expanded == map[fragment].offset + map[fragment].size) ++fragment;
  const uint64_t hole_end = fragment < map.size() ? map[fragment].offset : entry.size;
  if (expanded < hole_end) {
    const auto size = static_cast<size_t>(std::min<uint64_t>(hole_end - expanded, kZeros.size()));
    expanded += size;
    return ByteSpan(kZeros).first(size);
  }
  if (fragment == map.size()) return ByteSpan();
  TRY_ASSIGN(const ByteSpan piece, read_stored(map[fragment].offset + map[fragment].size - expanded));
  expanded += piece.size();
  return piece;
}

Result<ByteSpan> TarReader::State::read() {
  return entry.sparse ? read_sparse() : read_stored(BlockSource::kMaxBlockBytes);
}

TarReader::TarReader(BlockSource& source, const Limits& limits) : state_(std::make_unique<State>(source, limits)) {}
TarReader::TarReader(std::unique_ptr<BlockSource> source, const Limits& limits)
    : state_(std::make_unique<State>(*source, limits)) {
  state_->owned = std::move(source);
}
TarReader::TarReader(TarReader&&) noexcept = default;
TarReader& TarReader::operator=(TarReader&&) noexcept = default;
TarReader::~TarReader() = default;

Result<const TarEntry*> TarReader::next() {
  return state_->next();
}
Result<ByteSpan> TarReader::read() {
  return state_->read();
}
BlockSource& TarReader::content() {
  return state_->content;
}
uint64_t TarReader::position() const {
  return state_->input.position();
}

Status normalise_path(std::string_view path, std::string& normal) {
  normal.clear();
  std::string_view rest = path;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      if (normal.empty()) {
        return fail(Code::kMalformed, fmt::format("path \"{}\" leads out of the archive's root", printable(path)));
      }
      const size_t parent = normal.rfind('/');
      normal.resize(parent == std::string::npos ? 0 : parent);
      continue;
    }
    if (!normal.empty()) normal += '/';
    normal += segment;
  }
  return {};
}

Result<std::string> normalise_path(std::string_view path) {
  std::string normal;
  TRY(normalise_path(path, normal));
  return normal;
}

}  // namespace bulkhead::archive

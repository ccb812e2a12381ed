#include "archive/inflate.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "archive/decoder.h"

namespace bulkhead::archive {
namespace {

struct Format {
  Compression compression;
  std::string_view name;
  std::unique_ptr<Decoder> (*make_decoder)();
};
constexpr Format kFormats[] = {
    {Compression::kGzip, "gzip", make_gzip_decoder},
    {Compression::kZstd, "zstd", make_zstd_decoder},
    {Compression::kXz, "xz", make_xz_decoder},
    {Compression::kBzip2, "bzip2", make_bzip2_decoder},
};

const Format* format_of(Compression compression) {
  const auto* const found = std::ranges::find(kFormats, compression, &Format::compression);
  return found == std::end(kFormats) ? nullptr : found;
}

bool is_zstd(std::string_view head) {
  using namespace std::string_view_literals;
  // A frame, or a skippable frame, whose magic has sixteen values (RFC 8878, 3.1.2).
  return head.starts_with("\x28\xb5\x2f\xfd"sv) ||
         (head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50 &&
          head.substr(1, 3) == "\x2a\x4d\x18"sv);
}

}  // namespace

std::string_view compression_name(Compression compression) {
  const Format* format = format_of(compression);
  return format == nullptr ? "none" : format->name;
}

Compression detect_compression(ByteSpan bytes) {
  using namespace std::string_view_literals;
  const std::string_view head = as_text(bytes);
  if (head.starts_with("\x1f\x8b"sv)) return Compression::kGzip;
  if (is_zstd(head)) return Compression::kZstd;
  if (head.starts_with("\xfd"
                       "7zXZ\0"sv))
    return Compression::kXz;
  if (head.size() >= 4 && head.starts_with("BZh"sv) && head[3] >= '1' && head[3] <= '9') return Compression::kBzip2;
  return Compression::kNone;
}

struct Inflater::State {
  BlockSource& stored;
  Limits limits;
  uint64_t Limits::* max_bytes;
  const Format* format = nullptr;
  std::unique_ptr<Decoder> decoder;
  std::string head;  // first bytes, when they came in more than one block
  ByteSpan pending;  // stored bytes not consumed yet
  bool started = false;
  bool input_ended = false;
  bool between_members = false;  // at least one is complete and none has begun since
  bool padding = false;          // nothing but zero bytes may follow
  uint64_t consumed = 0;
  uint64_t produced = 0;

  State(BlockSource& source, const Limits& given, uint64_t Limits::* given_bytes)
      : stored(source), limits(given), max_bytes(given_bytes) {}

  Status start();
  Status fetch();
  Status check_limits() const;
  Result<bool> at_end_between_members();
  Result<ByteSpan> pass_through();
  Result<ByteSpan> decode(std::span<std::byte> out);
  std::unexpected<Error> malformed(std::string_view problem) const {
    return fail(Code::kMalformed, fmt::format("{} at byte {}", problem, consumed));
  }
};

Status Inflater::State::fetch() {
  TRY_ASSIGN(pending, stored.next());
  input_ended = pending.empty();
  return {};
}

// Finds out the format. A block is nearly always longer than any magic; only when it is not are blocks joined.
Status Inflater::State::start() {
  started = true;
  TRY(fetch());
  if (pending.size() < kMagicBytes && !input_ended) {
    while (head.size() < kMagicBytes && !input_ended) {
      head.append(as_text(pending));
      TRY(fetch());
    }
    // What follows the joined head is fetched again by decode() or pass_through(); keep the block that came last.
    head.append(as_text(pending));
    pending = as_bytes(head);
    input_ended = false;
  }
  format = format_of(detect_compression(pending));
  if (format != nullptr) decoder = format->make_decoder();
  return {};
}

Status Inflater::State::check_limits() const {
  if (produced > limits.*max_bytes) return fail(limit_passed(limits, max_bytes));
  if (produced > Limits::kRatioFloorBytes && produced / std::max<uint64_t>(consumed, 1) > limits.max_ratio) {
    return fail(limit_passed(limits, &Limits::max_ratio));
  }
  return {};
}

Result<ByteSpan> Inflater::State::pass_through() {
  if (pending.empty() && !input_ended) TRY(fetch());
  const ByteSpan block = std::exchange(pending, ByteSpan());
  consumed += block.size();
  produced += block.size();
  TRY(check_limits());
  return block;
}

// True: the stored stream is at its end, as it must be. False: another member follows.
Result<bool> Inflater::State::at_end_between_members() {
  for (;;) {
    if (pending.empty() && !input_ended) TRY(fetch());
    if (pending.empty()) return true;
    if (!padding && pending.front() != std::byte{0}) return false;
    if (!decoder->allows_zero_padding()) return malformed(fmt::format("zero bytes after the {} data", format->name));
    padding = true;
    const auto first = std::ranges::find_if(pending, [](std::byte b) { return b != std::byte{0}; });
    consumed += static_cast<uint64_t>(first - pending.begin());
    if (first != pending.end()) {
      return malformed(fmt::format("something else after the {} data and its padding", format->name));
    }
    pending = {};
  }
}

Result<ByteSpan> Inflater::State::decode(std::span<std::byte> out) {
  for (;;) {
    if (between_members) {
      TRY_ASSIGN(const bool at_end, at_end_between_members());
      if (at_end) return ByteSpan();
      between_members = false;
    }
    if (pending.empty() && !input_ended) TRY(fetch());
    auto step = decoder->step(pending, out, input_ended);
    if (!step)
      return fail(std::move(step).error().with_context(fmt::format("{} data near byte {}", format->name, consumed)));
    consumed += step->consumed;
    produced += step->produced;
    pending = pending.subspan(step->consumed);
    between_members = step->member_ended;
    TRY(check_limits());
    if (step->produced != 0) return ByteSpan(out).first(step->produced);
    if (step->consumed == 0 && !step->member_ended && input_ended) {
      return malformed(fmt::format("{} data ends early", format->name));
    }
    // Neither progress nor room for it: a decoder that wants more than a block holds gets no more by asking again.
    if (step->consumed == 0 && !step->member_ended && !pending.empty()) {
      return malformed(fmt::format("{} data makes no progress", format->name));
    }
  }
}

Inflater::Inflater(BlockSource& stored, const Limits& limits, uint64_t Limits::* max_bytes)
    : state_(std::make_unique<State>(stored, limits, max_bytes)) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Result<Compression> Inflater::compression() {
  if (!state_->started) TRY(state_->start());
  return state_->format == nullptr ? Compression::kNone : state_->format->compression;
}

Result<ByteSpan> Inflater::read(std::span<std::byte> out) {
  if (!state_->started) TRY(state_->start());
  return state_->decoder == nullptr ? state_->pass_through() : state_->decode(out);
}

uint64_t Inflater::stored_bytes() const {
  return state_->consumed;
}
uint64_t Inflater::inflated_bytes() const {
  return state_->produced;
}

namespace {

class InflatingSource final : public BlockSource {
 public:
  InflatingSource(std::unique_ptr<BlockSource> stored, const Limits& limits, uint64_t Limits::* max_bytes)
      : stored_(std::move(stored)), inflater_(*stored_, limits, max_bytes) {}

  Result<ByteSpan> next() override {
    if (buffer_.empty()) {
      TRY_ASSIGN(const Compression compression, inflater_.compression());
      buffer_.resize(compression == Compression::kNone ? 1 : kInflateBlockBytes);
    }
    return inflater_.read(buffer_);
  }

 private:
  std::unique_ptr<BlockSource> stored_;
  Inflater inflater_;
  std::vector<std::byte> buffer_;
};

}  // namespace

std::unique_ptr<BlockSource> make_inflating_source(std::unique_ptr<BlockSource> stored, const Limits& limits,
                                                   uint64_t Limits::* max_bytes) {
  return std::make_unique<InflatingSource>(std::move(stored), limits, max_bytes);
}

}  // namespace bulkhead::archive

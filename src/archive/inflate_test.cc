#include "archive/inflate.h"

#include <random>
#include <vector>

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "archive/decoder.h"
#include "base/chopped_source.h"

namespace bulkhead::archive {
namespace {

// Repetitive and random stretches in turn, so that every kind of deflate block occurs.
std::string sample_text(size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) {
    text.append(std::to_string(random() % 1000)).append(" usr/lib/x86_64-linux-gnu/ ");
    if (random() % 16 == 0) {
      for (int i = 0; i < 300; ++i) text.push_back(static_cast<char>(random() & 0xff));
    }
  }
  text.resize(size);
  return text;
}

std::string gzip(std::string_view text, int level = 6) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string xz(std::string_view text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(3, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                                    text.size(), reinterpret_cast<uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string bzip2(std::string_view text) {
  auto size = static_cast<unsigned>(text.size() + text.size() / 100 + 700);
  std::string out(size, '\0');
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(text.data()),
                                     static_cast<unsigned>(text.size()), 1, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

Result<std::string> inflate_all(std::string stored, size_t block = 65536, const Limits& limits = {}) {
  auto source = make_inflating_source(std::make_unique<ChoppedSource>(std::move(stored), block), limits);
  TRY_ASSIGN(std::string all, read_all(*source, size_t{1} << 30, "contents"));
  TRY_ASSIGN(const ByteSpan again, source->next());
  EXPECT_TRUE(again.empty());
  return all;
}

struct FormatCase {
  Compression compression;
  std::string (*compress)(std::string_view);
};
const FormatCase kFormats[] = {
    {Compression::kGzip, [](std::string_view text) { return gzip(text); }},
    {Compression::kZstd, zstd},
    {Compression::kXz, xz},
    {Compression::kBzip2, bzip2},
};

class EachFormat : public testing::TestWithParam<FormatCase> {};
INSTANTIATE_TEST_SUITE_P(, EachFormat, testing::ValuesIn(kFormats),
                         [](const auto& info) { return std::string(compression_name(info.param.compression)); });

TEST_P(EachFormat, InflatesWhateverTheBlockSize) {
  const std::string text = sample_text(700'000);
  const std::string stored = GetParam().compress(text);
  EXPECT_EQ(detect_compression(as_bytes(stored)), GetParam().compression);
  for (const size_t block : {size_t{1}, size_t{3}, size_t{7}, size_t{4096}, size_t{1} << 20}) {
    const auto inflated = inflate_all(stored, block);
    ASSERT_TRUE(inflated) << inflated.error().to_string();
    EXPECT_EQ(*inflated, text) << "in blocks of " << block;
  }
}

TEST_P(EachFormat, InflatesMemberAfterMember) {
  std::string stored;
  std::string text;
  for (int i = 0; i < 20; ++i) {
    const std::string piece = i % 5 == 0 ? "" : sample_text(static_cast<size_t>(i) * 1000);
    stored += GetParam().compress(piece);
    text += piece;
  }
  for (const size_t block : {size_t{1}, size_t{100}, size_t{65536}}) {
    const auto inflated = inflate_all(stored, block);
    ASSERT_TRUE(inflated) << inflated.error().to_string();
    EXPECT_EQ(*inflated, text);
  }
}

TEST_P(EachFormat, RejectsAStreamThatEndsEarlyAnywhere) {
  const std::string stored = GetParam().compress(sample_text(2000));
  for (size_t size = kMagicBytes; size < stored.size(); ++size) {
    const auto inflated = inflate_all(stored.substr(0, size));
    ASSERT_FALSE(inflated) << "cut to " << size;
    EXPECT_EQ(inflated.error().code(), Code::kMalformed);
  }
}

TEST_P(EachFormat, RejectsOtherBytesAfterTheEnd) {
  const std::string stored = GetParam().compress(sample_text(1000));
  for (const std::string_view junk : {"x", "junk junk junk junk", "\x01"}) {
    const auto inflated = inflate_all(stored + std::string(junk));
    ASSERT_FALSE(inflated) << junk;
    EXPECT_EQ(inflated.error().code(), Code::kMalformed);
  }
}

TEST_P(EachFormat, RejectsEveryFlippedBitOrGivesTheSameBytes) {
  const std::string text = sample_text(600);
  const std::string stored = GetParam().compress(text);
  for (size_t i = 0; i < stored.size() * 8; ++i) {
    std::string damaged = stored;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    // A flipped magic makes it another format or none, which is for the digests to find; the rest is checksummed,
    // except for fields without meaning for the contents.
    if (detect_compression(as_bytes(damaged)) != GetParam().compression) continue;
    const auto inflated = inflate_all(damaged);
    if (inflated) EXPECT_EQ(*inflated, text) << "bit " << i;
  }
}

TEST_P(EachFormat, StopsAtTheLimitOfBytes) {
  const std::string stored = GetParam().compress(sample_text(100'000));
  EXPECT_TRUE(inflate_all(stored, 65536, {.max_layer_bytes = 100'000}));
  const auto inflated = inflate_all(stored, 65536, {.max_layer_bytes = 99'999});
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(inflated.error().message(), "more than 99999 bytes in one layer, inflated");
  EXPECT_NE(inflated.error().remedy().find("--max-layer-bytes"), std::string::npos);
}

TEST(Inflate, PassesUncompressedBytesThrough) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{5}, size_t{6}, size_t{100'000}}) {
    const std::string text = sample_text(size);
    for (const size_t block : {size_t{1}, size_t{4}, size_t{4096}}) EXPECT_EQ(*inflate_all(text, block), text);
  }
  EXPECT_EQ(inflate_all("abcdef", 3, {.max_layer_bytes = 5}).error().code(), Code::kLimitExceeded);
}

TEST(Inflate, AllowsZeroPaddingAfterGzipOnly) {
  const std::string text = sample_text(1000);
  const std::string padding(1500, '\0');
  EXPECT_EQ(*inflate_all(gzip(text) + padding, 64), text);
  EXPECT_FALSE(inflate_all(gzip(text) + padding + "x", 64));
  EXPECT_FALSE(inflate_all(gzip(text) + padding + gzip(text), 64));
  EXPECT_FALSE(inflate_all(zstd(text) + padding, 64));
  EXPECT_FALSE(inflate_all(bzip2(text) + padding, 64));
}

TEST(Inflate, SkipsZstdSkippableFramesWhereverTheyAre) {
  const std::string skippable = std::string("\x5e\x2a\x4d\x18\x04\0\0\0abcd", 12);
  EXPECT_EQ(*inflate_all(skippable + zstd("one") + skippable + zstd("two") + skippable), "onetwo");
}

// A gzip stream of `size` zero bytes, about a thousandth of that long, made a piece at a time.
class ZeroBomb final : public BlockSource {
 public:
  explicit ZeroBomb(uint64_t size) : member_(gzip(std::string(kMemberBytes, '\0'), 9)), left_(size / kMemberBytes) {}
  Result<ByteSpan> next() override {
    if (left_ == 0) return ByteSpan();
    --left_;
    return as_bytes(member_);
  }

 private:
  static constexpr size_t kMemberBytes = size_t{64} << 20;
  std::string member_;
  uint64_t left_;
};

TEST(Inflate, StopsABombAtTheRatioAndLeavesSmallArchivesAlone) {
  Limits limits;
  limits.max_ratio = 500;
  auto small = make_inflating_source(std::make_unique<ZeroBomb>(Limits::kRatioFloorBytes / 2), limits);
  uint64_t inflated = 0;
  for (;;) {
    const auto block = small->next();
    ASSERT_TRUE(block) << block.error().to_string();
    if (block->empty()) break;
    inflated += block->size();
  }
  EXPECT_EQ(inflated, Limits::kRatioFloorBytes / 2);

  auto bomb = make_inflating_source(std::make_unique<ZeroBomb>(uint64_t{1} << 50), limits);
  inflated = 0;
  for (;;) {
    const auto block = bomb->next();
    if (!block) {
      EXPECT_EQ(block.error().code(), Code::kLimitExceeded);
      EXPECT_NE(block.error().remedy().find("--max-ratio"), std::string::npos);
      break;
    }
    ASSERT_FALSE(block->empty());
    inflated += block->size();
  }
  EXPECT_LE(inflated, Limits::kRatioFloorBytes + kInflateBlockBytes);
}

TEST(Inflate, RefusesAZstdWindowThatNeedsTooMuchMemory) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 28);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  const std::string text = sample_text(1000);
  std::string stored(10'000, '\0');
  ZSTD_inBuffer in = {text.data(), text.size(), 0};
  ZSTD_outBuffer out = {stored.data(), stored.size(), 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);  // a frame begun without its size keeps its whole window
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  stored.resize(out.pos);
  const auto inflated = inflate_all(stored);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code(), Code::kUnsupported);
}

TEST(Inflate, SaysWhereAStreamIsDamaged) {
  std::string stored = gzip(sample_text(100'000));
  stored.resize(stored.size() / 2);
  const auto inflated = inflate_all(stored);
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().to_string(), "gzip data ends early at byte " + std::to_string(stored.size()));
}

// Runs one decoder over a whole stream as Inflater does.
std::optional<std::string> verdict(std::unique_ptr<Decoder> decoder, std::string_view stored) {
  std::string all;
  std::vector<std::byte> out(3000);
  ByteSpan in = as_bytes(stored);
  for (;;) {
    const auto step = decoder->step(in, out, in.empty());
    if (!step) return std::nullopt;
    all.append(as_text(ByteSpan(out).first(step->produced)));
    in = in.subspan(step->consumed);
    if (step->member_ended && in.empty()) return all;
    if (step->consumed == 0 && step->produced == 0 && !step->member_ended) return std::nullopt;
  }
}

TEST(Inflate, RefusesReservedFlagsInTheHeaderOfAnyGzipMember) {
  const std::string sound = gzip("one") + gzip("two");
  ASSERT_TRUE(inflate_all(sound));
  for (const size_t member : {size_t{0}, gzip("one").size()}) {
    for (const unsigned flag : {0x20U, 0x40U, 0x80U}) {
      std::string stored = sound;
      stored[member + 3] = static_cast<char>(flag);
      for (const size_t block : {size_t{1}, size_t{3}, size_t{4}, size_t{100}}) {
        const auto source = make_inflating_source(std::make_unique<ChoppedSource>(stored, block), {});
        const auto inflated = read_all(*source, 100, "contents");
        ASSERT_FALSE(inflated) << member << ' ' << flag << ' ' << block;
        EXPECT_EQ(inflated.error().code(), Code::kMalformed);
      }
    }
  }
}

#ifdef BULKHEAD_HAVE_ISAL
TEST(GzipDecoders, AgreeOnSoundAndDamagedStreams) {
  std::mt19937 random(11);
  const std::string text = sample_text(5000);
  const std::string sound[] = {gzip(text, 0), gzip(text, 1), gzip(text, 9), gzip("") + gzip(text) + gzip("")};
  for (const std::string& stored : sound) {
    ASSERT_TRUE(verdict(make_isal_gzip_decoder(), stored));
    for (int i = 0; i < 3000; ++i) {
      std::string damaged = stored;
      switch (random() % 3) {
        case 0:
          damaged.resize(random() % damaged.size());
          break;
        case 1:
          damaged[random() % damaged.size()] ^= static_cast<char>(1U << (random() % 8));
          break;
        default:
          damaged.insert(random() % damaged.size(), 1, static_cast<char>(random() & 0xff));
          break;
      }
      EXPECT_EQ(verdict(make_isal_gzip_decoder(), damaged), verdict(make_zlib_gzip_decoder(), damaged));
    }
  }
}
#endif

}  // namespace
}  // namespace bulkhead::archive

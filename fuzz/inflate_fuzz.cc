// fuzz: archive
// Compressed streams: no input harms the inflater, how it is cut into blocks changes nothing, and both gzip decoders
// agree.
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/decoder.h"
#include "archive/inflate.h"
#include "base/chopped_source.h"

namespace {

using namespace bulkhead;

constexpr size_t kMaxBytes = size_t{4} << 20;

std::optional<std::string> inflate(const std::string& stored, size_t block_bytes) {
  auto source = archive::make_inflating_source(std::make_unique<ChoppedSource>(stored, block_bytes),
                                               {.max_layer_bytes = kMaxBytes});
  auto all = read_all(*source, kMaxBytes, "contents");
  if (!all) return std::nullopt;
  return *std::move(all);
}

std::optional<std::string> decode_member(archive::Decoder& decoder, ByteSpan in) {
  std::string all;
  std::vector<std::byte> out(5000);
  while (all.size() < kMaxBytes) {
    const auto step = decoder.step(in, out, in.empty());
    if (!step) return std::nullopt;
    all.append(as_text(ByteSpan(out).first(step->produced)));
    in = in.subspan(step->consumed);
    if (step->member_ended) return all + '/' + std::to_string(in.size());
    if (step->consumed == 0 && step->produced == 0) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string stored(reinterpret_cast<const char*>(data), size);
  if (inflate(stored, 1 << 20) != inflate(stored, 7)) std::abort();
#ifdef BULKHEAD_HAVE_ISAL
  if (archive::detect_compression(as_bytes(stored)) == archive::Compression::kGzip) {
    if (decode_member(*archive::make_isal_gzip_decoder(), as_bytes(stored)) !=
        decode_member(*archive::make_zlib_gzip_decoder(), as_bytes(stored))) {
      std::abort();
    }
  }
#endif
  return 0;
}

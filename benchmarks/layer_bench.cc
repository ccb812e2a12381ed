// bench: layer
// One layer through the whole pass, beside the work that cannot be spared: inflation by ISA-L and two SHA-256 over the
// same bytes. The layer is the tar named by $BULKHEAD_BENCH_LAYER (gzip'd as it is), else 200 MB made up to look like a
// Debian base: 7,000 files, half of them text, and a package database.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <zlib.h>
#ifdef BULKHEAD_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include "archive/inflate.h"
#include "archive/tar_builder.h"
#include "layer/test_layers.h"

namespace {

using namespace bulkhead;
using namespace bulkhead::layer;

std::string gzip(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK) std::abort();
  std::string out(deflateBound(&stream, text.size()) + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) std::abort();
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string made_up_layer() {
  std::mt19937 random(1);
  std::vector<std::string> words;
  for (int i = 0; i < 5000; ++i) {
    std::string word;
    for (size_t length = 2 + random() % 9; length > 0; --length) word += static_cast<char>('a' + random() % 26);
    words.push_back(word);
  }
  archive::TarBuilder tar;
  for (int i = 0; i < 7000; ++i) {
    std::string content;
    const size_t size = (random() % 100 < 90 ? 3000 : 250'000) + random() % 4000;
    while (content.size() < size) {
      if (i % 2 == 0) {
        content += words[random() % words.size()] + ' ';
      } else {
        for (int j = 0; j < 8; ++j) content += static_cast<char>(random() % (j % 2 == 0 ? 256 : 16));
      }
    }
    tar.file(fmt::format("usr/share/package{}/file{}", i / 20, i), content);
  }
  std::string status;
  for (int i = 0; i < 300; ++i)
    status += fmt::format("Package: p{}\nStatus: install ok installed\nVersion: 1.{}\n\n", i, i);
  tar.file("var/lib/dpkg/status", status);
  return tar.finish();
}

const std::string& layer_bytes() {
  static const std::string bytes = [] {
    const char* const path = std::getenv("BULKHEAD_BENCH_LAYER");  // NOLINT(concurrency-mt-unsafe)
    if (path == nullptr) return gzip(made_up_layer());
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  return bytes;
}

class ViewSource final : public BlockSource {
 public:
  explicit ViewSource(std::string_view bytes) : rest_(as_bytes(bytes)) {}
  Result<ByteSpan> next() override {
    const ByteSpan block = rest_.first(std::min<size_t>(rest_.size(), 256 << 10));
    rest_ = rest_.subspan(block.size());
    return block;
  }

 private:
  ByteSpan rest_;
};

#ifdef BULKHEAD_HAVE_ISAL
// The work that cannot be spared, with nothing of ours around it but the hasher: digest of the stored bytes, inflation
// by ISA-L itself, digest of the inflated ones.
void raw(benchmark::State& state) {
  const std::string& stored_bytes = layer_bytes();  // made up before the clock runs
  std::vector<uint8_t> block(archive::kInflateBlockBytes);
  const auto inflater = std::make_unique<inflate_state>();
  uint64_t inflated = 0;
  for (auto _ : state) {
    Hasher stored;
    Hasher diff;
    inflated = 0;
    isal_inflate_init(inflater.get());
    inflater->crc_flag = ISAL_GZIP;
    ViewSource source(stored_bytes);
    for (auto in = source.next(); !in->empty(); in = source.next()) {
      stored.update(*in);
      inflater->next_in = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(in->data()));
      inflater->avail_in = static_cast<uint32_t>(in->size());
      size_t produced = 0;
      do {
        inflater->next_out = block.data();
        inflater->avail_out = static_cast<uint32_t>(block.size());
        if (isal_inflate(inflater.get()) < 0) return state.SkipWithError("ISA-L cannot inflate the layer");
        produced = block.size() - inflater->avail_out;
        diff.update(std::as_bytes(std::span(block).first(produced)));
        inflated += produced;
      } while (inflater->avail_in != 0 || produced == block.size());
    }
    if (inflater->block_state != ISAL_BLOCK_FINISH) return state.SkipWithError("the layer is not one gzip member");
    benchmark::DoNotOptimize(stored.finish());
    benchmark::DoNotOptimize(diff.finish());
  }
  state.SetBytesProcessed(static_cast<int64_t>(inflated) * state.iterations());
}
BENCHMARK(raw)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
#endif

void inflate_only(benchmark::State& state) {
  layer_bytes();
  uint64_t inflated = 0;
  for (auto _ : state) {
    inflated = 0;
    const auto source = archive::make_inflating_source(std::make_unique<ViewSource>(layer_bytes()));
    for (auto block = source->next(); block && !block->empty(); block = source->next()) inflated += block->size();
  }
  state.SetBytesProcessed(static_cast<int64_t>(inflated) * state.iterations());
}

class Nothing final : public Analyser {
 public:
  std::string_view name() const override { return "nothing"; }
  uint32_t version() const override { return 1; }
  std::span<const WantedPath> wants() const override {
    static constexpr WantedPath kWants[] = {
        {.pattern = "var/lib/dpkg/status"},      {.pattern = "var/lib/dpkg/status.d/*"},
        {.pattern = "etc/os-release"},           {.pattern = "usr/lib/os-release"},
        {.pattern = "lib/apk/db/installed"},     {.pattern = "var/lib/rpm/*"},
        {.pattern = "var/lib/dpkg/info/*.list"}, {.pattern = "usr/share/doc/*/copyright"},
    };
    return kWants;
  }
  Result<std::string> analyse(std::string_view, ByteSpan) const override { return std::string(); }
};

// The whole pass; the argument is the number of threads.
void analyse(benchmark::State& state) {
  layer_bytes();
  const Nothing analyser;
  const Analyser* const all[] = {&analyser};
  const AnalyserSet set = *AnalyserSet::create(all);
  const auto threads = static_cast<size_t>(state.range(0));
  std::unique_ptr<ThreadPool> pool = threads < 2 ? nullptr : std::make_unique<ThreadPool>(threads);
  uint64_t inflated = 0;
  for (auto _ : state) {
    const auto one = [&](size_t, const std::stop_token&) -> Status {
      TRY_ASSIGN(const LayerFacts facts,
                 analyse_layer(std::make_unique<ViewSource>(layer_bytes()), {}, set, {.pool = pool.get()}));
      inflated = facts.inflated_bytes;
      return {};
    };
    const Status done = pool == nullptr ? one(0, {}) : pool->for_each(1, {}, one);
    if (!done) state.SkipWithError(done.error().to_string().c_str());
  }
  state.SetBytesProcessed(static_cast<int64_t>(inflated) * state.iterations());
}

// What a second scan does instead.
void decode_cached_facts(benchmark::State& state) {
  const Nothing analyser;
  const Analyser* const all[] = {&analyser};
  const AnalyserSet set = *AnalyserSet::create(all);
  const auto facts = analyse_layer(std::make_unique<ViewSource>(layer_bytes()), {}, set, {});
  const std::string encoded = encode_facts(*facts);
  for (auto _ : state) benchmark::DoNotOptimize(decode_facts(as_bytes(encoded)));
  state.counters["bytes"] = static_cast<double>(encoded.size());
}

BENCHMARK(inflate_only)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(analyse)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(decode_cached_facts)->Unit(benchmark::kMicrosecond);

}  // namespace

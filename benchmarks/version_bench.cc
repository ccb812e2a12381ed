// bench: version
// How long one comparison takes in each scheme, on versions of the usual length that differ late, and how long the
// common ranges take. `allocations` counts what operator new was called for in one comparison.
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include <benchmark/benchmark.h>

#include "version/compare.h"
#include "version/vers.h"

namespace {

std::atomic<size_t> allocation_count{0};

}  // namespace

void* operator new(size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace bulkhead::version {
namespace {

struct Pair {
  Scheme scheme;
  std::string_view a;
  std::string_view b;
};
constexpr std::array kPairs = {
    Pair{Scheme::kDeb, "2:8.2.3995-1ubuntu2.17+deb12u1", "2:8.2.3995-1ubuntu2.17+deb12u2"},
    Pair{Scheme::kRpm, "1:1.8.0.392.b08-4.el9_2.x", "1:1.8.0.392.b08-4.el9_3.x"},
    Pair{Scheme::kApk, "1.36.1_git20230717-r4", "1.36.1_git20230717-r5"},
    Pair{Scheme::kSemver, "1.22.333-rc.12+build", "1.22.333-rc.13+build"},
    Pair{Scheme::kNpm, "1.22.333-rc.12", "1.22.333-rc.13"},
    Pair{Scheme::kPep440, "1!2022.10.1rc2.post3", "1!2022.10.1rc2.post4"},
    Pair{Scheme::kMaven, "5.3.39.RELEASE-beta-12", "5.3.39.RELEASE-beta-13"},
    Pair{Scheme::kGem, "7.0.8.4.rc12", "7.0.8.4.rc13"},
    Pair{Scheme::kNuget, "6.0.25.1-preview.3", "6.0.25.1-preview.4"},
    Pair{Scheme::kGo, "v0.0.0-20230129092748-24d4a6f8daec", "v0.0.0-20230129092748-34d4a6f8daec"},
    Pair{Scheme::kComposer, "v10.48.2-RC3", "v10.48.2-RC4"},
    Pair{Scheme::kGeneric, "2.4.58-rc.12", "2.4.58-rc.13"},
};

void compare_pair(benchmark::State& state) {
  const Pair& pair = kPairs[static_cast<size_t>(state.range(0))];
  state.SetLabel(std::string(scheme_name(pair.scheme)));
  const size_t before = allocation_count.load();
  for (auto _ : state) benchmark::DoNotOptimize(compare(pair.scheme, pair.a, pair.b));
  state.counters["allocations"] =
      static_cast<double>(allocation_count.load() - before) / static_cast<double>(state.iterations());
}
BENCHMARK(compare_pair)->DenseRange(0, static_cast<int>(kPairs.size()) - 1);

struct Range {
  Scheme scheme;
  std::string_view version;
  std::string_view range;
};
constexpr std::array kRanges = {
    Range{Scheme::kNpm, "4.17.20", ">=3.7.0 <4.17.21 || ^5.0.0-beta.1"},
    Range{Scheme::kPep440, "2022.10.1", ">=1.0,!=2.1.*,<2023"},
    Range{Scheme::kGem, "7.0.8.4", "~> 7.0.8, != 7.0.8.3"},
    Range{Scheme::kComposer, "10.48.2", "^9.1 || >=10.1,<10.49"},
};

void check_range(benchmark::State& state) {
  const Range& range = kRanges[static_cast<size_t>(state.range(0))];
  state.SetLabel(std::string(scheme_name(range.scheme)));
  for (auto _ : state) benchmark::DoNotOptimize(satisfies(range.scheme, range.version, range.range));
}
BENCHMARK(check_range)->DenseRange(0, static_cast<int>(kRanges.size()) - 1);

void check_vers(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(satisfies_vers("1.5.0", "vers:npm/>=1.0.0|<1.4.0|>=1.4.7|<2.0.0"));
}
BENCHMARK(check_vers);

}  // namespace
}  // namespace bulkhead::version

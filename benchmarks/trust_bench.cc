// bench: test_sigstore trust
// How long it takes to decide whether a signature is to be believed, reading included, fetching not; and whether a
// digest is what its tag means today, by freshness maps of several sizes in a folder.
#include <string>

#include <benchmark/benchmark.h>

#include "base/temporary_folder.h"
#include "crypto/signer.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/test_sigstore.h"
#include "sigstore/verifier.h"
#include "trust/freshness_map.h"
#include "trust/publisher.h"

namespace bulkhead::sigstore {
namespace {

const Artifact kArtifact{.digest = Digest::sha256_of(as_bytes("artifact")), .bytes = "artifact"};

// What `cosign sign --key` leaves behind.
void KeySignedBundle(benchmark::State& state) {
  const MemorySigner signer(*PrivateKey::generate(KeyType::kEcdsaP256));
  const Statement statement{.subjects = {{.digests = {{"sha256", kArtifact.digest.hex()}}}},
                            .predicate_type = std::string(kSignPredicate),
                            .predicate = "{}"};
  const auto envelope = sign_envelope(std::string(kInTotoPayloadType), *write_statement(statement), signer);
  const std::string text = write_key_bundle(*envelope, signer.public_key());
  const Policy policy{.key = signer.public_key(), .require_log_entry = false};
  for (auto _ : state) {
    const auto bundle = read_bundle(text);
    const auto verified = verify(*bundle, kArtifact, policy);
    if (!verified) state.SkipWithError(verified.error().to_string().c_str());
  }
}
BENCHMARK(KeySignedBundle)->Unit(benchmark::kMicrosecond);

// The cryptography alone that the one above cannot do without.
void OneSignature(benchmark::State& state) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  const SignatureScheme scheme = default_scheme(KeyType::kEcdsaP256);
  const std::string signature = *key->sign(scheme, as_bytes("message"));
  for (auto _ : state)
    benchmark::DoNotOptimize(key->public_key().verify(scheme, as_bytes("message"), as_bytes(signature)));
}
BENCHMARK(OneSignature)->Unit(benchmark::kMicrosecond);

// A certificate of Fulcio with its chain and its log's timestamp, an entry of Rekor; v2: and a timestamp.
void KeylessBundle(benchmark::State& state, bool v2) {
  const TestSigstore sigstore;
  const Policy policy = sigstore.policy();
  const std::string text = write_bundle(v2 ? sigstore.honest_v2(true) : sigstore.honest_v1(true));
  for (auto _ : state) {
    const auto bundle = read_bundle(text);
    const auto verified = verify(*bundle, kArtifact, policy);
    if (!verified) state.SkipWithError(verified.error().to_string().c_str());
  }
}
BENCHMARK_CAPTURE(KeylessBundle, rekor_v1, false)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(KeylessBundle, rekor_v2, true)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bulkhead::sigstore

namespace bulkhead::trust {
namespace {

constexpr int64_t kNow = 1'800'000'000;

oci::Reference image(int64_t number) {
  return *oci::Reference::parse_normalized("registry.example/team/app" + std::to_string(number) + ":1");
}

Digest digest_of(const oci::Reference& reference) {
  return Digest::sha256_of(as_bytes(reference.to_string()));
}

// A map of `entries` tags, in targets itself or in 2^bits hash bins.
class PublishedMap {
 public:
  PublishedMap(int64_t entries, uint32_t bits) {
    const PrivateKey key = *PrivateKey::generate(KeyType::kEcdsaP256);
    const tuf::RoleSetup one{.keys = {key.public_key()}};
    auto publisher =
        Publisher::create(folder_ / "map", {.root = one, .targets = one, .snapshot = one, .timestamp = one}, {}, kNow);
    tuf::Repository& repository = publisher->repository();
    bool good = bits == 0 || repository.delegate_bins(tuf::kTargets, "bin", one, bits);
    for (int64_t i = 0; i < entries; ++i) {
      good = good && publisher->set(tag_path(image(i)), {.digest = digest_of(image(i)), .size = 1'000, .time = kNow});
    }
    for (const auto& pending : repository.pending()) good = good && repository.sign(pending.role, tuf::signer_of(key));
    if (!good || !publisher->publish({tuf::signer_of(key)})) std::abort();
  }
  MapOptions options(std::string_view state) const {
    return {.location = folder_ / "map",
            .root_file = folder_ / "map/metadata/1.root.json",
            .state_folder = folder_ / state,
            .now = kNow};
  }

 private:
  TemporaryFolder folder_;
};

void check(benchmark::State& state, MapOptions options, int64_t number) {
  auto map = FreshnessMap::open(std::move(options), nullptr);
  const auto answer = map ? map->check(image(number), digest_of(image(number))) : std::unexpected(map.error());
  if (!answer || !answer->accepted()) state.SkipWithError("the map refuses its own entry");
}

// Nothing is kept yet: everything is fetched, verified and written.
void FirstCheck(benchmark::State& state) {
  const PublishedMap published(state.range(0), static_cast<uint32_t>(state.range(1)));
  int64_t round = 0;
  for (auto _ : state) check(state, published.options("state" + std::to_string(round++)), 7);
}
BENCHMARK(FirstCheck)->Args({10'000, 0})->Args({10'000, 10})->Unit(benchmark::kMillisecond);

// The same map again: what is kept is verified anew.
void NextCheck(benchmark::State& state) {
  const PublishedMap published(state.range(0), static_cast<uint32_t>(state.range(1)));
  check(state, published.options("state"), 7);
  for (auto _ : state) check(state, published.options("state"), 7);
}
BENCHMARK(NextCheck)->Args({10'000, 0})->Args({10'000, 10})->Unit(benchmark::kMillisecond);

// One more question to a map that is open.
void FurtherCheck(benchmark::State& state) {
  const PublishedMap published(10'000, 10);
  auto map = FreshnessMap::open(published.options("state"), nullptr);
  const oci::Reference asked = image(7);
  const Digest digest = digest_of(asked);
  for (auto _ : state) {
    const auto answer = map->check(asked, digest);
    if (!answer || !answer->accepted()) state.SkipWithError("the map refuses its own entry");
  }
}
BENCHMARK(FurtherCheck)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bulkhead::trust

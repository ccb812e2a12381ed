// bench: test_sigstore
// How long it takes to decide whether a signature is to be believed: reading included, fetching not.
#include <string>

#include <benchmark/benchmark.h>

#include "crypto/signer.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/test_sigstore.h"
#include "sigstore/verifier.h"

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

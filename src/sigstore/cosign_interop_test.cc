// What cosign itself says of the same bundles, by the same trusted root and without a network: a binary of cosign 3 is
// named by BULKHEAD_COSIGN, and without it these tests are skipped.
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/process.h"
#include "base/temporary_folder.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/test_sigstore.h"

namespace bulkhead::sigstore {
namespace {

struct CosignInterop : testing::Test {
  void SetUp() override {
    const char* binary = std::getenv("BULKHEAD_COSIGN");  // NOLINT(concurrency-mt-unsafe)
    if (binary == nullptr) GTEST_SKIP() << "BULKHEAD_COSIGN names no cosign";
    cosign = binary;
    folder.write("artifact", "artifact");
    folder.write("root.json", trusted_root_text(sigstore));
  }

  // Whether both of us believe it; what cosign says is shown when they differ.
  void expect_both(const Bundle& bundle, bool believed) {
    const Artifact artifact{.digest = Digest::sha256_of(as_bytes("artifact")), .bytes = "artifact"};
    const auto ours = verify(bundle, artifact, sigstore.policy());
    EXPECT_EQ(ours.has_value(), believed) << (ours ? "" : ours.error().to_string());
    run(write_bundle(bundle), bundle.envelope() != nullptr,
        {"--trusted-root", folder / "root.json", "--certificate-identity", std::string(kTestName),
         "--certificate-oidc-issuer", std::string(kTestIssuer)},
        believed);
  }

  void run(const std::string& bundle, bool statement, const std::vector<std::string>& trust, bool believed) {
    std::vector<std::string> words = {cosign, statement ? "verify-blob-attestation" : "verify-blob"};
    if (statement) words.insert(words.end(), {"--new-bundle-format", "--type", std::string(kSignPredicate)});
    words.insert(words.end(), {"--bundle", folder.write("bundle.json", bundle)});
    words.insert(words.end(), trust.begin(), trust.end());
    words.push_back(folder / "artifact");
    const auto done = run_process({.arguments = words});
    ASSERT_TRUE(done) << done.error().to_string();
    EXPECT_EQ(done->exit_code == 0, believed) << done->error_output;
  }

  std::string cosign;
  TemporaryFolder folder;
  TestSigstore sigstore;
};

TEST_F(CosignInterop, BelievesWhatIsRightInEverything) {
  expect_both(sigstore.honest_v1(), true);
  expect_both(sigstore.honest_v1(true), true);
  expect_both(sigstore.honest_v2(), true);
  expect_both(sigstore.honest_v2(true), true);
}

TEST_F(CosignInterop, RefusesWhatIsWrongInOneThing) {
  Bundle bundle = sigstore.honest_v1();
  bundle.entries[0].inclusion_proof->hashes[0][0] ^= 1;
  expect_both(bundle, false);
  bundle = sigstore.honest_v1();
  bundle.entries[0].integrated_time += 1;
  expect_both(bundle, false);
  bundle = sigstore.honest_v2();
  bundle.timestamps.clear();
  expect_both(bundle, false);
  bundle = sigstore.honest_v2();
  bundle.entries[0].log_index += 1;
  expect_both(bundle, false);
  for (const TestLeafRecipe& recipe : {TestLeafRecipe{.seen_by_log = false}, TestLeafRecipe{.not_after = kTestEpoch},
                                       TestLeafRecipe{.name = "email:mallory@example.com"}}) {
    bundle = TestSigstore::sign_message("artifact", sigstore.issue(recipe));
    bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "hashedrekord")};
    expect_both(bundle, false);
  }
}

TEST_F(CosignInterop, BelievesBundlesThatWeWriteByAKey) {
  const TestIdentity signer = sigstore.issue();
  const PublicKey key = signer.private_key().public_key();
  const std::vector<std::string> trust = {"--key", folder.write("key.pub", key.pem()), "--insecure-ignore-tlog"};
  const Bundle statement = TestSigstore::sign_statement("artifact", signer, false);
  run(write_key_bundle(*statement.envelope(), key), true, trust, true);
  const Bundle message = TestSigstore::sign_message("artifact", signer, false);
  run(write_key_bundle(*message.message(), key), false, trust, true);
}

}  // namespace
}  // namespace bulkhead::sigstore

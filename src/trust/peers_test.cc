// Signatures that cosign and notation made (testdata/peers), so that what is verified here is theirs also where they
// are not installed.
#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "oci/artifact_location.h"
#include "sigstore/cosign.h"
#include "trust/notation_rule.h"
#include "trust/sigstore_rule.h"
#include "trust/verify.h"

namespace bulkhead::trust {
namespace {

using testing::UnorderedElementsAre;

constexpr int64_t kDayOfVerification = 1'796'083'200;  // 2026-12-01

struct Peers : testing::Test {
  std::string folder = testdata_path("peers");
  std::unique_ptr<Rule> key =
      SigstoreRule::by_key(PublicKey::from_pem(read_file(folder + "/cosign.pub", 4096).value()).value(), "cosign.pub");
  std::unique_ptr<Rule> policy = NotationRule::open(folder + "/notation", kDayOfVerification, nullptr).value();
  std::vector<const Rule*> rules = {key.get(), policy.get()};

  Verification run(const std::string& layout, const std::string& predicate_type = {}) const {
    const auto location = oci::locate_artifacts("oci:" + layout + ":1", {}, {}).value();
    auto verification = verify({.store = location.store.get(),
                                .tag = "1",
                                .reference = oci::Reference::parse_normalized("registry.test/peers/app:1").value(),
                                .rules = rules,
                                .wanted = {.predicate_type = predicate_type}});
    EXPECT_TRUE(verification) << verification.error().to_string();
    return verification ? *std::move(verification) : Verification{};
  }
  static std::multiset<std::string> signed_by(const Verification& verification) {
    std::multiset<std::string> makers;
    for (const auto& accepted : verification.accepted) {
      const auto by = accepted.judgement.annotations.find("by");
      makers.insert(by == accepted.judgement.annotations.end() ? std::string(form_name(accepted.found.form))
                                                               : by->second);
    }
    return makers;
  }
};

TEST_F(Peers, TheirSignaturesCount) {
  EXPECT_THAT(signed_by(run(folder + "/layout")),
              UnorderedElementsAre("cosign2", "cosign3-legacy", "cosign3", "notation-jws", "notation-cose"));
}

TEST_F(Peers, TheirAttestationsCount) {
  const Verification verification = run(folder + "/layout", std::string(sigstore::kSlsaPredicate1));
  EXPECT_THAT(signed_by(verification),
              UnorderedElementsAre("sigstore-bundle", "cosign-attestation", "cosign-attestation"));
  for (const auto& accepted : verification.accepted) {
    EXPECT_NE(accepted.judgement.statement->predicate.find("https://example.com/b"), std::string::npos);
  }
}

// Damage in the store: that signature does not count, and the others do.
TEST_F(Peers, NoneOfTheirSignaturesOutlivesAChange) {
  const Verification whole = run(folder + "/layout");
  for (const AcceptedSignature& accepted : whole.accepted) {
    const TemporaryFolder copy;
    const std::string layout = copy / "layout";
    std::filesystem::copy(folder + "/layout", layout, std::filesystem::copy_options::recursive);
    const std::string path = layout + "/blobs/sha256/" + accepted.found.blob.digest.hex();
    std::string bytes = read_file(path, 1 << 20).value();
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(write_file_atomically(path, bytes));
    const Verification changed = run(layout);
    EXPECT_EQ(changed.accepted.size(), whole.accepted.size() - 1) << path;
  }
  EXPECT_EQ(whole.accepted.size(), 5U);
}

// As an attacker stores it: the changed bytes under their own digest, and everything above named anew.
TEST_F(Peers, NoneOfTheirSignaturesHoldsOverOtherBytes) {
  const auto location = oci::locate_artifacts("oci:" + folder + "/layout:1", {}, {}).value();
  const auto image = location.resolve().value();
  const SignedImage signed_image{.descriptor = image.descriptor, .repository = "registry.test/peers/app"};
  size_t judged = 0;
  for (const FoundSignature& found : find_signatures(*location.store, image.descriptor.digest, {})->signatures) {
    const std::string bytes = location.store->blob(found.blob, 1 << 20).value();
    for (size_t at = 0; at < bytes.size(); at += 31) {
      std::string changed = bytes;
      changed[at] ^= 0x04;
      for (const Rule* const rule : rules) {
        if (!rule->judges(found.form)) continue;
        const auto before = rule->judge(found, bytes, signed_image, {});
        const auto after = rule->judge(found, changed, signed_image, {});
        // A bit of what is not signed (a hint, an unprotected header) may change: what is said stays the same.
        if (after) {
          ASSERT_TRUE(before) << at;
          EXPECT_EQ(after->annotations, before->annotations) << at;
          EXPECT_EQ(after->signer_id, before->signer_id) << at;
        }
        ++judged;
      }
    }
  }
  EXPECT_GT(judged, 100U);
}

TEST_F(Peers, TheirSignaturesAreOfOneImageOnly) {
  const auto location = oci::locate_artifacts("oci:" + folder + "/layout:1", {}, {}).value();
  const auto image = location.resolve().value();
  SignedImage other{.descriptor = image.descriptor, .repository = "registry.test/peers/app"};
  other.descriptor.digest = Digest::sha256_of(as_bytes("another image"));
  for (const FoundSignature& found : find_signatures(*location.store, image.descriptor.digest, {})->signatures) {
    const std::string bytes = location.store->blob(found.blob, 1 << 20).value();
    for (const Rule* const rule : rules) {
      if (rule->judges(found.form)) EXPECT_FALSE(rule->judge(found, bytes, other, {}));
    }
  }
}

}  // namespace
}  // namespace bulkhead::trust

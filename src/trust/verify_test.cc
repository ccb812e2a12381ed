// Images that are signed here, and what becomes of the verdict when something is changed. Signatures that real tools
// made are verified in tests/e2e.
#include "trust/verify.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/signer.h"
#include "keys/key_file.h"
#include "sigstore/bundle.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "trust/sign.h"
#include "trust/sigstore_rule.h"
#include "trust/test_store.h"

namespace bulkhead::trust {
namespace {

constexpr std::string_view kProvenance = sigstore::kSlsaPredicate1;

struct VerifyImage : testing::Test {
  TestStore store;
  MemorySigner alice{PrivateKey::generate(KeyType::kEcdsaP256).value()};
  MemorySigner bob{PrivateKey::generate(KeyType::kEcdsaP256).value()};
  std::unique_ptr<Rule> alice_rule = SigstoreRule::by_key(alice.public_key(), "alice.pub");
  std::unique_ptr<Rule> bob_rule = SigstoreRule::by_key(bob.public_key(), "bob.pub");
  std::vector<const Rule*> rules = {alice_rule.get()};

  MadeSignature make(const oci::Descriptor& image, const Signer& signer, bool legacy = false,
                     std::optional<Predicate> predicate = {}) const {
    const SignRequest request{.image = image,
                              .repository = "registry.test/team/app",
                              .annotations = {{"stage", "release"}},
                              .predicate = std::move(predicate)};
    return legacy ? make_legacy_signature(request, signer).value() : make_bundle(request, signer).value();
  }
  void sign(const oci::Descriptor& image, const Signer& signer, bool legacy = false,
            std::optional<Predicate> predicate = {}) {
    ASSERT_TRUE(keep_signature(store, make(image, signer, legacy, std::move(predicate)), {}));
  }
  VerifyRequest request() const {
    return {.store = &store,
            .tag = "1",
            .reference = oci::Reference::parse_normalized("registry.test/team/app:1").value(),
            .rules = rules};
  }
  static Verification run(const VerifyRequest& request) {
    auto verification = verify(request);
    EXPECT_TRUE(verification) << verification.error().to_string();
    return verification ? *std::move(verification) : Verification{};
  }
  // The reasons of all signatures that did not count.
  static std::string reasons(const Verification& verification) {
    std::string all;
    for (const auto& refused : verification.refused) {
      for (const auto& reason : refused.reasons) all += reason + "\n";
    }
    return all;
  }
  // Puts a signature where it does not belong: beside another image.
  void copy_signature(const MadeSignature& made, const oci::Descriptor& other) {
    ASSERT_TRUE(store.put_blob(made.blob, made.bytes));
    if (!made.manifest) {
      MadeSignature moved = made;
      moved.tag = sigstore::artifact_tag(other.digest, sigstore::kSignatureSuffix);
      ASSERT_TRUE(keep_signature(store, moved, {}));
      return;
    }
    ASSERT_TRUE(store.attach(*made.manifest, other.digest));
    auto manifest = std::get<oci::Manifest>(oci::parse_manifest(made.manifest->bytes, {}, {}).value());
    manifest.subject = other;
    ASSERT_TRUE(store.attach(oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest)), other.digest));
  }
};

TEST_F(VerifyImage, TrustsWhatATrustedKeySigned) {
  for (const bool legacy : {false, true}) {
    TestStore fresh;
    store.attached.clear();
    store.tags = fresh.tags;
    sign(store.index, alice, legacy);
    const Verification verification = run(request());
    EXPECT_TRUE(verification.trusted) << reasons(verification);
    EXPECT_EQ(verification.image.digest, store.index.digest);
    EXPECT_TRUE(verification.index.empty());
    ASSERT_EQ(verification.accepted.size(), 1U);
    EXPECT_EQ(verification.accepted.front().judgement.rule, "key alice.pub");
    EXPECT_EQ(verification.accepted.front().judgement.key_id, keys::key_id(alice.public_key()));
    EXPECT_EQ(verification.accepted.front().judgement.annotations.at("stage"), "release");
    EXPECT_EQ(verification.accepted.front().found.form,
              legacy ? SignatureForm::kSimpleSigning : SignatureForm::kBundle);
  }
}

TEST_F(VerifyImage, TrustsNothingThatIsNotSigned) {
  const Verification verification = run(request());
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(verification.problems, std::vector<std::string>{"there is no signature"});
}

TEST_F(VerifyImage, TrustsNoOtherKey) {
  sign(store.index, bob);
  sign(store.index, bob, true);
  const Verification verification = run(request());
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(verification.refused.size(), 2U);
}

TEST_F(VerifyImage, TrustsNoSignatureThatWasCopiedToAnotherImage) {
  for (const bool legacy : {false, true}) {
    copy_signature(make(store.amd64, alice, legacy), store.index);
    const Verification verification = run(request());
    EXPECT_FALSE(verification.trusted);
    EXPECT_TRUE(reasons(verification).contains(legacy ? "the signature is of " : "not about "))
        << reasons(verification);
  }
}

TEST_F(VerifyImage, TrustsNoManifestThatIsOnlyListedHere) {
  // The registry lists a signature of another image among the referrers, as it is.
  const MadeSignature made = make(store.amd64, alice);
  ASSERT_TRUE(store.put_blob(made.blob, made.bytes));
  ASSERT_TRUE(store.attach(*made.manifest, store.index.digest));
  const Verification verification = run(request());
  EXPECT_FALSE(verification.trusted);
  EXPECT_TRUE(reasons(verification).contains("kept for another image")) << reasons(verification);
}

TEST_F(VerifyImage, TrustsNoChangedPayload) {
  sign(store.index, alice, true);
  // The payload of the signature is that of a signature of another image.
  MadeSignature other = make(store.amd64, alice, true);
  other.blob.annotations = make(store.index, alice, true).blob.annotations;
  other.tag = sigstore::artifact_tag(store.index.digest, sigstore::kSignatureSuffix);
  store.tags.erase(other.tag);
  ASSERT_TRUE(keep_signature(store, other, {}));
  EXPECT_FALSE(run(request()).trusted);
}

TEST_F(VerifyImage, TrustsNoSignatureWithoutItsBytes) {
  const MadeSignature made = make(store.index, alice);
  ASSERT_TRUE(keep_signature(store, made, {}));
  store.blobs[made.blob.digest.to_string()] += " ";
  EXPECT_FALSE(run(request()).trusted);
  store.blobs.erase(made.blob.digest.to_string());
  const Verification verification = run(request());
  EXPECT_FALSE(verification.trusted);
  EXPECT_TRUE(reasons(verification).contains("no such blob"));
}

TEST_F(VerifyImage, LooksIntoManifestsWhateverTheyAreListedAs) {
  const MadeSignature made = make(store.index, alice);
  ASSERT_TRUE(keep_signature(store, made, {}));
  store.attached[store.index.digest.to_string()].front().artifact_type = "application/vnd.oci.empty.v1+json";
  EXPECT_TRUE(run(request()).trusted);
}

TEST_F(VerifyImage, TakesAWrongMediaTypeForNoSignature) {
  MadeSignature made = make(store.index, alice);
  auto manifest = std::get<oci::Manifest>(oci::parse_manifest(made.manifest->bytes, {}, {}).value());
  manifest.layers.front().media_type = "application/vnd.oci.image.layer.v1.tar";
  made.manifest = oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest));
  ASSERT_TRUE(keep_signature(store, made, {}));
  EXPECT_FALSE(run(request()).trusted);
}

TEST_F(VerifyImage, CountsSignersNotSignatures) {
  rules = {alice_rule.get(), bob_rule.get()};
  sign(store.index, alice);
  sign(store.index, alice);
  sign(store.index, alice, true);
  VerifyRequest two = request();
  two.required_signers = 2;
  Verification verification = run(two);
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(verification.signers, 1U);
  EXPECT_EQ(verification.problems, std::vector<std::string>{"2 different signers are required, and 1 signed"});
  sign(store.index, bob);
  verification = run(two);
  EXPECT_TRUE(verification.trusted);
  EXPECT_EQ(verification.accepted.size(), 4U);
}

TEST_F(VerifyImage, ASignedIndexCoversTheImagesThatItLists) {
  sign(store.index, alice);
  VerifyRequest by_platform = request();
  by_platform.platform = oci::Platform{.os = "linux", .architecture = "arm64"};
  Verification verification = run(by_platform);
  EXPECT_TRUE(verification.trusted);
  EXPECT_EQ(verification.image.digest, store.arm64.digest);
  EXPECT_EQ(verification.index, store.index.digest);
  EXPECT_EQ(verification.accepted.front().found.subject, store.index.digest);

  VerifyRequest by_digest = request();
  by_digest.digest = store.amd64.digest;
  verification = run(by_digest);
  EXPECT_TRUE(verification.trusted);
  EXPECT_EQ(verification.image.digest, store.amd64.digest);
  EXPECT_EQ(verification.index, store.index.digest);

  by_digest.tag.clear();
  EXPECT_FALSE(run(by_digest).trusted) << "nothing says which index";
}

TEST_F(VerifyImage, AnIndexCoversNoImageThatItDoesNotList) {
  sign(store.index, alice);
  VerifyRequest other = request();
  other.digest = store.add_image("riscv64").digest;
  const Verification verification = run(other);
  EXPECT_FALSE(verification.trusted);
  EXPECT_TRUE(verification.index.empty());
}

TEST_F(VerifyImage, ASignedImageDoesNotCoverItsIndex) {
  sign(store.amd64, alice);
  EXPECT_FALSE(run(request()).trusted);
  VerifyRequest by_platform = request();
  by_platform.platform = oci::Platform{.os = "linux", .architecture = "amd64"};
  EXPECT_TRUE(run(by_platform).trusted);
  by_platform.platform->architecture = "s390x";
  EXPECT_EQ(verify(by_platform).error().code(), Code::kNotFound);
}

TEST_F(VerifyImage, HoldsSignaturesToTheAnnotationsThatAreAskedFor) {
  for (const bool legacy : {false, true}) {
    store.attached.clear();
    sign(store.index, alice, legacy);
    VerifyRequest wanted = request();
    wanted.wanted.annotations = {{"stage", "release"}};
    EXPECT_TRUE(run(wanted).trusted);
    wanted.wanted.annotations = {{"stage", "test"}};
    EXPECT_TRUE(reasons(run(wanted)).contains("stage=release was signed with it, not test"));
    wanted.wanted.annotations = {{"other", "x"}};
    EXPECT_FALSE(run(wanted).trusted);
  }
}

TEST_F(VerifyImage, TakesAnAttestationForNoSignatureAndTheOtherWayRound) {
  for (const bool legacy : {false, true}) {
    TestStore fresh;
    store.attached.clear();
    store.tags = fresh.tags;
    sign(store.index, alice, legacy, Predicate{std::string(kProvenance), R"({"builder":{"id":"x"}})"});
    EXPECT_FALSE(run(request()).trusted);
    VerifyRequest wanted = request();
    wanted.wanted.predicate_type = kProvenance;
    const Verification verification = run(wanted);
    ASSERT_TRUE(verification.trusted) << reasons(verification);
    EXPECT_EQ(verification.accepted.front().judgement.statement->predicate, R"({"builder":{"id":"x"}})");
    wanted.wanted.predicate_type = sigstore::kSpdxPredicate;
    EXPECT_TRUE(reasons(run(wanted)).contains("attestation of another type"));

    store.attached.clear();
    store.tags = fresh.tags;
    sign(store.index, alice, legacy);
    wanted.wanted.predicate_type = kProvenance;
    EXPECT_TRUE(reasons(run(wanted)).contains("is a signature of the image, no attestation"));
  }
}

TEST_F(VerifyImage, LooksAtSoManySignaturesAndNoMoreAndSaysSo) {
  for (int i = 0; i < 5; ++i) sign(store.index, bob);
  sign(store.index, alice);
  VerifyRequest limited = request();
  limited.limits.max_signatures = 5;
  const Verification verification = run(limited);
  EXPECT_FALSE(verification.trusted);
  EXPECT_TRUE(verification.left_out);
  EXPECT_EQ(verification.refused.size(), 5U);
  limited.limits = {.max_manifests = 3};
  EXPECT_TRUE(run(limited).left_out);
  limited.limits = {.max_bytes = 1000};
  EXPECT_TRUE(run(limited).left_out);
}

TEST_F(VerifyImage, ASignatureOfNoStatedSizeIsCounted) {
  for (int i = 0; i < 3; ++i) {
    MadeSignature made = make(store.index, alice);
    auto manifest = std::get<oci::Manifest>(oci::parse_manifest(made.manifest->bytes, {}, {}).value());
    manifest.layers.front().size = 0;
    made.manifest = oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest));
    ASSERT_TRUE(keep_signature(store, made, {}));
  }
  VerifyRequest limited = request();
  EXPECT_EQ(run(limited).accepted.size(), 3U);
  limited.limits.max_bytes = make(store.index, alice).bytes.size() + 100;
  const Verification verification = run(limited);
  EXPECT_EQ(verification.accepted.size(), 1U);
  EXPECT_TRUE(verification.left_out);
}

TEST_F(VerifyImage, AStoreThatCannotBeAskedGivesNoVerdict) {
  sign(store.index, alice);
  store.failure = Error(Code::kUnavailable, "the registry is down");
  EXPECT_EQ(verify(request()).error().code(), Code::kUnavailable);
}

TEST_F(VerifyImage, AsksForSomethingToTrustBy) {
  rules.clear();
  EXPECT_EQ(verify(request()).error().code(), Code::kInvalidArgument);
}

TEST_F(VerifyImage, SigningAgainTakesNothingAway) {
  for (const bool legacy : {false, true}) {
    sign(store.index, alice, legacy);
    sign(store.index, bob, legacy);
  }
  EXPECT_EQ(find_signatures(store, store.index.digest, {})->signatures.size(), 4U);
  // The same signature once more is none.
  const MadeSignature made = make(store.index, alice, true);
  ASSERT_TRUE(keep_signature(store, made, {}));
  ASSERT_TRUE(keep_signature(store, made, {}));
  EXPECT_EQ(find_signatures(store, store.index.digest, {})->signatures.size(), 5U);
}

TEST_F(VerifyImage, RefusesAPredicateThatIsNoJson) {
  const SignRequest request{.image = store.index, .predicate = Predicate{std::string(kProvenance), "{"}};
  EXPECT_EQ(make_bundle(request, alice).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead::trust

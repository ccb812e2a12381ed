// The rules beside keys: identities that a Sigstore vouches for, policies of the Notary Project, and what a freshness
// map takes back. How each of them verifies is tested where it lives.
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "keys/key_file.h"
#include "notation/artifact.h"
#include "notation/test_signature.h"
#include "sigstore/cosign.h"
#include "sigstore/test_sigstore.h"
#include "trust/notation_rule.h"
#include "trust/sign.h"
#include "trust/sigstore_rule.h"
#include "trust/test_store.h"
#include "trust/verify.h"
#include "tuf/test_repository.h"

namespace bulkhead::trust {
namespace {

struct Rules : testing::Test {
  TestStore store;
  std::vector<std::unique_ptr<Rule>> rules;

  VerifyRequest request() {
    pointers.clear();
    for (const auto& rule : rules) pointers.push_back(rule.get());
    return {.store = &store,
            .tag = "1",
            .reference = oci::Reference::parse_normalized("registry.test/team/app:1").value(),
            .rules = pointers};
  }
  Verification run() {
    auto verification = verify(request());
    EXPECT_TRUE(verification) << verification.error().to_string();
    return verification ? *std::move(verification) : Verification{};
  }
  // A signature as it came from elsewhere.
  void attach(std::string_view artifact_type, std::string_view media_type, const std::string& bytes) {
    oci::Manifest manifest;
    manifest.artifact_type = artifact_type;
    manifest.config = oci::empty_config();
    manifest.layers = {oci::describe(media_type, bytes)};
    manifest.subject = store.index;
    ASSERT_TRUE(store.put_blob(manifest.layers.front(), bytes));
    ASSERT_TRUE(
        store.attach(oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest)), store.index.digest));
  }
  void trust_notation(std::vector<Certificate> roots, std::string_view level, std::string_view more = "",
                      std::string_view identity = "CN=signer") {
    auto policy = notation::TrustPolicy::parse(fmt::format(
        R"({{"version":"1.0","trustPolicies":[{{"name":"release","registryScopes":["registry.test/team/app"],
            "signatureVerification":{{"level":"{}"{}}}{}}}]}})",
        level, more,
        level == "skip" ? ""
                        : fmt::format(R"(,"trustStores":["ca:test"],
                            "trustedIdentities":["x509.subject: C=US, ST=WA, O=Example, {}"])",
                                      identity)));
    ASSERT_TRUE(policy) << policy.error().to_string();
    auto memory = std::make_unique<notation::MemoryTrustStore>();
    memory->held["ca:test"] = std::move(roots);
    rules.clear();
    rules.push_back(std::make_unique<NotationRule>(*std::move(policy), std::move(memory), kTestEpoch + 60, nullptr));
  }
  static std::string reason(const Verification& verification) {
    return verification.refused.empty() ? "none" : verification.refused.front().reasons.front();
  }

  std::vector<const Rule*> pointers;
};

struct IdentityRuleTest : Rules {
  sigstore::TestSigstore sigstore;
  std::shared_ptr<const sigstore::TrustedRoot> root = std::make_shared<sigstore::TrustedRoot>(sigstore.root);

  void trust(std::string_view name, std::string_view issuer = sigstore::kTestIssuer) {
    rules.clear();
    rules.push_back(SigstoreRule::by_identity({{.name = sigstore::TextPattern::exactly(std::string(name)),
                                                .issuer = sigstore::TextPattern::exactly(std::string(issuer))}},
                                              root));
  }
  void attach_bundle(const sigstore::Bundle& bundle) {
    attach(sigstore::kBundleMediaType, sigstore::kBundleMediaType, sigstore::write_bundle(bundle));
  }
};

TEST_F(IdentityRuleTest, CountsTheIdentityThatIsAskedForAtTheTimeThatTheLogProves) {
  const TestIdentity leaf = sigstore.issue();
  sigstore::Bundle bundle =
      sigstore::TestSigstore::sign_statement(store.blobs.at(store.index.digest.to_string()), leaf);
  bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "dsse")};
  attach_bundle(bundle);
  trust(sigstore::kTestName);
  const Verification verification = run();
  ASSERT_TRUE(verification.trusted) << reason(verification);
  const Judgement& judgement = verification.accepted.front().judgement;
  EXPECT_EQ(judgement.signer, fmt::format("{}, by {}", sigstore::kTestName, sigstore::kTestIssuer));
  EXPECT_EQ(judgement.signed_at, kTestEpoch + 1);
  trust("mallory@example.com");
  EXPECT_FALSE(run().trusted);
  trust(sigstore::kTestName, "https://other.example.com");
  EXPECT_FALSE(run().trusted);
}

TEST_F(IdentityRuleTest, CountsNothingThatNoLogHasSeen) {
  attach_bundle(
      sigstore::TestSigstore::sign_statement(store.blobs.at(store.index.digest.to_string()), sigstore.issue()));
  trust(sigstore::kTestName);
  EXPECT_FALSE(run().trusted);
}

TEST_F(IdentityRuleTest, AKeyWithARootNeedsALogEntry) {
  const MemorySigner signer(PrivateKey::generate(KeyType::kEcdsaP256).value());
  ASSERT_TRUE(keep_signature(store, make_bundle({.image = store.index}, signer).value(), {}));
  rules.push_back(SigstoreRule::by_key(signer.public_key(), "k"));
  EXPECT_TRUE(run().trusted);
  rules.front() = SigstoreRule::by_key(signer.public_key(), "k", root);
  EXPECT_FALSE(run().trusted);
}

TEST_F(IdentityRuleTest, ASignatureOfBytesIsNoneOfAnImage) {
  const std::string& manifest = store.blobs.at(store.index.digest.to_string());
  const TestIdentity leaf = sigstore.issue();
  sigstore::Bundle bundle = sigstore::TestSigstore::sign_message(manifest, leaf);
  bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "hashedrekord")};
  attach_bundle(bundle);
  trust(sigstore::kTestName);
  EXPECT_NE(reason(run()).find("signature of bytes"), std::string::npos);
}

struct NotationRuleTest : Rules {
  notation::TestChain chain;
  notation::TestChain renewed;  // of the same names

  void trust(std::string_view level, std::string_view more = "", std::string_view identity = "CN=signer") {
    trust_notation({chain.root.certificate(), renewed.root.certificate()}, level, more, identity);
  }
  void sign(const oci::Descriptor& image, notation::Format format = notation::Format::kJws) {
    const auto made =
        make_notation_signature({.image = image, .annotations = {{"stage", "release"}}, .now = kTestEpoch},
                                chain.memory_signer(), {.format = format, .certificates = chain.certificates()});
    ASSERT_TRUE(made) << made.error().to_string();
    ASSERT_TRUE(keep_signature(store, *made, {}));
  }
};

TEST_F(NotationRuleTest, CountsWhatThePolicyTrusts) {
  sign(store.index, notation::Format::kJws);
  sign(store.index, notation::Format::kCose);
  trust("strict");
  const Verification verification = run();
  ASSERT_TRUE(verification.trusted) << reason(verification);
  EXPECT_EQ(verification.accepted.size(), 2U);
  EXPECT_EQ(verification.signers, 1U);
  EXPECT_EQ(verification.accepted.front().judgement.rule, "policy release (strict)");
  EXPECT_EQ(verification.accepted.front().judgement.annotations.at("stage"), "release");
  trust("strict", "", "CN=somebody");
  EXPECT_FALSE(run().trusted);
}

TEST_F(NotationRuleTest, ARenewedRootMakesNoSecondSigner) {
  sign(store.index);
  std::swap(chain, renewed);
  sign(store.index);
  trust("strict");
  const Verification verification = run();
  EXPECT_EQ(verification.accepted.size(), 2U) << reason(verification);
  EXPECT_EQ(verification.signers, 1U);
}

TEST_F(NotationRuleTest, CountsNothingThatNobodyIsKnownToHaveSigned) {
  sign(store.index);
  trust("skip");
  EXPECT_NE(reason(run()).find("nobody is known to have signed"), std::string::npos);
  // Its authenticity fails, and the level only logs that.
  trust("audit", "", "CN=somebody");
  EXPECT_NE(reason(run()).find("nobody is known to have signed"), std::string::npos);
  trust("audit");
  EXPECT_TRUE(run().trusted);
}

TEST_F(NotationRuleTest, GoesByTheNameOfTheImage) {
  sign(store.index);
  trust("strict");
  VerifyRequest elsewhere = request();
  elsewhere.reference = oci::Reference::parse_normalized("registry.test/other:1").value();
  EXPECT_FALSE(verify(elsewhere)->trusted);
  elsewhere.reference = {};
  EXPECT_NE(reason(*verify(elsewhere)).find("has none"), std::string::npos);
}

TEST_F(NotationRuleTest, CountsNoSignatureOfAnotherImage) {
  const auto made = make_notation_signature({.image = store.amd64, .now = kTestEpoch}, chain.memory_signer(),
                                            {.certificates = chain.certificates()});
  ASSERT_TRUE(made);
  attach(notation::kArtifactType, made->blob.media_type, made->bytes);
  trust("strict");
  EXPECT_FALSE(run().trusted);
}

TEST_F(NotationRuleTest, IsReadFromNotationsFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(NotationRule::open(folder.path(), 0, nullptr).error().code(), Code::kNotFound);
  folder.write("trustpolicy.json", "{");
  EXPECT_FALSE(NotationRule::open(folder.path(), 0, nullptr));
}

// What a map says of keys, signatures and images, over a signature that holds.
struct MapInVerify : Rules {
  MemorySigner signer{PrivateKey::generate(KeyType::kEcdsaP256).value()};
  TemporaryFolder temporary;
  tuf::TestRepository repository;
  std::string root_file;
  Digest signature;

  void SetUp() override {
    const MadeSignature made = make_bundle({.image = store.index}, signer).value();
    signature = made.blob.digest;
    ASSERT_TRUE(keep_signature(store, made, {}));
    rules.push_back(SigstoreRule::by_key(signer.public_key(), "k"));
    set(tag_path(reference()), {.digest = store.index.digest});
    publish();
    root_file = temporary.write("root.json", repository.files.at("1.root.json"));
  }
  static oci::Reference reference() { return oci::Reference::parse_normalized("registry.test/team/app:1").value(); }
  void set(const std::string& path, const MapEntry& entry) {
    repository.targets.targets.insert_or_assign(path, *encode_entry(entry));
  }
  void revoke(const PublicKey& key) {
    const std::string id = keys::key_id(key);
    set(revoked_key_path(id),
        {.state = EntryState::kRevoked, .digest = Digest::parse("sha256:" + id).value(), .reason = "lost laptop"});
    publish();
  }
  void publish() {
    ++repository.targets.version;
    repository.publish_targets(tuf::kTargets, repository.targets);
    repository.publish_new_snapshot();
    for (const auto& [name, bytes] : repository.files) temporary.write("published/" + name, bytes);
  }
  Result<FreshnessMap> open_map() const {
    return FreshnessMap::open({.location = temporary / "published",
                               .root_file = root_file,
                               .state_folder = temporary / "state",
                               .now = tuf::kTestNow},
                              nullptr);
  }
  Verification run_with_map(std::optional<oci::Platform> platform = {}) {
    auto map = open_map();
    EXPECT_TRUE(map) << map.error().to_string();
    VerifyRequest with_map = request();
    with_map.map = &*map;
    with_map.platform = std::move(platform);
    auto verification = verify(with_map);
    EXPECT_TRUE(verification) << verification.error().to_string();
    return verification ? *std::move(verification) : Verification{};
  }
};

TEST_F(MapInVerify, AsksForSignatureAndFreshness) {
  EXPECT_TRUE(run_with_map().trusted);
  set(tag_path(reference()), {.digest = store.arm64.digest});
  publish();
  const Verification verification = run_with_map();
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(verification.freshness->verdict, Freshness::kOtherDigest);
  EXPECT_EQ(verification.accepted.size(), 1U) << "its signature holds for ever";
}

TEST_F(MapInVerify, AKeyThatWasRevokedSignsNoMore) {
  revoke(signer.public_key());
  const Verification verification = run_with_map();
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(reason(verification), "the key was revoked: lost laptop");
}

TEST_F(MapInVerify, AKeyThatWasRevokedSignsNoMoreAsNotation) {
  const notation::TestChain chain;
  const auto made = make_notation_signature({.image = store.index, .now = kTestEpoch}, chain.memory_signer(),
                                            {.certificates = chain.certificates()});
  ASSERT_TRUE(made);
  store.attached.clear();
  ASSERT_TRUE(keep_signature(store, *made, {}));
  trust_notation({chain.root.certificate()}, "strict");
  EXPECT_TRUE(run_with_map().trusted);
  revoke(chain.signer.private_key().public_key());
  const Verification verification = run_with_map();
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(reason(verification), "the key was revoked: lost laptop");
}

TEST_F(MapInVerify, AKeyThatWasRevokedSignsNoMoreInACertificate) {
  const sigstore::TestSigstore sigstore;
  const TestIdentity leaf = sigstore.issue();
  sigstore::Bundle bundle =
      sigstore::TestSigstore::sign_statement(store.blobs.at(store.index.digest.to_string()), leaf);
  bundle.entries = {sigstore.log_entry(bundle, sigstore.rekor1, "dsse")};
  store.attached.clear();
  attach(sigstore::kBundleMediaType, sigstore::kBundleMediaType, sigstore::write_bundle(bundle));
  rules.clear();
  rules.push_back(
      SigstoreRule::by_identity({{.name = sigstore::TextPattern::exactly(std::string(sigstore::kTestName)),
                                  .issuer = sigstore::TextPattern::exactly(std::string(sigstore::kTestIssuer))}},
                                std::make_shared<sigstore::TrustedRoot>(sigstore.root)));
  EXPECT_TRUE(run_with_map().trusted);
  revoke(leaf.private_key().public_key());
  EXPECT_EQ(reason(run_with_map()), "the key was revoked: lost laptop");
}

TEST_F(MapInVerify, ASignatureThatWasRevokedCountsNoMore) {
  set(revoked_signature_path(signature), {.state = EntryState::kRevoked, .digest = signature});
  publish();
  EXPECT_EQ(reason(run_with_map()), "the signature was revoked");
}

TEST_F(MapInVerify, ARevokedSignatureStaysRevokedWhenItIsWrappedAnew) {
  const Verification before = run_with_map();
  ASSERT_EQ(before.accepted.size(), 1U);
  const Digest revoked = before.accepted.front().judgement.signed_digest;
  sigstore::Bundle bundle = sigstore::read_bundle(store.blobs.at(signature.to_string())).value();
  sigstore::DsseEnvelope envelope = *bundle.envelope();
  envelope.signatures.front().key_id = "a hint that nobody signed";
  attach(sigstore::kBundleMediaType, sigstore::kBundleMediaType,
         sigstore::write_key_bundle(envelope, signer.public_key()));
  const Verification wrapped = run_with_map();
  ASSERT_EQ(wrapped.accepted.size(), 2U);
  for (const auto& accepted : wrapped.accepted) EXPECT_EQ(accepted.judgement.signed_digest, revoked);
  set(revoked_signature_path(revoked), {.state = EntryState::kRevoked, .digest = revoked});
  publish();
  const Verification after = run_with_map();
  EXPECT_TRUE(after.accepted.empty());
  EXPECT_EQ(after.refused.size(), 2U);
  EXPECT_EQ(reason(after), "the signature was revoked");
}

TEST_F(MapInVerify, AnImageThatWasRevokedIsRefusedThroughItsIndex) {
  const oci::Platform arm64{.os = "linux", .architecture = "arm64"};
  EXPECT_TRUE(run_with_map(arm64).trusted);
  set(revoked_digest_path(store.arm64.digest), {.state = EntryState::kRevoked, .digest = store.arm64.digest});
  publish();
  EXPECT_FALSE(run_with_map(arm64).trusted);
  EXPECT_TRUE(run_with_map().trusted);
}

TEST_F(MapInVerify, ARevokedIndexInAnIndexIsRefused) {
  const auto outer = oci::ManifestBlob::of(oci::kOciIndex, oci::write_index({store.index}));
  ASSERT_TRUE(store.put_manifest(outer));
  store.tags["1"] = outer;
  set(tag_path(reference()), {.digest = outer.descriptor.digest});
  publish();
  const oci::Platform arm64{.os = "linux", .architecture = "arm64"};
  EXPECT_TRUE(run_with_map(arm64).trusted);
  set(revoked_digest_path(store.index.digest), {.state = EntryState::kRevoked, .digest = store.index.digest});
  publish();
  const Verification verification = run_with_map(arm64);
  EXPECT_FALSE(verification.trusted);
  EXPECT_EQ(verification.freshness->verdict, Freshness::kRevoked);
}

TEST_F(MapInVerify, AMapAloneAnswersNoQuestionAboutSigners) {
  rules.clear();
  auto map = open_map();
  ASSERT_TRUE(map);
  VerifyRequest alone = request();
  alone.map = &*map;
  EXPECT_TRUE(verify(alone)->trusted);
  for (const auto& ask : std::vector<std::function<void(VerifyRequest&)>>{
           [](VerifyRequest& asking) { asking.required_signers = 2; },
           [](VerifyRequest& asking) { asking.wanted.predicate_type = "https://slsa.dev/provenance/v1"; },
           [](VerifyRequest& asking) { asking.wanted.annotations = {{"stage", "release"}}; }}) {
    VerifyRequest asking = alone;
    ask(asking);
    const auto verification = verify(asking);
    ASSERT_FALSE(verification);
    EXPECT_EQ(verification.error().code(), Code::kInvalidArgument);
  }
}

TEST_F(MapInVerify, AMapAloneVouchesForWhatItListsOnly) {
  rules.clear();
  EXPECT_TRUE(run_with_map().trusted);
  auto map = open_map();
  VerifyRequest by_digest = request();
  by_digest.tag.clear();
  by_digest.digest = store.arm64.digest;
  by_digest.reference.tag.clear();
  by_digest.map = &*map;
  EXPECT_FALSE(verify(by_digest)->trusted);
  by_digest.reference = {};
  EXPECT_EQ(verify(by_digest).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace bulkhead::trust

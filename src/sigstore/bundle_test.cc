#include "sigstore/bundle.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "sigstore/cosign.h"

namespace bulkhead::sigstore {
namespace {

constexpr std::string_view kV01 = "application/vnd.dev.sigstore.bundle+json;version=0.1";
constexpr std::string_view kV02 = "application/vnd.dev.sigstore.bundle+json;version=0.2";
constexpr std::string_view kV03 = "application/vnd.dev.sigstore.bundle+json;version=0.3";
constexpr std::string_view kMessage = R"("messageSignature":{"signature":"c2ln"})";
constexpr std::string_view kKey = R"("publicKey":{"hint":"h"})";
constexpr std::string_view kChain =
    R"("x509CertificateChain":{"certificates":[{"rawBytes":"YQ=="},{"rawBytes":"Yg=="}]})";

std::string bundle_of(std::string_view version, std::string_view material, std::string_view content = kMessage) {
  return R"({"mediaType":")" + std::string(version) + R"(","verificationMaterial":{)" + std::string(material) + "}," +
         std::string(content) + "}";
}

// `changes` replaces members of a whole entry by their names.
std::string entry_with(std::string_view name = "", std::string_view value = "") {
  const std::string hash = base64_encode(Digest::sha256_of({}).raw());
  std::vector<std::pair<std::string, std::string>> members = {
      {"logIndex", R"("7")"},
      {"logId", R"({"keyId":"a2V5"})"},
      {"kindVersion", R"({"kind":"hashedrekord","version":"0.0.1"})"},
      {"integratedTime", R"("1700000000")"},
      {"inclusionPromise", R"({"signedEntryTimestamp":"c2V0"})"},
      {"inclusionProof", R"({"logIndex":"1","treeSize":"2","rootHash":")" + hash + R"(","hashes":[")" + hash +
                             R"("],"checkpoint":{"envelope":"note"}})"},
      {"canonicalizedBody", R"("e30=")"}};
  std::string out;
  for (const auto& [member, text] : members) {
    if (member == name && value.empty()) continue;
    out += (out.empty() ? "{\"" : ",\"") + member + "\":" + (member == name ? std::string(value) : text);
  }
  return R"("tlogEntries":[)" + out + "}]";
}

std::string with_key(std::string_view more) {
  return std::string(kKey) + "," + std::string(more);
}

TEST(Bundle, OfAKeyIsReadAgainAsItWasWritten) {
  const MemorySigner signer(*PrivateKey::generate(KeyType::kEcdsaP256));
  const auto envelope = sign_envelope("t", "payload", signer);
  ASSERT_TRUE(envelope);
  const auto bundle = read_bundle(write_key_bundle(*envelope, signer.public_key()));
  ASSERT_TRUE(bundle) << bundle.error().to_string();
  EXPECT_EQ(bundle->version, Bundle::Version::kV03);
  EXPECT_EQ(bundle->key_hint, key_hint(signer.public_key()));
  EXPECT_EQ(*base64_decode(*bundle->key_hint), as_text(Digest::sha256_of(as_bytes(signer.public_key().der())).raw()));
  ASSERT_NE(bundle->envelope(), nullptr);
  EXPECT_EQ(bundle->envelope()->payload, "payload");

  const Digest digest = Digest::sha256_of(as_bytes("x"));
  const auto message =
      read_bundle(write_key_bundle(MessageSignature{.message_digest = digest, .signature = "s"}, signer.public_key()));
  ASSERT_TRUE(message) << message.error().to_string();
  ASSERT_NE(message->message(), nullptr);
  EXPECT_EQ(message->message()->message_digest, digest);
  EXPECT_EQ(message->message()->signature, "s");
}

TEST(Bundle, IsReadWithEntriesAndTimestamps) {
  const std::string material = std::string(kChain) + "," + entry_with() +
                               R"(,"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"dHM="}]})";
  for (const std::string_view version : {kV01, kV02}) {
    const auto bundle = read_bundle(bundle_of(version, material));
    ASSERT_TRUE(bundle) << bundle.error().to_string();
    EXPECT_EQ(bundle->certificates, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(bundle->timestamps, std::vector<std::string>{"ts"});
    ASSERT_EQ(bundle->entries.size(), 1U);
    const LogEntry& entry = bundle->entries[0];
    EXPECT_EQ(entry.log_index, 7);
    EXPECT_EQ(entry.log_id, "key");
    EXPECT_EQ(entry.kind, "hashedrekord");
    EXPECT_EQ(entry.version, "0.0.1");
    EXPECT_EQ(entry.integrated_time, 1'700'000'000);
    EXPECT_EQ(entry.signed_entry_timestamp, "set");
    EXPECT_EQ(entry.body, "{}");
    ASSERT_TRUE(entry.inclusion_proof);
    EXPECT_EQ(entry.inclusion_proof->log_index, 1);
    EXPECT_EQ(entry.inclusion_proof->tree_size, 2);
    EXPECT_EQ(entry.inclusion_proof->hashes.size(), 1U);
    EXPECT_EQ(entry.inclusion_proof->checkpoint, "note");
  }
}

TEST(Bundle, TakesWhatProtobufLeavesOutForZeroAndNumbersForTexts) {
  for (const std::string_view value : {"", "0", "\"0\"", "null"}) {
    const auto bundle = read_bundle(bundle_of(kV03, with_key(entry_with("logIndex", value))));
    ASSERT_TRUE(bundle) << bundle.error().to_string();
    EXPECT_EQ(bundle->entries[0].log_index, 0);
  }
  EXPECT_TRUE(read_bundle(bundle_of(kV03, with_key(entry_with("integratedTime", "1700000000")))));
  EXPECT_TRUE(read_bundle(bundle_of(kV03, R"("publicKey":{})")));
}

TEST(Bundle, OfAnUnknownVersionIsRefused) {
  for (const std::string_view version : {"application/vnd.dev.sigstore.bundle+json;version=99.9",
                                         "application/vnd.dev.sigstore.bundle.v0.4+json", "application/json", ""}) {
    EXPECT_EQ(read_bundle(bundle_of(version, kKey)).error().code(), Code::kUnsupported) << version;
  }
}

TEST(Bundle, NeedsWhatItsVersionDemands) {
  EXPECT_TRUE(read_bundle(bundle_of(kV01, with_key(entry_with("inclusionProof")))));
  EXPECT_FALSE(read_bundle(bundle_of(kV01, with_key(entry_with("inclusionPromise")))));
  for (const std::string_view version : {kV02, kV03, kBundleMediaType}) {
    EXPECT_TRUE(read_bundle(bundle_of(version, with_key(entry_with("inclusionPromise")))));
    EXPECT_FALSE(read_bundle(bundle_of(version, with_key(entry_with("inclusionProof")))));
  }
  EXPECT_FALSE(read_bundle(bundle_of(kV03, kChain)));
  EXPECT_TRUE(read_bundle(bundle_of(kV03, R"("certificate":{"rawBytes":"YQ=="})")));
}

TEST(Bundle, IsSignedByOneThingAndHasOneContent) {
  for (const std::string_view material :
       {"", R"("publicKey":{"hint":"h"},"certificate":{"rawBytes":"YQ=="})", R"("certificate":{"rawBytes":""})",
        R"("certificate":{})", R"("x509CertificateChain":{"certificates":[]})", R"("x509CertificateChain":{})"}) {
    EXPECT_EQ(read_bundle(bundle_of(kV02, material)).error().code(), Code::kMalformed) << material;
  }
  const std::string envelope = R"("dsseEnvelope":{"payloadType":"t","payload":"YQ==","signatures":[{"sig":"YQ=="}]})";
  EXPECT_TRUE(read_bundle(bundle_of(kV03, kKey, envelope)));
  EXPECT_FALSE(read_bundle(bundle_of(kV03, kKey, envelope + "," + std::string(kMessage))));
  EXPECT_FALSE(read_bundle(bundle_of(kV03, kKey, R"("x":1)")));
  // Which of two signatures would be verified?
  EXPECT_FALSE(read_bundle(bundle_of(
      kV03, kKey,
      R"("dsseEnvelope":{"payloadType":"t","payload":"YQ==","signatures":[{"sig":"YQ=="},{"sig":"Yg=="}]})")));
}

TEST(Bundle, RefusesEntriesThatAreNone) {
  for (const auto& [name, value] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"logIndex", "\"-1\""},
           {"logIndex", "\"x\""},
           {"logIndex", "\"9223372036854775808\""},
           {"logIndex", "1.5"},
           {"integratedTime", "\"-5\""},
           {"logId", ""},
           {"logId", R"({"keyId":""})"},
           {"kindVersion", ""},
           {"kindVersion", R"({"kind":"x"})"},
           {"canonicalizedBody", ""},
           {"canonicalizedBody", R"("!")"},
           {"inclusionProof", R"({"logIndex":"2","treeSize":"2","rootHash":"YQ=="})"},
           {"inclusionProof", R"({"logIndex":"1","treeSize":"2","rootHash":"YQ=="})"},
           {"inclusionProof", R"({"treeSize":"1"})"}}) {
    EXPECT_EQ(read_bundle(bundle_of(kV03, with_key(entry_with(name, value)))).error().code(), Code::kMalformed)
        << name << " " << value;
  }
}

TEST(Bundle, RefusesMembersThatStandTwice) {
  EXPECT_FALSE(read_bundle(bundle_of(kV03, kKey, R"("messageSignature":{"signature":"YQ==","signature":"Yg=="})")));
  EXPECT_FALSE(read_bundle(bundle_of(kV03, R"("publicKey":{"hint":"a"},"publicKey":{"hint":"b"})")));
}

TEST(Bundle, RefusesDigestsThatAreNone) {
  EXPECT_TRUE(read_bundle(bundle_of(
      kV03, kKey,
      R"("messageSignature":{"messageDigest":{"algorithm":"SHA2_384","digest":"YQ=="},"signature":"YQ=="})")));
  EXPECT_FALSE(read_bundle(bundle_of(
      kV03, kKey,
      R"("messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"YQ=="},"signature":"YQ=="})")));
  EXPECT_FALSE(read_bundle(bundle_of(
      kV03, kKey, R"("messageSignature":{"messageDigest":{"algorithm":"SHA9","digest":"YQ=="},"signature":"YQ=="})")));
}

TEST(Bundle, HasLimits) {
  std::string certificates = R"("x509CertificateChain":{"certificates":[{"rawBytes":"YQ=="})";
  for (size_t i = 0; i < kMaxBundleCertificates; ++i) certificates += R"(,{"rawBytes":"YQ=="})";
  EXPECT_EQ(read_bundle(bundle_of(kV02, certificates + "]}")).error().code(), Code::kLimitExceeded);
  std::string timestamps = R"("timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"YQ=="})";
  for (size_t i = 0; i < kMaxBundleTimestamps; ++i) timestamps += R"(,{"signedTimestamp":"YQ=="})";
  EXPECT_EQ(read_bundle(bundle_of(kV03, with_key(timestamps + "]}"))).error().code(), Code::kLimitExceeded);
}

TEST(Cosign, NamesTagsAndTypes) {
  const Digest digest = Digest::sha256_of({});
  EXPECT_EQ(artifact_tag(digest, kSignatureSuffix), "sha256-" + digest.hex() + ".sig");
  EXPECT_EQ(predicate_type("slsaprovenance1"), kSlsaPredicate1);
  EXPECT_EQ(predicate_type("https://example.com/p"), "https://example.com/p");
  EXPECT_EQ(predicate_type("nonsense"), std::nullopt);
  for (const std::string_view type : {kV01, kV02, kV03, kBundleMediaType}) EXPECT_TRUE(is_bundle_media_type(type));
  EXPECT_FALSE(is_bundle_media_type(kSimpleSigningMediaType));
}

}  // namespace
}  // namespace bulkhead::sigstore

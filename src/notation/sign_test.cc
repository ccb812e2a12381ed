#include "notation/sign.h"

#include <gtest/gtest.h>

#include "notation/artifact.h"
#include "notation/test_signature.h"

namespace bulkhead::notation {
namespace {

class Sign : public testing::Test {
 protected:
  Code code() const {
    const MemorySigner signer(chain.signer.private_key());
    const auto made = sign(signer, request);
    EXPECT_FALSE(made);
    return made ? Code::kInternal : made.error().code();
  }
  TestChain chain;
  SignRequest request = request_of(chain, Format::kJws);
};

TEST_F(Sign, WritesWhatNotationWrites) {
  request.expiry = kTestEpoch + 1;
  request.artifact.annotations = {{"b", "2"}, {"a", "1"}};
  const auto envelope = parse_envelope(Format::kJws, as_bytes(signed_by(chain, request)));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->payload,
            R"({"targetArtifact":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:)" +
                std::string(64, 'a') + R"(","size":1234,"annotations":{"a":"1","b":"2"}}})");
  const std::string headers = *base64url_decode(envelope->signed_bytes.substr(0, envelope->signed_bytes.find('.')));
  EXPECT_EQ(headers,
            R"({"alg":"ES256","crit":["io.cncf.notary.signingScheme","io.cncf.notary.expiry"],)"
            R"("cty":"application/vnd.cncf.notary.payload.v1+json","io.cncf.notary.expiry":"2027-01-15T08:00:01Z",)"
            R"("io.cncf.notary.signingScheme":"notary.x509","io.cncf.notary.signingTime":"2027-01-15T08:00:00Z"})");
}

TEST_F(Sign, RefusesRequestsThatContradictThemselves) {
  request.expiry = request.signing_time;
  EXPECT_EQ(code(), Code::kInvalidArgument);
  request.expiry.reset();
  request.artifact.digest = "sha256:abc";
  EXPECT_EQ(code(), Code::kInvalidArgument);
  request.artifact = kTestArtifact;
  request.artifact.annotations = {{"io.cncf.notary.x", "y"}};
  EXPECT_EQ(code(), Code::kInvalidArgument);
  request.artifact = kTestArtifact;
  request.scheme = SigningScheme::kX509SigningAuthority;
  request.timestamp = [](ByteSpan, HashAlgorithm) -> Result<std::string> { return std::string("token"); };
  EXPECT_EQ(code(), Code::kInvalidArgument);
}

TEST_F(Sign, RefusesAttributesThatAreThereAlready) {
  for (const Format format : {Format::kJws, Format::kCose}) {
    request.format = format;
    request.extended = {{.name = "io.cncf.notary.signingScheme", .value = "x"}};
    EXPECT_EQ(code(), Code::kInvalidArgument);
    request.extended = {{.name = "a", .value = "x"}, {.name = "a", .value = "y"}};
    EXPECT_EQ(code(), Code::kInvalidArgument);
  }
}

TEST_F(Sign, RefusesCertificatesOfAnotherKeyAndOnesThatDoNotHoldAtItsTime) {
  request.certificates = TestChain().certificates();
  EXPECT_EQ(code(), Code::kInvalidArgument);
  request.certificates = chain.certificates();
  request.signing_time = kTestEpoch + 200 * kTestDay;
  EXPECT_EQ(code(), Code::kVerificationFailed);
  request.signing_time = kTestEpoch;
  request.certificates.pop_back();
  EXPECT_EQ(code(), Code::kVerificationFailed);
  request.certificates.clear();
  EXPECT_EQ(code(), Code::kVerificationFailed);
}

TEST_F(Sign, PassesOnThatThereIsNoTimestamp) {
  request.timestamp = [](ByteSpan, HashAlgorithm) -> Result<std::string> {
    return fail(Code::kUnavailable, "the authority does not answer");
  };
  EXPECT_EQ(code(), Code::kUnavailable);
}

TEST_F(Sign, ThumbprintsAreOfAllCertificatesInTheirOrder) {
  const std::vector<Certificate> certificates = chain.certificates();
  EXPECT_EQ(thumbprints_of(certificates),
            fmt::format(R"(["{}","{}","{}"])", certificates[0].fingerprint().hex(), certificates[1].fingerprint().hex(),
                        certificates[2].fingerprint().hex()));
}

TEST(Payload, IsRefusedWhenItCouldMeanTwoThings) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto target = [&](std::string_view more, std::string_view size = "1") {
    return parse_payload(
        fmt::format(R"({{"targetArtifact":{{"mediaType":"a/b","digest":"{}","size":{}{}}}}})", digest, size, more));
  };
  EXPECT_TRUE(target(""));
  EXPECT_TRUE(target(R"(,"annotations":{"A":"1","a":"2"})"));
  for (const std::string_view more : {R"(,"digest":"x")", R"(,"Digest":"x")", R"(,"annotations":{"a":"1","a":"2"})",
                                      R"(,"annotations":{"a":1})", R"(,"annotations":[])"}) {
    EXPECT_FALSE(target(more)) << more;
  }
  EXPECT_FALSE(target("", "-1"));
  EXPECT_FALSE(target("", "1.5"));
  EXPECT_FALSE(target("", "\"1\""));
  for (const std::string_view text : {"", "{}", "[]", R"({"targetArtifact":[]})",
                                      R"({"targetArtifact":{"mediaType":"a","digest":"md5:00","size":1}})"}) {
    EXPECT_FALSE(parse_payload(text)) << text;
  }
}

}  // namespace
}  // namespace bulkhead::notation

#include "notation/envelope.h"

#include <gtest/gtest.h>

#include "notation/test_signature.h"

namespace bulkhead::notation {
namespace {

const std::vector<std::string> kKeys = {"P-256", "P-384", "P-521", "RSA:2048", "RSA:3072", "RSA:4096"};

TEST(Envelope, IsReadAsItWasSignedInBothFormsByEveryAlgorithm) {
  for (const std::string& key : kKeys) {
    const TestChain chain(key);
    for (const Format format : {Format::kJws, Format::kCose}) {
      SCOPED_TRACE(fmt::format("{} {}", key, media_type_of(format)));
      SignRequest request = request_of(chain, format);
      request.expiry = kTestEpoch + 100;
      request.artifact.annotations = {{"a", "b"}};
      const std::string bytes = signed_by(chain, request);
      const auto envelope = parse_envelope(format, as_bytes(bytes));
      ASSERT_TRUE(envelope) << envelope.error().to_string();
      EXPECT_TRUE(verify_signature(*envelope));
      EXPECT_EQ(envelope->scheme, SigningScheme::kX509);
      EXPECT_EQ(envelope->signing_time, kTestEpoch);
      EXPECT_EQ(envelope->expiry, kTestEpoch + 100);
      EXPECT_EQ(envelope->agent, "test/1");
      EXPECT_EQ(envelope->certificates, chain.certificates());
      EXPECT_EQ(envelope->algorithm, *algorithm_for(chain.signer.private_key().public_key()));
      EXPECT_EQ(parse_payload(envelope->payload)->annotations, request.artifact.annotations);
    }
  }
}

TEST(Envelope, KeepsTheTimeOfASigningAuthority) {
  const TestChain chain;
  for (const Format format : {Format::kJws, Format::kCose}) {
    SignRequest request = request_of(chain, format);
    request.scheme = SigningScheme::kX509SigningAuthority;
    const auto envelope = parse_envelope(format, as_bytes(signed_by(chain, request)));
    ASSERT_TRUE(envelope) << envelope.error().to_string();
    EXPECT_EQ(envelope->scheme, SigningScheme::kX509SigningAuthority);
    EXPECT_EQ(envelope->signing_time, kTestEpoch);
  }
}

TEST(Envelope, TellsExtendedAttributesAndWhichAreCritical) {
  const TestChain chain;
  for (const Format format : {Format::kJws, Format::kCose}) {
    SignRequest request = request_of(chain, format);
    request.extended = {{.name = "one", .value = "1", .critical = true}, {.name = "two", .value = "2"}};
    const auto envelope = parse_envelope(format, as_bytes(signed_by(chain, request)));
    ASSERT_TRUE(envelope) << envelope.error().to_string();
    ASSERT_EQ(envelope->extended.size(), 2);
    EXPECT_EQ(envelope->extended[0].name, "one");
    EXPECT_EQ(envelope->extended[0].value, "1");
    EXPECT_TRUE(envelope->extended[0].critical);
    EXPECT_FALSE(envelope->extended[1].critical);
  }
}

TEST(Envelope, DoesNotHoldOnceAnythingSignedIsChanged) {
  const TestChain chain;
  for (const Format format : {Format::kJws, Format::kCose}) {
    const std::string bytes = signed_by(chain, request_of(chain, format));
    auto envelope = parse_envelope(format, as_bytes(bytes));
    ASSERT_TRUE(envelope);
    for (std::string Envelope::* const part : {&Envelope::signature, &Envelope::signed_bytes}) {
      Envelope changed = *envelope;
      (changed.*part).back() ^= 1;
      EXPECT_EQ(verify_signature(changed).error().code(), Code::kVerificationFailed);
    }
    Envelope cut = *envelope;
    cut.signature.pop_back();
    EXPECT_FALSE(verify_signature(cut));
    Envelope none = *envelope;
    none.signature.clear();
    EXPECT_FALSE(verify_signature(none));
    Envelope other = *envelope;
    other.certificates = TestChain().certificates();
    EXPECT_FALSE(verify_signature(other));
  }
}

class Jws : public testing::Test {
 protected:
  std::string headers(std::string_view alg = "ES256", std::string_view crit = R"("io.cncf.notary.signingScheme")",
                      std::string_view more = R"(,"io.cncf.notary.signingTime":"2027-01-15T08:00:00Z")",
                      std::string_view scheme = "notary.x509") const {
    return fmt::format(R"({{"alg":"{}","cty":"{}","crit":[{}],"io.cncf.notary.signingScheme":"{}"{}}})", alg,
                       kPayloadMediaType, crit, scheme, more);
  }
  Result<Envelope> parse(const RawJws& jws) const {
    return parse_envelope(Format::kJws, as_bytes(jws.signed_with(chain.signer)));
  }
  RawJws jws(std::string headers) const {
    return {.headers = std::move(headers), .certificates = {chain.signer.der, chain.middle.der, chain.root.der}};
  }
  Code code_of(const RawJws& raw) const {
    const auto parsed = parse(raw);
    EXPECT_FALSE(parsed) << raw.headers;
    return parsed ? Code::kInternal : parsed.error().code();
  }

  TestChain chain;
};

TEST_F(Jws, IsReadWhenAllIsAsItShouldBe) {
  const auto envelope = parse(jws(headers()));
  ASSERT_TRUE(envelope) << envelope.error().to_string();
  EXPECT_TRUE(verify_signature(*envelope));
}

TEST_F(Jws, RefusesAlgorithmsThatAreNoneOrSymmetric) {
  for (const std::string_view alg : {"none", "None", "HS256", "RS256", "EdDSA", "ES256K", "", "es256"}) {
    EXPECT_EQ(code_of(jws(headers(alg))), Code::kUnsupported) << alg;
  }
}

TEST_F(Jws, RefusesAnAlgorithmThatIsNotTheKeys) {
  for (const std::string_view alg : {"ES384", "PS256"}) {
    const auto envelope = parse(jws(headers(alg)));
    ASSERT_TRUE(envelope) << envelope.error().to_string();
    EXPECT_EQ(verify_signature(*envelope).error().code(), Code::kVerificationFailed) << alg;
  }
}

TEST_F(Jws, RefusesAShorterHashThanTheRsaKeysOwn) {
  const TestChain rsa("RSA:3072");
  RawJws raw{.headers = headers("PS256"), .certificates = {rsa.signer.der, rsa.middle.der, rsa.root.der}};
  const std::string bytes = raw.signed_with(rsa.signer, {SignatureScheme::Kind::kRsaPss, HashAlgorithm::kSha256});
  const auto envelope = parse_envelope(Format::kJws, as_bytes(bytes));
  ASSERT_TRUE(envelope);
  EXPECT_EQ(verify_signature(*envelope).error().code(), Code::kVerificationFailed);
}

TEST_F(Jws, RefusesSignaturesInDer) {
  const RawJws raw = jws(headers());
  const auto envelope =
      parse_envelope(Format::kJws, as_bytes(raw.signed_with(chain.signer, {SignatureScheme::Kind::kEcdsa})));
  ASSERT_TRUE(envelope);
  EXPECT_FALSE(verify_signature(*envelope));
}

TEST_F(Jws, RefusesMembersGivenTwice) {
  RawJws twice = jws(R"({"alg":"ES256",)" + headers().substr(1));
  EXPECT_EQ(code_of(twice), Code::kMalformed);
  RawJws by_case = jws(R"({"ALG":"none",)" + headers().substr(1));
  EXPECT_EQ(code_of(by_case), Code::kMalformed);
  RawJws payload = jws(headers());
  payload.more_members = R"(,"payload":"e30")";
  EXPECT_EQ(code_of(payload), Code::kMalformed);
  RawJws chains = jws(headers());
  chains.more_unprotected = R"(,"x5c":[])";
  EXPECT_EQ(code_of(chains), Code::kMalformed);
}

TEST_F(Jws, RefusesMembersThatAFlattenedOneHasNot) {
  RawJws several = jws(headers());
  several.more_members = R"(,"signatures":[])";
  EXPECT_EQ(code_of(several), Code::kMalformed);
}

TEST_F(Jws, RefusesSignedNamesWhereTheyAreNotSigned) {
  for (const std::string_view name : {"alg", "crit", "cty", "io.cncf.notary.expiry", "io.cncf.notary.signingScheme"}) {
    RawJws raw = jws(headers());
    raw.more_unprotected = fmt::format(R"(,"{}":"x")", name);
    EXPECT_EQ(code_of(raw), Code::kMalformed) << name;
  }
}

TEST_F(Jws, RefusesCriticalNamesThatAreNotThereOrStandTwice) {
  for (const std::string_view crit :
       {R"("io.cncf.notary.signingScheme","b64")", R"("io.cncf.notary.signingScheme","alg")",
        R"("io.cncf.notary.signingScheme","io.cncf.notary.signingScheme")", R"("io.cncf.notary.signingScheme",1)", "",
        R"("io.cncf.notary.signingTime")", R"("io.cncf.notary.signingScheme","io.cncf.notary.expiry")"}) {
    EXPECT_EQ(code_of(jws(headers("ES256", crit))), Code::kMalformed) << crit;
  }
}

TEST_F(Jws, RefusesAnExpiryThatIsNotCriticalOrBeforeItsSigning) {
  const std::string time = R"(,"io.cncf.notary.signingTime":"2027-01-15T08:00:00Z")";
  const std::string later = time + R"(,"io.cncf.notary.expiry":"2027-01-15T08:00:01Z")";
  const std::string same = time + R"(,"io.cncf.notary.expiry":"2027-01-15T08:00:00Z")";
  const std::string both = R"("io.cncf.notary.signingScheme","io.cncf.notary.expiry")";
  EXPECT_TRUE(parse(jws(headers("ES256", both, later))));
  EXPECT_EQ(code_of(jws(headers("ES256", R"("io.cncf.notary.signingScheme")", later))), Code::kMalformed);
  EXPECT_EQ(code_of(jws(headers("ES256", both, same))), Code::kMalformed);
}

TEST_F(Jws, KnowsTwoSigningSchemesAndTheirTimes) {
  const std::string_view scheme_only = R"("io.cncf.notary.signingScheme")";
  const std::string_view with_time = R"("io.cncf.notary.signingScheme","io.cncf.notary.authenticSigningTime")";
  const std::string_view time = R"(,"io.cncf.notary.signingTime":"2027-01-15T08:00:00Z")";
  const std::string_view authentic = R"(,"io.cncf.notary.authenticSigningTime":"2027-01-15T08:00:00Z")";
  const std::string_view authority = "notary.x509.signingAuthority";
  EXPECT_TRUE(parse(jws(headers("ES256", with_time, authentic, authority))));
  EXPECT_EQ(code_of(jws(headers("ES256", scheme_only, authentic, authority))), Code::kMalformed);
  EXPECT_EQ(code_of(jws(headers("ES256", scheme_only, time, authority))), Code::kMalformed);
  EXPECT_EQ(code_of(jws(headers("ES256", with_time, authentic, "notary.x509"))), Code::kMalformed);
  EXPECT_EQ(code_of(jws(headers("ES256", scheme_only, "", "notary.x509"))), Code::kMalformed);
  EXPECT_EQ(code_of(jws(headers("ES256", scheme_only, time, "notary.x510"))), Code::kUnsupported);
}

TEST_F(Jws, RefusesBase64ThatIsNotExact) {
  const std::string good = jws(headers()).signed_with(chain.signer);
  for (const std::string_view name : {"\"payload\":\"", "\"protected\":\"", "\"signature\":\""}) {
    for (const std::string_view junk : {"=", "\\n", "+", "/", " "}) {
      std::string bytes = good;
      bytes.insert(bytes.find('"', bytes.find(name) + name.size()), junk);
      EXPECT_FALSE(parse_envelope(Format::kJws, as_bytes(bytes))) << name << junk;
    }
  }
}

TEST_F(Jws, RefusesChainsThatAreNoneOrTooLong) {
  RawJws none = jws(headers());
  none.certificates.clear();
  EXPECT_EQ(code_of(none), Code::kMalformed);
  RawJws junk = jws(headers());
  junk.certificates[1] = "no certificate";
  EXPECT_EQ(code_of(junk), Code::kMalformed);
  RawJws many = jws(headers());
  many.certificates.assign(17, chain.signer.der);
  EXPECT_EQ(code_of(many), Code::kLimitExceeded);
}

TEST_F(Jws, RefusesOtherPayloads) {
  std::string other = headers();
  other.replace(other.find("payload.v1"), 10, "payload.v2");
  EXPECT_EQ(code_of(jws(other)), Code::kUnsupported);
}

TEST_F(Jws, IsBounded) {
  EXPECT_EQ(parse_envelope(Format::kJws, as_bytes(std::string((1 << 20) + 1, ' '))).error().code(),
            Code::kLimitExceeded);
  EXPECT_FALSE(parse_envelope(Format::kJws, as_bytes(std::string(100'000, '['))));
}

// COSE_Sign1 of any parts.
class Cose : public testing::Test {
 protected:
  using Pairs = std::vector<std::pair<std::string, std::string>>;  // encoded

  static std::string item(const auto& write) {
    cbor::Writer out;
    write(out);
    return std::move(out).take();
  }
  static std::string text(std::string_view value) {
    return item([&](cbor::Writer& out) { out.text(value); });
  }
  static std::string number(int64_t value) {
    return item([&](cbor::Writer& out) { out.integer(value); });
  }
  static std::string bytes(std::string_view value) {
    return item([&](cbor::Writer& out) { out.bytes(value); });
  }
  static std::string list(const std::vector<std::string>& items) {
    return item([&](cbor::Writer& out) {
      out.begin_array(items.size());
      for (const std::string& one : items) out.raw(one);
    });
  }
  static std::string map(const Pairs& pairs) {
    return item([&](cbor::Writer& out) {
      out.begin_map(pairs.size());
      for (const auto& [key, value] : pairs) {
        out.raw(key);
        out.raw(value);
      }
    });
  }
  static std::string time(int64_t seconds, uint64_t tag = 1) {
    return item([&](cbor::Writer& out) {
      out.tag(tag);
      out.integer(seconds);
    });
  }

  Pairs headers = {{number(1), number(-7)},
                   {number(2), list({text("io.cncf.notary.signingScheme")})},
                   {number(3), text(kPayloadMediaType)},
                   {text("io.cncf.notary.signingTime"), time(kTestEpoch)},
                   {text("io.cncf.notary.signingScheme"), text("notary.x509")}};
  TestChain chain;
  Pairs unprotected = {{number(33), list({bytes(chain.signer.der), bytes(chain.middle.der), bytes(chain.root.der)})}};
  uint64_t tag = 18;

  Result<Envelope> parse() const {
    const std::string payload = *write_payload(kTestArtifact);
    const std::string encoded = map(headers);
    const std::string input = list({text("Signature1"), bytes(encoded), bytes(""), bytes(payload)});
    const std::string signature = *chain.signer.private_key().sign({SignatureScheme::Kind::kEcdsaRaw}, as_bytes(input));
    const std::string message = item([&](cbor::Writer& out) {
      out.tag(tag);
      out.raw(list({bytes(encoded), map(unprotected), bytes(payload), bytes(signature)}));
    });
    return parse_envelope(Format::kCose, as_bytes(message));
  }
  Code code() const {
    const auto parsed = parse();
    EXPECT_FALSE(parsed);
    return parsed ? Code::kInternal : parsed.error().code();
  }
};

TEST_F(Cose, IsReadWhenAllIsAsItShouldBe) {
  const auto envelope = parse();
  ASSERT_TRUE(envelope) << envelope.error().to_string();
  EXPECT_TRUE(verify_signature(*envelope));
}

TEST_F(Cose, RefusesAlgorithmsThatAreNotItsOwn) {
  for (const int64_t label : {0, 5 /* HMAC */, -8 /* EdDSA */, -47 /* ES256K */, -257 /* RS256 */}) {
    headers[0].second = number(label);
    EXPECT_EQ(code(), Code::kUnsupported) << label;
  }
  headers[0].second = text("ES256");
  EXPECT_EQ(code(), Code::kUnsupported);
  headers.erase(headers.begin());
  EXPECT_EQ(code(), Code::kUnsupported);
}

TEST_F(Cose, RefusesAnAlgorithmThatIsNotTheKeys) {
  for (const int64_t label : {-35, -37}) {
    headers[0].second = number(label);
    const auto envelope = parse();
    ASSERT_TRUE(envelope);
    EXPECT_EQ(verify_signature(*envelope).error().code(), Code::kVerificationFailed);
  }
}

TEST_F(Cose, RefusesCriticalLabelsThatAreNotThere) {
  headers[1].second = list({text("io.cncf.notary.signingScheme"), number(42)});
  EXPECT_EQ(code(), Code::kMalformed);
  headers.emplace_back(number(42), number(1));
  const auto envelope = parse();
  ASSERT_TRUE(envelope) << envelope.error().to_string();
  EXPECT_TRUE(envelope->extended.front().critical);
  EXPECT_EQ(envelope->extended.front().name, "label 42");
  headers[1].second = list({});
  EXPECT_EQ(code(), Code::kMalformed);
  headers.erase(headers.begin() + 1);
  EXPECT_EQ(code(), Code::kMalformed);
}

TEST_F(Cose, RefusesALabelTwice) {
  headers.emplace_back(number(1), number(-7));
  EXPECT_EQ(code(), Code::kMalformed);
}

TEST_F(Cose, RefusesTimesThatAreNotWholeSeconds) {
  headers[3].second = number(kTestEpoch);
  EXPECT_EQ(code(), Code::kMalformed);
  headers[3].second = time(kTestEpoch, 0);
  EXPECT_EQ(code(), Code::kMalformed);
  headers[3].second = std::string("\xc1\xfb\x41\xda\xd2\x73\xe0\x00\x00\x00", 10);
  EXPECT_EQ(code(), Code::kMalformed);
}

TEST_F(Cose, RefusesSignedLabelsWhereTheyAreNotSigned) {
  unprotected.emplace_back(number(1), number(-7));
  EXPECT_EQ(code(), Code::kMalformed);
  unprotected.back() = {text("io.cncf.notary.expiry"), time(1)};
  EXPECT_EQ(code(), Code::kMalformed);
}

TEST_F(Cose, HasItsChainOnceOnEitherSide) {
  headers.emplace_back(number(33), unprotected[0].second);
  EXPECT_EQ(code(), Code::kMalformed);
  unprotected.clear();
  const auto envelope = parse();
  ASSERT_TRUE(envelope) << envelope.error().to_string();
  EXPECT_EQ(envelope->certificates.size(), 3);
  headers.pop_back();
  EXPECT_EQ(code(), Code::kMalformed);
}

TEST_F(Cose, RefusesOtherMessages) {
  tag = 98;  // COSE_Sign
  EXPECT_EQ(code(), Code::kMalformed);
  EXPECT_EQ(parse_envelope(Format::kCose, as_bytes(list({bytes(""), map({}), bytes(""), bytes("")}))).error().code(),
            Code::kMalformed);
}

}  // namespace
}  // namespace bulkhead::notation

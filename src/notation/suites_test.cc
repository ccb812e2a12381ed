// Suites of others, run from checkouts that the user names; skipped, saying so, without them:
//   BULKHEAD_NOTATION_GO    github.com/notaryproject/notation-go
//   BULKHEAD_NOTATION_CORE  github.com/notaryproject/notation-core-go
//   BULKHEAD_WYCHEPROOF     github.com/C2SP/wycheproof
#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/json.h"
#include "crypto/der.h"
#include "notation/certificates.h"
#include "notation/envelope_parts.h"
#include "notation/json_document.h"
#include "notation/test_signature.h"

namespace bulkhead::notation {
namespace {

std::string folder_named_by(const char* variable) {
  const char* folder = std::getenv(variable);
  return folder == nullptr ? "" : folder;
}

std::string file(const std::string& path) {
  auto contents = read_file(path, size_t{16} << 20);
  EXPECT_TRUE(contents) << contents.error().to_string();
  return contents ? *std::move(contents) : std::string();
}

#define SKIP_WITHOUT(folder, variable) \
  if ((folder).empty()) GTEST_SKIP() << "set " variable " to a checkout"

class NotationGo : public testing::Test {
 protected:
  const std::string folder = folder_named_by("BULKHEAD_NOTATION_GO");

  // "verified", or the check that failed first.
  std::string verdict(const std::string& path, Format format, const TrustStatement& statement, int64_t now) const {
    const std::string bytes = file(folder + "/" + path);
    const FolderTrustStore store(folder + "/verifier/testdata/truststore");
    VerifyRequest request{.format = format, .envelope = as_bytes(bytes), .now = now};
    // Of whatever artifact it is: that is not what is asked here.
    if (const auto envelope = parse_envelope(format, as_bytes(bytes))) {
      if (auto artifact = parse_payload(envelope->payload)) request.artifact = *std::move(artifact);
    }
    const Outcome outcome = verify(statement, store, request);
    for (const CheckResult& check : outcome.checks) {
      if (check.is_critical()) return fmt::format("{}: {}", name_of(check.check), check.failure->to_string());
    }
    return "verified";
  }
};

TEST_F(NotationGo, FixturesVerifyAsTheyAreLabelled) {
  SKIP_WITHOUT(folder, "BULKHEAD_NOTATION_GO");
  const TrustStatement statement =
      statement_of("strict", "", R"("ca:valid-trust-store","signingAuthority:valid-trust-store")", "*");
  const TrustStatement other =
      statement_of("strict", "", R"("ca:valid-trust-store-2","signingAuthority:valid-trust-store-2")", "*");
  for (const std::string kind : {"ca", "sa"}) {
    const auto judged = [&](const std::string& name, const TrustStatement& by) {
      return verdict(fmt::format("internal/mock/testdata/{}_{}_sig_env.json", kind, name), Format::kJws, by,
                     kTestEpoch);
    };
    EXPECT_EQ(judged("valid", statement), "verified");
    EXPECT_TRUE(judged("valid", other).starts_with("authenticity: ")) << judged("valid", other);
    EXPECT_TRUE(judged("invalid", statement).starts_with("integrity: ")) << judged("invalid", statement);
    EXPECT_TRUE(judged("expired", statement).starts_with("expiry: ")) << judged("expired", statement);
    EXPECT_TRUE(judged("plugin", statement).starts_with("integrity: ")) << judged("plugin", statement);
  }
}

TEST_F(NotationGo, TimestampedFixturesVerifyAsTheyAreLabelled) {
  SKIP_WITHOUT(folder, "BULKHEAD_NOTATION_GO");
  const TrustStatement statement = statement_of("strict", R"(,"override":{"revocation":"skip","authenticity":"log"})",
                                                R"("ca:valid-trust-store","tsa:test-timestamp")", "*");
  const auto judged = [&](const std::string& name, Format format) {
    return verdict("verifier/testdata/timestamp/sigEnv/" + name, format, statement, kTestEpoch);
  };
  // The authority's certificates say where to ask for revocations, and nobody may be asked here.
  for (const std::string name : {"jwsWithTimestamp.sig", "jwsExpiredWithTimestamp.sig"}) {
    EXPECT_TRUE(judged(name, Format::kJws).starts_with("authenticTimestamp: whether certificate"))
        << judged(name, Format::kJws);
  }
  for (const std::string name : {"coseWithTimestamp.sig", "coseExpiredWithTimestamp.sig"}) {
    EXPECT_TRUE(judged(name, Format::kCose).starts_with("authenticTimestamp: whether certificate"))
        << judged(name, Format::kCose);
  }
  EXPECT_TRUE(judged("withoutTimestamp.sig", Format::kJws).starts_with("authenticTimestamp: the signature has no"));
}

TEST_F(NotationGo, EnvelopesOfItsOwnSigningAreWhole) {
  SKIP_WITHOUT(folder, "BULKHEAD_NOTATION_GO");
  for (const auto& [name, format] : {std::pair("jws", Format::kJws), std::pair("cose", Format::kCose)}) {
    const std::string bytes = file(fmt::format("{}/internal/testdata/{}_signature.sig", folder, name));
    const auto envelope = parse_envelope(format, as_bytes(bytes));
    ASSERT_TRUE(envelope) << envelope.error().to_string();
    EXPECT_TRUE(verify_signature(*envelope));
    EXPECT_TRUE(check_signing_certificates(envelope->certificates, envelope->signing_time));
    EXPECT_TRUE(parse_payload(envelope->payload));
  }
}

TEST_F(NotationGo, TrustStoresAreReadAsTheyAreLabelled) {
  SKIP_WITHOUT(folder, "BULKHEAD_NOTATION_GO");
  const FolderTrustStore store(folder + "/verifier/testdata/truststore");
  const auto readable = [&](StoreType type, const std::string& name) {
    return store.certificates({.type = type, .name = name}).has_value();
  };
  EXPECT_TRUE(readable(StoreType::kCa, "valid-trust-store"));
  EXPECT_TRUE(readable(StoreType::kCa, "valid-trust-store-self-signed"));
  EXPECT_TRUE(readable(StoreType::kTsa, "test-timestamp"));
  for (const std::string name : {"trust-store-with-invalid-certs", "trust-store-with-leaf-certs",
                                 "trust-store-with-leaf-certs-in-single-file", "valid-trust-store_SYMLINK"}) {
    EXPECT_FALSE(readable(StoreType::kCa, name)) << name;
  }
  EXPECT_FALSE(readable(StoreType::kTsa, "test-nonCA"));
  EXPECT_FALSE(readable(StoreType::kTsa, "test-nonSelfIssued"));
}

class NotationCore : public testing::Test {
 protected:
  const std::string folder = folder_named_by("BULKHEAD_NOTATION_CORE");
};

// What its conformance tests ask to be signed.
SignRequest conformance_request(const TestChain& chain, Format format, int64_t signing_time, int64_t expiry) {
  return {.format = format,
          .certificates = chain.certificates(),
          .signing_time = signing_time,
          .expiry = expiry,
          .agent = "NotationConformanceTest/1.0.0",
          .extended = {{.name = "signedCritKey1", .value = "signedCritValue1", .critical = true},
                       {.name = "signedKey1", .value = "signedValue1"}}};
}

TEST_F(NotationCore, JwsIsSignedToTheSameBytes) {
  SKIP_WITHOUT(folder, "BULKHEAD_NOTATION_CORE");
  const auto expected = json::Document::parse(file(folder + "/signature/jws/testdata/conformance.json"));
  ASSERT_TRUE(expected);
  const TestChain chain("P-256");
  SignRequest request = conformance_request(chain, Format::kJws, *parse_rfc3339("2022-08-29T13:50:00Z"),
                                            *parse_rfc3339("2099-08-30T13:50:00Z"));
  for (const std::string name : {"signedKey2", "signedKey3", "signedKey4"}) {
    request.extended.push_back({.name = name, .value = "signedValue1"});
  }
  const MemorySigner signer(chain.signer.private_key());
  const auto made = sign_jws(signer, request, *algorithm_named("ES256"), R"({"key":"hello JWS"})");
  ASSERT_TRUE(made) << made.error().to_string();
  const auto parsed = json::Document::parse(*made);
  for (const std::string_view part : {"payload", "protected"}) {
    EXPECT_EQ(parsed->root().string_or(part, ""), expected->root().string_or(part, "?"));
  }
}

TEST_F(NotationCore, CoseIsSignedToTheSameBytes) {
  SKIP_WITHOUT(folder, "BULKHEAD_NOTATION_CORE");
  const auto expected = json::Document::parse(file(folder + "/signature/cose/testdata/conformance.json"));
  ASSERT_TRUE(expected);
  const json::Value root = expected->root();
  const TestChain chain("RSA:3072");
  const SignRequest request =
      conformance_request(chain, Format::kCose, *root.require_integer("signingTime"), *root.require_integer("expiry"));
  const MemorySigner signer(chain.signer.private_key());
  const auto made = sign_cose(signer, request, *algorithm_named("PS384"), *from_hex(*root.require_string("payload")));
  ASSERT_TRUE(made) << made.error().to_string();
  const auto message = cbor::parse(as_bytes(*made));
  ASSERT_TRUE(message);
  const std::string headers(*message->items.front().items.at(0).bytes());
  EXPECT_EQ(headers, *from_hex(root.require_object("protectedHeaders")->string_or("cborHex", "")));
  const std::string output = *from_hex(root.require_object("expectedOutput")->string_or("cborHex", ""));
  EXPECT_TRUE(cbor::parse(as_bytes(output)));
}

// JSON Web Keys (RFC 7517) of the kinds that sign here.
std::optional<PublicKey> key_of(const json::Value& jwk) {
  const auto part = [&](std::string_view name) { return base64url_decode(jwk.string_or(name, "")).value_or(""); };
  const auto unsigned_integer = [](std::string digits) {
    if (!digits.empty() && (static_cast<unsigned char>(digits.front()) & 0x80U) != 0) digits.insert(0, 1, '\0');
    return der_element(der::kInteger, digits);
  };
  const auto spki = [](std::string_view algorithm, const std::string& key) {
    return der_element(der::kSequence, std::string(algorithm) + der_element(0x03, std::string(1, '\0') + key));
  };
  std::string encoded;
  if (jwk.string_or("kty", "") == "RSA") {
    constexpr std::string_view kRsa("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15);
    encoded = spki(kRsa, der_element(der::kSequence, unsigned_integer(part("n")) + unsigned_integer(part("e"))));
  } else if (jwk.string_or("crv", "") == "P-256" || jwk.string_or("crv", "") == "P-521") {
    constexpr std::string_view kP256(
        "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 21);
    constexpr std::string_view kP521("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23", 18);
    encoded = spki(jwk.string_or("crv", "") == "P-256" ? kP256 : kP521, "\x04" + part("x") + part("y"));
  }
  auto key = PublicKey::from_der(as_bytes(encoded));
  return key ? std::optional(*std::move(key)) : std::nullopt;
}

// A compact JWS, by the parts that read the flattened one.
bool holds(std::string_view compact, const PublicKey& key, std::string_view algorithm_of_key) {
  const size_t first = compact.find('.');
  const size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  const auto headers = base64url_decode(compact.substr(0, first));
  const auto payload = base64url_decode(compact.substr(first + 1, second - first - 1));
  const auto signature = base64url_decode(compact.substr(second + 1));
  if (!headers || !payload || !signature) return false;
  const auto document = parse_unambiguous(*headers, "the header", kMaxEnvelopeBytes);
  if (!document || document->root().find("crit")) return false;
  const Algorithm* algorithm = algorithm_named(document->root().string_or("alg", ""));
  return algorithm != nullptr && algorithm->jws == algorithm_of_key && algorithm->key == key.type() &&
         key.verify(algorithm->scheme, as_bytes(compact.substr(0, second)), as_bytes(*signature)).has_value();
}

TEST(Wycheproof, JsonWebSignaturesHoldWhereTheyShould) {
  const std::string folder = folder_named_by("BULKHEAD_WYCHEPROOF");
  SKIP_WITHOUT(folder, "BULKHEAD_WYCHEPROOF");
  const std::string text = file(folder + "/testvectors_v1/json_web_signature_test.json");
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document) << document.error().to_string();
  size_t run = 0;
  for (const json::Value group : document->root().find("testGroups")->elements()) {
    const auto jwk = group.find("public");
    // Ours are the algorithms of notation; what a key may be used for is said by its certificate, not by a JWK.
    if (!jwk || algorithm_named(jwk->string_or("alg", "")) == nullptr) continue;
    const auto key = key_of(*jwk);
    ASSERT_TRUE(key) << group.string_or("comment", "");
    for (const json::Value test : group.find("tests")->elements()) {
      // Of "Figure20", the key is for PS256 and the header says PS384: here the key decides.
      const bool valid = test.string_or("result", "") == "valid" && test.string_or("comment", "") != "Figure20";
      EXPECT_EQ(holds(test.string_or("jws", ""), *key, jwk->string_or("alg", "")), valid)
          << *test.require_integer("tcId") << " " << test.string_or("comment", "");
      ++run;
    }
  }
  EXPECT_GE(run, 100);
}

}  // namespace
}  // namespace bulkhead::notation

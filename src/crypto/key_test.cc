#include "crypto/key.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "crypto/digest.h"

namespace bulkhead {
namespace {

using Kind = SignatureScheme::Kind;

constexpr auto kAllTypes = std::to_array<KeyType>(
    {KeyType::kEcdsaP256, KeyType::kEcdsaP384, KeyType::kEcdsaP521, KeyType::kEd25519, KeyType::kRsa});

std::vector<SignatureScheme> schemes_of(KeyType type) {
  std::vector<SignatureScheme> out;
  for (const HashAlgorithm hash : {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    if (type == KeyType::kRsa) {
      out.push_back({Kind::kRsaPss, hash});
      out.push_back({Kind::kRsaPkcs1, hash});
    } else if (type != KeyType::kEd25519) {
      out.push_back({Kind::kEcdsa, hash});
      out.push_back({Kind::kEcdsaRaw, hash});
    }
  }
  if (type == KeyType::kEd25519) out.push_back({Kind::kEd25519});
  return out;
}

TEST(Key, SignsAndVerifiesByEverySchemeOfItsType) {
  for (const KeyType type : kAllTypes) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key) << key_type_name(type);
    for (const SignatureScheme scheme : schemes_of(type)) {
      const auto signature = key->sign(scheme, as_bytes("message"));
      ASSERT_TRUE(signature) << key_type_name(type);
      EXPECT_TRUE(key->public_key().verify(scheme, as_bytes("message"), as_bytes(*signature)));
      EXPECT_FALSE(key->public_key().verify(scheme, as_bytes("messagf"), as_bytes(*signature)));
      std::string changed = *signature;
      changed.back() = static_cast<char>(changed.back() ^ 1);
      EXPECT_FALSE(key->public_key().verify(scheme, as_bytes("message"), as_bytes(changed)));
      EXPECT_FALSE(key->public_key().verify(scheme, as_bytes("message"), as_bytes(*signature + "x")));
      EXPECT_FALSE(key->public_key().verify(scheme, as_bytes("message"), {}));
      for (const SignatureScheme other : schemes_of(type)) {
        if (other == scheme) continue;
        EXPECT_FALSE(key->public_key().verify(other, as_bytes("message"), as_bytes(*signature)));
      }
    }
  }
}

TEST(Key, VerifiesByTheDigestOfAMessageWhereItsTypeAllows) {
  const std::string message = "message";
  const Digest digest = Digest::sha256_of(as_bytes(message));
  for (const KeyType type : kAllTypes) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key) << key_type_name(type);
    for (const SignatureScheme scheme : schemes_of(type)) {
      const auto signature = key->sign(scheme, as_bytes(message));
      ASSERT_TRUE(signature) << key_type_name(type);
      const bool by_sha256 = scheme.kind != Kind::kEd25519 && scheme.hash == HashAlgorithm::kSha256;
      const PublicKey& half = key->public_key();
      EXPECT_EQ(half.verify_digest(scheme, digest.raw(), as_bytes(*signature)).has_value(), by_sha256);
      EXPECT_FALSE(half.verify_digest(scheme, Digest::sha256_of({}).raw(), as_bytes(*signature)));
      EXPECT_FALSE(half.verify_digest(scheme, digest.raw().first(31), as_bytes(*signature)));
    }
  }
}

TEST(Key, RefusesSchemesOfOtherTypes) {
  const auto ecdsa = PrivateKey::generate(KeyType::kEcdsaP256);
  const auto edwards = PrivateKey::generate(KeyType::kEd25519);
  ASSERT_TRUE(ecdsa && edwards);
  EXPECT_EQ(ecdsa->sign({Kind::kRsaPss}, as_bytes("m")).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(edwards->sign({Kind::kEcdsa}, as_bytes("m")).error().code(), Code::kInvalidArgument);
  const auto signature = edwards->sign({Kind::kEd25519}, as_bytes("m"));
  ASSERT_TRUE(signature);
  EXPECT_EQ(edwards->public_key().verify({Kind::kEcdsaRaw}, as_bytes("m"), as_bytes(*signature)).error().code(),
            Code::kVerificationFailed);
}

TEST(Key, OfAnotherPairVerifiesNothing) {
  for (const KeyType type : kAllTypes) {
    const auto one = PrivateKey::generate(type);
    const auto two = PrivateKey::generate(type);
    ASSERT_TRUE(one && two);
    EXPECT_FALSE(one->public_key() == two->public_key());
    const auto signature = one->sign(default_scheme(type), as_bytes("m"));
    ASSERT_TRUE(signature);
    EXPECT_EQ(two->public_key().verify(default_scheme(type), as_bytes("m"), as_bytes(*signature)).error().code(),
              Code::kVerificationFailed);
  }
}

TEST(Key, IsReadAgainFromWhatItWrites) {
  for (const KeyType type : kAllTypes) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    const PublicKey& half = key->public_key();
    EXPECT_EQ(half.type(), type);
    const auto from_der = PublicKey::from_der(as_bytes(half.der()));
    const auto from_pem = PublicKey::from_pem("text before\n" + half.pem() + "text after\n");
    ASSERT_TRUE(from_der && from_pem);
    EXPECT_TRUE(*from_der == half);
    EXPECT_TRUE(*from_pem == half);
    const Secret pkcs8 = key->der();
    const auto again = PrivateKey::from_der(as_bytes(pkcs8.reveal()));
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->public_key() == half);
  }
}

// RFC 8032 section 7.1, tests 1 and 2.
TEST(Key, VerifiesTheEd25519SignaturesOfTheStandard) {
  struct Case {
    std::string_view key;
    std::string_view message;
    std::string_view signature;
  };
  for (const Case& test : {
           Case{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                "d25bf5f0595bbe24655141438e7a100b"},
           Case{"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                "387b2eaeb4302aeeb00d291612bb0c00"},
       }) {
    const auto key = PublicKey::from_ed25519(as_bytes(*from_hex(test.key)));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(as_bytes(key->ed25519())), test.key);
    EXPECT_TRUE(key->verify({Kind::kEd25519}, as_bytes(*from_hex(test.message)), as_bytes(*from_hex(test.signature))));
  }
}

// S may not be the group's order or more (RFC 8032 section 5.1.7): adding the order makes a second signature otherwise.
TEST(Key, RefusesEd25519SignaturesThatAreNotReduced) {
  const auto key =
      PublicKey::from_ed25519(as_bytes(*from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")));
  ASSERT_TRUE(key);
  std::string signature = *from_hex(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
      "d25bf5f0595bbe24655141438e7a100b");
  const std::string order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    carry +=
        static_cast<unsigned char>(signature[32 + i]) + static_cast<unsigned>(static_cast<unsigned char>(order[i]));
    signature[32 + i] = static_cast<char>(carry & 0xffU);
    carry >>= 8U;
  }
  EXPECT_FALSE(key->verify({Kind::kEd25519}, {}, as_bytes(signature)));
}

TEST(Key, TakesRawEcdsaSignaturesOfExactLengthOnly) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  ASSERT_TRUE(key);
  const auto raw = key->sign({Kind::kEcdsaRaw}, as_bytes("m"));
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->size(), 64U);
  EXPECT_FALSE(key->public_key().verify({Kind::kEcdsaRaw}, as_bytes("m"), as_bytes(raw->substr(1))));
  EXPECT_FALSE(key->public_key().verify({Kind::kEcdsaRaw}, as_bytes("m"), as_bytes(std::string(64, '\0'))));
}

TEST(Key, PassesOverHeadersInPem) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  ASSERT_TRUE(key);
  std::string pem = key->public_key().pem();
  pem.insert(pem.find('\n') + 1, "role: alice\r\n\r\n");
  const auto read = PublicKey::from_pem(pem);
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_TRUE(*read == key->public_key());
}

TEST(Key, RefusesWhatIsNoKey) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  ASSERT_TRUE(key);
  const std::string& der = key->public_key().der();
  EXPECT_EQ(PublicKey::from_der({}).error().code(), Code::kMalformed);
  EXPECT_EQ(PublicKey::from_der(as_bytes(der + "x")).error().code(), Code::kMalformed);
  EXPECT_EQ(PublicKey::from_der(as_bytes(std::string_view(der).substr(0, der.size() - 1))).error().code(),
            Code::kMalformed);
  std::string off_curve = der;
  off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
  EXPECT_FALSE(PublicKey::from_der(as_bytes(off_curve)));
  EXPECT_EQ(PublicKey::from_der(as_bytes(std::string(100'000, 'x'))).error().code(), Code::kLimitExceeded);
  EXPECT_EQ(PublicKey::from_pem("no key").error().code(), Code::kMalformed);
  EXPECT_EQ(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\n").error().code(), Code::kMalformed);
  EXPECT_EQ(PublicKey::from_ed25519(as_bytes("short")).error().code(), Code::kMalformed);
  EXPECT_EQ(PrivateKey::from_der(as_bytes("nothing")).error().code(), Code::kMalformed);
}

// openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 | openssl pkey -pubout, and -algorithm EC on secp256k1.
TEST(Key, RefusesKeysThatAreTooWeakOrOfOtherKinds) {
  const auto weak = PublicKey::from_pem(R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDWPiFbVcvKMikn+R2/o2AZiPwW
IHSVy2qxPjTuGkH3bectbo9iENAknaX3LTMMwUQXFS3r7Z8OplSiFPwj6efRv6jK
bn/0Uu6Ov0SiajGM48vZ+i6tXEzSfNDj9gxcDRyoFFeknDtkOzMxx7+J3gqeDRll
BI9Vsec7rNuGGLUdLwIDAQAB
-----END PUBLIC KEY-----
)");
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().code(), Code::kUnsupported);
  EXPECT_EQ(weak.error().message(), "an RSA key of 1024 bits");
  const auto other = PublicKey::from_pem(R"(-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEQkk6JylsOOLg5qqHRcVEOnouzuYEGbtv
Faiyg6WQyIJ3WWqkHT5O5VNN9EtZAfWHm/YwcjNMpxM/uW2P3lBY8A==
-----END PUBLIC KEY-----
)");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), Code::kUnsupported);
}

}  // namespace
}  // namespace bulkhead

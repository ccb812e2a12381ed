#include "crypto/prehashed.h"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

// FIPS 180-4, the examples of "abc".
TEST(Prehashed, HashesAsTheStandardSays) {
  const auto hex = [](HashAlgorithm hash) { return to_hex(as_bytes(hash_of(hash, as_bytes("abc")))); };
  EXPECT_EQ(hex(HashAlgorithm::kSha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(hex(HashAlgorithm::kSha384).starts_with("cb00753f45a35e8bb5a03d699ac65007"));
  EXPECT_TRUE(hex(HashAlgorithm::kSha512).starts_with("ddaf35a193617abacc417349ae204131"));
  EXPECT_EQ(hash_of(HashAlgorithm::kSha384, as_bytes("abc")).size(), hash_bytes(HashAlgorithm::kSha384));
}

TEST(Prehashed, WrapsHashesInDerOfTheirLength) {
  for (const HashAlgorithm hash : {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512}) {
    const std::string info = digest_info(hash, as_bytes(hash_of(hash, as_bytes("abc"))));
    EXPECT_EQ(static_cast<size_t>(info[1]), info.size() - 2);
    EXPECT_EQ(info.size(), 19 + hash_bytes(hash));
  }
}

TEST(Prehashed, TurnsSignaturesAroundAndBack) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP521);
  ASSERT_TRUE(key);
  const size_t order = ecdsa_order_bytes(KeyType::kEcdsaP521);
  const SignatureScheme raw{.kind = SignatureScheme::Kind::kEcdsaRaw, .hash = HashAlgorithm::kSha512};
  const SignatureScheme der{.kind = SignatureScheme::Kind::kEcdsa, .hash = HashAlgorithm::kSha512};
  const auto signature = key->sign(raw, as_bytes("m"));
  ASSERT_TRUE(signature);
  const auto turned = ecdsa_der_of_raw(as_bytes(*signature), order);
  ASSERT_TRUE(turned);
  EXPECT_TRUE(key->public_key().verify(der, as_bytes("m"), as_bytes(*turned)));
  EXPECT_EQ(ecdsa_raw_of_der(as_bytes(*turned), order), *signature);
}

TEST(Prehashed, RefusesWhatIsNoSignature) {
  EXPECT_FALSE(ecdsa_der_of_raw(as_bytes(std::string(63, 'x')), 32));
  EXPECT_FALSE(ecdsa_der_of_raw({}, 0));
  EXPECT_FALSE(ecdsa_raw_of_der(as_bytes("no DER"), 32));
  // r of 33 bytes does not fit into 32.
  const auto longer = ecdsa_der_of_raw(as_bytes(std::string(66, '\x7f')), 33);
  ASSERT_TRUE(longer);
  EXPECT_FALSE(ecdsa_raw_of_der(as_bytes(*longer), 32));
}

}  // namespace
}  // namespace bulkhead

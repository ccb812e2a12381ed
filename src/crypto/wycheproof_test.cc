// The vectors of C2SP/wycheproof for every algorithm of this folder that is used on foreign input. They are not ours: a
// checkout of the suite is named by BULKHEAD_WYCHEPROOF, and without it these tests are skipped.
//
// "valid" must be believed and "invalid" refused. What the suite calls "acceptable" is decided here: PKCS#1 v1.5
// padding whose hash algorithm lacks its NULL parameter is refused. Bitcoin's vectors (low s, BIP 62) are for
// secp256k1, which is no curve of key.h, and are not run; nor are those of SHA-3, SHAKE and truncated hashes.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/json.h"
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/encrypted_key.h"
#include "crypto/kdf.h"
#include "crypto/key.h"

namespace bulkhead {
namespace {

using Kind = SignatureScheme::Kind;

struct HashRow {
  std::string_view name;  // as the suite has it
  HashAlgorithm hash;
  int64_t bytes;
};
constexpr auto kHashes = std::to_array<HashRow>({{"SHA-256", HashAlgorithm::kSha256, 32},
                                                 {"SHA-384", HashAlgorithm::kSha384, 48},
                                                 {"SHA-512", HashAlgorithm::kSha512, 64}});

struct Wycheproof : testing::Test {
  void SetUp() override {
    const char* checkout = std::getenv("BULKHEAD_WYCHEPROOF");  // NOLINT(concurrency-mt-unsafe)
    if (checkout == nullptr) GTEST_SKIP() << "BULKHEAD_WYCHEPROOF names no checkout of C2SP/wycheproof";
    folder = std::string(checkout) + "/testvectors_v1/";
  }
  void TearDown() override {
    if (!folder.empty()) EXPECT_GT(run, 0U);
  }

  // Each group of tests of a file.
  template <typename Visit>
  void groups_of(const std::string& name, Visit visit) {
    const auto text = read_file(folder + name, size_t{64} << 20);
    ASSERT_TRUE(text) << text.error().to_string();
    const auto document = json::Document::parse(*text);
    ASSERT_TRUE(document) << document.error().to_string();
    for (const json::Value& group : document->root().find("testGroups")->elements()) visit(group);
  }

  // Whether the result is what a test of the suite says.
  void expect(const json::Value& test, bool believed, const std::string& name) {
    const bool valid = test.string_or("result", "") == "valid";
    EXPECT_EQ(believed, valid) << name << " " << *test.find("tcId")->integer() << ": " << test.string_or("comment", "");
    ++run;
  }

  void verify_group(const json::Value& group, SignatureScheme scheme, bool fitting, const std::string& name) {
    const auto key = PublicKey::from_der(as_bytes(*from_hex(group.string_or("publicKeyDer", ""))));
    ASSERT_TRUE(key) << name << ": " << key.error().to_string();
    for (const json::Value& test : group.find("tests")->elements()) {
      const std::string message = *from_hex(test.string_or("msg", ""));
      const std::string signature = *from_hex(test.string_or("sig", ""));
      const bool believed = key->verify(scheme, as_bytes(message), as_bytes(signature)).has_value();
      if (scheme.hash == HashAlgorithm::kSha256 && scheme.kind != Kind::kEd25519) {
        const Digest digest = Digest::sha256_of(as_bytes(message));
        EXPECT_EQ(key->verify_digest(scheme, digest.raw(), as_bytes(signature)).has_value(), believed) << name;
      }
      if (fitting) {
        expect(test, believed, name);
      } else {
        EXPECT_FALSE(believed && test.string_or("result", "") == "valid")
            << name << " " << *test.find("tcId")->integer();
        ++run;
      }
    }
  }

  // All files whose names are made of these parts, where the suite has them.
  void verify_files(std::string_view pattern, std::initializer_list<std::string_view> variants, Kind kind) {
    for (const std::string_view variant : variants) {
      for (const HashRow& row : kHashes) {
        const std::string name = fmt::format(fmt::runtime(pattern), variant, row.bytes * 8);
        if (!read_file(folder + name, size_t{64} << 20)) continue;
        groups_of(name, [&](const json::Value& group) {
          ASSERT_EQ(group.string_or("sha", ""), row.name);
          verify_group(group, {kind, row.hash}, true, name);
        });
      }
    }
  }

  std::string folder;
  size_t run = 0;
};

TEST_F(Wycheproof, EcdsaSignaturesInDer) {
  verify_files("ecdsa_{}_sha{}_test.json", {"secp256r1", "secp384r1", "secp521r1"}, Kind::kEcdsa);
}

TEST_F(Wycheproof, EcdsaSignaturesOfTwoNumbers) {
  verify_files("ecdsa_{}_sha{}_p1363_test.json", {"secp256r1", "secp384r1", "secp521r1"}, Kind::kEcdsaRaw);
}

TEST_F(Wycheproof, Ed25519Signatures) {
  groups_of("ed25519_test.json",
            [&](const json::Value& group) { verify_group(group, {Kind::kEd25519}, true, "ed25519_test.json"); });
}

TEST_F(Wycheproof, RsaSignaturesOfPkcs1) {
  verify_files("rsa_signature_{}_sha{}_test.json", {"2048", "3072", "4096", "8192"}, Kind::kRsaPkcs1);
}

// A salt of another length, or another hash below, is another scheme: nothing that is valid by it is believed.
TEST_F(Wycheproof, RsaSignaturesOfPss) {
  for (const std::string name : {"rsa_pss_2048_sha256_mgf1_0_test.json", "rsa_pss_2048_sha256_mgf1_32_test.json",
                                 "rsa_pss_2048_sha256_mgf1sha1_20_test.json", "rsa_pss_2048_sha384_mgf1_48_test.json",
                                 "rsa_pss_3072_sha256_mgf1_32_test.json", "rsa_pss_4096_sha256_mgf1_32_test.json",
                                 "rsa_pss_4096_sha384_mgf1_48_test.json", "rsa_pss_4096_sha512_mgf1_32_test.json",
                                 "rsa_pss_4096_sha512_mgf1_64_test.json"}) {
    groups_of(name, [&](const json::Value& group) {
      const auto* row = std::ranges::find(kHashes, group.string_or("sha", ""), &HashRow::name);
      ASSERT_NE(row, kHashes.end()) << name;
      const bool fitting = group.find("sLen")->integer() == row->bytes && group.string_or("mgfSha", "") == row->name;
      verify_group(group, {Kind::kRsaPss, row->hash}, fitting, name);
    });
  }
}

struct PrfRow {
  std::string_view name;
  Pbkdf2Hash hash;
  std::string_view oid;  // in DER
};
constexpr auto kPrfs = std::to_array<PrfRow>({
    {"sha1", Pbkdf2Hash::kSha1, "2a864886f70d0207"},
    {"sha256", Pbkdf2Hash::kSha256, "2a864886f70d0209"},
    {"sha512", Pbkdf2Hash::kSha512, "2a864886f70d020b"},
});

TEST_F(Wycheproof, KeysOfPassphrasesByPbkdf2) {
  for (const PrfRow& row : kPrfs) {
    const std::string name = fmt::format("pbkdf2_hmac{}_test.json", row.name);
    groups_of(name, [&](const json::Value& group) {
      for (const json::Value& test : group.find("tests")->elements()) {
        const auto bytes = static_cast<size_t>(*test.find("dkLen")->integer());
        const auto iterations = static_cast<uint64_t>(*test.find("iterationCount")->integer());
        const auto derived = pbkdf2(*from_hex(test.string_or("password", "")),
                                    as_bytes(*from_hex(test.string_or("salt", ""))), iterations, row.hash, bytes);
        if (iterations > kMaxPbkdf2Iterations) {
          EXPECT_EQ(derived.error().code(), Code::kLimitExceeded);
          continue;
        }
        expect(test, derived && to_hex(as_bytes(derived->reveal())) == test.string_or("dk", ""), name);
      }
    });
  }
}

std::string sequence(std::string_view content) {
  return der_element(der::kSequence, content);
}
std::string oid_of(std::string_view hex) {
  return der_element(der::kObjectIdentifier, *from_hex(hex));
}
std::string integer_of(int64_t value) {
  std::string bytes;
  for (; value > 0; value >>= 8) bytes.insert(bytes.begin(), static_cast<char>(value & 0xFF));
  if (bytes.empty() || static_cast<unsigned char>(bytes[0]) > 0x7F) bytes.insert(bytes.begin(), '\0');
  return der_element(der::kInteger, bytes);
}

// EncryptedPrivateKeyInfo of a test, which is of the scheme and not of a key.
std::string encrypted_of(const json::Value& test, std::string_view prf, std::string_view cipher) {
  const auto octets = [&](std::string_view member) {
    return der_element(der::kOctetString, *from_hex(test.string_or(member, "")));
  };
  const std::string null_parameters("\x05\x00", 2);
  const std::string derivation = sequence(octets("salt") + integer_of(*test.find("iterationCount")->integer()) +
                                          sequence(oid_of(prf) + null_parameters));
  const std::string parameters =
      sequence(sequence(oid_of("2a864886f70d01050c") + derivation) + sequence(oid_of(cipher) + octets("iv")));
  return sequence(sequence(oid_of("2a864886f70d01050d") + parameters) + octets("ct"));
}

TEST_F(Wycheproof, EncryptedKeysOfPbes2) {
  for (const PrfRow& row : kPrfs) {
    for (const auto& [bits, cipher] : {std::pair{128, "608648016503040102"}, std::pair{256, "60864801650304012a"}}) {
      const std::string name = fmt::format("pbes2_hmac{}_aes_{}_test.json", row.name, bits);
      groups_of(name, [&](const json::Value& group) {
        for (const json::Value& test : group.find("tests")->elements()) {
          const auto decrypted =
              decrypt_pkcs8(as_bytes(encrypted_of(test, row.oid, cipher)), *from_hex(test.string_or("password", "")));
          expect(test, decrypted && to_hex(as_bytes(decrypted->reveal())) == test.string_or("msg", ""), name);
        }
      });
    }
  }
}

}  // namespace
}  // namespace bulkhead

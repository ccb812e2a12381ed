#include "crypto/encrypted_key.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/key.h"
#include "crypto/pem.h"

namespace bulkhead {
namespace {

// One key in every form. openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256; the passphrase is "secret".
constexpr std::string_view kPublic = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUsvOHl7hg7Z/xM7KQuFEj9xVX5im
FXrB26oeSwrpPeUoQoXvxhmLNNwXEwBRw3gBSoz4V4d7QdYqFlhEFNE/ZA==
-----END PUBLIC KEY-----
)";
// openssl pkcs8 -topk8 -v2 aes-256-cbc
constexpr std::string_view kSha256 = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgocWENgFTgzAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDCGyPu6O2YOiUHs5EP3BkcEgZA6
ciCnJJDNqwmfxJw46h58OXlYPfU6uBZsaoCAJSJuSMsxJXEV3s2hU/efMe66P/of
SHILQq0ZbkLzvprC0IvTSf5KGLEBxTdPlNN3cjk1q5dEC3qV2hUJZWjzbatVLl5H
u6aXas5tbGptXoA7uPVRch61913kK6smy8pOgCFxsvEIe31MjDnHK/IK3CJSn+c=
-----END ENCRYPTED PRIVATE KEY-----
)";
// openssl pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA512
constexpr std::string_view kSha512 = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhrB6t6nWw5lgICCAAw
DAYIKoZIhvcNAgsFADAdBglghkgBZQMEAQIEECtF87hbc0VTVO0LmMWnodMEgZBv
Zv2tQ0pMtPAnKkVHXPjvJejsWacYEyH6t81fXPUawLdjPVP6QcJL+Yi1D2gmOys2
qQnZarZoVDCT5QhcPA+DtU53tET15jTrxRfBLtwFMaWTkilkUue4vYJsS2BsNFUe
pWMgcU1wjMYrBy93ahe+VyASnngtrjblORbAXJqv8nObZjny+GFT2440zD0X3sA=
-----END ENCRYPTED PRIVATE KEY-----
)";
// openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA1
constexpr std::string_view kSha1 = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAjgBY9svqqugwICCAAw
HQYJYIZIAWUDBAEqBBAb9lPTtFwVIbz94itbLT/pBIGQl6d1SToxYMjJ3brtMZSP
AefuOmarFmKMVia8djGcgcF+lB1a9dSPuErvvuidOfO3O59qt+5IcnvEKNZuUnCn
FHZ0LwQl/eLYKXF6oHtuZ5t1OEZqDy1Y6ljdCZVRMlKngTWLdmkNrwJdu6MmZIKx
G5PLNlEUi6WQ7qDPizb+qQa8RbbTO0LnKMRim0iT3X5d
-----END ENCRYPTED PRIVATE KEY-----
)";
// openssl pkcs8 -topk8 -scrypt -scrypt_N 1024
constexpr std::string_view kScrypt = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAg38qqcXJoRswICBAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBBktH7qNbhBl94ENwH/q2KYBIGQ+mlt2RL5lhKs
oKMOvy7uy8DYXoUAYmozvFX4CQEmpLm1KBNXwWNBGeY9zkMyLbw5mrsAks+d7bsE
pXRxGm2XHjgsMa8ID1yVvh18m8gqx7V9JpLrJvm4VONTJADjJyB9rlNrhArb5ZW+
WcqAn9A5gsKqsoGFRJZV6BdJhvCP7BDCB1g5TrI1e9bqJRacRwmq
-----END ENCRYPTED PRIVATE KEY-----
)";
// openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES
constexpr std::string_view kPbes1 = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQI5hzTHsKp2aoCAggABIGQVbIPDbOvORqE0Yh2
TjUpBK1jOSF0FQLhbQzXPnTZAnbCEetjv4S7dDtW9uOMtWmkZSDKuYqcHVxelQqa
CW7KX2I7OkIsVfyIz81EVFDnqpw4Sh2seTk2lpiLa3INvC8buXSVmEi4dOK0z1La
wW6350yNGTnlq55VZ2xZJpK2Fm2TbPM5FQsg/bb4/+4gDsU8
-----END ENCRYPTED PRIVATE KEY-----
)";
// openssl ec, plain, -aes256 and -des3
constexpr std::string_view kTraditional = R"(-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBwyzGJqfb/GAG9VDG7d7QOQNM/Occw929rHaSE/vsmZoAoGCCqGSM49
AwEHoUQDQgAEUsvOHl7hg7Z/xM7KQuFEj9xVX5imFXrB26oeSwrpPeUoQoXvxhmL
NNwXEwBRw3gBSoz4V4d7QdYqFlhEFNE/ZA==
-----END EC PRIVATE KEY-----
)";
constexpr std::string_view kDekAes = R"(-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,BD5D6DACCF51EA241CD0D81833341DB0

tt7bireX6WZ6KGR75hpBKi1L7aZL9UFW/bASTuTX5y4xMRxtU8kFptkF2ysizaPe
eZERXz/McE68mZS8rZxiIhaD6FHwOV+gr9SeqDKDCXodNzfpqllmCcPcj1rIJRgd
dh3p0FVODTpWKz+Y4QPnvesFc0IqqVt4gdpAng5uFiU=
-----END EC PRIVATE KEY-----
)";
constexpr std::string_view kDekDes = R"(-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: DES-EDE3-CBC,A243CA9489190C10

gIaIeRsmhdsIJUrJEGxLd9WeBSnBpt/SvTYdGSWxDlWJJLTbpVrORBOsTnwwvr94
X9uF8KjDk7seqzc6v2gMZuIcn5gbipFi4UHwitzbpTkw8KPqATC7ceUQ2ejC+azo
ADA8zgd09dASdFoZMNSgnyDd9wjUTRyhnSo8ytj1QKA=
-----END EC PRIVATE KEY-----
)";

std::string contents_of(std::string_view pem) {
  const auto block = read_pem(pem, {"ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY"});
  return block ? std::string(block->contents.reveal()) : std::string();
}

Code code_of(const Result<Secret>& result) {
  if (result) return Code::kInternal;
  EXPECT_EQ(result.error().to_string().find("PASSPHRASE"), std::string::npos);
  return result.error().code();
}

TEST(EncryptedKey, IsReadInEveryFormThatOpensslWrites) {
  const auto half = PublicKey::from_pem(kPublic);
  ASSERT_TRUE(half);
  for (const std::string_view pem : {kSha256, kSha512, kSha1, kScrypt}) {
    const std::string encrypted = contents_of(pem);
    const auto der = decrypt_pkcs8(as_bytes(encrypted), "secret");
    ASSERT_TRUE(der) << der.error().to_string();
    const auto key = PrivateKey::from_der(as_bytes(der->reveal()));
    ASSERT_TRUE(key) << key.error().to_string();
    EXPECT_TRUE(key->public_key() == *half);
  }
  for (const std::string_view pem : {kDekAes, kDekDes}) {
    const auto block = read_pem(pem, {"EC PRIVATE KEY"});
    ASSERT_TRUE(block);
    const auto der = decrypt_pem(block->header("DEK-Info"), as_bytes(block->contents.reveal()), "secret");
    ASSERT_TRUE(der) << der.error().to_string();
    const auto key = PrivateKey::from_traditional(KeyType::kEcdsaP256, as_bytes(der->reveal()));
    ASSERT_TRUE(key) << key.error().to_string();
    EXPECT_TRUE(key->public_key() == *half);
  }
  const auto plain = PrivateKey::from_traditional(KeyType::kEcdsaP256, as_bytes(contents_of(kTraditional)));
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->public_key() == *half);
  EXPECT_EQ(PrivateKey::from_traditional(KeyType::kRsa, as_bytes(contents_of(kTraditional))).error().code(),
            Code::kMalformed);
}

TEST(EncryptedKey, IsReadAgainAsItWasWritten) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{138}, size_t{2400}}) {
    const std::string text(size, 'k');
    const auto ours = encrypt_pkcs8(as_bytes(text), "pass phrase", {.n = 1024, .r = 8, .p = 1});
    const auto notary = encrypt_pkcs8_for_notary(as_bytes(text), "pass phrase", 1000);
    ASSERT_TRUE(ours && notary);
    for (const std::string& encrypted : {*ours, *notary}) {
      const auto again = decrypt_pkcs8(as_bytes(encrypted), "pass phrase");
      ASSERT_TRUE(again) << again.error().to_string();
      EXPECT_EQ(again->reveal(), text);
    }
    EXPECT_NE(*ours, *encrypt_pkcs8(as_bytes(text), "pass phrase", {.n = 1024, .r = 8, .p = 1}));
  }
}

// The wrong passphrase makes noise whose padding is right once in 256 times; it is never the key.
TEST(EncryptedKey, IsNotReadWithAnotherPassphrase) {
  for (const std::string_view pem : {kSha1, kScrypt}) {
    const auto der = decrypt_pkcs8(as_bytes(contents_of(pem)), "PASSPHRASE");
    if (!der) {
      EXPECT_EQ(code_of(der), Code::kUnauthenticated);
    } else {
      EXPECT_FALSE(PrivateKey::from_der(as_bytes(der->reveal())));
    }
    EXPECT_FALSE(decrypt_pkcs8(as_bytes(contents_of(pem)), {}));
  }
  EXPECT_EQ(code_of(decrypt_pkcs8(as_bytes(contents_of(kSha256)), "PASSPHRASE")), Code::kUnauthenticated);
  const std::string dek = "AES-256-CBC,BD5D6DACCF51EA241CD0D81833341DB0";
  EXPECT_EQ(code_of(decrypt_pem(dek, as_bytes(contents_of(kDekAes)), "PASSPHRASE")), Code::kUnauthenticated);
}

TEST(EncryptedKey, RefusesWhatIsBrokenOrTooMuch) {
  EXPECT_EQ(code_of(decrypt_pkcs8({}, "secret")), Code::kMalformed);
  EXPECT_EQ(code_of(decrypt_pkcs8(as_bytes(contents_of(kSha1) + "x"), "secret")), Code::kMalformed);
  EXPECT_EQ(code_of(decrypt_pkcs8(as_bytes(std::string(100'000, 'x')), "secret")), Code::kLimitExceeded);
  EXPECT_EQ(code_of(decrypt_pkcs8(as_bytes(contents_of(kPbes1)), "secret")), Code::kUnsupported);
  // Every prefix and every changed byte ends in an error or in noise, never in a crash.
  const std::string whole = contents_of(kScrypt);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decrypt_pkcs8(as_bytes(whole.substr(0, size)), "secret"));
  }
  const auto more = encrypt_pkcs8_for_notary(as_bytes("k"), "p", 10'000'001);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Code::kLimitExceeded);
  // scrypt's cost of 1024 (02 02 04 00) becomes 1025, which is no power of two; 8 blocks (02 01 08) with 16384 and p =
  // 1 become 127 each: more steps than are made here.
  std::string odd = whole;
  const size_t cost = odd.find(std::string("\x02\x02\x04\x00", 4));
  ASSERT_NE(cost, std::string::npos);
  odd[cost + 3] = '\x01';
  EXPECT_EQ(code_of(decrypt_pkcs8(as_bytes(odd), "secret")), Code::kMalformed);

  std::string costly = whole;
  costly[cost + 2] = '\x40';  // 2^14
  ASSERT_EQ(costly.substr(cost + 4, 3), "\x02\x01\x08");
  costly[cost + 6] = '\x7f';
  costly.replace(cost + 9, 1, "\x7f");
  EXPECT_EQ(code_of(decrypt_pkcs8(as_bytes(costly), "secret")), Code::kLimitExceeded);

  EXPECT_EQ(code_of(decrypt_pem("RC4,00", as_bytes("x"), "secret")), Code::kUnsupported);
  EXPECT_EQ(code_of(decrypt_pem("", as_bytes("x"), "secret")), Code::kUnsupported);
  EXPECT_EQ(code_of(decrypt_pem("AES-256-CBC", as_bytes("x"), "secret")), Code::kMalformed);
  EXPECT_EQ(code_of(decrypt_pem("AES-256-CBC,00", as_bytes("x"), "secret")), Code::kMalformed);
  EXPECT_EQ(code_of(decrypt_pem("AES-256-CBC,zz", as_bytes("x"), "secret")), Code::kMalformed);
}

// notary's form of Ed25519: 96 bytes under another object identifier. Both halves of it must agree.
TEST(EncryptedKey, ReadsNotarysFormOfEd25519) {
  const auto key = PrivateKey::generate(KeyType::kEd25519);
  ASSERT_TRUE(key);
  const std::string form(key->notary_der().reveal());
  EXPECT_EQ(to_hex(as_bytes(form.substr(0, 20))), "3072020100300b06092b06010401da470f010460");
  EXPECT_EQ(form.size(), 116U);
  const auto again = PrivateKey::from_der(as_bytes(form));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->public_key() == key->public_key());
  EXPECT_EQ(again->der().reveal(), key->der().reveal());
  for (const size_t at : {size_t{20}, size_t{52}, size_t{84}, size_t{115}}) {
    std::string changed = form;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_EQ(PrivateKey::from_der(as_bytes(changed)).error().code(), Code::kMalformed);
  }
  const auto other = PrivateKey::generate(KeyType::kEcdsaP256);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->notary_der().reveal(), other->der().reveal());
}

}  // namespace
}  // namespace bulkhead

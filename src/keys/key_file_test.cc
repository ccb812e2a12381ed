#include "keys/key_file.h"

#include <string>

#include <gtest/gtest.h>

#include "base/process.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "crypto/pem.h"
#include "keys/key_store.h"

namespace bulkhead::keys {
namespace {

// Made by docker 28.2.2 and notary 0.7.0; named by these ids.
constexpr std::string_view kDockerTargets = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
gun: localhost:5999/x
role: targets

MIHuMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAjaA7oOmSQsxwICCAAw
HQYJYIZIAWUDBAEqBBBNjx/FfM+zqoOlFhDhxm53BIGgRk9/frX6LVGrO6AlRBCT
V17IAG/bsrZITpjlPZ8Oh1EZDSIfYKi/+CQkL80FaxN5jz4Zwjzx0uq14pgcf6iL
sXtCjw8zOgBfRITJDDJvLQsYbY9Ux9+39Ze82rOSr6RAyxNIhfU3xOiXuafCu8Mu
NNMXtkZjZK8pM1X9DnSg+owS4XObZg7X+PRbzRbY/80xPHYgxJicMmRbIDnA7yGE
yA==
-----END ENCRYPTED PRIVATE KEY-----
)";
constexpr std::string_view kDockerTargetsId = "49dce8655406779c7b1e99edccbced0e08aaf9c278e88cab13b527c812575e80";
constexpr std::string_view kDockerRsa = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
role: carol

MIIFHzBJBgkqhkiG9w0BBQ0wPDAbBgkqhkiG9w0BBQwwDgQIu5+qTlazje8CAggA
MB0GCWCGSAFlAwQBKgQQfl1o6BdS8dkc3XzkMCNc3gSCBNCtofi7AJLVi+STXc0h
XStSckKIEm7iz2lxMGq+Y9W+vYQDeUQ/tCGyeoBIO6hJmCJghxkL+yaBYXpG7y0A
cnF/YK7X/COren9t9DI6MELWf6JyaGJOImLY2zgOp/RUagg//Wrb+mokRIsfBgqn
Bon+XpmC/aWtQ51raWgJIe3xCR04ERtwbRtXq6AI84d4l2hKD5bPLrCyuatBbSrj
d6ecY5e/Nt8CN/M3VVMquuviyH/UE2K4IbE+aBimCFjQ9O9gr63J47Z5eAWjJNWo
zACNWU+nvywirqnfxaZWiyfJVYdjTMQMUWmjMlasbspvTbLfxJUY4LGfwdywQ3Zs
jdEdzQpVqoeH2mDxKhtV9j5k6HH6gn6uBOoeLdJcoe4b2zYIxu++DImzabTpZ4m+
AZvQzDxJ9FbtrM9zwGH2ErYEr4AhUk4QLjLbg2YHCxqQFOOw2LYRXDx/Nq9a4+jV
CTTaVzFQMNBESbsuzukBFDrqWm4RLvif4ONr+f5A+8pbftvAvS614P/E4gnVRbna
AXZiZK2A+ZmhOYyAHbE8VHhpWnCPhrjoIYSiVo0uhENnLcyc8goSc2PXnvlfa38u
PG9jrRHY5pQuLRogMsLSQGNuReuPZpFkllyv+FQSYhnoldpMWDO3jMf44xgdURZ+
BfXSYiueliPsfWXQYTNZ+JhbUCewYCGavG80EC4CjEPkMiu9FiiF7CKmb6xwRLGz
OdFxwr/WlvenBPERl0tZvtLwvlPnpKuFYdcvJihRZRH8HeoFIGNTLC7F1gRueoMv
LsaRciabwC+fVkQFX7HrSbJShZbqG6ucR3Y8OUR9DPDkeiLioNaBC3YtbwTT654g
fn2OhHpwGY52+ngWV0rPn60/2PQ9e95Ar8YNmzPj5xPYqYcA9P80Y/kA8xW0pJJc
AwD1OZQ2u1j0thVNAHrxoL0qOApr0QeNrZp3Z9h4tWAxj+Ln8VdyRGvEG/EPiM8D
ZLfybC49BcgKs4Vuo3VQJfI/tVVLWOzdLgkSZLyrivmWyCPNohp2EZDJHMJ2yx/z
+HK82GeBzpWlcqPXhL8HqdFkOW81S3HHXooG7H/Mz3yiS2RjsurGyj56pj98p8qn
5FAQozHlEZVK5O7euF7IzJsI3W94luNUc0ZEvsglIP4/bTKu1pLWvsVn5Qj4q0Rx
2U5iSYtC/Xg5amhW50iqD2S3+2Dn3P+Sg0tXeBAF0apI5ThS/9e2n5bC/eJFWo0h
etDjOYMa10Rc9iQ7M/ZyrygRW4u84xFsLNR80Nm2j4AGT/SmZ3tCSXzL9ZeBO9yG
IOvvHLQBaQFEty4J8av0Ri8Al7O9kIWHimIE3TW5dFR7JcVk/iFvYwG2yn9tiuGX
utyMXnpcYGwpK5FKKpCRDWD5DtQnaa2cXlQj8pRjOJl5awMJdBZ0DdknTAN5RUt6
sFOkgfJ25rxH9O/KLHJUZgBEit8y+NaIdmumFZ8S8lPn9y3DCFvfBDqhYnl/f1GK
TcfKCyhacN9575xmhHoc0vGXt+M3cvQm951wY/c3lw5cESCdr1iJuUJa8j9Qmqx2
4aqwZhpP6fswn1HywmP7Aref5X0amyg8Y+vyaDpqhykrqC0knLs50RJh1z6EGNhk
vUaFZJo0JImokQilK5AOfeL8gg==
-----END ENCRYPTED PRIVATE KEY-----
)";
constexpr std::string_view kDockerRsaId = "5f6ccd4f102739c7e3778c14d605cce35ed4e8785c4ee51c4bc52be9a6fc04e7";
constexpr std::string_view kNotaryRoot = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
role: root

MIHuMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAii81rR8UpnRwICCAAw
HQYJYIZIAWUDBAEqBBDJFjFSQ9Kslht8hl1mf2OSBIGg9HUaXdEVMaTwQyOekv8E
j5e0TKvvwX9b98dDAOvWTJtDJ2MGsRikPvK58QO72jeu0/jIkfzcuEcNNTq5lOIY
9YMxOxAldyqgIqy9eopeHPWXNccyiqVfP/1HhtChp3dW3GSPqhs89/PBGW12Y3SI
mWA3dRKtv+8WKtjj8k07SozstLvjolmkbnUgs9ZLj4RD2Zj9sXZkwxE+k4/wiJK7
Jg==
-----END ENCRYPTED PRIVATE KEY-----
)";
constexpr std::string_view kNotaryRootId = "a1d6f0878dbae2c7887c2cdb7ae7ecc570b83c1396547e23f706da1f47c97c10";

// One key, plain in PKCS#8 and SEC 1, and in cosign's form by an implementation in Python of scrypt (hashlib),
// XSalsa20 and Poly1305 (cryptography). The passphrase is "secret".
constexpr std::string_view kPlain = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgHDLMYmp9v8YAb1UM
bt3tA5A0z85xzD3b2sdpIT++yZmhRANCAARSy84eXuGDtn/EzspC4USP3FVfmKYV
esHbqh5LCuk95ShChe/GGYs03BcTAFHDeAFKjPhXh3tB1ioWWEQU0T9k
-----END PRIVATE KEY-----
)";
constexpr std::string_view kTraditional = R"(-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIBwyzGJqfb/GAG9VDG7d7QOQNM/Occw929rHaSE/vsmZoAoGCCqGSM49
AwEHoUQDQgAEUsvOHl7hg7Z/xM7KQuFEj9xVX5imFXrB26oeSwrpPeUoQoXvxhmL
NNwXEwBRw3gBSoz4V4d7QdYqFlhEFNE/ZA==
-----END EC PRIVATE KEY-----
)";
constexpr std::string_view kDek = R"(-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,BD5D6DACCF51EA241CD0D81833341DB0

tt7bireX6WZ6KGR75hpBKi1L7aZL9UFW/bASTuTX5y4xMRxtU8kFptkF2ysizaPe
eZERXz/McE68mZS8rZxiIhaD6FHwOV+gr9SeqDKDCXodNzfpqllmCcPcj1rIJRgd
dh3p0FVODTpWKz+Y4QPnvesFc0IqqVt4gdpAng5uFiU=
-----END EC PRIVATE KEY-----
)";
constexpr std::string_view kCosign = R"(-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjozMjc2OCwiciI6
OCwicCI6MX0sInNhbHQiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZ
WEdCa2FHeHdkSGg4PSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJaR1ZtWjJocGFtdHNiVzV2Y0hGeWMzUjFkbmQ0ZVhwNyJ9LCJj
aXBoZXJ0ZXh0IjoiTFBjMlJpVlBveDVJV0ViNEVSQkJ4Y2tGUDh1MVlwQTFjcWhx
WVpQZ25ySDBZcmdmdHJWRFVoN2owdGJRcEM4TnFZOXJiRzNTTlFRakN6elBsMDNK
NXpuODBmZHpEa25jcUJRU0JLM2JpRWUvTkMxOEgvZHc3clBZRjUwRUdHd2YwZURu
N2lsZGMrRWIyeDVVcWxvNjBhSnlnNVc1N0x6WFdocyszQnhaUzV4Q0J0ZGVvaDBm
a2JlbDlSSVBXV2JKaHZXcFNRVkZDRnpWZmc9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
)";

AskPassphrase says(std::string_view passphrase) {
  return [passphrase]() -> Result<Secret> { return Secret::copy_of(passphrase); };
}
AskPassphrase never() {
  return []() -> Result<Secret> {
    ADD_FAILURE() << "a passphrase was asked for";
    return Secret();
  };
}

TEST(KeyFile, IsReadAsDockerAndNotaryWriteIt) {
  struct Case {
    std::string_view text, id, passphrase, role, gun;
    KeyType type;
  };
  for (const Case& test :
       {Case{kDockerTargets, kDockerTargetsId, "repopass1", "targets", "localhost:5999/x", KeyType::kEcdsaP256},
        Case{kDockerRsa, kDockerRsaId, "repopass1", "carol", "", KeyType::kRsa},
        Case{kNotaryRoot, kNotaryRootId, "rootpass1", "root", "", KeyType::kEcdsaP256}}) {
    const auto facts = inspect_key(test.text);
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->encrypted);
    EXPECT_EQ(facts->role, test.role);
    EXPECT_EQ(facts->gun, test.gun);
    const auto read = read_key(test.text, says(test.passphrase));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(read->facts.role, test.role);
    EXPECT_EQ(read->key.public_key().type(), test.type);
    EXPECT_EQ(notary_key_id(read->key.public_key()), test.id);
  }
}

TEST(KeyFile, IsReadInEveryOtherForm) {
  const auto plain = read_key(kPlain, never());
  ASSERT_TRUE(plain) << plain.error().to_string();
  EXPECT_FALSE(plain->facts.encrypted);
  const auto traditional = read_key(kTraditional, never());
  const auto dek = read_key(kDek, says("secret"));
  const auto cosign = read_key(kCosign, says("secret"));
  ASSERT_TRUE(traditional && dek && cosign);
  for (const KeyFile& other : {*traditional, *dek, *cosign}) {
    EXPECT_TRUE(other.key.public_key() == plain->key.public_key());
  }
  EXPECT_TRUE(inspect_key(kDek)->encrypted);
  EXPECT_TRUE(inspect_key(kCosign)->encrypted);
}

TEST(KeyFile, IsReadAgainAsItWasWritten) {
  for (const KeyType type : {KeyType::kEcdsaP256, KeyType::kEd25519}) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    for (const KeyForm form : {KeyForm::kPkcs8, KeyForm::kPlain, KeyForm::kNotary, KeyForm::kCosign}) {
      const auto text = write_key(*key, form, "secret", {.role = "targets", .gun = "reg.exp/app"});
      ASSERT_TRUE(text) << text.error().to_string();
      const auto read = read_key(text->reveal(), form == KeyForm::kPlain ? never() : says("secret"));
      ASSERT_TRUE(read) << read.error().to_string();
      EXPECT_TRUE(read->key.public_key() == key->public_key());
      EXPECT_EQ(read->facts.role, form == KeyForm::kNotary ? "targets" : "");
      EXPECT_EQ(read->facts.gun, form == KeyForm::kNotary ? "reg.exp/app" : "");
      if (form == KeyForm::kPlain) continue;
      const auto wrong = read_key(text->reveal(), says("PASSPHRASE"));
      ASSERT_FALSE(wrong);
      EXPECT_EQ(wrong.error().code(), Code::kUnauthenticated);
      EXPECT_EQ(wrong.error().to_string(), wrong.error().to_string().contains("cosign")
                                               ? "key file of cosign: the passphrase is wrong"
                                               : "the passphrase is wrong");
    }
  }
}

TEST(KeyFile, IsOpenedByOpensslAlone) {
  const TemporaryFolder folder;
  for (const KeyType type : {KeyType::kEcdsaP256, KeyType::kEd25519, KeyType::kRsa}) {
    const auto key = PrivateKey::generate(type);
    ASSERT_TRUE(key);
    const KeyStore store(folder.path());
    const auto id = store.add(*key, "secret");
    ASSERT_TRUE(id);
    const auto read =
        run_process({.arguments = {"openssl", "pkey", "-passin", "stdin", "-pubout", "-in", folder / (*id + ".key")},
                     .input = "secret\n"});
    BULKHEAD_NEED(read, "openssl is not installed");
    EXPECT_EQ(read->exit_code, 0) << read->error_output;
    EXPECT_EQ(read->output, key->public_key().pem());
  }
}

TEST(KeyFile, IsNotWrittenWithoutAPassphraseOrWithHeadersThatBreakOut) {
  const auto key = PrivateKey::generate(KeyType::kEcdsaP256);
  ASSERT_TRUE(key);
  for (const KeyForm form : {KeyForm::kPkcs8, KeyForm::kNotary, KeyForm::kCosign}) {
    EXPECT_EQ(write_key(*key, form, "").error().code(), Code::kInvalidArgument);
  }
  EXPECT_EQ(write_key(*key, KeyForm::kNotary, "p", {.role = "a\nb: c"}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(write_key(*key, KeyForm::kNotary, "p", {.gun = std::string(256, 'x')}).error().code(),
            Code::kInvalidArgument);
}

// A box as cosign writes it, with some of its members replaced.
std::string cosign(std::string_view from, std::string_view to) {
  const auto block = read_pem(kCosign, {"ENCRYPTED SIGSTORE PRIVATE KEY"});
  if (!block) return {};
  std::string text(block->contents.reveal());
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return std::string(write_pem({.label = block->label, .contents = Secret(std::move(text))}).reveal());
}

TEST(KeyFile, OfCosignIsTakenAsCosignWritesItOnly) {
  const auto code = [](const std::string& text) {
    const auto read = read_key(text, says("secret"));
    return read ? Code::kInternal : read.error().code();
  };
  EXPECT_EQ(code(cosign("32768", "16384")), Code::kUnsupported);
  EXPECT_EQ(code(cosign("32768", "262144")), Code::kUnsupported);
  EXPECT_EQ(code(cosign("32768", "65536")), Code::kUnauthenticated);
  EXPECT_EQ(code(cosign("\"r\":8", "\"r\":9")), Code::kUnsupported);
  EXPECT_EQ(code(cosign("\"p\":1", "\"p\":1000000")), Code::kUnsupported);
  EXPECT_EQ(code(cosign("nacl/secretbox", "rot13")), Code::kUnsupported);
  EXPECT_EQ(code(cosign("\"nonce\":\"", "\"nonce\":\"AAAA")), Code::kMalformed);
  EXPECT_EQ(code(cosign("\"salt\"", "\"sugar\"")), Code::kMalformed);
  EXPECT_EQ(code(cosign("{\"kdf\"", "[\"kdf\"")), Code::kMalformed);
  EXPECT_EQ(code(cosign("32768", "32768")), Code::kInternal);
}

TEST(KeyFile, PassesOnWhatAskingFailsWith) {
  const auto read = read_key(kDockerTargets, []() -> Result<Secret> { return fail(Code::kCancelled, "no terminal"); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kCancelled);
  EXPECT_EQ(read_key("nothing", never()).error().code(), Code::kMalformed);
  EXPECT_EQ(inspect_key("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n").error().code(), Code::kMalformed);
}

}  // namespace
}  // namespace bulkhead::keys

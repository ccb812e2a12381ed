// With SoftHSM, a token in files: each test has a folder of tokens of its own.
#include "keys/token.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sanitizer/lsan_interface.h>

#include "base/process.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "crypto/key.h"
#include "keys/key_store.h"

namespace bulkhead::keys {
namespace {

#if __has_feature(address_sanitizer)
// SoftHSM 2.6 leaks the name of the curve of each Ed25519 key that it reads. HostileToken's tests watch our own side.
using LeaksAllowed = __lsan::ScopedDisabler;
#else
struct LeaksAllowed {};
#endif

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";
constexpr std::string_view kPin = "987654";

Result<ProcessResult> run(std::vector<std::string> arguments) {
  return run_process({.arguments = std::move(arguments)});
}

class Token : public testing::Test {
 protected:
  void SetUp() override {
    BULKHEAD_NEED(std::filesystem::exists(kModule) && std::filesystem::exists("/usr/bin/pkcs11-tool"),
                  "softhsm2 and opensc are not installed");
    std::filesystem::create_directories(folder_ / "tokens");
    const std::string settings =
        folder_.write("softhsm2.conf", fmt::format("directories.tokendir = {}\n", folder_ / "tokens"));
    ::setenv("SOFTHSM2_CONF", settings.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): before any thread
    make_token("release");
  }

  static void make_token(const std::string& name) {
    const auto made = run({"softhsm2-util", "--init-token", "--free", "--label", name, "--so-pin", "12345678", "--pin",
                           std::string(kPin)});
    ASSERT_TRUE(made) << made.error().to_string();
    ASSERT_EQ(made->exit_code, 0) << made->error_output;
  }
  // pkcs11-tool, of another house.
  static ProcessResult tool(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"pkcs11-tool", "--module", kModule, "--login", "--pin", std::string(kPin)});
    auto done = run(std::move(arguments));
    return done ? *std::move(done)
                : ProcessResult{.exit_code = -1, .output = {}, .error_output = done.error().to_string()};
  }

  static TokenAccess access(std::string_view pin = kPin) {
    return {.module_path = kModule,
            .ask_pin = [pin](const PinRequest&) -> Result<Secret> { return Secret::copy_of(pin); }};
  }

  const LeaksAllowed leaks_allowed_{};
  const TemporaryFolder folder_;
};

Code code_of(const auto& result) {
  return result ? Code::kInternal : result.error().code();
}

TEST_F(Token, MakesKeysOfEveryKindThatSignAndNeverLeave) {
  using enum SignatureScheme::Kind;
  struct Case {
    KeyType type;
    std::vector<SignatureScheme> schemes;
  };
  const auto hashes = {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512};
  const auto with = [&](std::initializer_list<SignatureScheme::Kind> kinds) {
    std::vector<SignatureScheme> all;
    for (const auto kind : kinds) {
      for (const HashAlgorithm hash : hashes) all.push_back({.kind = kind, .hash = hash});
    }
    return all;
  };
  const Case cases[] = {{KeyType::kEcdsaP256, with({kEcdsa, kEcdsaRaw})},
                        {KeyType::kEcdsaP384, with({kEcdsa, kEcdsaRaw})},
                        {KeyType::kEcdsaP521, with({kEcdsa, kEcdsaRaw})},
                        {KeyType::kEd25519, {{.kind = kEd25519}}},
                        {KeyType::kRsa, with({kRsaPss, kRsaPkcs1})}};
  for (const Case& each : cases) {
    const std::string uri = fmt::format("pkcs11:token=release;object=key-{}", static_cast<int>(each.type));
    const auto made = generate_in_token(uri, each.type, access());
    ASSERT_TRUE(made) << key_type_name(each.type) << ": " << made.error().to_string();
    EXPECT_EQ(made->public_key.type(), each.type);
    const auto signer = open_token_signer(made->uri, access());
    ASSERT_TRUE(signer) << signer.error().to_string();
    EXPECT_TRUE((*signer)->public_key() == made->public_key);
    for (const SignatureScheme scheme : each.schemes) {
      const auto signature = (*signer)->sign(scheme, as_bytes("message"));
      ASSERT_TRUE(signature) << key_type_name(each.type) << ": " << signature.error().to_string();
      EXPECT_TRUE(made->public_key.verify(scheme, as_bytes("message"), as_bytes(*signature)));
    }
    const SignatureScheme other{.kind = each.type == KeyType::kRsa ? kEcdsa : kRsaPss};
    EXPECT_EQ(code_of((*signer)->sign(other, as_bytes("message"))), Code::kInvalidArgument);
  }
  const ProcessResult listed = tool({"--list-objects", "--type", "privkey"});
  ASSERT_EQ(listed.exit_code, 0) << listed.error_output;
  size_t kept = 0;
  for (size_t at = 0; (at = listed.output.find("never extractable", at)) != std::string::npos; ++at) ++kept;
  EXPECT_EQ(kept, std::size(cases)) << listed.output;
}

TEST_F(Token, SignsWithKeysThatOthersMade) {
  ASSERT_EQ(tool({"--keypairgen", "--key-type", "EC:secp384r1", "--label", "theirs", "--id", "0a0b"}).exit_code, 0);
  ASSERT_EQ(tool({"--keypairgen", "--key-type", "rsa:2048", "--label", "rsa", "--id", "0c"}).exit_code, 0);
  ASSERT_EQ(tool({"--keypairgen", "--key-type", "EC:edwards25519", "--label", "ed", "--id", "0d"}).exit_code, 0);
  for (const std::string_view what : {"object=theirs", "id=%0a%0b", "object=rsa;type=private", "id=%0d"}) {
    const auto signer = open_token_signer(fmt::format("pkcs11:token=release;{}", what), access());
    ASSERT_TRUE(signer) << what << ": " << signer.error().to_string();
    EXPECT_TRUE((*signer)->sign(default_scheme((*signer)->public_key().type()), as_bytes("m")));
  }
  const auto listed = list_token_keys("pkcs11:token=release", access());
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->keys.size(), 3U);
  EXPECT_TRUE(listed->unreadable.empty());
}

TEST_F(Token, KnowsAKeyByTheCertificateBesideIt) {
  const std::string key = folder_ / "key.der";
  const std::string certificate = folder_ / "certificate.der";
  const auto made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-subj", "/CN=card", "-outform", "DER", "-keyout", folder_ / "key.pem", "-out", certificate});
  ASSERT_TRUE(made && made->exit_code == 0);
  ASSERT_EQ(run({"openssl", "pkey", "-in", folder_ / "key.pem", "-outform", "DER", "-out", key})->exit_code, 0);
  ASSERT_EQ(tool({"--write-object", key, "--type", "privkey", "--id", "01", "--label", "card"}).exit_code, 0);
  ASSERT_EQ(tool({"--write-object", certificate, "--type", "cert", "--id", "01", "--label", "card"}).exit_code, 0);
  const auto signer = open_token_signer("pkcs11:token=release;object=card", access());
  ASSERT_TRUE(signer) << signer.error().to_string();
  EXPECT_TRUE((*signer)->sign(default_scheme(KeyType::kEcdsaP256), as_bytes("m")));
  const auto listed = list_token_keys("pkcs11:token=release", access());
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->keys.size(), 1U);
}

TEST_F(Token, AsksForThePinAtEverySignatureOfAKeyThatWantsIt) {
  ASSERT_EQ(tool({"--keypairgen", "--key-type", "EC:prime256v1", "--label", "strict", "--always-auth"}).exit_code, 0);
  int asked = 0;
  TokenAccess counted = access();
  counted.ask_pin = [&](const PinRequest& request) -> Result<Secret> {
    EXPECT_EQ(request.token, "release");
    ++asked;
    return Secret::copy_of(kPin);
  };
  const auto signer = open_token_signer("pkcs11:token=release;object=strict", counted);
  ASSERT_TRUE(signer) << signer.error().to_string();
  const SignatureScheme scheme = default_scheme(KeyType::kEcdsaP256);
  EXPECT_TRUE((*signer)->sign(scheme, as_bytes("1")));
  EXPECT_TRUE((*signer)->sign(scheme, as_bytes("2")));
  EXPECT_EQ(asked, 3);
}

TEST_F(Token, TriesAPinOnce) {
  ASSERT_TRUE(generate_in_token("pkcs11:token=release;object=k", KeyType::kEcdsaP256, access()));
  int asked = 0;
  TokenAccess wrong = access();
  wrong.ask_pin = [&](const PinRequest&) -> Result<Secret> {
    ++asked;
    return Secret::copy_of("000000");
  };
  const auto signer = open_token_signer("pkcs11:token=release;object=k", wrong);
  ASSERT_FALSE(signer);
  EXPECT_EQ(signer.error().code(), Code::kUnauthenticated);
  EXPECT_EQ(signer.error().to_string().find("000000"), std::string::npos);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(code_of(open_token_signer("pkcs11:token=release;object=k", {.module_path = kModule})),
            Code::kUnauthenticated);
}

TEST_F(Token, TakesThePinFromTheFileThatTheUriNames) {
  const std::string pin = folder_.write("pin", fmt::format("{}\n", kPin));
  const TokenAccess without{.module_path = kModule};
  const std::string uri = fmt::format("pkcs11:token=release;object=k?pin-source=file:{}", pin);
  const auto made = generate_in_token(uri, KeyType::kEcdsaP256, without);
  ASSERT_TRUE(made) << made.error().to_string();
  EXPECT_EQ(made->uri.find("pin"), std::string::npos) << made->uri;
  EXPECT_TRUE(open_token_signer(uri, without));
  EXPECT_EQ(code_of(open_token_signer("pkcs11:token=release;object=k?pin-source=/nowhere", without)), Code::kNotFound);
}

TEST_F(Token, NamesEveryCandidateWhereSeveralMatch) {
  ASSERT_TRUE(generate_in_token("pkcs11:token=release;object=one", KeyType::kEcdsaP256, access()));
  ASSERT_TRUE(generate_in_token("pkcs11:token=release;object=two", KeyType::kEcdsaP256, access()));
  const auto keys = open_token_signer("pkcs11:token=release", access());
  ASSERT_EQ(code_of(keys), Code::kInvalidArgument);
  EXPECT_NE(keys.error().message().find("object=one"), std::string::npos) << keys.error().message();
  EXPECT_NE(keys.error().message().find("object=two"), std::string::npos);

  make_token("other");
  TokenAccess careful = access();
  careful.ask_pin = [](const PinRequest&) -> Result<Secret> {
    ADD_FAILURE() << "a PIN for a token that nobody named";
    return Secret();
  };
  const auto tokens = open_token_signer("pkcs11:object=one", careful);
  ASSERT_EQ(code_of(tokens), Code::kInvalidArgument);
  EXPECT_NE(tokens.error().message().find("token=other"), std::string::npos) << tokens.error().message();
  EXPECT_NE(tokens.error().message().find("serial="), std::string::npos);
}

TEST_F(Token, RefusesASecondKeyOfTheSameName) {
  ASSERT_TRUE(generate_in_token("pkcs11:token=release;object=k", KeyType::kEcdsaP256, access()));
  EXPECT_EQ(code_of(generate_in_token("pkcs11:token=release;object=k", KeyType::kRsa, access())),
            Code::kInvalidArgument);
  EXPECT_EQ(code_of(generate_in_token("pkcs11:token=release", KeyType::kRsa, access())), Code::kInvalidArgument);
}

TEST_F(Token, SaysWhatIsNotThere) {
  EXPECT_EQ(code_of(open_token_signer("pkcs11:token=lost;object=k", access())), Code::kNotFound);
  EXPECT_EQ(code_of(open_token_signer("pkcs11:token=release;object=lost", access())), Code::kNotFound);
  const auto module = open_token_signer("pkcs11:token=release?module-path=/nowhere/module.so", access());
  ASSERT_EQ(code_of(module), Code::kNotFound);
  EXPECT_NE(module.error().to_string().find("/nowhere/module.so"), std::string::npos);
  EXPECT_EQ(code_of(open_token_signer(fmt::format("pkcs11:?module-path={}", folder_.write("no.so", "text")), access())),
            Code::kNotFound);
}

TEST_F(Token, FailsInOrderWhenTheTokenGoesInTheMiddle) {
  ASSERT_TRUE(generate_in_token("pkcs11:token=release;object=k", KeyType::kEcdsaP256, access()));
  const auto signer = open_token_signer("pkcs11:token=release;object=k", access());
  ASSERT_TRUE(signer);
  std::filesystem::remove_all(folder_ / "tokens");
  const auto signature = (*signer)->sign(default_scheme(KeyType::kEcdsaP256), as_bytes("m"));
  ASSERT_FALSE(signature);
  EXPECT_NE(signature.error().to_string().find("release"), std::string::npos) << signature.error().to_string();
}

TEST_F(Token, SignsByReference) {
  const auto made = generate_in_token("pkcs11:token=release;object=k", KeyType::kEcdsaP256, access());
  ASSERT_TRUE(made);
  const auto reference = parse_key_reference(fmt::format("{}?module-path={}", made->uri, kModule));
  ASSERT_TRUE(reference) << reference.error().to_string();
  const auto never = []() -> Result<Secret> { return fail(Code::kInternal, "asked"); };
  const auto signer = open_signer(*reference, KeyStore(folder_ / "keys"), never, {.ask_pin = access().ask_pin});
  ASSERT_TRUE(signer) << signer.error().to_string();
  EXPECT_TRUE((*signer)->public_key() == made->public_key);
}

// hostile_module/main.cc
class HostileToken : public testing::Test {
 protected:
  static void behaves(const char* how) {
    ::setenv("BULKHEAD_TEST_TOKEN", how, 1);  // NOLINT(concurrency-mt-unsafe): before any thread
  }
  TokenAccess access(std::string_view pin = "1234") {
    return {.module_path = BULKHEAD_HOSTILE_MODULE,
            .ask_pin = [this, pin](const PinRequest& request) -> Result<Secret> {
              ++asked_;
              last_try_ = request.last_try;
              return Secret::copy_of(pin);
            }};
  }
  // What comes of opening the key and signing with it.
  Result<std::string> sign() {
    TRY_ASSIGN(const auto signer, open_token_signer("pkcs11:token=hostile", access()));
    return signer->sign({.kind = SignatureScheme::Kind::kRsaPkcs1}, as_bytes("m"));
  }
  int asked_ = 0;
  bool last_try_ = false;
};

TEST_F(HostileToken, IsSentNoPinWhenItIsLocked) {
  behaves("locked");
  const auto signature = sign();
  EXPECT_EQ(code_of(signature), Code::kPermissionDenied);
  EXPECT_NE(signature.error().message().find("locked"), std::string::npos);
  EXPECT_EQ(asked_, 0);
}

TEST_F(HostileToken, IsSentItsLastTryByPeopleOnly) {
  behaves("last-try");
  const auto wrong = open_token_signer("pkcs11:token=hostile", access("0000"));
  ASSERT_EQ(code_of(wrong), Code::kUnauthenticated);
  EXPECT_NE(wrong.error().message().find("locks"), std::string::npos);
  EXPECT_TRUE(last_try_);
  const TemporaryFolder folder;
  const std::string uri = fmt::format("pkcs11:token=hostile?pin-source={}", folder.write("pin", "0000"));
  EXPECT_EQ(code_of(open_token_signer(uri, access())), Code::kPermissionDenied);
  EXPECT_EQ(asked_, 1);
}

TEST_F(HostileToken, SaysWhenFewTriesAreLeft) {
  behaves("few-tries");
  const auto wrong = open_token_signer("pkcs11:token=hostile", access("0000"));
  ASSERT_EQ(code_of(wrong), Code::kUnauthenticated);
  EXPECT_NE(wrong.error().message().find("few tries"), std::string::npos);
}

TEST_F(HostileToken, WithAKeypadIsSentNoPin) {
  behaves("keypad");
  EXPECT_EQ(code_of(sign()), Code::kVerificationFailed);
  EXPECT_EQ(asked_, 0);
}

TEST_F(HostileToken, FailsByWhatItDoes) {
  for (const auto& [behaviour, code] : {std::pair{"", Code::kVerificationFailed},
                                        {"removed", Code::kUnavailable},
                                        {"gone", Code::kUnavailable},
                                        {"broken", Code::kUnavailable},
                                        {"odd-error", Code::kIo},
                                        {"long-signature", Code::kMalformed},
                                        {"many-slots", Code::kInvalidArgument},
                                        {"endless", Code::kInvalidArgument},
                                        {"huge", Code::kNotFound},
                                        {"growing", Code::kNotFound},
                                        {"odd-key", Code::kNotFound},
                                        {"short-modulus", Code::kNotFound},
                                        {"escapes", Code::kNotFound}}) {
    behaves(behaviour);
    const auto signature = sign();
    ASSERT_EQ(code_of(signature), code) << behaviour << ": " << signature.error().to_string();
    EXPECT_LT(signature.error().to_string().size(), 1000U) << behaviour;
  }
}

TEST_F(HostileToken, CannotWriteToTheTerminal) {
  behaves("escapes");
  const auto signer = open_token_signer("pkcs11:", access("0000"));
  ASSERT_EQ(code_of(signer), Code::kUnauthenticated);
  EXPECT_EQ(signer.error().to_string().find('\x1b'), std::string::npos);
}

TEST(TokenUri, RefusesWhatNamesNoPrivateKeyAndRepeatsNothing) {
  for (const std::string_view text :
       {"pkcs11:token=%zz", "pkcs11:token=a;colour=secret", "pkcs11:token=a?pin-value=secret",
        "pkcs11:token=a?pin-source=|secret", "pkcs11:token=a?pin-source=secret", "pkcs11:object=secret;type=cert",
        "pkcs11:token=a?module-path=secret.so", "file:secret", "pkcs11:token=a?pin-source=file://host/secret",
        "pkcs11:token=a;pinfile=/secret"}) {
    const auto status = check_token_uri(text);
    ASSERT_EQ(code_of(status), Code::kInvalidArgument) << text;
    EXPECT_EQ(status.error().to_string().find("secret"), std::string::npos) << text;
    EXPECT_EQ(status.error().remedy().find("secret"), std::string::npos) << text;
  }
  EXPECT_EQ(code_of(check_token_uri(std::string(10'000, 'a'))), Code::kInvalidArgument);
  EXPECT_TRUE(check_token_uri("pkcs11:token=a;object=b%20c;type=private?pin-source=file:///run/pin"));
}

}  // namespace
}  // namespace bulkhead::keys

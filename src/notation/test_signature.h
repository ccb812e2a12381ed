// For tests only: identities that may sign, envelopes of any content, trust in memory.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/date.h"
#include "crypto/test_certificate.h"
#include "notation/base64url.h"
#include "notation/cbor.h"
#include "notation/sign.h"
#include "notation/verify.h"

namespace bulkhead::notation {

inline const Artifact kTestArtifact{.media_type = "application/vnd.oci.image.manifest.v1+json",
                                    .digest = "sha256:" + std::string(64, 'a'),
                                    .size = 1234};

// Root, intermediate and signer.
struct TestChain {
  explicit TestChain(std::string key = "P-256") {
    CertificateRecipe recipe = code_signing_recipe("signer");
    recipe.key = std::move(key);
    signer = make_certificate(recipe, &middle);
  }
  // The signer's certificate as a test changed it.
  explicit TestChain(const CertificateRecipe& recipe) : signer(make_certificate(recipe, &middle)) {}

  std::vector<Certificate> certificates() const {
    return {signer.certificate(), middle.certificate(), root.certificate()};
  }
  MemorySigner memory_signer() const { return MemorySigner(signer.private_key()); }

  TestIdentity root = make_certificate(authority_recipe("root"));
  TestIdentity middle = make_certificate(authority_recipe("middle"), &root);
  TestIdentity signer;
};

inline SignRequest request_of(const TestChain& chain, Format format) {
  return {.artifact = kTestArtifact,
          .format = format,
          .certificates = chain.certificates(),
          .signing_time = kTestEpoch,
          .agent = "test/1"};
}

inline std::string signed_by(const TestChain& chain, const SignRequest& request) {
  const MemorySigner signer(chain.signer.private_key());
  auto made = sign(signer, request);
  EXPECT_TRUE(made) << made.error().to_string();
  return made ? *std::move(made) : std::string();
}

// The parts of an envelope as a test wants them; signed as the key signs.
struct RawJws {
  std::string headers;  // protected, JSON
  std::string payload = *write_payload(kTestArtifact);
  std::vector<std::string> certificates{};  // DER
  std::string more_unprotected{};           // ,"name":value
  std::string more_members{};

  std::string signed_with(const TestIdentity& signer,
                          SignatureScheme scheme = {SignatureScheme::Kind::kEcdsaRaw}) const {
    const std::string input = base64url_encode(as_bytes(headers)) + "." + base64url_encode(as_bytes(payload));
    return with(input, *signer.private_key().sign(scheme, as_bytes(input)));
  }
  std::string with(const std::string& input, std::string_view signature) const {
    std::string x5c;
    for (const std::string& der : certificates) {
      x5c += fmt::format("{}\"{}\"", x5c.empty() ? "" : ",", base64_encode(as_bytes(der)));
    }
    const size_t dot = input.find('.');
    return fmt::format(R"({{"payload":"{}","protected":"{}","header":{{"x5c":[{}]{}}},"signature":"{}"{}}})",
                       input.substr(dot + 1), input.substr(0, dot), x5c, more_unprotected,
                       base64url_encode(as_bytes(signature)), more_members);
  }
};

class MemoryTrustStore final : public TrustStore {
 public:
  Result<std::vector<Certificate>> certificates(const NamedStore& store) const override {
    const auto found = held.find(fmt::format("{}:{}", name_of(store.type), store.name));
    if (found == held.end()) return fail(Code::kNotFound, "there is no such store");
    return found->second;
  }
  std::map<std::string, std::vector<Certificate>> held;
};

// A statement for everything, at a level, with more members of "signatureVerification".
inline TrustStatement statement_of(std::string_view level, std::string_view more = "",
                                   std::string_view stores = R"("ca:test")",
                                   std::string_view identity = "x509.subject: C=US, ST=WA, O=Example") {
  const auto policy = TrustPolicy::parse(fmt::format(
      R"({{"version":"1.0","trustPolicies":[{{"name":"test","registryScopes":["*"],
          "signatureVerification":{{"level":"{}"{}}},"trustStores":[{}],"trustedIdentities":["{}"]}}]}})",
      level, more, stores, identity));
  EXPECT_TRUE(policy) << policy.error().to_string();
  return policy ? policy->statements().front() : TrustStatement();
}

}  // namespace bulkhead::notation

// With notation itself, both ways, through an OCI layout. BULKHEAD_NOTATION names the program; skipped without it.
#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/process.h"
#include "base/temporary_folder.h"
#include "crypto/pem.h"
#include "notation/artifact.h"
#include "notation/test_signature.h"

namespace bulkhead::notation {
namespace {

constexpr std::string_view kManifestType = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";

// "{}" as a manifest's configuration.
std::string config_of(std::string_view media_type) {
  return fmt::format(
      R"({{"mediaType":"{}","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}})",
      media_type);
}

class Interop : public testing::TestWithParam<std::tuple<std::string, Format>> {
 protected:
  void SetUp() override {
    const char* named = std::getenv("BULKHEAD_NOTATION");
    if (named == nullptr) GTEST_SKIP() << "set BULKHEAD_NOTATION to the program";
    program = named;
    chain = std::make_unique<TestChain>(recipe());
    std::string bundle;
    for (const Certificate& certificate : chain->certificates()) bundle += certificate.pem();
    config.write("notation/chain.pem", bundle);
    config.write("notation/key.pem",
                 write_pem({.label = "PRIVATE KEY", .contents = Secret::copy_of(chain->signer.pkcs8)}).reveal());
    config.write(
        "notation/signingkeys.json",
        fmt::format(R"({{"default":"k","keys":[{{"name":"k","keyPath":"{0}/key.pem","certPath":"{0}/chain.pem"}}]}})",
                    config / "notation"));
    config.write("notation/truststore/x509/ca/test/root.pem", chain->root.pem());
    config.write("notation/trustpolicy.json", policy_text);
    layout.write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    add_blob("{}");
    image = add_manifest(fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[]}})", kManifestType,
                                     config_of(kEmptyType)));
  }

  // Of certificates that are valid today: notation asks the clock.
  static CertificateRecipe recipe() {
    CertificateRecipe recipe = code_signing_recipe("signer");
    recipe.key = std::get<0>(GetParam());
    recipe.not_before = std::time(nullptr) - kTestDay;
    recipe.not_after = std::time(nullptr) + kTestDay;
    return recipe;
  }
  static Format format() { return std::get<1>(GetParam()); }

  std::string add_blob(std::string_view contents) {
    const Digest digest = Digest::sha256_of(as_bytes(contents));
    layout.write("blobs/sha256/" + digest.hex(), contents);
    return digest.to_string();
  }
  Artifact add_manifest(const std::string& manifest) {
    Artifact artifact{.media_type = std::string(kManifestType), .digest = add_blob(manifest), .size = manifest.size()};
    index += fmt::format("{}{}", index.empty() ? "" : ",", descriptor(artifact));
    layout.write("index.json", fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", index));
    return artifact;
  }
  static std::string descriptor(const Artifact& artifact) {
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", artifact.media_type, artifact.digest,
                       artifact.size);
  }
  std::string blob(std::string_view digest) const {
    return read_file(layout / ("blobs/sha256/" + std::string(digest.substr(7))), size_t{1} << 20).value_or("");
  }

  ProcessResult run(std::vector<std::string> arguments) const {
    std::vector<std::string> all = {"/usr/bin/env", "XDG_CONFIG_HOME=" + config.path(), "NOTATION_EXPERIMENTAL=1",
                                    program};
    all.insert(all.end(), arguments.begin(), arguments.end());
    auto result = run_process({.arguments = all});
    EXPECT_TRUE(result) << result.error().to_string();
    return result ? *std::move(result) : ProcessResult{.exit_code = -1};
  }
  ProcessResult verify_with_notation() const {
    return run({"verify", "--oci-layout", layout.path() + "@" + image.digest, "--scope", "local/test"});
  }

  // The one signature of the layout, which it says is of our form.
  std::string signature() const {
    const auto listed = json::Document::parse(read_file(layout / "index.json", size_t{1} << 20).value_or(""));
    for (const json::Value entry : listed->root().find("manifests")->elements()) {
      const auto manifest = json::Document::parse(blob(entry.string_or("digest", "")));
      const auto config_type = manifest->root().find("config")->string_or("mediaType", "");
      if (manifest->root().string_or("artifactType", config_type) != kArtifactType) continue;
      thumbprints = manifest->root().find("annotations")->string_or(kThumbprintAnnotation, "");
      for (const json::Value layer : manifest->root().find("layers")->elements()) {
        EXPECT_EQ(layer.string_or("mediaType", ""), media_type_of(format()));
        return blob(layer.string_or("digest", ""));
      }
    }
    return {};
  }
  Outcome judged(std::string_view envelope) const {
    const auto policy = TrustPolicy::parse(policy_text);
    const auto statement = policy->for_repository("local/test");
    const FolderTrustStore store(config / "notation/truststore");
    return verify(**statement, store,
                  {.format = format(),
                   .envelope = as_bytes(envelope),
                   .artifact = image,
                   .metadata = {{"build", "7"}},
                   .now = std::time(nullptr)});
  }
  // As notation itself does: up to 1.3.2 it finds signatures of layouts by their configuration's type only.
  void attach(std::string_view envelope) {
    const std::string digest = add_blob(envelope);
    json::Writer value(json::Layout::kCompact);
    value.string(thumbprints_of(chain->certificates()));
    add_manifest(fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{{"mediaType":"{}","digest":"{}","size":{}}}],"subject":{},"annotations":{{"{}":{}}}}})",
        kManifestType, config_of(kArtifactType), media_type_of(format()), digest, envelope.size(), descriptor(image),
        kThumbprintAnnotation, std::move(value).take()));
  }
  SignRequest request() const {
    SignRequest request = request_of(*chain, format());
    request.artifact = image;
    request.artifact.annotations = {{"build", "7"}};
    request.signing_time = std::time(nullptr);
    request.expiry = request.signing_time + 3600;
    return request;
  }

  const std::string policy_text =
      R"({"version":"1.0","trustPolicies":[{"name":"local","registryScopes":["local/test"],)"
      R"("signatureVerification":{"level":"strict"},"trustStores":["ca:test"],)"
      R"("trustedIdentities":["x509.subject: C=US, ST=WA, O=Example, CN=signer"]}]})";
  std::string program;
  TemporaryFolder config;
  TemporaryFolder layout;
  std::string index;
  std::unique_ptr<TestChain> chain;
  Artifact image;
  mutable std::string thumbprints;
};

TEST_P(Interop, WhatNotationSignsVerifiesHere) {
  const ProcessResult made =
      run({"sign", "--oci-layout", "--signature-format", format() == Format::kJws ? "jws" : "cose", "--user-metadata",
           "build=7", "--expiry", "1h", layout.path() + "@" + image.digest});
  ASSERT_EQ(made.exit_code, 0) << made.error_output;
  const std::string envelope = signature();
  const Outcome outcome = judged(envelope);
  ASSERT_TRUE(outcome.verified()) << outcome.failure()->to_string();
  EXPECT_EQ(thumbprints, thumbprints_of(chain->certificates()));
  EXPECT_TRUE(outcome.envelope->agent.starts_with("notation")) << outcome.envelope->agent;
  std::string changed = envelope;
  changed[changed.size() / 2] ^= 1;
  EXPECT_FALSE(judged(changed).verified());
}

TEST_P(Interop, WhatIsSignedHereVerifiesInNotation) {
  attach(signed_by(*chain, request()));
  const ProcessResult result = verify_with_notation();
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_TRUE(result.output.contains("Successfully verified")) << result.output;
  EXPECT_TRUE(judged(signature()).verified());
}

TEST_P(Interop, WhatNotationRefusesIsRefusedHere) {
  std::string envelope = signed_by(*chain, request());
  if (format() == Format::kJws) {  // another bit in the signature, past what base64 ignores
    char& c = envelope[envelope.find("\"signature\":\"") + 20];
    c = c == 'A' ? 'B' : 'A';
  } else {
    envelope.back() ^= 1;
  }
  attach(envelope);
  EXPECT_NE(verify_with_notation().exit_code, 0);
  EXPECT_FALSE(judged(envelope).verified());
}

INSTANTIATE_TEST_SUITE_P(Forms, Interop,
                         testing::Combine(testing::Values("P-256", "P-384", "P-521", "RSA:2048", "RSA:3072",
                                                          "RSA:4096"),
                                          testing::Values(Format::kJws, Format::kCose)));

}  // namespace
}  // namespace bulkhead::notation

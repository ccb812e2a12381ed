#include "oci/manifest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/test_data.h"
#include "oci/test_images.h"

namespace bulkhead::oci {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr std::string_view kDigestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr std::string_view kDigestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

std::string testdata(const std::string& name) {
  auto text = read_file(testdata_path(name), size_t{1} << 20);
  EXPECT_TRUE(text) << text.error().to_string();
  return text.value_or("");
}

Result<Manifest> manifest_of(std::string_view json, std::string_view served_type = "") {
  auto document = parse_manifest(json, served_type, {});
  if (!document) return std::unexpected(document.error());
  return std::get<Manifest>(*document);
}

Result<Index> index_of(std::string_view json, std::string_view served_type = "") {
  auto document = parse_manifest(json, served_type, {});
  if (!document) return std::unexpected(document.error());
  return std::get<Index>(*document);
}

// The error of a document that must be refused.
Error refused(std::string_view json, std::string_view served_type = "") {
  auto document = parse_manifest(json, served_type, {});
  EXPECT_FALSE(document) << json;
  return document ? Error(Code::kInternal, "accepted") : document.error();
}

std::string descriptor(std::string_view media_type, std::string_view digest, std::string_view more = "") {
  return fmt::format(R"({{"mediaType": "{}", "digest": "{}", "size": 7{}}})", media_type, digest, more);
}

std::string minimal_manifest(std::string_view more = "") {
  return fmt::format(R"({{"schemaVersion": 2, "config": {}, "layers": [{}]{}}})",
                     descriptor("application/vnd.oci.image.config.v1+json", kDigestA),
                     descriptor("application/vnd.oci.image.layer.v1.tar+gzip", kDigestB), more);
}

TEST(Manifest, ReadsAnOciManifest) {
  const auto manifest = manifest_of(testdata("manifest-oci.json"));
  ASSERT_TRUE(manifest) << manifest.error().to_string();
  EXPECT_EQ(manifest->media_type, kOciManifest);
  EXPECT_EQ(manifest->config.size, 1470U);
  ASSERT_EQ(manifest->layers.size(), 3U);
  EXPECT_EQ(manifest->layers[0].media_type, "application/vnd.oci.image.layer.v1.tar+gzip");
  EXPECT_EQ(manifest->layers[1].media_type, "application/vnd.oci.image.layer.v1.tar+zstd");
  EXPECT_THAT(manifest->layers[2].urls, ElementsAre("https://example.com/layers/3"));
  EXPECT_EQ(layer_kind(manifest->layers[1].media_type), Layer::Kind::kArchive);
  EXPECT_EQ(layer_kind(manifest->layers[2].media_type), Layer::Kind::kForeign);
  EXPECT_THAT(manifest->annotations,
              ElementsAre(Pair("org.opencontainers.image.base.name", "docker.io/library/debian:12"),
                          Pair("org.opencontainers.image.created", "2026-01-02T03:04:05Z")));
  EXPECT_EQ(annotation(manifest->annotations, "org.opencontainers.image.base.name"), "docker.io/library/debian:12");
  EXPECT_EQ(annotation(manifest->annotations, "absent"), "");
  EXPECT_TRUE(require_image(*manifest));
}

TEST(Manifest, ReadsADockerSchema2Manifest) {
  const auto manifest = manifest_of(testdata("manifest-docker.json"), kDockerManifest);
  ASSERT_TRUE(manifest) << manifest.error().to_string();
  EXPECT_EQ(manifest->media_type, kDockerManifest);
  ASSERT_EQ(manifest->layers.size(), 2U);
  EXPECT_EQ(layer_kind(manifest->layers[0].media_type), Layer::Kind::kForeign);
  EXPECT_TRUE(require_image(*manifest));
}

TEST(Manifest, ReadsAnIndexWithPlatforms) {
  const auto index = index_of(testdata("index-oci.json"));
  ASSERT_TRUE(index) << index.error().to_string();
  ASSERT_EQ(index->manifests.size(), 5U);
  EXPECT_EQ(index->manifests[1].platform->to_string(), "linux/arm/v7");
  EXPECT_EQ(index->manifests[2].platform->to_string(), "windows(10.0.17763.5458)/amd64");
  EXPECT_TRUE(is_not_an_image(index->manifests[3]));
  EXPECT_FALSE(is_not_an_image(index->manifests[0]));
  EXPECT_TRUE(is_index_type(index->manifests[4].media_type));
  EXPECT_FALSE(index->manifests[4].platform);
}

TEST(Manifest, ReadsADockerManifestList) {
  const auto index = index_of(testdata("manifest-list-docker.json"));
  ASSERT_TRUE(index) << index.error().to_string();
  EXPECT_EQ(index->media_type, kDockerManifestList);
  ASSERT_EQ(index->manifests.size(), 2U);
  EXPECT_EQ(index->manifests[0].platform->architecture, "amd64");
}

TEST(Manifest, TakesItsMediaTypeFromItselfThenFromHowItWasServed) {
  EXPECT_EQ(manifest_of(minimal_manifest())->media_type, kOciManifest);
  EXPECT_EQ(manifest_of(minimal_manifest(), kDockerManifest)->media_type, kDockerManifest);
  EXPECT_EQ(manifest_of(minimal_manifest(), "application/json")->media_type, kOciManifest);
  EXPECT_EQ(
      manifest_of(minimal_manifest(fmt::format(R"(, "mediaType": "{}")", kOciManifest)), kDockerManifest)->media_type,
      kOciManifest);
}

TEST(Manifest, RefusesADocumentThatContradictsItsMediaType) {
  EXPECT_EQ(refused(minimal_manifest(), kOciIndex).code(), Code::kMalformed);
  EXPECT_EQ(refused(minimal_manifest(fmt::format(R"(, "mediaType": "{}")", kOciIndex))).code(), Code::kMalformed);
  EXPECT_EQ(refused(minimal_manifest(R"(, "mediaType": "application/vnd.example+json")")).code(), Code::kUnsupported);
}

// CVE-2021-41190.
TEST(Manifest, RefusesADocumentThatIsManifestAndIndexAtOnce) {
  const Error error = refused(minimal_manifest(R"(, "manifests": [])"), kOciManifest);
  EXPECT_EQ(error.code(), Code::kMalformed);
  EXPECT_THAT(error.message(), HasSubstr("both a manifest and an index"));
}

TEST(Manifest, RefusesMembersThatOtherReadersWouldTakeDifferently) {
  for (const std::string_view more : {
           R"(, "layers": [])",           // given twice
           R"(, "Layers": [])",           // encoding/json ignores case
           "\x2c \"layer\xC5\xBF\": []",  // and folds U+017F to s
           R"(, "\u006cayers": [])",      // an escape is no other name
       }) {
    EXPECT_THAT(refused(minimal_manifest(more)).message(), HasSubstr("given twice")) << more;
  }
  EXPECT_THAT(refused(R"({"schemaVersion": 1, "schemaVersion": 2, "manifests": []})").message(),
              HasSubstr("given twice"));
}

TEST(Manifest, ReadsMembersWithoutRegardToCaseAsDockerDoes) {
  const auto index =
      index_of(fmt::format(R"({{"SchemaVersion": 2, "Manifests": [{}]}})", descriptor(kOciManifest, kDigestA)));
  ASSERT_TRUE(index) << index.error().to_string();
  EXPECT_EQ(index->manifests.size(), 1U);
}

TEST(Manifest, RefusesSchema1WithARemedy) {
  for (const auto& [json, type] : {
           std::pair(R"({"schemaVersion": 1, "name": "a", "fsLayers": [], "history": []})", ""),
           std::pair("not JSON at all", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
       }) {
    const Error error = refused(json, type);
    EXPECT_EQ(error.code(), Code::kUnsupported);
    EXPECT_THAT(error.message(), HasSubstr("schema 1"));
    EXPECT_THAT(error.remedy(), HasSubstr("again"));
  }
}

TEST(Manifest, RefusesMalformedDocuments) {
  const std::string config = descriptor("application/vnd.oci.image.config.v1+json", kDigestA);
  const std::pair<std::string, std::string> cases[] = {
      {"", "not valid JSON"},
      {"[]", "must be an object"},
      {"{}", "\"schemaVersion\""},
      {R"({"schemaVersion": 2})", "neither a manifest nor an index"},
      {R"({"schemaVersion": "2", "manifests": []})", "must be 2"},
      {R"({"schemaVersion": 2, "layers": []})", "\"config\""},
      {R"({"schemaVersion": 2, "manifests": {}})", "must be an array"},
      {R"({"schemaVersion": 2, "manifests": [1]})", "manifest 1 must be an object"},
      {fmt::format(R"({{"schemaVersion": 2, "config": {}, "layers": [{{}}]}})", config), "\"mediaType\" of layer 1"},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{}]}})", descriptor(kOciManifest, "sha256:abc")),
       "manifest 1"},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{}]}})", descriptor(kOciManifest, "../../etc/passwd")),
       "manifest 1"},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{{"mediaType": "{}", "digest": "{}", "size": -1}}]}})",
                   kOciManifest, kDigestA),
       "whole number"},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{{"mediaType": "{}", "digest": "{}", "size": 1.5}}]}})",
                   kOciManifest, kDigestA),
       "whole number"},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{{"mediaType": "{}", "digest": "{}"}}]}})", kOciManifest,
                   kDigestA),
       "\"size\""},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{}]}})",
                   descriptor(kOciManifest, kDigestA, R"(, "annotations": {"a": 1})")),
       "must hold strings"},
      {fmt::format(R"({{"schemaVersion": 2, "manifests": [{}]}})",
                   descriptor(kOciManifest, kDigestA, R"(, "annotations": {"a": "1", "a": "2"})")),
       "\"a\" twice"},
  };
  for (const auto& [json, problem] : cases) {
    const Error error = refused(json);
    EXPECT_EQ(error.code(), Code::kMalformed) << json;
    EXPECT_THAT(error.to_string(), HasSubstr(problem)) << json;
  }
}

TEST(Manifest, StopsAtItsLimits) {
  ImageLimits limits;
  limits.max_manifest_bytes = 100;
  auto large = parse_manifest(minimal_manifest(), "", limits);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), Code::kLimitExceeded);
  EXPECT_THAT(large.error().remedy(), HasSubstr("--max-manifest-bytes"));

  limits = {};
  limits.max_layers = 0;
  auto layers = parse_manifest(minimal_manifest(), "", limits);
  ASSERT_FALSE(layers);
  EXPECT_THAT(layers.error().remedy(), HasSubstr("--max-layers"));

  std::string deep = R"({"schemaVersion": 2, "manifests": )";
  for (int i = 0; i < 100; ++i) deep += '[';
  EXPECT_FALSE(parse_manifest(deep, "", {}));
}

TEST(Manifest, TellsImagesFromOtherArtifacts) {
  const auto artifact = [](std::string_view config_type, std::string_view layer_type, std::string_view more) {
    return *manifest_of(fmt::format(R"({{"schemaVersion": 2, "config": {}, "layers": [{}]{}}})",
                                    descriptor(config_type, kDigestA), descriptor(layer_type, kDigestB), more));
  };
  const auto helm = require_image(
      artifact("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", ""));
  ASSERT_FALSE(helm);
  EXPECT_EQ(helm.error().code(), Code::kUnsupported);
  EXPECT_THAT(helm.error().message(), HasSubstr("application/vnd.cncf.helm.config.v1+json"));

  const auto sbom = require_image(
      artifact("application/vnd.oci.empty.v1+json", "text/spdx+json", R"(, "artifactType": "application/spdx+json")"));
  EXPECT_THAT(sbom.error().message(), HasSubstr("artifact of type application/spdx+json"));

  const auto encrypted = require_image(artifact("application/vnd.oci.image.config.v1+json",
                                                "application/vnd.oci.image.layer.v1.tar+gzip+encrypted", ""));
  EXPECT_EQ(encrypted.error().code(), Code::kUnsupported);
  EXPECT_THAT(encrypted.error().remedy(), HasSubstr("decrypt"));

  const auto cosign = require_image(
      artifact("application/vnd.oci.image.config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json", ""));
  EXPECT_EQ(cosign.error().code(), Code::kUnsupported);
}

TEST(ImageConfig, ReadsEverythingThatLaterChecksNeed) {
  const std::string json = testdata("config-oci.json");
  const auto config = parse_config(json, {});
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_EQ(config->platform.to_string(), "linux/arm64/v8");
  EXPECT_EQ(config->created, "2026-01-02T03:04:05Z");
  EXPECT_EQ(config->author, "Alyssa P. Hacker <alyspdev@example.com>");
  EXPECT_EQ(config->user, "1000:1000");
  EXPECT_THAT(config->env, ElementsAre("PATH=/usr/bin:/bin", "TOKEN=s3cret"));
  EXPECT_THAT(config->entrypoint, ElementsAre("/bin/app"));
  EXPECT_THAT(config->cmd, ElementsAre("--serve", "--port=8080"));
  EXPECT_EQ(config->working_dir, "/srv");
  EXPECT_THAT(config->exposed_ports, ElementsAre("53/udp", "8080/tcp"));
  EXPECT_THAT(config->volumes, ElementsAre("/data"));
  EXPECT_THAT(config->labels, ElementsAre(Pair("com.example.team", "core"), Pair("version", "1.2")));
  EXPECT_TRUE(config->has_healthcheck);
  ASSERT_EQ(config->history.size(), 4U);
  EXPECT_TRUE(config->history[1].empty_layer);
  EXPECT_EQ(config->history[3].comment, "buildkit.dockerfile.v0");
  EXPECT_EQ(config->diff_ids.size(), 2U);
  EXPECT_EQ(config->raw_json, json);
  EXPECT_THAT(created_by_of_layers(*config),
              ElementsAre("/bin/sh -c #(nop) ADD file:1a in / ", "RUN /bin/sh -c apt-get install -y curl # buildkit"));
}

TEST(ImageConfig, AcceptsNullsAndOldSpellings) {
  const auto config = parse_config(
      R"({"architecture": "amd64", "os": "linux", "history": null, "rootfs": {"type": "layers", "diff_ids": null},
          "config": {"Cmd": "run me", "Entrypoint": null, "Env": null, "Labels": null, "Volumes": null,
                     "Healthcheck": {"Test": ["NONE"]}}})",
      {});
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_THAT(config->cmd, ElementsAre("run me"));
  EXPECT_FALSE(config->has_healthcheck);
  EXPECT_TRUE(config->diff_ids.empty());
}

TEST(ImageConfig, DoesNotGuessWhenHistoryMissesLayers) {
  ImageConfig config;
  config.diff_ids = {*Digest::parse(kDigestA), *Digest::parse(kDigestB)};
  config.history = {{"", "one", "", "", false}, {"", "two", "", "", true}};
  EXPECT_THAT(created_by_of_layers(config), ElementsAre("", ""));
  config.history.push_back({"", "three", "", "", false});
  EXPECT_THAT(created_by_of_layers(config), ElementsAre("one", "three"));
}

TEST(ImageConfig, RefusesMalformedConfigurations) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"{", "not valid JSON"},
      {"{}", "\"rootfs\""},
      {R"({"rootfs": {"type": "other", "diff_ids": []}})", "must be \"layers\""},
      {R"({"rootfs": {"type": "layers", "diff_ids": ["sha256:1"]}})", "diff_id 1"},
      {R"({"rootfs": {"type": "layers"}, "config": []})", "must be an object"},
      {R"({"rootfs": {"type": "layers"}, "config": {"Env": "A=1"}})", "\"Env\""},
      {R"({"rootfs": {"type": "layers"}, "config": {"Env": [1]}})", "\"Env\""},
      {R"({"rootfs": {"type": "layers"}, "config": {"User": "app", "user": "root"}})", "given twice"},
      {R"({"rootfs": {"type": "layers"}, "history": [{"empty_layer": "yes"}]})", "history entry 1"},
      {R"({"rootfs": {"type": "layers"}, "rootfs": {"type": "layers"}})", "given twice"},
      {R"({"rootfs": {"type": "layers"}, "history": [7]})", "history entry 1"},
  };
  for (const auto& [json, problem] : cases) {
    const auto config = parse_config(json, {});
    ASSERT_FALSE(config) << json;
    EXPECT_EQ(config.error().code(), Code::kMalformed) << json;
    EXPECT_THAT(config.error().to_string(), HasSubstr(problem)) << json;
  }
}

TEST(ImageConfig, StopsAtItsLimits) {
  ImageLimits limits;
  limits.max_layers = 1;
  const std::string two = ::bulkhead::oci::testing::make_config({"a", "b"});
  EXPECT_EQ(parse_config(two, limits).error().code(), Code::kLimitExceeded);
  limits = {};
  limits.max_config_bytes = 10;
  EXPECT_EQ(parse_config(two, limits).error().code(), Code::kLimitExceeded);
}

}  // namespace
}  // namespace bulkhead::oci

// The documents that artifacts are made of, and artifacts of layouts. Those of registries are tested beside the client.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/temporary_folder.h"
#include "oci/artifact_location.h"
#include "oci/artifact_manifest.h"
#include "oci/layout.h"
#include "oci/layout_artifacts.h"

namespace bulkhead::oci {
namespace {

constexpr std::string_view kSignatureType = "application/vnd.example.signature";

// An artifact about `subject` that differs by `content`.
ManifestBlob artifact_about(const Descriptor& subject, std::string_view content) {
  Manifest manifest;
  manifest.artifact_type = kSignatureType;
  manifest.config = empty_config();
  manifest.layers = {describe("text/plain", content)};
  manifest.subject = subject;
  auto blob = ManifestBlob::of(kOciManifest, write_manifest(manifest));
  blob.descriptor.artifact_type = kSignatureType;
  return blob;
}

// A layout with one image, tagged "1".
struct TestLayout {
  TemporaryFolder folder;
  std::string path = folder / "layout";
  ManifestBlob image;
  std::unique_ptr<ArtifactStore> store;

  TestLayout() {
    EXPECT_TRUE(write_file_atomically(path + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    EXPECT_TRUE(write_file_atomically(path + "/index.json", R"({"schemaVersion":2,"manifests":[],"x":{"y":1.50}})"));
    store = open();
    Manifest manifest;
    manifest.config = describe("application/vnd.oci.image.config.v1+json", "{}");
    image = ManifestBlob::of(kOciManifest, write_manifest(manifest));
    EXPECT_TRUE(store->update_tag("1", [this](const ManifestBlob*) { return image; }));
  }
  std::unique_ptr<ArtifactStore> open() const {
    return open_layout_artifacts(make_folder_store(path), path, {}).value();
  }
  std::string index() const { return read_file(path + "/index.json", 1 << 20).value(); }
};

std::vector<std::string> digests_of(const std::vector<Descriptor>& descriptors) {
  std::vector<std::string> digests;
  for (const auto& descriptor : descriptors) digests.push_back(descriptor.digest.to_string());
  std::ranges::sort(digests);
  return digests;
}

TEST(ArtifactManifest, ReadsBackWhatItWrites) {
  const Descriptor subject = describe(kOciIndex, "subject");
  Manifest manifest;
  manifest.artifact_type = kSignatureType;
  manifest.config = empty_config();
  manifest.layers = {describe("text/plain", "content")};
  manifest.layers.front().annotations = {{"a\"b", "1\n2"}};
  manifest.subject = subject;
  manifest.annotations = {{"k", "v"}};
  const auto read = std::get<Manifest>(parse_manifest(write_manifest(manifest), kOciManifest, {}).value());
  EXPECT_EQ(read.artifact_type, kSignatureType);
  EXPECT_EQ(read.config.digest.to_string(), "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  EXPECT_EQ(read.layers.front().annotations, manifest.layers.front().annotations);
  ASSERT_TRUE(read.subject);
  EXPECT_EQ(read.subject->digest, subject.digest);
  EXPECT_EQ(read.subject->media_type, kOciIndex);
  EXPECT_EQ(read.annotations, manifest.annotations);
}

TEST(ArtifactManifest, EditsAnIndexAndLeavesTheRestOfItAsItIs) {
  const std::string kept = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                           Digest::sha256_of(as_bytes("a")).to_string() + R"(","size":1,"future":[1.50,{}]})";
  const std::string dropped = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
                              Digest::sha256_of(as_bytes("b")).to_string() + R"(","size":2})";
  const std::string index =
      R"({ "schemaVersion": 2, "manifests": [ )" + kept + ", " + dropped + R"( ], "future": {"x": 1e2}})";
  const auto edited =
      edit_index(index, [](const Descriptor& entry) { return entry.size == 2; }, {describe("text/plain", "c")}, {});
  ASSERT_TRUE(edited) << edited.error().to_string();
  EXPECT_NE(edited->find(kept), std::string::npos);
  EXPECT_EQ(edited->find(Digest::sha256_of(as_bytes("b")).hex()), std::string::npos);
  EXPECT_NE(edited->find(R"("future":{"x": 1e2})"), std::string::npos);
  const auto read = std::get<Index>(parse_manifest(*edited, kOciIndex, {}).value());
  ASSERT_EQ(read.manifests.size(), 2U);
  EXPECT_EQ(read.manifests[1].digest, Digest::sha256_of(as_bytes("c")));
}

TEST(ArtifactManifest, RefusesAnIndexThatListsUnderAnotherSpelling) {
  EXPECT_EQ(edit_index(R"({"schemaVersion":2,"Manifests":[{"mediaType":"a","digest":")" +
                           Digest::sha256_of(as_bytes("a")).to_string() + R"(","size":1}]})",
                       {}, {}, {})
                .error()
                .code(),
            Code::kMalformed);
}

TEST(ArtifactManifest, KeepsAnIndexWithinItsLimits) {
  ImageLimits limits;
  limits.max_manifests = 1;
  const auto first = with_referrer(nullptr, describe("text/plain", "a"), limits).value();
  EXPECT_FALSE(with_referrer(&*first, describe("text/plain", "a"), limits).value()) << "is listed already";
  EXPECT_EQ(with_referrer(&*first, describe("text/plain", "b"), limits).error().code(), Code::kLimitExceeded);
}

TEST(ArtifactManifest, NamesTheReferrersTagAsTheSpecificationDoes) {
  const Digest sha256 = Digest::sha256_of(as_bytes("x"));
  EXPECT_EQ(referrers_tag(sha256), "sha256-" + sha256.hex());
  Hasher hasher(Digest::Algorithm::kSha512);
  const Digest sha512 = hasher.finish();
  EXPECT_EQ(referrers_tag(sha512), "sha512-" + sha512.hex().substr(0, 64));
  EXPECT_TRUE(is_referrers_name(referrers_tag(sha256)));
  EXPECT_TRUE(is_referrers_name(referrers_tag(sha256) + ".sig"));
  EXPECT_FALSE(is_referrers_name("sha256-" + sha256.hex() + "x"));
  EXPECT_FALSE(is_referrers_name("sha256-abc"));
}

TEST(LayoutArtifacts, ListsWhatWasAttachedAndKeepsTheImageTheOnlyOne) {
  const TestLayout layout;
  const auto a = artifact_about(layout.image.descriptor, "a");
  const auto b = artifact_about(layout.image.descriptor, "b");
  for (const auto* artifact : {&a, &b, &a}) {
    ASSERT_TRUE(layout.store->attach(*artifact, layout.image.descriptor.digest));
  }
  ASSERT_TRUE(layout.store->attach(artifact_about(a.descriptor, "c"), a.descriptor.digest));
  const auto found = layout.open()->referrers(layout.image.descriptor.digest);
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(digests_of(*found), digests_of({a.descriptor, b.descriptor}));
  EXPECT_EQ(found->front().artifact_type, kSignatureType);
  EXPECT_EQ(layout.open()->manifest(a.descriptor.digest)->bytes, a.bytes);
  EXPECT_EQ(layout.open()->tagged("")->descriptor.digest, layout.image.descriptor.digest);
  EXPECT_NE(layout.index().find(R"("x":{"y":1.50})"), std::string::npos) << "what is not ours stays";
}

TEST(LayoutArtifacts, FindsWhatListingsDoNotDescribe) {
  // As other tools leave it: without an artifact type in the list, and through the referrers' tag.
  const TestLayout layout;
  auto bare = artifact_about(layout.image.descriptor, "bare");
  bare.descriptor.artifact_type.clear();
  ASSERT_TRUE(layout.store->attach(bare, layout.image.descriptor.digest));
  const auto tagged = artifact_about(layout.image.descriptor, "tagged");
  ASSERT_TRUE(layout.store->put_manifest(tagged));
  ASSERT_TRUE(layout.store->update_tag(referrers_tag(layout.image.descriptor.digest), [&](const ManifestBlob* current) {
    return with_referrer(current, tagged.descriptor, {});
  }));
  EXPECT_EQ(digests_of(layout.store->referrers(layout.image.descriptor.digest).value()),
            digests_of({bare.descriptor, tagged.descriptor}));
}

TEST(LayoutArtifacts, CountsWhatFilesHoldNotWhatTheIndexClaims) {
  const TestLayout layout;
  const auto artifact = artifact_about(layout.image.descriptor, "a");
  ASSERT_TRUE(layout.store->put_manifest(artifact));
  Descriptor claims = artifact.descriptor;
  std::vector<Descriptor> entries;
  const auto list = [&](uint64_t size) {
    claims.size = size;
    entries.push_back(claims);
    ASSERT_TRUE(write_file_atomically(layout.path + "/index.json", write_index(entries)));
  };
  ImageLimits limits;
  limits.max_kept_json_bytes = artifact.bytes.size();
  const auto found = [&] {
    return open_layout_artifacts(make_folder_store(layout.path), layout.path, limits)
        .value()
        ->referrers(layout.image.descriptor.digest);
  };
  list(limits.max_manifest_bytes + 1);
  list(0);
  const auto once = found();
  ASSERT_TRUE(once) << once.error().to_string();
  EXPECT_EQ(digests_of(*once), digests_of({artifact.descriptor})) << "opened once, whatever is claimed";
  const auto other = artifact_about(layout.image.descriptor, "b");
  ASSERT_TRUE(layout.store->put_manifest(other));
  claims = other.descriptor;
  list(0);
  const auto more = found();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code(), Code::kLimitExceeded);
}

TEST(LayoutArtifacts, GivesATagToOneManifestOnly) {
  const TestLayout layout;
  const auto other = artifact_about(layout.image.descriptor, "other");
  ASSERT_TRUE(layout.store->update_tag("1", [&](const ManifestBlob* current) -> Result<std::optional<ManifestBlob>> {
    EXPECT_EQ(current->descriptor.digest, layout.image.descriptor.digest);
    return other;
  }));
  EXPECT_EQ(layout.store->tagged("1")->descriptor.digest, other.descriptor.digest);
  EXPECT_EQ(layout.store->tagged("2").error().code(), Code::kNotFound);
}

TEST(LayoutArtifacts, LosesNothingWhenManyWriteAtOnce) {
  const TestLayout layout;
  constexpr int kWriters = 4;
  constexpr int kEach = 8;
  std::vector<Descriptor> expected;
  for (int i = 0; i < kWriters * kEach; ++i) {
    expected.push_back(artifact_about(layout.image.descriptor, std::to_string(i)).descriptor);
  }
  {
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&layout, writer] {
        const auto store = layout.open();
        for (int i = 0; i < kEach; ++i) {
          const auto artifact = artifact_about(layout.image.descriptor, std::to_string(writer * kEach + i));
          EXPECT_TRUE(store->attach(artifact, layout.image.descriptor.digest));
        }
      });
    }
  }
  EXPECT_EQ(digests_of(layout.store->referrers(layout.image.descriptor.digest).value()), digests_of(expected));
}

TEST(LayoutArtifacts, BelievesNoBytesThatAreNotTheDigests) {
  const TestLayout layout;
  const auto artifact = artifact_about(layout.image.descriptor, "a");
  ASSERT_TRUE(layout.store->attach(artifact, layout.image.descriptor.digest));
  const std::string path = layout.path + '/' + blob_path(artifact.descriptor.digest);
  std::string bytes = artifact.bytes;
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(write_file_atomically(path, bytes));
  EXPECT_EQ(layout.store->manifest(artifact.descriptor.digest).error().code(), Code::kVerificationFailed);
  ASSERT_TRUE(layout.store->put_manifest(artifact)) << "what is damaged is mended";
  EXPECT_EQ(layout.store->manifest(artifact.descriptor.digest)->bytes, artifact.bytes);
}

TEST(LocateArtifacts, KnowsLayoutsAndRegistriesAndRefusesTheRest) {
  const TestLayout layout;
  const auto by_prefix = locate_artifacts("oci:" + layout.path + ":1", {}, {});
  ASSERT_TRUE(by_prefix) << by_prefix.error().to_string();
  EXPECT_EQ(by_prefix->resolve()->descriptor.digest, layout.image.descriptor.digest);
  EXPECT_EQ(locate_artifacts(layout.path, {}, {})->resolve()->bytes, layout.image.bytes);
  const auto digest = layout.image.descriptor.digest.to_string();
  EXPECT_EQ(locate_artifacts(layout.path + "@" + digest, {}, {})->resolve()->bytes, layout.image.bytes);
  const auto remote = locate_artifacts("team/app", {}, {});
  ASSERT_TRUE(remote);
  EXPECT_EQ(remote->name, "docker.io/team/app:latest");
  EXPECT_EQ(remote->tag, "latest");
  for (const char* const text : {"docker:app", "podman:app", "docker-archive:x.tar", "rootfs:/", "Bad/Name"}) {
    EXPECT_EQ(locate_artifacts(text, {}, {}).error().code(), Code::kInvalidArgument) << text;
  }
  EXPECT_EQ(locate_artifacts("oci:/no/such/folder", {}, {}).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace bulkhead::oci

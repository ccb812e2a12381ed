// For tests only: an artifact store in memory with an index of two platforms, whose contents tests may turn to
// anything.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/artifact_manifest.h"
#include "oci/artifact_store.h"
#include "oci/manifest.h"

namespace bulkhead::trust {

class TestStore final : public oci::ArtifactStore {
 public:
  std::map<std::string, std::string> blobs;  // by digest; manifests, too
  std::map<std::string, oci::ManifestBlob> tags;
  std::map<std::string, std::vector<oci::Descriptor>> attached;  // by subject
  std::optional<Error> failure;                                  // of everything that reads

  oci::Descriptor amd64 = add_image("amd64");
  oci::Descriptor arm64 = add_image("arm64");
  oci::Descriptor index = add_index();

  const std::string& name() const override { return name_; }

  Result<oci::ManifestBlob> tagged(const std::string& tag) const override {
    if (failure) return fail(*failure);
    const auto found = tags.find(tag);
    if (found == tags.end()) return fail(Code::kNotFound, tag + ": no such tag");
    return found->second;
  }
  Result<oci::ManifestBlob> manifest(const Digest& digest) const override {
    if (failure) return fail(*failure);
    const auto found = blobs.find(digest.to_string());
    if (found == blobs.end()) return fail(Code::kNotFound, digest.to_string() + ": no such manifest");
    auto blob = oci::ManifestBlob::of({}, found->second);
    if (blob.descriptor.digest != digest) return fail(Code::kVerificationFailed, "is not what was promised");
    const auto document = oci::parse_manifest(blob.bytes, {}, {});
    if (!document) return fail(document.error());
    blob.descriptor.media_type = std::visit([](const auto& parsed) { return parsed.media_type; }, *document);
    return blob;
  }
  Result<std::string> blob(const oci::Descriptor& blob, uint64_t /*max_bytes*/) const override {
    const auto found = blobs.find(blob.digest.to_string());
    if (found == blobs.end()) return fail(Code::kNotFound, blob.digest.to_string() + ": no such blob");
    if (Digest::sha256_of(as_bytes(found->second)) != blob.digest) {
      return fail(Code::kVerificationFailed, "is not what was promised");
    }
    return found->second;
  }
  Result<std::vector<oci::Descriptor>> referrers(const Digest& subject) const override {
    if (failure) return fail(*failure);
    const auto found = attached.find(subject.to_string());
    return found == attached.end() ? std::vector<oci::Descriptor>() : found->second;
  }
  Status put_blob(const oci::Descriptor& blob, std::string_view bytes) override {
    blobs[blob.digest.to_string()] = bytes;
    return {};
  }
  Status put_manifest(const oci::ManifestBlob& manifest) override {
    return put_blob(manifest.descriptor, manifest.bytes);
  }
  Status attach(const oci::ManifestBlob& manifest, const Digest& subject) override {
    attached[subject.to_string()].push_back(manifest.descriptor);
    return put_manifest(manifest);
  }
  Status update_tag(const std::string& tag, const oci::TagChange& change) override {
    const auto current = tags.find(tag);
    TRY_ASSIGN(const auto changed, change(current == tags.end() ? nullptr : &current->second));
    if (changed) {
      TRY(put_manifest(*changed));
      tags[tag] = *changed;
    }
    return {};
  }

  oci::Descriptor add_image(const std::string& architecture) {
    oci::Manifest manifest;
    manifest.config = oci::describe("application/vnd.oci.image.config.v1+json", architecture);
    const auto blob = oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest));
    blobs[blob.descriptor.digest.to_string()] = blob.bytes;
    oci::Descriptor descriptor = blob.descriptor;
    descriptor.platform = oci::Platform{.os = "linux", .architecture = architecture};
    return descriptor;
  }

 private:
  oci::Descriptor add_index() {
    const auto blob = oci::ManifestBlob::of(oci::kOciIndex, oci::write_index({amd64, arm64}));
    blobs[blob.descriptor.digest.to_string()] = blob.bytes;
    tags["1"] = blob;
    return blob.descriptor;
  }

  const std::string name_ = "registry.test/team/app";
};

}  // namespace bulkhead::trust

#include "trust/signatures.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "notation/artifact.h"
#include "oci/manifest.h"
#include "sigstore/cosign.h"

namespace bulkhead::trust {
namespace {

// What the layers of an artifact are, by the type of the artifact or of the layer itself.
struct Kind {
  std::string_view type;
  SignatureForm form;
};
constexpr std::array kKinds = {
    Kind{sigstore::kSimpleSigningMediaType, SignatureForm::kSimpleSigning},
    Kind{sigstore::kDsseMediaType, SignatureForm::kDsse},
    Kind{notation::kArtifactType, SignatureForm::kNotation},
};

std::optional<SignatureForm> form_of(std::string_view type) {
  if (sigstore::is_bundle_media_type(type)) return SignatureForm::kBundle;
  const auto* const found = std::ranges::find(kKinds, type, &Kind::type);
  return found == kKinds.end() ? std::nullopt : std::optional(found->form);
}

std::optional<SignatureForm> form_of(const oci::Manifest& manifest, const oci::Descriptor& layer) {
  // Notation's layers are plain JOSE and COSE: the artifact's type, or its configuration's in older ones, says whose.
  for (const std::string_view type : {manifest.artifact_type, manifest.config.media_type}) {
    if (type == notation::kArtifactType) return SignatureForm::kNotation;
  }
  return form_of(layer.media_type);
}

bool claims_to_be_one(const oci::Descriptor& listed) {
  return form_of(listed.artifact_type).has_value() || listed.artifact_type == sigstore::kSignatureArtifactType ||
         listed.artifact_type == sigstore::kAttestationArtifactType;
}

class Finder {
 public:
  Finder(const oci::ArtifactStore& store, const Digest& subject, const SearchLimits& limits)
      : store_(store), subject_(subject), limits_(limits) {}

  Result<FoundSignatures> run() {
    TRY_ASSIGN(const std::vector<oci::Descriptor> listed, store_.referrers(subject_));
    for (const bool likely : {true, false}) {
      for (const oci::Descriptor& referrer : listed) {
        if (claims_to_be_one(referrer) == likely) TRY(open_referrer(referrer));
      }
    }
    for (const std::string_view suffix : {sigstore::kSignatureSuffix, sigstore::kAttestationSuffix}) {
      TRY(open_tag(sigstore::artifact_tag(subject_, suffix)));
    }
    return std::move(found_);
  }

 private:
  Status open_referrer(const oci::Descriptor& referrer) {
    if (opened_++ == limits_.max_manifests) found_.left_out = true;
    if (opened_ > limits_.max_manifests) return {};
    auto manifest = store_.manifest(referrer.digest);
    if (manifest) return take(*manifest, {}, true);
    if (is_passing(manifest.error())) return fail(std::move(manifest).error());
    if (claims_to_be_one(referrer)) found_.unread.push_back({referrer.digest, {}, std::move(manifest).error()});
    return {};
  }

  Status open_tag(const std::string& tag) {
    auto manifest = store_.tagged(tag);
    if (manifest) return take(*manifest, tag, false);
    if (manifest.error().code() == Code::kNotFound) return {};
    if (is_passing(manifest.error())) return fail(std::move(manifest).error());
    found_.unread.push_back({{}, tag, std::move(manifest).error()});
    return {};
  }

  // Not what is wrong with a signature, but that the store could not be asked.
  static bool is_passing(const Error& error) {
    return error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded ||
           error.code() == Code::kCancelled || error.code() == Code::kUnauthenticated ||
           error.code() == Code::kPermissionDenied;
  }

  Status take(const oci::ManifestBlob& blob, const std::string& tag, bool is_referrer) {
    auto document = oci::parse_manifest(blob.bytes, blob.descriptor.media_type, {});
    if (!document) {
      found_.unread.push_back({blob.descriptor.digest, tag, std::move(document).error()});
      return {};
    }
    auto* const manifest = std::get_if<oci::Manifest>(&*document);
    if (manifest == nullptr) return {};
    const auto taken = std::ranges::find(seen_, blob.descriptor.digest);
    if (taken != seen_.end()) return {};
    seen_.push_back(blob.descriptor.digest);
    for (oci::Descriptor& layer : manifest->layers) {
      const auto form = form_of(*manifest, layer);
      if (!form) continue;
      if (is_referrer && (!manifest->subject || manifest->subject->digest != subject_)) {
        found_.unread.push_back({blob.descriptor.digest, tag,
                                 Error(Code::kVerificationFailed, "it is listed here, but is kept for another image")});
        return {};
      }
      if (found_.signatures.size() == limits_.max_signatures) {
        found_.left_out = true;
        return {};
      }
      found_.signatures.push_back({.form = *form,
                                   .subject = subject_,
                                   .manifest = blob.descriptor.digest,
                                   .tag = tag,
                                   .blob = std::move(layer)});
    }
    return {};
  }

  const oci::ArtifactStore& store_;
  const Digest subject_;
  const SearchLimits limits_;
  FoundSignatures found_;
  std::vector<Digest> seen_;
  uint64_t opened_ = 0;
};

}  // namespace

std::string_view form_name(SignatureForm form) {
  switch (form) {
    case SignatureForm::kBundle:
      return "sigstore-bundle";
    case SignatureForm::kSimpleSigning:
      return "cosign-signature";
    case SignatureForm::kDsse:
      return "cosign-attestation";
    case SignatureForm::kNotation:
      break;
  }
  return "notation";
}

Result<FoundSignatures> find_signatures(const oci::ArtifactStore& store, const Digest& subject,
                                        const SearchLimits& limits) {
  return Finder(store, subject, limits).run();
}

}  // namespace bulkhead::trust

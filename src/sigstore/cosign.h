// What cosign calls things where it stores them: media types, annotations, tags, artifact types, types of predicates.
// Source: cosign 3.1, specs/BUNDLE_SPEC.md, SIGNATURE_SPEC.md, ATTESTATION_SPEC.md, SBOM_SPEC.md, pkg/types/media.go.
// Pure and thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.h"

namespace bulkhead::sigstore {

// A bundle as an OCI 1.1 referrer: the artifact type of the manifest and the media type of its one layer.
inline constexpr std::string_view kBundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
// Annotations of that manifest.
inline constexpr std::string_view kBundleContentAnnotation = "dev.sigstore.bundle.content";
inline constexpr std::string_view kBundleContentDsse = "dsse-envelope";
inline constexpr std::string_view kBundleContentMessage = "message-signature";
inline constexpr std::string_view kBundlePredicateTypeAnnotation = "dev.sigstore.bundle.predicateType";
inline constexpr std::string_view kCreatedAnnotation = "org.opencontainers.image.created";
// Whether an artifact or media type is that of a bundle, of any version.
bool is_bundle_media_type(std::string_view type);

// Before bundles: a layer for each signature or attestation, in an image that a tag names.
inline constexpr std::string_view kSimpleSigningMediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
inline constexpr std::string_view kDsseMediaType = "application/vnd.dsse.envelope.v1+json";
// Annotations of such a layer. The signature is base64; the rest is of keyless signing.
inline constexpr std::string_view kSignatureAnnotation = "dev.cosignproject.cosign/signature";
inline constexpr std::string_view kCertificateAnnotation = "dev.sigstore.cosign/certificate";
inline constexpr std::string_view kChainAnnotation = "dev.sigstore.cosign/chain";
inline constexpr std::string_view kRekorBundleAnnotation = "dev.sigstore.cosign/bundle";
inline constexpr std::string_view kTimestampAnnotation = "dev.sigstore.cosign/rfc3161timestamp";
inline constexpr std::string_view kPredicateTypeAnnotation = "predicateType";

// The same images as referrers (cosign 2 with COSIGN_EXPERIMENTAL): their artifact types.
inline constexpr std::string_view kSignatureArtifactType = "application/vnd.dev.cosign.artifact.sig.v1+json";
inline constexpr std::string_view kAttestationArtifactType = "application/vnd.dev.cosign.artifact.att.v1+json";
inline constexpr std::string_view kSbomArtifactType = "application/vnd.dev.cosign.artifact.sbom.v1+json";

// The tags: "sha256-<hex>.sig".
inline constexpr std::string_view kSignatureSuffix = ".sig";
inline constexpr std::string_view kAttestationSuffix = ".att";
inline constexpr std::string_view kSbomSuffix = ".sbom";
std::string artifact_tag(const Digest& image, std::string_view suffix);

// Types of predicates. The first is what `cosign sign` signs, with an empty predicate.
inline constexpr std::string_view kSignPredicate = "https://sigstore.dev/cosign/sign/v1";
inline constexpr std::string_view kCustomPredicate = "https://cosign.sigstore.dev/attestation/v1";
inline constexpr std::string_view kVulnerabilityPredicate = "https://cosign.sigstore.dev/attestation/vuln/v1";
inline constexpr std::string_view kSlsaPredicate02 = "https://slsa.dev/provenance/v0.2";
inline constexpr std::string_view kSlsaPredicate1 = "https://slsa.dev/provenance/v1";
inline constexpr std::string_view kSpdxPredicate = "https://spdx.dev/Document";
inline constexpr std::string_view kCycloneDxPredicate = "https://cyclonedx.org/bom";
inline constexpr std::string_view kOpenVexPredicate = "https://openvex.dev/ns";
inline constexpr std::string_view kLinkPredicate = "https://in-toto.io/Link/v1";

// The type that cosign's `--type` names by a word ("slsaprovenance", "spdxjson", …), or `word` itself when it is a URI;
// nothing for any other word.
std::optional<std::string_view> predicate_type(std::string_view word);

}  // namespace bulkhead::sigstore

#include "trust/sign.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/date.h"
#include "base/json_writer.h"
#include "notation/artifact.h"
#include "notation/sign.h"
#include "oci/artifact_manifest.h"
#include "oci/manifest.h"
#include "sigstore/bundle.h"
#include "sigstore/cosign.h"
#include "sigstore/dsse.h"
#include "sigstore/schemes.h"
#include "sigstore/simple_signing.h"

namespace bulkhead::trust {
namespace {

constexpr std::string_view kConfigType = "application/vnd.oci.image.config.v1+json";

Result<sigstore::DsseEnvelope> sign_statement(const SignRequest& request, const Signer& signer,
                                              sigstore::Statement::Version version) {
  sigstore::Statement statement{.version = version};
  sigstore::Subject subject{.name = request.repository, .annotations = request.annotations};
  const Digest& digest = request.image.digest;
  subject.digests.emplace(digest.algorithm() == Digest::Algorithm::kSha512 ? "sha512" : "sha256", digest.hex());
  statement.subjects.push_back(std::move(subject));
  statement.predicate_type = request.predicate ? request.predicate->type : std::string(sigstore::kSignPredicate);
  statement.predicate = request.predicate ? request.predicate->json : "{}";
  auto text = sigstore::write_statement(statement);
  if (!text) return fail(Code::kInvalidArgument, text.error().to_string(), "give a predicate in JSON");
  return sigstore::sign_envelope(std::string(sigstore::kInTotoPayloadType), *std::move(text), signer);
}

// The manifest that carries a signature as a referrer.
oci::ManifestBlob carrier(const SignRequest& request, const oci::Descriptor& signature, std::string_view artifact_type,
                          oci::Annotations annotations) {
  annotations.emplace_back(sigstore::kCreatedAnnotation, rfc3339_of(request.now));
  std::ranges::sort(annotations);
  oci::Manifest manifest;
  manifest.artifact_type = artifact_type;
  manifest.config = oci::empty_config();
  manifest.layers = {signature};
  manifest.subject = oci::Descriptor{
      .media_type = request.image.media_type, .digest = request.image.digest, .size = request.image.size};
  manifest.annotations = std::move(annotations);
  auto blob = oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest));
  blob.descriptor.artifact_type = manifest.artifact_type;
  blob.descriptor.annotations = std::move(manifest.annotations);
  return blob;
}

// cosign's older images have a configuration of an image that lists their layers.
std::string legacy_config(const std::vector<oci::Descriptor>& layers) {
  json::Writer writer(json::Layout::kCompact);
  writer.begin_object();
  writer.member("architecture", "");
  writer.member("created", "0001-01-01T00:00:00Z");
  writer.member("os", "");
  writer.key("rootfs");
  writer.begin_object();
  writer.member("type", "layers");
  writer.key("diff_ids");
  writer.begin_array();
  for (const oci::Descriptor& layer : layers) writer.string(layer.digest.to_string());
  writer.end_array();
  writer.end_object();
  writer.key("config");
  writer.begin_object();
  writer.end_object();
  writer.end_object();
  return std::move(writer).take();
}

bool is_kept(const oci::Manifest& manifest, const MadeSignature& made) {
  return std::ranges::any_of(manifest.layers, [&](const oci::Descriptor& layer) {
    return layer.digest == made.blob.digest && layer.annotations == made.blob.annotations;
  });
}

// The image under the tag, with one more layer; nothing when it has that already.
Result<std::optional<oci::ManifestBlob>> with_layer(oci::ArtifactStore& store, const oci::ManifestBlob* current,
                                                    const MadeSignature& made, const oci::ImageLimits& limits) {
  oci::Manifest manifest;
  if (current != nullptr) {
    TRY_CONTEXT(auto document, oci::parse_manifest(current->bytes, current->descriptor.media_type, limits), made.tag);
    auto* const parsed = std::get_if<oci::Manifest>(&document);
    if (parsed == nullptr) return fail(Code::kMalformed, fmt::format("{}: is an index, no signatures", made.tag));
    manifest = std::move(*parsed);
    if (is_kept(manifest, made)) return std::nullopt;
  }
  manifest.layers.push_back(made.blob);
  const std::string config = legacy_config(manifest.layers);
  manifest.config = oci::describe(kConfigType, config);
  TRY(store.put_blob(manifest.config, config));
  auto blob = oci::ManifestBlob::of(oci::kOciManifest, oci::write_manifest(manifest));
  blob.descriptor.artifact_type =
      made.form == SignatureForm::kDsse ? sigstore::kAttestationArtifactType : sigstore::kSignatureArtifactType;
  return blob;
}

}  // namespace

Result<MadeSignature> make_bundle(const SignRequest& request, const Signer& signer) {
  TRY_ASSIGN(const sigstore::DsseEnvelope envelope, sign_statement(request, signer, sigstore::Statement::Version::kV1));
  MadeSignature made{.form = SignatureForm::kBundle, .image = request.image.digest};
  made.bytes = sigstore::write_key_bundle(envelope, signer.public_key());
  made.blob = oci::describe(sigstore::kBundleMediaType, made.bytes);

  const std::string type = request.predicate ? request.predicate->type : std::string(sigstore::kSignPredicate);
  made.manifest = carrier(request, made.blob, sigstore::kBundleMediaType,
                          {{std::string(sigstore::kBundleContentAnnotation), std::string(sigstore::kBundleContentDsse)},
                           {std::string(sigstore::kBundlePredicateTypeAnnotation), type}});
  return made;
}

Result<MadeSignature> make_notation_signature(const SignRequest& request, const Signer& signer,
                                              const NotationSigning& notation) {
  if (request.predicate) {
    return fail(Code::kInvalidArgument, "the Notary Project has signatures only, no attestations");
  }
  TRY_ASSIGN(std::string envelope, notation::sign(signer, {.artifact = {.media_type = request.image.media_type,
                                                                        .digest = request.image.digest.to_string(),
                                                                        .size = request.image.size,
                                                                        .annotations = request.annotations},
                                                           .format = notation.format,
                                                           .certificates = notation.certificates,
                                                           .signing_time = request.now,
                                                           .expiry = notation.expiry,
                                                           .agent = notation.agent}));
  MadeSignature made{.form = SignatureForm::kNotation, .image = request.image.digest};
  made.bytes = std::move(envelope);
  made.blob = oci::describe(notation::media_type_of(notation.format), made.bytes);
  made.manifest =
      carrier(request, made.blob, notation::kArtifactType,
              {{std::string(notation::kThumbprintAnnotation), notation::thumbprints_of(notation.certificates)}});
  return made;
}

Result<MadeSignature> make_legacy_signature(const SignRequest& request, const Signer& signer) {
  MadeSignature made{.form = SignatureForm::kSimpleSigning, .image = request.image.digest};
  if (request.predicate) {
    made.form = SignatureForm::kDsse;
    TRY_ASSIGN(const auto envelope, sign_statement(request, signer, sigstore::Statement::Version::kV01));
    made.bytes = sigstore::write_envelope(envelope);
    made.blob = oci::describe(sigstore::kDsseMediaType, made.bytes);
    made.blob.annotations = {{std::string(sigstore::kSignatureAnnotation), ""},
                             {std::string(sigstore::kPredicateTypeAnnotation), request.predicate->type}};
  } else {
    made.bytes = sigstore::write_simple_signing(
        {.reference = request.repository, .digest = request.image.digest, .annotations = request.annotations});
    TRY_ASSIGN(const std::string signature,
               signer.sign(sigstore::schemes_of(signer.public_key().type()).front(), as_bytes(made.bytes)));
    made.blob = oci::describe(sigstore::kSimpleSigningMediaType, made.bytes);
    made.blob.annotations = {{std::string(sigstore::kSignatureAnnotation), base64_encode(as_bytes(signature))}};
  }
  std::ranges::sort(made.blob.annotations);
  made.tag =
      sigstore::artifact_tag(request.image.digest, made.form == SignatureForm::kDsse ? sigstore::kAttestationSuffix
                                                                                     : sigstore::kSignatureSuffix);
  return made;
}

Status keep_signature(oci::ArtifactStore& store, const MadeSignature& made, const oci::ImageLimits& limits) {
  TRY(store.put_blob(made.blob, made.bytes));
  if (!made.manifest) {
    return store.update_tag(made.tag,
                            [&](const oci::ManifestBlob* current) { return with_layer(store, current, made, limits); });
  }
  TRY(store.put_blob(oci::empty_config(), oci::kEmptyConfigBytes));
  return store.attach(*made.manifest, made.image);
}

}  // namespace bulkhead::trust

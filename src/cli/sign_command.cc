// bulkhead sign
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/key_access.h"
#include "cli/named_file.h"
#include "cli/output.h"
#include "cli/signature_flags.h"
#include "cli/terminal.h"
#include "cli/trust_publisher.h"
#include "oci/manifest.h"
#include "sigstore/statement.h"
#include "trust/resolve_target.h"
#include "trust/sign.h"

namespace bulkhead::cli {
namespace {

enum class Making : uint8_t { kBundle, kLegacy, kNotationJws, kNotationCose };

struct SignatureFormat {
  std::string_view name;
  std::string_view summary;
  Making making;
};
constexpr auto kFormats = std::to_array<SignatureFormat>({
    {"cosign", "a Sigstore bundle, attached as a referrer: what cosign 3 makes and verifies", Making::kBundle},
    {"cosign-legacy", "under a tag sha256-….sig or .att: what every cosign verifies", Making::kLegacy},
    {"notation-jws", "of the Notary Project, in JSON; takes --certificate-chain", Making::kNotationJws},
    {"notation-cose", "the same in COSE", Making::kNotationCose},
});

constexpr uint64_t kMaxExpiryDays = 36'500;
constexpr int64_t kSecondsPerDay = 86'400;
constexpr size_t kMaxChainBytes = size_t{1} << 20;

class SignCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    image_.declare(flags, "signed with the image; may be given several times");
    flags.add({.names = "--key",
               .value = "KEY",
               .help = "the key to sign with: a file, store:ID or pkcs11:…",
               .kind = Option::Kind::kFile,
               .required = true},
              [this](std::string_view value) -> Status {
                key_ = key_reference_of(value);
                return {};
              });
    Option format{.names = "-f,--format", .value = "FORMAT", .help = "of the signature", .preset = "cosign"};
    for (const SignatureFormat& row : kFormats)
      format.choices.push_back({std::string(row.name), std::string(row.summary)});
    flags.add(std::move(format), [this](std::string_view value) -> Status {
      format_ = std::ranges::find(kFormats, value, &SignatureFormat::name);
      return {};
    });
    flags.add({.names = "--attest",
               .value = "FILE",
               .help = "attest this predicate (JSON) of the image, instead of signing it",
               .kind = Option::Kind::kFile},
              predicate_file_);
    flags.add(
        {.names = "--type",
         .value = "TYPE",
         .help = "of the predicate: slsaprovenance, slsaprovenance1, spdxjson, cyclonedx, vuln, openvex …, or a URI"},
        [this](std::string_view value) -> Status {
          TRY_ASSIGN(predicate_type_, parse_predicate_type(value));
          return {};
        });
    flags.add({.names = "--certificate-chain",
               .value = "FILE",
               .help = "for notation: the key's certificate, then each its issuer, to the root (PEM)",
               .kind = Option::Kind::kFile},
              chain_file_);
    flags.add({.names = "--expiry-days",
               .value = "DAYS",
               .help = "for notation: the signature does not count after so many",
               .preset = "for ever"},
              expiry_days_, 0, kMaxExpiryDays);
    flags.add_switch({.names = "-r,--recursive", .help = "of an index, sign the images that it lists, too"},
                     recursive_);
    flags.add_switch({.names = "-n,--dry-run", .help = "say what would be signed, and sign nothing"}, dry_run_);
    key_access_.declare(flags);
    flags.check([this]() -> Status {
      if (predicate_file_.empty() == predicate_type_.empty()) return {};
      return fail(Code::kInvalidArgument, "an attestation has a predicate and a type",
                  "give both: --attest provenance.json --type slsaprovenance1");
    });
    flags.check([this]() -> Status {
      if (!is_notation()) {
        if (chain_file_.empty() && expiry_days_ == 0) return {};
        return fail(Code::kInvalidArgument, "certificates and expiry are for signatures of the Notary Project",
                    "choose one of its forms: --format notation-jws");
      }
      if (!predicate_file_.empty()) {
        return fail(Code::kInvalidArgument, "the Notary Project has no attestations", "leave --format out");
      }
      if (!chain_file_.empty()) return {};
      return fail(Code::kInvalidArgument, "a signature of the Notary Project needs a certificate",
                  "name its chain with --certificate-chain");
    });
  }

  Result<int> run(Interrupts& interrupts) override {
    const std::stop_token stop = interrupts.stop_in_order();
    std::optional<trust::Predicate> predicate;
    if (!predicate_file_.empty()) {
      TRY_ASSIGN(std::string json, read_named_file("--attest", predicate_file_, sigstore::kMaxStatementBytes, stop));
      predicate = trust::Predicate{.type = predicate_type_, .json = std::move(json)};
    }
    TRY_ASSIGN(
        const oci::ArtifactLocation location,
        oci::locate_artifacts(image_.image, image_.registry.options(process_environment(), stop), image_.limits));
    TRY_CONTEXT(const oci::ManifestBlob root, location.resolve(), printable(image_.image));
    std::vector<oci::Descriptor> images = {root.descriptor};
    if (recursive_) {
      TRY_CONTEXT(auto listed, trust::images_of(*location.store, root, image_.limits), printable(image_.image));
      std::ranges::move(listed, std::back_inserter(images));
    }
    if (dry_run_) return tell_what_would_be_signed(location, images);

    TRY_ASSIGN(const trust::NotationSigning notation, notation_signing(stop));
    TRY_ASSIGN(const auto signer, key_access_.open_signer(key_));
    for (const oci::Descriptor& image : images) {
      const trust::SignRequest request{.image = image,
                                       .repository = location.reference.name(),
                                       .annotations = image_.annotations,
                                       .predicate = predicate,
                                       .now = unix_now()};
      TRY_CONTEXT(const trust::MadeSignature made, make(request, *signer, notation), image.digest.to_string());
      TRY_CONTEXT(const auto kept, keep(location, made), printable(image_.image));
      TRY(write_standard_output(kept));
    }
    return kSuccess;
  }

 private:
  bool is_notation() const {
    return format_->making == Making::kNotationJws || format_->making == Making::kNotationCose;
  }

  Result<trust::NotationSigning> notation_signing(const std::stop_token& stop) const {
    trust::NotationSigning notation;
    if (!is_notation()) return notation;
    TRY_ASSIGN(const std::string text, read_named_file("--certificate-chain", chain_file_, kMaxChainBytes, stop));
    TRY_CONTEXT(notation.certificates, Certificate::list_from(as_bytes(text)), printable(chain_file_));
    notation.format = format_->making == Making::kNotationCose ? notation::Format::kCose : notation::Format::kJws;
    if (expiry_days_ != 0) notation.expiry = unix_now() + static_cast<int64_t>(expiry_days_) * kSecondsPerDay;
    notation.agent = user_agent();
    return notation;
  }

  Result<trust::MadeSignature> make(const trust::SignRequest& request, const Signer& signer,
                                    const trust::NotationSigning& notation) const {
    if (is_notation()) return trust::make_notation_signature(request, signer, notation);
    return format_->making == Making::kBundle ? trust::make_bundle(request, signer)
                                              : trust::make_legacy_signature(request, signer);
  }

  Result<int> tell_what_would_be_signed(const oci::ArtifactLocation& location,
                                        const std::vector<oci::Descriptor>& images) const {
    for (const oci::Descriptor& image : images) {
      TRY(write_standard_output(
          fmt::format("would {} {}@{}\n", verb(), printable(location.store->name()), image.digest.to_string())));
    }
    return kSuccess;
  }

  Result<std::string> keep(const oci::ArtifactLocation& location, const trust::MadeSignature& made) const {
    TRY(trust::keep_signature(*location.store, made, image_.limits));
    return fmt::format("{}ed {}@{} ({} {}{})\n", verb(), printable(location.store->name()), made.image.to_string(),
                       trust::form_name(made.form), made.blob.digest.to_string(),
                       made.tag.empty() ? ", attached" : fmt::format(", under the tag {}", made.tag));
  }

  std::string_view verb() const { return predicate_file_.empty() ? "sign" : "attest"; }

  SignatureFlags image_;
  std::string key_;
  const SignatureFormat* format_ = kFormats.data();
  std::string predicate_file_;
  std::string predicate_type_;
  std::string chain_file_;
  uint64_t expiry_days_ = 0;  // 0: for ever
  bool recursive_ = false;
  bool dry_run_ = false;
  KeyAccess key_access_;
};

}  // namespace

CommandInfo sign_command() {
  static const std::string details = fmt::format(
      "What is signed is a digest: that of the manifest or index which the image's name leads to now, and it "
      "is printed. Signing again adds a signature and takes none away.\n\n{}\n\n{} A path alone is a file.",
      kSignedImageForms, kKeyReferences);
  return {
      .name = "sign",
      .summary = "sign an image, or attest something of it, and keep the signature beside it",
      .details = details,
      .examples =
          "bulkhead sign registry.example/app:1.2 --key cosign.key\n"
          "bulkhead sign registry.example/app@sha256:… --key store:3f2a… --recursive -a commit=4e1f\n"
          "bulkhead sign registry.example/app:1.2 --key pkcs11:object=release --format cosign-legacy\n"
          "bulkhead sign oci:build/image:latest --key file:key.pem --passphrase env:PASSPHRASE\n"
          "bulkhead sign registry.example/app:1.2 --key key.pem --format notation-jws --certificate-chain chain.pem\n"
          "bulkhead sign registry.example/app:1.2 --key cosign.key --attest provenance.json --type slsaprovenance1",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<SignCommand>(); }};
}

}  // namespace bulkhead::cli

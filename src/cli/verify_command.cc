// bulkhead verify
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/image_flags.h"
#include "cli/key_access.h"
#include "cli/named_file.h"
#include "cli/output.h"
#include "cli/output_flags.h"
#include "cli/reports.h"
#include "cli/signature_flags.h"
#include "cli/terminal.h"
#include "cli/trust_publisher.h"
#include "net/http_client.h"
#include "oci/reference.h"
#include "report/verify_report.h"
#include "sigstore/trusted_root.h"
#include "trust/freshness_map.h"
#include "trust/notation_rule.h"
#include "trust/revocation_fetcher.h"
#include "trust/sigstore_rule.h"
#include "trust/verify.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kIdentityGroup = "Identities (keyless signatures)";
constexpr std::string_view kMapGroup = "Freshness map";
constexpr uint64_t kMaxSigners = 100;

std::vector<Choice> format_choices() {
  std::vector<Choice> choices;
  for (const report::VerifyFormat& format : report::verify_formats()) {
    choices.push_back({std::string(format.name), std::string(format.description)});
  }
  return choices;
}

class VerifyCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    image_.declare(flags, "only signatures that were made with this annotation; may be given several times");
    flags.add({.names = "--platform",
               .value = "OS/ARCH[/VARIANT]",
               .help = "verify the image for this platform of an index; a signature of the index covers it"},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(platform_, oci::Platform::parse(value));
                return {};
              });
    flags.add(
        {.names = "--key",
         .value = "KEY",
         .help = "signatures by this key count: a file with the public half (or store:ID, pkcs11:…); may be given "
                 "several times",
         .kind = Option::Kind::kFile,
         .repeats = true},
        [this](std::string_view value) -> Status {
          keys_.push_back(key_reference_of(value));
          return {};
        });
    flags.add({.names = "--notation-policy",
               .value = "FOLDER",
               .help = "signatures of the Notary Project count as the trust policy says: notation's folder, with "
                       "trustpolicy.json and truststore/",
               .kind = Option::Kind::kFolder},
              notation_folder_);
    flags.add_switch(
        {.names = "--check-revocation",
         .help = "ask the network whether certificates of such signatures were revoked; without it nobody is "
                 "asked, and a policy that enforces it refuses certificates that say where to ask"},
        check_revocation_);
    flags.add({.names = "--signers", .value = "N", .help = "so many different signers must have signed", .preset = "1"},
              required_signers_, 1, kMaxSigners);
    flags.add({.names = "--attestation",
               .value = "TYPE",
               .help = "an attestation of this type is asked for instead of a signature: slsaprovenance, spdxjson, "
                       "cyclonedx, vuln …, or a URI"},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(predicate_type_, parse_predicate_type(value));
                return {};
              });
    flags.add({.names = "--name",
               .value = "NAME[:TAG]",
               .help = "what the image of a layout is called in its registry, for policies and maps that go by names"},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(name_, oci::Reference::parse_normalized(value));
                return {};
              });
    declare_identities(flags);
    declare_map(flags);
    key_access_.declare(flags);
    output_.declare(flags, format_choices(), "table");
    flags.check([this]() -> Status {
      if (!check_revocation_ || !notation_folder_.empty()) return {};
      return fail(Code::kInvalidArgument, "revocation is checked for a trust policy, and none is named",
                  "name its folder with --notation-policy");
    });
    flags.check([this]() -> Status {
      if (!keys_.empty() || !names_.empty() || !notation_folder_.empty() || !map_.location.empty()) return {};
      return fail(Code::kInvalidArgument, "it is not said whose signatures count",
                  "name a key (--key cosign.pub), an identity (--certificate-identity), a trust policy "
                  "(--notation-policy) or a freshness map (--map)");
    });
  }

  Result<int> run(Interrupts& interrupts) override {
    const std::stop_token stop = interrupts.stop_in_order();
    TRY_ASSIGN(const Reports reports, Reports::create(output_));
    const Environment environment = process_environment();
    const oci::RegistryOptions registry = image_.registry.options(environment, stop);
    TRY_ASSIGN(const oci::ArtifactLocation location, oci::locate_artifacts(image_.image, registry, image_.limits));
    const net::Client client(registry.http);
    trust::HttpRevocationFetcher fetcher(client, cache_directory({}) + "/revocation", unix_now(), stop);
    TRY_ASSIGN(const auto rules, make_rules(check_revocation_ ? &fetcher : nullptr, stop));
    std::optional<trust::FreshnessMap> map;
    if (!map_.location.empty()) {
      map_.state_folder = trust_directory();
      map_.now = unix_now();
      map_.stop = stop;
      TRY_ASSIGN(map, trust::FreshnessMap::open(map_, &client));
    }
    std::vector<const trust::Rule*> rule_pointers;
    for (const auto& rule : rules) rule_pointers.push_back(rule.get());

    trust::VerifyRequest request{.store = location.store.get(),
                                 .tag = location.tag,
                                 .digest = location.digest,
                                 .platform = platform_,
                                 .reference = name_of(location),
                                 .rules = rule_pointers,
                                 .wanted = {.predicate_type = predicate_type_, .annotations = image_.annotations},
                                 .required_signers = required_signers_,
                                 .map = map ? &*map : nullptr,
                                 .image_limits = image_.limits};
    const bool is_layout = location.reference.repository.empty();
    report::VerifyReport report{
        .reference = image_.image, .name = (is_layout ? "oci:" : "") + location.store->name(), .verification = {}};
    TRY_CONTEXT(report.verification, trust::verify(request), printable(image_.image));
    report.predicate_type = predicate_type_;
    report.required_signers = rules.empty() ? 0 : required_signers_;
    if (map) report.map = map->facts();
    TRY(reports.write(report, stop));
    return report.verification.trusted ? kSuccess : kThresholdMet;
  }

 private:
  // What the image is called: a layout says so as little as it says its registry.
  oci::Reference name_of(const oci::ArtifactLocation& location) const {
    if (name_.repository.empty()) return location.reference;
    oci::Reference name = name_;
    if (name.tag.empty() && oci::is_valid_tag(location.tag)) name.tag = location.tag;
    return name;
  }

  Result<std::vector<std::unique_ptr<trust::Rule>>> make_rules(RevocationFetcher* fetcher,
                                                               const std::stop_token& stop) {
    std::vector<std::unique_ptr<trust::Rule>> rules;
    std::shared_ptr<const sigstore::TrustedRoot> root;
    if (!trusted_root_.empty()) {
      constexpr std::string_view kOption = "--trusted-root";
      TRY_ASSIGN(const std::string text, read_named_file(kOption, trusted_root_, sigstore::kMaxTrustedRootBytes, stop));
      TRY_CONTEXT(auto read, sigstore::read_trusted_root(text),
                  fmt::format("{} {}", kOption, printable(trusted_root_)));
      root = std::make_shared<const sigstore::TrustedRoot>(std::move(read));
    }
    for (const std::string& key : keys_) {
      TRY_ASSIGN(PublicKey public_key, key_access_.public_key(key));
      rules.push_back(trust::SigstoreRule::by_key(std::move(public_key), key_display_name(key), root));
    }
    if (!names_.empty()) {
      std::vector<sigstore::IdentityPattern> identities;
      for (const auto& name : names_) {
        for (const auto& issuer : issuers_) identities.push_back({.name = name, .issuer = issuer});
      }
      rules.push_back(trust::SigstoreRule::by_identity(std::move(identities), root));
    }
    if (!notation_folder_.empty()) {
      TRY_CONTEXT(auto rule, trust::NotationRule::open(notation_folder_, unix_now(), fetcher), "--notation-policy");
      rules.push_back(std::move(rule));
    }
    return rules;
  }

  // One pattern, given exactly or as a regular expression.
  static void declare_pattern(Flags& flags, std::string_view name, std::string_view help,
                              std::vector<sigstore::TextPattern>& patterns) {
    flags.add({.names = std::string(name),
               .value = "TEXT",
               .help = std::string(help),
               .group = kIdentityGroup,
               .repeats = true},
              [&patterns](std::string_view value) -> Status {
                patterns.push_back(sigstore::TextPattern::exactly(std::string(value)));
                return {};
              });
    flags.add({.names = fmt::format("{}-regexp", name),
               .value = "EXPRESSION",
               .help = "the same by a regular expression, which must match all of it",
               .group = kIdentityGroup,
               .repeats = true},
              [&patterns](std::string_view value) -> Status {
                TRY_ASSIGN(auto pattern, sigstore::TextPattern::regex(value));
                patterns.push_back(std::move(pattern));
                return {};
              });
  }

  void declare_identities(Flags& flags) {
    flags.add(
        {.names = "--trusted-root",
         .value = "FILE",
         .help = "a trusted_root.json of Sigstore: whose certificates, logs and timestamps are believed; with --key, "
                 "an entry in one of its logs is required",
         .group = kIdentityGroup,
         .kind = Option::Kind::kFile},
        trusted_root_);
    declare_pattern(flags, "--certificate-identity",
                    "signatures by this e-mail address or URI of a certificate count; may be given several times "
                    "with one issuer",
                    names_);
    declare_pattern(
        flags, "--certificate-oidc-issuer",
        "who must have vouched for it, as https://accounts.google.com; may be given several times with one name",
        issuers_);
    flags.check([this]() -> Status {
      if (names_.empty() != issuers_.empty()) {
        return fail(Code::kInvalidArgument, "an identity is a name and who vouches for it",
                    "give both --certificate-identity and --certificate-oidc-issuer, or their -regexp forms");
      }
      if (names_.size() > 1 && issuers_.size() > 1) {
        return fail(Code::kInvalidArgument, "it is not said which of the issuers vouches for which of the names",
                    "give several names with one issuer, or one name with several");
      }
      if (!trusted_root_.empty() && names_.empty() && keys_.empty()) {
        return fail(Code::kInvalidArgument, "a trusted root says nothing of whose signatures count",
                    "name a key (--key) or an identity (--certificate-identity) as well");
      }
      if (names_.empty() || !trusted_root_.empty()) return {};
      return fail(Code::kInvalidArgument, "identities are believed by a trusted root, and none is named",
                  "name a trusted_root.json with --trusted-root");
    });
  }

  void declare_map(Flags& flags) {
    flags.add({.names = "--map",
               .value = "URL|FOLDER",
               .help = "the digest must be what its tag means today, by this freshness map, and not be revoked",
               .group = kMapGroup},
              map_.location);
    flags.add({.names = "--map-root",
               .value = "FILE",
               .help = "the root to begin with: a root.json of the map's publisher",
               .group = kMapGroup,
               .kind = Option::Kind::kFile},
              map_.root_file);
    flags.add_switch({.names = "--map-trust-first-root",
                      .help = "without one: believe the first root that the map shows, and say so",
                      .group = kMapGroup},
                     map_.first_use);
    flags.add_switch({.names = "--map-offline",
                      .help = "do not fetch the map: what is kept of it decides, as long as it is fresh",
                      .group = kMapGroup},
                     map_.offline);
    flags.check([this]() -> Status {
      if (map_.location.empty()) {
        if (map_.root_file.empty() && !map_.first_use && !map_.offline) return {};
        return fail(Code::kInvalidArgument, "no freshness map is named", "name one with --map");
      }
      if (!map_.root_file.empty() || map_.first_use) return {};
      return fail(Code::kInvalidArgument, "a freshness map is not believed without a root",
                  "name its root with --map-root, or use --map-trust-first-root");
    });
  }

  SignatureFlags image_;
  std::optional<oci::Platform> platform_;
  std::vector<std::string> keys_;
  std::string trusted_root_;
  std::vector<sigstore::TextPattern> names_;
  std::vector<sigstore::TextPattern> issuers_;
  std::string notation_folder_;
  bool check_revocation_ = false;
  uint64_t required_signers_ = 1;
  std::string predicate_type_;
  oci::Reference name_;
  trust::MapOptions map_;
  KeyAccess key_access_;
  OutputFlags output_;
};

}  // namespace

CommandInfo verify_command() {
  static const std::string details = fmt::format(
      "Answers whether an image is trusted, and the digest that was verified: use the image by that, never by its "
      "tag. Signatures count that cosign made, old and new, or notation, or `bulkhead sign`. Nothing but the registry "
      "is asked, "
      "and the map that you name.\n\n{} {}",
      kSignedImageForms,
      "An index that is signed covers the images that it lists: name the tag and the digest "
      "(app:1.2@sha256:…), or the tag and --platform.");
  return {.name = "verify",
          .summary = "answer whether an image is signed by whom you trust, and the digest that was verified",
          .details = details,
          .examples =
              "bulkhead verify registry.example/app:1.2 --key cosign.pub\n"
              "bulkhead verify registry.example/app:1.2 --key alice.pub --key bob.pub --signers 2\n"
              "bulkhead verify oci:build/image:latest --key cosign.pub --attestation slsaprovenance\n"
              "bulkhead verify registry.example/app:1.2 --trusted-root trusted_root.json --certificate-identity "
              "ci@example.com --certificate-oidc-issuer https://accounts.google.com\n"
              "bulkhead verify registry.example/app:1.2 --notation-policy ~/.config/notation\n"
              "bulkhead verify registry.example/app:1.2 --key cosign.pub --map https://trust.example/metadata "
              "--map-root root.json\n"
              "bulkhead verify --format digest registry.example/app:1.2 --key cosign.pub | xargs docker pull",
          .exit_status =
              "0 when the image is trusted; 2 when it is not; 1 when there is no verdict, on an error of the program "
              "or its input; 130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<VerifyCommand>(); }};
}

}  // namespace bulkhead::cli

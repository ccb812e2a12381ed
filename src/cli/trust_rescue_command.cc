// bulkhead trust rescue
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/database_flags.h"
#include "cli/environment.h"
#include "cli/key_import.h"
#include "cli/output.h"
#include "cli/rescue_report.h"
#include "cli/trust_publisher.h"
#include "keys/notary_folder.h"
#include "oci/artifact_location.h"
#include "oci/reference.h"
#include "trust/rescue_sources.h"
#include "trust/sign.h"
#include "tuf/codec.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kRegistryGroup = "Registries and servers";

class TrustRescueCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "DIR",
               .help = "docker's or notary's trust folder: ~/.docker/trust, ~/.notary",
               .kind = Option::Kind::kFolder},
              folder_);
    flags.add({.names = "--server",
               .value = "URL",
               .help = "ask this Notary server for the present metadata, from the roots that DIR has"},
              server_);
    flags.add({.names = "--gun",
               .value = "NAME",
               .help = "only this repository (docker.io/library/debian), also one that DIR does not have",
               .repeats = true},
              guns_);
    flags.add_switch(
        {.names = "--trust-first-root",
         .help = "believe the first root that the server shows of a repository whose root DIR does not have"},
        first_use_);
    flags.add_switch({.names = "--allow-expired",
                      .help = "believe metadata as it was before it expired; the report says of which that was done"},
                     request_.allow_expired);
    flags.add(
        {.names = "--role",
         .value = "ROLE",
         .help = "take tags of this delegation, too (targets/alice); docker pulls by targets/releases and targets "
                 "alone",
         .repeats = true},
        request_.more_roles);
    flags.add_switch({.names = "--keys", .help = "import the private keys into the key store"}, import_);
    flags.add({.names = "--map",
               .value = "FOLDER",
               .help = "enter the tags into this freshness map, to be signed and published (trust init made it)",
               .kind = Option::Kind::kFolder},
              map_);
    flags.add({.names = "--sign",
               .value = "KEY",
               .help = "sign each digest as cosign does, where the image is: in its registry, or in --layout"},
              key_);
    flags.add({.names = "--layout",
               .value = "FOLDER",
               .help = "with --sign: an OCI layout that has the images; signatures are kept in it",
               .kind = Option::Kind::kFolder},
              layout_);
    flags.add({.names = "--script",
               .value = "FILE",
               .help = "write the commands that sign what was not signed now",
               .kind = Option::Kind::kFile},
              script_);
    flags.add_switch({.names = "--json", .help = "the report, for machines"}, json_);
    access_.declare(flags);
    access_.declare_new(flags);
    flags.add({.names = "--insecure-registry",
               .value = "HOST[:PORT]",
               .help = "plain HTTP, or TLS without verification, is allowed there",
               .group = kRegistryGroup,
               .repeats = true},
              insecure_);
    add_ca_file_flag(flags, ca_files_, kRegistryGroup);
    flags.check([this]() -> Status {
      if (folder_.empty() && (server_.empty() || guns_.empty())) {
        return fail(Code::kInvalidArgument, "there is nothing to rescue",
                    "name a trust folder, or --server with the repositories: --gun");
      }
      if (!server_.empty() && !server_.starts_with("https://") && !server_.starts_with("http://")) {
        return fail(Code::kInvalidArgument, "--server is no http:// or https:// URL");
      }
      return {};
    });
  }

  Result<int> run(Interrupts& interrupts) override {
    guard_memory();
    request_.now = unix_now();
    options_ = oci::RegistryOptions::from_environment(process_environment());
    options_.http.user_agent = "bulkhead/" BULKHEAD_VERSION;
    options_.http.tls.ca_files = ca_files_;
    options_.insecure_registries = insecure_;
    options_.stop = interrupts.stop_in_order();

    TRY_ASSIGN(const std::vector<std::string> guns, repositories());
    const net::Client client(options_.http);
    oci::CredentialStore credentials(options_);
    for (const std::string& gun : guns) {
      if (options_.stop.stop_requested()) return fail(Code::kCancelled, "stopped");
      report_.repositories.push_back({.found = rescue(gun, client, credentials), .reissued = {}});
      report_.repositories.back().reissued.resize(report_.repositories.back().found.tags.size());
    }
    TRY(list_keys());
    if (import_) import();
    if (!map_.empty()) TRY(enter_into_map());
    if (!key_.empty()) TRY(sign());
    if (!script_.empty()) TRY(write_file_atomically(script_, script(), 0755));
    TRY(write_standard_output(json_ ? rescue_json(report_) : rescue_text(report_)));
    return report_.complete() ? kSuccess : kFailure;
  }

 private:
  Result<std::vector<std::string>> repositories() const {
    if (!guns_.empty()) return guns_;
    TRY_ASSIGN(auto names, trust::list_trust_repositories(folder_));
    if (!names.empty()) return names;
    return fail(Code::kNotFound, fmt::format("{}: there is no trust metadata", folder_),
                "name the folder in which \"tuf\" is");
  }

  trust::RescuedRepository rescue(const std::string& gun, const net::Client& client,
                                  oci::CredentialStore& credentials) const {
    trust::RescueRequest request = request_;
    request.gun = gun;
    auto kept = folder_.empty() ? fail(Code::kNotFound, "there is no root to trust")
                                : trust::trust_folder_metadata(folder_, gun)(tuf::kRoot, {});
    if (server_.empty()) {
      if (!kept) return without_root(gun, kept.error());
      request.roots = {*std::move(kept)};
      request.read = trust::trust_folder_metadata(folder_, gun);
      return trust::rescue(request);
    }
    trust::NotaryServer server(server_, gun, client, options_, credentials);
    const bool first_use = !kept;
    auto roots = roots_of(server, std::move(kept));
    if (!roots) return without_root(gun, roots.error());
    request.roots = *std::move(roots);
    request.read = [&server](std::string_view role, const tuf::MetaFile& file) { return server.metadata(role, file); };
    trust::RescuedRepository found = trust::rescue(request);
    if (first_use) found.tolerated.emplace_back("trust rests on the first root that the server showed");
    return found;
  }

  Result<std::vector<std::string>> roots_of(trust::NotaryServer& server, Result<std::string> kept) const {
    if (!kept && !first_use_) {
      return fail(Code::kNotFound, "no root is kept here to begin with",
                  "--trust-first-root believes the one that the server shows");
    }
    std::vector<std::string> roots;
    if (kept) {
      roots.push_back(*std::move(kept));
    } else {
      TRY_ASSIGN(std::string shown, server.root());
      roots.push_back(std::move(shown));
    }
    TRY_ASSIGN(const auto root, tuf::notary_codec().root(roots.front()));
    TRY_ASSIGN(auto next, server.roots_after(root.metadata.version));
    std::ranges::move(next, std::back_inserter(roots));
    return roots;
  }

  static trust::RescuedRepository without_root(const std::string& gun, const Error& why) {
    trust::RescuedRepository found{.gun = gun};
    found.lost.push_back({.what = "all of " + gun, .why = why.to_string()});
    return found;
  }

  Status list_keys() {
    if (folder_.empty()) return {};
    TRY_ASSIGN(const keys::NotaryKeys found, keys::list_notary_keys(folder_));
    for (const keys::NotaryKey& key : found.keys) {
      report_.keys.push_back({.notary_id = key.id, .reference = {}, .role = key.facts.role, .gun = key.facts.gun});
    }
    if (import_) return {};  // which says the same of them
    for (const Error& error : found.unreadable) report_.lost.push_back({.what = "key", .why = error.to_string()});
    return {};
  }

  void import() {
    if (folder_.empty()) return;
    const ImportedKeys imported = import_keys(std::vector{folder_}, {}, access_);
    for (const ImportedKey& key : imported.keys) {
      const auto listed = std::ranges::find(report_.keys, key.notary_id, &KeyReport::notary_id);
      if (listed != report_.keys.end()) listed->reference = "store:" + key.id;
    }
    for (const Error& error : imported.failures) report_.lost.push_back({.what = "key", .why = error.to_string()});
  }

  template <typename Action>
  void for_each_tag(Action action) {
    for (RepositoryReport& repository : report_.repositories) {
      for (size_t i = 0; i < repository.found.tags.size(); ++i) {
        const trust::RescuedTag& tag = repository.found.tags[i];
        if (const Status done = action(repository.found.gun, tag, repository.reissued[i]); !done) {
          repository.found.lost.push_back({.what = fmt::format("tag {}", tag.tag), .why = done.error().to_string()});
        }
      }
    }
  }

  static Result<oci::Reference> reference_of(const std::string& gun, const trust::RescuedTag& tag) {
    return oci::Reference::parse_normalized(fmt::format("{}:{}@{}", gun, tag.tag, tag.digest.to_string()));
  }

  Status enter_into_map() {
    TRY_ASSIGN(auto publisher, trust::Publisher::open(map_, request_.now));
    for_each_tag([&](const std::string& gun, const trust::RescuedTag& tag, Reissued& done) -> Status {
      TRY_ASSIGN(const oci::Reference reference, reference_of(gun, tag));
      const std::string path = trust::tag_path(reference);
      TRY_ASSIGN(const auto present, publisher.find(path));
      // What its publisher has said since is newer than what is rescued.
      if (present && (present->entry.state != trust::EntryState::kCurrent || present->entry.digest != tag.digest)) {
        return fail(Code::kInvalidArgument, fmt::format("the map says something else of {} already", path));
      }
      if (!present) TRY(publisher.set(path, {.digest = tag.digest, .size = tag.size}));
      done.in_map = true;
      return {};
    });
    return publisher.save();
  }

  Status sign() {
    TRY_ASSIGN(const auto signer, access_.open_signer(key_));
    const oci::ImageLimits limits;
    for_each_tag([&](const std::string& gun, const trust::RescuedTag& tag, Reissued& done) -> Status {
      TRY_ASSIGN(const oci::Reference reference, reference_of(gun, tag));
      const std::string place = layout_.empty() ? fmt::format("registry:{}@{}", gun, tag.digest.to_string())
                                                : fmt::format("oci:{}@{}", layout_, tag.digest.to_string());
      TRY_ASSIGN(const oci::ArtifactLocation location, oci::locate_artifacts(place, options_, limits));
      TRY_ASSIGN(const oci::ManifestBlob image, location.resolve());
      const trust::SignRequest request{.image = image.descriptor, .repository = reference.name(), .now = request_.now};
      TRY_ASSIGN(const trust::MadeSignature made, trust::make_bundle(request, *signer));
      TRY(trust::keep_signature(*location.store, made, limits));
      done.is_signed = true;
      return {};
    });
    return {};
  }

  // For later: names and digests are those of references, in which nothing is special to a shell.
  std::string script() {
    std::string out =
        "#!/bin/sh\n# Signs what was rescued: set KEY to store:ID, file:PATH or a pkcs11: URI.\nset -eu\n";
    for_each_tag([&](const std::string& gun, const trust::RescuedTag& tag, const Reissued& done) -> Status {
      TRY(reference_of(gun, tag));
      if (!done.is_signed) {
        out += fmt::format("bulkhead sign --key \"$KEY\" {}@{}  # {}\n", gun, tag.digest.to_string(), tag.tag);
      }
      return {};
    });
    return out;
  }

  std::string folder_;
  std::string server_;
  std::vector<std::string> guns_;
  bool first_use_ = false;
  bool import_ = false;
  std::string map_;
  std::string key_;
  std::string layout_;
  std::string script_;
  bool json_ = false;
  std::vector<std::string> insecure_;
  std::vector<std::string> ca_files_;
  trust::RescueRequest request_;
  oci::RegistryOptions options_;
  KeyAccess access_;
  RescueReport report_;
};

}  // namespace

CommandInfo trust_rescue_command() {
  return {.name = "trust rescue",
          .summary = "save what Docker Content Trust vouched for: keys, tags and digests, signed anew",
          .details =
              "Reads the trust folder of docker or notary, or a Notary server while there is one, and verifies it as a "
              "client would. Tags whose digests hold go into a freshness map and are signed as cosign does; the report "
              "says what could not be saved, and why.",
          .examples =
              "bulkhead trust rescue ~/.docker/trust --allow-expired\n"
              "bulkhead trust rescue ~/.docker/trust --server https://notary.docker.io --keys --map /srv/map\n"
              "bulkhead trust rescue ~/.docker/trust --sign store:3f2a91c0 --script sign-the-rest.sh",
          .exit_status =
              "0; 1 on an error of the program or its input, and when anything could not be saved, though the "
              "rest was; 130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustRescueCommand>(); }};
}

}  // namespace bulkhead::cli

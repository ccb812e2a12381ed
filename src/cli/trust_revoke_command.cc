// bulkhead trust revoke
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/trust_publisher.h"
#include "crypto/pem.h"
#include "keys/key_file.h"
#include "oci/reference.h"

namespace bulkhead::cli {
namespace {

// The id of keys::key_id(): given as it is, or of the key that a reference names.
bool is_key_id(std::string_view text) {
  constexpr size_t kDigits = 64;
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class TrustRevokeCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    common_.declare_publish(flags);
    add_reason_flag(flags, reason_);
    flags.add({.names = "--digest",
               .value = "[NAME@]DIGEST",
               .help = "an image, in the repository of that name or in all",
               .repeats = true},
              [this](std::string_view value) { return take_digest(value); });
    flags.add(
        {.names = "--signature",
         .value = "DIGEST",
         .help = "a signature: `signed_digest` of `bulkhead verify --format json` revokes it however it is wrapped, "
                 "the digest of the blob or manifest that carries it only there",
         .repeats = true},
        [this](std::string_view value) -> Status {
          TRY_ASSIGN(const Digest digest, Digest::parse(value));
          revoked_.emplace_back(trust::revoked_signature_path(digest), digest);
          return {};
        });
    flags.add({.names = "--key",
               .value = "KEY",
               .help = "all that a key has signed: its id (64 digits), or a reference as of `bulkhead trust init`",
               .repeats = true},
              keys_);
    flags.check([this]() -> Status {
      if (!revoked_.empty() || !keys_.empty()) return {};
      return fail(Code::kInvalidArgument, "nothing to revoke is named", "name it with --digest, --signature or --key");
    });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    for (const std::string& key : keys_) {
      std::string id = key;
      if (!is_key_id(key)) {
        TRY_ASSIGN(const PublicKey half, common_.keys.public_key(key));
        id = keys::key_id(half);
      }
      TRY_ASSIGN(const Digest digest, Digest::parse("sha256:" + id));
      revoked_.emplace_back(trust::revoked_key_path(id), digest);
    }
    TRY_ASSIGN(auto publisher, common_.open());
    std::string text;
    for (const auto& [path, digest] : revoked_) {
      TRY(publisher.set(
          path, {.state = trust::EntryState::kRevoked, .digest = digest, .reason = reason_, .time = unix_now()}));
      text += fmt::format("{} is revoked\n", path);
    }
    TRY(finish_change(publisher, common_, text + roles_of_revoked_keys(publisher)));
    return kSuccess;
  }

 private:
  Status take_digest(std::string_view value) {
    if (!value.contains('@')) {
      TRY_ASSIGN(const Digest digest, Digest::parse(value));
      revoked_.emplace_back(trust::revoked_digest_path(digest), digest);
      return {};
    }
    TRY_ASSIGN(const oci::Reference image, oci::Reference::parse_normalized(value));
    revoked_.emplace_back(trust::digest_path(image, image.digest), image.digest);
    return {};
  }

  // A revoked key may still sign the map itself: that ends with rotation.
  std::string roles_of_revoked_keys(const trust::Publisher& publisher) const {
    std::string text;
    for (const trust::RoleFacts& role : publisher.roles()) {
      for (const trust::RoleKey& key : role.keys) {
        for (const auto& [path, digest] : revoked_) {
          if (path != trust::revoked_key_path(key.id)) continue;
          text += fmt::format("It signs \"{}\" of this map: `bulkhead trust rotate {} {} --replace {}` ends that\n",
                              printable(role.role), printable(publisher.folder()), printable(role.role), key.id);
        }
      }
    }
    return text;
  }

  PublisherFlags common_;
  std::string reason_;
  std::vector<std::pair<std::string, Digest>> revoked_;  // path
  std::vector<std::string> keys_;
};

}  // namespace

CommandInfo trust_revoke_command() {
  return {.name = "trust revoke",
          .summary = "say that an image, a signature or a key must not be believed any more",
          .details =
              "A revocation is an entry of the map with its reason and time, and holds against every tag and every "
              "signature. Keys that sign the map itself are replaced with `bulkhead trust rotate`.",
          .examples =
              "bulkhead trust revoke map --digest sha256:… --reason CVE-2026-1 --publish\n"
              "bulkhead trust revoke map --digest registry.example/team/app@sha256:… --publish\n"
              "bulkhead trust revoke map --key file:cosign.pub --reason stolen",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustRevokeCommand>(); }};
}

}  // namespace bulkhead::cli

// bulkhead trust rotate
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trust_publisher.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kAll = "all";
constexpr size_t kMinPrefix = 8;

class TrustRotateCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    common_.declare(flags);
    flags.add({.names = "ROLE", .help = "root, targets, snapshot, timestamp or a delegated one", .required = true},
              role_);
    flags.add(
        {.names = "--replace",
         .value = "ID",
         .help = "the key that goes, by the first digits of its id; all: every key of the role; none: keys are only "
                 "added",
         .preset = "the only one",
         .repeats = true},
        replaced_);
    flags.add({.names = "--key", .value = "KEY", .help = "a new one", .repeats = true}, named_);
    flags.add_switch({.names = "--generate", .help = "make a new one into the key store for each that goes"},
                     generate_);
    declare_key_type(flags, type_);
    flags.add({.names = "--threshold", .value = "N", .help = "so many of the keys have to sign from now on"},
              threshold_, 1, 100);
    flags.add_switch({.names = "--stage-only", .help = "neither sign nor publish: others have to sign first"}, staged_);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    TRY_ASSIGN(auto publisher, common_.open());
    TRY_ASSIGN(const trust::RoleFacts before, publisher.role(role_));
    TRY_ASSIGN(const std::vector<std::string> removed, removed_keys(before));
    for (size_t i = 0; generate_ && i < std::max<size_t>(removed.size(), 1); ++i) {
      TRY_ASSIGN(std::string reference, common_.keys.generate(type_));
      named_.push_back(std::move(reference));
    }
    TRY_ASSIGN(const ListedKeys added, keys_to_list(common_.keys, named_));
    if (added.keys.empty() && removed.empty() && threshold_ == 0) {
      return fail(Code::kInvalidArgument, "nothing would change", "name a new key with --key, or use --generate");
    }
    TRY(publisher.repository().change_keys(
        role_, added.keys, removed, threshold_ > 0 ? std::optional(static_cast<uint32_t>(threshold_)) : std::nullopt));
    // A key's place before its use: who is killed between loses nothing.
    TRY(publisher.add_references(added.references));
    TRY_ASSIGN(const trust::RoleFacts after, publisher.role(role_));
    std::string text = fmt::format("\"{}\" is signed by {} of\n", printable(role_), after.threshold);
    for (const trust::RoleKey& key : after.keys) text += fmt::format("  {}\n", key_text(key));
    TRY(publisher.save());
    if (staged_) return told(publisher, text);
    TRY(sign_staged(publisher, common_.keys, {}, {}));
    TRY(publisher.save());
    if (publisher.has_unsigned()) return told(publisher, text);
    TRY_ASSIGN(const auto online, online_signers(publisher, common_.keys, {}));
    TRY(publisher.publish(online));
    return told(publisher, text + "Published.\n");
  }

 private:
  Result<std::vector<std::string>> removed_keys(const trust::RoleFacts& role) const {
    std::vector<std::string> removed;
    if (replaced_.empty() && role.keys.size() > 1) {
      std::string known;
      for (const trust::RoleKey& key : role.keys) known += "\n  " + key_text(key);
      return fail(Code::kInvalidArgument, fmt::format("\"{}\" has several keys:{}", role_, known),
                  "name with --replace which of them goes, or all, or none");
    }
    if (replaced_ == std::vector<std::string>{"none"}) return removed;
    const bool all = replaced_.empty() || replaced_ == std::vector{std::string(kAll)};
    for (const trust::RoleKey& key : role.keys) {
      if (all) removed.push_back(key.tuf_id);
    }
    for (const std::string& wanted : all ? std::vector<std::string>() : replaced_) {
      const auto matches = [&](const trust::RoleKey& key) {
        return wanted.size() >= kMinPrefix && (key.id.starts_with(wanted) || key.tuf_id.starts_with(wanted));
      };
      const auto found = std::ranges::find_if(role.keys, matches);
      if (found == role.keys.end()) {
        return fail(Code::kNotFound, fmt::format("\"{}\" has no key {}", role_, printable(wanted)),
                    fmt::format("write at least the first {} digits of its id", kMinPrefix));
      }
      removed.push_back(found->tuf_id);
    }
    return removed;
  }

  Result<int> told(const trust::Publisher& publisher, const std::string& text) const {
    if (!common_.quiet) TRY(write_standard_output(text + pending_text(publisher)));
    return kSuccess;
  }

  PublisherFlags common_;
  std::string role_;
  std::vector<std::string> replaced_;
  std::vector<std::string> named_;
  bool generate_ = false;
  KeyType type_ = KeyType::kEcdsaP256;
  uint64_t threshold_ = 0;
  bool staged_ = false;
};

}  // namespace

CommandInfo trust_rotate_command() {
  return {
      .name = "trust rotate",
      .summary = "replace keys of a role, the root's included, in one step",
      .details =
          "The new keys are listed, the old ones are not any more, everything that the old ones had signed is signed "
          "anew, "
          "and the result is published when all signatures can be made here; otherwise `bulkhead trust status` tells "
          "whose "
          "are missing. A new root is signed by the old keys and the new ones: one lost key is replaced by those that "
          "remain.",
      .examples =
          "bulkhead trust rotate map timestamp --generate\n"
          "bulkhead trust rotate map root --replace 3f2a9c01 --generate\n"
          "bulkhead trust rotate map team --replace all --key file:team-2027.pub",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustRotateCommand>(); }};
}

}  // namespace bulkhead::cli

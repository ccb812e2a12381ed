// bulkhead trust keys inspect
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/fs.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/key_access.h"
#include "cli/output.h"
#include "crypto/pem.h"

namespace bulkhead::cli {
namespace {

struct Inspected {
  keys::KeyFacts facts{};
  std::optional<PublicKey> key{};  // nothing: it is encrypted with the rest, and was not opened
};

class TrustKeysInspectCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "KEY", .help = "store:ID, file:PATH or a pkcs11: URI", .required = true}, key_);
    flags.add_switch({.names = "--open", .help = "ask for the passphrase where the public half is encrypted, too"},
                     open_);
    flags.add_switch({.names = "--json", .help = "for machines"}, json_);
    access_.declare(flags);
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    guard_memory();
    TRY_ASSIGN(const Inspected inspected, inspect());
    TRY(write_standard_output(json_ ? json(inspected) : text(inspected)));
    return kSuccess;
  }

 private:
  Result<Inspected> inspect() {
    TRY_ASSIGN(const keys::KeyReference reference, access_.parse(key_));
    if (reference.kind == keys::KeyReference::Kind::kStore) {
      TRY_ASSIGN(keys::StoredKey stored, key_store().find(reference.name));
      return Inspected{.facts = std::move(stored.facts), .key = std::move(stored.public_key)};
    }
    if (reference.kind == keys::KeyReference::Kind::kToken) {
      TRY_ASSIGN(PublicKey half, access_.public_key(key_));
      return Inspected{.key = std::move(half)};
    }
    TRY_ASSIGN(std::string contents, read_file(reference.name, kMaxPemBytes));
    const Secret file(std::move(contents));
    Inspected inspected;
    if (auto half = PublicKey::from_pem(file.reveal())) inspected.key = *std::move(half);
    auto facts = keys::inspect_key(file.reveal());
    if (!facts && !inspected.key) return fail(std::move(facts).error().with_context(reference.name));
    if (facts) inspected.facts = *std::move(facts);
    if (!inspected.key && (!inspected.facts.encrypted || open_)) {
      TRY_ASSIGN(const keys::KeyFile opened, access_.open_private(key_));
      inspected.key = opened.key.public_key();
    }
    return inspected;
  }

  static std::string text(const Inspected& inspected) {
    std::string out;
    const auto line = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) out += fmt::format("{:<11} {}\n", name, printable(value));
    };
    if (inspected.key) {
      line("type", fmt::format("{}, {} bits", key_type_name(inspected.key->type()), inspected.key->bits()));
      line("id", keys::key_id(*inspected.key));
      line("notary id", keys::notary_key_id(*inspected.key));
    }
    line("role", inspected.facts.role);
    line("repository", inspected.facts.gun);
    line("encrypted", inspected.facts.encrypted ? "yes" : "no");
    if (inspected.key) return out + inspected.key->pem();
    return out + "The public half is encrypted, too: --open asks for the passphrase.\n";
  }

  static std::string json(const Inspected& inspected) {
    json::Writer w;
    w.begin_object();
    w.member("encrypted", inspected.facts.encrypted);
    w.member_if("role", inspected.facts.role);
    w.member_if("gun", inspected.facts.gun);
    if (inspected.key) {
      w.member("type", key_type_name(inspected.key->type()));
      w.key("bits");
      w.unsigned_integer(inspected.key->bits());
      w.member("id", keys::key_id(*inspected.key));
      w.member("notary_id", keys::notary_key_id(*inspected.key));
      w.member("public_key", inspected.key->pem());
    }
    w.end_object();
    return std::move(w).take();
  }

  std::string key_;
  bool open_ = false;
  bool json_ = false;
  KeyAccess access_;
};

}  // namespace

CommandInfo trust_keys_inspect_command() {
  return {.name = "trust keys inspect",
          .summary = "what a key is: kind, ids, what it is for, the public half",
          .details = kKeyReferences,
          .examples = "bulkhead trust keys inspect file:cosign.key --open",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysInspectCommand>(); }};
}

}  // namespace bulkhead::cli

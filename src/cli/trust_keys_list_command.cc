// bulkhead trust keys list
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/key_access.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace bulkhead::cli {
namespace {

struct Listed {
  std::string reference;
  PublicKey key;
  std::string role;  // of the token's keys: the label
  std::string gun;
};

class TrustKeysListCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "--on",
               .value = "URI",
               .help = "the keys of this token (pkcs11:token=NAME) by what it shows without a PIN, instead of the "
                       "store's"},
              token_);
    flags.add_switch({.names = "--json", .help = "for machines"}, json_);
    access_.declare(flags);
    flags.check([this]() -> Status { return token_.empty() ? Status() : keys::check_token_uri(token_); });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    std::vector<Error> unreadable;
    TRY_ASSIGN(const std::vector<Listed> all, token_.empty() ? of_store(unreadable) : of_token(unreadable));
    TRY(write_standard_output(json_ ? json(all, unreadable) : text(all)));
    for (const Error& error : unreadable) print_notice(error.to_string());
    return unreadable.empty() ? kSuccess : kFailure;
  }

 private:
  static Result<std::vector<Listed>> of_store(std::vector<Error>& unreadable) {
    TRY_ASSIGN(keys::StoredKeys stored, key_store().list());
    unreadable = std::move(stored.unreadable);
    std::vector<Listed> all;
    for (keys::StoredKey& key : stored.keys) {
      all.push_back({.reference = "store:" + key.id,
                     .key = std::move(key.public_key),
                     .role = std::move(key.facts.role),
                     .gun = std::move(key.facts.gun)});
    }
    return all;
  }
  Result<std::vector<Listed>> of_token(std::vector<Error>& unreadable) {
    TRY_ASSIGN(keys::TokenKeys found, keys::list_token_keys(token_, access_.tokens()));
    unreadable = std::move(found.unreadable);
    std::vector<Listed> all;
    for (keys::TokenKey& key : found.keys) {
      all.push_back({.reference = std::move(key.uri), .key = std::move(key.public_key), .role = {}, .gun = {}});
    }
    return all;
  }

  static std::string text(const std::vector<Listed>& all) {
    std::string out;
    for (const Listed& each : all) {
      std::string line = fmt::format("{}  {:<11}", printable(each.reference), key_type_name(each.key.type()));
      if (!each.role.empty()) line += fmt::format("  {}", printable(each.role));
      if (!each.gun.empty()) line += fmt::format("  {}", printable(each.gun));
      out += std::string(trim(line)) + "\n";
    }
    return out;
  }
  static std::string json(const std::vector<Listed>& all, const std::vector<Error>& unreadable) {
    json::Writer w;
    w.begin_object();
    w.key("keys");
    w.begin_array();
    for (const Listed& each : all) {
      w.begin_object();
      w.member("reference", each.reference);
      w.member("id", keys::key_id(each.key));
      w.member("notary_id", keys::notary_key_id(each.key));
      w.member("type", key_type_name(each.key.type()));
      w.key("bits");
      w.unsigned_integer(each.key.bits());
      w.member_if("role", each.role);
      w.member_if("gun", each.gun);
      w.member("public_key", each.key.pem());
      w.end_object();
    }
    w.end_array();
    w.key("unreadable");
    w.begin_array();
    for (const Error& error : unreadable) w.string(error.to_string());
    w.end_array();
    w.end_object();
    return std::move(w).take();
  }

  std::string token_;
  bool json_ = false;
  KeyAccess access_;
};

}  // namespace

CommandInfo trust_keys_list_command() {
  return {.name = "trust keys list",
          .summary = "the keys in the store, or in a token: how each is named, of what kind it is and what it is for",
          .exit_status =
              "0; 1 on an error of the program or its input, and when a file of the store is no key, though the "
              "others are listed; 130 when stopped by a signal.",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysListCommand>(); }};
}

}  // namespace bulkhead::cli

// bulkhead trust keys export
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/fs.h"
#include "cli/command.h"
#include "cli/key_access.h"
#include "cli/output.h"

namespace bulkhead::cli {
namespace {

enum class Form : uint8_t { kPkcs8, kPlain, kCosign, kNotary, kPublic };

struct FormRow {
  Form form;
  keys::KeyForm key_form;  // of those with a private half
  std::string_view name;
  std::string_view summary;
};
constexpr auto kForms = std::to_array<FormRow>({
    {Form::kPkcs8, keys::KeyForm::kPkcs8, "pkcs8", "PKCS#8 under a passphrase: OpenSSL and others"},
    {Form::kPlain, keys::KeyForm::kPlain, "plain", "PKCS#8 without a passphrase"},
    {Form::kCosign, keys::KeyForm::kCosign, "cosign", "cosign.key and, beside it, cosign.pub"},
    {Form::kNotary, keys::KeyForm::kNotary, "notary", "docker trust key load, notary key import"},
    {Form::kPublic, keys::KeyForm::kPlain, "public",
     "the public half alone, on standard output unless --output is given"},
});

class TrustKeysExportCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "KEY", .help = "store:ID, file:PATH or, with --form public, a pkcs11: URI", .required = true},
              key_);
    Option form{.names = "--form", .value = "FORM", .help = "for whom it is written", .preset = "pkcs8"};
    for (const FormRow& row : kForms) {
      form.choices.push_back({.name = std::string(row.name), .summary = std::string(row.summary)});
    }
    flags.add(std::move(form), [this](std::string_view value) -> Status {
      form_ = std::ranges::find(kForms, value, &FormRow::name);
      return {};
    });
    flags.add({.names = "-o,--output",
               .value = "FILE",
               .help = "a new file (0600): a private key is never written over another, nor to a terminal",
               .kind = Option::Kind::kFile},
              output_);
    flags.add({.names = "--role", .value = "ROLE", .help = "with --form notary, where the store does not know it"},
              facts_.role);
    flags.add({.names = "--gun", .value = "NAME", .help = "with --form notary, where the store does not know it"},
              facts_.gun);
    access_.declare(flags);
    access_.declare_new(flags);
    flags.check([this]() -> Status {
      if (form_->form != Form::kPublic && output_.empty()) {
        return fail(Code::kInvalidArgument, "where a private key goes must be said", "name a new file with --output");
      }
      return {};
    });
  }

  Result<int> run(Interrupts& /*interrupts*/) override {
    guard_memory();
    if (form_->form == Form::kPublic) {
      TRY_ASSIGN(const PublicKey half, access_.public_key(key_));
      if (output_.empty()) {
        TRY(write_standard_output(half.pem()));
      } else {
        TRY(write_file_atomically(output_, half.pem()));
      }
      return kSuccess;
    }
    TRY_ASSIGN(const keys::KeyFile file, access_.open_private(key_));
    Secret passphrase;
    if (form_->form != Form::kPlain) {
      TRY_ASSIGN(passphrase, access_.new_passphrase());
    }
    if (facts_.role.empty()) facts_.role = file.facts.role;
    if (facts_.gun.empty()) facts_.gun = file.facts.gun;
    TRY_ASSIGN(const Secret text, keys::write_key(file.key, form_->key_form, passphrase.reveal(), facts_));
    TRY(keys::write_new_key_file(output_, text));
    if (form_->form == Form::kCosign) TRY(write_file_atomically(public_name(), file.key.public_key().pem()));
    return kSuccess;
  }

 private:
  // "cosign.key" and "cosign.pub".
  std::string public_name() const {
    constexpr std::string_view kKey = ".key";
    return (output_.ends_with(kKey) ? output_.substr(0, output_.size() - kKey.size()) : output_) + ".pub";
  }

  std::string key_;
  const FormRow* form_ = kForms.data();
  std::string output_;
  keys::KeyFacts facts_;
  KeyAccess access_;
};

}  // namespace

CommandInfo trust_keys_export_command() {
  return {.name = "trust keys export",
          .summary = "write a key for OpenSSL, cosign, docker or notary, or its public half",
          .details = kKeyReferences,
          .examples =
              "bulkhead trust keys export store:3f2a91c0 --form public\n"
              "bulkhead trust keys export store:3f2a91c0 --form cosign --output cosign.key",
          .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustKeysExportCommand>(); }};
}

}  // namespace bulkhead::cli

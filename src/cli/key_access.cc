#include "cli/key_access.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/environment.h"
#include "crypto/pem.h"

namespace bulkhead::cli {
namespace {

constexpr std::string_view kPin = "pin";  // the role of tokens, so to speak

struct KeyTypeRow {
  KeyType type;
  std::string_view name;
  std::string_view summary;
};
constexpr auto kKeyTypes = std::to_array<KeyTypeRow>({
    {KeyType::kEcdsaP256, "ecdsa-p256", "ECDSA on P-256 with SHA-256: known everywhere"},
    {KeyType::kEcdsaP384, "ecdsa-p384", "ECDSA on P-384"},
    {KeyType::kEcdsaP521, "ecdsa-p521", "ECDSA on P-521"},
    {KeyType::kEd25519, "ed25519", "Ed25519"},
    {KeyType::kRsa, "rsa", "RSA of 3,072 bits"},
});

// "root=env:NAME", "env:NAME": no source begins with a role's name and "=".
Result<std::pair<std::string, PassphraseSource>> parse_source(std::string_view text) {
  std::string role;
  const size_t equals = text.find('=');
  if (equals != std::string_view::npos && text.substr(0, equals).find(':') == std::string_view::npos) {
    role = text.substr(0, equals);
    text.remove_prefix(equals + 1);
  }
  TRY_ASSIGN(PassphraseSource source, parse_passphrase_source(text));
  return std::pair{std::move(role), std::move(source)};
}

}  // namespace

keys::KeyStore key_store() {
  return keys::KeyStore(key_store_directory());
}

void guard_memory() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void KeyAccess::declare(Flags& flags) {
  flags.add({.names = "--passphrase",
             .value = "[ROLE=]SOURCE",
             .help = "where passphrases and PINs are from: prompt, file:PATH, fd:NUMBER or env:NAME; with ROLE= for "
                     "keys of docker and notary of that role only, with pin= for tokens only",
             .preset = "prompt",
             .repeats = true},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(auto source, parse_source(value));
              const auto same = [&](const Source& other) { return other.role == source.first; };
              if (std::ranges::any_of(sources_, same)) {
                return fail(Code::kInvalidArgument, "names two sources for the same keys");
              }
              sources_.push_back({.role = std::move(source.first), .source = std::move(source.second)});
              return {};
            });
  flags.add(
      {.names = "--pkcs11-module",
       .value = "FILE",
       .help = "the PKCS#11 module of tokens whose URI names none (default: $BULKHEAD_PKCS11_MODULE, else all that "
               "p11-kit has registered)",
       .kind = Option::Kind::kFile},
      module_);
}

void KeyAccess::declare_new(Flags& flags) {
  flags.add({.names = "--new-passphrase",
             .value = "SOURCE",
             .help = "where the passphrase of what is written is from (default: as --passphrase)"},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(PassphraseSource source, parse_passphrase_source(value));
              new_source_ = Source{.role = {}, .source = std::move(source)};
              return {};
            });
}

void KeyAccess::declare_source(Flags& flags, std::string name, std::string help) {
  flags.add({.names = std::move(name), .value = "SOURCE", .help = std::move(help), .preset = "prompt"},
            [this](std::string_view value) -> Status {
              TRY_ASSIGN(PassphraseSource source, parse_passphrase_source(value));
              sources_ = {{.role = {}, .source = std::move(source)}};
              return {};
            });
}

Result<Secret> KeyAccess::read(Source& source, std::string_view prompt) {
  guard_memory();
  if (source.read) return *source.read;
  TRY_ASSIGN(Secret answer, read_passphrase(source.source, process_environment(), prompt));
  // A descriptor gives its line only once.
  if (source.source.kind != PassphraseSource::Kind::kTerminal) source.read = answer;
  return answer;
}

KeyAccess::Source& KeyAccess::source_of(std::string_view role) {
  auto found = std::ranges::find(sources_, role, &Source::role);
  if (found == sources_.end()) found = std::ranges::find(sources_, std::string_view(), &Source::role);
  if (found != sources_.end()) return *found;
  return sources_.emplace_back();  // the terminal
}

Result<Secret> KeyAccess::passphrase(std::string_view what, std::string_view role) {
  return read(source_of(role), fmt::format("Passphrase of {}: ", printable(what)));
}

Result<Secret> KeyAccess::new_passphrase(std::string_view what) {
  if (new_) return *new_;
  Source& source = new_source_ ? *new_source_ : source_of({});
  TRY_ASSIGN(Secret first, read(source, fmt::format("New passphrase{}{}: ", what.empty() ? "" : " of ", what)));
  if (first.empty()) return fail(Code::kInvalidArgument, "the new passphrase is empty");
  if (source.source.kind == PassphraseSource::Kind::kTerminal) {
    TRY_ASSIGN(const Secret second, read(source, "The same again: "));
    if (first.reveal() != second.reveal()) return fail(Code::kInvalidArgument, "the two passphrases differ");
  }
  new_ = std::move(first);
  return *new_;
}

keys::TokenAccess KeyAccess::tokens() {
  const auto variable = non_empty(process_environment(), "BULKHEAD_PKCS11_MODULE");
  return {.module_path = module_.empty() ? variable.value_or("") : module_,
          .ask_pin = [this](const keys::PinRequest& request) -> Result<Secret> {
            Source& source = source_of(kPin);
            const bool by_hand = source.source.kind == PassphraseSource::Kind::kTerminal;
            if (request.last_try && !by_hand) {
              return fail(Code::kPermissionDenied,
                          fmt::format("token \"{}\": one more wrong PIN locks it", request.token),
                          "make sure of the PIN, and type it: --passphrase prompt");
            }
            return read(source, fmt::format("PIN of the token \"{}\"{}: ", request.token,
                                            request.last_try ? " (the last try: a wrong one locks it)" : ""));
          }};
}

Result<keys::KeyReference> KeyAccess::parse(std::string_view text) const {
  TRY_ASSIGN(keys::KeyReference reference, keys::parse_key_reference(text));
  if (reference.kind == keys::KeyReference::Kind::kStore) {
    TRY_ASSIGN(keys::StoredKey stored, key_store().find(reference.name));
    reference.name = std::move(stored.id);
  }
  return reference;
}

Result<std::unique_ptr<Signer>> KeyAccess::open_signer(std::string_view text) {
  TRY_ASSIGN(const keys::KeyReference reference, parse(text));
  return keys::open_signer(reference, key_store(), [&] { return passphrase(text); }, tokens());
}

Result<PublicKey> KeyAccess::public_key(std::string_view text) {
  TRY_ASSIGN(const keys::KeyReference reference, parse(text));
  if (reference.kind == keys::KeyReference::Kind::kStore) {
    TRY_ASSIGN(keys::StoredKey stored, key_store().find(reference.name));
    return std::move(stored.public_key);
  }
  if (reference.kind == keys::KeyReference::Kind::kToken) {
    TRY_ASSIGN(keys::TokenKeys listed, keys::list_token_keys(reference.name, tokens()));
    // Of none or of several, opening the key says what is wrong.
    if (listed.keys.size() == 1) return std::move(listed.keys.front().public_key);
  }
  if (reference.kind == keys::KeyReference::Kind::kFile) {
    TRY_ASSIGN(std::string contents, read_file(reference.name, kMaxPemBytes));
    const Secret wiped(std::move(contents));
    if (auto half = PublicKey::from_pem(wiped.reveal())) return half;
  }
  TRY_ASSIGN(const auto signer, open_signer(text));
  return signer->public_key();
}

Result<keys::KeyFile> KeyAccess::open_private(std::string_view text) {
  TRY_ASSIGN(const keys::KeyReference reference, parse(text));
  const auto ask = [&] { return passphrase(text); };
  switch (reference.kind) {
    case keys::KeyReference::Kind::kFile:
      return keys::read_key_file(reference.name, ask);
    case keys::KeyReference::Kind::kStore: {
      TRY_ASSIGN(keys::StoredKey stored, key_store().find(reference.name));
      TRY_ASSIGN(PrivateKey key, key_store().open(reference.name, ask));
      return keys::KeyFile{.key = std::move(key), .facts = std::move(stored.facts)};
    }
    case keys::KeyReference::Kind::kToken:
      break;
  }
  return fail(Code::kUnsupported, "a token does not give its private keys away", "only its public half can be had");
}

void declare_key_type(Flags& flags, KeyType& type) {
  Option option{.names = "--key-type", .value = "TYPE", .help = "of keys that are made", .preset = "ecdsa-p256"};
  for (const KeyTypeRow& row : kKeyTypes) {
    option.choices.push_back({.name = std::string(row.name), .summary = std::string(row.summary)});
  }
  flags.add(std::move(option), [&type](std::string_view value) -> Status {
    type = std::ranges::find(kKeyTypes, value, &KeyTypeRow::name)->type;
    return {};
  });
}

}  // namespace bulkhead::cli

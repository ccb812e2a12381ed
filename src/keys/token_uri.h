// A parsed pkcs11: URI. Internal to keys.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keys/p11_kit.h"

namespace bulkhead::keys {

// Movable; not thread-safe.
class TokenUri {
 public:
  // As check_token_uri().
  static Result<TokenUri> parse(std::string_view text);
  // Of what is in a token.
  static Result<TokenUri> of(const CK_TOKEN_INFO& token);

  // What the URI says, apart from where PINs and modules are.
  std::string text() const;

  std::string module_path() const;  // empty when it says none
  std::string module_name() const;
  std::string pin_file() const;
  std::optional<std::string> label() const;  // of the object
  std::optional<std::string> id() const;
  void set_label(std::string_view label);
  void set_id(std::string_view id);

  bool matches(const CK_INFO& module) const;
  bool matches(CK_SLOT_ID slot, const CK_SLOT_INFO& info, const CK_TOKEN_INFO& token) const;

 private:
  struct Free {
    const P11Kit* api;
    void operator()(P11KitUri* uri) const { api->uri_free(uri); }
  };
  using Owned = std::unique_ptr<P11KitUri, Free>;
  TokenUri(const P11Kit* api, Owned uri) : api_(api), uri_(std::move(uri)) {}
  static Result<TokenUri> make();
  std::optional<std::string> attribute(CK_ATTRIBUTE_TYPE type) const;
  void set(CK_ATTRIBUTE_TYPE type, std::string_view value);

  const P11Kit* api_;
  Owned uri_;
};

}  // namespace bulkhead::keys

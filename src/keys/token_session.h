// One token of a PKCS#11 module, opened: login, objects, signatures. Internal to keys: shows PKCS#11's types. What a
// module answers is bounded, and not believed where it makes no sense. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "keys/token.h"
#include "keys/token_uri.h"

namespace bulkhead::keys {

class Module;

// A template of attributes, whose values it holds.
class Attributes {
 public:
  Attributes& add(CK_ATTRIBUTE_TYPE type, std::string_view value);
  Attributes& add(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Attributes& add_flag(CK_ATTRIBUTE_TYPE type, bool value);
  std::vector<CK_ATTRIBUTE> list();  // valid as long as this is unchanged

 private:
  std::vector<std::pair<CK_ATTRIBUTE_TYPE, std::string>> values_;
};

// Of candidates, for a message: all, or the first few and how many more.
std::string name_some(const std::vector<std::string>& names);

class TokenSession {
 public:
  enum class Mode : bool { kRead, kWrite };
  // On the one token that matches. `uri` and `access` are kept.
  static Result<TokenSession> open(TokenUri uri, TokenAccess access, Mode mode);
  TokenSession(TokenSession&&) noexcept;
  TokenSession& operator=(TokenSession&&) = delete;
  ~TokenSession();

  const TokenUri& uri() const { return uri_; }
  // The URI of what is in this token, to be completed.
  Result<TokenUri> uri_here() const { return TokenUri::of(token_); }
  std::string token_name() const;

  // Nothing happens when the token needs no login. The PIN is tried once.
  Status login();

  Result<std::vector<CK_OBJECT_HANDLE>> find(Attributes wanted);
  // Nothing when the object has no such attribute, or keeps it.
  std::optional<std::string> attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  std::optional<CK_ULONG> number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

  // `reauthenticate`: the key wants the PIN for every signature.
  Result<std::string> sign(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, ByteSpan data, bool reauthenticate);
  struct Pair {
    CK_OBJECT_HANDLE public_half;
    CK_OBJECT_HANDLE private_half;
  };
  Result<Pair> generate(CK_MECHANISM mechanism, Attributes public_half, Attributes private_half);

 private:
  struct Slot {
    std::shared_ptr<Module> module;
    CK_SLOT_ID id;
    CK_TOKEN_INFO token;
  };
  static Result<Slot> find_token(const TokenUri& uri, const TokenAccess& access);
  TokenSession(TokenUri uri, TokenAccess access, Slot slot, CK_SESSION_HANDLE session);

  Status authenticate(CK_USER_TYPE user);
  Result<Secret> pin(CK_FLAGS flags) const;
  CK_FLAGS token_flags() const;  // of now
  Status check(CK_RV result, std::string_view what) const;

  TokenUri uri_;
  TokenAccess access_;
  std::shared_ptr<Module> module_;
  CK_SLOT_ID slot_;
  CK_TOKEN_INFO token_;
  CK_SESSION_HANDLE session_;
};

}  // namespace bulkhead::keys

#include "keys/token_uri.h"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace bulkhead::keys {
namespace {

constexpr size_t kMaxBytes = 4096;
constexpr std::string_view kFileScheme = "file:";

std::string or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

std::unexpected<Error> refused(std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("a pkcs11: URI {}", why),
              "write pkcs11:token=NAME;object=NAME, with serial= or id=%01 where names are not unique (RFC 7512)");
}

}  // namespace

Result<TokenUri> TokenUri::make() {
  TRY_ASSIGN(const P11Kit* const api, p11_kit());
  Owned uri(api->uri_new(), Free{api});
  if (!uri) std::abort();  // no memory
  return TokenUri(api, std::move(uri));
}

Result<TokenUri> TokenUri::parse(std::string_view text) {
  if (text.size() > kMaxBytes || text.contains('\0')) return refused("that is too long, or not text");
  TRY_ASSIGN(TokenUri uri, make());
  const int result = uri.api_->uri_parse(std::string(text).c_str(), P11_KIT_URI_FOR_ANY, uri.uri_.get());
  if (result != P11_KIT_URI_OK) return refused("that cannot be read");
  if (uri.api_->uri_get_pin_value(uri.uri_.get()) != nullptr) {
    return fail(Code::kInvalidArgument, "a pkcs11: URI with the PIN in it, which every process of the machine can read",
                "change the PIN, and give it by pin-source=file:PATH or when it is asked for");
  }
  if (uri.api_->uri_any_unrecognized(uri.uri_.get()) != 0) return refused("with attributes that are not known");
  const std::string source = or_empty(uri.api_->uri_get_pin_source(uri.uri_.get()));
  if (!source.empty() && uri.pin_file().empty()) return refused("whose pin-source is no file");
  // p11-kit still reads the pinfile of old drafts, which stood among what names the key.
  if (!source.empty() && !text.contains('?')) return refused("whose pin-source is not in its query");
  const std::string path = uri.module_path();
  if (!path.empty() && !path.starts_with('/')) return refused("whose module-path is not absolute");
  const std::optional<std::string> type = uri.attribute(CKA_CLASS);
  const CK_OBJECT_CLASS wanted = CKO_PRIVATE_KEY;
  if (type && *type != std::string_view(reinterpret_cast<const char*>(&wanted), sizeof wanted)) {
    return refused("of another type than private");
  }
  return uri;
}

Result<TokenUri> TokenUri::of(const CK_TOKEN_INFO& token) {
  TRY_ASSIGN(TokenUri uri, make());
  *uri.api_->uri_get_token_info(uri.uri_.get()) = token;
  return uri;
}

std::string TokenUri::text() const {
  char* text = nullptr;
  // Neither the query (PIN, module) nor the library's own name.
  if (api_->uri_format(uri_.get(), P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) != P11_KIT_URI_OK) return {};
  std::string copy(text);
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): p11-kit's
  return copy.substr(0, copy.find('?'));
}

std::string TokenUri::module_path() const {
  return or_empty(api_->uri_get_module_path(uri_.get()));
}
std::string TokenUri::module_name() const {
  return or_empty(api_->uri_get_module_name(uri_.get()));
}

// RFC 7512 section 2.4: a file's path or URI (`file:PATH`, `file:///PATH`), or a command, which is not run here.
std::string TokenUri::pin_file() const {
  std::string source = or_empty(api_->uri_get_pin_source(uri_.get()));
  if (source.starts_with(kFileScheme)) source.erase(0, kFileScheme.size());
  if (source.starts_with("///")) source.erase(0, 2);
  return source.starts_with('/') && !source.starts_with("//") ? source : std::string();
}

std::optional<std::string> TokenUri::attribute(CK_ATTRIBUTE_TYPE type) const {
  const CK_ATTRIBUTE* found = api_->uri_get_attribute(uri_.get(), type);
  if (found == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(found->pValue), found->ulValueLen);
}
std::optional<std::string> TokenUri::label() const {
  return attribute(CKA_LABEL);
}
std::optional<std::string> TokenUri::id() const {
  return attribute(CKA_ID);
}

void TokenUri::set(CK_ATTRIBUTE_TYPE type, std::string_view value) {
  std::string copy(value);
  CK_ATTRIBUTE attribute{.type = type, .pValue = copy.data(), .ulValueLen = copy.size()};
  api_->uri_set_attribute(uri_.get(), &attribute);
}
void TokenUri::set_label(std::string_view label) {
  set(CKA_LABEL, label);
}
void TokenUri::set_id(std::string_view id) {
  set(CKA_ID, id);
}

bool TokenUri::matches(const CK_INFO& module) const {
  return api_->uri_match_module_info(uri_.get(), &module) == 1;
}
bool TokenUri::matches(CK_SLOT_ID slot, const CK_SLOT_INFO& info, const CK_TOKEN_INFO& token) const {
  const CK_SLOT_ID wanted = api_->uri_get_slot_id(uri_.get());
  return (wanted == static_cast<CK_SLOT_ID>(-1) || wanted == slot) &&
         api_->uri_match_slot_info(uri_.get(), &info) == 1 && api_->uri_match_token_info(uri_.get(), &token) == 1;
}

}  // namespace bulkhead::keys

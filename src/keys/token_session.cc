#include "keys/token_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/fs.h"
#include "base/text.h"

namespace bulkhead::keys {
namespace {

constexpr CK_ULONG kMaxSlots = 1024;
constexpr size_t kMaxObjects = 4096;
constexpr CK_ULONG kMaxAttributeBytes = CK_ULONG{64} << 10;
constexpr size_t kMaxSignatureBytes = 2048;  // RSA of 8192 bits has 1024
constexpr size_t kMaxPinBytes = 256;

CK_BYTE* bytes_of(std::string_view text) {
  // PKCS#11 has no const; nothing is written through it.
  return reinterpret_cast<CK_BYTE*>(const_cast<char*>(text.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

struct ResultRow {
  CK_RV result;
  Code code;
  std::string_view message;
};
constexpr ResultRow kResults[] = {
    {CKR_PIN_LOCKED, Code::kPermissionDenied, "the PIN is locked"},
    {CKR_PIN_EXPIRED, Code::kPermissionDenied, "the PIN has expired: change it with the token's own tool"},
    {CKR_USER_PIN_NOT_INITIALIZED, Code::kPermissionDenied, "no PIN is set"},
    {CKR_USER_NOT_LOGGED_IN, Code::kUnauthenticated, "the PIN is needed"},
    {CKR_FUNCTION_CANCELED, Code::kCancelled, "cancelled at the token"},
    {CKR_DEVICE_REMOVED, Code::kUnavailable, "the token is gone"},
    {CKR_TOKEN_NOT_PRESENT, Code::kUnavailable, "the token is gone"},
    {CKR_SESSION_HANDLE_INVALID, Code::kUnavailable, "the token is gone, or was reset"},
    {CKR_SESSION_CLOSED, Code::kUnavailable, "the token is gone, or was reset"},
    {CKR_SLOT_ID_INVALID, Code::kUnavailable, "the reader is gone"},
    {CKR_KEY_HANDLE_INVALID, Code::kUnavailable, "the key is gone"},
    {CKR_OBJECT_HANDLE_INVALID, Code::kUnavailable, "the key is gone"},
    {CKR_DEVICE_ERROR, Code::kUnavailable, "the token fails"},
    {CKR_SESSION_COUNT, Code::kUnavailable, "the token has no session left"},
    {CKR_DEVICE_MEMORY, Code::kUnavailable, "the token is full"},
    {CKR_TOKEN_WRITE_PROTECTED, Code::kPermissionDenied, "the token is write-protected"},
    {CKR_MECHANISM_INVALID, Code::kUnsupported, "the token cannot do that"},
    {CKR_MECHANISM_PARAM_INVALID, Code::kUnsupported, "the token cannot do that"},
    {CKR_CURVE_NOT_SUPPORTED, Code::kUnsupported, "the token has not that curve"},
    {CKR_KEY_SIZE_RANGE, Code::kUnsupported, "the token has not that size of keys"},
    {CKR_FUNCTION_NOT_SUPPORTED, Code::kUnsupported, "the token cannot do that"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, Code::kPermissionDenied, "the key is not for signing"},
};

// Labels are padded with spaces.
template <size_t kSize>
std::string padded(const unsigned char (&text)[kSize]) {
  std::string out(reinterpret_cast<const char*>(text), kSize);
  out.erase(out.find_last_not_of(' ') + 1);
  return printable(out);
}

}  // namespace

// A module, initialised; finalised when the last session of ours is closed.
class Module {
 public:
  Module(const P11Kit* api, CK_FUNCTION_LIST* functions, std::shared_ptr<void> owner)
      : api_(api), functions_(functions), owner_(std::move(owner)) {}
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module() {
    if (initialised_) api_->module_finalize(functions_);
  }

  Status initialise() {
    const CK_RV result = api_->module_initialize(functions_);
    if (result != CKR_OK) return fail(Code::kUnavailable, fmt::format("cannot be started: {}", api_->strerror(result)));
    initialised_ = true;
    return {};
  }
  const P11Kit& api() const { return *api_; }
  CK_FUNCTION_LIST* operator->() const { return functions_; }

 private:
  const P11Kit* api_;
  CK_FUNCTION_LIST* functions_;
  std::shared_ptr<void> owner_;  // releases it
  bool initialised_ = false;
};

namespace {

struct LoadedModules {
  std::vector<std::shared_ptr<Module>> modules;
  std::vector<std::string> failures;
};

Result<std::shared_ptr<Module>> load_module(const P11Kit* api, const std::string& path) {
  CK_FUNCTION_LIST* functions = api->module_load(path.c_str(), P11_KIT_MODULE_CRITICAL);
  if (functions == nullptr) {
    const char* why = api->message();
    return fail(Code::kNotFound, fmt::format("{}: no PKCS#11 module{}{}", path, why == nullptr ? "" : ": ",
                                             why == nullptr ? "" : printable(why)));
  }
  const std::shared_ptr<void> owner(functions,
                                    [api](void* list) { api->module_release(static_cast<CK_FUNCTION_LIST*>(list)); });
  auto module = std::make_shared<Module>(api, functions, owner);
  auto started = module->initialise();
  if (!started) return fail(std::move(started).error().with_context(path));
  return module;
}

std::string name_of(const P11Kit* api, CK_FUNCTION_LIST* functions) {
  char* name = api->module_get_name(functions);
  std::string copy = name == nullptr ? "" : name;
  std::free(name);  // NOLINT(cppcoreguidelines-no-malloc): p11-kit's
  return copy;
}

// All that are registered but those for certificates alone.
LoadedModules load_registered(const P11Kit* api, const std::string& wanted) {
  LoadedModules loaded;
  CK_FUNCTION_LIST** list = api->modules_load(nullptr, 0);
  if (list == nullptr) return loaded;
  const std::shared_ptr<void> owner(list,
                                    [api](void* all) { api->modules_release(static_cast<CK_FUNCTION_LIST**>(all)); });
  for (CK_FUNCTION_LIST** each = list; *each != nullptr; ++each) {
    const std::string name = name_of(api, *each);
    if ((api->module_get_flags(*each) & P11_KIT_MODULE_TRUSTED) != 0 || (!wanted.empty() && name != wanted)) continue;
    auto module = std::make_shared<Module>(api, *each, owner);
    if (const auto started = module->initialise(); !started) {
      loaded.failures.push_back(fmt::format("{}: {}", name, started.error().to_string()));
    } else {
      loaded.modules.push_back(std::move(module));
    }
  }
  return loaded;
}

Result<LoadedModules> load_modules(const TokenUri& uri, const TokenAccess& access) {
  TRY_ASSIGN(const P11Kit* const api, p11_kit());
  const std::string path = uri.module_path().empty() ? access.module_path : uri.module_path();
  if (path.empty()) return load_registered(api, uri.module_name());
  TRY_ASSIGN(std::shared_ptr<Module> module, load_module(api, path));
  return LoadedModules{.modules = {std::move(module)}, .failures = {}};
}

std::vector<CK_SLOT_ID> slots_of(const Module& module) {
  std::vector<CK_SLOT_ID> slots(kMaxSlots);
  CK_ULONG count = kMaxSlots;
  const CK_RV result = module->C_GetSlotList(CK_TRUE, slots.data(), &count);
  slots.resize(result == CKR_OK ? std::min(count, kMaxSlots) : 0);
  return slots;
}

std::string_view remedy_of_absence(const TokenUri& uri, const TokenAccess& access) {
  if (!uri.module_path().empty() || !access.module_path.empty()) return "plug the token in, or correct the URI";
  return "plug the token in, correct the URI, or name the token's PKCS#11 module (module-path)";
}

}  // namespace

std::string name_some(const std::vector<std::string>& names) {
  constexpr size_t kMostNamed = 10;
  const std::vector<std::string> some(names.begin(),
                                      names.begin() + static_cast<ptrdiff_t>(std::min(names.size(), kMostNamed)));
  const size_t more = names.size() - some.size();
  return fmt::format("{}{}", fmt::join(some, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

Attributes& Attributes::add(CK_ATTRIBUTE_TYPE type, std::string_view value) {
  values_.emplace_back(type, value);
  return *this;
}
Attributes& Attributes::add(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return add(type, std::string_view(reinterpret_cast<const char*>(&value), sizeof value));
}
Attributes& Attributes::add_flag(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;
  return add(type, std::string_view(reinterpret_cast<const char*>(&flag), sizeof flag));
}
std::vector<CK_ATTRIBUTE> Attributes::list() {
  std::vector<CK_ATTRIBUTE> all;
  for (auto& [type, value] : values_) {
    all.push_back({.type = type, .pValue = value.data(), .ulValueLen = value.size()});
  }
  return all;
}

Result<TokenSession::Slot> TokenSession::find_token(const TokenUri& uri, const TokenAccess& access) {
  TRY_ASSIGN(const LoadedModules loaded, load_modules(uri, access));
  std::vector<Slot> found;
  for (const std::shared_ptr<Module>& module : loaded.modules) {
    CK_INFO info{};
    if ((*module)->C_GetInfo(&info) != CKR_OK || !uri.matches(info)) continue;
    for (const CK_SLOT_ID id : slots_of(*module)) {
      CK_SLOT_INFO slot{};
      CK_TOKEN_INFO token{};
      if ((*module)->C_GetSlotInfo(id, &slot) != CKR_OK || (*module)->C_GetTokenInfo(id, &token) != CKR_OK) continue;
      if ((token.flags & CKF_TOKEN_INITIALIZED) == 0 || !uri.matches(id, slot, token)) continue;
      found.push_back({.module = module, .id = id, .token = token});
    }
  }
  if (found.empty()) {
    return fail(Code::kNotFound,
                fmt::format("no token matches {}{}{}", printable(uri.text()), loaded.failures.empty() ? "" : "; ",
                            fmt::join(loaded.failures, "; ")),
                std::string(remedy_of_absence(uri, access)));
  }
  if (found.size() == 1) return found.front();
  std::vector<std::string> names;
  for (const Slot& slot : found) {
    TRY_ASSIGN(const TokenUri name, TokenUri::of(slot.token));
    names.push_back(name.text());
  }
  return fail(Code::kInvalidArgument,
              fmt::format("{} tokens match {}: {}", found.size(), printable(uri.text()), name_some(names)),
              "name one of them by token= or serial=");
}

Result<TokenSession> TokenSession::open(TokenUri uri, TokenAccess access, Mode mode) {
  TRY_ASSIGN(Slot slot, find_token(uri, access));
  CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (mode == Mode::kWrite ? CKF_RW_SESSION : 0);
  const CK_RV result = (*slot.module)->C_OpenSession(slot.id, flags, nullptr, nullptr, &handle);
  TokenSession session(std::move(uri), std::move(access), std::move(slot), handle);
  if (result != CKR_OK) {
    session.session_ = CK_INVALID_HANDLE;
    TRY(session.check(result, "cannot be opened"));
  }
  return session;
}

TokenSession::TokenSession(TokenUri uri, TokenAccess access, Slot slot, CK_SESSION_HANDLE session)
    : uri_(std::move(uri)),
      access_(std::move(access)),
      module_(std::move(slot.module)),
      slot_(slot.id),
      token_(slot.token),
      session_(session) {}

TokenSession::TokenSession(TokenSession&& other) noexcept
    : uri_(std::move(other.uri_)),
      access_(std::move(other.access_)),
      module_(std::move(other.module_)),
      slot_(other.slot_),
      token_(other.token_),
      session_(std::exchange(other.session_, CK_INVALID_HANDLE)) {}

TokenSession::~TokenSession() {
  if (session_ != CK_INVALID_HANDLE) (*module_)->C_CloseSession(session_);
}

std::string TokenSession::token_name() const {
  return fmt::format("token \"{}\"", padded(token_.label));
}

Status TokenSession::check(CK_RV result, std::string_view what) const {
  if (result == CKR_OK) return {};
  const auto* row = std::ranges::find(kResults, result, &ResultRow::result);
  if (row != std::ranges::end(kResults)) {
    return fail(row->code, fmt::format("{}: {}: {}", token_name(), what, row->message));
  }
  return fail(Code::kIo,
              fmt::format("{}: {}: {} ({:#x})", token_name(), what, module_->api().strerror(result), result));
}

CK_FLAGS TokenSession::token_flags() const {
  CK_TOKEN_INFO now{};
  return (*module_)->C_GetTokenInfo(slot_, &now) == CKR_OK ? now.flags : token_.flags;
}

Status TokenSession::login() {
  CK_SESSION_INFO info{};
  TRY(check((*module_)->C_GetSessionInfo(session_, &info), "no session"));
  const bool logged_in = info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS;
  if (logged_in || (token_.flags & CKF_LOGIN_REQUIRED) == 0) return {};
  return authenticate(CKU_USER);
}

Result<Secret> TokenSession::pin(CK_FLAGS flags) const {
  const bool last_try = (flags & CKF_USER_PIN_FINAL_TRY) != 0;
  const std::string file = uri_.pin_file();
  if (file.empty()) {
    if (!access_.ask_pin) return fail(Code::kUnauthenticated, fmt::format("{}: the PIN is needed", token_name()));
    return access_.ask_pin({.token = padded(token_.label), .last_try = last_try});
  }
  if (last_try) {
    return fail(Code::kPermissionDenied,
                fmt::format("{}: one more wrong PIN locks it; none is taken from a file now", token_name()),
                "make sure of the PIN, and give it when it is asked for: leave pin-source out of the URI");
  }
  TRY_ASSIGN(std::string text, read_file(file, kMaxPinBytes));
  const Secret all(std::move(text));
  std::string_view line = all.reveal().substr(0, all.reveal().find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return Secret::copy_of(line);
}

Status TokenSession::authenticate(CK_USER_TYPE user) {
  const CK_FLAGS flags = token_flags();
  constexpr std::string_view kUnlock = "unlock it with the token's own tool and the security officer's PIN or PUK";
  const auto locked = [&] {
    return fail(Code::kPermissionDenied, fmt::format("{}: the PIN is locked", token_name()), std::string(kUnlock));
  };
  if ((flags & CKF_USER_PIN_LOCKED) != 0) return locked();
  Secret secret;
  CK_BYTE* text = nullptr;
  if ((flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
    TRY_ASSIGN(secret, pin(flags));
    text = bytes_of(secret.reveal());
  }
  const CK_RV result = (*module_)->C_Login(session_, user, text, secret.reveal().size());
  if (result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN) return {};
  const CK_FLAGS after = token_flags();
  if (result == CKR_PIN_LOCKED || (after & CKF_USER_PIN_LOCKED) != 0) return locked();
  if (result != CKR_PIN_INCORRECT && result != CKR_PIN_INVALID && result != CKR_PIN_LEN_RANGE) {
    return check(result, "cannot log in");
  }
  const std::string_view left = (after & CKF_USER_PIN_FINAL_TRY) != 0   ? ", and the next wrong one locks it"
                                : (after & CKF_USER_PIN_COUNT_LOW) != 0 ? ", and few tries are left"
                                                                        : "";
  return fail(Code::kUnauthenticated, fmt::format("{}: the PIN is wrong{}", token_name(), left));
}

Result<std::vector<CK_OBJECT_HANDLE>> TokenSession::find(Attributes wanted) {
  std::vector<CK_ATTRIBUTE> list = wanted.list();
  TRY(check((*module_)->C_FindObjectsInit(session_, list.data(), list.size()), "cannot look for keys"));
  std::vector<CK_OBJECT_HANDLE> found;
  CK_RV result = CKR_OK;
  while (found.size() < kMaxObjects) {
    std::array<CK_OBJECT_HANDLE, 64> some{};
    CK_ULONG count = 0;
    result = (*module_)->C_FindObjects(session_, some.data(), some.size(), &count);
    if (result != CKR_OK || count == 0) break;
    found.insert(found.end(), some.begin(), some.begin() + static_cast<ptrdiff_t>(std::min(count, some.size())));
  }
  (*module_)->C_FindObjectsFinal(session_);
  TRY(check(result, "cannot look for keys"));
  return found;
}

std::optional<std::string> TokenSession::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  CK_ATTRIBUTE asked{.type = type, .pValue = nullptr, .ulValueLen = 0};
  if ((*module_)->C_GetAttributeValue(session_, object, &asked, 1) != CKR_OK) return std::nullopt;
  if (asked.ulValueLen == CK_UNAVAILABLE_INFORMATION || asked.ulValueLen > kMaxAttributeBytes) return std::nullopt;
  std::string value(asked.ulValueLen, '\0');
  asked.pValue = value.data();
  if ((*module_)->C_GetAttributeValue(session_, object, &asked, 1) != CKR_OK) return std::nullopt;
  if (asked.ulValueLen > value.size()) return std::nullopt;
  value.resize(asked.ulValueLen);
  return value;
}

std::optional<CK_ULONG> TokenSession::number(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  const auto value = attribute(object, type);
  CK_ULONG number = 0;
  if (!value || value->size() != sizeof number) return std::nullopt;
  std::memcpy(&number, value->data(), sizeof number);
  return number;
}

Result<std::string> TokenSession::sign(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, ByteSpan data,
                                       bool reauthenticate) {
  TRY(check((*module_)->C_SignInit(session_, &mechanism, key), "cannot sign"));
  if (reauthenticate) TRY(authenticate(CKU_CONTEXT_SPECIFIC));
  std::string signature(kMaxSignatureBytes, '\0');
  CK_ULONG length = signature.size();
  TRY(check((*module_)->C_Sign(session_, bytes_of(as_text(data)), data.size(), bytes_of(signature), &length),
            "cannot sign"));
  if (length > signature.size()) return fail(Code::kMalformed, fmt::format("{}: no signature", token_name()));
  signature.resize(length);
  return signature;
}

Result<TokenSession::Pair> TokenSession::generate(CK_MECHANISM mechanism, Attributes public_half,
                                                  Attributes private_half) {
  std::vector<CK_ATTRIBUTE> publics = public_half.list();
  std::vector<CK_ATTRIBUTE> privates = private_half.list();
  Pair pair{};
  TRY(check((*module_)->C_GenerateKeyPair(session_, &mechanism, publics.data(), publics.size(), privates.data(),
                                          privates.size(), &pair.public_half, &pair.private_half),
            "cannot make a key"));
  return pair;
}

}  // namespace bulkhead::keys

// A PKCS#11 module for tests, with one token and one key in it, that misbehaves as BULKHEAD_TEST_TOKEN says. Its PIN is
// "1234", and it has no cryptography: what it calls a signature is none.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <p11-kit/pkcs11.h>

namespace {

constexpr CK_SESSION_HANDLE kSession = 1;
constexpr CK_OBJECT_HANDLE kKey = 7;
CK_STATE state = CKS_RO_PUBLIC_SESSION;
bool handed_out = false;

bool is(std::string_view behaviour) {
  const char* wanted = std::getenv("BULKHEAD_TEST_TOKEN");  // NOLINT(concurrency-mt-unsafe): a test of one thread
  return wanted != nullptr && behaviour == wanted;
}

template <size_t kSize>
void fill(unsigned char (&field)[kSize], std::string_view text) {
  std::fill_n(field, kSize, ' ');
  std::copy_n(text.begin(), std::min(kSize, text.size()), field);
}

CK_RV initialize(void* /*arguments*/) {
  state = CKS_RO_PUBLIC_SESSION;
  return is("broken") ? CKR_GENERAL_ERROR : CKR_OK;
}
CK_RV finalize(void* /*reserved*/) {
  return CKR_OK;
}
CK_RV get_info(CK_INFO* info) {
  *info = {};
  info->cryptokiVersion = {2, 40};
  fill(info->manufacturerID, "test");
  fill(info->libraryDescription, "hostile");
  return CKR_OK;
}
CK_RV get_slot_list(unsigned char /*present*/, CK_SLOT_ID* slots, unsigned long* count) {
  if (slots != nullptr) slots[0] = 0;
  *count = is("many-slots") ? 1'000'000 : 1;
  return CKR_OK;
}
CK_RV get_slot_info(CK_SLOT_ID /*slot*/, CK_SLOT_INFO* info) {
  *info = {};
  fill(info->slotDescription, "slot");
  fill(info->manufacturerID, "test");
  info->flags = CKF_TOKEN_PRESENT;
  return CKR_OK;
}
CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  if (slot != 0) return CKR_SLOT_ID_INVALID;
  *info = {};
  fill(info->label, is("escapes") ? "a\x1b[2Jb" : "hostile");
  fill(info->manufacturerID, "test");
  fill(info->model, "model");
  fill(info->serialNumber, "1");
  info->flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED;
  if (is("locked")) info->flags |= CKF_USER_PIN_LOCKED;
  if (is("last-try")) info->flags |= CKF_USER_PIN_FINAL_TRY;
  if (is("few-tries")) info->flags |= CKF_USER_PIN_COUNT_LOW;
  if (is("keypad")) info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
  return CKR_OK;
}
CK_RV open_session(CK_SLOT_ID /*slot*/, CK_FLAGS /*flags*/, void* /*application*/, CK_NOTIFY /*notify*/,
                   CK_SESSION_HANDLE* session) {
  *session = kSession;
  return is("gone") ? CKR_TOKEN_NOT_PRESENT : CKR_OK;
}
CK_RV close_session(CK_SESSION_HANDLE /*session*/) {
  return CKR_OK;
}
CK_RV get_session_info(CK_SESSION_HANDLE /*session*/, CK_SESSION_INFO* info) {
  *info = {};
  info->state = state;
  return CKR_OK;
}
CK_RV login(CK_SESSION_HANDLE /*session*/, CK_USER_TYPE /*user*/, unsigned char* pin, unsigned long length) {
  const bool by_keypad = is("keypad") && pin == nullptr;
  const std::string_view given(reinterpret_cast<const char*>(pin), pin == nullptr ? 0 : length);
  if (!by_keypad && given != "1234") return CKR_PIN_INCORRECT;
  state = CKS_RO_USER_FUNCTIONS;
  return CKR_OK;
}
CK_RV find_init(CK_SESSION_HANDLE /*session*/, CK_ATTRIBUTE* wanted, unsigned long count) {
  handed_out = true;  // nothing but private keys is here
  for (unsigned long i = 0; i < count; ++i) {
    CK_OBJECT_CLASS kind = 0;
    if (wanted[i].type == CKA_CLASS) std::memcpy(&kind, wanted[i].pValue, sizeof kind);
    if (kind == CKO_PRIVATE_KEY) handed_out = false;
  }
  return CKR_OK;
}
CK_RV find(CK_SESSION_HANDLE /*session*/, CK_OBJECT_HANDLE* objects, unsigned long room, unsigned long* count) {
  *count = handed_out ? 0 : 1;
  objects[0] = kKey;
  handed_out = !is("endless");
  if (is("endless")) *count = room + 100;
  return CKR_OK;
}
CK_RV find_final(CK_SESSION_HANDLE /*session*/) {
  return CKR_OK;
}

// The key tells its public half by itself: RSA of 2048 bits.
CK_RV get_attribute(CK_SESSION_HANDLE /*session*/, CK_OBJECT_HANDLE /*object*/, CK_ATTRIBUTE* asked,
                    unsigned long /*count*/) {
  const auto answer = [&](std::string_view value) -> CK_RV {
    const bool first = asked->pValue == nullptr;
    const unsigned long room = asked->ulValueLen;
    asked->ulValueLen = is("huge") ? 1UL << 40U : is("growing") && !first ? room + 1000 : value.size();
    if (!first) std::memcpy(asked->pValue, value.data(), std::min(room, value.size()));
    return CKR_OK;
  };
  const CK_KEY_TYPE type = is("odd-key") ? CKK_DES : CKK_RSA;
  static unsigned char modulus[256];
  std::fill_n(modulus, sizeof modulus, static_cast<unsigned char>(0xC5));
  switch (asked->type) {
    case CKA_KEY_TYPE:
      return answer({reinterpret_cast<const char*>(&type), sizeof type});
    case CKA_MODULUS:
      return answer({reinterpret_cast<const char*>(modulus), is("short-modulus") ? 8 : sizeof modulus});
    case CKA_PUBLIC_EXPONENT:
      return answer({"\x01\x00\x01", 3});
    default:
      asked->ulValueLen = CK_UNAVAILABLE_INFORMATION;
      return CKR_ATTRIBUTE_TYPE_INVALID;
  }
}

CK_RV sign_init(CK_SESSION_HANDLE /*session*/, CK_MECHANISM* /*mechanism*/, CK_OBJECT_HANDLE /*key*/) {
  return CKR_OK;
}
CK_RV sign(CK_SESSION_HANDLE /*session*/, unsigned char* /*data*/, unsigned long /*length*/, unsigned char* signature,
           unsigned long* signature_length) {
  if (is("removed")) return CKR_DEVICE_REMOVED;
  if (is("odd-error")) return 0x80001234UL;
  const unsigned long room = *signature_length;
  std::fill_n(signature, std::min(256UL, room), static_cast<unsigned char>(1));
  *signature_length = is("long-signature") ? room + 1 : 256;
  return CKR_OK;
}

}  // namespace

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  static CK_FUNCTION_LIST functions = [] {
    CK_FUNCTION_LIST table{};
    table.version = {2, 40};
    table.C_GetFunctionList = C_GetFunctionList;
    table.C_Initialize = initialize;
    table.C_Finalize = finalize;
    table.C_GetInfo = get_info;
    table.C_GetSlotList = get_slot_list;
    table.C_GetSlotInfo = get_slot_info;
    table.C_GetTokenInfo = get_token_info;
    table.C_OpenSession = open_session;
    table.C_CloseSession = close_session;
    table.C_GetSessionInfo = get_session_info;
    table.C_Login = login;
    table.C_FindObjectsInit = find_init;
    table.C_FindObjects = find;
    table.C_FindObjectsFinal = find_final;
    table.C_GetAttributeValue = get_attribute;
    table.C_SignInit = sign_init;
    table.C_Sign = sign;
    return table;
  }();
  *list = &functions;
  return CKR_OK;
}

#include "keys/p11_kit.h"

#include <string>

#include <dlfcn.h>
#include <fmt/format.h>

namespace bulkhead::keys {
namespace {

constexpr const char* kLibrary = "libp11-kit.so.0";
constexpr std::string_view kRemedy = "install p11-kit (Debian: apt-get install libp11-kit0)";

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Result<P11Kit> load() {
  // Never closed: modules that it loaded may still run.
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Code::kUnsupported,
                fmt::format("keys in tokens need {}: {}", kLibrary, ::dlerror()),  // NOLINT(concurrency-mt-unsafe)
                std::string(kRemedy));
  }
  P11Kit api{};
  const bool complete =
      find(library, "p11_kit_modules_load", api.modules_load) &&
      find(library, "p11_kit_modules_release", api.modules_release) &&
      find(library, "p11_kit_module_load", api.module_load) &&
      find(library, "p11_kit_module_initialize", api.module_initialize) &&
      find(library, "p11_kit_module_finalize", api.module_finalize) &&
      find(library, "p11_kit_module_release", api.module_release) &&
      find(library, "p11_kit_module_get_flags", api.module_get_flags) &&
      find(library, "p11_kit_module_get_name", api.module_get_name) &&
      find(library, "p11_kit_module_get_filename", api.module_get_filename) &&
      find(library, "p11_kit_message", api.message) && find(library, "p11_kit_strerror", api.strerror) &&
      find(library, "p11_kit_space_strlen", api.space_strlen) && find(library, "p11_kit_uri_new", api.uri_new) &&
      find(library, "p11_kit_uri_free", api.uri_free) && find(library, "p11_kit_uri_parse", api.uri_parse) &&
      find(library, "p11_kit_uri_format", api.uri_format) && find(library, "p11_kit_uri_message", api.uri_message) &&
      find(library, "p11_kit_uri_any_unrecognized", api.uri_any_unrecognized) &&
      find(library, "p11_kit_uri_match_module_info", api.uri_match_module_info) &&
      find(library, "p11_kit_uri_match_slot_info", api.uri_match_slot_info) &&
      find(library, "p11_kit_uri_match_token_info", api.uri_match_token_info) &&
      find(library, "p11_kit_uri_get_token_info", api.uri_get_token_info) &&
      find(library, "p11_kit_uri_get_slot_id", api.uri_get_slot_id) &&
      find(library, "p11_kit_uri_get_attribute", api.uri_get_attribute) &&
      find(library, "p11_kit_uri_set_attribute", api.uri_set_attribute) &&
      find(library, "p11_kit_uri_get_pin_value", api.uri_get_pin_value) &&
      find(library, "p11_kit_uri_get_pin_source", api.uri_get_pin_source) &&
      find(library, "p11_kit_uri_get_module_name", api.uri_get_module_name) &&
      find(library, "p11_kit_uri_get_module_path", api.uri_get_module_path);
  if (!complete) {
    return fail(Code::kUnsupported, fmt::format("{} lacks functions that keys in tokens need", kLibrary),
                std::string(kRemedy));
  }
  return api;
}

}  // namespace

Result<const P11Kit*> p11_kit() {
  static const Result<P11Kit> api = load();
  if (!api) return fail(api.error());
  return &*api;
}

}  // namespace bulkhead::keys

#include "net/curl_api.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace bulkhead::net {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";
constexpr std::string_view kRemedy = "install libcurl (Debian: apt-get install libcurl4)";
constexpr unsigned kOldestVersion = 0x075500;  // 7.85: CURLOPT_PROTOCOLS_STR

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Result<CurlApi> load() {
  // Never closed: libcurl's dependencies register exit handlers and thread-local storage.
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return fail(Code::kUnsupported,
                fmt::format("network access needs {}: {}", kLibrary, ::dlerror()),  // NOLINT(concurrency-mt-unsafe)
                std::string(kRemedy));
  }
  CurlApi api{};
  const bool complete =
      find(library, "curl_global_init", api.global_init) && find(library, "curl_version_info", api.version_info) &&
      find(library, "curl_easy_init", api.easy_init) && find(library, "curl_easy_cleanup", api.easy_cleanup) &&
      find(library, "curl_easy_setopt", api.easy_setopt) && find(library, "curl_easy_getinfo", api.easy_getinfo) &&
      find(library, "curl_easy_pause", api.easy_pause) && find(library, "curl_easy_strerror", api.easy_strerror) &&
      find(library, "curl_multi_init", api.multi_init) && find(library, "curl_multi_cleanup", api.multi_cleanup) &&
      find(library, "curl_multi_add_handle", api.multi_add_handle) &&
      find(library, "curl_multi_remove_handle", api.multi_remove_handle) &&
      find(library, "curl_multi_perform", api.multi_perform) && find(library, "curl_multi_poll", api.multi_poll) &&
      find(library, "curl_multi_wakeup", api.multi_wakeup) &&
      find(library, "curl_multi_info_read", api.multi_info_read) &&
      find(library, "curl_multi_setopt", api.multi_setopt) &&
      find(library, "curl_multi_strerror", api.multi_strerror) &&
      find(library, "curl_slist_append", api.slist_append) &&
      find(library, "curl_slist_free_all", api.slist_free_all) && find(library, "curl_url", api.url) &&
      find(library, "curl_url_cleanup", api.url_cleanup) && find(library, "curl_url_get", api.url_get) &&
      find(library, "curl_url_set", api.url_set) && find(library, "curl_url_strerror", api.url_strerror) &&
      find(library, "curl_free", api.free);
  if (!complete) {
    return fail(Code::kUnsupported, fmt::format("{} lacks functions that network access needs", kLibrary),
                std::string(kRemedy));
  }
  if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(Code::kUnsupported, fmt::format("{} cannot be initialised", kLibrary));
  }
  const curl_version_info_data* info = api.version_info(CURLVERSION_NOW);
  if (info->version_num < kOldestVersion || (info->features & CURL_VERSION_SSL) == 0) {
    return fail(Code::kUnsupported,
                fmt::format("{} is version {}; 7.85 or later, with TLS, is needed", kLibrary, info->version),
                std::string(kRemedy));
  }
  return api;
}

}  // namespace

Result<const CurlApi*> curl_api() {
  static const Result<CurlApi> api = load();
  if (!api) return fail(api.error());
  return &*api;
}

}  // namespace bulkhead::net

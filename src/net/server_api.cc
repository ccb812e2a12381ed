#include "net/server_api.h"

#include <array>

#include <dlfcn.h>
#include <fmt/format.h>

namespace bulkhead::net {
namespace {

constexpr const char* kHttpLibrary = "libmicrohttpd.so.12";
constexpr const char* kTlsLibrary = "libgnutls.so.30";
constexpr std::string_view kRemedy = "install libmicrohttpd with GnuTLS (Debian: apt-get install libmicrohttpd12)";

// Opens a library for good: what it registers at its exit stays valid.
class Library {
 public:
  explicit Library(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) problem_ = ::dlerror();  // NOLINT(concurrency-mt-unsafe)
  }
  template <typename Function>
  Library& find(const char* name, Function& function) {
    if (handle_ == nullptr) return *this;
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (function == nullptr) problem_ = fmt::format("it lacks {}", name);
    return *this;
  }
  const std::string& problem() const { return problem_; }

 private:
  void* handle_;
  std::string problem_;
};

Result<ServerApi> load() {
  ServerApi api{};
  Library http(kHttpLibrary);
  http.find("MHD_start_daemon", api.start_daemon)
      .find("MHD_stop_daemon", api.stop_daemon)
      .find("MHD_add_connection", api.add_connection)
      .find("MHD_get_connection_info", api.get_connection_info)
      .find("MHD_get_connection_values_n", api.get_connection_values_n)
      .find("MHD_suspend_connection", api.suspend_connection)
      .find("MHD_resume_connection", api.resume_connection)
      .find("MHD_queue_response", api.queue_response)
      .find("MHD_create_response_from_buffer", api.create_response_from_buffer)
      .find("MHD_create_response_from_callback", api.create_response_from_callback)
      .find("MHD_create_response_from_fd_at_offset64", api.create_response_from_fd_at_offset64)
      .find("MHD_add_response_header", api.add_response_header)
      .find("MHD_destroy_response", api.destroy_response);
  Library tls(kTlsLibrary);
  tls.find("gnutls_certificate_allocate_credentials", api.certificate_allocate_credentials)
      .find("gnutls_certificate_free_credentials", api.certificate_free_credentials)
      .find("gnutls_certificate_set_x509_key_mem", api.certificate_set_x509_key_mem)
      .find("gnutls_certificate_set_x509_trust_mem", api.certificate_set_x509_trust_mem)
      .find("gnutls_certificate_verify_peers", api.certificate_verify_peers)
      .find("gnutls_certificate_get_peers", api.certificate_get_peers)
      .find("gnutls_certificate_server_set_request", api.certificate_server_set_request)
      .find("gnutls_session_set_verify_function", api.session_set_verify_function)
      .find("gnutls_x509_crt_init", api.x509_crt_init)
      .find("gnutls_x509_crt_deinit", api.x509_crt_deinit)
      .find("gnutls_x509_crt_import", api.x509_crt_import)
      .find("gnutls_x509_crt_get_dn3", api.x509_crt_get_dn3)
      .find("gnutls_strerror", api.strerror)
      .find("gnutls_free", api.free);
  for (const Library* library : {&http, &tls}) {
    if (library->problem().empty()) continue;
    return fail(Code::kUnsupported,
                fmt::format("serving needs {}: {}", library == &http ? kHttpLibrary : kTlsLibrary, library->problem()),
                std::string(kRemedy));
  }
  return api;
}

const Result<ServerApi>& loaded() {
  static const Result<ServerApi> api = load();
  return api;
}

}  // namespace

Status load_server_api() {
  if (!loaded()) return fail(loaded().error());
  return {};
}

const ServerApi& server_api() {
  return *loaded();
}

}  // namespace bulkhead::net

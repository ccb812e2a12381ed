// libmicrohttpd and GnuTLS, opened at run time. Internal to net.
//
// Why not linked: they bring a dozen shared libraries with them, whose loading costs every start of the program some
// milliseconds, and few commands serve anything. curl_api.h does the same for libcurl.
#pragma once

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include "base/result.h"

namespace bulkhead::net {

struct ServerApi {
  decltype(&::MHD_start_daemon) start_daemon;
  decltype(&::MHD_stop_daemon) stop_daemon;
  decltype(&::MHD_add_connection) add_connection;
  decltype(&::MHD_get_connection_info) get_connection_info;
  decltype(&::MHD_get_connection_values_n) get_connection_values_n;
  decltype(&::MHD_suspend_connection) suspend_connection;
  decltype(&::MHD_resume_connection) resume_connection;
  decltype(&::MHD_queue_response) queue_response;
  decltype(&::MHD_create_response_from_buffer) create_response_from_buffer;
  decltype(&::MHD_create_response_from_callback) create_response_from_callback;
  decltype(&::MHD_create_response_from_fd_at_offset64) create_response_from_fd_at_offset64;
  decltype(&::MHD_add_response_header) add_response_header;
  decltype(&::MHD_destroy_response) destroy_response;

  decltype(&::gnutls_certificate_allocate_credentials) certificate_allocate_credentials;
  decltype(&::gnutls_certificate_free_credentials) certificate_free_credentials;
  decltype(&::gnutls_certificate_set_x509_key_mem) certificate_set_x509_key_mem;
  decltype(&::gnutls_certificate_set_x509_trust_mem) certificate_set_x509_trust_mem;
  decltype(&::gnutls_certificate_verify_peers) certificate_verify_peers;
  decltype(&::gnutls_certificate_get_peers) certificate_get_peers;
  decltype(&::gnutls_certificate_server_set_request) certificate_server_set_request;
  decltype(&::gnutls_session_set_verify_function) session_set_verify_function;
  decltype(&::gnutls_x509_crt_init) x509_crt_init;
  decltype(&::gnutls_x509_crt_deinit) x509_crt_deinit;
  decltype(&::gnutls_x509_crt_import) x509_crt_import;
  decltype(&::gnutls_x509_crt_get_dn3) x509_crt_get_dn3;
  decltype(&::gnutls_strerror) strerror;
  decltype(&::gnutls_free) free;  // a variable
};

// Loads them at the first call, from any thread, for the life of the process. kUnsupported, with what to install, when
// they are not there; the same answer every time.
Status load_server_api();
// After it has succeeded.
const ServerApi& server_api();

}  // namespace bulkhead::net

#include "net/server_tls.h"

#include <fmt/format.h>

#include "net/server_api.h"

namespace bulkhead::net {
namespace {

gnutls_datum_t datum_of(std::string_view text) {
  // GnuTLS does not write to it.
  return {reinterpret_cast<unsigned char*>(const_cast<char*>(text.data())), static_cast<unsigned>(text.size())};
}

// Called in the handshake: anything but 0 ends it.
int verify_client(gnutls_session_t session) {
  std::string purpose = GNUTLS_KP_TLS_WWW_CLIENT;
  gnutls_typed_vdata_st wanted{};
  wanted.type = GNUTLS_DT_KEY_PURPOSE_OID;
  wanted.data = reinterpret_cast<unsigned char*>(purpose.data());
  unsigned status = 0;
  if (server_api().certificate_verify_peers(session, &wanted, 1, &status) != GNUTLS_E_SUCCESS) return -1;
  return status == 0 ? 0 : -1;
}

// GnuTLS asks for clients without a certificate, too.
int verify_client_that_has_one(gnutls_session_t session) {
  unsigned count = 0;
  return server_api().certificate_get_peers(session, &count) == nullptr || count == 0 ? 0 : verify_client(session);
}

}  // namespace

Status check_server_tls(const ServerTls& tls) {
  gnutls_certificate_credentials_t credentials = nullptr;
  if (server_api().certificate_allocate_credentials(&credentials) != GNUTLS_E_SUCCESS) {
    return fail(Code::kInternal, "GnuTLS: no memory for credentials");
  }
  const gnutls_datum_t certificate = datum_of(tls.certificate_pem);
  const gnutls_datum_t key = datum_of(tls.key_pem.reveal());
  const int loaded = server_api().certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
  int authorities = 1;
  if (tls.client_certificates != ClientCertificates::kNone) {
    const gnutls_datum_t trusted = datum_of(tls.client_authorities_pem);
    authorities = server_api().certificate_set_x509_trust_mem(credentials, &trusted, GNUTLS_X509_FMT_PEM);
  }
  server_api().certificate_free_credentials(credentials);
  if (loaded < 0) {
    return fail(Code::kInvalidArgument,
                fmt::format("the server's certificate or key cannot be used: {}", server_api().strerror(loaded)),
                "give the certificate and its key, not encrypted, as PEM");
  }
  if (authorities <= 0) {
    return fail(Code::kInvalidArgument, "no certificate can be read from the authorities of client certificates",
                "give the authorities' certificates as PEM");
  }
  return {};
}

void ask_for_certificate(void* session, ClientCertificates wanted) {
  if (wanted == ClientCertificates::kNone) return;
  auto* tls = static_cast<gnutls_session_t>(session);
  const bool required = wanted == ClientCertificates::kRequired;
  server_api().certificate_server_set_request(tls, required ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
  server_api().session_set_verify_function(tls, required ? &verify_client : &verify_client_that_has_one);
}

std::optional<ClientCertificate> certificate_of_client(void* session) {
  unsigned count = 0;
  const gnutls_datum_t* chain = server_api().certificate_get_peers(static_cast<gnutls_session_t>(session), &count);
  if (chain == nullptr || count == 0) return std::nullopt;
  ClientCertificate out;
  out.der.assign(reinterpret_cast<const char*>(chain[0].data), chain[0].size);
  gnutls_x509_crt_t certificate = nullptr;
  if (server_api().x509_crt_init(&certificate) != GNUTLS_E_SUCCESS) return std::nullopt;
  gnutls_datum_t subject{};
  if (server_api().x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
      server_api().x509_crt_get_dn3(certificate, &subject, 0) == GNUTLS_E_SUCCESS) {
    out.subject.assign(reinterpret_cast<const char*>(subject.data), subject.size);
    (*server_api().free)(subject.data);
  }
  server_api().x509_crt_deinit(certificate);
  return out;
}

}  // namespace bulkhead::net

// TLS of the server: GnuTLS, which libmicrohttpd uses. Internal to net.
#pragma once

#include "net/http_server.h"

namespace bulkhead::net {

// GnuTLS's words for "TLS 1.2 or later".
inline constexpr const char* kServerTlsPriorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

// kInvalidArgument: certificate, key or authorities cannot be used, or do not fit each other.
Status check_server_tls(const ServerTls& tls);

// `session` is a gnutls_session_t of a connection that has not begun its handshake.
void ask_for_certificate(void* session, ClientCertificates wanted);
// After the handshake; nothing when the client gave none.
std::optional<ClientCertificate> certificate_of_client(void* session);

}  // namespace bulkhead::net

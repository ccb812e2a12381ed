// TLS of the server: GnuTLS, which libmicrohttpd uses. Internal to net.
#pragma once

#include "net/http_server.h"

namespace bulkhead::net {

// GnuTLS's words for "TLS 1.2 or later", and of its ciphers the one first whose hash processors compute themselves:
// SHA-384, which AES-256-GCM brings with it, costs a handshake more than its signature does.
inline constexpr const char* kServerTlsPriorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-CCM:"
    "+AES-256-CCM:+AES-128-CBC:+AES-256-CBC:%SERVER_PRECEDENCE";

// kInvalidArgument: certificate, key or authorities cannot be used, or do not fit each other.
Status check_server_tls(const ServerTls& tls);

// `session` is a gnutls_session_t of a connection that has not begun its handshake.
void ask_for_certificate(void* session, ClientCertificates wanted);
// After the handshake; nothing when the client gave none.
std::optional<ClientCertificate> certificate_of_client(void* session);

}  // namespace bulkhead::net

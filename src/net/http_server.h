// The HTTP server of the house: HTTP/1.1 over TCP, TLS and Unix sockets, with bodies that stream both ways. A facade
// over libmicrohttpd, which no header of ours shows.
//
//   net::ServerOptions options;
//   options.listeners.push_back({.address = net::UnixAddress{.path = "/run/x.sock"}});
//   TRY_ASSIGN(auto server, net::Server::start(std::move(options), handler));
//   …
//   server->stop(std::chrono::seconds(10));
//
// How a request goes:
// - A few polling threads do all network I/O and never wait for anything else. What a handler does runs on threads of
//   its own (at most ServerLimits::handlers at once, made when needed); its connection is suspended meanwhile.
// - A request with a body is first shown to RequestHandler::admit, before anything of the body is asked for: what is
//   refused there is never sent by a client that said "Expect: 100-continue".
// - handle() begins when the body is whole or has filled its window of 256 KiB, so that a client that sends slowly
//   holds no thread for a small request. It pulls the body; nothing is read from the network beyond the window.
// - A streamed answer is pulled block by block, each block when the client has taken the one before; no thread is held
//   in between. Files are sent with sendfile(2) where there is no TLS.
// - HEAD is a request like any other whose answer loses its body. Connections are kept, save after an error and after
//   a chunked request: libmicrohttpd takes line ends in chunk framing that others do not, and what cannot be followed
//   by a second request cannot smuggle one.
//
// Trust of the input: none. A head that others may read differently (two lengths, a length and a transfer coding,
// white space before a colon, folded lines, bare line feeds, NUL) is answered with 400 and the connection closed.
// Source: RFC 9110, RFC 9112.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include <sys/types.h>

#include "base/block_source.h"
#include "base/fs.h"
#include "base/secret.h"
#include "net/headers.h"

namespace bulkhead::net {

struct TcpAddress {
  std::string host;   // an IPv4 or IPv6 address, not a name: "127.0.0.1", "::" (IPv6 only)
  uint16_t port = 0;  // 0: a free one, which Server::port() tells
};
// A socket that nobody listens on any more is replaced, at one stroke; one in use is kUnavailable.
struct UnixAddress {
  std::string path;
  unsigned mode = 0600;
  std::optional<uid_t> owner{};
  std::optional<gid_t> group{};
};
// A socket that listens already (socket activation).
struct GivenSocket {
  UniqueFd socket;
};

enum class ClientCertificates : uint8_t { kNone, kOptional, kRequired };

// TLS 1.2 or later. A client certificate that does not verify, or is required and absent, ends the handshake.
struct ServerTls {
  std::string certificate_pem;  // the server's own, then its intermediates
  Secret key_pem;
  ClientCertificates client_certificates = ClientCertificates::kNone;
  std::string client_authorities_pem;
};

struct Listener {
  std::variant<TcpAddress, UnixAddress, GivenSocket> address;
  std::optional<ServerTls> tls{};
};

struct ServerLimits {
  size_t max_head_bytes = size_t{32} << 10;        // more: 431 (414 for the request line alone)
  size_t max_fields = 128;                         // more: 431
  uint64_t max_body_bytes = uint64_t{1} << 20;     // more: 413; RequestHandler::admit may say otherwise for a request
  size_t connections = 1024;                       // of all listeners; more wait to be accepted
  size_t connections_per_address = 256;            // of TCP clients; more are closed at once
  size_t handlers = 64;                            // running at once; more wait
  std::chrono::milliseconds head_timeout{10'000};  // for a head (and the TLS handshake) from its beginning
  std::chrono::milliseconds idle_timeout{60'000};  // a connection on which nothing moves; whole seconds, rounded up
  // A client must send or take this much in each period in which the server waits for it.
  std::chrono::milliseconds stall_period{30'000};
  uint64_t stall_min_bytes = 1024;
  std::optional<std::chrono::milliseconds> request_deadline{};  // from the head to the last byte of the answer
};

struct UnixPeer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
};
struct ClientCertificate {  // verified
  std::string der;
  std::string subject;  // RFC 4514
};
struct Peer {
  std::string address;                  // "127.0.0.1:1234", "[::1]:1234", "unix"
  std::optional<UnixPeer> credentials;  // of who connected, at that time (SO_PEERCRED)
  std::optional<ClientCertificate> certificate;
  size_t listener = 0;  // index into ServerOptions::listeners
};

struct RequestHead {
  std::string method;
  std::string target;  // as it was sent, printable ASCII: nothing is decoded or normalised
  Headers headers;
  Peer peer;
  std::optional<uint64_t> content_length{};  // nothing for a chunked body; 0 for none

  std::string_view path() const;  // the target up to "?"
  // The query's parameters, percent-decoded, in their order. kMalformed for a broken escape or one of NUL.
  Result<std::vector<std::pair<std::string, std::string>>> query() const;
};

struct ServerRequest {
  RequestHead head;
  // Never null; good until handle() returns. Errors: kLimitExceeded (past the limit; the answer will be 413 whatever
  // the handler gives), kCancelled (the client left or was too slow, or the server stops).
  std::unique_ptr<BlockSource> body;
  std::stop_token stop;  // the client left, was cut off, or the server stops
};

struct StreamBody {
  std::unique_ptr<BlockSource> source;  // may be null for HEAD; an error breaks the connection off
  std::optional<uint64_t> size{};  // Content-Length; nothing: chunked. A source that gives less or more is an error
};
struct FileBody {
  UniqueFd file;  // a regular one, which must not shrink
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct ServerResponse {
  int status = 200;  // 200 to 599
  Headers headers;   // without Content-Length and Transfer-Encoding, which follow from the body
  std::variant<std::string, StreamBody, FileBody> body;
};

// Called from many threads at once. What it throws becomes 500 and a line in the log.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  // Of requests that bring a body: the most that it may have, or the answer that refuses it. May wait.
  virtual std::expected<uint64_t, ServerResponse> admit(const RequestHead& head, const ServerLimits& limits);
  // May wait; must end soon after request.stop.
  virtual ServerResponse handle(ServerRequest& request) = 0;
};

// One request's end, or what went wrong apart from requests. Never holds a query, a field's value or a byte of a body.
struct ServerEvent {
  std::string peer, method, path;  // empty where unknown
  int status = 0;                  // 0: no answer was begun
  uint64_t received = 0;           // bytes of the body
  std::chrono::microseconds duration{};
  std::string problem;  // empty: none
};

struct ServerOptions {
  std::vector<Listener> listeners;
  ServerLimits limits{};
  size_t polling_threads = 2;                     // for each listener
  std::function<void(const ServerEvent&)> log{};  // from any thread; must not wait long, must not throw
};

// Thread-safe.
class Server {
 public:
  // The handler must outlive the server. kInvalidArgument (address, certificate, key), kUnavailable (in use),
  // kPermissionDenied, kIo: name the address. On failure nothing listens and a Unix socket in use is untouched.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, RequestHandler& handler);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();  // stop(0)

  uint16_t port(size_t listener = 0) const;  // of a TCP listener
  // Accepts no more, lets running requests end for so long, then asks them to stop, and returns when their handlers
  // have. Requests that are done meanwhile close their connections. The second call does nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bulkhead::net

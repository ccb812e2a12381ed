// The HTTP client of the house: a request in, status and headers and a streaming body out.
//
//   net::Client client(options);
//   net::Request request;
//   request.url = "https://example.com/feed.json";
//   TRY_ASSIGN(net::Response response, client.send(request));
//   TRY(response.expect_success());
//   TRY_ASSIGN(auto text, read_all(*response.body, limit, "feed.json"));
//
// What it promises:
// - The body is pulled: nothing is read from the network that was not asked for, beyond one buffer of 256 KiB.
// - It speaks HTTP/1.1 (a connection carries one transfer, so that back-pressure is TCP's own) over TCP or a Unix
// socket,
//   IPv4 and IPv6, and TLS 1.2 or later with the server's certificate always verified, unless its very host was named
//   in ClientOptions::tls_by_host with skip_verification.
// - The body is handed on as it was sent: Content-Encoding is not undone. Whoever sends Accept-Encoding decodes.
// - Redirects of GET and HEAD are followed up to a count; never from https to http; Request::authorization and cookies
// go
//   only to the origin (scheme, host, port) that they were meant for.
// - GET and HEAD are retried by a policy when the connection failed, the server did not answer or answered with a
//   passing failure, until the head of an answer is there. A body that breaks later is the reader's to continue
//   (resume.h).
// - Credentials, queries and bodies never appear in an error.
// Connections are kept and used again. Thread-safe: one client may send from many threads; a Response belongs to one
// thread at a time and may outlive its client.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/block_source.h"
#include "base/secret.h"
#include "net/headers.h"
#include "net/proxy.h"
#include "net/retry.h"

namespace bulkhead::net {

// Whom to trust and who we are. Paths are the user's own (trusted).
struct TlsOptions {
  // PEM files, and folders whose *.crt and *.pem files are read, trusted in addition to the system's authorities.
  std::vector<std::string> ca_files;
  std::vector<std::string> ca_dirs;
  bool only_these_authorities = false;  // the files and folders above instead of the system's authorities
  std::string client_certificate;       // PEM; empty: none
  std::string client_key;               // PEM; empty: in the certificate's file
  // The certificate is not verified. Only for a host that the user named as insecure, never for all.
  bool skip_verification = false;
};

struct ClientOptions {
  std::string user_agent{};
  ProxyOptions proxies{};
  TlsOptions tls{};
  // Replaces `tls` for a host; the key is Url::authority(): "registry.example.com", "10.0.0.1:5000".
  std::map<std::string, TlsOptions> tls_by_host{};
  HeadLimits head_limits{};
};

struct Timeouts {
  std::chrono::milliseconds connect{15'000};     // name resolution, connection and TLS handshake
  std::chrono::milliseconds first_byte{60'000};  // from there to the head of the answer
  // A body must bring min_bytes in each period spent waiting for it; the time its reader takes does not count.
  std::chrono::milliseconds stall_period{30'000};
  uint64_t stall_min_bytes = 1024;
  // The body, from the head of the answer to its last byte, for documents that are small: a server that keeps just
  // above stall_min_bytes would hold one up for hours. None by default.
  std::optional<std::chrono::milliseconds> body;
  // The whole call: redirects, retries and the reading of the body. None by default: a layer may take an hour.
  std::optional<std::chrono::milliseconds> total;
};

struct Request {
  std::string method = "GET";
  std::string url;
  Headers headers;
  Secret authorization;     // value of the Authorization field; empty: none
  std::string body;         // sent with Content-Length when it is not empty or the method is POST or PUT
  std::string unix_socket;  // path; the URL's host is then only the Host field
  Timeouts timeouts;
  RetryPolicy retry;
  uint32_t max_redirects = 10;
  // Of the answer, refused by its Content-Length before any of it is waited for; 0: as many as come.
  uint64_t max_body_bytes = 0;
  std::stop_token stop;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string url;  // of the last redirect; for messages use display_url
  std::string display_url;
  // The body, perhaps empty, never null. Not reading it to its end closes the connection.
  // Errors: kUnavailable (connection broke), kDeadlineExceeded (stalled, or the total is over), kLimitExceeded,
  // kCancelled.
  std::unique_ptr<BlockSource> body;

  bool is_success() const { return status >= 200 && status < 300; }
  // Content-Length; nothing when it is absent or no number.
  std::optional<uint64_t> content_length() const;
  // An error for every status but 2xx: kUnauthenticated (401, 407), kPermissionDenied (403), kNotFound (404, 410),
  // kUnavailable (408, 429, 5xx), kUnsupported (any other). Names URL and status, never the body.
  Status expect_success() const;
};

class Client {
 public:
  explicit Client(ClientOptions options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  // The answer's head, whatever its status. kInvalidArgument (URL, method, header), kUnavailable (no connection, broken
  // off), kVerificationFailed (the server's certificate), kUnsupported (the server speaks no TLS that we do; libcurl is
  // missing), kDeadlineExceeded, kLimitExceeded (head), kMalformed (answer is not HTTP), kCancelled.
  Result<Response> send(const Request& request) const;

  const ClientOptions& options() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// What a conditional request needs from an earlier answer. Both may be empty. Source: RFC 9110 section 13.
struct Validators {
  std::string etag;
  std::string last_modified;
  bool empty() const { return etag.empty() && last_modified.empty(); }
};

Validators validators_of(const Headers& headers);
// If-None-Match and If-Modified-Since: the server answers 304 and no body when nothing has changed.
void make_conditional(Request& request, const Validators& validators);

}  // namespace bulkhead::net

#include "audit/collect/listeners.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "audit/collect/netlink.h"
#include "audit/collect/socket_table.h"
#include "audit/collect/unknown.h"
#include "base/text.h"
#include "net/http_client.h"

namespace bulkhead::audit {
namespace {

constexpr size_t kMaxListeners = 64;
constexpr size_t kMaxAnswerBytes = size_t{64} << 10;
constexpr int kTlsAttempts = 5;
constexpr size_t kMaxTableBytes = size_t{64} << 20;

enum class Answer : uint8_t {
  kEngine,             // the engine's API, to anybody
  kOtherHttp,          // HTTP, not the engine's
  kTls,                // plain HTTP met a server of TLS
  kCertificateWanted,  // TLS, and not without a certificate
  kSilence,            // nothing in time
  kCut,                // the connection ended without a word
  kOther,              // neither HTTP nor TLS
};

net::Request ping(std::string_view scheme, const TcpSocket& socket, std::chrono::milliseconds timeout) {
  std::string host = socket.host;
  if (socket.any) host = socket.ipv6 ? "::1" : "127.0.0.1";
  net::Request request;
  request.url = socket.ipv6 ? fmt::format("{}://[{}]:{}/_ping", scheme, host, socket.port)
                            : fmt::format("{}://{}:{}/_ping", scheme, host, socket.port);
  request.timeouts = {.connect = timeout, .first_byte = timeout, .stall_period = timeout, .total = timeout};
  request.retry = net::RetryPolicy::never();
  request.max_redirects = 0;
  request.max_body_bytes = kMaxAnswerBytes;
  return request;
}

// A plugin that says who may ask what (moby, daemon/pkg/authorization) is asked before the engine names itself.
bool is_denied_by_plugin(const net::Response& response) {
  if (response.status != 403) return false;
  const auto text = read_all(*response.body, kMaxAnswerBytes, "the answer");
  return text && text->contains("authorization denied by plugin");
}

bool is_engine(const net::Response& response) {
  const auto server = response.headers.find("Server");
  return response.headers.find("Api-Version") ||
         (server && (server->starts_with("Docker/") || server->starts_with("Libpod/"))) ||
         is_denied_by_plugin(response);
}

Answer try_plain(const net::Client& client, const TcpSocket& socket, std::chrono::milliseconds timeout) {
  const auto response = client.send(ping("http", socket, timeout));
  if (!response) {
    // A server of TLS that is not Go's hangs up or answers with an alert.
    const Code code = response.error().code();
    return code == Code::kDeadlineExceeded ? Answer::kSilence : Answer::kTls;
  }
  if (is_engine(*response)) return Answer::kEngine;
  // Go's: "Client sent an HTTP request to an HTTPS server."
  return response->status == 400 ? Answer::kTls : Answer::kOtherHttp;
}

Answer try_tls_once(const net::Client& client, const TcpSocket& socket, std::chrono::milliseconds timeout) {
  // The alerts by which a server refuses who shows no certificate (RFC 8446 section 6.2; TLS 1.2 servers of Go say
  // bad_certificate), in OpenSSL's words.
  constexpr std::array<std::string_view, 4> kRefusals = {"certificate required", "bad certificate", "handshake failure",
                                                         "certificate unknown"};
  const auto response = client.send(ping("https", socket, timeout));
  if (response) return is_engine(*response) ? Answer::kEngine : Answer::kOtherHttp;
  if (response.error().code() == Code::kDeadlineExceeded) return Answer::kSilence;
  const std::string text = to_lower(response.error().message());
  const bool refused = std::ranges::any_of(kRefusals, [&](std::string_view words) { return text.contains(words); });
  if (refused) return Answer::kCertificateWanted;
  return response.error().code() == Code::kUnavailable ? Answer::kCut : Answer::kOther;
}

Answer try_tls(const net::Client& client, const TcpSocket& socket, std::chrono::milliseconds timeout) {
  // With TLS 1.3 the request is under way when the server refuses, and a connection that it closes with the request
  // unread may be cut before its alert is read.
  Answer answer = Answer::kCut;
  for (int i = 0; i < kTlsAttempts && answer == Answer::kCut; ++i) answer = try_tls_once(client, socket, timeout);
  return answer;
}

// What trying it out told.
struct Verdict {
  Listener::Security security = Listener::Security::kUnknown;
  Listener::Purpose purpose = Listener::Purpose::kUnclear;
  std::string reason{};
};

Verdict api_with(Listener::Security security) {
  return {.security = security, .purpose = Listener::Purpose::kApi};
}

// Nothing: HTTP of another service.
std::optional<Verdict> judge(const net::Client& client, const TcpSocket& socket, std::chrono::milliseconds timeout) {
  using Security = Listener::Security;
  const auto milliseconds = timeout.count();
  const Answer plain = try_plain(client, socket, timeout);
  if (plain == Answer::kEngine) return api_with(Security::kPlain);
  if (plain == Answer::kOtherHttp) return std::nullopt;
  if (plain == Answer::kSilence) {
    return Verdict{.purpose = Listener::Purpose::kSilent,
                   .reason = fmt::format("it takes connections and said nothing within {} ms", milliseconds)};
  }
  switch (try_tls(client, socket, timeout)) {
    case Answer::kEngine:
      return api_with(Security::kTlsWithoutClientCertificate);
    case Answer::kCertificateWanted:
      return api_with(Security::kMutualTls);
    case Answer::kOtherHttp:
      return std::nullopt;
    case Answer::kSilence:
      return Verdict{.reason = fmt::format("it is no plain HTTP and said nothing of TLS within {} ms", milliseconds)};
    case Answer::kCut:
      return Verdict{.reason = fmt::format("it ended {} connections of TLS without a word", kTlsAttempts)};
    default:
      return Verdict{.reason = "it speaks neither HTTP nor a TLS that is known here"};
  }
}

// "tcp://0.0.0.0:2376", "tcp://:2376", "0.0.0.0"; without a port it is 2376 with TLS and 2375 without.
bool is_told(const std::vector<std::string>& hosts, const TcpSocket& socket) {
  return std::ranges::any_of(hosts, [&](const std::string& host) {
    if (host.starts_with("unix://") || host.starts_with("fd://")) return false;
    const size_t colon = host.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : parse_decimal(std::string_view(host).substr(colon + 1));
    return port ? *port == socket.port : socket.port == 2375 || socket.port == 2376;
  });
}

// Of our own network namespace.
Result<std::vector<TcpSocket>> ask_for_listeners() {
  std::vector<TcpSocket> listeners;
  for (const int family : {AF_INET, AF_INET6}) {
    inet_diag_req_v2 wanted{};
    wanted.sdiag_family = static_cast<uint8_t>(family);
    wanted.sdiag_protocol = IPPROTO_TCP;
    wanted.idiag_states = 1U << uint32_t{TCP_LISTEN};
    TRY(ask_kernel({.protocol = NETLINK_SOCK_DIAG,
                    .type = SOCK_DIAG_BY_FAMILY,
                    .flags = NLM_F_DUMP,
                    .body = std::as_bytes(std::span(&wanted, 1))},
                   "the kernel's sockets",
                   [&](ByteSpan datagram) { return parse_socket_datagram(datagram, listeners); }));
  }
  return listeners;
}

Result<std::vector<TcpSocket>> read_listeners(const ProcessFolder& process) {
  std::vector<TcpSocket> listeners;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    const auto text = process.read(table, kMaxTableBytes);
    if (!text && text.error().code() == Code::kNotFound) continue;  // a machine without IPv6
    if (!text) return fail(text.error());
    std::ranges::move(parse_listening_tcp_sockets(*text), std::back_inserter(listeners));
  }
  return listeners;
}

// Those that the process holds.
Result<std::vector<TcpSocket>> held_listeners(const ProcessFolder& process, bool same_namespace) {
  TRY_ASSIGN(const std::vector<uint64_t> held, process.sockets());
  auto listeners = same_namespace ? ask_for_listeners() : Result<std::vector<TcpSocket>>(fail(Code::kUnsupported, ""));
  if (!listeners) listeners = read_listeners(process);  // also of a kernel without sock_diag
  if (!listeners) return listeners;
  std::erase_if(*listeners, [&](const TcpSocket& socket) { return !std::ranges::binary_search(held, socket.inode); });
  if (listeners->size() > kMaxListeners) return fail(limit_error("TCP listeners of the engine", kMaxListeners, {}));
  return listeners;
}

}  // namespace

Fact<std::vector<Listener>> look_at_listeners(const ProcessFolder& process, const ListenerOptions& options) {
  const auto theirs = process.link("ns/net");
  const auto own = ProcessFolder::open(options.proc, static_cast<int32_t>(::getpid()));
  const auto ours = own ? own->link("ns/net") : Result<std::string>(fail(own.error()));
  const bool reachable = theirs && ours && *theirs == *ours;
  const auto sockets = held_listeners(process, reachable);
  if (!sockets) return unknown_because(sockets.error());
  std::vector<Listener> listeners;
  if (sockets->empty()) return listeners;

  std::vector<std::optional<Verdict>> found(sockets->size());
  if (reachable) {
    // Its certificate is looked at by nobody: only what it asks of us counts, and nothing is told to it.
    const net::Client client({.tls = {.skip_verification = true}});
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < sockets->size(); ++i) {
      threads.emplace_back([&, i] { found[i] = judge(client, (*sockets)[i], options.timeout); });
    }
  }
  for (size_t i = 0; i < sockets->size(); ++i) {
    const TcpSocket& socket = (*sockets)[i];
    const bool told = is_told(options.hosts, socket);
    if (reachable && !found[i] && !told) continue;
    Listener listener{.address = socket.ipv6 ? fmt::format("[{}]:{}", socket.host, socket.port)
                                             : fmt::format("{}:{}", socket.host, socket.port),
                      .loopback = socket.loopback};
    if (found[i]) {
      listener.security = found[i]->security;
      listener.reason = std::move(found[i]->reason);
      if (!told) listener.purpose = found[i]->purpose;
    } else {
      listener.reason =
          reachable ? "it answers HTTP, but not as the engine does" : "it is in another network namespace";
    }
    listeners.push_back(std::move(listener));
  }
  return listeners;
}

}  // namespace bulkhead::audit

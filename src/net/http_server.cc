#include "net/http_server.h"

#include <algorithm>
#include <cstdarg>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "net/server_api.h"
#include "net/server_exchange.h"
#include "net/server_sockets.h"
#include "net/server_tls.h"

namespace bulkhead::net {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{100};

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0 || text.substr(i, 3) == "%00") {
      return fail(Code::kMalformed, "the query has a percent-escape that is not well formed");
    }
    out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return out;
}

// One accepted connection, from its acceptance to its close.
struct Connection {
  Peer peer;
  std::string host;
  bool started = false;  // libmicrohttpd has it, and will tell of its end before it closes the descriptor
  bool certificate_read = false;
  bool first_request = true;
  Clock::time_point since = Clock::now();  // the last request's end
  std::shared_ptr<Exchange> exchange;
  // What had moved at the beginning of this period of waiting for the client.
  Clock::time_point period_begun{};
  uint64_t moved = 0;
  bool cut = false;
};

// Bytes that the peer of a TCP connection has acknowledged.
uint64_t acknowledged(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_acked;
}

int descriptor_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = server_api().get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info == nullptr ? -1 : info->connect_fd;
}

void* session_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info = server_api().get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return info == nullptr ? nullptr : info->tls_session;
}

size_t keep_as_it_is(void* /*cls*/, MHD_Connection* /*connection*/, char* text) {
  return std::char_traits<char>::length(text);
}

}  // namespace

std::string_view RequestHead::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

Result<std::vector<std::pair<std::string, std::string>>> RequestHead::query() const {
  std::vector<std::pair<std::string, std::string>> out;
  const size_t mark = target.find('?');
  if (mark == std::string::npos) return out;
  for (const std::string_view piece : split(std::string_view(target).substr(mark + 1), '&')) {
    if (piece.empty()) continue;
    const size_t equals = piece.find('=');
    TRY_ASSIGN(std::string name, decoded(piece.substr(0, equals)));
    TRY_ASSIGN(std::string value, decoded(equals == std::string_view::npos ? "" : piece.substr(equals + 1)));
    out.emplace_back(std::move(name), std::move(value));
  }
  return out;
}

std::expected<uint64_t, ServerResponse> RequestHandler::admit(const RequestHead& head, const ServerLimits& limits) {
  static_cast<void>(head);
  return limits.max_body_bytes;
}

struct Server::State {
  struct Port {
    Port(State& owner, size_t number, ListeningSocket listening)
        : state(owner), index(number), socket(std::in_place, std::move(listening)) {}
    State& state;
    size_t index;
    std::optional<ListeningSocket> socket;
    uint16_t port = 0;
    std::optional<ServerTls> tls;
    MHD_Daemon* daemon = nullptr;
  };

  ServerOptions options;
  ExchangeContext context;
  ServerThreads threads;
  UniqueFd wake;
  std::mutex mutex;  // guards the two below; held while a connection's descriptor is used, so that it stays open
  std::map<int, Connection> connections;
  std::map<std::string, size_t> of_address;
  std::mutex stop_mutex;
  bool stopped = false;
  std::vector<std::unique_ptr<Port>> ports;
  std::jthread acceptor, watchdog;

  State(ServerOptions given, RequestHandler& handler) : options(std::move(given)), threads(options.limits.handlers) {
    context.handler = &handler;
    context.limits = options.limits;
    context.log = options.log;
    context.threads = &threads;
  }

  void log_problem(std::string peer, std::string problem) const {
    if (!options.log) return;
    ServerEvent event;
    event.peer = std::move(peer);
    event.problem = std::move(problem);
    options.log(event);
  }

  // Calls of libmicrohttpd; nothing may be thrown through it.

  [[gnu::format(printf, 2, 0)]] static void on_message(void* cls, const char* format, va_list arguments) {
    char text[512];
    if (std::vsnprintf(text, sizeof(text), format, arguments) < 0) return;
    const auto& state = *static_cast<State*>(cls);
    state.log_problem({}, fmt::format("libmicrohttpd: {}", printable(trim(text))));
  }

  static void on_connection(void* cls, MHD_Connection* connection, void** /*context*/,
                            MHD_ConnectionNotificationCode code) {
    auto& port = *static_cast<Port*>(cls);
    const int fd = descriptor_of(connection);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
      port.state.forget(fd);
      return;
    }
    if (port.tls) ask_for_certificate(session_of(connection), port.tls->client_certificates);
    const std::scoped_lock lock(port.state.mutex);
    if (const auto found = port.state.connections.find(fd); found != port.state.connections.end()) {
      found->second.started = true;
    }
  }

  static void* on_target(void* cls, const char* target, MHD_Connection* connection) {
    auto& port = *static_cast<Port*>(cls);
    State& state = port.state;
    const int fd = descriptor_of(connection);
    const std::scoped_lock lock(state.mutex);
    const auto found = state.connections.find(fd);
    if (found == state.connections.end()) return nullptr;
    Connection& own = found->second;
    if (port.tls && port.tls->client_certificates != ClientCertificates::kNone && !own.certificate_read) {
      own.certificate_read = true;
      own.peer.certificate = certificate_of_client(session_of(connection));
    }
    own.exchange = std::make_shared<Exchange>(state.context, connection, own.peer, target == nullptr ? "" : target);
    own.period_begun = Clock::now();
    own.moved = acknowledged(fd);
    return new std::shared_ptr<Exchange>(own.exchange);
  }

  static MHD_Result on_access(void* /*cls*/, MHD_Connection* /*connection*/, const char* url, const char* method,
                              const char* version, const char* data, size_t* size, void** context) {
    if (*context == nullptr) return MHD_NO;
    return (*static_cast<std::shared_ptr<Exchange>*>(*context))->access(url, method, version, data, *size);
  }

  static void on_completed(void* cls, MHD_Connection* connection, void** context, MHD_RequestTerminationCode reason) {
    if (*context == nullptr) return;
    State& state = static_cast<Port*>(cls)->state;
    const std::unique_ptr<std::shared_ptr<Exchange>> own(static_cast<std::shared_ptr<Exchange>*>(*context));
    *context = nullptr;
    (*own)->completed(reason);
    const std::scoped_lock lock(state.mutex);
    const auto found = state.connections.find(descriptor_of(connection));
    if (found == state.connections.end()) return;
    found->second.exchange.reset();
    found->second.since = Clock::now();
    found->second.first_request = false;
  }

  void forget(int fd) {
    const std::scoped_lock lock(mutex);
    const auto found = connections.find(fd);
    if (found == connections.end()) return;
    if (const auto counted = of_address.find(found->second.host);
        counted != of_address.end() && --counted->second == 0) {
      of_address.erase(counted);
    }
    connections.erase(found);
    const uint64_t one = 1;
    static_cast<void>(::write(wake.get(), &one, sizeof(one)));  // there may be room again
  }

  Status start_daemon(Port& port) {
    // With epoll, libmicrohttpd 0.9.75 reads again and again from a TLS connection whose client owes it the rest of its
    // handshake; poll(2) wakes it when there is something.
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (port.tls ? MHD_USE_POLL : MHD_USE_EPOLL) | MHD_USE_ITC |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;
    const auto number = [](MHD_OPTION option, uint64_t value) {
      return MHD_OptionItem{option, static_cast<intptr_t>(value), nullptr};
    };
    const auto text = [](MHD_OPTION option, const char* value) {
      return MHD_OptionItem{option, 0, const_cast<char*>(value)};  // only read
    };
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.limits.idle_timeout).count();
    const size_t workers = std::max<size_t>(options.polling_threads, 1);
    std::vector<MHD_OptionItem> items = {
        {MHD_OPTION_UNESCAPE_CALLBACK, reinterpret_cast<intptr_t>(&keep_as_it_is), nullptr},
        {MHD_OPTION_NOTIFY_CONNECTION, reinterpret_cast<intptr_t>(&on_connection), &port},
        {MHD_OPTION_NOTIFY_COMPLETED, reinterpret_cast<intptr_t>(&on_completed), &port},
        {MHD_OPTION_URI_LOG_CALLBACK, reinterpret_cast<intptr_t>(&on_target), &port},
        number(MHD_OPTION_CONNECTION_TIMEOUT, static_cast<uint64_t>(seconds)),
        // Half of it is what a head may take, with the records of its fields behind; never less than what an upload
        // wants to be fast.
        number(MHD_OPTION_CONNECTION_MEMORY_LIMIT, std::max<uint64_t>(2 * options.limits.max_head_bytes, 64 << 10)),
        // Ours is counted before they get one; each worker must be able to take all.
        number(MHD_OPTION_CONNECTION_LIMIT, (options.limits.connections + 1) * workers),
    };
    if (workers > 1) items.push_back(number(MHD_OPTION_THREAD_POOL_SIZE, workers));
    if (port.tls) {
      flags |= MHD_USE_TLS;
      items.push_back(text(MHD_OPTION_HTTPS_MEM_CERT, port.tls->certificate_pem.c_str()));
      items.push_back(text(MHD_OPTION_HTTPS_MEM_KEY, port.tls->key_pem.reveal().data()));
      items.push_back(text(MHD_OPTION_HTTPS_PRIORITIES, kServerTlsPriorities));
      if (port.tls->client_certificates != ClientCertificates::kNone) {
        items.push_back(text(MHD_OPTION_HTTPS_MEM_TRUST, port.tls->client_authorities_pem.c_str()));
      }
    }
    items.push_back(number(MHD_OPTION_END, 0));
    port.daemon = server_api().start_daemon(flags, 0, nullptr, nullptr, &on_access, &port, MHD_OPTION_EXTERNAL_LOGGER,
                                            &on_message, this, MHD_OPTION_ARRAY, items.data(), MHD_OPTION_END);
    if (port.daemon == nullptr) return fail(Code::kIo, "the HTTP server cannot be started");
    return {};
  }

  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      bool room = false;
      {
        const std::scoped_lock lock(mutex);
        room = connections.size() < options.limits.connections;
      }
      std::vector<pollfd> polled{{wake.get(), POLLIN, 0}};
      if (room) {
        for (const auto& port : ports) polled.push_back({port->socket->fd(), POLLIN, 0});
      }
      if (::poll(polled.data(), polled.size(), -1) < 0) continue;
      if (polled[0].revents != 0) {
        uint64_t count = 0;
        static_cast<void>(::read(wake.get(), &count, sizeof(count)));
      }
      for (size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents != 0) accept_one(*ports[i - 1]);
      }
    }
  }

  void accept_one(Port& port) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    const int fd = ::accept4(port.socket->fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC);
    if (fd < 0) {
      // Out of descriptors: they come back when connections end.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) std::this_thread::sleep_for(kTick);
      return;
    }
    Connection own;
    own.peer = peer_of(fd, own.host);
    own.peer.listener = port.index;
    bool allowed = true;
    {
      const std::scoped_lock lock(mutex);
      if (!own.host.empty()) {
        size_t& count = of_address[own.host];
        allowed = count < options.limits.connections_per_address;
        if (allowed) ++count;
      }
      if (allowed) connections.insert_or_assign(fd, own);
    }
    if (!allowed) {
      ::close(fd);
      log_problem(std::move(own.peer.address), "refused: too many connections of this address");
      return;
    }
    if (server_api().add_connection(port.daemon, fd, reinterpret_cast<const sockaddr*>(&address), size) != MHD_YES)
      forget(fd);
  }

  // Why the connection must be cut off; empty: it need not.
  std::string_view fault_of(int fd, Connection& own, Clock::time_point now) {
    const ServerLimits& limits = options.limits;
    if (own.exchange == nullptr || !own.exchange->head_done()) {
      const milliseconds most = limits.head_timeout + (own.first_request ? milliseconds(0) : limits.idle_timeout);
      return now - own.since > most ? "the head of the request took too long" : "";
    }
    if (limits.request_deadline && now - own.exchange->begun() > *limits.request_deadline) {
      return "the request took longer than its deadline";
    }
    if (own.exchange->waits_for_handler()) {
      own.period_begun = now;
      own.moved = own.exchange->moved() + acknowledged(fd);
      return "";
    }
    if (now - own.period_begun < limits.stall_period) return "";
    // Who takes an answer from memory or a file out of a Unix socket cannot be watched but by the idle time-out.
    if (own.host.empty() && own.exchange->answer_is_unseen()) return "";
    const uint64_t moved = own.exchange->moved() + acknowledged(fd);
    const bool stalled = moved - own.moved < limits.stall_min_bytes;
    own.period_begun = now;
    own.moved = moved;
    return stalled ? "the client is too slow" : "";
  }

  // Clients that left while their handler runs are not seen by libmicrohttpd, nor are those that keep just busy enough.
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::this_thread::sleep_for(kTick);
      std::vector<std::pair<std::shared_ptr<Exchange>, std::string_view>> cut;
      std::vector<std::shared_ptr<Exchange>> left;
      std::vector<std::string> unbegun;
      {
        const std::scoped_lock lock(mutex);
        const auto now = Clock::now();
        std::vector<pollfd> polled;
        std::vector<std::shared_ptr<Exchange>> asked;
        for (auto& [fd, own] : connections) {
          if (!own.started || own.cut) continue;
          if (const std::string_view fault = fault_of(fd, own, now); !fault.empty()) {
            own.cut = true;
            ::shutdown(fd, SHUT_RDWR);
            if (own.exchange == nullptr) {
              if (own.first_request) unbegun.push_back(own.peer.address);
            } else {
              cut.emplace_back(own.exchange, fault);
            }
          } else if (own.exchange != nullptr && own.exchange->waits_for_handler()) {
            polled.push_back({fd, POLLRDHUP, 0});
            asked.push_back(own.exchange);
          }
        }
        if (!polled.empty() && ::poll(polled.data(), polled.size(), 0) > 0) {
          for (size_t i = 0; i < polled.size(); ++i) {
            if (polled[i].revents != 0) left.push_back(asked[i]);
          }
        }
      }
      for (const auto& [exchange, why] : cut) exchange->cancel(why);
      for (const auto& exchange : left) exchange->request_stop();
      for (std::string& peer : unbegun) log_problem(std::move(peer), "no request came in time");
    }
  }

  std::vector<std::shared_ptr<Exchange>> exchanges() {
    std::vector<std::shared_ptr<Exchange>> out;
    const std::scoped_lock lock(mutex);
    for (const auto& [fd, own] : connections) {
      if (own.exchange != nullptr) out.push_back(own.exchange);
    }
    return out;
  }

  void stop(milliseconds grace) {
    const std::scoped_lock stopping(stop_mutex);
    if (stopped) return;
    stopped = true;
    context.closing = true;
    if (acceptor.joinable()) {
      acceptor.request_stop();
      const uint64_t one = 1;
      static_cast<void>(::write(wake.get(), &one, sizeof(one)));
      acceptor.join();
    }
    for (const auto& port : ports) port->socket.reset();
    const auto deadline = Clock::now() + grace;
    while (context.active > 0 && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
    context.refuse_all = true;
    for (const auto& exchange : exchanges()) {
      exchange->settle();
      exchange->cancel("the server stops");
    }
    threads.wait_until_idle();  // what is suspended is resumed by what runs
    if (watchdog.joinable()) {
      watchdog.request_stop();
      watchdog.join();
    }
    for (const auto& port : ports) {
      if (port->daemon != nullptr) server_api().stop_daemon(port->daemon);
      port->daemon = nullptr;
    }
  }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  stop(milliseconds(0));
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, RequestHandler& handler) {
  TRY(load_server_api());
  // The destructor stops what had been started when a later step fails.
  std::unique_ptr<Server> server(new Server(std::make_unique<State>(std::move(options), handler)));
  State& state = *server->state_;
  state.wake = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state.wake) return fail(errno_error(errno, "eventfd"));
  for (const Listener& listener : state.options.listeners) {
    if (listener.tls) TRY(check_server_tls(*listener.tls));
  }
  for (size_t i = 0; i < state.options.listeners.size(); ++i) {
    Listener& listener = state.options.listeners[i];
    TRY_ASSIGN(ListeningSocket socket, ListeningSocket::open(listener.address));
    state.ports.push_back(std::make_unique<State::Port>(state, i, std::move(socket)));
    State::Port& port = *state.ports.back();
    port.port = port.socket->port();
    port.tls = std::move(listener.tls);
    TRY(state.start_daemon(port));
    if (port.tls) port.tls->key_pem = Secret();  // GnuTLS has it now
  }
  state.acceptor = std::jthread([&state](const std::stop_token& stop) { state.accept_all(stop); });
  state.watchdog = std::jthread([&state](const std::stop_token& stop) { state.watch(stop); });
  return server;
}

uint16_t Server::port(size_t listener) const {
  return state_->ports.at(listener)->port;
}

void Server::stop(milliseconds grace) {
  state_->stop(grace);
}

}  // namespace bulkhead::net

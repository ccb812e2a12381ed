// bulkhead trust serve
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/fs.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/passphrase.h"
#include "net/http_server.h"
#include "notary/answers.h"
#include "notary/service.h"

namespace bulkhead::cli {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;
constexpr std::chrono::seconds kGrace{10};
constexpr int64_t kDay = 86'400;

// "127.0.0.1:4443", "[::1]:4443", ":4443" (every address of IPv4).
Result<net::TcpAddress> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_decimal(text.substr(colon + 1));
  if (!port || *port > 65'535) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is no ADDRESS:PORT", printable(text)));
  }
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return net::TcpAddress{.host = host.empty() ? "0.0.0.0" : std::string(host), .port = static_cast<uint16_t>(*port)};
}

bool is_loopback(const std::string& host) {
  in_addr address{};
  return host == "::1" || (::inet_pton(AF_INET, host.c_str(), &address) == 1 && host.starts_with("127."));
}

// One line for each request: nothing of its query, its fields or its body.
void log_request(const net::ServerEvent& event) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  fmt::print(stderr, "{} {} {} {} {} {}us{}{}\n", now(), event.peer.empty() ? "-" : event.peer,
             event.method.empty() ? "-" : printable(event.method), event.path.empty() ? "-" : printable(event.path),
             event.status, event.duration.count(), event.problem.empty() ? "" : " ", printable(event.problem));
}

class TrustServeCommand final : public Command {
 public:
  void declare(Flags& flags) override {
    flags.add({.names = "--listen", .value = "ADDRESS:PORT", .help = "where to listen", .preset = "127.0.0.1:4443"},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(address_, parse_address(value));
                return {};
              });
    flags.add({.names = "--tls-cert",
               .value = "FILE",
               .help = "the server's certificate and its intermediates, PEM",
               .kind = Option::Kind::kFile},
              certificate_);
    flags.add({.names = "--tls-key",
               .value = "FILE",
               .help = "the certificate's private key, PEM, not encrypted",
               .kind = Option::Kind::kFile},
              key_);
    flags.add({.names = "--client-ca",
               .value = "FILE",
               .help = "authorities of client certificates, PEM: who has none of theirs may do nothing",
               .kind = Option::Kind::kFile},
              client_authorities_);
    flags.add_switch({.names = "--anonymous-pull",
                      .help = "with --client-ca: whoever has no certificate may read what is published"},
                     anonymous_pull_);
    flags.add_switch(
        {.names = "--plain-http", .help = "without TLS, on a loopback address only: for tests and proxies"},
        plain_http_);
    flags.add({.names = "--db",
               .value = "FILE",
               .help = "the database; made where there is none",
               .kind = Option::Kind::kFile,
               .required = true},
              database_);
    flags.add({.names = "--secret",
               .value = "SOURCE",
               .help = "what private keys in the database are encrypted under: file:PATH, fd:NUMBER or env:NAME, whose "
                       "first line counts",
               .required = true},
              [this](std::string_view value) -> Status {
                TRY_ASSIGN(secret_, parse_passphrase_source(value));
                if (secret_.kind != PassphraseSource::Kind::kTerminal) return {};
                return fail(Code::kInvalidArgument, "a server asks nobody", "give file:PATH, fd:NUMBER or env:NAME");
              });
    flags.add({.names = "--gun-prefix",
               .value = "PREFIX",
               .help = "serve only repositories whose names begin so: registry.example/team/",
               .repeats = true},
              prefixes_);
    flags.add({.names = "--timestamp-days",
               .value = "N",
               .help = "how long a timestamp is good: so long may clients be kept from seeing what is new"},
              timestamp_days_, 1, 365);
    flags.add_switch({.names = "--quiet", .help = "no line for each request"}, quiet_);
    flags.check([this] { return check_flags(); });
  }

  Result<int> run(Interrupts& interrupts) override {
    const std::stop_token stop = interrupts.stop_in_order();
    TRY_ASSIGN(const Secret secret, read_passphrase(secret_, process_environment(), ""));
    TRY_ASSIGN(const auto store, notary::Store::open(database_, secret));
    TRY_ASSIGN(net::Listener listener, make_listener());
    notary::Service service(*store, service_options());
    net::ServerOptions options;
    options.listeners.push_back(std::move(listener));
    options.limits.request_deadline = std::chrono::minutes(5);
    if (!quiet_) options.log = &log_request;
    TRY_ASSIGN(const auto server, net::Server::start(std::move(options), service));
    announce(server->port());
    wait_for(stop);
    server->stop(kGrace);
    return kSuccess;
  }

 private:
  Status check_flags() const {
    if (plain_http_) {
      if (!certificate_.empty() || !key_.empty() || !client_authorities_.empty()) {
        return fail(Code::kInvalidArgument, "--plain-http has no certificates");
      }
      if (is_loopback(address_.host)) return {};
      return fail(Code::kInvalidArgument, fmt::format("--plain-http on {}, which others can reach", address_.host),
                  "listen on 127.0.0.1 or ::1, or give --tls-cert and --tls-key");
    }
    if (certificate_.empty() || key_.empty()) {
      return fail(Code::kInvalidArgument, "--tls-cert and --tls-key are needed: clients of Notary speak https only");
    }
    if (anonymous_pull_ && client_authorities_.empty()) {
      return fail(Code::kInvalidArgument, "--anonymous-pull without --client-ca: everybody may read already");
    }
    return {};
  }

  Result<net::Listener> make_listener() const {
    net::Listener listener{.address = address_};
    if (plain_http_) return listener;
    net::ServerTls tls;
    TRY_ASSIGN(tls.certificate_pem, read_file(certificate_, kMaxPemBytes));
    TRY_ASSIGN(std::string key, read_file(key_, kMaxPemBytes));
    tls.key_pem = Secret(std::move(key));
    if (!client_authorities_.empty()) {
      TRY_ASSIGN(tls.client_authorities_pem, read_file(client_authorities_, kMaxPemBytes));
      tls.client_certificates =
          anonymous_pull_ ? net::ClientCertificates::kOptional : net::ClientCertificates::kRequired;
    }
    listener.tls = std::move(tls);
    return listener;
  }

  notary::ServiceOptions service_options() const {
    notary::ServiceOptions options;
    options.gun_prefixes = prefixes_;
    options.rules.lifetimes.timestamp = static_cast<int64_t>(timestamp_days_) * kDay;
    options.report = [](const Error& error) { fmt::print(stderr, "bulkhead: {}\n", printable(error.to_string())); };
    if (anonymous_pull_) {
      options.authorize = [](const net::RequestHead& head,
                             const notary::Scope& scope) -> std::optional<net::ServerResponse> {
        if (head.peer.certificate || scope.any_token || scope.actions == "pull") return std::nullopt;
        return notary::denied(scope);
      };
    }
    return options;
  }

  void announce(uint16_t port) const {
    const bool six = address_.host.contains(':');
    fmt::print(stderr, "bulkhead: serving trust data on {}://{}{}{}:{}\n", plain_http_ ? "http" : "https",
               six ? "[" : "", address_.host, six ? "]" : "", port);
    if (client_authorities_.empty() && !is_loopback(address_.host)) {
      fmt::print(stderr, "bulkhead: whoever reaches it may publish, rotate keys and delete; --client-ca ends that\n");
    }
  }

  static void wait_for(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, stop, [] { return false; });
  }

  net::TcpAddress address_{.host = "127.0.0.1", .port = 4443};
  std::string certificate_;
  std::string key_;
  std::string client_authorities_;
  bool anonymous_pull_ = false;
  bool plain_http_ = false;
  std::string database_;
  PassphraseSource secret_;
  std::vector<std::string> prefixes_;
  uint64_t timestamp_days_ = 14;
  bool quiet_ = false;
};

}  // namespace

CommandInfo trust_serve_command() {
  return {
      .name = "trust serve",
      .summary = "serve Docker Content Trust: the protocol of Notary v1, for docker, notary and their like",
      .details =
          "Docker CLI up to 28 and the notary CLI publish to it and verify from it (DOCKER_CONTENT_TRUST_SERVER). "
          "It signs timestamps, and snapshots where root says so, with keys that it keeps encrypted.\n"
          "It ends in order on SIGTERM. /_notary_server/health and /metrics say how it is.",
      .examples =
          "bulkhead trust serve --db trust.db --secret file:trust.secret --tls-cert server.pem --tls-key server.key\n"
          "bulkhead trust serve --listen :4443 --db trust.db --secret env:TRUST_SECRET --tls-cert server.pem "
          "--tls-key server.key --client-ca people.pem --anonymous-pull",
      .make = [] -> std::unique_ptr<Command> { return std::make_unique<TrustServeCommand>(); }};
}

}  // namespace bulkhead::cli

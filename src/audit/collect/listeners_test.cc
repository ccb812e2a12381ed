// What a stranger meets at the TCP addresses of an engine: this test is the engine.
#include "audit/collect/listeners.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <stop_token>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audit/collect/made_up_proc.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::audit {
namespace {

using net::testing::reply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;
using ::testing::Contains;
using ::testing::Not;
using Security = Listener::Security;

constexpr std::chrono::milliseconds kPatience{100};

// How a server ends a connection that it refuses: at once, so that its alert may be lost with the request that it has
// not read, or when the client has read the alert.
enum class Ending : uint8_t { kAtOnce, kOnceRead };

// An engine that speaks TLS only, with a certificate that nobody signed.
class TlsEngine {
 public:
  TlsEngine(bool asks_for_certificate, int version, Ending ending = Ending::kOnceRead)
      : context_(::SSL_CTX_new(::TLS_server_method())), ending_(ending) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to whoever has hung up
    EVP_PKEY* key = ::EVP_EC_gen("P-256");
    X509* certificate = ::X509_new();
    ::X509_set_version(certificate, X509_VERSION_3);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate), 0);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate), 3600);
    ::X509_set_pubkey(certificate, key);
    ::X509_sign(certificate, key, ::EVP_sha256());
    ::SSL_CTX_use_certificate(context_, certificate);
    ::SSL_CTX_use_PrivateKey(context_, key);
    ::X509_free(certificate);
    ::EVP_PKEY_free(key);
    ::SSL_CTX_set_max_proto_version(context_, version);
    if (asks_for_certificate) {
      ::SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    authority_ = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;
  ~TlsEngine() {
    thread_ = {};
    ::SSL_CTX_free(context_);
  }
  const std::string& authority() const { return authority_; }

 private:
  void serve(const std::stop_token& stop) const {
    while (!stop.stop_requested()) {
      pollfd polled{listener_.get(), POLLIN, 0};
      if (::poll(&polled, 1, 20) <= 0) continue;
      const UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      const timeval patience{.tv_sec = 20, .tv_usec = 0};
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      SSL* connection = ::SSL_new(context_);
      ::SSL_set_fd(connection, fd.get());
      std::array<char, 4096> request{};
      if (::SSL_accept(connection) == 1 && ::SSL_read(connection, request.data(), request.size()) > 0) {
        const std::string answer = reply(200, "OK", "Api-Version: 1.41\r\nConnection: close\r\n").bytes;
        ::SSL_write(connection, answer.data(), static_cast<int>(answer.size()));
        ::SSL_shutdown(connection);
      } else if (ending_ == Ending::kOnceRead) {
        ::shutdown(fd.get(), SHUT_WR);
        while (::read(fd.get(), request.data(), request.size()) > 0) {
        }
      }
      ::SSL_free(connection);
    }
  }

  SSL_CTX* context_;
  Ending ending_;
  UniqueFd listener_;
  std::string authority_;
  std::jthread thread_;
};

// Takes connections and reads nothing: hangs up at once, or lets them wait.
class SilentDoor {
 public:
  explicit SilentDoor(bool hangs_up) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    authority_ = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
    if (!hangs_up) return;
    thread_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        pollfd polled{listener_.get(), POLLIN, 0};
        if (::poll(&polled, 1, 20) > 0) const UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      }
    });
  }
  const std::string& authority() const { return authority_; }

 private:
  UniqueFd listener_;
  std::string authority_;
  std::jthread thread_;
};

std::vector<std::string> look(const ListenerOptions& options = {}) {
  const auto process = ProcessFolder::open("/proc", ::getpid());
  const auto listeners = look_at_listeners(*process, options);
  if (!listeners) return {listeners.error().reason};
  std::vector<std::string> found;
  for (const Listener& listener : *listeners) {
    found.push_back(fmt::format("{} {}{}", listener.address, static_cast<int>(listener.security),
                                listener.loopback ? " loopback" : ""));
  }
  return found;
}

Listener listener_at(const std::string& address, const ListenerOptions& options) {
  const auto process = ProcessFolder::open("/proc", ::getpid());
  const auto listeners = look_at_listeners(*process, options);
  const auto found = std::ranges::find(*listeners, address, &Listener::address);
  if (found != listeners->end()) return *found;
  ADD_FAILURE() << address << " is left out";
  return {};
}

template <typename Server>
std::string expected(const Server& server, Security security) {
  return fmt::format("{} {} loopback", server.authority(), static_cast<int>(security));
}

TEST(Listeners, FindAnEngineThatAnswersAnybody) {
  const ScriptedServer engine([](const SeenRequest&) { return reply(200, "OK", "Api-Version: 1.41\r\n"); });
  EXPECT_THAT(look(), Contains(expected(engine, Security::kPlain)));
  ASSERT_EQ(engine.requests().size(), 1U);
  EXPECT_EQ(engine.requests()[0].method, "GET");
  EXPECT_EQ(engine.requests()[0].target, "/_ping");
}

TEST(Listeners, FindAnEngineThatAPluginKeepsFromAnswering) {
  const ScriptedServer engine([](const SeenRequest&) { return reply(403, "", "Server: Docker/20.10.24 (linux)\r\n"); });
  EXPECT_THAT(look(), Contains(expected(engine, Security::kPlain)));
}

// The plugin is asked before the engine names itself.
TEST(Listeners, FindAnEngineThatDoesNotNameItselfWhereAPluginRefuses) {
  const ScriptedServer engine(
      [](const SeenRequest&) { return reply(403, R"({"message":"authorization denied by plugin gate: no"})"); });
  EXPECT_THAT(look(), Contains(expected(engine, Security::kPlain)));
}

TEST(Listeners, TellWhetherTlsAsksForACertificate) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsEngine open(false, version);
    const TlsEngine closed(true, version);
    const std::vector<std::string> found = look({.timeout = std::chrono::seconds(20)});  // on a busy machine, too
    EXPECT_THAT(found, Contains(expected(open, Security::kTlsWithoutClientCertificate))) << version;
    EXPECT_THAT(found, Contains(expected(closed, Security::kMutualTls))) << version;
  }
}

// With TLS 1.3 the request is under way when the server refuses, and its alert may never be read: then nobody knows.
TEST(Listeners, NeverTakeARefusalForAnOpenDoor) {
  const TlsEngine closed(true, TLS1_3_VERSION, Ending::kAtOnce);
  const std::vector<std::string> found =
      look({.hosts = {"tcp://" + closed.authority()}, .timeout = std::chrono::seconds(20)});
  EXPECT_THAT(found, testing::AnyOf(Contains(expected(closed, Security::kMutualTls)),
                                    Contains(expected(closed, Security::kUnknown))));
}

TEST(Listeners, LeaveOutWhatIsNoDoorOfTheEngine) {
  const ScriptedServer metrics([](const SeenRequest&) { return reply(404, "no page"); });
  EXPECT_THAT(look({.timeout = kPatience}), Not(Contains(testing::StartsWith(metrics.authority()))));
}

// A socket that the engine holds and nobody asked for is told even where nothing of it is understood.
TEST(Listeners, TellOfADoorThatCutsEveryConnection) {
  const ScriptedServer cutting([](const SeenRequest&) { return net::testing::ScriptedReply{.close = true}; });
  const SilentDoor hanging_up(true);
  const ScriptedServer gossip(
      [](const SeenRequest&) { return net::testing::ScriptedReply{.bytes = "\1", .close = true}; });
  for (const std::string& door : {hanging_up.authority(), cutting.authority(), gossip.authority()}) {
    const Listener listener = listener_at(door, {.timeout = kPatience});
    EXPECT_EQ(listener.security, Security::kUnknown) << door;
    EXPECT_EQ(listener.purpose, Listener::Purpose::kUnclear) << door;
    EXPECT_FALSE(listener.reason.empty()) << door;
  }
  EXPECT_EQ(listener_at(hanging_up.authority(), {.timeout = kPatience}).reason,
            "it ended 5 connections of TLS without a word");
  const Listener told =
      listener_at(hanging_up.authority(), {.hosts = {"tcp://" + hanging_up.authority()}, .timeout = kPatience});
  EXPECT_EQ(told.purpose, Listener::Purpose::kApi);
  EXPECT_EQ(told.security, Security::kUnknown);
}

TEST(Listeners, TellOfADoorThatSaysNothing) {
  const SilentDoor silent(false);
  const Listener listener = listener_at(silent.authority(), {.timeout = kPatience});
  EXPECT_EQ(listener.purpose, Listener::Purpose::kSilent);
  EXPECT_EQ(listener.reason, "it takes connections and said nothing within 100 ms");
}

TEST(Listeners, TellOfADoorThatTheEngineWasToldToOpenEvenWhenItIsSilent) {
  const ScriptedServer engine([](const SeenRequest&) { return net::testing::ScriptedReply{.hang = true}; });
  const ListenerOptions options{.hosts = {"tcp://" + engine.authority()}, .timeout = kPatience};
  EXPECT_THAT(look(options), Contains(expected(engine, Security::kUnknown)));
  EXPECT_EQ(listener_at(engine.authority(), options).purpose, Listener::Purpose::kApi);
}

TEST(Listeners, AreNotTriedInAnotherNetwork) {
  const MadeUpProc proc;
  proc.add(812, {.tcp = "   0: 00000000:0947 00000000:0000 0A 0:0 00:0 0 0 0 55 1\n"
                        "   1: 00000000:0948 00000000:0000 0A 0:0 00:0 0 0 0 56 1\n"});
  proc.hold(812, 3, 55);
  const auto process = ProcessFolder::open(proc.path(), 812);
  const auto listeners = look_at_listeners(*process, {.proc = proc.path()});
  ASSERT_TRUE(listeners);
  ASSERT_EQ(listeners->size(), 1U) << "56 is somebody else's";
  EXPECT_EQ(listeners->front().address, "0.0.0.0:2375");
  EXPECT_EQ(listeners->front().security, Security::kUnknown);
  EXPECT_FALSE(listeners->front().loopback);
}

}  // namespace
}  // namespace bulkhead::audit

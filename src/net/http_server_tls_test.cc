#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/fs.h"
#include "base/secret.h"
#include "base/temporary_folder.h"
#include "net/testing/test_server.h"

namespace bulkhead::net {
namespace {

// An authority, and certificates that it signed, made once with openssl(1).
struct Certificates {
  TemporaryFolder folder;
  std::string ca, server, server_key;
  Certificates() {
    const std::string script = fmt::format(
        "set -e; cd '{}'\n"
        "new() {{ openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "
        "\"$2\"; }}\n"
        "ca() {{ openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.pem -days "
        "2"
        " -subj \"/CN=$1\" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign; }}\n"
        "ca ca; ca other\n"
        "printf 'subjectAltName=IP:127.0.0.1\\nextendedKeyUsage=serverAuth\\n' > server.ext\n"
        "printf 'extendedKeyUsage=clientAuth\\n' > client.ext\n"
        "new server /CN=server; openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile server.ext "
        "-out server.pem\n"
        "new alice '/O=Ops/CN=alice'; openssl x509 -req -in alice.csr -CA ca.pem -CAkey ca.key -days 2 -extfile "
        "client.ext -out alice.pem\n"
        "openssl x509 -req -in alice.csr -CA ca.pem -CAkey ca.key -days 2 -extfile server.ext -out wrong.pem\n"
        "openssl x509 -req -in alice.csr -CA other.pem -CAkey other.key -days 2 -extfile client.ext -out "
        "stranger.pem\n",
        folder.path());
    const std::string file = folder.path() + "/make.sh";
    static_cast<void>(write_file_atomically(file, script));
    const int status = std::system(fmt::format("sh '{}' >'{}/log' 2>&1", file, folder.path()).c_str());
    EXPECT_EQ(status, 0) << read_file(folder.path() + "/log", 1 << 20).value_or("");
    ca = read_file(folder.path() + "/ca.pem", 1 << 20).value_or("");
    server = read_file(folder.path() + "/server.pem", 1 << 20).value_or("");
    server_key = read_file(folder.path() + "/server.key", 1 << 20).value_or("");
  }
  std::vector<Listener> listener(ClientCertificates wanted) const {
    std::vector<Listener> out;
    ServerTls tls;
    tls.certificate_pem = server;
    tls.key_pem = Secret::copy_of(server_key);
    tls.client_certificates = wanted;
    tls.client_authorities_pem = ca;
    out.push_back({.address = TcpAddress{.host = "127.0.0.1"}, .tls = std::move(tls)});
    return out;
  }
  Client client(std::string_view certificate) const {
    ClientOptions options;
    options.tls.ca_files = {folder.path() + "/ca.pem"};
    if (!certificate.empty()) {
      options.tls.client_certificate = fmt::format("{}/{}.pem", folder.path(), certificate);
      options.tls.client_key = folder.path() + "/alice.key";
    }
    return Client(options);
  }
};

TEST(HttpServerTls, SpeaksTlsAndVerifiesClientCertificates) {
  const Certificates certificates;
  const auto subject = [](ServerRequest& request) {
    const auto& certificate = request.head.peer.certificate;
    return text_answer(certificate ? certificate->subject + (certificate->der.empty() ? "" : " der") : "nobody");
  };
  const auto ask = [&](const TestServer& server, std::string_view certificate) {
    return fetch(request_for(fmt::format("https://127.0.0.1:{}/", server.server->port())),
                 certificates.client(certificate));
  };
  const TestServer none(subject, {}, certificates.listener(ClientCertificates::kNone));
  EXPECT_EQ(ask(none, ""), "200 nobody");
  EXPECT_EQ(ask(none, "alice"), "200 nobody");
  const TestServer optional(subject, {}, certificates.listener(ClientCertificates::kOptional));
  EXPECT_EQ(ask(optional, ""), "200 nobody");
  EXPECT_EQ(ask(optional, "alice"), "200 CN=alice,O=Ops der");
  EXPECT_EQ(ask(optional, "stranger").substr(0, 5), "error");
  EXPECT_EQ(ask(optional, "wrong").substr(0, 5), "error") << "a server's certificate";
  TestServer required(subject, {}, certificates.listener(ClientCertificates::kRequired));
  EXPECT_EQ(ask(required, "").substr(0, 5), "error");
  EXPECT_EQ(ask(required, "alice"), "200 CN=alice,O=Ops der");
  EXPECT_EQ(ask(required, "stranger").substr(0, 5), "error");
  EXPECT_EQ(required.handler.handled, 1);
  const auto handshake = [&](std::string_view version) {
    return std::system(fmt::format("echo | openssl s_client -connect 127.0.0.1:{} {} -cipher ALL:@SECLEVEL=0 "
                                   ">/dev/null 2>&1",
                                   none.server->port(), version)
                           .c_str());
  };
  EXPECT_NE(handshake("-tls1_1"), 0);
  EXPECT_EQ(handshake("-tls1_2"), 0);
}

TEST(HttpServerTls, RefusesTlsItCannotUse) {
  const Certificates certificates;
  TestHandler handler;
  const auto start = [&](const std::function<void(ServerTls&)>& spoil) {
    ServerOptions options;
    options.listeners = certificates.listener(ClientCertificates::kRequired);
    spoil(*options.listeners[0].tls);
    const auto started = Server::start(std::move(options), handler);
    return started ? std::string("started") : started.error().to_string();
  };
  EXPECT_EQ(start([](ServerTls&) {}), "started");
  EXPECT_NE(start([](ServerTls& tls) { tls.certificate_pem = "no"; }).find("certificate or key"), std::string::npos);
  EXPECT_NE(start([](ServerTls& tls) { tls.key_pem = Secret(); }).find("certificate or key"), std::string::npos);
  EXPECT_NE(start([](ServerTls& tls) { tls.client_authorities_pem.clear(); }).find("authorities"), std::string::npos);
  const std::string other = read_file(certificates.folder.path() + "/alice.key", 1 << 20).value();
  EXPECT_NE(start([&](ServerTls& tls) { tls.key_pem = Secret::copy_of(other); }).find("certificate or key"),
            std::string::npos);
}

TEST(HttpServerTls, RestsWhileAClientOwesTheRestOfItsHandshake) {
  const Certificates certificates;
  const TestServer server(echo, {}, certificates.listener(ClientCertificates::kNone));
  RawClient client(server.server->port());
  client.send("\x16\x03\x01\x02");  // the beginning of a record
  const auto processor_time = [] {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto before = processor_time();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  EXPECT_LT(processor_time() - before, std::chrono::milliseconds(200));
}

TEST(HttpServerTls, StreamsOverTls) {
  const Certificates certificates;
  const TestServer server(
      [](ServerRequest& request) {
        const auto body = read_all(*request.body, 64 << 20, "body");
        ServerResponse response;
        response.body = StreamBody{.source = std::make_unique<MemorySource>(body.value_or("broken"))};
        return response;
      },
      {.max_body_bytes = 32 << 20}, certificates.listener(ClientCertificates::kNone));
  std::string body(20 << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>((i * 2654435761U) >> 13);
  const std::string answer = fetch(
      request_for(fmt::format("https://127.0.0.1:{}/", server.server->port()), "POST", body), certificates.client(""));
  EXPECT_EQ(answer.size(), body.size() + 4);
  EXPECT_TRUE(answer == "200 " + body);
}

}  // namespace
}  // namespace bulkhead::net

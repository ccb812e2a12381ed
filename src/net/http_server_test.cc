#include "net/http_server.h"

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/process.h"
#include "base/temporary_folder.h"
#include "base/test_data.h"
#include "base/text.h"
#include "net/http_client.h"

namespace bulkhead::net {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

ServerResponse text_answer(std::string text, int status = 200) {
  ServerResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

class TestHandler final : public RequestHandler {
 public:
  std::function<ServerResponse(ServerRequest&)> on_request;
  std::function<std::expected<uint64_t, ServerResponse>(const RequestHead&)> on_admit;
  std::atomic<int> handled = 0;

  std::expected<uint64_t, ServerResponse> admit(const RequestHead& head, const ServerLimits& limits) override {
    return on_admit ? on_admit(head) : RequestHandler::admit(head, limits);
  }
  ServerResponse handle(ServerRequest& request) override {
    ++handled;
    return on_request(request);
  }
};

// "METHOD target|body"
ServerResponse echo(ServerRequest& request) {
  const auto body = read_all(*request.body, 64 << 20, "body");
  return text_answer(fmt::format("{} {}|{}", request.head.method, request.head.target,
                                 body ? *body : "error: " + body.error().to_string()));
}

struct TestServer {
  TestHandler handler;
  std::mutex mutex;
  std::vector<ServerEvent> events;
  std::unique_ptr<Server> server;

  explicit TestServer(std::function<ServerResponse(ServerRequest&)> on_request = echo, ServerLimits limits = {},
                      std::vector<Listener> listeners = {}) {
    handler.on_request = std::move(on_request);
    ServerOptions options;
    options.limits = limits;
    options.listeners = std::move(listeners);
    if (options.listeners.empty()) options.listeners.push_back({.address = TcpAddress{.host = "127.0.0.1"}});
    options.log = [this](const ServerEvent& event) {
      const std::scoped_lock lock(mutex);
      events.push_back(event);
    };
    auto started = Server::start(std::move(options), handler);
    if (!started) throw std::runtime_error(started.error().to_string());
    server = std::move(*started);
  }
  ~TestServer() { server.reset(); }

  std::string url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", server->port(), path); }
  std::string problems() {
    const std::scoped_lock lock(mutex);
    std::string out;
    for (const auto& event : events) {
      if (!event.problem.empty()) out += event.problem + "\n";
    }
    return out;
  }
};

class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const timeval limit{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  bool send(std::string_view text) const {
    return ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // Until the server closes, or `until` was read.
  std::string receive(std::string_view until = "\x01never") {
    std::string out;
    char buffer[65536];
    for (size_t seen = 0; out.find(until, seen) == std::string::npos;) {
      seen = out.size() < until.size() ? 0 : out.size() - until.size();
      const ssize_t count = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
      closed = count == 0 || (count < 0 && errno == ECONNRESET);
      if (count <= 0) break;
      out.append(buffer, static_cast<size_t>(count));
    }
    return out;
  }
  void close() { fd_ = UniqueFd(); }
  bool connected = false;
  bool closed = false;

 private:
  UniqueFd fd_;
};

Request request_for(const std::string& url, std::string method = "GET", std::string body = {}) {
  Request request;
  request.method = std::move(method);
  request.url = url;
  request.body = std::move(body);
  request.retry.max_attempts = 1;
  return request;
}

std::string fetch(const Request& request, const Client& client = Client({})) {
  auto response = client.send(request);
  if (!response) return "error: " + response.error().to_string();
  auto text = read_all(*response->body, 512 << 20, "answer");
  return fmt::format("{} {}", response->status, text ? *text : "error: " + text.error().to_string());
}

TEST(HttpServer, HandsOnTheTargetAsSentAndTheQueryDecoded) {
  TestServer server([](ServerRequest& request) {
    std::string out = fmt::format("{} {}", request.head.target, request.head.path());
    const auto query = request.head.query();
    if (!query) return text_answer(query.error().to_string(), 400);
    for (const auto& [name, value] : *query) out += fmt::format(" [{}={}]", name, value);
    return text_answer(out);
  });
  RawClient client(server.server->port());
  client.send(
      "GET /v2/localhost:5999/a%2Fb/../x?a=1%202&b=%C3%A9&c&a=+ HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n");
  EXPECT_NE(client.receive().find("\r\n\r\n/v2/localhost:5999/a%2Fb/../x?a=1%202&b=%C3%A9&c&a=+ "
                                  "/v2/localhost:5999/a%2Fb/../x [a=1 2] [b=é] [c=] [a= ]"),
            std::string::npos);
  for (const std::string_view query : {"?a=%", "?a=%2", "?a=%zz", "?%00=1"}) {
    EXPECT_EQ(fetch(request_for(server.url(fmt::format("/{}", query)))).substr(0, 3), "400") << query;
  }
}

TEST(HttpServer, KeepsTheConnectionAndAnswersHeadWithoutABody) {
  TestServer server;
  RawClient client(server.server->port());
  client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string text = client.receive("GET /b|");
  EXPECT_NE(text.find("Content-Length: 8\r\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("HEAD /a|"), std::string::npos) << text;
  EXPECT_NE(text.find("GET /b|"), std::string::npos) << text;
  client.send(
      "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /d HTTP/1.1\r\nHost: x\r\nConnection: "
      "close\r\n\r\n");
  const std::string rest = client.receive();
  EXPECT_NE(rest.find("POST /c|abc"), std::string::npos) << rest;
  EXPECT_NE(rest.find("GET /d|"), std::string::npos) << rest;
}

TEST(HttpServer, TellsTheLengthOfWhatHeadAsksForWithoutReadingIt) {
  TestServer server([](ServerRequest&) {
    ServerResponse response;
    response.body = StreamBody{.source = nullptr, .size = uint64_t{5} << 30};
    return response;
  });
  RawClient client(server.server->port());
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.receive();
  EXPECT_NE(answer.find("Content-Length: 5368709120\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServer, RefusesHeadsThatOthersMayReadDifferently) {
  TestServer server;
  struct {
    std::string head;
    std::string_view status;
  } const cases[] = {
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\nabc", "413"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", "400"},
      {"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\0, 9\r\n\r\nabc"s, "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s, "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n"s, "400"},
      {"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"s, "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nContent-Len: 3\r\n gth\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\nB: d\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\nHost: x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA(: b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n", "400"},
      {"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"G(T / HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", "417"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(60'000, 'a') + "\r\n\r\n", "431"},
  };
  for (const auto& c : cases) {
    RawClient client(server.server->port());
    client.send(c.head);
    const std::string answer = client.receive();
    EXPECT_EQ(answer.substr(0, 12), fmt::format("HTTP/1.1 {}", c.status)) << c.head.substr(0, 200);
    EXPECT_TRUE(client.closed) << c.head.substr(0, 200);
    // Not "one answer": libmicrohttpd 0.9.75 sends the head of its own refusal of a bad length twice.
    EXPECT_EQ(answer.find(" 200 "), std::string::npos) << answer;
  }
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  RawClient client(server.server->port());
  client.send(many + "\r\n");
  EXPECT_EQ(client.receive().substr(0, 12), "HTTP/1.1 431");
  EXPECT_EQ(server.handler.handled, 0);
}

TEST(HttpServer, AcceptsWhatTheGrammarAllows) {
  TestServer server;
  for (const std::string_view head :
       {"GET /ok HTTP/1.1\r\nHost:\r\n", "GET /ok HTTP/1.1\r\nhost:x\r\nA:\t b \t\r\nB:\r\n", "GET /ok HTTP/1.0\r\n",
        "GET /ok HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=d\r\nZ: z\r\n"}) {
    RawClient client(server.server->port());
    client.send(fmt::format("{}Connection: close\r\n\r\n", head));
    EXPECT_NE(client.receive().find("GET /ok|"), std::string::npos) << head;
  }
}

TEST(HttpServer, ReadsChunkedBodiesAndRefusesBrokenOnes) {
  TestServer server;
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient good(server.server->port());
  good.send(head + "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nT: r\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = good.receive();
  EXPECT_NE(answer.find("POST /|abcdefgh"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("smuggled"), std::string::npos) << "nothing follows a chunked body";
  EXPECT_TRUE(good.closed);
  for (const std::string_view body :
       {"x\r\nabc\r\n0\r\n\r\n", "-1\r\na\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\na", "\r\nabc", "3 \r\nabc\r\n"}) {
    RawClient client(server.server->port());
    client.send(head + std::string(body));
    const std::string refused = client.receive();
    EXPECT_TRUE(client.closed) << body;
    EXPECT_EQ(refused.find("POST /|"), std::string::npos) << body << refused;
    EXPECT_EQ(refused.find(" 200 "), std::string::npos) << body << refused;
  }
}

TEST(HttpServer, SendsContinueOnlyForBodiesThatAreAdmitted) {
  TestServer server;
  server.handler.on_admit = [](const RequestHead& head) -> std::expected<uint64_t, ServerResponse> {
    if (head.path() == "/no") return std::unexpected(text_answer("not you", 401));
    return 10;
  };
  const auto head = [](std::string_view path, int size) {
    return fmt::format("PUT {} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", path, size);
  };
  RawClient yes(server.server->port());
  yes.send(head("/yes", 3));
  EXPECT_EQ(yes.receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  yes.send("abc");
  EXPECT_NE(yes.receive("|abc").find("200 OK"), std::string::npos);
  RawClient no(server.server->port());
  no.send(head("/no", 3));
  EXPECT_EQ(no.receive().substr(0, 12), "HTTP/1.1 401");
  RawClient large(server.server->port());
  large.send(head("/yes", 11));
  EXPECT_EQ(large.receive().substr(0, 12), "HTTP/1.1 413");
  EXPECT_EQ(server.handler.handled, 1);
}

TEST(HttpServer, HoldsABodyToItsLimitWhateverItsLengthSays) {
  TestServer server(echo, {.max_body_bytes = 1000});
  EXPECT_EQ(fetch(request_for(server.url("/"), "POST", std::string(1001, 'x'))).substr(0, 3), "413");
  EXPECT_EQ(fetch(request_for(server.url("/"), "POST", std::string(1000, 'x'))),
            "200 POST /|" + std::string(1000, 'x'));
  RawClient client(server.server->port());
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
              "\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().substr(0, 12), "HTTP/1.1 413");
  // Past the window: the handler has begun.
  TestServer streaming(echo, {.max_body_bytes = 600'000});
  RawClient late(streaming.server->port());
  late.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 7; ++i) late.send(fmt::format("{:x}\r\n{}\r\n", 100'000, std::string(100'000, 'x')));
  late.send("0\r\n\r\n");
  EXPECT_EQ(late.receive().substr(0, 12), "HTTP/1.1 413");
  EXPECT_EQ(streaming.handler.handled, 1);
}

// Resident memory of this process, in bytes.
size_t resident() {
  std::ifstream file("/proc/self/statm");
  size_t total = 0;
  size_t pages = 0;
  file >> total >> pages;
  return pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

class Pattern final : public BlockSource {
 public:
  explicit Pattern(uint64_t size) : left_(size), block_(1 << 20, 'p') {}
  Result<ByteSpan> next() override {
    const auto count = static_cast<size_t>(std::min<uint64_t>(left_, block_.size()));
    left_ -= count;
    return as_bytes(block_).first(count);
  }

 private:
  uint64_t left_;
  std::string block_;
};

TEST(HttpServer, StreamsBothWaysInConstantMemory) {
  static constexpr uint64_t kSize = uint64_t{256} << 20;
  TestServer server(
      [](ServerRequest& request) {
        if (request.head.method == "GET") {
          ServerResponse response;
          StreamBody body{.source = std::make_unique<Pattern>(kSize)};
          if (request.head.path() == "/sized") body.size = kSize;
          response.body = std::move(body);
          return response;
        }
        uint64_t total = 0;
        for (;;) {
          const auto block = request.body->next();
          if (!block) return text_answer(block.error().to_string(), 500);
          if (block->empty()) break;
          total += block->size();
        }
        return text_answer(fmt::format("{}", total));
      },
      {.max_body_bytes = kSize});
  const size_t before = resident();
  for (const std::string_view path : {"/sized", "/chunked"}) {
    auto response = Client({}).send(request_for(server.url(path)));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->content_length().has_value(), path == "/sized");
    uint64_t total = 0;
    for (;;) {
      const auto block = response->body->next();
      ASSERT_TRUE(block) << block.error().to_string();
      if (block->empty()) break;
      total += block->size();
    }
    EXPECT_EQ(total, kSize) << path;
  }
  RawClient client(server.server->port());
  client.send(fmt::format("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", kSize));
  const std::string block(1 << 20, 'u');
  for (uint64_t sent = 0; sent < kSize; sent += block.size()) ASSERT_TRUE(client.send(block));
  EXPECT_NE(client.receive().find(fmt::format("{}", kSize)), std::string::npos);
#if __has_feature(address_sanitizer)
  constexpr size_t kQuarantine = size_t{512} << 20;  // what was freed stays
#else
  constexpr size_t kQuarantine = 0;
#endif
  EXPECT_LT(resident(), before + kQuarantine + (size_t{64} << 20));
}

TEST(HttpServer, ASlowHandlerStopsTheUploadAndNobodyElse) {
  std::atomic<bool> go = false;
  TestServer server(
      [&](ServerRequest& request) {
        while (request.head.path() == "/slow" && !go) std::this_thread::sleep_for(milliseconds(1));
        return echo(request);
      },
      {.max_body_bytes = 64 << 20});
  std::atomic<size_t> sent = 0;
  std::string answer;
  std::jthread uploader([&] {
    RawClient client(server.server->port());
    client.send(
        fmt::format("PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", 64 << 20));
    const std::string block(1 << 20, 'u');
    for (int i = 0; i < 64 && client.send(block); ++i) sent += block.size();
    answer = client.receive();
  });
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LT(sent, size_t{48} << 20) << "the sockets' buffers and one window, not the body";
  EXPECT_EQ(fetch(request_for(server.url("/fast"))), "200 GET /fast|");
  go = true;
  uploader.join();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200");
  EXPECT_GT(answer.size(), size_t{64} << 20);
}

TEST(HttpServer, AnswersFromFilesAndSaysTheirLength) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/file";
  ASSERT_TRUE(write_file_atomically(path, "0123456789"));
  TestServer server([&](ServerRequest&) {
    ServerResponse response;
    response.status = 206;
    response.headers.add("Content-Range", "bytes 2-6/10");
    response.body = FileBody{.file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), .offset = 2, .size = 5};
    return response;
  });
  EXPECT_EQ(fetch(request_for(server.url("/"))), "206 23456");
}

class Broken final : public BlockSource {
 public:
  Result<ByteSpan> next() override {
    if (std::exchange(begun_, true)) return fail(Code::kIo, "the disk is gone");
    return as_bytes("abc");
  }

 private:
  bool begun_ = false;
};

TEST(HttpServer, AThrowingHandlerIsFiveHundredAndABrokenSourceBreaksOff) {
  TestServer server([](ServerRequest& request) -> ServerResponse {
    if (request.head.path() == "/throw") throw std::runtime_error("boom");
    ServerResponse response;
    if (request.head.path() == "/field") response.headers.add("A", "b\r\nC: d");
    if (request.head.path() == "/broken") response.body = StreamBody{.source = std::make_unique<Broken>()};
    if (request.head.path() == "/short") response.body = StreamBody{.source = std::make_unique<Pattern>(3), .size = 4};
    return response;
  });
  EXPECT_EQ(fetch(request_for(server.url("/throw?token=s3cret"))), "500 internal error\n");
  EXPECT_EQ(fetch(request_for(server.url("/field"))), "500 internal error\n");
  EXPECT_NE(fetch(request_for(server.url("/broken"))).find("error: "), std::string::npos);
  EXPECT_NE(fetch(request_for(server.url("/short"))).find("error: "), std::string::npos);
  server.server->stop(seconds(5));
  const std::string problems = server.problems();
  for (const std::string_view part :
       {"boom", "field that cannot be sent", "the disk is gone", "length that was promised"}) {
    EXPECT_NE(problems.find(part), std::string::npos) << part << " in\n" << problems;
  }
  for (const auto& event : server.events) EXPECT_EQ(event.path.find("s3cret"), std::string::npos);
}

TEST(HttpServer, CutsOffClientsThatAreTooSlow) {
  ServerLimits limits;
  limits.head_timeout = milliseconds(300);
  limits.stall_period = milliseconds(300);
  TestServer server(
      [](ServerRequest&) {
        ServerResponse response;
        response.body = StreamBody{.source = std::make_unique<Pattern>(64 << 20)};
        return response;
      },
      limits);
  const auto begin = Clock::now();
  RawClient silent(server.server->port());
  RawClient head(server.server->port());
  RawClient body(server.server->port());
  RawClient taker(server.server->port());
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  taker.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  for (int i = 0; i < 12; ++i) {  // each byte resets an idle time-out
    head.send("A");
    body.send("b");
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_EQ(silent.receive(), "");
  head.receive();
  body.receive();
  EXPECT_TRUE(silent.closed && head.closed && body.closed);
  EXPECT_LT(taker.receive().size(), size_t{64} << 20);
  EXPECT_LT(Clock::now() - begin, seconds(15));
  server.server->stop(seconds(5));
  EXPECT_NE(server.problems().find("the client is too slow"), std::string::npos) << server.problems();
  EXPECT_EQ(server.handler.handled, 1) << "no thread for a body that does not come";
}

TEST(HttpServer, TellsTheHandlerThatTheClientLeft) {
  std::atomic<bool> told = false;
  std::atomic<bool> begun = false;
  TestServer server([&](ServerRequest& request) {
    begun = true;
    const auto deadline = Clock::now() + seconds(10);
    while (!request.stop.stop_requested() && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(1));
    told = request.stop.stop_requested();
    return text_answer("late");
  });
  RawClient client(server.server->port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!begun) std::this_thread::sleep_for(milliseconds(1));
  client.close();
  server.server->stop(seconds(10));
  EXPECT_TRUE(told);
}

TEST(HttpServer, ATruncatedBodyIsAnErrorOfTheBody) {
  std::string said;
  {
    TestServer server(
        [&](ServerRequest& request) {
          for (;;) {
            const auto block = request.body->next();
            if (!block) {
              said = block.error().to_string();
              break;
            }
            if (block->empty()) break;
          }
          return text_answer("");
        },
        {.max_body_bytes = 10 << 20});
    RawClient client(server.server->port());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(300'000, 'x'));
    while (server.handler.handled == 0) std::this_thread::sleep_for(milliseconds(1));
    client.close();
    while (server.problems().empty()) std::this_thread::sleep_for(milliseconds(1));
  }
  EXPECT_NE(said.find("the client left"), std::string::npos) << said;
}

TEST(HttpServer, StopsWithinItsBoundAndFinishesWhatRuns) {
  std::atomic<bool> begun = false;
  TestServer server([&](ServerRequest& request) {
    begun = true;
    if (request.head.path() == "/quick") {
      std::this_thread::sleep_for(milliseconds(200));
    } else {
      while (!request.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    }
    return text_answer("done");
  });
  const uint16_t port = server.server->port();
  RawClient idle(port);
  RawClient quick(port);
  quick.send("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!begun) std::this_thread::sleep_for(milliseconds(1));
  begun = false;
  RawClient endless(port);
  endless.send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!begun) std::this_thread::sleep_for(milliseconds(1));
  const auto before = Clock::now();
  server.server->stop(seconds(1));
  EXPECT_LT(Clock::now() - before, seconds(10));
  const std::string answer = quick.receive();
  EXPECT_NE(answer.find("done"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos) << answer;
  EXPECT_EQ(endless.receive(), "");
  EXPECT_EQ(idle.receive(), "");
  EXPECT_FALSE(RawClient(port).connected);
  server.server->stop(seconds(1));
}

TEST(HttpServer, ServesAThousandConnectionsAndHoldsTheRestBack) {
  ServerLimits limits;
  limits.connections = 1000;
  limits.connections_per_address = 5000;
  TestServer server(echo, limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.server->port()));
    ASSERT_TRUE(clients.back()->connected);
  }
  for (const auto& client : clients) client->send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const auto& client : clients) ASSERT_NE(client->receive("GET /x|").find("200 OK"), std::string::npos);
  RawClient waiting(server.server->port());
  waiting.send("GET /y HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(server.handler.handled, 1000);
  clients.resize(500);
  EXPECT_NE(waiting.receive("GET /y|").find("200 OK"), std::string::npos);
}

TEST(HttpServer, BoundsTheConnectionsOfOneAddress) {
  ServerLimits limits;
  limits.connections_per_address = 3;
  TestServer server(echo, limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(std::make_unique<RawClient>(server.server->port()));
  EXPECT_EQ(clients[3]->receive(), "");
  clients.clear();
  for (int i = 0; i < 100 && fetch(request_for(server.url("/"))).substr(0, 3) != "200"; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(fetch(request_for(server.url("/"))), "200 GET /|");
}

TEST(HttpServer, KnowsWhoIsAtAUnixSocketAndReplacesAStaleOne) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/s.sock";
  const auto at = [&] {
    std::vector<Listener> listeners;
    listeners.push_back({.address = UnixAddress{.path = path, .mode = 0660}});
    return listeners;
  };
  {  // bound once and left behind
    const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  {
    TestServer server(
        [](ServerRequest& request) {
          const auto& who = request.head.peer.credentials;
          return text_answer(who ? fmt::format("{} {} {} {}", request.head.peer.address, who->uid, who->gid, who->pid)
                                 : "");
        },
        {}, at());
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0660U);
    Request request = request_for("http://localhost/");
    request.unix_socket = path;
    EXPECT_EQ(fetch(request), fmt::format("200 unix {} {} {}", ::getuid(), ::getgid(), ::getpid()));
    ServerOptions second;
    second.listeners = at();
    EXPECT_EQ(Server::start(std::move(second), server.handler).error().code(), Code::kUnavailable);
    EXPECT_EQ(fetch(request).substr(0, 3), "200");
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "gone with the server";
  ASSERT_TRUE(write_file_atomically(path, "not a socket"));
  ServerOptions options;
  options.listeners = at();
  TestHandler handler;
  EXPECT_EQ(Server::start(std::move(options), handler).error().code(), Code::kInvalidArgument);
}

TEST(HttpServer, ServesAGivenSocketAndIPv6) {
  UniqueFd given(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::listen(given.get(), 8), 0);  // on a port of the kernel's choice
  std::vector<Listener> listeners;
  listeners.push_back({.address = GivenSocket{.socket = std::move(given)}});
  const TestServer server(echo, {}, std::move(listeners));
  EXPECT_EQ(fetch(request_for(server.url("/"))), "200 GET /|");
  TestHandler handler;
  for (const std::string_view host : {"localhost", "", "1.2.3", "::1x"}) {
    ServerOptions options;
    options.listeners.push_back({.address = TcpAddress{.host = std::string(host)}});
    const auto started = Server::start(std::move(options), handler);
    ASSERT_FALSE(started) << host;
    EXPECT_EQ(started.error().code(), Code::kInvalidArgument);
    EXPECT_FALSE(started.error().remedy().empty());
  }
  ServerOptions taken;
  taken.listeners.push_back({.address = TcpAddress{.host = "127.0.0.1", .port = server.server->port()}});
  EXPECT_EQ(Server::start(std::move(taken), handler).error().code(), Code::kUnavailable);
  ServerOptions six;
  six.listeners.push_back({.address = TcpAddress{.host = "::1"}});
  auto started = Server::start(std::move(six), handler);
  if (!started) return;  // a machine without IPv6: the error is the test
  handler.on_request = [](ServerRequest& request) { return text_answer(request.head.peer.address); };
  EXPECT_EQ(fetch(request_for(fmt::format("http://[::1]:{}/", (*started)->port()))).substr(0, 10), "200 [::1]:");
}

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

TEST(HttpServer, SpeaksTlsAndVerifiesClientCertificates) {
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

TEST(HttpServer, RefusesTlsItCannotUse) {
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

TEST(HttpServer, StreamsOverTls) {
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

#include "net/http_client.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/test_data.h"
#include "base/thread_state.h"
#include "net/testing/scripted_server.h"

namespace bulkhead::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::reply;
using testing::ScriptedReply;
using testing::ScriptedServer;
using testing::SeenRequest;

Request get(const std::string& url) {
  Request request;
  request.url = url;
  request.retry = {.max_attempts = 3, .first_delay = milliseconds(1), .max_delay = milliseconds(2)};
  return request;
}

std::string text_of(Response& response) {
  return read_all(*response.body, 100 << 20, "body").value();
}

TEST(HttpClient, GetsStatusHeadersAndBody) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, "hello", "X-One: 1\r\nETag: \"e\"\r\n"); });
  const Client client(ClientOptions{.user_agent = "tester/1"});
  auto response = client.send(get(server.url("/a?b=c")));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->headers.find("x-one"), "1");
  EXPECT_EQ(response->content_length(), 5U);
  EXPECT_EQ(text_of(*response), "hello");
  EXPECT_EQ(validators_of(response->headers).etag, "\"e\"");
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.header("user-agent"), "tester/1");
  EXPECT_EQ(seen.header("accept-encoding"), "");
}

TEST(HttpClient, StreamsABodyLargerThanItsBufferWithoutLoss) {
  std::string big(20 << 20, '\0');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>((i * 2654435761U) >> 13);
  const ScriptedServer server([&](const SeenRequest&) { return reply(200, big); });
  const Client client({});
  auto response = client.send(get(server.url("/")));
  ASSERT_TRUE(response);
  std::string received;
  for (;;) {
    const auto block = response->body->next();
    ASSERT_TRUE(block);
    if (block->empty()) break;
    ASSERT_LE(block->size(), BlockSource::kMaxBlockBytes);
    received += as_text(*block);
  }
  EXPECT_TRUE(received == big);
  EXPECT_TRUE(response->body->next()->empty()) << "the end stays the end";
}

TEST(HttpClient, SlowReaderIsNotTakenForAStalledServer) {
  const std::string big(3 << 20, 'x');
  const ScriptedServer server([&](const SeenRequest&) { return reply(200, big); });
  const Client client({});
  Request request = get(server.url("/"));
  request.timeouts.stall_period = milliseconds(100);
  auto response = client.send(request);
  ASSERT_TRUE(response);
  size_t received = 0;
  for (int i = 0;; ++i) {
    const auto block = response->body->next();
    ASSERT_TRUE(block) << block.error().to_string();
    if (block->empty()) break;
    received += block->size();
    if (i < 3) std::this_thread::sleep_for(milliseconds(150));  // what is tested: time that passes in the reader
  }
  EXPECT_EQ(received, big.size());
}

TEST(HttpClient, UsesAConnectionAgainOnceItsBodyIsRead) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, "x"); });
  const Client client({});
  for (int i = 0; i < 5; ++i) {
    auto response = client.send(get(server.url("/")));
    ASSERT_TRUE(response);
    text_of(*response);
  }
  EXPECT_EQ(server.connection_count(), 1U);
}

TEST(HttpClient, ServesManyThreadsAtOnce) {
  const ScriptedServer server([](const SeenRequest& request) { return reply(200, request.target); });
  const Client client({});
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          const std::string path = fmt::format("/{}/{}", t, i);
          auto response = client.send(get(server.url(path)));
          if (response && text_of(*response) == path) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 160);
}

TEST(HttpClient, BodyMayOutliveItsClient) {
  const std::string big(2 << 20, 'x');
  const ScriptedServer server([&](const SeenRequest&) { return reply(200, big); });
  Result<Response> response = fail(Code::kInternal, "");
  {
    const Client client({});
    response = client.send(get(server.url("/")));
  }
  ASSERT_TRUE(response);
  EXPECT_EQ(text_of(*response).size(), big.size());
}

TEST(HttpClient, PostsABodyAsItIs) {
  const ScriptedServer server([](const SeenRequest&) { return reply(201, "made"); });
  const Client client({});
  Request request = get(server.url("/"));
  request.method = "POST";
  request.body = std::string("a\0b", 3);
  request.headers.add("Content-Type", "application/json");
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201);
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(seen.header("expect"), "");
}

TEST(HttpClient, HeadHasNoBodyAndDeleteNone) {
  const ScriptedServer server([](const SeenRequest& request) {
    return request.method == "HEAD" ? ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"} : reply(204, "");
  });
  const Client client({});
  Request request = get(server.url("/"));
  request.method = "HEAD";
  auto response = client.send(request);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->content_length(), 99U);
  EXPECT_EQ(text_of(*response), "");
  request.method = "DELETE";
  EXPECT_EQ(client.send(request)->status, 204);
  EXPECT_EQ(server.requests().at(1).header("content-length"), "");
}

TEST(HttpClient, SpeaksOverAUnixSocket) {
  const std::string path = ::testing::TempDir() + "/bulkhead_http_test.sock";
  const ScriptedServer server(path, [](const SeenRequest& request) { return reply(200, request.target); });
  const Client client({});
  Request request = get("http://localhost/v1/info");
  request.unix_socket = path;
  auto response = client.send(request);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(text_of(*response), "/v1/info");
  ::unlink(path.c_str());
}

TEST(HttpClient, TellsAMissingUnixSocketApart) {
  const Client client({});
  Request request = get("http://localhost/");
  request.unix_socket = "/nonexistent/bulkhead.sock";
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kNotFound);
  EXPECT_NE(response.error().to_string().find("/nonexistent/bulkhead.sock"), std::string::npos);
}

TEST(HttpClient, NamesASocketAtWhichNobodyAnswers) {
  const Client client({});
  Request request = get("http://localhost/");
  const std::string left = ::testing::TempDir() + "/bulkhead_http_left.sock";
  {
    const ScriptedServer server(left, [](const SeenRequest&) { return ScriptedReply{}; });
  }
  for (const auto& [path, problem] : {std::pair<std::string, std::string>("/etc/passwd", "/etc/passwd: is no socket"),
                                      {left, left + ": nobody answers at this socket"}}) {
    request.unix_socket = path;
    const auto response = client.send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code(), Code::kUnavailable);
    EXPECT_EQ(response.error().to_string(), problem);
  }
  ::unlink(left.c_str());
}

TEST(HttpClient, SpeaksIpv6) {
  UniqueFd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  socklen_t size = sizeof(address);
  BULKHEAD_NEED(listener && ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0, "no IPv6 here");
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const std::jthread server([&] {
    const UniqueFd peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char head[4096];
    (void)::recv(peer.get(), head, sizeof(head), 0);
    const std::string answer = reply(200, "six").bytes;
    (void)::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  });
  const Client client({});
  auto response = client.send(get(fmt::format("http://[::1]:{}/", ntohs(address.sin6_port))));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(text_of(*response), "six");
}

// ---- redirects

TEST(HttpClient, FollowsRedirectsAndKeepsCredentialsOnTheirOrigin) {
  const ScriptedServer server([](const SeenRequest& request) {
    if (request.target == "/one") return reply(302, "moved", "Location: two?x=1\r\n");
    return reply(200, "here");
  });
  const Client client({});
  Request request = get(server.url("/one"));
  request.authorization = Secret::copy_of("Bearer t0ken");
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(text_of(*response), "here");
  EXPECT_EQ(response->url, server.url("/two?x=1"));
  EXPECT_EQ(response->display_url, server.url("/two")) << "a query may be a signature";
  EXPECT_EQ(server.requests().at(1).header("authorization"), "Bearer t0ken");
}

TEST(HttpClient, DropsCredentialsOnAnotherOrigin) {
  const ScriptedServer blobs([](const SeenRequest&) { return reply(200, "blob"); });
  const ScriptedServer server(
      [&](const SeenRequest&) { return reply(307, "", "Location: " + blobs.url("/b") + "\r\n"); });
  const Client client({});
  Request request = get(server.url("/"));
  request.authorization = Secret::copy_of("Bearer t0ken");
  request.headers.add("Cookie", "session=1");
  request.headers.add("X-Registry-Auth", "abc");
  request.headers.add("Accept", "application/octet-stream");
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(text_of(*response), "blob");
  const auto seen = blobs.requests().at(0);
  EXPECT_EQ(seen.header("authorization"), "");
  EXPECT_EQ(seen.header("cookie"), "");
  EXPECT_EQ(seen.header("x-registry-auth"), "");
  EXPECT_EQ(seen.header("accept"), "application/octet-stream");
}

TEST(HttpClient, CountsRedirects) {
  const ScriptedServer server([](const SeenRequest&) { return reply(302, "", "Location: /again\r\n"); });
  const Client client({});
  Request request = get(server.url("/"));
  request.max_redirects = 3;
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kLimitExceeded);
  EXPECT_EQ(server.requests().size(), 4U);
}

TEST(HttpClient, RefusesRedirectsToOtherSchemesAndToUrlsWithUsers) {
  for (const std::string target :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "http://user:secret@127.0.0.1/", "gopher://x"}) {
    const ScriptedServer server([&](const SeenRequest&) { return reply(302, "", "Location: " + target + "\r\n"); });
    const Client client({});
    const auto response = client.send(get(server.url("/")));
    ASSERT_FALSE(response) << target;
    EXPECT_EQ(response.error().to_string().find("secret"), std::string::npos);
  }
}

TEST(HttpClient, HandsTheRedirectOfAPostToTheCaller) {
  const ScriptedServer server([](const SeenRequest&) { return reply(302, "", "Location: /other\r\n"); });
  const Client client({});
  Request request = get(server.url("/"));
  request.method = "POST";
  EXPECT_EQ(client.send(request)->status, 302);
  EXPECT_EQ(server.requests().size(), 1U);
}

// ---- retries

TEST(HttpClient, RetriesAPassingFailure) {
  std::atomic<int> count = 0;
  const ScriptedServer server(
      [&](const SeenRequest&) { return ++count < 3 ? reply(503, "busy", "Retry-After: 0\r\n") : reply(200, "fine"); });
  const Client client({});
  auto response = client.send(get(server.url("/")));
  ASSERT_TRUE(response);
  EXPECT_EQ(text_of(*response), "fine");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(HttpClient, RetriesAConnectionCutBeforeTheAnswer) {
  std::atomic<int> count = 0;
  const ScriptedServer server([&](const SeenRequest&) {
    if (++count < 3) return ScriptedReply{"", true};
    return reply(200, "fine");
  });
  const Client client({});
  auto response = client.send(get(server.url("/")));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(text_of(*response), "fine");
}

TEST(HttpClient, PassesTheLastFailureOn) {
  const ScriptedServer server([](const SeenRequest&) { return reply(502, ""); });
  const Client client({});
  const auto response = client.send(get(server.url("/")));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 502);
  EXPECT_EQ(response->expect_success().error().code(), Code::kUnavailable);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(HttpClient, NeverRepeatsAPost) {
  const ScriptedServer server([](const SeenRequest&) { return reply(503, ""); });
  const Client client({});
  Request request = get(server.url("/"));
  request.method = "POST";
  EXPECT_EQ(client.send(request)->status, 503);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, DoesNotWaitLongerThanThePolicyAllows) {
  const ScriptedServer server([](const SeenRequest&) { return reply(429, "", "Retry-After: 3600\r\n"); });
  const Client client({});
  EXPECT_EQ(client.send(get(server.url("/")))->status, 429);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClient, ReportsAClosedPortAtOnce) {
  int port = 0;
  {
    const ScriptedServer gone([](const SeenRequest&) { return reply(200, ""); });
    port = gone.port();
  }
  const Client client({});
  Request request = get(fmt::format("http://127.0.0.1:{}/", port));
  request.retry = {.max_attempts = 5, .first_delay = seconds(30)};
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kUnavailable);
}

// ---- limits and time

TEST(HttpClient, BoundsTheBody) {
  const ScriptedServer server([](const SeenRequest&) { return reply(200, std::string(1000, 'x')); });
  const Client client({});
  Request request = get(server.url("/"));
  request.max_body_bytes = 999;
  auto response = client.send(request);
  if (response) {
    const auto text = read_all(*response->body, 100000, "body");
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().code(), Code::kLimitExceeded);
  } else {
    EXPECT_EQ(response.error().code(), Code::kLimitExceeded);
  }
}

TEST(HttpClient, RefusesABodyByItsPromisedLengthAtOnce) {
  const ScriptedServer server([](const SeenRequest& request) {
    if (request.method == "HEAD") return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n"};
    return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nonly this", false, true};
  });
  const Client client({});
  Request request = get(server.url("/"));
  request.max_body_bytes = 1000;
  auto response = client.send(request);
  ASSERT_TRUE(response);
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(read_all(*response->body, 100'000, "body").error().code(), Code::kLimitExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - started, seconds(10));
  request.method = "HEAD";  // promises nothing that will come
  response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(read_all(*response->body, 10, "body").value(), "");
}

TEST(HttpClient, KeepsTheDeadlineOfTheBody) {
  const ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", false, true};
  });
  const Client client({});
  Request request = get(server.url("/"));
  request.timeouts.body = milliseconds(200);
  auto response = client.send(request);
  ASSERT_TRUE(response);
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(read_all(*response->body, 1000, "body").error().code(), Code::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - started, seconds(10));
}

TEST(HttpClient, BoundsTheHead) {
  const ScriptedServer server([](const SeenRequest& request) {
    std::string fields;
    if (request.target == "/many") {
      for (int i = 0; i < 2000; ++i) fields += fmt::format("X-{}: y\r\n", i);
    } else {
      for (int i = 0; i < 10; ++i) fields += fmt::format("X-{}: {}\r\n", i, std::string(60'000, 'y'));
    }
    return reply(200, "", fields);
  });
  const Client client({});
  for (const std::string path : {"/many", "/long"}) {
    const auto response = client.send(get(server.url(path)));
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code(), Code::kLimitExceeded) << response.error().to_string();
  }
}

TEST(HttpClient, RefusesWhatIsNotHttp) {
  for (const std::string answer : {"SSH-2.0-OpenSSH_9\r\n\r\n", "hello\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"}) {
    const ScriptedServer server([&](const SeenRequest&) { return ScriptedReply{answer, true}; });
    const Client client({});
    const auto response = client.send(get(server.url("/")));
    ASSERT_FALSE(response) << answer;
    EXPECT_EQ(response.error().code(), Code::kMalformed) << response.error().to_string();
  }
}

TEST(HttpClient, GivesUpOnASilentServer) {
  const ScriptedServer server([](const SeenRequest&) { return ScriptedReply{"", false, true}; });
  const Client client({});
  Request request = get(server.url("/"));
  request.retry = RetryPolicy::never();
  request.timeouts.connect = seconds(3600);  // what connecting did not need is not waited for afterwards
  request.timeouts.first_byte = milliseconds(100);
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kDeadlineExceeded);
}

TEST(HttpClient, AsksASilentServerOnlyOnceMore) {
  const ScriptedServer server([](const SeenRequest&) { return ScriptedReply{"", false, true}; });
  const Client client({});
  Request request = get(server.url("/"));
  request.retry.max_attempts = 5;
  request.timeouts.connect = milliseconds(50);
  request.timeouts.first_byte = milliseconds(100);
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(server.connection_count(), 2U);
}

TEST(HttpClient, GivesUpOnABodyThatStalls) {
  const ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", false, true};
  });
  const Client client({});
  Request request = get(server.url("/"));
  request.timeouts.stall_period = milliseconds(150);
  auto response = client.send(request);
  ASSERT_TRUE(response);
  const auto text = read_all(*response->body, 1000, "body");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::kDeadlineExceeded);
}

TEST(HttpClient, KeepsTheDeadlineOfTheWholeCall) {
  const ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", false, true};
  });
  const Client client({});
  Request request = get(server.url("/"));
  request.timeouts.total = milliseconds(200);
  auto response = client.send(request);
  ASSERT_TRUE(response);
  const auto started = std::chrono::steady_clock::now();
  EXPECT_EQ(read_all(*response->body, 1000, "body").error().code(), Code::kDeadlineExceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - started, seconds(10));
}

TEST(HttpClient, StopsOnRequestWhileWaiting) {
  std::stop_source stop;
  const ScriptedServer server([&](const SeenRequest&) {
    stop.request_stop();
    return ScriptedReply{"", false, true};
  });
  const Client client({});
  Request request = get(server.url("/"));
  request.stop = stop.get_token();
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kCancelled);
}

TEST(HttpClient, StopsWhileABodyIsAwaited) {
  const ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", false, true};
  });
  const Client client({});
  std::stop_source stop;
  Request request = get(server.url("/"));
  request.stop = stop.get_token();
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(as_text(response->body->next().value_or(ByteSpan())), "only this");
  const std::jthread stopper([&, reader = ::gettid()] {
    await_sleep_of(reader);
    stop.request_stop();
  });
  EXPECT_EQ(read_all(*response->body, 1000, "body").error().code(), Code::kCancelled);
}

TEST(HttpClient, NoticesABodyThatEndsEarly) {
  const ScriptedServer server([](const SeenRequest&) {
    return ScriptedReply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", true};
  });
  const Client client({});
  auto response = client.send(get(server.url("/")));
  ASSERT_TRUE(response);
  const auto first = response->body->next();
  ASSERT_TRUE(first);
  EXPECT_EQ(as_text(*first), "only this");
  const auto second = response->body->next();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kUnavailable);
}

// ---- what must not leave

TEST(HttpClient, RefusesFieldsThatWouldSmuggle) {
  const Client client({});
  Request request = get("http://127.0.0.1:1/");
  request.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(client.send(request).error().code(), Code::kInvalidArgument);
  request.headers = {{"Bad Name", "x"}};
  EXPECT_EQ(client.send(request).error().code(), Code::kInvalidArgument);
  request.headers = {};
  request.authorization = Secret::copy_of("Basic x\r\n");
  const auto response = client.send(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().to_string().find("Basic"), std::string::npos);
  request.authorization = {};
  request.method = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(client.send(request).error().code(), Code::kInvalidArgument);
}

TEST(HttpClient, ErrorsShowNoQuery) {
  const Client client({});
  const auto response = client.send(get("http://127.0.0.1:1/path?sig=s3cret"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().to_string().find("s3cret"), std::string::npos);
  EXPECT_NE(response.error().to_string().find("127.0.0.1:1/path"), std::string::npos);
}

TEST(HttpClient, IgnoresProxiesOfTheEnvironment) {
  // Safe: no other thread of this test reads the environment now.
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);  // NOLINT(concurrency-mt-unsafe)
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);   // NOLINT(concurrency-mt-unsafe)
  const ScriptedServer server([](const SeenRequest&) { return reply(200, "direct"); });
  const Client client({});
  auto response = client.send(get(server.url("/")));
  ::unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  ::unsetenv("ALL_PROXY");   // NOLINT(concurrency-mt-unsafe)
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(text_of(*response), "direct");
}

TEST(HttpClient, GoesThroughTheConfiguredProxyWithItsCredentials) {
  const ScriptedServer proxy([](const SeenRequest& request) { return reply(200, "via " + request.target); });
  ClientOptions options;
  options.proxies.http_proxy = Secret::copy_of(fmt::format("http://bob:pw@127.0.0.1:{}", proxy.port()));
  options.proxies.no_proxy = "direct.example";
  const Client client(std::move(options));
  auto response = client.send(get("http://registry.example/v2/"));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(text_of(*response), "via http://registry.example/v2/");
  EXPECT_EQ(proxy.requests().at(0).header("proxy-authorization"), "Basic Ym9iOnB3");
}

TEST(HttpClient, NeverShowsTheAddressOfAProxy) {
  for (const std::string_view proxy : {"http://bob:p#s3cret@127.0.0.1:1", "ftp://bob:s3cret@127.0.0.1:1",
                                       "http://bob:s3cret@no-such-host.invalid:1"}) {
    ClientOptions options;
    options.proxies.http_proxy = Secret::copy_of(proxy);
    Request request;
    request.url = "http://registry.example/";
    request.retry = RetryPolicy::never();
    const auto response = Client(std::move(options)).send(request);
    ASSERT_FALSE(response) << proxy;
    const std::string shown = response.error().to_string() + response.error().remedy();
    EXPECT_FALSE(shown.contains("s3cret") || shown.contains("bob")) << shown;
    EXPECT_TRUE(shown.contains("roxy")) << shown;
  }
}

TEST(HttpClient, ReportsAProxyThatRefuses) {
  const ScriptedServer proxy([](const SeenRequest&) { return reply(407, ""); });
  ClientOptions options;
  options.proxies.https_proxy = Secret::copy_of(fmt::format("http://bob:s3cret@127.0.0.1:{}", proxy.port()));
  const Client client(std::move(options));
  const auto response = client.send(get("https://registry.example/v2/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().to_string().find("s3cret"), std::string::npos);
  EXPECT_TRUE(response.error().remedy().contains("NO_PROXY")) << response.error().remedy();
  EXPECT_EQ(proxy.requests().size(), 1U) << "a refusal is not retried";
}

TEST(HttpClient, MakesConditionalRequests) {
  const ScriptedServer server([](const SeenRequest& request) {
    return request.header("if-none-match") == "\"v1\""
               ? ScriptedReply{"HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"}
               : reply(200, "new");
  });
  const Client client({});
  Request request = get(server.url("/"));
  make_conditional(request, {.etag = "\"v1\"", .last_modified = "Sun, 06 Nov 1994 08:49:37 GMT"});
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 304);
  EXPECT_EQ(text_of(*response), "");
  EXPECT_EQ(server.requests().at(0).header("if-modified-since"), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpClient, NamesACertificateFileThatIsNone) {
  ClientOptions options;
  options.tls.ca_files = {"/etc/hostname"};
  const Client client(std::move(options));
  const auto response = client.send(get("https://127.0.0.1:1/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kMalformed);
  EXPECT_NE(response.error().to_string().find("/etc/hostname"), std::string::npos);
}

TEST(HttpClient, TellsAServerWithoutTlsApart) {
  const ScriptedServer server([](const SeenRequest&) { return reply(400, "plain HTTP"); });
  const Client client({});
  Request request = get(fmt::format("https://127.0.0.1:{}/", server.port()));
  request.timeouts.first_byte = seconds(5);
  // The server waits for a request's head that a TLS hello never ends: any answer but success, and no hang.
  request.timeouts.connect = milliseconds(300);
  request.retry = RetryPolicy::never();
  EXPECT_FALSE(client.send(request));
}

}  // namespace
}  // namespace bulkhead::net

#include "advisory/http_feed_fetcher.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/testing/scripted_server.h"

namespace bulkhead::advisory {
namespace {

using net::testing::reply;
using net::testing::ScriptedReply;
using net::testing::ScriptedServer;
using net::testing::SeenRequest;

HttpFeedOptions quick() {
  HttpFeedOptions options;
  options.retry = {
      .max_attempts = 2, .first_delay = std::chrono::milliseconds(1), .max_delay = std::chrono::milliseconds(1)};
  return options;
}

TEST(HttpFeedFetcher, SavesValidatorsAndAsksWithThem) {
  ScriptedServer server([](const SeenRequest& request) {
    const bool known = request.header("if-none-match") == "\"v1\"" &&
                       request.header("if-modified-since") == "Sun, 22 Nov 2026 10:00:00 GMT";
    const std::string fields = "ETag: \"v1\"\r\nLast-Modified: Sun, 22 Nov 2026 10:00:00 GMT\r\n";
    return known ? ScriptedReply{"HTTP/1.1 304 Not Modified\r\n" + fields + "\r\n"} : reply(200, "feed", fields);
  });
  HttpFeedFetcher fetcher(quick());
  auto first = fetcher.fetch({.url = server.url("/x.json")});
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_FALSE(first->not_modified);
  EXPECT_EQ(first->size, 4U);
  EXPECT_EQ(read_all(*first->body, 10, "x").value(), "feed");
  EXPECT_EQ(server.requests().front().header("if-none-match"), "");
  const auto second =
      fetcher.fetch({.url = server.url("/x.json"), .etag = first->etag, .last_modified = first->last_modified});
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_TRUE(second->not_modified);
  EXPECT_EQ(second->body, nullptr);
}

TEST(HttpFeedFetcher, AnyOtherStatusIsAnErrorThatNamesTheUrl) {
  ScriptedServer server([](const SeenRequest& request) {
    if (request.target == "/304") return ScriptedReply{"HTTP/1.1 304 Not Modified\r\n\r\n"};
    return reply(static_cast<int>(parse_decimal(request.target.substr(1)).value_or(500)), "no");
  });
  HttpFeedFetcher fetcher(quick());
  for (const auto& [path, code] : {std::pair("/404", Code::kNotFound),
                                   {"/403", Code::kPermissionDenied},
                                   {"/503", Code::kUnavailable},
                                   {"/204", Code::kUnsupported},
                                   {"/304", Code::kUnsupported}}) {
    const auto answer = fetcher.fetch({.url = server.url(path)});
    ASSERT_FALSE(answer) << path;
    EXPECT_EQ(answer.error().code(), code) << path;
    EXPECT_NE(answer.error().to_string().find(path), std::string::npos) << answer.error().to_string();
  }
}

TEST(HttpFeedFetcher, GoesOnWhereTheConnectionBroke) {
  const std::string body = "0123456789";
  ScriptedServer server([&](const SeenRequest& request) -> ScriptedReply {
    const std::string range = request.header("range");
    if (range.empty()) {
      return {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: \"v1\"\r\n\r\n01234", true};
    }
    EXPECT_EQ(range, "bytes=5-");
    EXPECT_EQ(request.header("if-range"), "\"v1\"");
    return {"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\nContent-Range: bytes 5-9/10\r\nETag: \"v1\"\r\n\r\n56789"};
  });
  HttpFeedFetcher fetcher(quick());
  const auto answer = fetcher.fetch({.url = server.url("/x"), .etag = "\"old\""});
  ASSERT_TRUE(answer);
  EXPECT_EQ(read_all(*answer->body, 100, "x").value(), body);
  EXPECT_EQ(server.requests().back().header("if-none-match"), "");
}

TEST(HttpFeedFetcher, ABodyThatCannotBeContinuedIsAnErrorNotAnEnd) {
  ScriptedServer server([&](const SeenRequest&) -> ScriptedReply {
    return {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", true};
  });
  HttpFeedFetcher fetcher(quick());
  const auto answer = fetcher.fetch({.url = server.url("/x")});
  ASSERT_TRUE(answer);
  EXPECT_FALSE(read_all(*answer->body, 100, "x"));
}

TEST(HttpFeedFetcher, AsksForCompressionOnlyWhereItDoesNoHarm) {
  ScriptedServer server([](const SeenRequest&) { return reply(200, "x"); });
  HttpFeedFetcher fetcher(quick());
  ASSERT_TRUE(fetcher.fetch({.url = server.url("/a"), .may_be_compressed = true}));
  ASSERT_TRUE(fetcher.fetch({.url = server.url("/b")}));
  EXPECT_EQ(server.requests()[0].header("accept-encoding"), "gzip");
  EXPECT_EQ(server.requests()[1].header("accept-encoding"), "");
}

TEST(HttpFeedFetcher, KnowsApachesNameForACompressedBody) {
  ScriptedServer server([](const SeenRequest&) { return reply(200, "x"); });
  HttpFeedFetcher fetcher(quick());
  ASSERT_TRUE(fetcher.fetch({.url = server.url("/a"), .etag = "\"5f-abc-gzip\""}));
  EXPECT_EQ(server.requests()[0].header("if-none-match"), "\"5f-abc-gzip\", \"5f-abc\"");
}

TEST(HttpFeedFetcher, AsksTheMirrorInPlaceOfThePublisher) {
  ScriptedServer server([](const SeenRequest& request) { return reply(200, request.target); });
  HttpFeedOptions options = quick();
  options.mirrors = {{.prefix = "https://secdb.alpinelinux.org", .replacement = server.url("/secdb")}};
  HttpFeedFetcher fetcher(std::move(options));
  const auto answer = fetcher.fetch({.url = "https://secdb.alpinelinux.org/v3.19/main.json"});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(read_all(*answer->body, 100, "x").value(), "/secdb/v3.19/main.json");
}

TEST(FeedMirror, TheLongestPrefixThatEndsAtAPartDecides) {
  const std::vector<FeedMirror> mirrors = {{"https://a.example", "https://m/a"},
                                           {"https://a.example/x", "https://m/x"},
                                           {"https://a.example/y", "https://m/y"}};
  for (const auto& [url, real] : {std::pair("https://a.example/z?q=1", "https://m/a/z?q=1"),
                                  {"https://a.example/x/1", "https://m/x/1"},
                                  {"https://a.example/x", "https://m/x"},
                                  {"https://a.example/xy", "https://m/a/xy"},
                                  {"https://a.example.evil/x", "https://a.example.evil/x"},
                                  {"https://b.example/", "https://b.example/"}}) {
    EXPECT_EQ(mirrored_url(mirrors, url), real);
  }
}

TEST(FeedMirror, IsWrittenAsTwoUrls) {
  const auto mirror = parse_feed_mirror("https://a.example/x/=http://10.0.0.1:8080/feeds/");
  ASSERT_TRUE(mirror) << mirror.error().to_string();
  EXPECT_EQ(mirror->prefix, "https://a.example/x");
  EXPECT_EQ(mirror->replacement, "http://10.0.0.1:8080/feeds");
  for (const char* bad :
       {"", "x", "https://a.example", "https://a.example=", "=https://a.example", "a=https://b.example",
        "https://a.example=ftp://b.example", "https://a.example=https://user:pw@b.example"}) {
    const auto none = parse_feed_mirror(bad);
    ASSERT_FALSE(none) << bad;
    EXPECT_TRUE(none.error().code() == Code::kInvalidArgument || none.error().code() == Code::kUnsupported) << bad;
  }
}

}  // namespace
}  // namespace bulkhead::advisory

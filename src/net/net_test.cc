// The pure parts: header grammar, URLs, proxies, retry policy.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "net/challenge.h"
#include "net/headers.h"
#include "net/http_fields.h"
#include "net/proxy.h"
#include "net/proxy_address.h"
#include "net/retry.h"
#include "net/url.h"

namespace bulkhead::net {
namespace {

using std::chrono::milliseconds;

// "scheme(token68)[name=value;…]", joined by " | ".
std::string render(const std::vector<Challenge>& challenges) {
  std::string out;
  for (const Challenge& challenge : challenges) {
    if (!out.empty()) out += " | ";
    out += challenge.scheme;
    if (!challenge.token68.empty()) out += fmt::format("({})", challenge.token68);
    for (const auto& [name, value] : challenge.parameters) out += fmt::format("[{}={}]", name, value);
  }
  return out;
}

TEST(Challenge, ParsesWhatTheGrammarAllows) {
  struct {
    std::string_view field, expected;
  } const cases[] = {
      {R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push")",
       "bearer[realm=https://auth.docker.io/token][service=registry.docker.io][scope=repository:a/b:pull,push]"},
      {R"(Basic realm="x")", "basic[realm=x]"},
      {R"(BASIC   Realm = "a \"b\" \\ c" )", R"(basic[realm=a "b" \ c])"},
      {R"(Basic realm=token)", "basic[realm=token]"},
      {R"(Basic realm="")", "basic[realm=]"},
      {"Negotiate", "negotiate"},
      {"Negotiate, Basic realm=x", "negotiate | basic[realm=x]"},
      {"Negotiate YWJj==", "negotiate(YWJj==)"},
      {"Basic realm=", "basic(realm=)"},
      {"Basic realm= x", "basic[realm=x]"},
      {"Negotiate YWJj, Basic realm=x", "negotiate(YWJj) | basic[realm=x]"},
      {R"(Digest realm="r", nonce="n" , qop="auth,auth-int", Basic realm="b")",
       "digest[realm=r][nonce=n][qop=auth,auth-int] | basic[realm=b]"},
      {R"(, ,Basic realm=x, , ,Bearer realm=y,,)", "basic[realm=x] | bearer[realm=y]"},
      {R"(Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple")",
       R"(newauth[realm=apps][type=1][title=Login to "apps"] | basic[realm=simple])"},
      {"Basic , Bearer realm=y", "basic | bearer[realm=y]"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_challenges(c.field);
    ASSERT_TRUE(parsed) << c.field << ": " << parsed.error().to_string();
    EXPECT_EQ(render(*parsed), c.expected) << c.field;
  }
}

TEST(Challenge, RefusesEverythingElse) {
  for (const std::string_view field :
       {"", " ", ",,", "Basic realm=,x=1", "Basic realm=\"x", "Basic realm=\"x\\", "Basic realm=\"x\"y",
        "Basic realm=https://x", "Basic realm=a realm=b", "Basic realm=a, REALM=b", "Basic foo bar", "Bearer \"x\"",
        "Basic realm=\"a\x01\"", "=x", "Basic abc== def", "Bearer realm=\"x\";service=y"}) {
    EXPECT_FALSE(parse_challenges(field)) << field;
  }
}

TEST(Challenge, IsBounded) {
  EXPECT_EQ(parse_challenges(std::string(20'000, 'a')).error().code(), Code::kLimitExceeded);
  std::string many = "Basic a0=1";
  for (int i = 1; i < 100; ++i) many += ",a" + std::to_string(i) + "=1";
  EXPECT_EQ(parse_challenges(many).error().code(), Code::kLimitExceeded);
}

TEST(HttpFields, ReadsTheThreeFormsOfADate) {
  const std::chrono::sys_seconds expected{std::chrono::seconds(784111777)};
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text), expected) << text;
  }
  EXPECT_EQ(format_http_date(expected), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const std::string_view text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMTx"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(HttpFields, ReadsRetryAfterAsSecondsOrDate) {
  const std::chrono::sys_seconds now{std::chrono::seconds(784111777)};
  EXPECT_EQ(parse_retry_after("120", now), milliseconds(120'000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now), milliseconds(30'000));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), milliseconds(0));
  EXPECT_EQ(parse_retry_after("18446744073709551615", now), std::chrono::days(365));
  for (const std::string_view text : {"", "-1", "1.5", "soon", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_retry_after(text, now)) << text;
  }
}

TEST(HttpFields, ReadsContentRanges) {
  const auto range = parse_content_range("bytes 42-1233/1234");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 42U);
  EXPECT_EQ(range->last, 1233U);
  EXPECT_EQ(range->complete, 1234U);
  EXPECT_FALSE(parse_content_range("Bytes 0-0/*")->complete);
  for (const std::string_view text :
       {"", "bytes", "bytes 5-4/10", "bytes 0-10/10", "bytes */1234", "items 0-1/2", "bytes 0-1", "bytes -1/2",
        "bytes 0-1/2x", "bytes 0/1-2", "bytes 0-18446744073709551616/*"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(HttpFields, CutsMediaTypes) {
  EXPECT_EQ(media_type_of("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type_of("application/vnd.oci.image.index.v1+json"), "application/vnd.oci.image.index.v1+json");
  for (const std::string_view text : {"", "json", "/", "a/", "/b", "a b/c"}) EXPECT_EQ(media_type_of(text), "") << text;
}

TEST(HeadReader, SkipsInterimHeadsAndJoinsFoldedLines) {
  HeadReader reader({});
  for (const std::string_view line : {"HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 200 OK\r\n", "A: 1\r\n", " 2\r\n",
                                      "B:\r\n", "a: 3 \r\n", "\r\n", "Trailer: ignored\r\n"}) {
    ASSERT_TRUE(reader.line(line)) << line;
  }
  EXPECT_TRUE(reader.complete());
  EXPECT_EQ(reader.status(), 200);
  EXPECT_EQ(reader.headers().find_all("a"), (std::vector<std::string_view>{"1 2", "3"}));
  EXPECT_EQ(reader.headers().find("b"), "");
  EXPECT_FALSE(reader.headers().find("trailer"));
}

TEST(Url, TakesUrlsApart) {
  struct {
    std::string_view text, scheme, host;
    uint16_t port;
    std::string_view path, authority, origin;
  } const cases[] = {
      {"https://Example.COM/v2/?q#f", "https", "example.com", 443, "/v2/", "example.com", "https://example.com:443"},
      {"http://h:5000", "http", "h", 5000, "/", "h:5000", "http://h:5000"},
      {"https://h:443/", "https", "h", 443, "/", "h", "https://h:443"},
      {"http://[::1]:5000/x", "http", "::1", 5000, "/x", "[::1]:5000", "http://[::1]:5000"},
  };
  for (const auto& c : cases) {
    const auto url = Url::parse(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error().to_string();
    EXPECT_EQ(url->scheme(), c.scheme);
    EXPECT_EQ(url->host(), c.host);
    EXPECT_EQ(url->port(), c.port);
    EXPECT_EQ(url->path(), c.path);
    EXPECT_EQ(url->authority(), c.authority);
    EXPECT_EQ(url->origin(), c.origin);
  }
  EXPECT_EQ(Url::parse("https://h/p?token=s#f")->for_display(), "https://h/p");
  EXPECT_EQ(Url::parse("https://h/p?token=s#f")->text(), "https://h/p?token=s");
}

TEST(Url, RefusesWhatItMustNotFetch) {
  for (const std::string_view text :
       {"", "h", "//h/", "file:///etc/passwd", "ftp://h/", "https://", "https:///x", "https://u:p@h/", "https://h:0/",
        "https://h:99999/", "https://h/a b", "https://h/\r\nX: y", "unix:///run/x", "https://h:x/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
  EXPECT_EQ(Url::parse("https://user:s3cret@h/").error().to_string().find("s3cret"), std::string::npos);
}

TEST(Url, ResolvesReferences) {
  const Url base = *Url::parse("https://h:8443/a/b?c=d");
  struct {
    std::string_view reference, expected;
  } const cases[] = {{"x", "https://h:8443/a/x"}, {"/x?y", "https://h:8443/x?y"}, {"?z", "https://h:8443/a/b?z"},
                     {"//o/x", "https://o/x"},    {"http://o/", "http://o/"},     {"../x", "https://h:8443/x"}};
  for (const auto& c : cases) {
    const auto url = base.resolve(c.reference);
    ASSERT_TRUE(url) << c.reference << ": " << url.error().to_string();
    EXPECT_EQ(url->text(), c.expected) << c.reference;
  }
  for (const std::string_view reference : {"", "file:///etc/passwd", "javascript:x", "//u:p@h/", "a b"}) {
    EXPECT_FALSE(base.resolve(reference)) << reference;
  }
}

TEST(Url, KnowsLoopbackHosts) {
  for (const std::string_view host : {"localhost", "LOCALHOST", "x.localhost", "127.0.0.1", "127.255.0.3", "::1"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const std::string_view host : {"localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "127.0.0.256",
                                      "127.1", "::2", ".localhost", "mylocalhost", ""}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(Url, EncodesForAQuery) {
  EXPECT_EQ(percent_encode("a/b:c ~é"), "a%2Fb%3Ac%20~%C3%A9");
}

std::string next_of(std::string_view field) {
  return link_target(Headers{{"Link", std::string(field)}}, "next").value_or("-");
}

TEST(LinkTarget, FindsARelationAmongFieldsLinksAndParameters) {
  EXPECT_EQ(next_of("</v2/x?last=7>; rel=\"next\""), "/v2/x?last=7");
  EXPECT_EQ(next_of("<a>; rel=next"), "a");
  EXPECT_EQ(next_of("<a>;REL=Next"), "a");
  EXPECT_EQ(next_of("<a>; rel=prev, <b,;>; title=\"x, \\\"; <c>; rel=next\"; rel=\"up next\""), "b,;");
  EXPECT_EQ(next_of("<>; rel=next"), "");
  const Headers two{{"Link", "<a>; rel=prev"}, {"link", "<b>; rel=next"}};
  EXPECT_EQ(link_target(two, "next"), "b");
}

TEST(LinkTarget, FindsNothingInWhatIsNone) {
  for (const char* const field :
       {"", "a; rel=next", "<a; rel=next", "<a>", "<a>; rel", "<a>; rel=", "<a>; rel=\"next", "<a>; rel=\"next\\",
        "<a>; =next", "<a>; rel=prev; rel=next", "<a>; rel=nextt", "<a> rel=next", "<a>; rel=prev <b>; rel=next"}) {
    EXPECT_EQ(next_of(field), "-") << field;
  }
}

TEST(Proxy, FollowsNoProxy) {
  struct {
    std::string_view no_proxy, url;
    bool direct;
  } const cases[] = {
      {"", "https://example.com/", false},
      {"", "https://localhost/", true},
      {"", "http://127.0.0.9:5000/", true},
      {"", "http://[::1]/", true},
      {"*", "https://example.com/", true},
      {"example.com", "https://example.com/", true},
      {"example.com", "https://EXAMPLE.com/", true},
      {"example.com", "https://a.example.com/", true},
      {"example.com", "https://notexample.com/", false},
      {".example.com", "https://a.example.com/", true},
      {".example.com", "https://example.com/", false},
      {"*.example.com", "https://a.b.example.com/", true},
      {"a.org, example.com ,b.org", "https://example.com/", true},
      {"example.com:5000", "https://example.com:5000/", true},
      {"example.com:5000", "https://example.com/", false},
      {"10.0.0.0/8", "https://10.1.2.3/", true},
      {"10.0.0.0/8", "https://11.1.2.3/", false},
      {"10.0.0.0/8", "https://ten.example/", false},
      {"192.168.1.128/25", "https://192.168.1.127/", false},
      {"192.168.1.128/25", "https://192.168.1.200/", true},
      {"10.1.2.3", "https://10.1.2.3/", true},
      {"10.1.2.3:443", "https://10.1.2.3/", true},
      {"fe80::/10", "https://[fe80::1]/", true},
      {"2001:db8::1", "https://[2001:db8::1]/", true},
      {"[2001:db8::1]:443", "https://[2001:db8::1]/", true},
      {"[2001:db8::1]:444", "https://[2001:db8::1]/", false},
      {"10.0.0.0/99", "https://10.1.2.3/", false},
      {"2.3", "https://10.1.2.3/", false},
      {":443", "https://example.com/", false},
  };
  for (const auto& c : cases) {
    ProxyOptions options;
    options.https_proxy = Secret::copy_of("http://proxy:3128");
    options.http_proxy = Secret::copy_of("http://proxy:3129");
    options.no_proxy = c.no_proxy;
    const Url url = *Url::parse(c.url);
    EXPECT_EQ(options.proxy_for(url).empty(), c.direct) << c.no_proxy << " " << c.url;
    if (!c.direct) EXPECT_EQ(options.proxy_for(url).reveal(), url.is_tls() ? "http://proxy:3128" : "http://proxy:3129");
  }
}

TEST(Proxy, TakesOnlyAddressesThatItUnderstandsAndNeverShowsThem) {
  const Url url = *Url::parse("https://registry.example/v2/");
  for (const std::string_view good :
       {"", "proxy", "proxy:3128", "http://proxy:3128/", "HTTPS://proxy", "socks5h://bob:p%23s@10.0.0.1:1080",
        "http://bob:pw@[2001:db8::1]:3128", "bob:pw@proxy.example"}) {
    EXPECT_TRUE(check_proxy_address(good, url)) << good;
  }
  for (const std::string_view bad :
       {"http://bob:p#s3cret@proxy:8080", "http://bob:s3cret/x@proxy", "http://bob:s3cret?@proxy",
        "ftp://bob:s3cret@proxy", "http://bob:s3cret@pro xy", "http://bob:s3cret@", "http://bob:s3cret@proxy:99999",
        "http://bob:s3cret@proxy:x", "http://bob:s3cret@[proxy", "http://bob:s3cret@@proxy",
        "http://bob:s3cret\\@proxy", "http://bob:s3cret@-:"}) {
    const auto checked = check_proxy_address(bad, url);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().code(), Code::kInvalidArgument);
    const std::string shown = checked.error().to_string() + checked.error().remedy();
    EXPECT_FALSE(shown.contains("s3cret") || shown.contains("bob")) << shown;
    EXPECT_TRUE(shown.contains("HTTPS_PROXY")) << shown;
  }
}

TEST(Proxy, ReadsTheEnvironment) {
  std::vector<std::pair<std::string, std::string>> variables;
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    for (const auto& [key, value] : variables) {
      if (key == name) return value;
    }
    return std::nullopt;
  };
  variables = {
      {"HTTPS_PROXY", "http://upper"}, {"https_proxy", "http://lower"}, {"HTTP_PROXY", "http://h"}, {"NO_PROXY", "x"}};
  auto options = ProxyOptions::from_environment(environment);
  EXPECT_EQ(options.https_proxy.reveal(), "http://lower");
  EXPECT_EQ(options.http_proxy.reveal(), "http://h");
  EXPECT_EQ(options.no_proxy, "x");
  variables = {{"HTTP_PROXY", "http://h"}, {"REQUEST_METHOD", "GET"}};
  EXPECT_TRUE(ProxyOptions::from_environment(environment).http_proxy.empty());
  variables = {{"ALL_PROXY", "socks5://s"}, {"http_proxy", ""}};
  options = ProxyOptions::from_environment(environment);
  EXPECT_EQ(options.http_proxy.reveal(), "socks5://s");
  EXPECT_EQ(options.https_proxy.reveal(), "socks5://s");
}

TEST(RetryPolicy, BacksOffExponentiallyWithJitterInTheUpperHalf) {
  const RetryPolicy policy{.max_attempts = 6, .first_delay = milliseconds(1000), .max_delay = milliseconds(5000)};
  EXPECT_EQ(policy.delay_after(1, std::nullopt, 0.0), milliseconds(500));
  EXPECT_EQ(policy.delay_after(1, std::nullopt, 0.998), milliseconds(999));
  EXPECT_EQ(policy.delay_after(2, std::nullopt, 0.0), milliseconds(1000));
  EXPECT_EQ(policy.delay_after(3, std::nullopt, 0.0), milliseconds(2000));
  EXPECT_EQ(policy.delay_after(4, std::nullopt, 0.0), milliseconds(2500)) << "capped";
  EXPECT_EQ(policy.delay_after(5, std::nullopt, 0.0), milliseconds(2500));
  EXPECT_FALSE(policy.delay_after(6, std::nullopt, 0.0));
}

TEST(RetryPolicy, HonoursTheServersWishWithinReason) {
  const RetryPolicy policy{
      .max_attempts = 3, .first_delay = milliseconds(1000), .max_retry_after = milliseconds(60'000)};
  EXPECT_EQ(policy.delay_after(1, milliseconds(7000), 0.0), milliseconds(7000));
  EXPECT_EQ(policy.delay_after(1, milliseconds(1), 0.0), milliseconds(500));
  EXPECT_FALSE(policy.delay_after(1, milliseconds(60'001), 0.0));
  EXPECT_FALSE(RetryPolicy::never().delay_after(1, std::nullopt, 0.0));
}

TEST(RetryPolicy, SleepEndsWhenStopIsRequested) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(sleep_for(std::chrono::hours(1), stop.get_token()).error().code(), Code::kCancelled);
  EXPECT_TRUE(sleep_for(milliseconds(1), {}));
}

}  // namespace
}  // namespace bulkhead::net

// Feeds by HTTP: conditional requests, retries, downloads that go on after a broken connection, and mirrors.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/feed_fetcher.h"
#include "net/http_client.h"

namespace bulkhead::advisory {

// Feeds whose URL begins with `prefix` are fetched from `replacement` and the rest of the URL: for those who keep
// copies of the publishers' files in their own network.
struct FeedMirror {
  std::string prefix;       // "https://secdb.alpinelinux.org"
  std::string replacement;  // "https://mirror.example/secdb"
};

// "PREFIX=REPLACEMENT", both http or https URLs. kInvalidArgument says what is wrong with it.
Result<FeedMirror> parse_feed_mirror(std::string_view text);

// The URL that is really asked: by the mirror with the longest prefix that ends where a part of the URL ends.
std::string mirrored_url(const std::vector<FeedMirror>& mirrors, std::string_view url);

struct HttpFeedOptions {
  net::ClientOptions http;  // user agent, proxies, extra authorities
  net::Timeouts timeouts;
  net::RetryPolicy retry{.max_attempts = 3};
  std::vector<FeedMirror> mirrors;
  std::stop_token stop;
};

// Thread-safe as net::Client is; must outlive the bodies that it hands out. The server's certificate is always
// verified.
class HttpFeedFetcher final : public FeedFetcher {
 public:
  explicit HttpFeedFetcher(HttpFeedOptions options);
  Result<FetchAnswer> fetch(const FetchRequest& request) override;

 private:
  HttpFeedOptions options_;
  net::Client client_;
};

}  // namespace bulkhead::advisory

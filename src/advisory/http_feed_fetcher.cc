#include "advisory/http_feed_fetcher.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/resume.h"
#include "net/url.h"

namespace bulkhead::advisory {
namespace {

// Apache's mod_deflate names the compressed body "abc-gzip" where the file is "abc", and does not know that name again
// in a condition: both are sent, and either is an answer.
std::string if_none_match(const std::string& etag) {
  constexpr std::string_view kSuffix = "-gzip\"";
  if (!etag.ends_with(kSuffix)) return etag;
  return fmt::format("{}, {}\"", etag, etag.substr(0, etag.size() - kSuffix.size()));
}

}  // namespace

Result<FeedMirror> parse_feed_mirror(std::string_view text) {
  // A URL may hold an equals sign in its query, but no second "://" before the one that we look for.
  const size_t second = text.find("=http");
  if (second == std::string_view::npos || second == 0) {
    return fail(Code::kInvalidArgument, fmt::format("\"{}\" is not URL=URL", printable(text)),
                "write it as https://secdb.alpinelinux.org=https://mirror.example/secdb");
  }
  FeedMirror mirror{.prefix = std::string(text.substr(0, second)), .replacement = std::string(text.substr(second + 1))};
  for (std::string* url : {&mirror.prefix, &mirror.replacement}) {
    TRY(net::Url::parse(*url));
    while (url->ends_with('/')) url->pop_back();
  }
  return mirror;
}

std::string mirrored_url(const std::vector<FeedMirror>& mirrors, std::string_view url) {
  const FeedMirror* best = nullptr;
  for (const FeedMirror& mirror : mirrors) {
    if (!url.starts_with(mirror.prefix)) continue;
    const std::string_view rest = url.substr(mirror.prefix.size());
    if (!rest.empty() && rest.front() != '/' && rest.front() != '?') continue;
    if (best == nullptr || mirror.prefix.size() > best->prefix.size()) best = &mirror;
  }
  if (best == nullptr) return std::string(url);
  return best->replacement + std::string(url.substr(best->prefix.size()));
}

HttpFeedFetcher::HttpFeedFetcher(HttpFeedOptions options) : options_(std::move(options)), client_(options_.http) {}

Result<FetchAnswer> HttpFeedFetcher::fetch(const FetchRequest& wanted) {
  net::Request request;
  request.url = mirrored_url(options_.mirrors, wanted.url);
  request.timeouts = options_.timeouts;
  request.retry = options_.retry;
  request.stop = options_.stop;
  if (wanted.may_be_compressed) request.headers.set("Accept-Encoding", "gzip");
  net::Request conditional = request;
  net::make_conditional(conditional, {.etag = if_none_match(wanted.etag), .last_modified = wanted.last_modified});

  TRY_ASSIGN(net::Response first, client_.send(conditional));
  const net::Validators validators = net::validators_of(first.headers);
  FetchAnswer answer{.etag = validators.etag, .last_modified = validators.last_modified};
  if (first.status == 304 && !(wanted.etag.empty() && wanted.last_modified.empty())) {
    answer.not_modified = true;
    return answer;
  }
  TRY(first.expect_success());
  answer.size = first.content_length();
  const std::string what = first.display_url;
  // The first answer is there; only what follows a broken connection is asked for by range.
  auto pending = std::make_shared<std::optional<net::Response>>(std::move(first));
  auto open = [this, request, pending](const std::string& range, const std::string& if_range) -> Result<net::Response> {
    if (auto response = std::exchange(*pending, std::nullopt)) return *std::move(response);
    net::Request rest = request;
    if (!range.empty()) rest.headers.set("Range", range);
    if (!if_range.empty()) rest.headers.set("If-Range", if_range);
    return client_.send(rest);
  };
  TRY_ASSIGN(answer.body, net::open_resuming({.retry = options_.retry, .what = what, .stop = options_.stop}, open));
  return answer;
}

}  // namespace bulkhead::advisory

#include "trust/revocation_fetcher.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/fs.h"
#include "crypto/digest.h"

namespace bulkhead::trust {
namespace {

constexpr std::chrono::milliseconds kListTime{5'000};
constexpr std::chrono::milliseconds kOcspTime{2'000};
constexpr uint32_t kMaxRedirects = 3;

net::Request request_for(std::string_view url, std::chrono::milliseconds time) {
  net::Request request;
  request.url = std::string(url);
  request.timeouts.total = time;
  request.retry = net::RetryPolicy::never();
  request.max_redirects = kMaxRedirects;
  return request;
}

bool holds_at(std::string_view list, int64_t now) {
  const auto facts = describe_revocation_list(as_bytes(list));
  return facts && facts->next_update && *facts->next_update >= now;
}

}  // namespace

HttpRevocationFetcher::HttpRevocationFetcher(const net::Client& client, std::string folder, int64_t now,
                                             std::stop_token stop)
    : client_(client), folder_(std::move(folder)), now_(now), stop_(std::move(stop)) {}

Result<std::string> HttpRevocationFetcher::fetch(net::Request request, size_t max_bytes) const {
  request.max_body_bytes = max_bytes;
  request.stop = stop_;
  TRY_ASSIGN(net::Response response, client_.send(request));
  TRY(response.expect_success());
  return read_all(*response.body, max_bytes, response.display_url);
}

std::string HttpRevocationFetcher::path_of(std::string_view url) const {
  return folder_.empty() ? "" : fmt::format("{}/{}.crl", folder_, Digest::sha256_of(as_bytes(url)).hex());
}

Result<std::string> HttpRevocationFetcher::revocation_list(std::string_view url) {
  const std::string path = path_of(url);
  if (!path.empty()) {
    auto kept = read_file(path, kMaxRevocationListBytes, stop_);
    if (kept && holds_at(*kept, now_)) return kept;
  }
  TRY_ASSIGN(std::string list, fetch(request_for(url, kListTime), kMaxRevocationListBytes));
  // Junk and lists that are out of date already are handed on, for the reader to say what is wrong, and not kept.
  if (!path.empty() && holds_at(list, now_)) static_cast<void>(write_file_atomically(path, list));
  return list;
}

void HttpRevocationFetcher::forget(std::string_view url) {
  if (folder_.empty()) return;
  std::error_code ignored;  // what is not there need not go
  std::filesystem::remove(path_of(url), ignored);
}

Result<std::string> HttpRevocationFetcher::ocsp(std::string_view url, std::string_view request) {
  net::Request post = request_for(url, kOcspTime);
  post.method = "POST";
  post.headers.add("Content-Type", "application/ocsp-request");
  post.body = std::string(request);
  return fetch(std::move(post), kMaxOcspBytes);
}

}  // namespace bulkhead::trust

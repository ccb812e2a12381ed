// Revocation lists and OCSP answers over HTTP, for users who want them: whoever verifies without one asks nobody. Lists
// are kept in a folder until they are out of date, or do not hold; what is in it is believed no more than what the
// network says. Source: notaryproject/specifications, trust-store-trust-policy.md (5 seconds a list, 2 seconds an
// answer); RFC 6960 appendix A.1. Thread-safety: that of net::Client; the folder may be shared by processes.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "crypto/revocation.h"
#include "net/http_client.h"

namespace bulkhead::trust {

class HttpRevocationFetcher final : public RevocationFetcher {
 public:
  // `folder`: where lists are kept, made when there is one to keep; empty: nowhere. `now`: seconds since 1970. The
  // client must outlive the fetcher.
  HttpRevocationFetcher(const net::Client& client, std::string folder, int64_t now, std::stop_token stop = {});

  // kUnavailable, kDeadlineExceeded, kLimitExceeded (32 MiB a list, 64 KiB an answer) and the other errors of the
  // client. That a list cannot be kept is no error.
  Result<std::string> revocation_list(std::string_view url) override;
  void forget(std::string_view url) override;
  Result<std::string> ocsp(std::string_view url, std::string_view request) override;

 private:
  std::string path_of(std::string_view url) const;  // empty: it is not kept
  Result<std::string> fetch(net::Request request, size_t max_bytes) const;

  const net::Client& client_;
  std::string folder_;
  int64_t now_;
  std::stop_token stop_;
};

}  // namespace bulkhead::trust

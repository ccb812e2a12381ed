// A TUF repository behind a URL. Thread-safety: that of net::Client; one repository belongs to one updater.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "tuf/updater.h"

namespace bulkhead::trust {

class HttpRepository final : public tuf::MetadataSource {
 public:
  // `base`: the folder's URL; names are appended to it as they are. The client must outlive the repository.
  HttpRepository(const net::Client& client, std::string base, std::stop_token stop = {});

  // 404, 410 and 403 (what object stores say of a file that is not there) are kNotFound.
  Result<std::string> fetch(std::string_view name, uint64_t max_bytes) override;

 private:
  const net::Client& client_;
  std::string base_;
  std::stop_token stop_;
};

}  // namespace bulkhead::trust

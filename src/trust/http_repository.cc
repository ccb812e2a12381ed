#include "trust/http_repository.h"

#include <fmt/format.h>

namespace bulkhead::trust {

HttpRepository::HttpRepository(const net::Client& client, std::string base, std::stop_token stop)
    : client_(client), base_(std::move(base)), stop_(std::move(stop)) {
  if (!base_.ends_with('/')) base_ += '/';
}

Result<std::string> HttpRepository::fetch(std::string_view name, uint64_t max_bytes) {
  net::Request request;
  request.url = base_ + std::string(name);
  request.max_body_bytes = max_bytes;
  request.stop = stop_;
  TRY_ASSIGN(net::Response response, client_.send(request));
  if (auto status = response.expect_success(); !status) {
    if (status.error().code() != Code::kPermissionDenied) return std::unexpected(std::move(status).error());
    return fail(Code::kNotFound, status.error().message());
  }
  return read_all(*response.body, max_bytes, response.display_url);
}

}  // namespace bulkhead::trust

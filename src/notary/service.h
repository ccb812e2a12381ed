// The service: a server of Notary v1 as a request handler. It knows no listener: `bulkhead trust serve` gives it one of
// its own, a registry passes on what is_notary_path() says. Answers are those of notary-server 0.7 to the byte, but for
// what docs/trust.md lists. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_server.h"
#include "notary/repositories.h"
#include "notary/route.h"

namespace bulkhead::notary {

// Whether who asks may do that: nothing, or the answer that refuses it (unauthorized() and denied() of answers.h).
// Called before anything of a body is read, and again when it is handled; from many threads.
using Authorize = std::function<std::optional<net::ServerResponse>(const net::RequestHead& head, const Scope& scope)>;

struct ServiceOptions {
  Authorize authorize{};                    // empty: everybody may do everything
  std::vector<std::string> gun_prefixes{};  // of the repositories that are served; empty: all
  ValidationRules rules{};
  uint64_t max_upload_bytes = uint64_t{16} << 20;      // of one request; more: 413
  uint64_t max_bytes_in_flight = uint64_t{256} << 20;  // of all uploads that are being received; more: 503
  int64_t max_change_records = 1000;                   // of one answer
  std::function<int64_t()> clock{};                    // microseconds since 1970; empty: the system's
  std::function<void(const Error&)> report{};          // what went wrong on our side; must not throw
};

// Whether a request is this service's where it shares a listener with a registry.
bool is_notary_path(std::string_view path);

class Service final : public net::RequestHandler {
 public:
  // `store` must outlive the service.
  Service(Store& store, ServiceOptions options);

  std::expected<uint64_t, net::ServerResponse> admit(const net::RequestHead& head,
                                                     const net::ServerLimits& limits) override;
  net::ServerResponse handle(net::ServerRequest& request) override;

 private:
  std::optional<net::ServerResponse> refuse(const net::RequestHead& head, const Route& route) const;
  net::ServerResponse answer(net::ServerRequest& request, const Route& route);
  net::ServerResponse get(const Route& route);
  Result<std::optional<StoredFile>> find(const Route& route);
  net::ServerResponse update(net::ServerRequest& request, const Route& route);
  Result<std::string> receive(net::ServerRequest& request);
  net::ServerResponse publish(const Route& route, const Upload& upload);
  net::ServerResponse remove(const Route& route);
  net::ServerResponse key(const Route& route);
  net::ServerResponse changes(const net::RequestHead& head, const Route& route);
  net::ServerResponse health() const;
  net::ServerResponse metrics() const;
  net::ServerResponse broken(const Error& error) const;

  Store& store_;
  const ServiceOptions options_;
  Repositories repositories_;
  std::atomic<uint64_t> in_flight_ = 0;
  mutable std::mutex counts_mutex_;
  std::map<std::pair<Operation, int>, uint64_t> counts_;  // of answers, by status
};

}  // namespace bulkhead::notary

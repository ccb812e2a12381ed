// For tests only, and fuzz targets: a service with a database and a clock of its own, asked without a network.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "notary/service.h"
#include "notary/testing/test_publisher.h"

namespace bulkhead::notary {

struct TestService {
  TemporaryFolder folder;
  int64_t now = kTestNow;  // seconds since 1970
  std::unique_ptr<Store> store;
  std::unique_ptr<Service> service;
  ServiceOptions options;

  explicit TestService(ServiceOptions given = {}, const StoreLimits& limits = {}) : options(std::move(given)) {
    options.clock = [this] { return now * 1'000'000; };
    auto opened = Store::open(folder / "db", Secret::copy_of("a secret of the test's own"), limits);
    if (!opened) throw std::runtime_error(opened.error().to_string());
    store = std::move(*opened);
    restart();
  }
  void restart() { service = std::make_unique<Service>(*store, options); }

  net::ServerResponse ask(std::string method, std::string target, std::string body = {},
                          std::string content_type = {}) const {
    net::ServerRequest request;
    request.head.method = std::move(method);
    request.head.target = std::move(target);
    request.head.content_length = body.size();
    if (!content_type.empty()) request.head.headers.add("Content-Type", std::move(content_type));
    if (!body.empty()) {
      auto admitted = service->admit(request.head, {});
      if (!admitted) return std::move(admitted).error();
    }
    request.body = std::make_unique<MemorySource>(std::move(body));
    return service->handle(request);
  }
  net::ServerResponse get(std::string target) const { return ask("GET", std::move(target)); }
  net::ServerResponse upload(std::string_view gun, const TestFiles& files) const {
    return ask("POST", fmt::format("/v2/{}/_trust/tuf/", gun), upload_body(files),
               fmt::format("multipart/form-data; boundary={}", kTestBoundary));
  }
  static const std::string& text_of(const net::ServerResponse& answer) { return std::get<std::string>(answer.body); }

  // The server's key for a role, as a client asks for it.
  PublicKey key(std::string_view gun, std::string_view role, std::string method = "GET") const {
    const auto answer = ask(std::move(method), fmt::format("/v2/{}/_trust/tuf/{}.key", gun, role));
    const auto document = json::Document::parse(text_of(answer));
    const auto raw = base64_decode(document->root().find("keyval")->string_or("public", ""));
    return *PublicKey::from_ed25519(as_bytes(*raw));
  }
  // Somebody who publishes with the server's keys for timestamp and snapshot.
  TestPublisher publisher(const std::string& gun) const {
    return TestPublisher(gun, key(gun, tuf::kTimestamp), key(gun, tuf::kSnapshot));
  }
};

}  // namespace bulkhead::notary

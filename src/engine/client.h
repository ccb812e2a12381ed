// A client of the Docker Engine API, as Docker and Podman serve it.
//
// Sources: Docker Engine API reference v1.24 to v1.51 (versions, /_ping, /version, /images); podman-system-service(1)
// and Podman's compatibility API. Answers are parsed as hostile: bounded, and only what is needed is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/block_source.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "engine/address.h"
#include "net/http_client.h"

namespace bulkhead::engine {

struct ClientOptions {
  std::string user_agent{};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds answer_timeout{60'000};  // until a JSON answer begins, and from there until it is whole
  // An engine packs an image before it sends the first byte of it, and may take long over large files.
  std::chrono::milliseconds export_timeout{15 * 60'000};
  size_t max_answer_bytes = size_t{64} << 20;  // of one JSON answer
  net::RetryPolicy retry{.max_attempts = 2};   // of requests that only ask
  std::stop_token stop{};
};

enum class Flavour : uint8_t { kDocker, kPodman };

// What the engine says of an image (GET /images/{name}/json).
struct ImageSummary {
  Digest identifier;  // of the configuration, or of the manifest where the engine stores images as containerd does
  std::vector<Digest> diff_ids;  // bottom first
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
  std::string os;
  std::string architecture;
  std::string variant;
};
// Pure. kMalformed naming the member.
Result<ImageSummary> parse_image_summary(const json::Value& answer);

// The message of an engine's error body ({"message": …}); "" when it has none. Pure.
std::string engine_error_text(std::string_view body);

// What an engine answered, whatever its status.
struct Answer {
  int status = 0;
  std::string body;  // of another status than 2xx: empty when it is longer than 64 KiB
  std::string display_url;

  // The JSON in it; null for an empty body. Of another status than 2xx an error with the engine's own message:
  // kInvalidArgument (400), kNotFound (404), kPermissionDenied (403), kUnavailable (5xx), …
  Result<json::Document> document() const;
};

// Thread-safe.
class Client {
 public:
  // Makes contact: finds out what answers there and which version of the API both know. kNotFound (no such socket),
  // kPermissionDenied (with what to do), kUnavailable (nobody listens), kUnsupported (not an engine, or one too old or
  // too new), and those of net::Client::send().
  static Result<Client> connect(Address address, ClientOptions options);
  // The first of the addresses at which an engine answers. When none does: the first failure that says more than that
  // there is no socket, else kNotFound naming `what` ("Podman") and the addresses; kCancelled at once.
  static Result<Client> connect_first(std::span<const Address> addresses, const ClientOptions& options,
                                      std::string_view what);

  Flavour flavour() const { return flavour_; }
  const std::string& api_version() const { return api_version_; }  // "1.41": what our requests ask for
  const Address& address() const { return address_; }
  std::string description() const;  // "Docker Engine at unix:///var/run/docker.sock"

  // `path` begins with '/', without the version: "/images/json?all=1"; what comes from outside in it must be encoded by
  // the caller (net::percent_encode). ask() fails only when there is no answer: whoever must tell an engine that says
  // no from one that is not there reads its status. The others fail as Answer::document() does, too.
  Result<Answer> ask(std::string_view path) const;
  Result<json::Document> get(std::string_view path) const;
  Result<std::unique_ptr<BlockSource>> get_stream(std::string_view path) const;
  // `body` is JSON or empty; the answer may be empty too: then a null document.
  Result<json::Document> post(std::string_view path, std::string body) const;
  Result<json::Document> remove(std::string_view path) const;  // DELETE

  // `name` as people type it: a name, a name with tag or digest, an identifier or the beginning of one. The engine
  // decides by its own rules. kInvalidArgument when it cannot be one.
  Result<ImageSummary> inspect_image(std::string_view name) const;
  // A tar as of `docker save`.
  Result<std::unique_ptr<BlockSource>> export_image(const Digest& identifier) const;

 private:
  Client(Address address, ClientOptions options);
  net::Request request(std::string method, std::string_view path, std::string body) const;
  Result<Answer> send_for_json(std::string method, std::string_view path, std::string body) const;
  Status negotiate();

  Address address_;
  ClientOptions options_;
  std::shared_ptr<const net::Client> http_;
  Flavour flavour_ = Flavour::kDocker;
  std::string api_version_;
};

}  // namespace bulkhead::engine

#include "engine/client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "net/url.h"

namespace bulkhead::engine {
namespace {

constexpr size_t kMaxErrorBytes = size_t{64} << 10;
constexpr size_t kMaxErrorText = 500;
// 1.24 is Docker 1.12, the oldest that Docker's own clients spoke to for years; 1.51 is Docker 28.
constexpr uint64_t kOldestMinor = 24;
constexpr uint64_t kNewestMinor = 51;

// The minor number of "1.41"; nothing when it is no version of the API's only major one.
std::optional<uint64_t> api_minor(std::string_view version) {
  if (!version.starts_with("1.")) return std::nullopt;
  return parse_decimal(version.substr(2));
}

Code code_of_status(int status) {
  switch (status) {
    case 400:
      return Code::kInvalidArgument;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    default:
      return status >= 500 ? Code::kUnavailable : Code::kUnsupported;
  }
}

Result<std::vector<std::string>> string_list(const json::Value& object, std::string_view key) {
  std::vector<std::string> list;
  const auto array = object.find(key);
  if (!array || array->is_null()) return list;
  if (!array->is_array()) return fail(Code::kMalformed, fmt::format("'{}' is no list", key));
  for (const json::Value element : array->elements()) {
    const auto text = element.string();
    if (!text) return fail(Code::kMalformed, fmt::format("'{}' holds something that is no string", key));
    list.emplace_back(*text);
  }
  return list;
}

// Letters, digits and what references are made of; nothing that would leave the path.
bool may_name_an_image(std::string_view name) {
  return !name.empty() && name.size() <= 1024 && !name.starts_with('/') && !name.contains("..") &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || std::string_view("._-/:@[]").contains(c); });
}

// Of an answer: what is no digest there is the engine's mistake, not that of who asked.
Result<Digest> digest_in(std::string_view text, std::string_view member) {
  auto digest = Digest::parse(text);
  if (!digest) return fail(Code::kMalformed, fmt::format("{}: {}", member, digest.error().message()));
  return digest;
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

Error refusal(const Answer& answer) {
  const std::string text = engine_error_text(answer.body);
  return {code_of_status(answer.status),
          text.empty() ? fmt::format("{}: the engine answered {}", answer.display_url, answer.status) : text};
}

// Of a refusal as much as a message may be long, and nothing when it breaks off: its status has said enough.
Result<Answer> read_answer(const net::Response& response, size_t max_bytes) {
  Answer answer{.status = response.status, .body = {}, .display_url = response.display_url};
  auto body = read_all(*response.body, is_success(answer.status) ? max_bytes : kMaxErrorBytes, answer.display_url);
  if (body) {
    answer.body = *std::move(body);
  } else if (is_success(answer.status)) {
    return fail(std::move(body).error());
  }
  return answer;
}

}  // namespace

Result<json::Document> Answer::document() const {
  if (!is_success(status)) return fail(refusal(*this));
  auto document = json::Document::parse(trim(body).empty() ? "null" : std::string_view(body),
                                        {.max_bytes = std::max(body.size(), size_t{4})});
  if (!document) return fail(std::move(document).error().with_context(display_url));
  return document;
}

Result<ImageSummary> parse_image_summary(const json::Value& answer) {
  ImageSummary summary;
  TRY_ASSIGN(const std::string_view identifier, answer.require_string("Id"));
  TRY_ASSIGN(summary.identifier, digest_in(identifier, "'Id'"));
  TRY_ASSIGN(const json::Value root_fs, answer.require_object("RootFS"));
  TRY_ASSIGN(const std::vector<std::string> layers, string_list(root_fs, "Layers"));
  for (const std::string& layer : layers) {
    TRY_ASSIGN(const Digest diff_id, digest_in(layer, "'RootFS.Layers'"));
    summary.diff_ids.push_back(diff_id);
  }
  TRY_ASSIGN(summary.repo_tags, string_list(answer, "RepoTags"));
  TRY_ASSIGN(summary.repo_digests, string_list(answer, "RepoDigests"));
  summary.os = answer.string_or("Os", "");
  summary.architecture = answer.string_or("Architecture", "");
  summary.variant = answer.string_or("Variant", "");
  return summary;
}

std::string engine_error_text(std::string_view body) {
  const auto document = json::Document::parse(body, {.max_bytes = kMaxErrorBytes, .max_depth = 16});
  if (!document) return {};
  return printable(trim(document->root().string_or("message", "").substr(0, kMaxErrorText)));
}

Client::Client(Address address, ClientOptions options) : address_(std::move(address)), options_(std::move(options)) {
  http_ = std::make_shared<net::Client>(net::ClientOptions{.user_agent = options_.user_agent, .tls = address_.tls});
}

Result<Client> Client::connect(Address address, ClientOptions options) {
  Client client(std::move(address), std::move(options));
  if (auto negotiated = client.negotiate(); !negotiated) {
    Error error =
        std::move(negotiated)
            .error()
            .with_context(fmt::format("engine at {} ({})", client.address_.to_string(), client.address_.origin));
    if (error.code() != Code::kPermissionDenied || !error.remedy().empty()) return fail(std::move(error));
    return fail(std::move(error).with_remedy("run as root, or as a member of the group that owns the socket"));
  }
  return client;
}

Result<Client> Client::connect_first(std::span<const Address> addresses, const ClientOptions& options,
                                     std::string_view what) {
  std::optional<Error> telling;
  std::string tried;
  for (const Address& address : addresses) {
    auto client = connect(address, options);
    if (client) return client;
    if (client.error().code() == Code::kCancelled) return client;
    if (client.error().code() != Code::kNotFound && !telling) telling = std::move(client).error();
    tried += (tried.empty() ? "" : ", ") + address.to_string();
  }
  if (telling) return fail(*std::move(telling));
  return fail(Code::kNotFound, fmt::format("no {} is running here (tried {})", what, tried));
}

std::string Client::description() const {
  return fmt::format("{} at {}", flavour_ == Flavour::kPodman ? "Podman" : "Docker Engine", address_.to_string());
}

// GET /_ping answers with the newest version of the API that the engine knows; Podman says in addition what it is.
Status Client::negotiate() {
  TRY_ASSIGN(const net::Response response, http_->send(request("GET", "/_ping", {})));
  if (!response.is_success()) {
    TRY_ASSIGN(const Answer answer, read_answer(response, options_.max_answer_bytes));
    return fail(refusal(answer));
  }
  const auto version = response.headers.find("Api-Version");
  const auto minor = version ? api_minor(*version) : std::nullopt;
  if (!minor) return fail(Code::kUnsupported, "what listens there does not answer like a Docker Engine or Podman");
  if (*minor < kOldestMinor) {
    return fail(Code::kUnsupported,
                fmt::format("the engine speaks API version 1.{}; 1.{} or later is needed", *minor, kOldestMinor));
  }
  flavour_ = response.headers.find("Libpod-Api-Version") ? Flavour::kPodman : Flavour::kDocker;
  api_version_ = fmt::format("1.{}", std::min(*minor, kNewestMinor));
  return {};
}

net::Request Client::request(std::string method, std::string_view path, std::string body) const {
  net::Request request;
  request.method = std::move(method);
  request.url = api_version_.empty() ? fmt::format("{}{}", address_.url, path)
                                     : fmt::format("{}/v{}{}", address_.url, api_version_, path);
  request.unix_socket = address_.unix_socket;
  request.body = std::move(body);
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  request.timeouts.connect = options_.connect_timeout;
  request.timeouts.first_byte = options_.answer_timeout;
  request.timeouts.stall_period = options_.answer_timeout;
  request.timeouts.body = options_.answer_timeout;
  request.retry = options_.retry;
  request.max_redirects = 0;
  request.stop = options_.stop;
  return request;
}

Result<Answer> Client::send_for_json(std::string method, std::string_view path, std::string body) const {
  TRY_ASSIGN(const net::Response response, http_->send(request(std::move(method), path, std::move(body))));
  return read_answer(response, options_.max_answer_bytes);
}

Result<Answer> Client::ask(std::string_view path) const {
  return send_for_json("GET", path, {});
}

Result<json::Document> Client::get(std::string_view path) const {
  TRY_ASSIGN(const Answer answer, ask(path));
  return answer.document();
}

Result<json::Document> Client::post(std::string_view path, std::string body) const {
  TRY_ASSIGN(const Answer answer, send_for_json("POST", path, std::move(body)));
  return answer.document();
}

Result<json::Document> Client::remove(std::string_view path) const {
  TRY_ASSIGN(const Answer answer, send_for_json("DELETE", path, {}));
  return answer.document();
}

Result<std::unique_ptr<BlockSource>> Client::get_stream(std::string_view path) const {
  net::Request streamed = request("GET", path, {});
  streamed.timeouts.first_byte = options_.export_timeout;
  streamed.timeouts.stall_period = options_.export_timeout;
  streamed.timeouts.body.reset();
  // Not again: the engine would begin to pack anew, and take as long as before.
  streamed.retry = net::RetryPolicy::never();
  TRY_ASSIGN(net::Response response, http_->send(streamed));
  if (response.is_success()) return std::move(response.body);
  TRY_ASSIGN(const Answer answer, read_answer(response, options_.max_answer_bytes));
  return fail(refusal(answer));
}

Result<ImageSummary> Client::inspect_image(std::string_view name) const {
  if (!may_name_an_image(name)) {
    return fail(Code::kInvalidArgument, fmt::format("'{}' cannot be the name of an image", printable(name)));
  }
  TRY_ASSIGN(const json::Document answer, get(fmt::format("/images/{}/json", name)));
  TRY_CONTEXT(ImageSummary summary, parse_image_summary(answer.root()),
              fmt::format("{}: inspecting {}", description(), name));
  return summary;
}

Result<std::unique_ptr<BlockSource>> Client::export_image(const Digest& identifier) const {
  return get_stream(fmt::format("/images/{}/get", identifier.to_string()));
}

}  // namespace bulkhead::engine

#include "oci/registry/registry_error.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/text.h"

namespace bulkhead::oci {
namespace {

constexpr size_t kMaxBodyBytes = size_t{64} << 10;
constexpr size_t kMaxTextBytes = 300;
constexpr size_t kMaxErrors = 3;

// "manifests" of "https://host/v2/name/manifests/1.2".
std::string_view kind_of(std::string_view url) {
  url = url.substr(0, url.rfind('/'));
  return url.substr(url.rfind('/') + 1);
}

}  // namespace

std::string registry_error_text(std::string_view body, const SecretFilter& sent) {
  const auto document = json::Document::parse(body, {.max_bytes = kMaxBodyBytes, .max_depth = 16});
  if (!document) return {};
  const auto errors = document->root().find("errors");
  if (!errors) return {};
  std::string text;
  size_t count = 0;
  for (const json::Value error : errors->elements()) {
    if (count++ == kMaxErrors) break;
    const std::string_view code = error.string_or("code", "");
    const std::string_view message = error.string_or("message", "");
    if (code.empty() && message.empty()) continue;
    if (!text.empty()) text += "; ";
    text += code;
    if (!code.empty() && !message.empty()) text += ": ";
    text += message;
  }
  // Before it is cut, which may leave a part of a secret.
  return printable(std::string_view(sent.filter(text)).substr(0, kMaxTextBytes));
}

Error registry_error(net::Response& response, std::string_view domain, const SecretFilter& sent) {
  const Status status = response.expect_success();
  if (status) return {Code::kInternal, "an answer without an error was taken for one"};
  const auto body = read_all(*response.body, kMaxBodyBytes, response.display_url);
  const std::string text = body ? registry_error_text(*body, sent) : std::string();
  std::string message = sent.filter(status.error().message());
  if (!text.empty()) message += fmt::format(" ({})", text);
  const std::string_view asked_for = kind_of(response.display_url);
  std::string remedy;
  if (response.status == 429) {
    remedy = fmt::format("the registry limits how often it is asked; wait, log in (docker login {}), or use a mirror",
                         domain);
  } else if (response.status == 403) {
    remedy = fmt::format(
        "log in as somebody who may do that (docker login {}); if a proxy on the way refuses, list the registry in "
        "NO_PROXY",
        domain);
  } else if (response.status == 407) {
    remedy =
        "the proxy wants to know who asks: HTTP_PROXY=http://USER:PASSWORD@HOST:PORT, or list the registry in NO_PROXY";
  } else if (response.status == 404 && asked_for == "blobs") {
    remedy = "the registry lacks a part of the image: push it again";
  } else if (response.status == 404 && asked_for == "manifests") {
    remedy = fmt::format(
        "correct the name, tag or digest; of a private repository a registry may say so to who is not logged in "
        "(docker login {})",
        domain);
  }
  return {status.error().code(), std::move(message), std::move(remedy)};
}

}  // namespace bulkhead::oci

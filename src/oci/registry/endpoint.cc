#include "oci/registry/endpoint.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/url.h"
#include "oci/registry/registry_error.h"

namespace bulkhead::oci {
namespace {

// Its host[:port], as options name it and a mirror's own credentials are stored; the text itself when it is no URL,
// which send() will report.
std::string authority_of(const std::string& url) {
  const auto parsed = net::Url::parse(url);
  return parsed ? parsed->authority() : url;
}

}  // namespace

std::string api_host(std::string_view domain) {
  return domain == "docker.io" ? "registry-1.docker.io" : std::string(domain);
}

Endpoint::Endpoint(std::string domain, const net::Client& client, const RegistryOptions& options,
                   CredentialStore& store)
    : domain_(std::move(domain)),
      client_(client),
      options_(options),
      authorizer_(std::make_unique<Authorizer>(domain_, client, options, store)) {}

Endpoint::Endpoint(std::string domain, std::string base_url, const net::Client& client, const RegistryOptions& options,
                   CredentialStore& store)
    : domain_(std::move(domain)),
      mirror_url_(std::move(base_url)),
      client_(client),
      options_(options),
      authorizer_(std::make_unique<Authorizer>(authority_of(mirror_url_), client, options, store)) {}

Result<Endpoint::Base> Endpoint::base() {
  const std::scoped_lock lock(mutex_);
  if (base_.url.empty()) {
    TRY_ASSIGN(base_, find_base());
  }
  return base_;
}

Result<Endpoint::Base> Endpoint::find_base() const {
  const auto make = [](const net::Url& url) {
    std::string text = url.text();
    while (text.ends_with('/')) text.pop_back();
    return Base{.url = std::move(text), .origin = url.origin(), .is_tls = url.is_tls()};
  };
  if (is_mirror()) {
    TRY_CONTEXT(const net::Url url, net::Url::parse(mirror_url_), "registry mirror");
    return make(url);
  }
  const std::string host = api_host(domain_);
  TRY_CONTEXT(const net::Url https, net::Url::parse("https://" + host), fmt::format("registry '{}'", host));
  const std::string domain = authority_of("https://" + domain_);
  const bool named_insecure = std::ranges::any_of(options_.insecure_registries, [&](const std::string& insecure) {
    return insecure == domain || insecure == https.authority();
  });
  if (!named_insecure && !net::is_loopback_host(https.host())) return make(https);

  // Without credentials: only to see whether TLS is spoken there.
  net::Request request;
  request.url = https.text() + "v2/";
  request.timeouts = options_.timeouts;
  request.timeouts.connect = std::min<std::chrono::milliseconds>(request.timeouts.connect, std::chrono::seconds(5));
  request.retry = net::RetryPolicy::never();
  request.max_redirects = 0;
  request.stop = options_.stop;
  const auto answer = client_.send(request);
  if (answer || answer.error().code() == Code::kLimitExceeded) return make(https);
  if (answer.error().code() == Code::kVerificationFailed || answer.error().code() == Code::kCancelled ||
      answer.error().code() == Code::kInvalidArgument) {
    return fail(answer.error());
  }
  TRY_ASSIGN(const net::Url http, net::Url::parse("http://" + host));
  return make(http);
}

Error Endpoint::error_of(net::Response& response) {
  return registry_error(response, domain_, authorizer_->sent());
}

Result<net::Response> Endpoint::send(const RegistryCall& call) {
  auto response = send_with_credentials(call);
  if (response) return response;
  // What a server can put into it: the URL of a redirect, the name of a scheme, its own words.
  const Error& error = response.error();
  const SecretFilter sent = authorizer_->sent();
  return fail(error.code(), sent.filter(error.to_string()), sent.filter(error.remedy()));
}

Result<net::Url> Endpoint::target_of(const RegistryCall& call, const Base& base) const {
  if (call.url.empty()) {
    std::string text = fmt::format("{}/v2/{}/{}", base.url, call.repository, call.path);
    if (is_mirror()) text += "?ns=" + net::percent_encode(domain_);
    return net::Url::parse(text);
  }
  TRY_CONTEXT(net::Url target, net::Url::parse(call.url), domain_);
  if (base.is_tls && !target.is_tls()) {
    return fail(Code::kUnsupported, fmt::format("{}: leads from https to plain http ({}), which is refused", domain_,
                                                target.for_display()));
  }
  return target;
}

Result<net::Response> Endpoint::send_with_credentials(const RegistryCall& call) {
  TRY_ASSIGN(const Base base, this->base());
  TRY_ASSIGN(const net::Url target, target_of(call, base));
  const Scope scope{.repository = call.repository, .push = call.push};
  net::Request request;
  request.method = call.method;
  request.url = target.text();
  request.headers = call.headers;
  request.body = call.body;
  request.timeouts = options_.timeouts;
  request.timeouts.body = call.body_time;
  request.retry = call.retry;
  request.stop = options_.stop;
  if (target.origin() == base.origin) request.authorization = authorizer_->current(scope);

  // Twice: what is known may have run out, what is fresh has not.
  for (bool fresh = false;; fresh = true) {
    TRY_ASSIGN(net::Response response, client_.send(request));
    if (response.status != 401) return response;
    // A challenge counts only where our request was meant to go: not what a redirect's target says.
    const auto answered_by = net::Url::parse(response.url);
    if (!answered_by || answered_by->origin() != base.origin) {
      return fail(Code::kUnauthenticated, fmt::format("{}: the server answered 401", response.display_url));
    }
    if (fresh) return fail(authorizer_->denial(scope));
    TRY_ASSIGN(request.authorization, authorizer_->answer(response, scope, request.authorization, !base.is_tls));
  }
}

}  // namespace bulkhead::oci

#include "net/url.h"

#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "net/curl_api.h"

namespace bulkhead::net {
namespace {

struct UrlDeleter {
  const CurlApi* api;
  void operator()(CURLU* url) const { api->url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

// Never repeats the text: what does not parse may hold a password anywhere.
std::unexpected<Error> bad_url(std::string_view why) {
  return fail(Code::kInvalidArgument, fmt::format("not a usable URL: {}", why));
}

Result<std::string> part(const CurlApi& api, CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (const CURLUcode code = api.url_get(url, which, &text, flags); code != CURLUE_OK) {
    return bad_url(api.url_strerror(code));
  }
  std::string copy(text);
  api.free(text);
  return copy;
}

std::string bracketed(const std::string& host) {
  return host.contains(':') ? fmt::format("[{}]", host) : host;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return bad_url("it does not begin with https:// or http://");
  const std::string scheme = to_lower(text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") {
    return fail(Code::kUnsupported, fmt::format("URL scheme '{}' is not supported", printable(scheme.substr(0, 20))));
  }
  // libcurl would take the first segment of https:///host for the host.
  if (text.substr(scheme_end + 3).starts_with('/')) return bad_url("it names no host");
  if (text.size() > kMaxBytes) return bad_url(fmt::format("longer than {} bytes", kMaxBytes));
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7F')
      return bad_url("it holds white space or a control character");
  }

  TRY_ASSIGN(const CurlApi* api, curl_api());
  const UrlHandle handle(api->url(), UrlDeleter{api});
  if (!handle) return fail(Code::kInternal, "out of memory");
  const std::string terminated(text);
  if (const CURLUcode code = api->url_set(handle.get(), CURLUPART_URL, terminated.c_str(), CURLU_DISALLOW_USER);
      code != CURLUE_OK) {
    return bad_url(code == CURLUE_USER_NOT_ALLOWED ? "it names a user" : api->url_strerror(code));
  }
  api->url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);

  Url url;
  url.scheme_ = scheme;
  TRY_ASSIGN(url.text_, part(*api, handle.get(), CURLUPART_URL));
  TRY_ASSIGN(url.path_, part(*api, handle.get(), CURLUPART_PATH));
  TRY_ASSIGN(const std::string host, part(*api, handle.get(), CURLUPART_HOST));
  url.host_ = to_lower(host);
  if (url.host_.starts_with('[') && url.host_.ends_with(']')) url.host_ = url.host_.substr(1, url.host_.size() - 2);
  if (url.host_.empty()) return bad_url("it names no host");
  TRY_ASSIGN(const std::string port, part(*api, handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT));
  const auto number = parse_decimal(port);
  if (!number || *number == 0 || *number > 65535) return bad_url("its port is out of range");
  url.port_ = static_cast<uint16_t>(*number);
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  if (reference.empty() || reference.size() > kMaxBytes) return bad_url("empty or too long");
  for (const char c : reference) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7F')
      return bad_url("it holds white space or a control character");
  }
  TRY_ASSIGN(const CurlApi* api, curl_api());
  const UrlHandle handle(api->url(), UrlDeleter{api});
  if (!handle) return fail(Code::kInternal, "out of memory");
  const std::string terminated(reference);
  CURLUcode code = api->url_set(handle.get(), CURLUPART_URL, text_.c_str(), 0);
  if (code == CURLUE_OK) code = api->url_set(handle.get(), CURLUPART_URL, terminated.c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return bad_url(api->url_strerror(code));
  TRY_ASSIGN(const std::string absolute, part(*api, handle.get(), CURLUPART_URL));
  return parse(absolute);
}

std::string Url::authority() const {
  const bool own_port = port_ == (is_tls() ? 443 : 80);
  return own_port ? bracketed(host_) : fmt::format("{}:{}", bracketed(host_), port_);
}

std::string Url::origin() const {
  return fmt::format("{}://{}:{}", scheme_, bracketed(host_), port_);
}

std::string Url::for_display() const {
  return printable(fmt::format("{}://{}{}", scheme_, authority(), path_));
}

bool is_loopback_host(std::string_view host) {
  if (equals_ignoring_case(host, "localhost") || host == "::1") return true;
  constexpr std::string_view kSuffix = ".localhost";
  if (host.size() > kSuffix.size() && equals_ignoring_case(host.substr(host.size() - kSuffix.size()), kSuffix))
    return true;
  const auto octets = split(host, '.');
  if (octets.size() != 4 || octets[0] != "127") return false;
  for (const std::string_view octet : octets) {
    const auto value = parse_decimal(octet);
    if (!value || *value > 255) return false;
  }
  return true;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace bulkhead::net

#include "net/proxy_address.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace bulkhead::net {
namespace {

constexpr std::string_view kSchemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};

bool is_port(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && *number > 0 && *number <= 65535;
}

bool is_host(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_bracketed_address(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
         std::ranges::all_of(text.substr(1, text.size() - 2),
                             [](char c) { return is_alnum(c) || c == ':' || c == '.' || c == '%'; });
}

bool is_usable(std::string_view text) {
  if (const size_t end = text.find("://"); end != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, end);
    if (std::ranges::none_of(kSchemes, [&](auto known) { return equals_ignoring_case(known, scheme); })) return false;
    text.remove_prefix(end + 3);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  const bool has_odd_bytes = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7F' || std::string_view("/?#\\").contains(c);
  });
  if (has_odd_bytes || std::ranges::count(text, '@') > 1) return false;
  if (const size_t at = text.find('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  const size_t bracket = text.rfind(']');
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  const std::string_view host = text.substr(0, colon);
  return is_host(host) || is_bracketed_address(host);
}

}  // namespace

Status check_proxy_address(std::string_view proxy, const Url& url) {
  if (proxy.empty() || is_usable(proxy)) return {};
  return fail(
      Code::kInvalidArgument, fmt::format("the address of the proxy for {} URLs is not usable", url.scheme()),
      fmt::format("set {}_PROXY or ALL_PROXY to http://[user:password@]host[:port] (or https, socks5, socks5h); "
                  "in a user or password write # as %23, / as %2F, ? as %3F, @ as %40 and % as %25",
                  url.is_tls() ? "HTTPS" : "HTTP"));
}

}  // namespace bulkhead::net

#include "net/proxy.h"

#include <algorithm>
#include <array>
#include <optional>

#include <arpa/inet.h>

#include "base/bytes.h"
#include "base/text.h"

namespace bulkhead::net {
namespace {

struct Address {
  std::array<std::byte, 16> bytes{};
  size_t size = 0;  // 4 or 16
};

std::optional<Address> parse_address(std::string_view text) {
  const std::string terminated(text);
  Address address;
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
    return address;
  }
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) {
    address.size = 16;
    return address;
  }
  return std::nullopt;
}

bool shares_prefix(const Address& a, const Address& b, size_t bits) {
  if (a.size != b.size || bits > a.size * 8) return false;
  for (size_t i = 0; i < a.size && bits > 0; ++i) {
    const size_t here = std::min<size_t>(bits, 8);
    const auto mask = static_cast<std::byte>(0xFFU << (8 - here));
    if ((a.bytes[i] & mask) != (b.bytes[i] & mask)) return false;
    bits -= here;
  }
  return true;
}

// Cuts ":port" off; an IPv6 address has it only behind brackets. False when the port is no number.
bool cut_port(std::string_view& entry, std::optional<uint64_t>& port) {
  const size_t colon = entry.rfind(':');
  const bool bracketed = entry.starts_with('[');
  const bool has_port =
      colon != std::string_view::npos && (bracketed ? entry[colon - 1] == ']' : std::ranges::count(entry, ':') == 1);
  if (has_port) {
    port = parse_decimal(entry.substr(colon + 1));
    entry = entry.substr(0, colon);
    if (!port) return false;
  }
  if (bracketed && entry.ends_with(']')) entry = entry.substr(1, entry.size() - 2);
  return true;
}

bool entry_covers(std::string_view entry, const Url& url) {
  if (entry == "*") return true;
  const auto host_address = parse_address(url.host());
  if (const size_t slash = entry.find('/'); slash != std::string_view::npos) {
    const auto network = parse_address(entry.substr(0, slash));
    const auto bits = parse_decimal(entry.substr(slash + 1));
    return network && bits && host_address && shares_prefix(*network, *host_address, *bits);
  }
  std::optional<uint64_t> port;
  if (!cut_port(entry, port) || entry.empty() || (port && *port != url.port())) return false;
  if (const auto address = parse_address(entry)) {
    return host_address && shares_prefix(*address, *host_address, address->size * 8);
  }
  if (host_address) return false;  // a name's suffix says nothing about an address
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  const bool subdomains_only = entry.starts_with('.');
  if (!subdomains_only && equals_ignoring_case(entry, url.host())) return true;
  const std::string suffix = subdomains_only ? std::string(entry) : "." + std::string(entry);
  return url.host().size() > suffix.size() &&
         equals_ignoring_case(std::string_view(url.host()).substr(url.host().size() - suffix.size()), suffix);
}

bool is_reached_directly(const Url& url, std::string_view no_proxy) {
  if (is_loopback_host(url.host())) return true;
  return std::ranges::any_of(split(no_proxy, ','),
                             [&](std::string_view entry) { return entry_covers(trim(entry), url); });
}

}  // namespace

ProxyOptions ProxyOptions::from_environment(const Environment& environment) {
  const auto either = [&](const std::string& name) -> std::string {
    if (auto value = non_empty(environment, to_lower(name))) return *std::move(value);
    if (name == "HTTP_PROXY" && environment("REQUEST_METHOD")) return {};
    return non_empty(environment, name).value_or("");
  };
  ProxyOptions options;
  std::string all = either("ALL_PROXY");
  std::string http = either("HTTP_PROXY");
  std::string https = either("HTTPS_PROXY");
  options.http_proxy = http.empty() ? Secret::copy_of(all) : Secret(std::move(http));
  options.https_proxy = https.empty() ? Secret::copy_of(all) : Secret(std::move(https));
  wipe(all);
  options.no_proxy = either("NO_PROXY");
  return options;
}

const Secret& ProxyOptions::proxy_for(const Url& url) const {
  static const Secret kNone;
  if (is_reached_directly(url, no_proxy)) return kNone;
  return url.is_tls() ? https_proxy : http_proxy;
}

}  // namespace bulkhead::net

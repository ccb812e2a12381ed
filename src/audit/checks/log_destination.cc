#include "audit/checks/log_destination.h"

#include <algorithm>
#include <array>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "base/text.h"
#include "net/url.h"

namespace bulkhead::audit {
namespace {

using Kind = LogDriver::Kind;
constexpr std::array kDrivers = std::to_array<LogDriver>({
    {.name = "json-file", .kind = Kind::kFile},
    {.name = "local", .kind = Kind::kFile},
    {.name = "etwlogs", .kind = Kind::kFile},
    {.name = "k8s-file", .kind = Kind::kFile},
    {.name = "passthrough", .kind = Kind::kFile},
    {.name = "passthrough-tty", .kind = Kind::kFile},
    {.name = "journald", .kind = Kind::kService},
    {.name = "syslog", .kind = Kind::kNetwork, .address_option = "syslog-address"},
    {.name = "fluentd", .kind = Kind::kNetwork, .address_option = "fluentd-address"},
    {.name = "gelf", .kind = Kind::kNetwork, .address_option = "gelf-address"},
    {.name = "splunk", .kind = Kind::kNetwork, .address_option = "splunk-url"},
    {.name = "awslogs", .kind = Kind::kNetwork},
    {.name = "gcplogs", .kind = Kind::kNetwork},
    {.name = "logentries", .kind = Kind::kNetwork},
});

constexpr std::array kLocalNames =
    std::to_array<std::string_view>({"localhost.localdomain", "ip6-localhost", "ip6-loopback"});

struct Address {
  std::string_view scheme;  // "tcp+tls"; empty: not said
  std::string_view rest;    // behind "://" and a user
  std::string_view host;
};

Address split_address(std::string_view text) {
  Address address;
  if (const size_t colon = text.find("://"); colon != std::string_view::npos) {
    address.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 3);
  }
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) text.remove_prefix(at + 1);
  address.rest = text;
  text = text.substr(0, text.find_first_of("/?#"));
  if (text.starts_with('[')) {
    address.host = text.substr(1, text.find(']') - 1);
  } else if (std::ranges::count(text, ':') > 1) {
    address.host = text;  // of version 6, without brackets
  } else {
    address.host = text.substr(0, text.find(':'));
  }
  return address;
}

bool is_own_address(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  // Also "127.1" and the like, as resolvers take them.
  const bool is_v4 = ::inet_aton(host.c_str(), &v4) != 0;
  if (!is_v4 && ::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6)) return true;
    if (!IN6_IS_ADDR_V4MAPPED(&v6)) return false;
    std::copy_n(std::begin(v6.s6_addr) + 12, 4, reinterpret_cast<uint8_t*>(&v4.s_addr));
  } else if (!is_v4) {
    return false;
  }
  return v4.s_addr == 0 || ntohl(v4.s_addr) >> 24U == 127;
}

}  // namespace

const LogDriver* log_driver(std::string_view name) {
  const auto found = std::ranges::find(kDrivers, name, &LogDriver::name);
  return found == kDrivers.end() ? nullptr : &*found;
}

bool is_this_machine(std::string_view text, std::string_view own_name) {
  const Address address = split_address(text);
  if (address.scheme.starts_with("unix")) return true;  // unixgram, too
  std::string host = to_lower(address.host);
  if (host.ends_with('.')) host.pop_back();
  if (host.empty() || net::is_loopback_host(host) || is_own_address(host)) return true;
  if (std::ranges::find(kLocalNames, host) != kLocalNames.end()) return true;
  const std::string own = to_lower(own_name);
  return !own.empty() && (host == own || host.starts_with(own + "."));
}

std::string without_user(std::string_view text) {
  const Address address = split_address(text);
  return address.scheme.empty() ? std::string(address.rest) : fmt::format("{}://{}", address.scheme, address.rest);
}

}  // namespace bulkhead::audit

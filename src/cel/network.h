// Addresses and networks of the network extension. Source: Kubernetes' CEL libraries `ip` and `cidr`
// (k8s.io/apiserver/pkg/cel/library): no zones, no leading zeros, no IPv4 in IPv6's textual form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace bulkhead::cel {

std::optional<Address> parse_address(std::string_view text);
// "10.0.0.0/8"; bits beyond the prefix are kept.
std::optional<Address> parse_network(std::string_view text);

std::string address_text(const Address& address);  // canonical: RFC 5952
std::string network_text(const Address& network);

// An IPv4 address and the same one mapped into IPv6 are one.
bool same_address(const Address& a, const Address& b);
bool same_network(const Address& a, const Address& b);
bool contains_address(const Address& network, const Address& address);
bool contains_network(const Address& outer, const Address& inner);
// The network with the bits beyond its prefix cleared.
Address masked(const Address& network);

bool is_loopback(const Address& address);
bool is_unspecified(const Address& address);
bool is_global_unicast(const Address& address);
bool is_link_local_unicast(const Address& address);
bool is_link_local_multicast(const Address& address);

}  // namespace bulkhead::cel

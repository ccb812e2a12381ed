#include "cel/network.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace bulkhead::cel {
namespace {

// IPv4 in IPv6 as IPv4.
Address unmapped(const Address& address) {
  static constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.length != 16 || !std::equal(kMapped.begin(), kMapped.end(), address.bytes)) return address;
  Address result{};
  result.length = 4;
  std::memcpy(result.bytes, address.bytes + 12, 4);
  return result;
}

bool same_bits(const Address& a, const Address& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (!std::equal(a.bytes, a.bytes + whole, b.bytes)) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - bits % 8));
  return ((a.bytes[whole] ^ b.bytes[whole]) & mask) == 0;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  Address address{};
  const bool v6 = text.find(':') != std::string_view::npos;
  // An IPv4 address inside an IPv6 one has two spellings, of which a rule would know one.
  if (v6 && text.find('.') != std::string_view::npos) return std::nullopt;
  if (inet_pton(v6 ? AF_INET6 : AF_INET, terminated.data(), address.bytes) != 1) return std::nullopt;
  address.length = v6 ? 16 : 4;
  return address;
}

std::optional<Address> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto network = parse_address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  if (!network || digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) {
    return std::nullopt;
  }
  unsigned prefix = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    prefix = prefix * 10 + static_cast<unsigned>(c - '0');
  }
  if (prefix > network->length * 8U) return std::nullopt;
  network->prefix = static_cast<uint8_t>(prefix);
  return network;
}

std::string address_text(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_ntop(address.length == 16 ? AF_INET6 : AF_INET, address.bytes, text.data(), text.size()) == nullptr)
    return {};
  return text.data();
}

std::string network_text(const Address& network) {
  return fmt::format("{}/{}", address_text(network), network.prefix);
}

bool same_address(const Address& a, const Address& b) {
  const Address x = unmapped(a);
  const Address y = unmapped(b);
  return x.length == y.length && std::equal(x.bytes, x.bytes + x.length, y.bytes);
}

bool same_network(const Address& a, const Address& b) {
  return a.length == b.length && a.prefix == b.prefix && std::equal(a.bytes, a.bytes + a.length, b.bytes);
}

bool contains_address(const Address& network, const Address& address) {
  const Address plain = network.length == 4 ? unmapped(address) : address;
  return network.length == plain.length && same_bits(network, plain, network.prefix);
}

bool contains_network(const Address& outer, const Address& inner) {
  return outer.length == inner.length && outer.prefix <= inner.prefix && same_bits(outer, inner, outer.prefix);
}

Address masked(const Address& network) {
  Address result = network;
  for (unsigned bit = network.prefix; bit < network.length * 8U; ++bit) {
    result.bytes[bit / 8] &= static_cast<uint8_t>(~(0x80U >> (bit % 8)));
  }
  return result;
}

bool is_loopback(const Address& address) {
  const Address plain = unmapped(address);
  if (plain.length == 4) return plain.bytes[0] == 127;
  return std::all_of(plain.bytes, plain.bytes + 15, [](uint8_t byte) { return byte == 0; }) && plain.bytes[15] == 1;
}

bool is_unspecified(const Address& address) {
  return std::all_of(address.bytes, address.bytes + address.length, [](uint8_t byte) { return byte == 0; });
}

bool is_link_local_unicast(const Address& address) {
  const Address plain = unmapped(address);
  if (plain.length == 4) return plain.bytes[0] == 169 && plain.bytes[1] == 254;
  return plain.bytes[0] == 0xfe && (plain.bytes[1] & 0xc0) == 0x80;
}

bool is_link_local_multicast(const Address& address) {
  const Address plain = unmapped(address);
  if (plain.length == 4) return plain.bytes[0] == 224 && plain.bytes[1] == 0 && plain.bytes[2] == 0;
  return plain.bytes[0] == 0xff && (plain.bytes[1] & 0x0f) == 0x02;
}

bool is_global_unicast(const Address& address) {
  const Address plain = unmapped(address);
  const bool multicast = plain.length == 4 ? (plain.bytes[0] & 0xf0) == 0xe0 : plain.bytes[0] == 0xff;
  const bool broadcast =
      plain.length == 4 && std::all_of(plain.bytes, plain.bytes + 4, [](uint8_t byte) { return byte == 0xff; });
  return !multicast && !broadcast && !is_unspecified(plain) && !is_loopback(plain) && !is_link_local_unicast(plain);
}

}  // namespace bulkhead::cel

#include "audit/collect/socket_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include "audit/collect/netlink.h"
#include "base/text.h"

namespace bulkhead::audit {
namespace {

constexpr uint64_t kAcceptsConnections = 0x10000;  // __SO_ACCEPTCON in include/linux/net.h
constexpr std::string_view kListening = "0A";      // TCP_LISTEN

std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// The next word; fields are padded with several blanks.
std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

bool set_address(bool ipv6, const void* bytes, TcpSocket& socket) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  socket.ipv6 = ipv6;
  if (::inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes, text.data(), text.size()) == nullptr) return false;
  socket.host = text.data();
  socket.any = socket.host == "0.0.0.0" || socket.host == "::";
  socket.loopback = socket.host == "::1" || socket.host.starts_with("::ffff:127.") || socket.host.starts_with("127.");
  return true;
}

// Addresses are words of four bytes in the machine's own order, each as it lies in memory.
bool read_address(std::string_view hex, TcpSocket& socket) {
  std::array<uint32_t, 4> words{};
  const size_t count = hex.size() / 8;
  if (hex.size() != 8 && hex.size() != 32) return false;
  for (size_t i = 0; i < count; ++i) {
    const auto word = parse_hex(hex.substr(i * 8, 8));
    if (!word) return false;
    words[i] = static_cast<uint32_t>(*word);
  }
  return set_address(count == 4, words.data(), socket);
}

}  // namespace

std::vector<UnixSocket> parse_listening_unix_sockets(std::string_view text) {
  std::vector<UnixSocket> sockets;
  std::string_view line;
  while (next_line(text, line)) {
    // Num RefCount Protocol Flags Type St Inode Path
    std::array<std::string_view, 7> fields;
    for (std::string_view& field : fields) field = next_word(line);
    const auto flags = parse_hex(fields[3]);
    const auto inode = parse_decimal(fields[6]);
    if (!flags || (*flags & kAcceptsConnections) == 0 || !inode || !line.starts_with(" /")) continue;
    sockets.push_back({.inode = *inode, .path = std::string(line.substr(1))});
  }
  return sockets;
}

std::vector<TcpSocket> parse_listening_tcp_sockets(std::string_view text) {
  std::vector<TcpSocket> sockets;
  std::string_view line;
  while (next_line(text, line)) {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
    std::array<std::string_view, 10> fields;
    for (std::string_view& field : fields) field = next_word(line);
    const std::string_view local = fields[1];
    const size_t colon = local.find(':');
    if (fields[3] != kListening || colon == std::string_view::npos) continue;
    const auto port = parse_hex(local.substr(colon + 1));
    const auto inode = parse_decimal(fields[9]);
    TcpSocket socket;
    if (!port || *port > UINT16_MAX || !inode || !read_address(local.substr(0, colon), socket)) continue;
    socket.port = static_cast<uint16_t>(*port);
    socket.inode = *inode;
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

Result<bool> parse_socket_datagram(ByteSpan datagram, std::vector<TcpSocket>& sockets) {
  return for_netlink_messages(datagram, "the kernel's sockets", [&](uint16_t type, ByteSpan body) -> Result<bool> {
    inet_diag_msg message{};
    if (type != SOCK_DIAG_BY_FAMILY) return false;
    if (body.size() < sizeof message) return fail(Code::kMalformed, "the kernel's sockets: a message is cut off");
    std::memcpy(&message, body.data(), sizeof message);
    TcpSocket socket;
    const bool known = message.idiag_family == AF_INET || message.idiag_family == AF_INET6;
    if (!known || !set_address(message.idiag_family == AF_INET6, message.id.idiag_src, socket)) return false;
    socket.port = ntohs(message.id.idiag_sport);
    socket.inode = message.idiag_inode;
    sockets.push_back(std::move(socket));
    return false;
  });
}

}  // namespace bulkhead::audit

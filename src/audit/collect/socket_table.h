// Listening sockets as the kernel tells them: /proc/<pid>/net (proc(5)) and netlink. Pure. Lines that are not
// understood are passed over: names of Unix sockets are anybody's, line breaks included, so that a line of this table
// proves nothing by itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead::audit {

struct UnixSocket {
  uint64_t inode = 0;
  std::string path;
};
std::vector<UnixSocket> parse_listening_unix_sockets(std::string_view text);  // net/unix

struct TcpSocket {
  uint64_t inode = 0;
  std::string host;  // "0.0.0.0", "::1"
  uint16_t port = 0;
  bool ipv6 = false;
  bool loopback = false;
  bool any = false;  // all addresses of the machine
};
std::vector<TcpSocket> parse_listening_tcp_sockets(std::string_view text);  // net/tcp or net/tcp6

// The same of our own network namespace from a datagram of the kernel's answer over netlink (sock_diag(7)): reading
// net/tcp walks every connection that there could be, some milliseconds. True: the answer is complete. kMalformed; the
// kernel's refusal by its errno.
Result<bool> parse_socket_datagram(ByteSpan datagram, std::vector<TcpSocket>& sockets);

}  // namespace bulkhead::audit

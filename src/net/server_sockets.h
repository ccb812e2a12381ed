// Sockets that listen, and who is at the other end of those accepted. Internal to net.
#pragma once

#include "net/http_server.h"

namespace bulkhead::net {

// A listening socket, not blocking. A Unix socket that it made is removed with it, unless another has taken its place.
class ListeningSocket {
 public:
  static Result<ListeningSocket> open(std::variant<TcpAddress, UnixAddress, GivenSocket>& address);
  ListeningSocket(ListeningSocket&&) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();
  int fd() const { return fd_.get(); }
  uint16_t port() const;  // 0 where there is none

 private:
  explicit ListeningSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  static Result<ListeningSocket> open_tcp(const TcpAddress& address);
  static Result<ListeningSocket> open_unix(const UnixAddress& address);
  UniqueFd fd_;
  std::string path_;
  ino_t inode_ = 0;
};

// Address and credentials; `host` is the address without the port, empty for a Unix socket.
Peer peer_of(int fd, std::string& host);

}  // namespace bulkhead::net

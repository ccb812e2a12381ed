#include "net/server_sockets.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace bulkhead::net {
namespace {

constexpr int kBacklog = 1024;

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
  sockaddr_storage storage;
};

// True when somebody answers there.
bool is_listened_on(const sockaddr_un& address) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return true;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return true;
  return errno != ECONNREFUSED && errno != ENOENT;  // EAGAIN: its queue is full; anything else: not ours to remove
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open_tcp(const TcpAddress& address) {
  SocketAddress where{};
  socklen_t size = sizeof(sockaddr_in);
  if (::inet_pton(AF_INET, address.host.c_str(), &where.v4.sin_addr) == 1) {
    where.v4.sin_family = AF_INET;
    where.v4.sin_port = htons(address.port);
  } else if (::inet_pton(AF_INET6, address.host.c_str(), &where.v6.sin6_addr) == 1) {
    where.v6.sin6_family = AF_INET6;
    where.v6.sin6_port = htons(address.port);
    size = sizeof(sockaddr_in6);
  } else {
    return fail(Code::kInvalidArgument, fmt::format("'{}' is no IPv4 or IPv6 address", address.host),
                "give the address to listen on, such as 127.0.0.1, 0.0.0.0 or ::");
  }
  const std::string what = fmt::format("listening on {} port {}", address.host, address.port);
  UniqueFd fd(::socket(where.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(errno_error(errno, what));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (where.any.sa_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  if (::bind(fd.get(), &where.any, size) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    if (errno == EADDRINUSE) {
      return fail(Code::kUnavailable, fmt::format("{}: another program listens there", what),
                  "stop it, or give another address or port");
    }
    return fail(errno_error(errno, what));
  }
  return ListeningSocket(std::move(fd));
}

Result<ListeningSocket> ListeningSocket::open_unix(const UnixAddress& address) {
  sockaddr_un final_place{};
  final_place.sun_family = AF_UNIX;
  sockaddr_un place = final_place;
  // Made beside its place with its mode and owner, and only then moved there: nobody sees it half made, and who had
  // the old one open keeps it.
  const std::string beside = fmt::format("{}.{}", address.path, ::getpid());
  if (address.path.empty() || beside.size() >= sizeof(place.sun_path)) {
    return fail(Code::kInvalidArgument, fmt::format("'{}' cannot be the path of a Unix socket", address.path),
                fmt::format("give a path of 1 to {} bytes", sizeof(place.sun_path) - 12));
  }
  std::memcpy(final_place.sun_path, address.path.c_str(), address.path.size() + 1);
  std::memcpy(place.sun_path, beside.c_str(), beside.size() + 1);
  struct stat found{};
  if (::lstat(address.path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) {
      return fail(Code::kInvalidArgument, fmt::format("{} is there and no socket", address.path),
                  "remove it, or give another path");
    }
    if (is_listened_on(final_place)) {
      return fail(Code::kUnavailable, fmt::format("{}: another program listens there", address.path),
                  "stop it, or give another path");
    }
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail(errno_error(errno, address.path));
  ::unlink(beside.c_str());
  const bool made = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&place), sizeof(place)) == 0 &&
                    ::chmod(beside.c_str(), address.mode) == 0 &&
                    ((!address.owner && !address.group) || ::lchown(beside.c_str(), address.owner.value_or(uid_t(-1)),
                                                                    address.group.value_or(gid_t(-1))) == 0) &&
                    ::listen(fd.get(), kBacklog) == 0 && ::lstat(beside.c_str(), &found) == 0 &&
                    ::rename(beside.c_str(), address.path.c_str()) == 0;
  if (!made) {
    const int error = errno;
    ::unlink(beside.c_str());
    return fail(errno_error(error, fmt::format("listening on {}", address.path)));
  }
  ListeningSocket socket(std::move(fd));
  socket.path_ = address.path;
  socket.inode_ = found.st_ino;
  return socket;
}

Result<ListeningSocket> ListeningSocket::open(std::variant<TcpAddress, UnixAddress, GivenSocket>& address) {
  if (const auto* tcp = std::get_if<TcpAddress>(&address)) return open_tcp(*tcp);
  if (const auto* local = std::get_if<UnixAddress>(&address)) return open_unix(*local);
  auto& given = std::get<GivenSocket>(address);
  int listens = 0;
  socklen_t size = sizeof(listens);
  if (::getsockopt(given.socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    return fail(Code::kInvalidArgument, fmt::format("descriptor {} is no listening socket", given.socket.get()),
                "hand over a stream socket that listens already");
  }
  const int flags = ::fcntl(given.socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(given.socket.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return fail(errno_error(errno, fmt::format("descriptor {}", given.socket.get())));
  }
  return ListeningSocket(std::move(given.socket));
}

ListeningSocket::~ListeningSocket() {
  struct stat found{};
  if (fd_ && !path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_ino == inode_) ::unlink(path_.c_str());
}

uint16_t ListeningSocket::port() const {
  SocketAddress where{};
  socklen_t size = sizeof(where);
  if (::getsockname(fd_.get(), &where.any, &size) != 0) return 0;
  if (where.any.sa_family == AF_INET) return ntohs(where.v4.sin_port);
  return where.any.sa_family == AF_INET6 ? ntohs(where.v6.sin6_port) : uint16_t{0};
}

Peer peer_of(int fd, std::string& host) {
  Peer peer;
  host.clear();
  SocketAddress who{};
  socklen_t size = sizeof(who);
  if (::getpeername(fd, &who.any, &size) != 0) return peer;
  char text[INET6_ADDRSTRLEN] = {};
  if (who.any.sa_family == AF_INET) {
    host = ::inet_ntop(AF_INET, &who.v4.sin_addr, text, sizeof(text));
    peer.address = fmt::format("{}:{}", host, ntohs(who.v4.sin_port));
  } else if (who.any.sa_family == AF_INET6) {
    host = ::inet_ntop(AF_INET6, &who.v6.sin6_addr, text, sizeof(text));
    peer.address = fmt::format("[{}]:{}", host, ntohs(who.v6.sin6_port));
  } else {
    peer.address = "unix";
    ucred credentials{};
    size = sizeof(credentials);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
      peer.credentials = {credentials.uid, credentials.gid, credentials.pid};
    }
  }
  return peer;
}

}  // namespace bulkhead::net

#include "audit/collect/netlink.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <string>

#include <fmt/format.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/fs.h"

namespace bulkhead::audit {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kHeaderBytes = sizeof(nlmsghdr);
constexpr size_t kMaxDatagrams = 200'000;

std::string request_bytes(const NetlinkRequest& request) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(kHeaderBytes + request.body.size());
  header.nlmsg_type = request.type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | request.flags);
  std::string bytes(as_text(std::as_bytes(std::span(&header, 1))));
  return bytes.append(as_text(request.body));
}

}  // namespace

Result<uint32_t> native_u32(ByteReader& reader) {
  if constexpr (std::endian::native == std::endian::little) return reader.u32_le();
  return reader.u32_be();
}

Result<bool> for_netlink_messages(ByteSpan datagram, std::string_view what,
                                  const std::function<Result<bool>(uint16_t, ByteSpan)>& use) {
  while (datagram.size() >= kHeaderBytes) {
    ByteReader reader(datagram);
    TRY_ASSIGN(const uint32_t length, native_u32(reader));
    TRY_ASSIGN(const ByteSpan type_bytes, reader.take(sizeof(uint16_t)));
    const auto type = std::bit_cast<uint16_t>(std::array{type_bytes[0], type_bytes[1]});
    if (length < kHeaderBytes || length > datagram.size()) {
      return fail(Code::kMalformed, fmt::format("{}: a message of {} bytes in {}", what, length, datagram.size()));
    }
    const ByteSpan body = datagram.subspan(kHeaderBytes, length - kHeaderBytes);
    if (type == NLMSG_DONE) return true;
    if (type == NLMSG_ERROR) {
      ByteReader error(body);
      TRY_ASSIGN(const uint32_t code, native_u32(error));
      // A negative errno; 0 is an acknowledgement, and the answer follows.
      if (code != 0) return fail(errno_error(-static_cast<int32_t>(std::max(code, uint32_t{0x80000001})), what));
    } else {
      TRY_ASSIGN(const bool complete, use(type, body));
      if (complete) return true;
    }
    datagram = datagram.subspan(std::min(size_t{NLMSG_ALIGN(length)}, datagram.size()));
  }
  return false;
}

Status ask_kernel(const NetlinkRequest& request, std::string_view what,
                  const std::function<Result<bool>(ByteSpan)>& use) {
  const UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, request.protocol));
  if (!fd) return fail(errno_error(errno, what));
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const std::string bytes = request_bytes(request);
  if (::sendto(fd.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) <
      0) {
    return fail(errno_error(errno, what));
  }
  std::array<std::byte, 65536> buffer{};
  const auto deadline = Clock::now() + request.patience;
  for (size_t count = 0; count < kMaxDatagrams; ++count) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd polled{fd.get(), POLLIN, 0};
    if (left <= 0 || ::poll(&polled, 1, static_cast<int>(left)) == 0) break;
    sockaddr_nl sender{};
    socklen_t size = sizeof sender;
    const ssize_t received =
        ::recvfrom(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &size);
    if (received < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (received < 0) return fail(errno_error(errno, what));
    if (sender.nl_pid != 0) continue;  // anybody may send to a netlink socket; only the kernel answers
    TRY_ASSIGN(const bool complete, use(ByteSpan(buffer).first(static_cast<size_t>(received))));
    if (complete) return {};
  }
  return fail(Code::kDeadlineExceeded, fmt::format("{}: the kernel does not answer", what));
}

}  // namespace bulkhead::audit

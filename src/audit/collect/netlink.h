// Questions to the kernel over netlink (netlink(7)), and its answers taken apart. Internal to audit/collect.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead::audit {

// Of the machine's own byte order.
Result<uint32_t> native_u32(ByteReader& reader);

// Hands on every message of a datagram: its type and body. True: the answer is complete, by its end mark or because
// `use` said so. kMalformed; a refusal of the kernel's by its errno, about `what`. Pure but for `use`.
Result<bool> for_netlink_messages(ByteSpan datagram, std::string_view what,
                                  const std::function<Result<bool>(uint16_t type, ByteSpan body)>& use);

// Sends one request and hands on the kernel's datagrams until `use` says that the answer is complete. Errors: what the
// system says (errno_error), kDeadlineExceeded, and those of `use`.
struct NetlinkRequest {
  int protocol = 0;
  uint16_t type = 0;
  uint16_t flags = 0;  // beside NLM_F_REQUEST
  ByteSpan body{};
  std::chrono::milliseconds patience{1000};
};
Status ask_kernel(const NetlinkRequest& request, std::string_view what,
                  const std::function<Result<bool>(ByteSpan datagram)>& use);

}  // namespace bulkhead::audit

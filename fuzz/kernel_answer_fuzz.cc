// fuzz: audit
// The kernel's answers over netlink: audit rules and sockets.
#include <cstdint>

#include "audit/collect/audit_rules.h"
#include "audit/collect/socket_table.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan bytes = std::as_bytes(std::span(data, size));
  audit::AuditAnswer answer;
  (void)audit::parse_audit_datagram(bytes, answer);
  (void)audit::add_audit_rule(bytes, answer.rules);
  for (const auto& watch : answer.rules.watches) {
    if (watch.path.empty() || watch.permissions.empty() || watch.permissions.size() > 4) __builtin_trap();
  }
  std::vector<audit::TcpSocket> sockets;
  (void)audit::parse_socket_datagram(bytes, sockets);
  for (const auto& socket : sockets) {
    if (socket.host.empty()) __builtin_trap();
  }
  return 0;
}

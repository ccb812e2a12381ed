// fuzz: audit
// Everything that is read from /proc of a machine that is audited, its accounts and where it has them from.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "audit/checks/mount_tree.h"
#include "audit/collect/accounts.h"
#include "audit/collect/mount_table.h"
#include "audit/collect/process_text.h"
#include "audit/collect/socket_table.h"

using namespace bulkhead;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view id : audit::container_ids(text)) {
    if (id.size() != 64) __builtin_trap();
  }
  const std::string_view unit = audit::service_unit(text);
  if (unit.contains('/') || unit.contains('\n')) __builtin_trap();
  if (const auto status = audit::parse_process_status(text); status && status->seccomp_mode > 2) __builtin_trap();
  const std::string_view first = text.substr(0, text.find('\n'));
  if (const auto start = audit::process_start(first, text, 100); start && *start < 0) __builtin_trap();
  if (const auto mounts = audit::parse_mountinfo(text)) {
    for (const auto& mount : *mounts) {
      const auto found = audit::mount_of(*mounts, mount.mount_point);
      if (!found || (found->separate && found->mount_point == "/")) __builtin_trap();
    }
    const audit::MountTree tree(*mounts);
    for (const auto& mount : *mounts) {
      const auto place = tree.find(mount.mount_point);
      if (!place) continue;
      const auto names = tree.names_of(*place);
      // A name leads to the place, or to a part of it.
      for (const auto& name : names) {
        if (!tree.find(name)->inside.starts_with(place->inside)) __builtin_trap();
      }
      if (tree.below(mount.mount_point).size() >= mounts->size()) __builtin_trap();
    }
  }
  for (const auto& socket : audit::parse_listening_unix_sockets(text)) {
    if (!socket.path.starts_with('/') || socket.path.contains('\n')) __builtin_trap();
  }
  for (const auto& socket : audit::parse_listening_tcp_sockets(text)) {
    if (socket.host.empty() || (socket.any && socket.loopback)) __builtin_trap();
  }
  const audit::Accounts accounts = audit::parse_accounts(text, text);
  for (const auto& group : accounts.groups) {
    const auto members = accounts.members(group.gid);
    if (!std::ranges::is_sorted(members, {}, &audit::User::name)) __builtin_trap();
  }
  for (const std::string& service : audit::directory_services(text)) {
    if (service.empty() || service.find_first_of(" \t\n[]#") != std::string::npos) __builtin_trap();
  }
  return 0;
}

// Asks the kernel for its audit state and rules.
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/netlink.h>

#include "audit/collect/audit_rules.h"
#include "audit/collect/netlink.h"
#include "audit/collect/rooted_folder.h"
#include "audit/collect/unknown.h"

namespace bulkhead::audit {
namespace {

constexpr std::string_view kWhat = "the kernel's audit rules";

Status ask(uint16_t type, AuditAnswer& answer) {
  auto asked = ask_kernel({.protocol = NETLINK_AUDIT, .type = type}, kWhat,
                          [&](ByteSpan datagram) { return parse_audit_datagram(datagram, answer); });
  if (asked) return {};
  // The kernel's refusals in words of this place.
  const std::string text = asked.error().to_string();
  const auto says = [&](int error_number) { return text == errno_error(error_number, kWhat).to_string(); };
  if (says(EPROTONOSUPPORT)) return fail(Code::kUnsupported, "this kernel has no audit");
  if (says(ECONNREFUSED)) {
    return fail(Code::kUnavailable, fmt::format("{}: the kernel does not tell them in this namespace", kWhat));
  }
  if (asked.error().code() != Code::kPermissionDenied) return asked;
  return fail(std::move(asked).error().with_remedy("run as root, with CAP_AUDIT_CONTROL"));
}

Result<AuditAnswer> ask_for_all() {
  AuditAnswer answer;
  TRY(ask(AUDIT_GET, answer));
  TRY(ask(AUDIT_LIST_RULES, answer));
  return answer;
}

}  // namespace

void look_at_audit_rules(Host& host) {
  auto answer = ask_for_all();
  if (!answer) {
    host.audit_watches = unknown_because(answer.error());
    return;
  }
  if (answer->enabled == 0U) {
    host.audit_off = "auditing is switched off (auditctl -e 1 switches it on)";
  } else if (answer->rules.never_records) {
    host.audit_off = "a rule keeps the kernel from recording any system call (auditctl -d never,task removes it)";
  }
  if (!host.audit_off.empty()) answer->rules.watches.clear();
  if (const auto root = RootedFolder::open("/")) {
    for (AuditWatch& watch : answer->rules.watches) watch.path = root->named(watch.path);
  }
  host.audit_watches = std::move(answer->rules.watches);
}

}  // namespace bulkhead::audit

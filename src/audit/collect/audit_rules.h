// The kernel's audit rules as it lists them over netlink. Pure: bytes in, rules out; bounds-checked. Source:
// linux/audit.h (struct audit_rule_data, AUDIT_LIST_RULES) and the kernel's auditfilter.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/facts.h"
#include "base/bytes.h"
#include "base/result.h"

namespace bulkhead::audit {

struct AuditRules {
  std::vector<AuditWatch> watches;  // of paths, as they were written
  // A rule says that no process's system calls are to be recorded ("-a never,task"): no watch records anything then.
  bool never_records = false;
};

// One rule, the body of an AUDIT_LIST_RULES message. What is no watch of a path that records on this machine's own
// system calls is passed over; rules that never record, too. kMalformed.
Status add_audit_rule(ByteSpan rule, AuditRules& rules);

// One datagram of the kernel's answer to `request` (a message type). Every rule goes to `rules`, a status to `enabled`.
// True: the answer is complete. kMalformed; the kernel's own refusal by its errno.
struct AuditAnswer {
  AuditRules rules;
  std::optional<uint32_t> enabled;  // of AUDIT_GET: 0 off, 1 on, 2 on and locked
};
Result<bool> parse_audit_datagram(ByteSpan datagram, AuditAnswer& answer);

// Asks the kernel; not known where it does not say (no audit in the kernel, no CAP_AUDIT_CONTROL, a namespace).
// Paths of watches as Facts wants them: below this machine's root, the links of their folders followed.
void look_at_audit_rules(Host& host);

}  // namespace bulkhead::audit
